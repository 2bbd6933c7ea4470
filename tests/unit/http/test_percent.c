#include "cmocka_all.h"

#include "http/percent.h"

static void good(const char *from, bool plus, const char *want)
{
	struct arena *a = arena_new(4096);
	struct bytes got = percent_decode_arena(a, bytes_of_str(from), plus);

	assert_false(bytes_is_null(got));
	assert_bytes_equal_str(got, want);
	arena_free(a);
}

static void bad(const char *from)
{
	struct arena *a = arena_new(4096);

	if (!bytes_is_null(percent_decode_arena(a, bytes_of_str(from), true)))
		fail_msg("\"%s\" should have been refused", from);
	arena_free(a);
}

static void decodes(void **state)
{
	(void)state;
	good("", false, "");
	good("abc", false, "abc");
	good("%61bc", false, "abc");
	good("a%2Fb%2fc", false, "a/b/c");
	good("gr%C3%B6%C3%9fe", false, "größe");
	good("größe", false, "größe");
	good("a+b", false, "a+b");
	good("a+b%2B", true, "a b+");
	good("100%25", true, "100%");
}

static void refuses_what_is_malformed(void **state)
{
	(void)state;
	bad("%");
	bad("%4");
	bad("a%4g");
	bad("%%41");
	bad("%00");
	bad("a%00b");
	bad("%0a");
	bad("%7F");
	bad("a\tb");
	bad("%C3");
	bad("%c0%af");
	bad("%ED%A0%80");
	bad("\xff");
}

static void nothing_to_decode_is_not_copied(void **state)
{
	struct bytes from = BYTES_LIT("inbox");
	struct arena *a = arena_new(4096);

	(void)state;
	assert_ptr_equal(percent_decode_arena(a, from, true).at, from.at);
	arena_free(a);
}

static void compares_decoded(void **state)
{
	(void)state;
	assert_true(percent_equal(BYTES_LIT("f%6Flders"), BYTES_LIT("folders")));
	assert_true(percent_equal(BYTES_LIT(""), BYTES_LIT("")));
	assert_false(percent_equal(BYTES_LIT("folder"), BYTES_LIT("folders")));
	assert_false(percent_equal(BYTES_LIT("folders"), BYTES_LIT("folder")));
	assert_false(percent_equal(BYTES_LIT("f%6"), BYTES_LIT("fo")));
}

static void encoding_comes_back(void **state)
{
	struct bytes all = BYTES_LIT("Größe 1/2 %~-._\"'");
	struct arena *a = arena_new(4096);
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	percent_encode(&b, all);
	assert_bytes_equal_str(buf_bytes(&b), "Gr%C3%B6%C3%9Fe%201%2F2%20%25~-._%22%27");
	assert_true(bytes_equal(percent_decode_arena(a, buf_bytes(&b), true), all));
	buf_done(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(nothing_to_decode_is_not_copied),
		cmocka_unit_test(compares_decoded),
		cmocka_unit_test(encoding_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
