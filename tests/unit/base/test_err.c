#include "cmocka_all.h"

#include "base/err.h"

static void every_error_has_its_own_name(void **state)
{
	(void)state;
	for (int a = ERR_OK; a <= ERR_UNKNOWN; a++)
		for (int b = a + 1; b <= ERR_UNKNOWN; b++)
			assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
}

static void what_a_server_says_is_cleaned_and_cut(void **state)
{
	char text[600];
	struct fault f;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "a\r\nb\x1b", 5);
	f = fault_from_server(ERR_QUOTA, "imap", BYTES_LIT("OVERQUOTA"),
			      bytes_of(text, sizeof text));
	assert_string_equal(f.code, "OVERQUOTA");
	assert_int_equal(strlen(f.text), sizeof f.text - 1);
	assert_memory_equal(f.text, "a  b x", 6);
	f = fault_from_server(ERR_REFUSED, "imap", BYTES_NULL, BYTES_LIT("\xff\xfe"));
	assert_string_equal(f.text, "");
}

static void a_problem_of_our_own_names_no_server(void **state)
{
	struct fault f = fault_with_code(ERR_NOT_FOUND, "message-not-found");

	(void)state;
	assert_int_equal(f.err, ERR_NOT_FOUND);
	assert_string_equal(f.protocol, "");
	assert_string_equal(f.code, "message-not-found");
	assert_int_equal(f.retry_after_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_its_own_name),
		cmocka_unit_test(what_a_server_says_is_cleaned_and_cut),
		cmocka_unit_test(a_problem_of_our_own_names_no_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
