/*
 * Messages of the corpus that come with what somebody else understood. Where two
 * parsers of broken mail differ both may be right, so each test counts how often
 * we agree; the count may grow, and must not sink.
 */
#include "cmocka_all.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"
#include "mime/decode.h"
#include "mime/headers.h"
#include "mime/preview.h"
#include "mime/text.h"

#define LEAVES_MAX 200

/* Of mail-parser's: header fields (from, to, cc, subject, date), types of parts,
 * texts of parts, the lists of body parts and attachments. */
#define MAIL_PARSER_FLOOR 309
/* Of mime4j's decoded bodies. */
#define MIME4J_FLOOR 31
/* Of mailcore2's summaries: subjects, addresses, first words of texts. */
#define MAILCORE_FLOOR 197

static const char *dir;

struct count {
	size_t agreed, total;
};

static void note(struct count *c, const char *path, const char *what, bool is_agreed)
{
	c->total++;
	c->agreed += is_agreed;
	if (!is_agreed)
		print_message("differs: %s of %s\n", what, path + strlen(dir) + 1);
}

static void check_counts(const struct count *c, size_t floor)
{
	print_message("%zu of %zu agree\n", c->agreed, c->total);
	if (c->agreed < floor)
		fail_msg("only %zu agree, it were %zu before", c->agreed, floor);
}

struct opened {
	struct arena *mem;
	struct buf text;
	struct mime_message m;
	struct headers h;
	const struct part *leaves[LEAVES_MAX];
	size_t count;
};

static void open_message(const char *path, bool into_messages, struct opened *ret)
{
	ret->mem = arena_new(256 << 20);
	corpus_read(path, &ret->text);
	assert_int_equal(mime_message_parse(ret->mem, buf_bytes(&ret->text), &ret->m), ERR_OK);
	assert_int_equal(mime_headers_decode(ret->mem, ret->m.header, BYTES_NULL, &ret->h), ERR_OK);
	ret->count = corpus_leaves(ret->m.root, into_messages, ret->leaves, LEAVES_MAX);
}

static void close_message(struct opened *o)
{
	buf_done(&o->text);
	arena_free(o->mem);
}

/* "a/b.eml" and ".json" give "a/b.json". */
static void sibling(char *to, size_t size, const char *path, const char *suffix)
{
	const char *dot = strrchr(path, '.');

	snprintf(to, size, "%.*s%s", (int)(dot - path), path, suffix);
}

/* --- mail-parser ------------------------------------------------------------ */

static json_t *field_of(json_t *part, const char *name, const char *kind)
{
	json_t *field;
	size_t i;

	json_array_foreach(json_object_get(part, "headers"), i, field)
	{
		const char *its_name = json_string_value(json_object_get(field, "name"));

		if (its_name && strcmp(its_name, name) == 0)
			return json_object_get(json_object_get(field, "value"), kind);
	}
	return NULL;
}

static bool is_same(struct bytes got, json_t *want)
{
	return bytes_equal(got, bytes_of(json_string_value(want), json_string_length(want)));
}

static bool are_same_addresses(const struct address_list *got, json_t *want)
{
	json_t *list = json_object_get(want, "List"), *group, *one;
	size_t at = 0, i, k;

	if (list) {
		json_array_foreach(list, i, one)
		{
			if (at >= got->count ||
			    !is_same(got->at[at].name, json_object_get(one, "name")) ||
			    !is_same(got->at[at].email, json_object_get(one, "address")))
				return false;
			at++;
		}
	}
	json_array_foreach(json_object_get(want, "Group"), i, group)
	{
		json_array_foreach(json_object_get(group, "addresses"), k, one)
		{
			if (at >= got->count ||
			    !is_same(got->at[at].email, json_object_get(one, "address")))
				return false;
			at++;
		}
	}
	return at == got->count;
}

