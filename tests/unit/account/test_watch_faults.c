#include "live_kit.h"

#include "account/hub.h"
#include "account/live.h"

static void begin(struct live *l, struct listener *r)
{
	live_init(l);
	fake_add_folder(l->kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	live_deliver(l, "INBOX", "old");
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

static void let_pass(struct live *l, uint64_t ms)
{
	for (uint64_t over = clock_monotonic_ms() + ms; clock_monotonic_ms() < over;)
		loop_turn(l->kit.loop, 1);
}

static const struct fault *lost(void)
{
	static struct fault f;

	f = fault_with_text(ERR_NET, "reset");
	return &f;
}

/* --- connections that are lost -------------------------------------------- */

static void a_lost_watch_is_taken_up_again(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	fake_drop_all(l.kit.server);
	live_deliver(&l, "INBOX", "meanwhile");
	live_deliver(&l, "Archive", "meanwhile, too");
	fake_remove_message(l.kit.server, "INBOX", 1);
	listener_catch_up(&r);
	listener_wait_for(&r, "connected");
	assert_int_equal(listener_count(&r, "disconnected upstream-closed later"), 1);
	assert_int_equal(listener_count(&r, "connected notify"), 1);
	assert_int_equal(account_hub_stats(l.kit.hub).reconnects, 1);
	end(&l, &r);
}

static void a_connection_lost_anywhere_loses_nothing(void **state)
{
	static const enum mail_verb verbs[] = { MAIL_SYNC,         MAIL_FETCH,  MAIL_SECTIONS,
						MAIL_LIST_FOLDERS, MAIL_STATUS, MAIL_WATCH,
						MAIL_OPEN };
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		for (unsigned times = 1; times <= 3; times++)
			fake_fail_next(l.kit.server, verbs[i], lost());
		live_deliver(&l, "INBOX", "one");
		live_deliver(&l, "Archive", "two");
		fake_drop_all(l.kit.server);
		fake_set_message_keywords(l.kit.server, "INBOX", 1, i % 2 ? "$seen" : "");
		live_deliver(&l, "INBOX", "three");
		listener_catch_up(&r);
	}
	assert_int_equal(listener_count(&r, "reset"), 0);
	end(&l, &r);
}

static void another_uidvalidity_is_told_as_reset(void **state)
{
	struct listener r;
	struct live l;
	char line[64];

	(void)state;
	begin(&l, &r);
	fake_set_uidvalidity(l.kit.server, "INBOX", 4711);
	snprintf(line, sizeof line, "reset %s uidvalidity-changed", live_folder(&l, "INBOX"));
	listener_wait_for(&r, line);
	listener_catch_up(&r);
	fake_set_uidvalidity(l.kit.server, "Archive", 4712);
	live_deliver(&l, "Archive", "another");
	snprintf(line, sizeof line, "reset %s uidvalidity-changed", live_folder(&l, "Archive"));
	listener_wait_for(&r, line);
	listener_catch_up(&r);
	assert_int_equal(account_hub_stats(l.kit.hub).resets, 2);
	end(&l, &r);
}

static void a_server_that_has_lost_track_is_synchronised_with(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	fake_set_silent(l.kit.server, true);
	live_deliver(&l, "INBOX", "unheard");
	live_deliver(&l, "Archive", "unheard");
	fake_set_silent(l.kit.server, false);
	fake_overflow(l.kit.server);
	listener_catch_up(&r);
	end(&l, &r);
}

/* --- the log --------------------------------------------------------------- */

static void what_happened_unwatched_is_told_afterwards(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	live_deliver(&l, "Archive", "so that it has a state");
	listener_catch_up(&r);
	for (int i = 0; i < 3; i++) {
		live_leave(&l);
		live_deliver(&l, "INBOX", "meanwhile");
		fake_remove_message(l.kit.server, "INBOX", (uint32_t)i + 1);
		live_deliver(&l, "Archive", "meanwhile");
		fake_set_message_keywords(l.kit.server, "Archive", 1, i % 2 ? "" : "$flagged");
		live_start(&l);
		listener_catch_up(&r);
	}
	assert_false(r.is_reset);
	assert_int_equal(listener_count(&r, "reset"), 0);
	end(&l, &r);
}

static void on_news(struct state_listener *news)
{
	(void)news;
}

static void keep_log(struct live *l, struct state_listener *keeper, const char *log)
{
	*keeper = (struct state_listener){ .on_news = on_news };
	assert_int_equal(state_log_listen(l->state, bytes_of_str(log), keeper), ERR_OK);
}

static void a_log_that_has_gone_is_begun_anew(void **state)
{
	struct state_listener keeper;
	struct account_id id;
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.state_limits.log_ttl_ms = 1;
	live_start(&l);
	id = *account_id(l.account);
	keep_log(&l, &keeper, id.text);
	listener_start(&r, &l);
	state_log_unlisten(&keeper);
	live_leave(&l);
	let_pass(&l, 20);
	live_deliver(&l, "INBOX", "meanwhile");
	keep_log(&l, &keeper, id.text);
	live_start(&l);
	live_watching(&l);
	listener_hear(&r);
	assert_true(r.is_reset);
	listener_done(&r);
	listener_start(&r, &l);
	live_deliver(&l, "INBOX", "now");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 1);
	state_log_unlisten(&keeper);
	end(&l, &r);
}

