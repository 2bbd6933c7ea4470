/* What we change ourselves in an account that is watched. */
#include "live_kit.h"

#include "account/live.h"

static void begin(struct live *l, struct listener *r)
{
	live_init(l);
	fake_add_folder(l->kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_add_folder(l->kit.server, "Trash", FOLDER_ROLE_TRASH);
	for (int i = 0; i < 10; i++)
		live_deliver(l, "INBOX", "mail");
	live_deliver(l, "Archive", "older");
	live_start(l);
	listener_start(r, l);
	live_watching(l);
}

static void end(struct live *l, struct listener *r)
{
	listener_done(r);
	live_end(l);
}

static const struct folder_state *known(struct live *l, const char *path)
{
	struct folder_id id = folder_id_of(account_id(l->account), bytes_of_str(path));

	return live_state(l->account, &id);
}

static void wait_until_known(struct live *l, const char *path)
{
	uint64_t over = clock_monotonic_ms() + KIT_DEADLINE_MS;

	while (!known(l, path)) {
		assert_true(clock_monotonic_ms() < over);
		loop_turn(l->kit.loop, 10);
	}
}

/* On the first `count` messages of the inbox. */
static void act_well(struct live *l, const struct action *action, uint32_t count)
{
	struct bytes ids[16];
	struct answer a = { .kit = &l->kit };

	for (uint32_t i = 0; i < count; i++)
		ids[i] = arena_bytes(l->kit.mem, bytes_of_str(live_id(l, "INBOX", i + 1)));
	KIT_START(
		account_act(l->account, kit_call(&l->kit), action, ids, count, kit_on_results, &a));
	kit_wait(&l->kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
}

static void a_folder_is_dirty_from_a_change_until_it_is_looked_at(void **state)
{
	const struct action flag = { .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN };
	struct folder_id inbox;
	struct keywords k;
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	wait_until_known(&l, "INBOX");
	inbox = folder_id_of(account_id(l.account), BYTES_LIT("INBOX"));
	fake_hold(l.kit.server, MAIL_SET_KEYWORDS);
	{
		struct bytes id = bytes_of_str(live_id(&l, "INBOX", 1));
		struct answer a = { .kit = &l.kit };

		KIT_START(account_act(l.account, kit_call(&l.kit), &flag, &id, 1, kit_on_results,
				      &a));
		while (!fake_calls(l.kit.server, MAIL_SET_KEYWORDS))
			loop_turn(l.kit.loop, 10);
		assert_null(live_state(l.account, &inbox));
		assert_int_equal(account_hub_stats(l.kit.hub).folders_dirty, 1);
		fake_release(l.kit.server, MAIL_SET_KEYWORDS);
		kit_wait(&l.kit, &a.done);
	}
	/* Whenever it is known again, it is known with the change. */
	wait_until_known(&l, "INBOX");
	assert_true(folder_state_keywords(known(&l, "INBOX"), 1, &k));
	assert_int_equal(k.system, KEYWORD_SEEN);
	assert_int_equal(account_hub_stats(l.kit.hub).folders_dirty, 0);
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "updated"), 1);
	end(&l, &r);
}

static void a_change_of_unknown_outcome_leaves_nothing_wrong(void **state)
{
	const struct action flag = { .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN };
	struct fault unknown = fault_of(ERR_UNKNOWN);
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	fake_fail_next(l.kit.server, MAIL_SET_KEYWORDS, &unknown);
	act_well(&l, &flag, 3);
	wait_until_known(&l, "INBOX");
	listener_catch_up(&r);
	end(&l, &r);
}

static void a_change_that_is_given_up_leaves_nothing_wrong(void **state)
{
	const struct action flag = { .kind = ACTION_FLAG, .add.system = KEYWORD_FLAGGED };
	struct bytes id;
	struct answer a = { 0 };
	struct listener r;
	struct live l;
	struct op *op;

	(void)state;
	begin(&l, &r);
	id = bytes_of_str(live_id(&l, "INBOX", 1));
	fake_hold(l.kit.server, MAIL_SET_KEYWORDS);
	op = KIT_START(account_act(l.account, kit_call(&l.kit), &flag, &id, 1, kit_on_results, &a));
	while (!fake_calls(l.kit.server, MAIL_SET_KEYWORDS))
		loop_turn(l.kit.loop, 10);
	op_cancel(op);
	assert_null(known(&l, "INBOX"));
	fake_release(l.kit.server, MAIL_SET_KEYWORDS);
	wait_until_known(&l, "INBOX");
	listener_catch_up(&r);
	end(&l, &r);
}

static void a_move_is_told_from_both_sides(void **state)
{
	const struct action move = { .kind = ACTION_MOVE, .folder = BYTES_LIT("archive") };
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	act_well(&l, &move, 5);
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 5);
	assert_int_equal(listener_count(&r, "deleted"), 5);
	assert_int_equal(listener_count(&r, "moved-from"), 5);
	assert_int_equal(listener_count(&r, "moved-to"), 5);
	end(&l, &r);
}

