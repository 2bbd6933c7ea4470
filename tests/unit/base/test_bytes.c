#include "cmocka_all.h"

#include <stdlib.h>

static void compares_without_regard_to_ascii_case_only(void **state)
{
	(void)state;
	assert_true(bytes_equal_str_nocase(BYTES_LIT("INBOX"), "inbox"));
	assert_false(bytes_equal_str_nocase(BYTES_LIT("INBO\xd8"), "inbo\xf8"));
	assert_false(bytes_equal_str(BYTES_LIT("INBOX"), "inbox"));
	assert_true(bytes_equal(BYTES_NULL, bytes_of("", 0)));
}

static void splits_and_keeps_empty_parts(void **state)
{
	struct bytes rest = BYTES_LIT("a,,b,"), part;

	(void)state;
	assert_true(bytes_split(&rest, ',', &part));
	assert_bytes_equal_str(part, "a");
	assert_true(bytes_split(&rest, ',', &part));
	assert_bytes_equal_str(part, "");
	assert_true(bytes_split(&rest, ',', &part));
	assert_bytes_equal_str(part, "b");
	assert_true(bytes_split(&rest, ',', &part));
	assert_bytes_equal_str(part, "");
	assert_false(bytes_split(&rest, ',', &part));
}

static void reads_numbers_up_to_the_limit(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(bytes_to_u64(BYTES_LIT("18446744073709551615"), UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_false(bytes_to_u64(BYTES_LIT("18446744073709551616"), UINT64_MAX, &n));
	assert_false(bytes_to_u64(BYTES_LIT("501"), 500, &n));
	assert_false(bytes_to_u64(BYTES_LIT(""), 500, &n));
	assert_false(bytes_to_u64(BYTES_LIT("-1"), 500, &n));
	assert_false(bytes_to_u64(BYTES_LIT("1 "), 500, &n));
	assert_true(n == UINT64_MAX);
}

static void knows_utf8_from_what_only_looks_like_it(void **state)
{
	(void)state;
	assert_true(bytes_is_utf8(BYTES_LIT("Gr\xc3\xbc\xc3\x9f"
					    "e \xf0\x9f\x93\xac")));
	assert_false(bytes_is_utf8(BYTES_LIT("\xc0\x80")));
	assert_false(bytes_is_utf8(BYTES_LIT("\xed\xa0\x80")));
	assert_false(bytes_is_utf8(BYTES_LIT("\xf4\x90\x80\x80")));
	assert_false(bytes_is_utf8(BYTES_LIT("abc\xc3")));
	assert_bytes_equal_str(bytes_first_utf8(BYTES_LIT("a\xc3\xbc"
							  "b"),
						2),
			       "a");
	assert_bytes_equal_str(bytes_first_utf8(BYTES_LIT("a\xc3\xbc"
							  "b"),
						3),
			       "a\xc3\xbc");
}

static void finds_and_trims(void **state)
{
	(void)state;
	assert_int_equal(bytes_find(BYTES_LIT("abcabd"), BYTES_LIT("abd")), 3);
	assert_int_equal(bytes_find(BYTES_LIT("abc"), BYTES_LIT("x")), 3);
	assert_bytes_equal_str(bytes_trim(BYTES_LIT(" \t x y\r\n")), "x y");
	assert_bytes_equal_str(bytes_trim(BYTES_LIT(" \r\n")), "");
	assert_true(bytes_compare(BYTES_LIT("ab"), BYTES_LIT("abc")) < 0);
	assert_true(bytes_equal_secret(BYTES_LIT("s3cret"), BYTES_LIT("s3cret")));
	assert_false(bytes_equal_secret(BYTES_LIT("s3cret"), BYTES_LIT("s3creT")));
}

static void a_copy_never_ends_early(void **state)
{
	char *copy = bytes_dup_str(BYTES_LIT("abc"));

	(void)state;
	assert_string_equal(copy, "abc");
	free(copy);
	assert_null(bytes_dup_str(BYTES_LIT("a\0b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_without_regard_to_ascii_case_only),
		cmocka_unit_test(splits_and_keeps_empty_parts),
		cmocka_unit_test(reads_numbers_up_to_the_limit),
		cmocka_unit_test(knows_utf8_from_what_only_looks_like_it),
		cmocka_unit_test(finds_and_trims),
		cmocka_unit_test(a_copy_never_ends_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
