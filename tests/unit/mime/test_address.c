/* Lists are written back as "name <email>|..." with "-" for what is null. */
#include "cmocka_all.h"

#include "exact.h"

#include "base/buf.h"
#include "mime/address_everyday.h"
#include "mime/address_parse.h"

static void append_or_dash(struct buf *to, struct bytes b)
{
	buf_append(to, bytes_is_null(b) ? BYTES_LIT("-") : b);
}

static void check_in(const char *charset, const char *value, const char *want)
{
	struct arena *mem = arena_new(1 << 20);
	struct address_list l = { NULL, 0 };
	struct buf got;

	assert_int_equal(mime_addresses_append(mem, exact(value), bytes_of_str(charset), &l),
			 ERR_OK);
	buf_init(&got, 4096);
	for (size_t i = 0; i < l.count; i++) {
		buf_append_str(&got, i ? "|" : "");
		append_or_dash(&got, l.at[i].name);
		buf_append_str(&got, " <");
		append_or_dash(&got, l.at[i].email);
		buf_append_str(&got, ">");
	}
	if (!bytes_equal_str(buf_bytes(&got), want))
		fail_msg("%s\ngot  %.*s\nwant %s", value, BYTES_FMT(buf_bytes(&got)), want);
	buf_done(&got);
	arena_free(mem);
}

static void check(const char *value, const char *want)
{
	check_in(NULL, value, want);
}

static void everyday_forms(void **state)
{
	(void)state;
	check("ada@example.org", "- <ada@example.org>");
	check("<ada@example.org>", "- <ada@example.org>");
	check("Ada Lovelace <ada@example.org>", "Ada Lovelace <ada@example.org>");
	check("\"Lovelace, Ada\" <ada@example.org>, b@x",
	      "Lovelace, Ada <ada@example.org>|- <b@x>");
	check("John Q. Public <jqp@x.y>", "John Q. Public <jqp@x.y>");
	check("ada@example.org (Ada Lovelace)", "Ada Lovelace <ada@example.org>");
	check("<ada@example.org> (Ada)", "Ada <ada@example.org>");
	check("", "");
	check("  ", "");
	check("a@b,\r\n c@d,\r\n\te@f", "- <a@b>|- <c@d>|- <e@f>");
}

static void quoted_strings_and_comments(void **state)
{
	(void)state;
	check("\"a \\\"b\\\" \\\\c\" <a@b>", "a \"b\" \\c <a@b>");
	check("\"odd name\"@x.y", "- <\"odd name\"@x.y>");
	check("Pete(A wonderful \\) chap) <pete(his account)@silly.test(his host)>",
	      "Pete <pete@silly.test>");
	check("a@b (c (nested) d)", "c (nested) d <a@b>");
	check("\"a@b\" <c@d>", "a@b <c@d>");
	check("\"\" <a@b>", "- <a@b>");
	check("\"Ada\" \"L.\" <a@b>", "Ada L. <a@b>");
}

static void groups_are_flattened(void **state)
{
	(void)state;
	check("undisclosed-recipients:;", "");
	check("A Group:Ed <ed@x>,joe@where.test,John <jdoe@one.test>;, last@x",
	      "Ed <ed@x>|- <joe@where.test>|John <jdoe@one.test>|- <last@x>");
	check("\"Quoted Group\": a@b;", "- <a@b>");
	check("<undisclosed-recipients:;>", "");
}

static void encoded_words_stand_anywhere(void **state)
{
	(void)state;
	check("=?utf-8?Q?J=C3=BCrgen?= Klopp <a@b>", "Jürgen Klopp <a@b>");
	check("\"=?utf-8?Q?J=C3=BCrgen?=\" <a@b>", "Jürgen <a@b>");
	check("=?utf-8?B?SsM=?= =?utf-8?B?vHJnZW4=?= <a@b>", "Jürgen <a@b>");
	check("=?utf-8?Q?Doe, John?= <a@b>, c@d", "Doe, John <a@b>|- <c@d>");
	check("=?utf-8?Q?a=40b=2Ec?=", "- <a@b.c>");
	check("=?utf-8?Q?J=C3=BCrgen?=", "Jürgen <->");
	check("a@b (=?utf-8?Q?J=C3=BCrgen?=)", "Jürgen <a@b>");
	check("=?utf-8?Q?J=C3=BCrgen?=<a@b>", "Jürgen <a@b>");
}

static void raw_8_bit(void **state)
{
	(void)state;
	check("J\xc3\xbcrgen <j\xc3\xbc@m\xc3\xbcller.de>", "Jürgen <jü@müller.de>");
	check("J\xfcrgen <a@b>", "Jürgen <a@b>");
	check_in("koi8-r", "\xf0\xd2\xc9 <a@b>", "При <a@b>");
}

static void obsolete_forms(void **state)
{
	(void)state;
	check("Joe Q. Public <john . q . public @ example . com>",
	      "Joe Q. Public <john.q.public@example.com>");
	check("<@node.test,@x.test:mary@example.net>, , jdoe@test  . example",
	      "- <mary@example.net>|- <jdoe@test.example>");
	check("a@[IPv6:2001:db8::1]", "- <a@[IPv6:2001:db8::1]>");
}

