#include "cmocka_all.h"

#include "exact.h"

#include "mime/words.h"

static void check_in(const char *charset, struct bytes raw, const char *want)
{
	struct arena *mem = arena_new(8 << 20);
	struct bytes got;

	assert_int_equal(mime_decode_text(mem, raw, bytes_of_str(charset), &got), ERR_OK);
	if (!bytes_equal_str(got, want))
		fail_msg("\"%.*s\": got \"%.*s\", want \"%s\"", BYTES_FMT(raw), BYTES_FMT(got),
			 want);
	arena_free(mem);
}

static void check(const char *raw, const char *want)
{
	check_in(NULL, exact(raw), want);
}

static void plain_text_is_trimmed_and_unfolded(void **state)
{
	(void)state;
	check(" Hello, world ", "Hello, world");
	check("", "");
	check("two\r\n lines", "two lines");
	check("two \r\n\t lines\n  more", "two lines more");
	check("a\tb", "a b");
	check("a\x01\x7f", "a");
	check("5 =? 6 ?= 7", "5 =? 6 ?= 7");
}

static void encoded_words_are_decoded(void **state)
{
	(void)state;
	check("=?utf-8?Q?J=C3=BCrgen?=", "Jürgen");
	check("=?UTF-8?b?SsO8cmdlbg==?=", "Jürgen");
	check("=?iso-8859-1?q?a_b=5F?=", "a b_");
	check("Re: =?utf-8?q?=C3=A4?= and =?utf-8?q?=C3=B6?=", "Re: ä and ö");
	check("=?utf-8*de?q?=C3=A4?=", "ä");
	check("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本");
	check("=?gb2312?B?1tC5+g==?=", "中国");
}

/* RFC 2047 §6.2 and §8. */
static void white_space_between_two_of_them_is_nothing(void **state)
{
	(void)state;
	check("=?utf-8?q?a?= =?utf-8?q?b?=", "ab");
	check("=?utf-8?q?a?=\r\n =?iso-8859-1?q?=E4?=", "aä");
	check("=?utf-8?q?a_?= =?utf-8?q?b?=", "a b");
	check("=?utf-8?q?a?= b", "a b");
	check("=?utf-8?q?a?==?utf-8?q?b?=", "ab");
}

static void characters_split_over_two_words_are_joined(void **state)
{
	(void)state;
	check("=?utf-8?B?SsM=?= =?utf-8?B?vHJnZW4=?=", "Jürgen");
	check("=?utf-8?Q?=E6=97?=\r\n =?utf-8?Q?=A5=E6=9C=AC?=", "日本");
	check("=?UTF-8?Q?=E6=97?= =?utf-8?B?pQ==?=", "日");
	check("=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本");
}

static void what_mail_programs_do_wrong_is_understood(void **state)
{
	(void)state;
	check("=?utf-8?B?YQ?=", "a");
	check("=?utf-8?Q?raw space?=", "raw space");
	check("=?utf-8?Q?what?\?=", "what?");
	check("foo=?utf-8?q?bar?=baz", "foobarbaz");
	check("=?utf-8?Q?=C3=A4=ZZ=?=", "ä=ZZ=");
	check("=?unknown?Q?=FC?=", "ü");
	check("=?x-unknown?Q?=C3=BC?=", "ü");
	check("=?utf-8?Q?bad=FFbyte?=", "bad�byte");
	check("=?utf-8?Q?\?=", "");
	check("=?utf-8?Q?line=0D=0Abreak=00?=", "line break");
}

static void what_is_no_encoded_word_stays(void **state)
{
	(void)state;
	check("=?utf-8?X?abc?=", "=?utf-8?X?abc?=");
	check("=?utf-8?Q?never ends", "=?utf-8?Q?never ends");
	check("=??Q?abc?=", "=??Q?abc?=");
	check("=?utf-8?Q", "=?utf-8?Q");
}

static void raw_8_bit_is_utf8_or_what_the_message_says(void **state)
{
	(void)state;
	check("Gr\xc3\xbc\xc3\x9f\x65", "Grüße");
	check("Gr\xfc\xdf\x65", "Grüße");
	check_in("windows-1251", BYTES_LIT("\xcf\xf0\xe8"), "При");
	check_in("windows-1251", BYTES_LIT("\xd0\x9f\xd1\x80\xd0\xb8"), "При");
	check_in("us-ascii", BYTES_LIT("\xe4"), "ä");
	check_in("utf-16", BYTES_LIT("ab\xe4"), "abä");
	check("\x1b$BF|K\\\x1b(B!", "日本!");
}

static void lengths_of_words(void **state)
{
	char longest[MIME_WORD_MAX_BYTES + 10];

	(void)state;
	assert_int_equal(mime_word_len(BYTES_LIT("=?utf-8?Q?a?= b")), 13);
	assert_int_equal(mime_word_len(BYTES_LIT(" =?utf-8?Q?a?=")), 0);
	assert_int_equal(mime_word_len(BYTES_LIT("=?")), 0);
	assert_int_equal(mime_word_len(BYTES_NULL), 0);
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "=?utf-8?Q?", 10);
	memcpy(longest + sizeof longest - 2, "?=", 2);
	assert_int_equal(mime_word_len(bytes_of(longest, sizeof longest)), 0);
}

/* A megabyte of each; quadratic behaviour would take minutes. */
static void hostile_values_take_linear_time(void **state)
{
	static const char *const patterns[] = { "=?", "=?a?b?x", "=?a?q?", "=?utf-8?q?=41?= ",
						"?=", "\r\n ",   "\x1b$B" };
	size_t n = 1 << 20;
	char *text = malloc(n);
	struct arena *mem = arena_new(64 << 20);

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct bytes got;

		for (size_t i = 0; i < n; i++)
			text[i] = patterns[k][i % strlen(patterns[k])];
		assert_int_equal(mime_decode_text(mem, bytes_of(text, n), BYTES_NULL, &got),
				 ERR_OK);
	}
	arena_free(mem);
	free(text);
}

static void null_stays_null_and_memory_may_end(void **state)
{
	struct arena *mem = arena_new(64);
	struct bytes got = BYTES_LIT("kept");
	char text[1000];

	(void)state;
	assert_int_equal(mime_decode_text(mem, BYTES_NULL, BYTES_NULL, &got), ERR_OK);
	assert_true(bytes_is_null(got));
	memset(text, 'a', sizeof text);
	assert_int_equal(mime_decode_text(mem, bytes_of(text, sizeof text), BYTES_NULL, &got),
			 ERR_NOMEM);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_trimmed_and_unfolded),
		cmocka_unit_test(encoded_words_are_decoded),
		cmocka_unit_test(white_space_between_two_of_them_is_nothing),
		cmocka_unit_test(characters_split_over_two_words_are_joined),
		cmocka_unit_test(what_mail_programs_do_wrong_is_understood),
		cmocka_unit_test(what_is_no_encoded_word_stays),
		cmocka_unit_test(raw_8_bit_is_utf8_or_what_the_message_says),
		cmocka_unit_test(lengths_of_words),
		cmocka_unit_test(hostile_values_take_linear_time),
		cmocka_unit_test(null_stays_null_and_memory_may_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
