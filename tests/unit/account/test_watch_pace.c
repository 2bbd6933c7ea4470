/* Servers whose answers would have a watch begin anew for ever: it takes its time. */
#include "live_kit.h"

#include "account/hub.h"
#include "account/lease.h"
#include "account/live.h"
#include "mailstore/fake_server.h"

#define LONG_MS 400
/* What a watch may do of a kind meanwhile: without a pause it does hundreds. */
#define FEW 40

static void begin(struct live *l, struct listener *r)
{
	live_init(l);
	fake_add_folder(l->kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
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

static void assert_few(struct live *l, enum mail_verb verb, void (*each)(struct live *l))
{
	unsigned before = fake_calls(l->kit.server, verb);

	for (uint64_t over = clock_monotonic_ms() + LONG_MS; clock_monotonic_ms() < over;) {
		if (each && fake_watching(l->kit.server))
			each(l);
		loop_turn(l->kit.loop, 1);
	}
	assert_true(fake_calls(l->kit.server, verb) - before < FEW);
}

static void a_status_that_counts_what_is_marked_never_agrees(void **state)
{
	struct listener r;
	struct live l;
	unsigned watches;

	(void)state;
	begin(&l, &r);
	live_deliver(&l, "Archive", "marked");
	fake_set_message_keywords(l.kit.server, "Archive", 2, "$deleted");
	listener_catch_up(&r);
	watches = fake_calls(l.kit.server, MAIL_WATCH);
	assert_few(&l, MAIL_WATCH, NULL);
	/* One look is enough: what is said again then is no news. */
	assert_true(fake_calls(l.kit.server, MAIL_WATCH) <= watches + 2);
	live_deliver(&l, "Archive", "new");
	listener_catch_up(&r);
	live_deliver(&l, "INBOX", "new");
	listener_catch_up(&r);
	end(&l, &r);
}

static void say_folders(struct live *l)
{
	l->kit.server->data.folders_version++;
	fake_server_changed(l->kit.server);
}

static void folders_are_spoken_of_at_each_beginning(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	assert_few(&l, MAIL_LIST_FOLDERS, say_folders);
	fake_add_folder(l.kit.server, "New", FOLDER_ROLE_NONE);
	listener_wait_for(&r, "folder-created");
	end(&l, &r);
}

static void overflow(struct live *l)
{
	fake_overflow(l->kit.server);
}

static void a_server_loses_track_at_each_beginning(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	assert_few(&l, MAIL_WATCH, overflow);
	live_deliver(&l, "INBOX", "new");
	listener_catch_up(&r);
	end(&l, &r);
}

/* So often that without a pause it would not take long. */
static void refuse(struct live *l, enum mail_verb verb, unsigned times)
{
	const struct fault no = fault_with_text(ERR_REFUSED, "not now");

	for (unsigned i = 0; i < times; i++)
		fake_fail_next(l->kit.server, verb, &no);
}

static void what_cannot_be_fetched_is_left_alone_for_a_while(void **state)
{
	struct fake_script *script;
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	script = &l.kit.server->script[MAIL_FETCH];
	l.kit.hub->limits.watch_poll_ms = 200;
	refuse(&l, MAIL_FETCH, FAULTS_MAX);
	live_deliver(&l, "Archive", "not to be had");
	assert_few(&l, MAIL_LIST_FOLDERS, NULL);
	assert_true(script->fault_count > FAULTS_MAX / 2);
	script->fault_count = 1;
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 1);
	end(&l, &r);
}

static void a_folder_that_was_not_opened_is_tried_again(void **state)
{
	struct folder_id id;
	struct listener r;
	struct live l;

	(void)state;
	begin(&l, &r);
	live_deliver(&l, "Archive", "so that it has a state");
	listener_catch_up(&r);
	live_watching(&l);
	id = folder_id_of(account_id(l.account), BYTES_LIT("Archive"));
	l.kit.hub->limits.watch_poll_ms = 200;
	refuse(&l, MAIL_SYNC, 1);
	live_deliver(&l, "Archive", "not seen");
	while (l.kit.server->script[MAIL_SYNC].fault_count)
		loop_turn(l.kit.loop, 1);
	/* It is not known what is in it, though nobody is about to look. */
	while (!fake_watching(l.kit.server))
		loop_turn(l.kit.loop, 1);
	assert_null(live_state(l.account, &id));
	listener_catch_up(&r);
	end(&l, &r);
}

/* For want of memory: that messages there were hidden makes it doubtful what has gone
 * since, but only where something has happened at all. */
static void a_folder_whose_state_was_forgotten_is_not_told_of_for_nothing(void **state)
{
	struct listener r;
	struct live l;
	uint64_t syncs;

	(void)state;
	if (!live_has_changes)
		return; /* only synchronising could tell then */
	live_init(&l);
	l.kit.limits.folder_bytes = 1;
	l.kit.limits.watch_renew_ms = 100;
	fake_add_folder(l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	live_deliver(&l, "Archive", "older");
	live_start(&l);
	listener_start(&r, &l);
	live_deliver(&l, "Archive", "marked");
	listener_catch_up(&r);
	fake_set_message_keywords(l.kit.server, "Archive", 2, "$deleted");
	listener_catch_up(&r);
	while (account_hub_stats(l.kit.hub).folders_open || !fake_watching(l.kit.server))
		loop_turn(l.kit.loop, 1);
	listener_hear(&r);
	listener_forget_story(&r);
	syncs = account_hub_stats(l.kit.hub).syncs;
	while (account_hub_stats(l.kit.hub).syncs < syncs + 4) /* renewals */
		loop_turn(l.kit.loop, 1);
	assert_few(&l, MAIL_LIST_FOLDERS, say_folders);
	listener_hear(&r);
	assert_int_equal(listener_count(&r, "reset"), 0);
	live_deliver(&l, "Archive", "new");
	listener_catch_up(&r);
	end(&l, &r);
}

/* --- a second session that there is none for ------------------------------------ */

static void on_granted(struct lease *l, const struct fault *fault)
{
	(void)l;
	assert_null(fault);
}

/* As downloads do. */
static void take_session(struct live *l, struct lease *lease)
{
	*lease = (struct lease){ .pool = &l->account->pool,
				 .flags = LEASE_LONG,
				 .deadline_ms = clock_monotonic_ms() + KIT_DEADLINE_MS,
				 .granted = on_granted };
	lease_start(lease);
	while (!lease_is_held(lease))
		loop_turn(l->kit.loop, 1);
}

static void follow_archive(struct live *l)
{
	struct folder_id id = folder_id_of(account_id(l->account), BYTES_LIT("Archive"));

	account_follow(l->account, &id);
}

static void a_second_session_does_not_take_the_first_one(void **state)
{
	struct lease downloads[2];
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	fake_server_caps(l.kit.server)->push = MAILSTORE_PUSH_IDLE;
	l.kit.limits.sessions_per_account = 3;
	fake_add_folder(l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	live_start(&l);
	listener_start(&r, &l);
	live_watching(&l);
	for (size_t i = 0; i < 2; i++)
		take_session(&l, &downloads[i]);
	follow_archive(&l);
	assert_few(&l, MAIL_WATCH, follow_archive);
	assert_int_equal(fake_cancels(l.kit.server, MAIL_WATCH), 0);
	for (size_t i = 0; i < 2; i++)
		lease_end(&downloads[i]);
	live_deliver(&l, "INBOX", "new");
	listener_catch_up(&r);
	end(&l, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_that_counts_what_is_marked_never_agrees),
		cmocka_unit_test(folders_are_spoken_of_at_each_beginning),
		cmocka_unit_test(a_server_loses_track_at_each_beginning),
		cmocka_unit_test(what_cannot_be_fetched_is_left_alone_for_a_while),
		cmocka_unit_test(a_folder_that_was_not_opened_is_tried_again),
		cmocka_unit_test(a_folder_whose_state_was_forgotten_is_not_told_of_for_nothing),
		cmocka_unit_test(a_second_session_does_not_take_the_first_one),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
