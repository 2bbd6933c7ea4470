#include "cmocka_all.h"

#include "account/account.h"

static void check(enum account_event_type type, const char *folder)
{
	enum account_event_type got;
	struct folder_id id = { "" }, got_id = { "garbage" };
	struct bytes data;
	struct buf b;

	if (folder)
		assert_true(folder_id_parse(bytes_of_str(folder), &id));
	buf_init(&b, 1000);
	account_entry_begin(&b, type, &id);
	assert_int_equal(b.len, ACCOUNT_ENTRY_HEAD);
	buf_append_str(&b, "bytes");
	assert_true(account_entry_parse(buf_bytes(&b), &got, &got_id, &data));
	assert_int_equal(got, type);
	assert_string_equal(got_id.text, folder ? folder : "");
	assert_bytes_equal_str(data, "bytes");
	buf_done(&b);
}

static void what_was_begun_is_read_again(void **state)
{
	(void)state;
	for (unsigned type = EVENT_MESSAGE_CREATED; type <= EVENT_RESET; type++) {
		check(type, "RQ2dsumWSJS7");
		check(type, NULL);
	}
}

static bool is_entry(const void *at, size_t len)
{
	enum account_event_type type;
	struct folder_id folder;
	struct bytes data;

	return account_entry_parse(bytes_of(at, len), &type, &folder, &data);
}

static void other_bytes_are_refused(void **state)
{
	(void)state;
	assert_true(is_entry("\1RQ2dsumWSJS7", 13)); /* of no data */
	assert_true(is_entry("\1\0\0\0\0\0\0\0\0\0\0\0\0", 13));
	assert_false(is_entry("", 0));
	assert_false(is_entry("\1RQ2dsumWSJS", 12));
	assert_false(is_entry("\0RQ2dsumWSJS7", 13));
	assert_false(is_entry("\12RQ2dsumWSJS7", 13));
	assert_false(is_entry("\377RQ2dsumWSJS7", 13));
	assert_false(is_entry("\1RQ2dsum SJS7", 13));
	assert_false(is_entry("\1RQ2dsum\0\0\0\0\0", 13));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_begun_is_read_again),
		cmocka_unit_test(other_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
