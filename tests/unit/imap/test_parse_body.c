#include "imap_test.h"

#include <stdio.h>
#include <stdlib.h>

static struct imap_response parse(const char *body, const struct imap_limits *limits)
{
	struct imap_parse_fault fault = { 0 };
	struct imap_response r;
	struct buf text;

	buf_init(&text, 10000000);
	buf_append_str(&text, "* 1 FETCH (BODYSTRUCTURE ");
	buf_append_str(&text, body);
	buf_append_str(&text, " UID 7)");
	if (imap_test_parse(buf_bytes(&text), limits, &r, &fault) != ERR_OK)
		fail_msg("%.200s\nat %zu: %s", body, fault.offset, fault.reason);
	buf_done(&text);
	assert_int_equal(r.fetch.uid, 7);
	return r;
}

static struct part *structure_of(const char *body)
{
	struct imap_response r = parse(body, NULL);

	if (r.fetch.fault.reason)
		fail_msg("%s\nat %zu: %s", body, r.fetch.fault.offset, r.fetch.fault.reason);
	assert_non_null(r.fetch.structure);
	return r.fetch.structure;
}

/* The tree as text: "multipart/mixed(1:text/plain 2:message/rfc822[2.1:text/html])". */
static void describe(const struct part *p, struct buf *to)
{
	if (!bytes_is_null(p->part_id)) {
		buf_append(to, p->part_id);
		buf_append_str(to, ":");
		assert_true(bytes_equal(p->section, p->part_id));
	}
	buf_append(to, p->type);
	assert_int_equal(p->is_multipart, bytes_is_null(p->part_id));
	if (p->is_multipart)
		buf_append_str(to, "(");
	for (size_t i = 0; i < p->child_count; i++) {
		buf_append_str(to, i ? " " : "");
		describe(&p->children[i], to);
	}
	if (p->is_multipart)
		buf_append_str(to, ")");
	if (!p->message_body)
		return;
	buf_append_str(to, "[");
	describe(p->message_body, to);
	buf_append_str(to, "]");
}

static void assert_tree(const char *body, const char *want)
{
	struct buf text;

	buf_init(&text, 1000000);
	describe(structure_of(body), &text);
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}

#define TEXT "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)"
#define ENV  "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"

static void one_part(void **state)
{
	struct part *p = structure_of("(\"Text\" \"Plain\" (\"CharSet\" \"UTF-8\" \"format\" "
				      "\"flowed\") \" <a@b> \" \"the text\" "
				      "\"Base64\" 3028 92 \"md5\" (\"ATTACHMENT\" (\"FileName\" "
				      "\"A.txt\")) (\"en\" \"de\") "
				      "\"http://x\" \"ext\" (1 (2)))");

	(void)state;
	assert_bytes_equal_str(p->part_id, "1");
	assert_bytes_equal_str(p->type, "text/plain");
	assert_int_equal(p->params.count, 2);
	assert_bytes_equal_str(p->params.at[0].name, "charset");
	assert_bytes_equal_str(p->params.at[0].value, "UTF-8");
	assert_bytes_equal_str(p->cid, "a@b");
	assert_bytes_equal_str(p->description, "the text");
	assert_int_equal(p->encoding, PART_ENCODING_BASE64);
	assert_true(p->is_encoding_known);
	assert_int_equal(p->encoded_size, 3028);
	assert_true(p->size > 2000 && p->size < 2300);
	assert_false(p->is_size_exact);
	assert_bytes_equal_str(p->disposition, "attachment");
	assert_bytes_equal_str(p->disposition_params.at[0].name, "filename");
	assert_bytes_equal_str(p->disposition_params.at[0].value, "A.txt");
	imap_test_assert_list(&p->language, "en|de");
	assert_bytes_equal_str(p->location, "http://x");
}

