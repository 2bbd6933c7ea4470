/* The sessions of one account are counted over all processes. */
#include "shared_kit.h"

#include "account/hub.h"

#define ROUNDS  6
#define AT_ONCE 5

static void begin(struct pair *p, unsigned sessions)
{
	live_init(&p->l);
	p->l.kit.limits.sessions_per_account = sessions;
	live_deliver(&p->l, "INBOX", "old");
	pair_start(p);
}

static void ask(struct pair *p, size_t i, struct answer *a)
{
	*a = (struct answer){ .kit = &p->l.kit };
	KIT_START(account_list_folders(p->accounts[i], kit_call(&p->l.kit), kit_on_folders, a));
}

static void ask_and_wait(struct pair *p, size_t i)
{
	struct answer a;

	ask(p, i, &a);
	kit_wait(&p->l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
}

/* Both processes at once, again and again. */
static void press(struct pair *p)
{
	struct answer answers[2][AT_ONCE];

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t n = 0; n < AT_ONCE; n++)
			for (size_t i = 0; i < 2; i++)
				ask(p, i, &answers[i][n]);
		for (size_t n = 0; n < AT_ONCE; n++)
			for (size_t i = 0; i < 2; i++) {
				kit_wait(&p->l.kit, &answers[i][n].done);
				assert_int_equal(answers[i][n].fault.err, ERR_OK);
			}
	}
}

static void the_limit_is_that_of_all_processes(void **state)
{
	struct listener r;
	struct pair p;

	(void)state;
	for (unsigned sessions = 1; sessions <= 3; sessions++) {
		begin(&p, sessions);
		fake_set_delay(p.l.kit.server, 2);
		listener_start(&r, &p.l);
		press(&p);
		live_deliver(&p.l, "INBOX", "new");
		listener_catch_up(&r);
		assert_in_range(fake_sessions_peak(p.l.kit.server), 1, sessions);
		assert_true(p.shared.refusals > 0);
		assert_int_equal(account_hub_stats(p.hubs[0]).slots_refused +
					 account_hub_stats(p.hubs[1]).slots_refused,
				 p.shared.refusals);
		listener_done(&r);
		pair_end(&p);
	}
}

static void who_only_watches_lets_another_process_work(void **state)
{
	struct listener r;
	struct pair p;

	(void)state;
	begin(&p, 1);
	listener_start(&r, &p.l);
	pair_wait_watching(&p, 0);
	ask_and_wait(&p, 1);
	live_deliver(&p.l, "INBOX", "while another works");
	/* And it comes back, though that one would keep its session. */
	listener_catch_up(&r);
	pair_wait_watching(&p, 0);
	assert_int_equal(listener_count(&r, "disconnected"), 0);
	assert_int_equal(fake_sessions_peak(p.l.kit.server), 1);
	listener_done(&r);
	pair_end(&p);
}

static void who_watches_works_too(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, 2);
	pair_wait_watching(&p, 0);
	ask_and_wait(&p, 1); /* and keeps its session */
	for (int i = 0; i < 3; i++)
		ask_and_wait(&p, 0);
	pair_wait_watching(&p, 0);
	assert_in_range(fake_sessions_peak(p.l.kit.server), 1, 2);
	pair_end(&p);
}

static void without_the_store_each_has_its_own_limit(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, 1);
	pair_wait_watching(&p, 0);
	p.shared.is_slotless = true;
	ask_and_wait(&p, 1);
	assert_int_equal(fake_sessions_peak(p.l.kit.server), 2);
	pair_end(&p);
}

static void nobody_waits_beyond_his_deadline(void **state)
{
	struct answer working, waiting = { 0 };
	struct call soon;
	struct pair p;

	(void)state;
	begin(&p, 1);
	pair_wait_watching(&p, 0);
	fake_hold(p.l.kit.server, MAIL_LIST_FOLDERS);
	ask(&p, 0, &working);
	while (fake_calls(p.l.kit.server, MAIL_LIST_FOLDERS) < 2)
		loop_turn(p.l.kit.loop, 10);
	soon = kit_call(&p.l.kit);
	soon.deadline_ms = clock_monotonic_ms() + 600;
	KIT_START(account_list_folders(p.accounts[1], soon, kit_on_folders, &waiting));
	kit_wait(&p.l.kit, &waiting.done);
	assert_int_equal(waiting.fault.err, ERR_TIMEOUT);
	assert_false(working.done);
	fake_release(p.l.kit.server, MAIL_LIST_FOLDERS);
	kit_wait(&p.l.kit, &working.done);
	ask_and_wait(&p, 1);
	pair_end(&p);
}

static void other_credentials_of_one_process_count_too(void **state)
{
	struct credentials token = { .username = BYTES_LIT(KIT_USER),
				     .access_token = BYTES_LIT("token") };
	struct answer a = { 0 };
	struct account *other;
	struct pair p;

	(void)state;
	begin(&p, 1);
	fake_add_user(p.l.kit.server, KIT_USER, KIT_PASSWORD, "token");
	pair_wait_watching(&p, 0);
	ask_and_wait(&p, 0);
	other = account_get(p.hubs[0], &p.l.kit.where, &token);
	KIT_START(account_list_folders(other, kit_call(&p.l.kit), kit_on_folders, &a));
	kit_wait(&p.l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
	assert_int_equal(fake_sessions_peak(p.l.kit.server), 1);
	account_unref(other);
	pair_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_that_of_all_processes),
		cmocka_unit_test(who_only_watches_lets_another_process_work),
		cmocka_unit_test(who_watches_works_too),
		cmocka_unit_test(without_the_store_each_has_its_own_limit),
		cmocka_unit_test(nobody_waits_beyond_his_deadline),
		cmocka_unit_test(other_credentials_of_one_process_count_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
