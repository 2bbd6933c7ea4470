/* One account, two processes: one of them watches, both have listeners. */
#include "shared_kit.h"

#include "account/hub.h"
#include "account/live.h"

static void begin(struct pair *p, struct listener *r, struct listener *s)
{
	live_init(&p->l);
	fake_add_folder(p->l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	live_deliver(&p->l, "INBOX", "old");
	live_deliver(&p->l, "Archive", "older");
	pair_start(p);
	listener_start(r, &p->l);
	pair_use(p, 1);
	listener_start(s, &p->l);
	pair_use(p, 0);
}

static void end(struct pair *p, struct listener *r, struct listener *s)
{
	listener_done(r);
	listener_done(s);
	pair_end(p);
}

static void let_pass(struct pair *p, uint64_t ms)
{
	for (uint64_t over = clock_monotonic_ms() + ms; clock_monotonic_ms() < over;)
		loop_turn(p->l.kit.loop, 1);
}

static void one_watches_and_both_hear(void **state)
{
	struct listener r, s;
	struct pair p;

	(void)state;
	begin(&p, &r, &s);
	pair_wait_watching(&p, 0);
	for (int i = 0; i < 5; i++) {
		live_deliver(&p.l, i % 2 ? "INBOX" : "Archive", "new");
		listener_catch_up(&r);
		listener_catch_up(&s);
	}
	assert_string_equal(r.story, s.story);
	assert_int_equal(fake_watching(p.l.kit.server), 1);
	assert_int_equal(account_hub_stats(p.hubs[0]).watched, 1);
	assert_int_equal(account_hub_stats(p.hubs[1]).watched, 0);
	assert_int_equal(account_hub_stats(p.hubs[1]).relayed, 1);
	assert_int_equal(account_hub_stats(p.hubs[1]).logins, 0);
	end(&p, &r, &s);
}

struct cursor {
	bool done;
	enum err err;
	struct state_cursor top;
};

static void on_cursor(void *ctx, const struct fault *fault, struct state_cursor top)
{
	struct cursor *c = ctx;

	c->done = true;
	c->err = fault ? fault->err : ERR_OK;
	c->top = top;
}

/* There is a log, which somebody writes; but what comes now may never be told of. */
static void who_listens_elsewhere_waits_for_the_first_synchronisation(void **state)
{
	struct cursor c = { 0 };
	struct listener s;
	struct pair p;

	(void)state;
	live_init(&p.l);
	live_deliver(&p.l, "INBOX", "old");
	fake_hold(p.l.kit.server, MAIL_SYNC);
	pair_start(&p);
	while (!fake_calls(p.l.kit.server, MAIL_SYNC))
		loop_turn(p.l.kit.loop, 10);
	account_cursor(p.accounts[1], kit_call(&p.l.kit), on_cursor, &c);
	let_pass(&p, 250);
	assert_false(c.done);
	fake_release(p.l.kit.server, MAIL_SYNC);
	kit_wait(&p.l.kit, &c.done);
	assert_int_equal(c.err, ERR_OK);
	pair_use(&p, 1);
	listener_start(&s, &p.l);
	live_deliver(&p.l, "INBOX", "news");
	listener_catch_up(&s);
	assert_int_equal(listener_count(&s, "created"), 1);
	listener_done(&s);
	pair_end(&p);
}

static void the_next_one_goes_on_when_one_lets_go(void **state)
{
	struct listener r, s;
	struct pair p;

	(void)state;
	begin(&p, &r, &s);
	pair_wait_watching(&p, 0);
	live_deliver(&p.l, "Archive", "so that it has a state");
	listener_catch_up(&r);
	pair_leave(&p, 0);
	pair_use(&p, 1);
	live_deliver(&p.l, "INBOX", "meanwhile");
	fake_remove_message(p.l.kit.server, "INBOX", 1);
	live_deliver(&p.l, "Archive", "meanwhile");
	pair_wait_watching(&p, 1);
	listener_catch_up(&r);
	listener_catch_up(&s);
	assert_int_equal(listener_count(&s, "created"), 3);
	assert_int_equal(listener_count(&s, "reset"), 0);
	assert_string_equal(r.story, s.story);
	r.live = s.live;
	end(&p, &r, &s);
}

static void a_lost_turn_is_given_up_at_once(void **state)
{
	struct folder_id inbox;
	struct listener r, s;
	struct pair p;

	(void)state;
	begin(&p, &r, &s);
	pair_wait_watching(&p, 0);
	inbox = folder_id_of(account_id(p.accounts[0]), BYTES_LIT("INBOX"));
	while (!live_state(p.accounts[0], &inbox))
		loop_turn(p.l.kit.loop, 10);
	for (int i = 0; i < 6; i++) {
		shared_lose_leases(&p.shared.processes[i % 2]);
		assert_null(live_state(p.accounts[i % 2], &inbox));
		live_deliver(&p.l, "INBOX", "between turns");
		fake_set_message_keywords(p.l.kit.server, "INBOX", 1, i % 2 ? "$seen" : "");
		pair_wait_watching(&p, (size_t) !(i % 2));
		listener_catch_up(&r);
		listener_catch_up(&s);
	}
	assert_int_equal(listener_count(&r, "created"), 6);
	assert_string_equal(r.story, s.story);
	assert_int_equal(fake_watching(p.l.kit.server), 1);
	end(&p, &r, &s);
}

static void who_overslept_its_turn_writes_nothing_more(void **state)
{
	struct listener r, s;
	struct pair p;

	(void)state;
	begin(&p, &r, &s);
	pair_wait_watching(&p, 0);
	p.shared.processes[0].is_fooled = true;
	shared_lose_leases(&p.shared.processes[0]);
	while (fake_watching(p.l.kit.server) < 2)
		loop_turn(p.l.kit.loop, 10);
	for (int i = 0; i < 10; i++) {
		live_deliver(&p.l, "INBOX", "seen by two");
		listener_catch_up(&r);
		listener_catch_up(&s);
	}
	shared_undeceive(&p.shared.processes[0]);
	while (account_hub_stats(p.hubs[0]).watched || fake_watching(p.l.kit.server) != 1)
		loop_turn(p.l.kit.loop, 10);
	listener_hear(&r);
	listener_hear(&s);
	assert_int_equal(listener_count(&r, "created"), 10);
	assert_string_equal(r.story, s.story);
	end(&p, &r, &s);
}

static void refused_credentials_give_way_to_good_ones(void **state)
{
	struct credentials good = kit_credentials(KIT_USER, "changed");
	struct account *other;
	struct state_cursor top;
	struct listener r, s;
	struct pair p;

	(void)state;
	begin(&p, &r, &s);
	pair_wait_watching(&p, 0);
	fake_add_user(p.l.kit.server, KIT_USER, "changed", NULL);
	other = account_get(p.hubs[1], &p.l.kit.where, &good);
	account_hold(other);
	account_release(p.accounts[1]);
	let_pass(&p, 20);
	fake_drop_all(p.l.kit.server);
	pair_wait_watching(&p, 1);
	live_deliver(&p.l, "INBOX", "for good credentials");
	listener_catch_up(&r);
	listener_catch_up(&s);
	assert_int_equal(account_hub_stats(p.hubs[0]).watched, 0);
	assert_int_equal(account_hub_stats(p.hubs[0]).login_failures, 1);
	/* Asking there once more changes nothing for those who can. */
	assert_int_equal(live_cursor(&p.l, p.accounts[0], &top).err, ERR_OK);
	assert_int_equal(account_hub_stats(p.hubs[1]).watched, 1);
	account_hold(p.accounts[1]);
	account_release(other);
	account_unref(other);
	end(&p, &r, &s);
}

static void listing_elsewhere_starts_no_second_watch(void **state)
{
	struct answer got = { 0 };
	struct listener r, s;
	struct pair p;

	(void)state;
	begin(&p, &r, &s);
	pair_wait_watching(&p, 0);
	account_release(p.accounts[1]);
	let_pass(&p, 20);
	assert_int_equal(account_hub_stats(p.hubs[1]).relayed, 0);
	pair_use(&p, 1);
	KIT_START(account_list_folders(p.accounts[1], kit_call(&p.l.kit), kit_on_folders, &got));
	kit_wait(&p.l.kit, &got.done);
	account_used(p.accounts[1]);
	kit_turn(&p.l.kit, 5);
	assert_int_equal(fake_watching(p.l.kit.server), 1);
	account_hold(p.accounts[1]);
	end(&p, &r, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_watches_and_both_hear),
		cmocka_unit_test(who_listens_elsewhere_waits_for_the_first_synchronisation),
		cmocka_unit_test(the_next_one_goes_on_when_one_lets_go),
		cmocka_unit_test(a_lost_turn_is_given_up_at_once),
		cmocka_unit_test(who_overslept_its_turn_writes_nothing_more),
		cmocka_unit_test(refused_credentials_give_way_to_good_ones),
		cmocka_unit_test(listing_elsewhere_starts_no_second_watch),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