static int64_t number(json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static bool is_same_date(const struct zoned_time *got, json_t *d)
{
	int64_t offset = number(d, "tz_hour") * 60 + number(d, "tz_minute");

	if (!d || !got->is_known)
		return !d && !got->is_known;
	if (json_is_true(json_object_get(d, "tz_before_gmt")))
		offset = -offset;
	return got->offset_min == offset &&
	       got->unix_s == message_unix_of((int)number(d, "year"), (int)number(d, "month"),
					      (int)number(d, "day"), (int)number(d, "hour"),
					      (int)number(d, "minute"), (int)number(d, "second")) -
				      offset * 60;
}

static bool is_same_type(const struct part *p, json_t *part)
{
	json_t *t = field_of(part, "content_type", "ContentType");
	const char *type = json_string_value(json_object_get(t, "c_type"));
	const char *subtype = json_string_value(json_object_get(t, "c_subtype"));
	char want[256];

	snprintf(want, sizeof want, "%s/%s", type ? type : "text", subtype ? subtype : "plain");
	return bytes_equal_str_nocase(p->type, want);
}

static void check_text(const char *path, struct opened *o, const struct part *p, json_t *part,
		       struct count *c)
{
	json_t *body = json_object_get(part, "body");
	json_t *text = json_object_get(body, "Text");
	json_t *want = text ? text : json_object_get(body, "Html");
	struct bytes section;
	struct body_value v;

	if (!want || !part_is_text(p))
		return;
	assert_true(mime_message_section(&o->m, p->part_id, &section));
	assert_int_equal(mime_body_value(o->mem, p, section, false, 1 << 20, &v), ERR_OK);
	note(c, path, "a text",
	     bytes_equal(bytes_trim(v.value),
			 bytes_trim(bytes_of(json_string_value(want), json_string_length(want)))));
}

/* `indexes` count all parts, multiparts too; `parts` are those without them. */
static bool is_same_list(const struct part *const *got, size_t count, json_t *indexes,
			 json_t *const *parts, const struct opened *o, json_t *all)
{
	json_t *index;
	size_t i;

	if (json_array_size(indexes) != count)
		return false;
	json_array_foreach(indexes, i, index)
	{
		json_t *want = json_array_get(all, (size_t)json_integer_value(index));
		size_t k = 0;

		while (k < o->count && o->leaves[k] != got[i])
			k++;
		if (k == o->count || parts[k] != want)
			return false;
	}
	return true;
}

static void check_parts(const char *path, struct opened *o, json_t *want, struct count *c)
{
	json_t *all = json_object_get(want, "parts"), *part, *leaves[LEAVES_MAX];
	size_t n = 0, same = 0, i;
	struct part_view view;

	json_array_foreach(all, i, part)
	{
		if (!json_object_get(json_object_get(part, "body"), "Multipart") && n < LEAVES_MAX)
			leaves[n++] = part;
	}
	for (i = 0; i < n && i < o->count; i++)
		same += is_same_type(o->leaves[i], leaves[i]);
	note(c, path, "types", n == o->count && same == n);
	if (n != o->count)
		return;
	for (i = 0; i < n; i++)
		check_text(path, o, o->leaves[i], leaves[i], c);
	assert_true(part_view_of(o->m.root, o->mem, &view));
	note(c, path, "text body",
	     is_same_list(view.text, view.text_count, json_object_get(want, "text_body"), leaves, o,
			  all));
	note(c, path, "html body",
	     is_same_list(view.html, view.html_count, json_object_get(want, "html_body"), leaves, o,
			  all));
	note(c, path, "attachments",
	     is_same_list(view.attachments, view.attachment_count,
			  json_object_get(want, "attachments"), leaves, o, all));
}

static void check_mail_parser(const char *path, void *ctx)
{
	char expected[4096];
	json_t *want, *root;
	struct opened o;

	sibling(expected, sizeof expected, path, ".json");
	want = json_load_file(expected, JSON_ALLOW_NUL, NULL);
	assert_non_null(want);
	root = json_array_get(json_object_get(want, "parts"), 0);
	open_message(path, false, &o);
	note(ctx, path, "From", are_same_addresses(&o.h.from, field_of(root, "from", "Address")));
	note(ctx, path, "To", are_same_addresses(&o.h.to, field_of(root, "to", "Address")));
	note(ctx, path, "Cc", are_same_addresses(&o.h.cc, field_of(root, "cc", "Address")));
	note(ctx, path, "Subject", is_same(o.h.subject, field_of(root, "subject", "Text")));
	note(ctx, path, "Date", is_same_date(&o.h.sent_at, field_of(root, "date", "DateTime")));
	check_parts(path, &o, want, ctx);
	close_message(&o);
	json_decref(want);
}

static void agrees_with_mail_parser(void **state)
{
	struct count c = { 0, 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s/mail-parser-rfc-thirdparty", dir);
	corpus_walk(path, ".eml", check_mail_parser, &c);
	check_counts(&c, MAIL_PARSER_FLOOR);
}

/* --- mime4j ------------------------------------------------------------------ */

/* The next <text-body name="..."/> or <binary-body name="..."/>. */
static bool next_body(struct bytes *xml, struct bytes *ret_name)
{
	size_t at = bytes_find(*xml, BYTES_LIT("-body name=\""));

	*xml = bytes_skip(*xml, at + 12);
	*ret_name = bytes_first(*xml, bytes_index(*xml, '"'));
	return xml->len > 0;
}

/* Without CR: how lines end is not what is compared. */
static void without_cr(struct buf *b)
{
	struct bytes all = buf_bytes(b);
	size_t n = 0;

	for (size_t i = 0; i < all.len; i++)
		if (all.at[i] != '\r')
			b->at[b->head + n++] = all.at[i];
	b->len = n;
}

static bool is_same_body(struct opened *o, const struct part *p, const char *file)
{
	struct bytes section;
	struct buf got, want;
	bool is_problem, is_equal;

	assert_true(mime_message_section(&o->m, p->part_id, &section));
	buf_init(&got, 16 << 20);
	assert_int_equal(mime_decode_all(p->encoding, section, &got, &is_problem), ERR_OK);
	corpus_read(file, &want);
	without_cr(&got);
	without_cr(&want);
	is_equal = bytes_equal(buf_bytes(&got), buf_bytes(&want));
	buf_done(&got);
	buf_done(&want);
	return is_equal;
}

static void check_mime4j(const char *path, void *ctx)
{
	char file[4096];
	struct bytes rest, name;
	struct opened o;
	struct buf xml;
	size_t i = 0;

	sibling(file, sizeof file, path, "_decoded.xml");
	corpus_read(file, &xml);
	rest = buf_bytes(&xml);
	open_message(path, true, &o);
	while (next_body(&rest, &name)) {
		while (i < o.count && o.leaves[i]->message_body)
			i++;
		snprintf(file, sizeof file, "%.*s%.*s", (int)(strrchr(path, '/') + 1 - path), path,
			 BYTES_FMT(name));
		note(ctx, path, "a body", i < o.count && is_same_body(&o, o.leaves[i], file));
		i++;
	}
	buf_done(&xml);
	close_message(&o);
}

static void agrees_with_mime4j(void **state)
{
	struct count c = { 0, 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s/mime4j-testmsgs", dir);
	corpus_walk(path, ".msg", check_mime4j, &c);
	check_counts(&c, MIME4J_FLOOR);
}

/* --- mailcore2 --------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Is every word of `words` in `text`, where white space does not count? */
static bool has_words(struct bytes text, struct bytes words)
{
	struct buf squeezed;
	bool has = true;

	buf_init(&squeezed, 16 << 20);
	for (size_t i = 0; i < text.len; i++)
		if (!is_blank(text.at[i]))
			buf_append_byte(&squeezed, text.at[i]);
	while (has && words.len) {
		size_t n = 0;

		while (n < words.len && !is_blank(words.at[n]))
			n++;
		has = bytes_find(buf_bytes(&squeezed), bytes_first(words, n)) < squeezed.len ||
		      n == 0 || squeezed.len == 0;
		words = bytes_skip(words, n + 1);
	}
	buf_done(&squeezed);
	return has;
}

/* The line "NAME: value" of a summary. */
static struct bytes summary_line(struct bytes summary, const char *name)
{
	struct bytes line;

	while (bytes_split(&summary, '\n', &line) && line.len) {
		size_t n = strlen(name);

		if (bytes_starts_with(line, bytes_of_str(name)) && line.len > n &&
		    line.at[n] == ':')
			return bytes_trim(bytes_skip(line, n + 1));
	}
	return BYTES_NULL;
}

static bool names_all(struct bytes line, const struct address_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!has_words(line, l->at[i].name) || !has_words(line, l->at[i].email))
			return false;
	return true;
}

static struct bytes preview_of(struct opened *o)
{
	struct bytes section, preview = BYTES_LIT("");
	struct part_view view;
	struct body_value v;

	assert_true(part_view_of(o->m.root, o->mem, &view));
	if (view.text_count == 0 || !part_is_text(view.text[0]))
		return preview;
	assert_true(mime_message_section(&o->m, view.text[0]->part_id, &section));
	assert_int_equal(mime_body_value(o->mem, view.text[0], section, false, 1 << 20, &v),
			 ERR_OK);
	assert_int_equal(mime_preview(o->mem, v.value,
				      bytes_equal_str(view.text[0]->type, "text/html"), &preview),
			 ERR_OK);
	return preview;
}

/* The last word may be cut. */
static struct bytes without_last_word(struct bytes b)
{
	size_t n = b.len;

	while (n && !is_blank(b.at[n - 1]))
		n--;
	return bytes_first(b, n);
}

static void check_mailcore(const char *path, void *ctx)
{
	const char *name = strrchr(path, '/');
	char file[4096];
	struct opened o;
	struct buf summary;

	snprintf(file, sizeof file, "%s/mailcore2-summary/unittest/data/summary/output%.*s.txt",
		 dir, (int)(strlen(name) - 4), name);
	if (!corpus_has(file))
		return;
	corpus_read(file, &summary);
	open_message(path, false, &o);
	note(ctx, path, "the subject",
	     has_words(o.h.subject, summary_line(buf_bytes(&summary), "Subject")));
	note(ctx, path, "From", names_all(summary_line(buf_bytes(&summary), "From"), &o.h.from));
	note(ctx, path, "To", names_all(summary_line(buf_bytes(&summary), "To"), &o.h.to));
	note(ctx, path, "Cc", names_all(summary_line(buf_bytes(&summary), "Cc"), &o.h.cc));
	note(ctx, path, "the preview",
	     has_words(buf_bytes(&summary), without_last_word(preview_of(&o))));
	close_message(&o);
	buf_done(&summary);
}

static void agrees_with_mailcore(void **state)
{
	struct count c = { 0, 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s/mailcore2-summary/unittest/data/summary/input", dir);
	corpus_walk(path, ".eml", check_mailcore, &c);
	check_counts(&c, MAILCORE_FLOOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_mail_parser),
		cmocka_unit_test(agrees_with_mime4j),
		cmocka_unit_test(agrees_with_mailcore),
	};

	dir = corpus_dir();
	return dir ? cmocka_run_group_tests(tests, NULL, NULL) : CORPUS_SKIP;
}
