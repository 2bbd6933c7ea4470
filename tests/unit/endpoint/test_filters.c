#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "endpoint/filters.h"

static char told[200]; /* the names of faulty filters */

static void on_fault(void *ctx, const char *name, const char *detail)
{
	(void)ctx;
	assert_true(detail[0] != '\0');
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s;", name);
}

static bool build(struct arena *mem, struct filter_form f, struct mail_query *q)
{
	told[0] = '\0';
	*q = (struct mail_query){ 0 };
	return filters_build(&f, mem, q, on_fault, NULL);
}

static void expect_filter(const struct mail_query *q, size_t i, enum mail_filter_kind kind,
			  const char *text)
{
	assert_true(i < q->filter_count);
	assert_int_equal(q->filters[i].kind, kind);
	assert_bytes_equal_str(q->filters[i].text, text);
}

static void test_nothing_asked_is_no_filter(void **state)
{
	struct mail_query q;

	assert_true(build(*state, (struct filter_form){ 0 }, &q));
	assert_int_equal(q.filter_count, 0);
}

static void test_words_are_anded_and_quotes_make_a_phrase(void **state)
{
	struct mail_query q;

	assert_true(build(*state,
			  (struct filter_form){
				  .text = BYTES_LIT("  plan \"next week\"  Zürich \"open end") },
			  &q));
	assert_int_equal(q.filter_count, 4);
	expect_filter(&q, 0, FILTER_TEXT, "plan");
	expect_filter(&q, 1, FILTER_TEXT, "next week");
	expect_filter(&q, 2, FILTER_TEXT, "Zürich");
	expect_filter(&q, 3, FILTER_TEXT, "open end");
}

static void test_every_text_filter_has_its_kind(void **state)
{
	struct mail_query q;

	assert_true(build(*state,
			  (struct filter_form){ .from = BYTES_LIT("a"),
						.to = BYTES_LIT("b"),
						.cc = BYTES_LIT("c"),
						.subject = BYTES_LIT("d"),
						.body = BYTES_LIT("e") },
			  &q));
	assert_int_equal(q.filter_count, 5);
	expect_filter(&q, 0, FILTER_FROM, "a");
	expect_filter(&q, 1, FILTER_TO, "b");
	expect_filter(&q, 2, FILTER_CC, "c");
	expect_filter(&q, 3, FILTER_SUBJECT, "d");
	expect_filter(&q, 4, FILTER_BODY, "e");
}

static void test_empty_texts_are_faults(void **state)
{
	struct mail_query q;

	assert_false(build(*state, (struct filter_form){ .text = BYTES_LIT("") }, &q));
	assert_string_equal(told, "text;");
	assert_false(build(*state, (struct filter_form){ .from = BYTES_LIT(" \"\" ") }, &q));
	assert_string_equal(told, "from;");
}

static void test_too_many_words_are_a_fault(void **state)
{
	char words[3 * (MAIL_FILTERS_MAX + 1) + 1];
	struct mail_query q;

	for (size_t i = 0; i <= MAIL_FILTERS_MAX; i++)
		memcpy(words + 3 * i, "ab ", 4);
	assert_false(build(*state, (struct filter_form){ .body = bytes_of_str(words) }, &q));
	assert_string_equal(told, "body;");
}

static void test_header_fields_are_cut_at_their_colon(void **state)
{
	struct bytes values[] = { BYTES_LIT("List-Id: <a.b>:c "), BYTES_LIT("X-Spam"),
				  BYTES_LIT("X-Flag:") };
	struct mail_query q;

	assert_true(build(*state, (struct filter_form){ .header = { values, 3 } }, &q));
	assert_int_equal(q.filter_count, 3);
	expect_filter(&q, 0, FILTER_HEADER, "<a.b>:c");
	assert_bytes_equal_str(q.filters[0].name, "List-Id");
	expect_filter(&q, 1, FILTER_HEADER, "");
	assert_bytes_equal_str(q.filters[1].name, "X-Spam");
	expect_filter(&q, 2, FILTER_HEADER, "");
}

static void test_what_is_no_header_field_is_a_fault(void **state)
{
	static const char *const names[] = { ":x", "", "a b:x", "\x01:x", "Ü:x" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct bytes value = bytes_of_str(names[i]);
		struct mail_query q;

		assert_false(build(*state, (struct filter_form){ .header = { &value, 1 } }, &q));
		assert_string_equal(told, "header;");
	}
}

