#include "live_kit.h"

/* --- what is told -------------------------------------------------------- */

static void begin(struct live *l, struct listener *r)
{
	live_init(l);
	fake_add_folder(l->kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	live_deliver(l, "INBOX", "old");
	live_deliver(l, "Archive", "older");
	live_start(l);
	listener_start(r, l);
}

static void end(struct live *l, struct listener *r)
{
	listener_done(r);
	live_end(l);
}

static void what_was_there_is_not_told(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	live_watching(&l);
	kit_turn(&l.kit, 20);
	listener_hear(&r);
	assert_true(listener_is_right(&r));
	assert_int_equal(listener_count(&r, "created"), 0);
	assert_int_equal(account_hub_stats(l.kit.hub).watched, 1);
	end(&l, &r);
}

static void a_new_message_is_told_with_its_preview(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	live_deliver(&l, "INBOX", "new");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 1);
	assert_int_equal(listener_count(&r, "preview text|Text of new"), 1);
	listener_wait_for(&r, "folder-updated");
	end(&l, &r);
}

static void flags_and_deletions_are_told(void **state)
{
	struct listener r;
	uint32_t uid;
	struct live l;

	(void)state;
	begin(&l, &r);
	uid = live_deliver(&l, "INBOX", "new");
	listener_catch_up(&r);
	fake_set_message_keywords(l.kit.server, "INBOX", uid, "$seen todo");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "updated"), 1);
	fake_set_message_keywords(l.kit.server, "INBOX", uid, "$deleted");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "deleted"), 1);
	fake_set_message_keywords(l.kit.server, "INBOX", uid, "$seen");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 2);
	fake_remove_message(l.kit.server, "INBOX", uid);
	listener_catch_up(&r);
	end(&l, &r);
}

static void other_folders_are_told_of(void **state)
{
	struct listener r;
	uint32_t uid;
	struct live l;

	(void)state;
	begin(&l, &r);
	uid = live_deliver(&l, "Archive", "filed");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 1);
	fake_set_message_keywords(l.kit.server, "Archive", uid, "$seen");
	listener_catch_up(&r);
	fake_remove_message(l.kit.server, "Archive", uid);
	fake_remove_message(l.kit.server, "Archive", 1);
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "deleted"), 2);
	assert_int_equal(listener_count(&r, "reset"), 0);
	end(&l, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_there_is_not_told),
		cmocka_unit_test(a_new_message_is_told_with_its_preview),
		cmocka_unit_test(flags_and_deletions_are_told),
		cmocka_unit_test(other_folders_are_told_of),
	};

	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
