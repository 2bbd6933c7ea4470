#include "cmocka_all.h"

#include <string.h>

#include "auth/token.h"

static void test_a_new_token_reads_back_as_itself(void **state)
{
	struct auth_token made, read;

	(void)state;
	assert_true(auth_token_new(&made));
	assert_int_equal(strlen(made.text), AUTH_TOKEN_TEXT_BYTES);
	assert_true(auth_token_parse(bytes_of_str(made.text), &read));
	assert_memory_equal(made.secret, read.secret, AUTH_TOKEN_BYTES);
	assert_string_equal(made.text, read.text);
}

static void test_two_tokens_have_nothing_in_common(void **state)
{
	struct auth_token a, b;
	struct hash_sha256 key_a, key_b;

	(void)state;
	assert_true(auth_token_new(&a) && auth_token_new(&b));
	key_a = auth_token_key(&a);
	key_b = auth_token_key(&b);
	assert_memory_not_equal(a.secret, b.secret, AUTH_TOKEN_BYTES);
	assert_memory_not_equal(key_a.at, key_b.at, HASH_SHA256_BYTES);
	assert_memory_not_equal(key_a.at, a.secret, HASH_SHA256_BYTES);
}

static void test_what_is_no_token_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"short",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* 42 */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 44 */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",  /* stray bits */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAA",
	};
	struct auth_token t;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(auth_token_parse(bytes_of_str(texts[i]), &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_new_token_reads_back_as_itself),
		cmocka_unit_test(test_two_tokens_have_nothing_in_common),
		cmocka_unit_test(test_what_is_no_token_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