/* One fault costs nothing but itself. */
static void what_is_wrong_stays_where_it_is(void **state)
{
	(void)state;
	check("Foo [bar] <a@b>, c@d", "Foo [bar] <a@b>|- <c@d>");
	check("a@b; c@d", "- <a@b>|- <c@d>");
	check("user@@x, c@d", "- <user@@x>|- <c@d>");
	check("Foo <a@b> Bar <c@d>", "Foo <a@b>|Bar <c@d>");
	check("a@b c@d", "- <a@b>|- <c@d>");
	check("Foo a@b", "Foo <a@b>");
	check("foo", "- <foo>");
	check("foo bar", "foo bar <->");
	check("Mail Delivery <MAILER-DAEMON>", "Mail Delivery <MAILER-DAEMON>");
	check("\"Name\" <>, a@b", "Name <->|- <a@b>");
	check("<>", "");
	check("<<a@b>>", "- <a@b>");
	check("Foo <a@b, c@d", "Foo <a@b>|- <c@d>");
	check("\"unclosed <a@b>", "unclosed <a@b>");
	check("(unclosed <a@b>", "unclosed <a@b>");
	check("<mailto:a@b>", "- <a@b>");
	check("\"x\" <left over a@b>", "x <a@b>");
	check("a@b) , >c@d", "- <a@b>|- <c@d>");
	check("Foo\\ <a@b>", "Foo <a@b>");
}

static void append_random_pieces(struct buf *text, uint32_t seed)
{
	static const char *const pieces[] = { "Ada",   " ",   "  ", "L.",    "<",      ">",
					      "a@b.c", "\"",  "x",  "@",     "=",      "?",
					      ":",     "[x]", "\t", "'",     "=?u?q?", "\xc3",
					      "(",     ",",   ";",  "<a@b>", "\"Q\" ", "." };
	size_t count = sizeof pieces / sizeof pieces[0];

	for (unsigned i = 0; i < 1 + (seed >> 29); i++)
		buf_append_str(text, pieces[((seed * (2 * i + 1) + 12345 * i) >> 13) % count]);
}

/* A comment behind an address says nothing, but makes the quick way impossible. */
static void the_quick_way_and_the_whole_parser_agree(void **state)
{
	uint32_t seed = 5;
	int quick_ones = 0;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct arena *mem = arena_new(1 << 20);
		struct address_list l = { NULL, 0 };
		struct everyday_address a;
		struct buf text;

		buf_init(&text, 4096);
		seed = seed * 1664525 + 1013904223;
		append_random_pieces(&text, seed);
		if (address_everyday(buf_bytes(&text), &a) && a.len == text.len &&
		    !bytes_ends_with(buf_bytes(&text), BYTES_LIT(","))) {
			quick_ones++;
			buf_append_str(&text, "()");
			assert_int_equal(
				mime_addresses_append(mem, buf_bytes(&text), BYTES_NULL, &l),
				ERR_OK);
			if (l.count != 1 || !bytes_equal(l.at[0].name, a.name) ||
			    !bytes_equal(l.at[0].email, a.email))
				fail_msg("%.*s is understood in two ways",
					 BYTES_FMT(buf_bytes(&text)));
		}
		buf_done(&text);
		arena_free(mem);
	}
	assert_true(quick_ones > 1000);
}

static void lists_are_limited_and_may_come_in_pieces(void **state)
{
	struct arena *mem = arena_new(4 << 20);
	struct address_list l = { NULL, 0 };
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 700; i++)
		buf_printf(&text, "n%d <u%d@x>,", i, i);
	for (int i = 0; i < 2; i++)
		assert_int_equal(mime_addresses_append(mem, buf_bytes(&text), BYTES_NULL, &l),
				 ERR_OK);
	assert_int_equal(l.count, MIME_ADDRESSES_MAX);
	assert_bytes_equal_str(l.at[699].email, "u699@x");
	assert_bytes_equal_str(l.at[700].name, "n0");
	buf_done(&text);
	arena_free(mem);
}

/* A megabyte of each; quadratic behaviour would take minutes. */
static void hostile_values_take_linear_time(void **state)
{
	static const char *const patterns[] = { "(",    "\\\"", "<\\\"", "<",   "\"<", "=?a?q?",
						"(\\)", "<((",  ":",     ";\"", "@ ",  "<@a:" };
	size_t n = 1 << 20;
	char *text = malloc(n);

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct arena *mem = arena_new(64 << 20);
		struct address_list l = { NULL, 0 };

		for (size_t i = 0; i < n; i++)
			text[i] = patterns[k][i % strlen(patterns[k])];
		assert_int_equal(mime_addresses_append(mem, bytes_of(text, n), BYTES_NULL, &l),
				 ERR_OK);
		arena_free(mem);
	}
	free(text);
}

static void says_so_when_memory_is_short(void **state)
{
	struct arena *mem = arena_new(4096);
	struct address_list l = { NULL, 0 };
	enum err e = ERR_OK;

	(void)state;
	for (int i = 0; i < 1000 && e == ERR_OK; i++)
		e = mime_addresses_append(mem, BYTES_LIT("A <a@b>"), BYTES_NULL, &l);
	assert_int_equal(e, ERR_NOMEM);
	for (size_t i = 0; i < l.count; i++)
		assert_bytes_equal_str(l.at[i].email, "a@b");
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyday_forms),
		cmocka_unit_test(quoted_strings_and_comments),
		cmocka_unit_test(groups_are_flattened),
		cmocka_unit_test(encoded_words_stand_anywhere),
		cmocka_unit_test(raw_8_bit),
		cmocka_unit_test(obsolete_forms),
		cmocka_unit_test(what_is_wrong_stays_where_it_is),
		cmocka_unit_test(the_quick_way_and_the_whole_parser_agree),
		cmocka_unit_test(lists_are_limited_and_may_come_in_pieces),
		cmocka_unit_test(hostile_values_take_linear_time),
		cmocka_unit_test(says_so_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
