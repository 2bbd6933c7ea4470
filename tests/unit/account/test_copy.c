/* Lists in a process that does not watch, from what the one that does has written. */
#include "shared_kit.h"

#include "account/hub.h"
#include "mailstore/fake_server.h"

static void begin(struct pair *p, struct listener *r)
{
	live_init(&p->l);
	fake_add_folder(p->l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_add_folder(p->l.kit.server, "Trash", FOLDER_ROLE_TRASH);
	for (int i = 0; i < 8; i++)
		live_deliver(&p->l, "INBOX", "mail");
	pair_start(p);
	listener_start(r, &p->l);
	pair_wait_watching(p, 0);
}

static void end(struct pair *p, struct listener *r)
{
	listener_done(r);
	pair_end(p);
}

static uint64_t copies(const struct pair *p)
{
	return account_hub_stats(p->hubs[1]).lists_from_copy;
}

/* The inbox as this process lists it must be as the server has it. */
static void list_rightly(struct pair *p, size_t process)
{
	static const struct mail_query query = { .window = { .kind = WINDOW_POSITION,
							     .limit = 100 } };
	static const struct list_options options = { 0 };
	const struct fake_folder *f = fake_data_find(&p->l.kit.server->data, BYTES_LIT("INBOX"));
	struct answer a = { .kit = &p->l.kit };

	KIT_START(account_list_messages(p->accounts[process], kit_call(&p->l.kit),
					BYTES_LIT("inbox"), &query, &options, kit_on_list, &a));
	kit_wait(&p->l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
	assert_int_equal(a.list->count, f->count);
	for (size_t i = 0; i < f->count; i++)
		assert_int_equal(a.list->ready ? a.list->ready[i].keywords.system
					       : a.list->at[i].keywords.system,
				 f->messages[i].keywords.system);
}

/* Lists until that comes of a copy. */
static void wait_for_copy(struct pair *p)
{
	uint64_t before = copies(p), over = clock_monotonic_ms() + KIT_DEADLINE_MS;

	while (copies(p) == before) {
		assert_true(clock_monotonic_ms() < over);
		list_rightly(p, 1);
		loop_turn(p->l.kit.loop, 10);
	}
}

static void flag(struct pair *p, size_t process, uint32_t uid, bool is_set)
{
	struct action action = { .kind = ACTION_FLAG };
	struct answer a = { .kit = &p->l.kit };
	struct bytes id = bytes_of_str(live_id(&p->l, "INBOX", uid));

	if (is_set)
		action.add.system = KEYWORD_SEEN;
	else
		action.remove.system = KEYWORD_SEEN;
	KIT_START(account_act(p->accounts[process], kit_call(&p->l.kit), &action, &id, 1,
			      kit_on_results, &a));
	kit_wait(&p->l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
}

static void what_one_knows_all_list(void **state)
{
	struct listener r;
	unsigned queries;
	struct pair p;

	(void)state;
	begin(&p, &r);
	wait_for_copy(&p);
	queries = fake_calls(p.l.kit.server, MAIL_QUERY);
	for (int i = 0; i < 5; i++)
		list_rightly(&p, 1);
	assert_int_equal(fake_calls(p.l.kit.server, MAIL_QUERY), queries);
	end(&p, &r);
}

static void whoever_has_heard_of_it_finds_it(void **state)
{
	struct listener r;
	struct pair p;

	(void)state;
	begin(&p, &r);
	wait_for_copy(&p);
	for (int i = 0; i < 10; i++) {
		live_deliver(&p.l, "INBOX", "new");
		if (i % 2)
			fake_set_message_keywords(p.l.kit.server, "INBOX", 1,
						  i % 4 == 1 ? "$seen" : "");
		listener_catch_up(&r);
		list_rightly(&p, 1);
	}
	wait_for_copy(&p);
	end(&p, &r);
}

/* Wherever it was done, and wherever one looks. */
static void what_one_has_done_is_seen_at_once(void **state)
{
	struct listener r;
	struct pair p;

	(void)state;
	begin(&p, &r);
	for (uint32_t i = 0; i < 40; i++) {
		if (i % 8 == 0)
			wait_for_copy(&p);
		flag(&p, i / 4 % 2, 1 + i % 8, i % 3 != 0);
		list_rightly(&p, 1);
		list_rightly(&p, 0);
	}
	wait_for_copy(&p);
	end(&p, &r);
}

static void who_cannot_hear_the_server_says_so(void **state)
{
	struct listener r;
	uint64_t before;
	struct pair p;

	(void)state;
	begin(&p, &r);
	wait_for_copy(&p);
	fake_hold(p.l.kit.server, MAIL_SYNC);
	fake_drop_all(p.l.kit.server);
	listener_wait_for(&r, "disconnected");
	before = copies(&p);
	live_deliver(&p.l, "INBOX", "unheard");
	for (int i = 0; i < 3; i++)
		list_rightly(&p, 1);
	assert_int_equal(copies(&p), before);
	fake_release(p.l.kit.server, MAIL_SYNC);
	wait_for_copy(&p);
	end(&p, &r);
}

/* What the last one wrote says nothing about what has happened since. */
static void who_takes_over_begins_anew(void **state)
{
	struct listener r;
	uint64_t before;
	struct pair p;

	(void)state;
	begin(&p, &r);
	wait_for_copy(&p);
	fake_hold(p.l.kit.server, MAIL_SYNC);
	before = fake_calls(p.l.kit.server, MAIL_SYNC);
	shared_lose_leases(&p.shared.processes[0]);
	while (fake_calls(p.l.kit.server, MAIL_SYNC) == before)
		loop_turn(p.l.kit.loop, 10);
	live_deliver(&p.l, "INBOX", "not yet known");
	list_rightly(&p, 0);
	list_rightly(&p, 1);
	fake_release(p.l.kit.server, MAIL_SYNC);
	listener_catch_up(&r);
	list_rightly(&p, 0);
	end(&p, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_knows_all_list),
		cmocka_unit_test(whoever_has_heard_of_it_finds_it),
		cmocka_unit_test(what_one_has_done_is_seen_at_once),
		cmocka_unit_test(who_cannot_hear_the_server_says_so),
		cmocka_unit_test(who_takes_over_begins_anew),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
