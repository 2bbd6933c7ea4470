#include "cmocka_all.h"

#include "account/account.h"

static void check(enum account_event_type type, const char *folder)
{
	struct account_event ev = { .type = type };
	enum account_event_type got;
	struct folder_id got_id = { "garbage" };
	struct bytes data;
	struct buf b;

	if (folder)
		assert_true(folder_id_parse(bytes_of_str(folder), &ev.folder));
	buf_init(&b, 1000);
	account_entry_begin(&b, &ev);
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

static void a_folder_that_changes_is_the_one_it_is_now(void **state)
{
	struct folder f = { { "RQ2dsumWSJS7" }, .total = 0 };
	struct account_event ev = { .type = EVENT_FOLDER_UPDATED, .folder_now = &f };
	enum account_event_type type;
	struct folder_id id;
	struct bytes data;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	account_entry_begin(&b, &ev);
	assert_true(account_entry_parse(buf_bytes(&b), &type, &id, &data));
	assert_string_equal(id.text, "RQ2dsumWSJS7");
	buf_done(&b);
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
		cmocka_unit_test(a_folder_that_changes_is_the_one_it_is_now),
		cmocka_unit_test(other_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
