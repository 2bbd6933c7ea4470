#include "cmocka_all.h"

#include "endpoint/event_filter.h"

static const struct folder_id inbox = { "RQ2dsumWSJS7" }, sent = { "pZJVMQyEU79j" }, none = { "" };

static void without_a_filter_all_passes(void **state)
{
	struct event_filter f = { 0 };

	(void)state;
	for (unsigned type = EVENT_MESSAGE_CREATED; type <= EVENT_RESET; type++) {
		assert_true(event_filter_passes(&f, type, &inbox));
		assert_true(event_filter_passes(&f, type, &none));
	}
}

static void types_and_folders_are_asked_for(void **state)
{
	struct folder_id wanted[] = { inbox };
	struct event_filter f = { .folders = wanted, .folder_count = 1 };
	struct bytes bad;

	(void)state;
	assert_true(event_filter_passes(&f, EVENT_MESSAGE_CREATED, &inbox));
	assert_true(event_filter_passes(&f, EVENT_FOLDER_DELETED, &inbox));
	assert_false(event_filter_passes(&f, EVENT_MESSAGE_CREATED, &sent));
	assert_true(event_filter_types(&f, BYTES_LIT("message.deleted,folder.updated"), &bad));
	assert_true(event_filter_passes(&f, EVENT_MESSAGE_DELETED, &inbox));
	assert_true(event_filter_passes(&f, EVENT_FOLDER_UPDATED, &inbox));
	assert_false(event_filter_passes(&f, EVENT_MESSAGE_CREATED, &inbox));
	assert_false(event_filter_passes(&f, EVENT_MESSAGE_DELETED, &sent));
}

static void the_account_and_resets_pass_every_filter(void **state)
{
	struct folder_id wanted[] = { inbox };
	struct event_filter f = { .types = 1u << EVENT_MESSAGE_CREATED,
				  .folders = wanted,
				  .folder_count = 1 };

	(void)state;
	assert_true(event_filter_passes(&f, EVENT_ACCOUNT_CONNECTED, &none));
	assert_true(event_filter_passes(&f, EVENT_ACCOUNT_DISCONNECTED, &none));
	assert_true(event_filter_passes(&f, EVENT_RESET, &none));
	assert_true(event_filter_passes(&f, EVENT_RESET, &sent));
}

static void unknown_types_are_named(void **state)
{
	struct event_filter f = { 0 };
	struct bytes bad;

	(void)state;
	assert_false(event_filter_types(&f, BYTES_LIT("message.created,message.read"), &bad));
	assert_bytes_equal_str(bad, "message.read");
	assert_false(event_filter_types(&f, BYTES_LIT(""), &bad));
	assert_bytes_equal_str(bad, "");
	assert_true(event_filter_types(&f, BYTES_LIT("reset,account.connected"), &bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_filter_all_passes),
		cmocka_unit_test(types_and_folders_are_asked_for),
		cmocka_unit_test(the_account_and_resets_pass_every_filter),
		cmocka_unit_test(unknown_types_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
