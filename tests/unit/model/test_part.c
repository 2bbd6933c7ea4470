/*
 * Trees are written as text: "mixed(plain html@logo.png pdf!)": an unknown word
 * is application/WORD, "!" is disposition attachment, "~" inline, "@" a name,
 * "#" a cid. Views are written as the part ids of each list.
 */
#include "cmocka_all.h"

#include <stdlib.h>

#include "base/buf.h"
#include "model/part.h"

static struct arena *mem;

static struct bytes type_of(struct bytes word)
{
	static const char *const types[][2] = {
		{ "plain", "text/plain" },
		{ "html", "text/html" },
		{ "png", "image/png" },
		{ "ogg", "audio/ogg" },
		{ "mixed", "multipart/mixed" },
		{ "alternative", "multipart/alternative" },
		{ "related", "multipart/related" },
		{ "message", "message/rfc822" },
		{ "calendar", "text/calendar" },
	};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (bytes_equal_str(word, types[i][0]))
			return bytes_of_str(types[i][1]);
	return bytes_of_str(arena_printf(mem, "application/%.*s", BYTES_FMT(word)));
}

static void parse_children(const char **text, struct part *p);

static void parse_marks(const char **text, struct part *p)
{
	for (;; (*text)++) {
		if (**text == '!')
			p->disposition = BYTES_LIT("attachment");
		else if (**text == '~')
			p->disposition = BYTES_LIT("inline");
		else if (**text == '@')
			p->name = BYTES_LIT("a.bin");
		else if (**text == '#')
			p->cid = BYTES_LIT("1@x");
		else
			return;
	}
}

static void parse_part(const char **text, struct part *p, const char *id)
{
	size_t n = strcspn(*text, "() !~@#");

	p->type = type_of(bytes_of(*text, n));
	p->part_id = bytes_of_str(arena_str(mem, bytes_of_str(id)));
	p->section = p->part_id;
	*text += n;
	parse_marks(text, p);
	if (**text != '(')
		return;
	(*text)++;
	if (bytes_equal_str(p->type, "message/rfc822")) {
		p->message_body = ARENA_NEW(mem, struct part);
		parse_part(text, p->message_body, arena_printf(mem, "%s.1", id));
	} else {
		p->is_multipart = true;
		p->part_id = BYTES_NULL;
		parse_children(text, p);
	}
	(*text)++;
}

static void parse_children(const char **text, struct part *p)
{
	p->children = ARENA_ARRAY(mem, 10, struct part);
	while (**text != ')') {
		const char *dot = p->section.len ? "." : "";

		if (**text == ' ')
			(*text)++;
		parse_part(text, &p->children[p->child_count],
			   arena_printf(mem, "%.*s%s%zu", BYTES_FMT(p->section), dot,
					p->child_count + 1));
		p->child_count++;
	}
}

static struct part *tree(const char *text)
{
	struct part *root = ARENA_NEW(mem, struct part);

	parse_part(&text, root, "");
	if (!root->is_multipart)
		root->part_id = BYTES_LIT("1");
	return root;
}

static void append_ids(struct buf *to, const char *label, const struct part *const *parts,
		       size_t count)
{
	buf_append_str(to, label);
	for (size_t i = 0; i < count; i++)
		buf_printf(to, " %.*s", BYTES_FMT(parts[i]->part_id));
}

static void check_view(const char *structure, const char *want, bool has_attachment)
{
	struct part_view v;
	struct buf got;

	mem = arena_new(1 << 20);
	assert_true(part_view_of(tree(structure), mem, &v));
	buf_init(&got, 4096);
	append_ids(&got, "text", v.text, v.text_count);
	append_ids(&got, " html", v.html, v.html_count);
	append_ids(&got, " attached", v.attachments, v.attachment_count);
	buf_append_byte(&got, 0);
	assert_string_equal((const char *)buf_bytes(&got).at, want);
	assert_int_equal(v.has_attachment, has_attachment);
	buf_done(&got);
	arena_free(mem);
}

static void finds_the_body_of_everyday_messages(void **state)
{
	(void)state;
	check_view("plain", "text 1 html 1 attached", false);
	check_view("html", "text 1 html 1 attached", false);
	check_view("pdf", "text html attached 1", true);
	check_view("alternative(plain html)", "text 1 html 2 attached", false);
	check_view("mixed(plain pdf!)", "text 1 html 1 attached 2", true);
	check_view("mixed(alternative(plain html) pdf!)", "text 1.1 html 1.2 attached 2", true);
	check_view("mixed(alternative(plain related(html png#)) pdf!)",
		   "text 1.1 html 1.2.1 attached 1.2.2 2", true);
	check_view("related(html png#)", "text 1 html 1 attached 2", false);
	check_view("related(html png#!)", "text 1 html 1 attached 2", true);
}

