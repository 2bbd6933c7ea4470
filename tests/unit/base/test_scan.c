#include "cmocka_all.h"

#include "base/scan.h"

static bool is_letter(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static void reads_on_until_the_first_fault_and_stays_there(void **state)
{
	struct scan s = scan_of(BYTES_LIT("fetch 12 abc\r\n"));

	(void)state;
	scan_word(&s, "FETCH");
	scan_byte(&s, ' ');
	assert_int_equal(scan_u64(&s, 100), 12);
	scan_byte(&s, ' ');
	assert_bytes_equal_str(scan_span(&s, is_letter), "abc");
	scan_crlf(&s);
	assert_true(scan_ok(&s));
	assert_true(scan_at_end(&s));

	s = scan_of(BYTES_LIT("abc"));
	scan_byte(&s, 'x');
	assert_int_equal(s.status, SCAN_BAD);
	assert_int_equal(scan_offset(&s), 0);
	assert_false(scan_try_byte(&s, 'a'));
	assert_true(bytes_is_null(scan_take(&s, 1)));
	assert_int_equal(scan_offset(&s), 0);
}

static void an_end_in_the_middle_asks_for_more(void **state)
{
	struct scan s;

	(void)state;
	s = scan_of(BYTES_LIT("FET"));
	scan_word(&s, "fetch");
	assert_int_equal(s.status, SCAN_MORE);
	s = scan_of(BYTES_LIT("12"));
	scan_u64(&s, 100);
	assert_int_equal(s.status, SCAN_MORE);
	s = scan_of(BYTES_LIT("\r"));
	scan_crlf(&s);
	assert_int_equal(s.status, SCAN_MORE);
	s = scan_of(BYTES_LIT("ab"));
	scan_take(&s, 3);
	assert_int_equal(s.status, SCAN_MORE);
}

static void numbers_over_the_limit_are_bad(void **state)
{
	struct scan s = scan_of(BYTES_LIT("4294967296 "));

	(void)state;
	scan_u64(&s, UINT32_MAX);
	assert_int_equal(s.status, SCAN_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_on_until_the_first_fault_and_stays_there),
		cmocka_unit_test(an_end_in_the_middle_asks_for_more),
		cmocka_unit_test(numbers_over_the_limit_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