static void who_is_fenced_off_writes_nothing_more(void **state)
{
	struct account_hub *mine;
	struct state_cursor top;
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	mine = l.kit.hub;
	mine->limits.watch_retry_ms = 60000; /* it does not take the log back meanwhile */
	/* Another process, with the same state. */
	l.kit.hub = account_hub_new(&(struct account_setup){ .loop = l.kit.loop,
							     .limits = l.kit.limits,
							     .state = l.state,
							     .codec = live_codec() });
	account_release(l.account);
	account_hold(l.account);
	{
		struct account *other = kit_account(&l.kit);

		account_hold(other);
		assert_int_equal(live_cursor(&l, other, &top).err, ERR_OK);
		live_deliver(&l, "INBOX", "once");
		listener_catch_up(&r);
		while (account_hub_stats(mine).watched)
			loop_turn(l.kit.loop, 10);
		live_deliver(&l, "INBOX", "once more");
		listener_catch_up(&r);
		assert_int_equal(live_cursor(&l, l.account, &top).err, ERR_OK);
		account_release(other);
		account_unref(other);
		while (account_hub_stats(l.kit.hub).watched)
			loop_turn(l.kit.loop, 10);
	}
	kit_turn(&l.kit, 5);
	account_hub_free(l.kit.hub);
	l.kit.hub = mine;
	end(&l, &r);
}

/* --- sessions --------------------------------------------------------------- */

static void list_well(struct live *l)
{
	struct answer got = { 0 };

	KIT_START(account_list_folders(l->account, kit_call(&l->kit), kit_on_folders, &got));
	kit_wait(&l->kit, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
}

static void one_session_does_for_watching_and_working(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.kit.limits.sessions_per_account = 1;
	live_start(&l);
	listener_start(&r, &l);
	for (int i = 0; i < 10; i++) {
		live_watching(&l);
		live_deliver(&l, "INBOX", "while it watches");
		list_well(&l);
		live_deliver(&l, "INBOX", "while it yields");
		listener_catch_up(&r);
	}
	assert_int_equal(fake_sessions_peak(l.kit.server), 1);
	assert_int_equal(listener_count(&r, "disconnected"), 0);
	end(&l, &r);
}

static void a_watch_gets_its_turn_on_a_busy_account(void **state)
{
	struct answer answers[2] = { 0 };
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.kit.limits.sessions_per_account = 1;
	live_start(&l);
	listener_start(&r, &l);
	live_deliver(&l, "INBOX", "under load");
	answers[0].done = answers[1].done = true;
	while (!listener_is_right(&r)) {
		for (size_t i = 0; i < 2; i++) {
			if (!answers[i].done)
				continue;
			answers[i] = (struct answer){ 0 };
			KIT_START(account_list_folders(l.account, kit_call(&l.kit), kit_on_folders,
						       &answers[i]));
		}
		loop_turn(l.kit.loop, 1);
		listener_hear(&r);
	}
	for (size_t i = 0; i < 2; i++)
		kit_wait(&l.kit, &answers[i].done);
	end(&l, &r);
}

static void two_who_hold_it_share_one_watch(void **state)
{
	struct credentials token = { .username = BYTES_LIT(KIT_USER),
				     .access_token = BYTES_LIT("token") };
	struct account *other, *first;
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	fake_add_user(l.kit.server, KIT_USER, KIT_PASSWORD, "token");
	live_start(&l);
	listener_start(&r, &l);
	other = account_get(l.kit.hub, &l.kit.where, &token);
	assert_ptr_not_equal(other, l.account);
	account_hold(other);
	kit_turn(&l.kit, 10);
	live_watching(&l);
	assert_int_equal(fake_watching(l.kit.server), 1);
	assert_int_equal(account_hub_stats(l.kit.hub).watched, 1);
	/* The one that watches leaves; the other one goes on. */
	first = l.account;
	account_release(first);
	let_pass(&l, 20);
	live_deliver(&l, "INBOX", "after the hand-over");
	listener_catch_up(&r);
	assert_int_equal(account_hub_stats(l.kit.hub).watched, 1);
	account_hold(first);
	account_release(other);
	account_unref(other);
	live_deliver(&l, "INBOX", "and back");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "disconnected"), 0);
	end(&l, &r);
}