static void test_instants_are_rounded_up_to_seconds(void **state)
{
	struct mail_query q;

	assert_true(build(*state,
			  (struct filter_form){ .after = BYTES_LIT("1970-01-01T00:00:10.001Z"),
						.before = BYTES_LIT("1970-01-01T01:00:20+01:00") },
			  &q));
	assert_int_equal(q.filter_count, 2);
	assert_int_equal(q.filters[0].kind, FILTER_AFTER);
	assert_int_equal(q.filters[0].number, 11);
	assert_int_equal(q.filters[1].kind, FILTER_BEFORE);
	assert_int_equal(q.filters[1].number, 20);
	assert_false(build(*state, (struct filter_form){ .after = BYTES_LIT("yesterday") }, &q));
	assert_string_equal(told, "after;");
}

static void test_sizes_and_flags_count_only_when_given(void **state)
{
	struct mail_query q;

	assert_true(build(*state,
			  (struct filter_form){ .min_size = 5,
						.max_size = 0,
						.has_max_size = true,
						.unseen_given = true,
						.unseen = true,
						.flagged_given = true,
						.has_attachment_given = true },
			  &q));
	assert_int_equal(q.filter_count, 4);
	assert_int_equal(q.filters[0].kind, FILTER_MAX_SIZE);
	assert_int_equal(q.filters[0].number, 0);
	expect_filter(&q, 1, FILTER_NOT_KEYWORD, "$seen");
	expect_filter(&q, 2, FILTER_NOT_KEYWORD, "$flagged");
	assert_int_equal(q.filters[3].kind, FILTER_ATTACHMENT);
	assert_int_equal(q.filters[3].number, 0);
}

static void test_keywords_are_looked_for_in_lower_case(void **state)
{
	struct mail_query q;

	assert_true(build(*state,
			  (struct filter_form){ .has_keyword = BYTES_LIT("ToDo"),
						.not_keyword = BYTES_LIT("$Flagged") },
			  &q));
	expect_filter(&q, 0, FILTER_KEYWORD, "todo");
	expect_filter(&q, 1, FILTER_NOT_KEYWORD, "$flagged");
	assert_false(build(*state, (struct filter_form){ .has_keyword = BYTES_LIT("a b") }, &q));
	assert_string_equal(told, "hasKeyword;");
	assert_false(build(*state, (struct filter_form){ .not_keyword = BYTES_LIT("") }, &q));
	assert_string_equal(told, "notKeyword;");
}

static void test_threads_are_searched_by_their_root(void **state)
{
	static const char *const bad[] = { "",      "r.",    "r.!!",    "h.",  "m.abc",
					   "x.abc", "rZm9v", "r.Zm9v=", "r._w" /* not UTF-8 */ };
	struct mail_query q;

	assert_true(build(*state, (struct filter_form){ .thread = BYTES_LIT("r.YUBi") }, &q));
	expect_filter(&q, 0, FILTER_THREAD, "a@b");
	assert_true(bytes_is_null(q.filters[0].name));
	assert_true(build(*state, (struct filter_form){ .thread = BYTES_LIT("g.1234") }, &q));
	expect_filter(&q, 0, FILTER_THREAD, "1234");
	assert_bytes_equal_str(q.filters[0].name, "g");
	assert_true(build(*state, (struct filter_form){ .thread = BYTES_LIT("h.abc") }, &q));
	expect_filter(&q, 0, FILTER_THREAD, "abc");
	assert_bytes_equal_str(q.filters[0].name, "h");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(
			build(*state, (struct filter_form){ .thread = bytes_of_str(bad[i]) }, &q));
		assert_string_equal(told, "thread;");
	}
}

static int with_arena(void **state)
{
	*state = arena_new(1 << 20);
	return *state ? 0 : -1;
}

static int without_arena(void **state)
{
	arena_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_asked_is_no_filter),
		cmocka_unit_test(test_words_are_anded_and_quotes_make_a_phrase),
		cmocka_unit_test(test_every_text_filter_has_its_kind),
		cmocka_unit_test(test_empty_texts_are_faults),
		cmocka_unit_test(test_too_many_words_are_a_fault),
		cmocka_unit_test(test_header_fields_are_cut_at_their_colon),
		cmocka_unit_test(test_what_is_no_header_field_is_a_fault),
		cmocka_unit_test(test_instants_are_rounded_up_to_seconds),
		cmocka_unit_test(test_sizes_and_flags_count_only_when_given),
		cmocka_unit_test(test_keywords_are_looked_for_in_lower_case),
		cmocka_unit_test(test_threads_are_searched_by_their_root),
	};

	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
