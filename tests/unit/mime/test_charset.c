#include "cmocka_all.h"

#include <stdlib.h>

#include "mime/charset.h"
#include "mime/utf8.h"

static struct charset_result convert(const char *name, struct bytes from, bool is_cut,
				     const char *want)
{
	struct charset_result result;
	struct buf to;

	buf_init(&to, 4096);
	assert_int_equal(charset_to_utf8(bytes_of_str(name), from, is_cut, &to, &result), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&to), want);
	buf_done(&to);
	return result;
}

static void check(const char *name, struct bytes from, const char *want)
{
	struct charset_result result = convert(name, from, false, want);

	if (result.is_problem)
		fail_msg("%s: a problem was seen where there is none", name ? name : "(null)");
	assert_false(result.is_truncated);
}

static void check_problem(const char *name, struct bytes from, const char *want)
{
	if (!convert(name, from, false, want).is_problem)
		fail_msg("%s: no problem was seen", name ? name : "(null)");
}

static void converts_what_mail_is_written_in(void **state)
{
	(void)state;
	check("utf-8", BYTES_LIT("Gr\xc3\xbc\xc3\x9f\x65"), "Grüße");
	check("ISO-8859-15", BYTES_LIT("10 \xa4"), "10 €");
	check("windows-1251", BYTES_LIT("\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет");
	check("koi8-r", BYTES_LIT("\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
	check("shift_jis", BYTES_LIT("\x93\xfa\x96\x7b"), "日本");
	check("euc-jp", BYTES_LIT("\xc6\xfc\xcb\xdc"), "日本");
	check("big5", BYTES_LIT("\xa4\xa4\xa4\xe5"), "中文");
	check("gbk", BYTES_LIT("\xd6\xd0\xce\xc4"), "中文");
	check("euc-kr", BYTES_LIT("\xc7\xd1\xb1\xdb"), "한글");
	check("windows-874", BYTES_LIT("\xe4\xb7\xc2"), "ไทย");
	check("iso-8859-7", BYTES_LIT("\xc1\xe8\xde\xed\xe1"), "Αθήνα");
	check("windows-1255", BYTES_LIT("\xf9\xec\xe5\xed"), "שלום");
	check("windows-1256", BYTES_LIT("\xe3\xd1\xcd\xc8\xc7"), "مرحبا");
	check("utf-7", BYTES_LIT("+AOQ-b"), "äb");
	check("macintosh", BYTES_LIT("caf\x8e"), "café");
}

static void names_are_taken_as_browsers_take_them(void **state)
{
	(void)state;
	check("iso-8859-1", BYTES_LIT("\x93hi\x94 \x80"), "“hi” €");
	check("ISO_8859-1:1987", BYTES_LIT("\xe4"), "ä");
	check("latin1", BYTES_LIT("\xe4"), "ä");
	check("gb2312", BYTES_LIT("\x95\xae"), "暜");
	check("ks_c_5601-1987", BYTES_LIT("\xb5\xbe\x8c\x63"), "돗똠");
	check("x-sjis", BYTES_LIT("\x87\x40"), "①");
	check("cp1250", BYTES_LIT("\x9a"), "š");
	check("ISO-8859-9", BYTES_LIT("\xfe\xdd"), "şİ");
	check("UTF8", BYTES_LIT("\xc3\xa4"), "ä");
	assert_true(charset_is_known(BYTES_LIT("X-GBK")));
	assert_false(charset_is_known(BYTES_LIT("unknown-8bit")));
	assert_false(charset_is_known(BYTES_LIT("")));
	assert_false(charset_is_known(BYTES_NULL));
	assert_false(charset_is_known(BYTES_LIT("x-")));
}

static void seven_bit_wrappings_are_undone(void **state)
{
	(void)state;
	check("iso-2022-jp", BYTES_LIT("a\x1b$BF|K\\\x1b(Bb"), "a日本b");
	/* Half-width katakana and NEC's circled digits, which the standard lacks. */
	check("iso-2022-jp", BYTES_LIT("\x1b(I1\x1b(B \x1b$B-!\x1b(B"), "ｱ ①");
	/* The end of a line ends it. */
	check("iso-2022-jp", BYTES_LIT("\x1b$BF|\nK\\"), "日\nK\\");
	check("iso-2022-kr", BYTES_LIT("\x1b$)C\x0eGQ1[\x0f!"), "한글!");
	check("hz-gb-2312", BYTES_LIT("~{VPND~}~~"), "中文~");
}

static void unicode_with_and_without_a_mark(void **state)
{
	(void)state;
	check("utf-16", BYTES_LIT("\xfe\xff\0a\0\xe4"), "aä");
	check("utf-16", BYTES_LIT("\xff\xfe\x61\0\xe4\0"), "aä");
	check("utf-16", BYTES_LIT("\x61\0\xe4\0"), "aä");
	check("utf-16be", BYTES_LIT("\0a\xd8\x3d\xdc\xec"), "a📬");
	check("utf-32le", BYTES_LIT("\x61\0\0\0"), "a");
	check("utf-8", BYTES_LIT("\xef\xbb\xbfhi"), "hi");
}

static void malformed_bytes_are_replaced_one_by_one(void **state)
{
	(void)state;
	check_problem("utf-8", BYTES_LIT("a\xff\xe2\x82z"), "a��z");
	check_problem("utf-8", BYTES_LIT("\xed\xa0\x80"), "���");
	check_problem("utf-8", BYTES_LIT("a\xe2\x82"), "a�");
	check_problem("euc-kr", BYTES_LIT("a\xff b"), "a� b");
	check_problem("utf-16le", BYTES_LIT("\x61\0\x00\xdc\x62\0"), "a�b");
	check_problem("utf-16le", BYTES_LIT("\x61\0\x62"), "a�");
}

static void unknown_charsets_are_utf8_or_windows_1252(void **state)
{
	(void)state;
	check(NULL, BYTES_LIT("Gr\xc3\xbc\xc3\x9f\x65"), "Grüße");
	check("us-ascii", BYTES_LIT("\xc3\xa4"), "ä");
	check("x-nonsense", BYTES_LIT("plain"), "plain");
	check_problem(NULL, BYTES_LIT("Gr\xfc\xdf\x65 \x80"), "Grüße €");
	check_problem("us-ascii", BYTES_LIT("\xe4"), "ä");
	check_problem("x-nonsense", BYTES_LIT("\xe4"), "ä");
}

/* Names that would make iconv do what nobody asked for. */
static void only_charsets_of_the_list_reach_iconv(void **state)
{
	(void)state;
	assert_false(charset_is_known(BYTES_LIT("IBM1390")));
	assert_false(charset_is_known(BYTES_LIT("ISO-2022-CN-EXT")));
	assert_false(charset_is_known(BYTES_LIT("utf-16//TRANSLIT,UTF-7")));
	assert_false(charset_is_known(BYTES_LIT("../../tmp/evil")));
}

static void a_cut_in_the_last_character_is_no_problem(void **state)
{
	(void)state;
	assert_false(convert("utf-8", BYTES_LIT("a\xe2\x82"), true, "a").is_problem);
	assert_false(convert("shift_jis", BYTES_LIT("a\x93"), true, "a").is_problem);
	assert_false(convert(NULL, BYTES_LIT("a\xc3"), true, "a").is_problem);
	assert_true(convert("utf-8", BYTES_LIT("a\xff"), true, "a�").is_problem);
}

static void stops_with_a_whole_character_when_full(void **state)
{
	struct charset_result result;
	struct buf to;

	(void)state;
	for (size_t max = 0; max < 12; max++) {
		buf_init(&to, max);
		assert_int_equal(charset_to_utf8(BYTES_LIT("iso-8859-1"),
						 BYTES_LIT("\xe4\xe4\x80\xe4\xe4"), false, &to,
						 &result),
				 ERR_OK);
		assert_true(to.len <= max);
		assert_true(bytes_is_utf8(buf_bytes(&to)));
		assert_int_equal(result.is_truncated, max < 11);
		buf_done(&to);
	}
}

static void appends_to_what_is_there(void **state)
{
	struct charset_result result;
	struct buf to;

	(void)state;
	buf_init(&to, 100);
	buf_append_str(&to, "x");
	assert_int_equal(charset_to_utf8(BYTES_LIT("utf-8"), BYTES_LIT("\xef\xbb\xbfhi"), false,
					 &to, &result),
			 ERR_OK);
	assert_bytes_equal_str(buf_bytes(&to), "xhi");
	buf_done(&to);
}

/* More charsets than converters stay open, again and again. */
static void converters_are_reused(void **state)
{
	static const char *const names[] = { "koi8-r",     "koi8-u",     "cp1250",     "cp1251",
					     "cp1253",     "cp1254",     "cp1255",     "cp1256",
					     "cp1257",     "iso-8859-2", "iso-8859-3", "iso-8859-4",
					     "iso-8859-5", "iso-8859-6", "iso-8859-7", "big5" };

	(void)state;
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < 16; i++)
			check(names[(i * 7 + (size_t)round) % 16], BYTES_LIT("ascii"), "ascii");
}

static void agrees_with_base_about_what_utf8_is(void **state)
{
	uint8_t b[4];
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t n = 1 + seed % 4;

		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			/* Bytes at the edges of the ranges are the interesting ones. */
			b[k] = (uint8_t)(seed >> 30 ? 0x7e + (seed >> 16) % 130 : seed >> 20);
		}
		assert_int_equal(utf8_valid_len(bytes_of(b, n)) == n,
				 bytes_is_utf8(bytes_of(b, n)));
	}
}

static void characters_go_both_ways(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
		uint8_t text[4];
		struct bytes b = bytes_of(text, utf8_encode(text, c));
		bool is_surrogate = c >= 0xd800 && c <= 0xdfff;

		assert_int_equal(utf8_valid_len(b), b.len);
		assert_int_equal(utf8_take(&b), is_surrogate ? 0xfffd : c);
		assert_int_equal(b.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(converts_what_mail_is_written_in),
		cmocka_unit_test(names_are_taken_as_browsers_take_them),
		cmocka_unit_test(seven_bit_wrappings_are_undone),
		cmocka_unit_test(unicode_with_and_without_a_mark),
		cmocka_unit_test(malformed_bytes_are_replaced_one_by_one),
		cmocka_unit_test(unknown_charsets_are_utf8_or_windows_1252),
		cmocka_unit_test(only_charsets_of_the_list_reach_iconv),
		cmocka_unit_test(a_cut_in_the_last_character_is_no_problem),
		cmocka_unit_test(stops_with_a_whole_character_when_full),
		cmocka_unit_test(appends_to_what_is_there),
		cmocka_unit_test(converters_are_reused),
		cmocka_unit_test(agrees_with_base_about_what_utf8_is),
		cmocka_unit_test(characters_go_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