static void encodings(void **state)
{
	static const struct {
		const char *name;
		enum part_encoding encoding;
		bool is_known;
	} cases[] = {
		{ "\"7bit\"", PART_ENCODING_IDENTITY, true },
		{ "\"8BIT\"", PART_ENCODING_IDENTITY, true },
		{ "\"binary\"", PART_ENCODING_IDENTITY, true },
		{ "\"quoted-printable\"", PART_ENCODING_QUOTED_PRINTABLE, true },
		{ "\"x-uuencode\"", PART_ENCODING_UUENCODE, true },
		{ "NIL", PART_ENCODING_IDENTITY, true },
		{ "\"\"", PART_ENCODING_IDENTITY, true },
		{ "\"x-mystery\"", PART_ENCODING_IDENTITY, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char body[200];
		struct part *p;

		snprintf(body, sizeof body, "(\"a\" \"b\" NIL NIL NIL %s 10)", cases[i].name);
		p = structure_of(body);
		assert_int_equal(p->encoding, cases[i].encoding);
		assert_int_equal(p->is_encoding_known, cases[i].is_known);
	}
}

static void section_numbers(void **state)
{
	(void)state;
	assert_tree(TEXT, "1:text/plain");
	assert_tree("(" TEXT TEXT "\"MIXED\")", "multipart/mixed(1:text/plain 2:text/plain)");
	assert_tree("((" TEXT TEXT " \"ALTERNATIVE\")" TEXT " \"MIXED\")",
		    "multipart/mixed(multipart/alternative(1.1:text/plain 1.2:text/plain) "
		    "2:text/plain)");
}

/* RFC 9051 §6.4.5: the parts of a nested message stand below its own number. */
static void section_numbers_in_nested_messages(void **state)
{
	(void)state;
	assert_tree("(" TEXT "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 999 " ENV TEXT
		    " 5)\"MIXED\")",
		    "multipart/mixed(1:text/plain 2:message/rfc822[2.1:text/plain])");
	assert_tree("(" TEXT "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 999 " ENV "(" TEXT TEXT
		    " \"mixed\") 5 NIL (\"attachment\" NIL) NIL)\"MIXED\")",
		    "multipart/mixed(1:text/plain "
		    "2:message/rfc822[multipart/mixed(2.1:text/plain 2.2:text/plain)])");
	assert_tree("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 999 " ENV TEXT " 5)",
		    "1:message/rfc822[1.1:text/plain]");
	assert_tree("(\"message\" \"global\" NIL NIL NIL NIL 9 " ENV
		    "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 " ENV "((" TEXT
		    "\"a\")\"b\") 5) 5)",
		    "1:message/global[1.1:message/rfc822[multipart/b(multipart/a(1.1.1.1:text/"
		    "plain))]]");
}

static void multiparts_with_extension_data(void **state)
{
	struct part *p =
		structure_of("(" TEXT " \"Related\" (\"Boundary\" \"x\" \"TYPE\" \"text/html\") "
			     "(\"inline\" (\"a\" \"b\")) \"en\" NIL 1 (2 (\"3\")))");

	(void)state;
	assert_bytes_equal_str(p->type, "multipart/related");
	assert_bytes_equal_str(p->params.at[1].name, "type");
	assert_bytes_equal_str(p->disposition, "inline");
	imap_test_assert_list(&p->language, "en");
	assert_bytes_equal_str(p->section, "");
	assert_int_equal(p->encoded_size, 0);
}

static void what_servers_leave_out_or_add(void **state)
{
	(void)state;
	assert_tree("(\"MIXED\")", "multipart/mixed()");
	assert_tree("(\"MIXED\" (\"BOUNDARY\" \"x\") NIL NIL)", "multipart/mixed()");
	assert_tree("((\"MIXED\")\"REPORT\")", "multipart/report(multipart/mixed())");
	assert_tree("(" TEXT " \"mixed\" (\"boundary\" \"x\") NIL)",
		    "multipart/mixed(1:text/plain)");
	assert_tree("(" TEXT ")", "multipart/(1:text/plain)");
	assert_tree("( " TEXT "  " TEXT "  \"mixed\" )",
		    "multipart/mixed(1:text/plain 2:text/plain)");
	assert_tree("((\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL)" TEXT "\"MIXED\")",
		    "multipart/mixed(multipart/related() 2:text/plain)");
	assert_tree("(NIL \"alternative\" (\"boundary\" \"x\") NIL NIL NIL)",
		    "multipart/alternative()");
	assert_bytes_equal_str(structure_of("(" TEXT
					    "\"related\" (\"a\" \"b\") NIL (\"inline\" NIL) "
					    "NIL NIL)")
				       ->disposition,
			       "inline");
	assert_tree(
		"(\"multipart\" \"appledouble\" (\"boundary\" \"B\") NIL NIL \"7BIT\" -1 NIL NIL)",
		"1:multipart/appledouble");
	/* no lines for text, lines where none belong, no MD5 before the disposition */
	assert_tree("(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 30 NIL (\"inline\" NIL) NIL)",
		    "1:text/plain");
	assert_tree("(\"MESSAGE\" \"DELIVERY-STATUS\" NIL NIL NIL \"7BIT\" 410 12 NIL)",
		    "1:message/delivery-status");
	assert_bytes_equal_str(
		structure_of("(\"a\" \"b\" NIL NIL NIL \"7BIT\" 3 (\"inline\" (\"x\" \"y\")))")
			->disposition,
		"inline");
	assert_bytes_equal_str(
		structure_of("(\"a\" \"b\" NIL NIL NIL \"7BIT\" 3 NIL \"attachment\" NIL)")
			->disposition,
		"attachment");
	/* sizes that are none */
	assert_int_equal(structure_of("(\"a\" \"b\" NIL NIL NIL NIL NIL)")->encoded_size, 0);
	assert_int_equal(structure_of("(\"a\" \"b\" NIL NIL NIL \"7BIT\" -1)")->encoded_size, 0);
	assert_int_equal(structure_of("(\"a\" \"b\" NIL NIL NIL \"7BIT\" \"12\")")->encoded_size,
			 12);
	/* types that are none, bare words */
	assert_tree("(NIL NIL NIL NIL NIL \"7BIT\" 5 1)", "1:text/");
	assert_tree("(text plain () NIL NIL 7bit 5 1)", "1:text/plain");
	assert_tree("(\"a\" \"b\")", "1:a/b");
	/* parameters with nothing behind the name, a string instead of them */
	assert_true(bytes_is_null(structure_of("(\"a\" \"b\" (\"x\" NIL \"y\") NIL NIL \"7BIT\" 5)")
					  ->params.at[1]
					  .value));
	assert_tree("(\"a\" \"b\" \"\" NIL NIL \"7BIT\" 5)", "1:a/b");
}

/* Some servers take every message/... for a message. */
static void other_messages_with_something_inside(void **state)
{
	(void)state;
	assert_tree("(" TEXT "(\"MESSAGE\" \"DELIVERY-STATUS\" NIL NIL NIL \"7BIT\" 322 "
		    "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL) " TEXT " 12) \"REPORT\")",
		    "multipart/report(1:text/plain 2:message/delivery-status)");
	assert_tree("(\"MESSAGE\" \"PARTIAL\" NIL NIL NIL \"7BIT\" 3 (\"inline\" NIL))",
		    "1:message/partial");
}

static void messages_without_what_is_inside(void **state)
{
	(void)state;
	assert_tree("(\"MESSAGE\" \"RFC822\" (\"N\" \"x\") NIL NIL \"7BIT\" 4079755)",
		    "1:message/rfc822");
	assert_tree("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 198 NIL (\"ATTACHMENT\" (\"F\" "
		    "\"x\")) NIL)",
		    "1:message/rfc822");
	assert_tree(
		"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 198 NIL (\"ATTACHMENT\" NIL) NIL)",
		"1:message/rfc822");
	assert_tree("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 198 NIL NIL NIL NIL)",
		    "1:message/rfc822");
	assert_tree(
		"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 198 NIL NIL 12 NIL (\"inline\" NIL))",
		"1:message/rfc822");
	assert_tree("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 198 NIL " TEXT " 12)",
		    "1:message/rfc822[1.1:text/plain]");
	assert_tree("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 2 " ENV
		    " (\"MIXED\" (\"B\" \"x\") NIL NIL) 3)",
		    "1:message/rfc822[multipart/mixed()]");
	assert_bytes_equal_str(
		structure_of("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 198 NIL NIL 12 "
			     "NIL (\"inline\" NIL))")
			->disposition,
		"inline");
}

static void no_structure_at_all(void **state)
{
	(void)state;
	assert_null(parse("NIL", NULL).fetch.structure);
	assert_null(parse("()", NULL).fetch.structure);
	assert_false(parse("()", NULL).fetch.is_structure_cut);
}

static void a_malformed_structure_costs_only_itself(void **state)
{
	struct imap_response r = parse("(\"a\" \"b\" NIL NIL NIL NIL 5 NIL (\"x\" NIL (1)))", NULL);

	(void)state;
	assert_null(r.fetch.structure);
	assert_non_null(r.fetch.fault.reason);
	assert_false(r.fetch.is_structure_cut);
	assert_true(r.fetch.has & IMAP_FETCH_STRUCTURE);
	imap_test_malformed("* 1 FETCH (BODYSTRUCTURE (\"a\" \"b\" UID 7)", 40);
	imap_test_malformed("* 1 FETCH (BODYSTRUCTURE)", 24);
	imap_test_malformed("* 1 FETCH (BODYSTRUCTURE ((\"a\" \"b\")) \"x\")", 37);
}

static char *nested(size_t depth, const char *inner)
{
	struct buf text;

	buf_init(&text, 10000000);
	for (size_t i = 0; i < depth; i++)
		buf_append_str(&text, "(");
	buf_append_str(&text, inner);
	for (size_t i = 0; i < depth; i++)
		buf_append_str(&text, "\"mixed\")");
	buf_append_byte(&text, 0);
	return (char *)text.at;
}

static void structures_that_are_too_deep_are_left_out(void **state)
{
	char *fits = nested(PART_DEPTH_MAX - 1, TEXT), *over = nested(PART_DEPTH_MAX, TEXT);
	char *far_over = nested(100000, TEXT);
	struct imap_response r;

	(void)state;
	assert_non_null(parse(fits, NULL).fetch.structure);
	r = parse(over, NULL);
	assert_null(r.fetch.structure);
	assert_true(r.fetch.is_structure_cut);
	assert_null(r.fetch.fault.reason);
	assert_true(parse(far_over, NULL).fetch.is_structure_cut);
	free(fits);
	free(over);
	free(far_over);
}

static void nested_messages_count_as_depth(void **state)
{
	struct buf text;
	struct imap_response r;

	(void)state;
	buf_init(&text, 10000000);
	for (int i = 0; i < 1000; i++)
		buf_append_str(&text, "(\"message\" \"rfc822\" NIL NIL NIL NIL 1 " ENV " ");
	buf_append_str(&text, TEXT);
	for (int i = 0; i < 1000; i++)
		buf_append_str(&text, " 1)");
	buf_append_byte(&text, 0);
	r = parse((char *)text.at, NULL);
	assert_true(r.fetch.is_structure_cut);
	buf_done(&text);
}

static void structures_with_too_many_parts_are_left_out(void **state)
{
	struct imap_limits limits = imap_limits_default;

	(void)state;
	limits.parts = 3;
	assert_non_null(parse("(" TEXT TEXT "\"a\")", &limits).fetch.structure);
	assert_true(parse("(" TEXT TEXT TEXT "\"a\")", &limits).fetch.is_structure_cut);
	assert_true(parse("((" TEXT "\"a\")" TEXT "\"a\")", &limits).fetch.is_structure_cut);
}

static void structures_with_too_many_parameters_are_left_out(void **state)
{
	struct imap_limits limits = imap_limits_default;
	const char *fits = "(\"a\" \"b\" (\"1\" \"1\" \"2\" \"2\") NIL NIL NIL 5 NIL NIL (\"en\"))";
	const char *over =
		"(\"a\" \"b\" (\"1\" \"1\" \"2\" \"2\") NIL NIL NIL 5 NIL NIL (\"en\" \"de\"))";

	(void)state;
	limits.items = 3;
	assert_non_null(parse(fits, &limits).fetch.structure);
	assert_true(parse(over, &limits).fetch.is_structure_cut);
	assert_true(
		parse("(\"a\" \"b\" (\"1\" \"1\" \"2\" \"2\" \"3\" \"3\" \"4\" \"4\"))", &limits)
			.fetch.is_structure_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(one_part),
		imap_test(encodings),
		imap_test(section_numbers),
		imap_test(section_numbers_in_nested_messages),
		imap_test(multiparts_with_extension_data),
		imap_test(what_servers_leave_out_or_add),
		imap_test(messages_without_what_is_inside),
		imap_test(other_messages_with_something_inside),
		imap_test(no_structure_at_all),
		imap_test(a_malformed_structure_costs_only_itself),
		imap_test(structures_that_are_too_deep_are_left_out),
		imap_test(nested_messages_count_as_depth),
		imap_test(structures_with_too_many_parts_are_left_out),
		imap_test(structures_with_too_many_parameters_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
