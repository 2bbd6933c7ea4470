/* What a watch does at the limits of its world: the log's, its memory's, the clock's. */
#include "live_kit.h"

#include "base/clock.h"
#include "mailstore/fake_server.h"

#define MANY 2000

/* Flags that change with every message: nothing that could be written in a few runs. */
static void begin(struct live *l, struct listener *r)
{
	for (uint32_t i = 1; i <= MANY; i++)
		fake_add_message(l->kit.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\nx\r\n"), NULL,
				 1);
	for (uint32_t i = 1; i <= MANY; i += 2)
		fake_set_message_keywords(l->kit.server, "INBOX", i, "$seen");
	live_start(l);
	listener_start(r, l);
	live_watching(l);
}

static void end(struct live *l, struct listener *r)
{
	listener_done(r);
	live_end(l);
}

/* Something of each kind. */
static void change(struct live *l, uint32_t first)
{
	live_deliver(l, "INBOX", "new");
	fake_set_message_keywords(l->kit.server, "INBOX", first, "$flagged");
	fake_remove_message(l->kit.server, "INBOX", first + 1);
}

static void leave_and_come_back(struct live *l, uint32_t first)
{
	live_leave(l);
	change(l, first);
	live_start(l);
	live_watching(l); /* a reset from before may tell all that there is to know */
}

/* --- the clock ----------------------------------------------------------------- */

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)

static void a_wall_clock_that_jumps_changes_nothing(void **state)
{
	static const int64_t jumps[] = { YEAR_MS, -2 * YEAR_MS, 10 * YEAR_MS, -YEAR_MS, 1, -1 };
	const unsigned count = sizeof jumps / sizeof *jumps;
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	begin(&l, &r);
	for (unsigned i = 0; i < count; i++) {
		clock_wall_shift_ms = jumps[i];
		change(&l, 10 * i + 1);
		listener_catch_up(&r);
		/* Whoever opens the log next goes on above what was written last. */
		leave_and_come_back(&l, 10 * i + 5);
		clock_wall_shift_ms = -jumps[i];
		listener_catch_up(&r);
	}
	clock_wall_shift_ms = 0;
	assert_false(r.is_reset);
	assert_int_equal(listener_count(&r, "reset"), 0);
	assert_int_equal(listener_count(&r, "created"), 2 * count);
	assert_int_equal(listener_count(&r, "deleted"), 2 * count);
	assert_int_equal(listener_count(&r, "updated"), 2 * count);
	end(&l, &r);
}

/* --- the log -------------------------------------------------------------------- */

static void a_state_too_large_for_the_log_is_not_kept_there(void **state)
{
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.state_limits.log_max_bytes = 3000;
	l.kit.limits.watch_renew_ms = 50;
	begin(&l, &r);
	for (uint32_t i = 0; i < 5; i++) {
		change(&l, 10 * i + 1);
		listener_catch_up(&r);
	}
	assert_true(state_stats(l.state).log_bytes <= 3000);
	assert_int_equal(listener_count(&r, "reset"), 0);
	assert_int_equal(listener_count(&r, "created"), 5);
	/* Without a state only MODSEQs say what has changed since, and those are learned when
	 * it is synchronised. */
	for (uint64_t syncs = account_hub_stats(l.kit.hub).syncs;
	     account_hub_stats(l.kit.hub).syncs < syncs + 2;)
		loop_turn(l.kit.loop, 10);
	leave_and_come_back(&l, 101);
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "reset") > 0, !live_has_changes);
	assert_int_equal(listener_count(&r, "created"), live_has_changes ? 6 : 5);
	end(&l, &r);
}

/* --- memory ---------------------------------------------------------------------- */

static void a_folder_too_large_to_be_known_is_told_of_all_the_same(void **state)
{
	struct account_hub_stats stats;
	struct listener r;
	struct live l;

	(void)state;
	live_init(&l);
	l.kit.limits.folder_max_bytes = 4096;
	l.kit.limits.watch_renew_ms = 200; /* flags without MODSEQs are compared then */
	begin(&l, &r);
	for (uint32_t i = 0; i < 5; i++) {
		change(&l, 10 * i + 1);
		listener_catch_up(&r);
	}
	stats = account_hub_stats(l.kit.hub);
	assert_int_equal(stats.folders_open, 0);
	assert_int_equal(stats.folder_bytes, 0);
	assert_int_equal(listener_count(&r, "reset") > 0, !live_has_changes);
	assert_int_equal(listener_count(&r, "created"), live_has_changes ? 5 : 0);
	leave_and_come_back(&l, 101);
	listener_catch_up(&r);
	end(&l, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wall_clock_that_jumps_changes_nothing),
		cmocka_unit_test(a_state_too_large_for_the_log_is_not_kept_there),
		cmocka_unit_test(a_folder_too_large_to_be_known_is_told_of_all_the_same),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