static void credentials_that_are_refused_end_the_watch(void **state)
{
	struct state_cursor top;
	struct answer in = { 0 };
	struct credentials c = kit_credentials(KIT_USER, KIT_PASSWORD);
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.kit.limits.credentials_ttl_ms = 1;
	live_start(&l);
	listener_start(&r, &l);
	fake_add_user(l.kit.server, KIT_USER, "changed", NULL);
	fake_drop_all(l.kit.server);
	listener_wait_for(&r, "disconnected credentials-refused never");
	assert_int_equal(live_cursor(&l, l.account, &top).err, ERR_AUTH);
	assert_int_equal(account_hub_stats(l.kit.hub).watched, 0);
	fake_add_user(l.kit.server, KIT_USER, KIT_PASSWORD, NULL);
	live_deliver(&l, "INBOX", "while it was out");
	while (!in.account) {
		in = (struct answer){ 0 };
		KIT_START(account_login(l.kit.hub, kit_call(&l.kit), &l.kit.where, &c,
					kit_on_account, &in));
		kit_wait(&l.kit, &in.done);
		let_pass(&l, 10);
	}
	listener_catch_up(&r);
	account_unref(in.account);
	end(&l, &r);
}

/* --- servers that do not tell ------------------------------------------------ */

static void a_server_that_only_idles_is_asked_of_other_folders(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	fake_add_folder(l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_server_caps(l.kit.server)->push = MAILSTORE_PUSH_IDLE;
	l.kit.limits.watch_poll_ms = 20;
	live_start(&l);
	listener_start(&r, &l);
	for (int i = 0; i < 5; i++) {
		live_deliver(&l, "INBOX", "told");
		live_deliver(&l, "Archive", "found");
		listener_catch_up(&r);
	}
	fake_add_folder(l.kit.server, "New", FOLDER_ROLE_NONE);
	listener_wait_for(&r, "folder-created");
	end(&l, &r);
}

static void a_server_that_has_fallen_silent_is_polled(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.kit.limits.watch_renew_ms = 30;
	l.kit.limits.watch_poll_ms = 20;
	live_start(&l);
	listener_start(&r, &l);
	fake_set_silent(l.kit.server, true);
	for (int i = 0; i < 4; i++) {
		live_deliver(&l, "INBOX", "unheard");
		listener_catch_up(&r);
	}
	assert_true(l.account->watch != NULL);
	end(&l, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_watch_is_taken_up_again),
		cmocka_unit_test(a_connection_lost_anywhere_loses_nothing),
		cmocka_unit_test(another_uidvalidity_is_told_as_reset),
		cmocka_unit_test(a_server_that_has_lost_track_is_synchronised_with),
		cmocka_unit_test(what_happened_unwatched_is_told_afterwards),
		cmocka_unit_test(a_log_that_has_gone_is_begun_anew),
		cmocka_unit_test(who_is_fenced_off_writes_nothing_more),
		cmocka_unit_test(one_session_does_for_watching_and_working),
		cmocka_unit_test(a_watch_gets_its_turn_on_a_busy_account),
		cmocka_unit_test(two_who_hold_it_share_one_watch),
		cmocka_unit_test(credentials_that_are_refused_end_the_watch),
		cmocka_unit_test(a_server_that_only_idles_is_asked_of_other_folders),
		cmocka_unit_test(a_server_that_has_fallen_silent_is_polled),
	};

	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