static void the_end_of_a_move_is_waited_for(void **state)
{
	const struct action move = { .kind = ACTION_MOVE, .folder = BYTES_LIT("archive") };
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	/* The server tells what has gone before it answers. */
	fake_set_delay(l.kit.server, 30);
	act_well(&l, &move, 1);
	fake_set_delay(l.kit.server, 0);
	live_deliver(&l, "INBOX", "by others");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "moved-from"), 1);
	assert_int_equal(listener_count(&r, "moved-to"), 1);
	end(&l, &r);
}

static void a_rename_keeps_what_is_known(void **state)
{
	struct folder_edit edit = { .name = BYTES_LIT("Attic") };
	struct answer a = { 0 };
	struct listener r;
	struct live l;
	char was[64];

	(void)state;
	begin(&l, &r);
	fake_add_folder(l.kit.server, "Archive/2020", FOLDER_ROLE_NONE);
	live_deliver(&l, "Archive/2020", "old");
	listener_catch_up(&r);
	snprintf(was, sizeof was, "was %s", live_folder(&l, "Archive"));
	KIT_START(account_edit_folder(l.account, kit_call(&l.kit),
				      bytes_of_str(live_folder(&l, "Archive")), &edit,
				      kit_on_edited, &a));
	kit_wait(&l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
	listener_catch_up(&r);
	assert_non_null(strstr(r.story, was));
	assert_int_equal(listener_count(&r, "folder-deleted"), 0);
	live_deliver(&l, "Attic/2020", "new");
	listener_catch_up(&r);
	end(&l, &r);
}

static void folders_that_come_and_go_are_told(void **state)
{
	struct answer a = { 0 }, b = { 0 };
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	KIT_START(account_create_folder(l.account, kit_call(&l.kit), BYTES_LIT("New"), BYTES_NULL,
					kit_on_folder, &a));
	kit_wait(&l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
	listener_wait_for(&r, "folder-created");
	live_deliver(&l, "New", "in it");
	listener_catch_up(&r);
	KIT_START(account_delete_folder(l.account, kit_call(&l.kit),
					bytes_of_str(live_folder(&l, "New")), kit_on_done, &b));
	kit_wait(&l.kit, &b.done);
	listener_wait_for(&r, "folder-deleted");
	listener_catch_up(&r);
	end(&l, &r);
}

/* --- floods ----------------------------------------------------------------- */

static void ten_thousand_messages_go_at_once(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	for (int i = 0; i < 10000; i++)
		fake_add_message(l.kit.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\nx\r\n"), NULL,
				 1);
	live_start(&l);
	assert_int_equal(live_cursor(&l, l.account, &r.at).err, ERR_OK);
	r = (struct listener){ .live = &l, .at = r.at, .is_lenient = true };
	for (uint32_t uid = 10000; uid > 0; uid--)
		fake_remove_message(l.kit.server, "INBOX", uid);
	listener_wait_for(&r, "folder-updated");
	while (listener_count(&r, "deleted") < 10000) {
		loop_turn(l.kit.loop, 10);
		listener_hear(&r);
	}
	assert_int_equal(listener_count(&r, "deleted"), 10000);
	end(&l, &r);
}

static void many_flag_changes_are_told_together(void **state)
{
	struct listener r;
	struct live l;
	uint64_t events;

	(void)state;
	begin(&l, &r);
	live_watching(&l);
	events = account_hub_stats(l.kit.hub).events;
	for (int i = 0; i < 500; i++) {
		fake_set_message_keywords(l.kit.server, "INBOX", 1, i % 2 ? "todo" : "$flagged");
		if (i % 50 == 0)
			loop_turn(l.kit.loop, 0);
	}
	listener_catch_up(&r);
	assert_in_range(account_hub_stats(l.kit.hub).events - events, 1, 50);
	end(&l, &r);
}

static void many_new_messages_are_each_told_once(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	for (int i = 0; i < 400; i++) {
		live_deliver(&l, i % 3 ? "INBOX" : "Archive", "flood");
		if (i % 7 == 0)
			loop_turn(l.kit.loop, 0);
		if (i % 100 == 50)
			fake_drop_all(l.kit.server);
	}
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 400);
	end(&l, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_dirty_from_a_change_until_it_is_looked_at),
		cmocka_unit_test(a_change_of_unknown_outcome_leaves_nothing_wrong),
		cmocka_unit_test(a_change_that_is_given_up_leaves_nothing_wrong),
		cmocka_unit_test(a_move_is_told_from_both_sides),
		cmocka_unit_test(the_end_of_a_move_is_waited_for),
		cmocka_unit_test(a_rename_keeps_what_is_known),
		cmocka_unit_test(folders_that_come_and_go_are_told),
		cmocka_unit_test(ten_thousand_messages_go_at_once),
		cmocka_unit_test(many_flag_changes_are_told_together),
		cmocka_unit_test(many_new_messages_are_each_told_once),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