/* RFC 8621 §4.1.4 prints this one with its answer. */
static void answers_the_example_of_the_rfc(void **state)
{
	(void)state;
	check_view("mixed(plain mixed(alternative(mixed(plain png~ plain) related(html png)) png! "
		   "other message) plain)",
		   "text 1 2.1.1.1 2.1.1.2 2.1.1.3 3 html 1 2.1.2.1 3 "
		   "attached 2.1.1.2 2.1.2.2 2.2 2.3 2.4",
		   true);
}

static void text_beside_the_body_is_body_unless_it_has_a_name(void **state)
{
	(void)state;
	check_view("mixed(plain plain)", "text 1 2 html 1 2 attached", false);
	check_view("mixed(plain plain@)", "text 1 html 1 attached 2", true);
	check_view("mixed(plain@ pdf~)", "text 1 html 1 attached 2", false);
	check_view("mixed(plain! plain)", "text 2 html 2 attached 1", true);
	check_view("mixed(plain png~ plain)", "text 1 2 3 html 1 2 3 attached", false);
	check_view("mixed(plain calendar)", "text 1 html 1 attached 2", true);
}

static void an_alternative_of_one_kind_serves_both(void **state)
{
	(void)state;
	check_view("alternative(html)", "text 1 html 1 attached", false);
	check_view("alternative(plain)", "text 1 html 1 attached", false);
	check_view("mixed(alternative(html) plain)", "text 1.1 2 html 1.1 2 attached", false);
	check_view("alternative(alternative(html) plain)", "text 1.1 2 html 1.1 attached", false);
	check_view("alternative(plain html ogg)", "text 1 html 2 attached 3", true);
	check_view("mixed()", "text html attached", false);
}

static void raw_parameters_count_as_names(void **state)
{
	struct param name = { BYTES_LIT("name*0*"), BYTES_LIT("utf-8''a") };
	struct param charset = { BYTES_LIT("names"), BYTES_LIT("a") };
	struct part_view v;
	struct part *root;

	(void)state;
	mem = arena_new(1 << 20);
	root = tree("mixed(plain plain)");
	root->children[1].params = (struct param_list){ &charset, 1 };
	assert_true(part_view_of(root, mem, &v));
	assert_int_equal(v.attachment_count, 0);
	root->children[1].params = (struct param_list){ &name, 1 };
	assert_true(part_view_of(root, mem, &v));
	assert_int_equal(v.attachment_count, 1);
	arena_free(mem);
}

static void finds_parts_by_their_number_inside_messages_too(void **state)
{
	struct part *root;

	(void)state;
	mem = arena_new(1 << 20);
	root = tree("mixed(plain message(mixed(plain pdf)) message(plain))");
	assert_ptr_equal(part_find(root, BYTES_LIT("1")), &root->children[0]);
	assert_ptr_equal(part_find(root, BYTES_LIT("2")), &root->children[1]);
	assert_ptr_equal(part_find(root, BYTES_LIT("3.1")), root->children[2].message_body);
	assert_null(part_find(root, BYTES_LIT("4")));
	assert_null(part_find(root, BYTES_LIT("")));
	assert_null(part_find(root, BYTES_NULL));
	assert_null(part_find(NULL, BYTES_LIT("1")));
	arena_free(mem);
}

static void estimates_decoded_sizes(void **state)
{
	struct part p = { .encoded_size = 780, .encoding = PART_ENCODING_BASE64 };

	(void)state;
	part_estimate_size(&p);
	assert_true(p.size == 570 && !p.is_size_exact);
	p.encoding = PART_ENCODING_IDENTITY;
	part_estimate_size(&p);
	assert_true(p.size == 780 && p.is_size_exact);
	p.encoding = PART_ENCODING_UUENCODE;
	p.encoded_size = UINT64_MAX;
	part_estimate_size(&p);
	assert_true(p.size > UINT64_MAX / 2 && p.size < UINT64_MAX && !p.is_size_exact);
}

static void parameters_are_found_in_any_case(void **state)
{
	struct param params[] = { { BYTES_LIT("charset"), BYTES_LIT("UTF-8") },
				  { BYTES_LIT("charset"), BYTES_LIT("second") } };
	struct param_list l = { params, 2 };

	(void)state;
	assert_bytes_equal_str(part_param(&l, "Charset"), "UTF-8");
	assert_true(bytes_is_null(part_param(&l, "name")));
}

static void says_so_when_memory_is_short(void **state)
{
	struct arena *tiny = arena_new(8);
	struct part_view v;

	(void)state;
	mem = arena_new(1 << 20);
	assert_false(part_view_of(tree("plain"), tiny, &v));
	arena_free(tiny);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_body_of_everyday_messages),
		cmocka_unit_test(answers_the_example_of_the_rfc),
		cmocka_unit_test(text_beside_the_body_is_body_unless_it_has_a_name),
		cmocka_unit_test(an_alternative_of_one_kind_serves_both),
		cmocka_unit_test(raw_parameters_count_as_names),
		cmocka_unit_test(finds_parts_by_their_number_inside_messages_too),
		cmocka_unit_test(estimates_decoded_sizes),
		cmocka_unit_test(parameters_are_found_in_any_case),
		cmocka_unit_test(says_so_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
