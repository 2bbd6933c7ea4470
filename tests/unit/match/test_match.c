#include "cmocka_all.h"

#include "match/filter.h"
#include "match/fold.h"
#include "match/sort.h"
#include "mime/headers.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(1 << 20);
	return mem ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static void check_fold(const char *text, const char *want)
{
	assert_bytes_equal_str(match_fold(mem, bytes_of_str(text)), want);
}

static void letters_of_many_scripts_are_folded(void **state)
{
	(void)state;
	check_fold("HELLO World 9", "hello world 9");
	check_fold("ÄÖÜß ÉÑ × Ø", "äöüß éñ × ø");
	check_fold("ŁÓDŹ ŽLUŤOUČKÝ İ", "łódź žluťoučký İ"); /* İ has no partner of its length */
	check_fold("ΑΒΓ ΣΩ", "αβγ σω");
	check_fold("ПРИВЕТ ЁЛКА ЇЖА", "привет ёлка їжа");
	check_fold("ԱԲ Việt ẤN ＡＢ", "աբ việt ấn ａｂ");
	check_fold("日本語 𝔸", "日本語 𝔸");
	check_fold("", "");
}

static void malformed_text_stays(void **state)
{
	(void)state;
	check_fold("A\xff\xc3Z\xe2\x82", "a\xff\xc3z\xe2\x82");
	check_fold("\xd0", "\xd0");
	assert_true(bytes_is_null(match_fold(mem, BYTES_NULL)));
}

static const char header[] = "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n"
			     "To: Ann <ann@example.net>, bob@example.net\r\n"
			     "Cc: carl@example.com\r\n"
			     "Subject: =?koi8-r?B?8NLJ18XU?= world\r\n"
			     "Message-ID: <m2@x>\r\n"
			     "References: <m0@x> <m1@x>\r\n"
			     "X-Tag: =?utf-8?q?Gr=C3=BCn?=\r\n"
			     "X-Empty:\r\n"
			     "\r\n";

static bool found(enum mail_filter_kind kind, const char *name, const char *text)
{
	struct mail_filter f = { kind, bytes_of_str(name), bytes_of_str(text), 0 };
	struct headers h;
	struct match_message m = { .headers = &h,
				   .header = bytes_of_str(header),
				   .text = BYTES_LIT("Some Words\n") };

	assert_int_equal(mime_headers_decode(mem, m.header, BYTES_NULL, &h), ERR_OK);
	assert_true(keywords_add(&m.keywords, mem, BYTES_LIT("$seen")));
	return match_filter(mem, &f, &m);
}

static void texts_are_found_decoded_in_any_case(void **state)
{
	(void)state;
	assert_true(found(FILTER_FROM, NULL, "JÖRG"));
	assert_true(found(FILTER_FROM, NULL, "joerg@EXAMPLE"));
	assert_false(found(FILTER_FROM, NULL, "ann"));
	assert_true(found(FILTER_TO, NULL, "bob@"));
	assert_true(found(FILTER_CC, NULL, "carl"));
	assert_false(found(FILTER_BCC, NULL, "carl"));
	assert_true(found(FILTER_SUBJECT, NULL, "ПРИВЕТ WORLD"));
	assert_true(found(FILTER_BODY, NULL, "some words"));
	assert_true(found(FILTER_TEXT, NULL, "words"));
	assert_true(found(FILTER_TEXT, NULL, "jörg"));
	assert_false(found(FILTER_TEXT, NULL, "nowhere"));
	assert_true(found(FILTER_HEADER, "x-tag", "GRÜN"));
	assert_true(found(FILTER_HEADER, "X-Empty", ""));
	assert_false(found(FILTER_HEADER, "X-None", ""));
}

static void threads_keywords_and_numbers(void **state)
{
	struct match_message m = { .size = 100 };
	struct mail_filter min = { .kind = FILTER_MIN_SIZE, .number = 100 };
	struct mail_filter max = { .kind = FILTER_MAX_SIZE, .number = 99 };
	struct mail_filter after = { .kind = FILTER_AFTER, .number = 0 };

	(void)state;
	assert_true(found(FILTER_THREAD, NULL, "m0@x"));
	assert_true(found(FILTER_THREAD, NULL, "m2@x"));
	assert_false(found(FILTER_THREAD, NULL, "m"));
	assert_false(found(FILTER_THREAD, "g", "m0@x"));
	assert_true(found(FILTER_KEYWORD, NULL, "$SEEN"));
	assert_false(found(FILTER_NOT_KEYWORD, NULL, "$seen"));
	assert_true(found(FILTER_NOT_KEYWORD, NULL, "$flagged"));
	assert_true(match_filter(mem, &min, &m));
	assert_false(match_filter(mem, &max, &m));
	assert_false(match_filter(mem, &after, &m)); /* nothing is known of its headers */
	assert_int_equal(match_needs(&min), 0);
	assert_int_equal(match_needs(&after), MATCH_HEADERS);
}

static void check_base(const char *subject, const char *want)
{
	assert_bytes_equal_str(match_base_subject(bytes_of_str(subject)), want);
}

static void subjects_are_compared_by_their_base(void **state)
{
	(void)state;
	check_base("Re: [list] Fwd: Hello (fwd)", "Hello");
	check_base("[fwd: re: Hello]", "Hello");
	check_base("[only]", "[only]");
	check_base("re[2]: Hello", "Hello");
	check_base("", "");
}

static int compare(enum mail_sort sort, const char *subject, const char *cursor)
{
	struct headers h = { .subject = bytes_of_str(subject) };
	struct match_message m = { .headers = &h, .received_at = -5, .size = 7 };
	struct match_row a, b;

	assert_true(match_row_of(&a, mem, sort, 3, &m));
	assert_true(match_row_of_cursor(&b, mem, sort, 3, bytes_of_str(cursor)));
	return match_row_compare(&a, &b);
}

static void rows_and_cursors_compare(void **state)
{
	struct match_row row;

	(void)state;
	assert_int_equal(compare(SORT_SUBJECT, "Re: B", "b"), 0);
	assert_true(compare(SORT_SUBJECT, "a", "B") < 0);
	assert_int_equal(compare(SORT_RECEIVED, "", "-5"), 0);
	assert_int_equal(compare(SORT_SENT, "", "-5"), 0); /* no Date */
	assert_true(compare(SORT_SIZE, "", "6") > 0);
	assert_int_equal(compare(SORT_FROM, "", ""), 0);
	assert_false(match_row_of_cursor(&row, mem, SORT_SIZE, 1, BYTES_LIT("x")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_many_scripts_are_folded),
		cmocka_unit_test(malformed_text_stays),
		cmocka_unit_test(texts_are_found_decoded_in_any_case),
		cmocka_unit_test(threads_keywords_and_numbers),
		cmocka_unit_test(subjects_are_compared_by_their_base),
		cmocka_unit_test(rows_and_cursors_compare),
	};

	return cmocka_run_group_tests_name("match", tests, set_up, tear_down);
}
