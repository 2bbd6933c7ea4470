/* Every message of the corpus, many broken on purpose, is taken apart completely:
 * nothing fails, and whatever text comes out is UTF-8. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"
#include "mime/decode.h"
#include "mime/headers.h"
#include "mime/params.h"
#include "mime/preview.h"
#include "mime/text.h"

/* What there was when this was written; files that vanish should be noticed. */
#define MESSAGES_FLOOR 440

static const char *dir;

static void assert_utf8(const char *path, const char *what, struct bytes b)
{
	if (!bytes_is_utf8(b))
		fail_msg("%s: %s is not UTF-8: %.*s", path, what, BYTES_FMT(b));
}

static void check_addresses(const char *path, const struct address_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		assert_utf8(path, "a name", l->at[i].name);
		assert_utf8(path, "an address", l->at[i].email);
		assert_true(l->at[i].name.len || l->at[i].email.len);
	}
}

static void check_headers(const char *path, struct arena *mem, struct bytes block)
{
	struct header_fields fields;
	struct headers h;

	assert_int_equal(mime_headers_decode(mem, block, BYTES_NULL, &h), ERR_OK);
	check_addresses(path, &h.from);
	check_addresses(path, &h.to);
	check_addresses(path, &h.cc);
	check_addresses(path, &h.reply_to);
	assert_utf8(path, "the subject", h.subject);
	for (size_t i = 0; i < h.references.count; i++)
		assert_utf8(path, "a reference", h.references.at[i]);
	assert_int_equal(mime_header_fields(mem, block, BYTES_NULL, NULL, &fields), ERR_OK);
	for (size_t i = 0; i < fields.count; i++) {
		assert_true(fields.at[i].name.len > 0);
		assert_utf8(path, "a field", fields.at[i].value);
	}
}

static void check_part(const char *path, struct arena *mem, const struct mime_message *m,
		       const struct part *p)
{
	struct bytes section, preview, clean = mime_clean_filename(mem, p->name);
	bool is_html = bytes_equal_str(p->type, "text/html");
	struct body_value v;

	if (!mime_message_section(m, p->part_id, &section))
		fail_msg("%s: part %.*s has no bytes", path, BYTES_FMT(p->part_id));
	assert_ptr_equal(part_find(m->root, p->part_id), p);
	assert_utf8(path, "a file name", p->name);
	assert_true(p->name.len == 0 || clean.len <= MIME_FILENAME_MAX_BYTES);
	assert_utf8(path, "a charset", p->charset);
	assert_utf8(path, "a cid", p->cid);
	assert_int_equal(mime_body_value(mem, p, section, false, 1 << 20, &v), ERR_OK);
	assert_utf8(path, "a body", v.value);
	assert_int_equal(mime_preview(mem, v.value, is_html, &preview), ERR_OK);
	assert_utf8(path, "a preview", preview);
	assert_true(preview.len <= MIME_PREVIEW_MAX_BYTES);
}

static void check_message(const char *path, void *ctx)
{
	static const struct part *leaves[PARTS_MAX];
	struct arena *mem = arena_new(256 << 20);
	struct mime_message m;
	struct part_view view;
	struct buf text;

	corpus_read(path, &text);
	if (text.len) {
		size_t n;

		assert_int_equal(mime_message_parse(mem, buf_bytes(&text), &m), ERR_OK);
		check_headers(path, mem, m.header);
		assert_true(part_view_of(m.root, mem, &view));
		n = corpus_leaves(m.root, true, leaves, PARTS_MAX);
		assert_true(n >= 1);
		for (size_t i = 0; i < n; i++)
			check_part(path, mem, &m, leaves[i]);
		++*(size_t *)ctx;
	}
	buf_done(&text);
	arena_free(mem);
}

static void check_folder(const char *folder, const char *suffix, size_t *count)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, folder);
	corpus_walk(path, suffix, check_message, count);
}

static void every_message_of_the_corpus_is_taken_apart(void **state)
{
	size_t count = 0;

	(void)state;
	check_folder("mail-parser-rfc-thirdparty", ".eml", &count);
	check_folder("mime4j-testmsgs", ".msg", &count);
	check_folder("mailcore2-summary", ".eml", &count);
	check_folder("mikel-mail", "", &count);
	check_folder("enmime", ".raw", &count);
	check_folder("php-mime-mail-parser", "", &count);
	check_folder("webklex", ".eml", &count);
	check_folder("postal-mime", ".eml", &count);
	check_folder("nodemailer-mailparser", ".eml", &count);
	check_folder("cassandane-mime", ".eml", &count);
	check_folder("python-email", ".txt", &count);
	print_message("%zu messages\n", count);
	assert_true(count >= MESSAGES_FLOOR);
}

/* Half a message is what a broken connection or a full disk leaves. */
static void check_pieces(const char *path, void *ctx)
{
	struct buf text;

	(void)ctx;
	corpus_read(path, &text);
	for (int i = 1; i < 8 && text.len < 100000; i++) {
		struct arena *mem = arena_new(64 << 20);
		struct mime_message m;
		size_t n = text.len * (size_t)i / 8;

		if (n) {
			assert_int_equal(
				mime_message_parse(mem, bytes_first(buf_bytes(&text), n), &m),
				ERR_OK);
			check_headers(path, mem, m.header);
		}
		arena_free(mem);
	}
	buf_done(&text);
}

static void beginnings_of_messages_are_taken_apart(void **state)
{
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s/mail-parser-rfc-thirdparty", dir);
	corpus_walk(path, ".eml", check_pieces, NULL);
	snprintf(path, sizeof path, "%s/enmime", dir);
	corpus_walk(path, ".raw", check_pieces, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_of_the_corpus_is_taken_apart),
		cmocka_unit_test(beginnings_of_messages_are_taken_apart),
	};

	dir = corpus_dir();
	return dir ? cmocka_run_group_tests(tests, NULL, NULL) : CORPUS_SKIP;
}
