/*
 * Summaries that outlive a process: hubs that follow each other, or live side by side,
 * on one store that says it is shared, and that can be made silent.
 */
#include "live_kit.h"

#include "account/live.h"
#include "account/summary_store.h"
#include "state/state_class.h"

#define KEYS_MAX 64

/* --- the store: the embedded one, a layer above it ------------------------ */

static struct {
	const struct state_class *below;
	struct state_class cls;
	bool is_silent, is_away;
	bool is_theirs; /* another process has every lease */
	unsigned gets, puts, cancelled;
	char names[KEYS_MAX][ID_TEXT_MAX + 1]; /* that were put */
	size_t name_count;
	struct op *held; /* a get that is not answered */
	state_done_cb *put_done;
	void *put_ctx;
} store;

struct silent {
	struct op op;
	struct loop *loop;
	struct loop_timer deadline;
	state_values_cb *cb;
	void *ctx;
};

static struct loop *the_loop;

static void silent_end(struct silent *s)
{
	loop_timer_stop(s->loop, &s->deadline);
	store.held = NULL;
	free(s);
}

static void silent_cancel(struct op *op)
{
	store.cancelled++;
	silent_end((struct silent *)op);
}

static const struct op_class silent_class = { .cancel = silent_cancel };

static void on_deadline(struct loop_timer *t)
{
	struct silent *s = (struct silent *)(void *)((char *)t - offsetof(struct silent, deadline));
	state_values_cb *cb = s->cb;
	void *ctx = s->ctx;

	silent_end(s);
	cb(ctx, ERR_TIMEOUT, NULL, 0);
}

static struct op *get_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx)
{
	struct silent *silent;

	store.gets++;
	if (!store.is_silent)
		return store.below->get_many(s, call, space, keys, count, cb, ctx);
	silent = calloc(1, sizeof *silent);
	*silent = (struct silent){ { &silent_class }, the_loop, { .fire = on_deadline }, cb, ctx };
	assert_true(loop_timer_start_at(the_loop, &silent->deadline, call.deadline_ms));
	return store.held = &silent->op;
}

static void on_put(void *ctx, enum err err)
{
	(void)ctx;
	store.put_done(store.put_ctx, err);
}

static struct op *put_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, const struct bytes *values, size_t count,
			   uint64_t ttl_ms, state_done_cb *cb, void *ctx)
{
	store.puts++;
	store.put_done = cb;
	store.put_ctx = ctx;
	assert_int_equal(space, STATE_HEADERS);
	assert_true(ttl_ms > 0);
	for (size_t i = 0; i < count && store.name_count < KEYS_MAX; i++)
		snprintf(store.names[store.name_count++], ID_TEXT_MAX + 1, "%.*s",
			 BYTES_FMT(keys[i]));
	return store.below->put_many(s, call, space, keys, values, count, ttl_ms, on_put, NULL);
}

static struct state_health health(const struct state *s)
{
	(void)s;
	return (struct state_health){ .is_away = store.is_away };
}

static enum state_turn lease_turn(const struct state_lease *l)
{
	return store.is_theirs ? STATE_TURN_THEIRS : store.below->lease_turn(l);
}

static void say(struct state *s, struct bytes name, struct bytes note)
{
	(void)s;
	(void)name;
	(void)note;
}

/* Nobody has written anything that could be looked at. */
static struct op *log_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			   struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx)
{
	if (store.is_theirs)
		return NULL;
	return store.below->log_look(s, call, log, mark, known, name, cb, ctx);
}

static struct state *shared_store(struct loop *l)
{
	struct state_limits limits = { .max_bytes = 64u << 20, .max_entries = 10000 };
	struct state *s = state_memory_new(l, &limits);

	memset(&store, 0, sizeof store);
	the_loop = l;
	store.below = s->cls;
	store.cls = *s->cls;
	store.cls.get_many = get_many;
	store.cls.put_many = put_many;
	store.cls.health = health;
	store.cls.lease_turn = lease_turn;
	store.cls.say = say;
	store.cls.log_look = log_look;
	s->cls = &store.cls;
	assert_true(state_is_shared(s));
	return s;
}

/* --- the world ------------------------------------------------------------ */

static struct account_codec codec;

static void make_hub(struct live *l)
{
	l->kit.hub = account_hub_new(&(struct account_setup){
		.loop = l->kit.loop, .limits = l->kit.limits, .state = l->state, .codec = &codec });
}

static void start_hub(struct live *l)
{
	make_hub(l);
	live_start(l);
	live_watching(l);
}

static void stop_hub(struct live *l)
{
	live_leave(l);
	kit_turn(&l->kit, 5);
	kit_done_hub(&l->kit);
}

/* Another process, later, on the same store. */
static void restart(struct live *l)
{
	stop_hub(l);
	start_hub(l);
}

static void set_up(struct live *l)
{
	char subject[32];

	codec = *live_codec();
	codec.version = 1;
	live_init(l);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(subject, sizeof subject, "message %u", i);
		live_deliver(l, "INBOX", subject);
	}
	l->state = shared_store(l->kit.loop);
	start_hub(l);
}

static const struct list_options plain, with_previews = { .preview = true };

static struct op *start_list(struct live *l, const struct list_options *options,
			     struct answer *answer)
{
	static const struct mail_query query = { .window = { .kind = WINDOW_POSITION,
							     .limit = 10 } };

	*answer = (struct answer){ .kit = &l->kit };
	return KIT_START(account_list_messages(l->account, kit_call(&l->kit), BYTES_LIT("inbox"),
					       &query, options, kit_on_list, answer));
}

/* All five, as they ought to be; says how many fetches that took. */
static unsigned list(struct live *l, const struct list_options *options)
{
	unsigned before = fake_calls(l->kit.server, MAIL_FETCH);
	struct answer answer;

	(void)start_list(l, options, &answer);
	kit_wait(&l->kit, &answer.done);
	assert_int_equal(answer.fault.err, ERR_OK);
	assert_int_equal(answer.list->count, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_bytes_equal_str(answer.list->ready[i].lasting, live_id(l, "INBOX", i + 1));
		if (options->preview)
			assert_false(bytes_is_null(answer.list->ready[i].preview));
	}
	return fake_calls(l->kit.server, MAIL_FETCH) - before;
}

/* How many it has. */
static size_t list_from_server(struct live *l)
{
	struct answer answer;

	(void)start_list(l, &plain, &answer);
	kit_wait(&l->kit, &answer.done);
	assert_int_equal(answer.fault.err, ERR_OK);
	assert_null(answer.list->ready);
	return answer.list->count;
}

static struct account_hub_stats stats(const struct live *l)
{
	return account_hub_stats(l->kit.hub);
}

/* --- what is found again ----------------------------------------------------- */

static void a_restart_fetches_nothing_anew(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	assert_int_equal(stats(&l).store_written, 5);
	assert_int_equal(stats(&l).store_misses, 5);
	restart(&l);
	assert_int_equal(store.gets, 1);
	assert_int_equal(list(&l, &plain), 0);
	assert_int_equal(stats(&l).store_hits, 5);
	assert_int_equal(store.gets, 2);
	/* From here on it is in memory. */
	assert_int_equal(list(&l, &plain), 0);
	assert_int_equal(store.gets, 2);
	assert_int_equal(store.puts, 1);
	live_end(&l);
}

static void previews_come_with_it_once_they_are_known(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	restart(&l);
	assert_int_equal(list(&l, &with_previews), 1);
	kit_turn(&l.kit, 5);
	restart(&l);
	assert_int_equal(list(&l, &with_previews), 0);
	live_end(&l);
}

static void only_what_the_store_lacks_is_fetched(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	stop_hub(&l);
	fake_remove_message(l.kit.server, "INBOX", 5);
	live_deliver(&l, "INBOX", "the sixth");
	start_hub(&l);
	{
		struct answer answer;

		(void)start_list(&l, &plain, &answer);
		kit_wait(&l.kit, &answer.done);
		assert_int_equal(answer.list->count, 5);
		assert_bytes_equal_str(answer.list->ready[4].lasting, live_id(&l, "INBOX", 6));
	}
	assert_int_equal(stats(&l).store_hits, 4);
	live_end(&l);
}

static void by_ids_it_is_found_too(void **state)
{
	struct bytes ids[2];
	struct answer answer;
	unsigned fetches;
	struct live l;

	(void)state;
	set_up(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	restart(&l);
	for (uint32_t i = 0; i < 2; i++)
		ids[i] = arena_bytes(l.kit.mem, bytes_of_str(live_id(&l, "INBOX", 2 * i + 1)));
	fetches = fake_calls(l.kit.server, MAIL_FETCH);
	answer = (struct answer){ .kit = &l.kit };
	KIT_START(account_get_summaries(l.account, kit_call(&l.kit), ids, 2, &plain, kit_on_list,
					&answer));
	kit_wait(&l.kit, &answer.done);
	assert_int_equal(answer.list->count, 2);
	assert_bytes_equal_str(answer.list->ready[1].lasting, live_id(&l, "INBOX", 3));
	assert_int_equal(fake_calls(l.kit.server, MAIL_FETCH), fetches);
	live_end(&l);
}

/* --- the first list ----------------------------------------------------------- */

/* A process has watched and listed, and is gone; the next one has just started. */
static void begin_first(struct live *l)
{
	struct state_cursor at;

	live_has_changes = true;
	set_up(l);
	live_has_changes = false;
	assert_int_equal(live_cursor(l, l->account, &at).err, ERR_OK); /* it is in the log */
	assert_int_equal(list(l, &with_previews), 1);
	kit_turn(&l->kit, 5);
	stop_hub(l);
	make_hub(l);
}

static void it_waits_for_the_watch_and_asks_nothing_itself(void **state)
{
	unsigned queries;
	struct live l;

	(void)state;
	begin_first(&l);
	queries = fake_calls(l.kit.server, MAIL_QUERY);
	live_start(&l);
	assert_int_equal(list(&l, &with_previews), 0);
	assert_int_equal(fake_calls(l.kit.server, MAIL_QUERY), queries);
	assert_int_equal(stats(&l).logins, 1);
	live_watching(&l);
	live_end(&l);
}

static void a_watch_that_fails_is_not_waited_for(void **state)
{
	const struct fault lost = { .err = ERR_NET };
	unsigned queries;
	struct live l;

	(void)state;
	begin_first(&l);
	queries = fake_calls(l.kit.server, MAIL_QUERY);
	fake_fail_next(l.kit.server, MAIL_SYNC, &lost);
	live_start(&l);
	assert_int_equal(list_from_server(&l), 5);
	assert_int_equal(fake_calls(l.kit.server, MAIL_QUERY), queries + 1);
	live_end(&l);
}

static void a_watch_that_is_slow_has_a_head_start_only(void **state)
{
	unsigned queries;
	struct live l;

	(void)state;
	begin_first(&l);
	queries = fake_calls(l.kit.server, MAIL_QUERY);
	fake_hold(l.kit.server, MAIL_SYNC);
	live_start(&l);
	assert_int_equal(list_from_server(&l), 5);
	assert_int_equal(fake_calls(l.kit.server, MAIL_QUERY), queries + 1);
	fake_release(l.kit.server, MAIL_SYNC);
	live_watching(&l);
	live_end(&l);
}

static void whoever_comes_first_answers(void **state)
{
	struct answer answer;
	unsigned cancels;
	struct live l;

	(void)state;
	begin_first(&l);
	cancels = fake_cancels(l.kit.server, MAIL_QUERY);
	fake_hold(l.kit.server, MAIL_SYNC);
	fake_hold(l.kit.server, MAIL_QUERY);
	live_start(&l);
	(void)start_list(&l, &plain, &answer);
	while (stats(&l).sessions_busy < 2)
		loop_turn(l.kit.loop, 10);
	fake_release(l.kit.server, MAIL_SYNC);
	kit_wait(&l.kit, &answer.done);
	assert_int_equal(answer.list->count, 5);
	assert_non_null(answer.list->ready);
	assert_int_equal(fake_cancels(l.kit.server, MAIL_QUERY), cancels + 1);
	fake_release(l.kit.server, MAIL_QUERY);
	live_end(&l);
}

static void it_may_be_cancelled_while_it_waits(void **state)
{
	struct answer answer;
	struct live l;
	struct op *op;

	(void)state;
	begin_first(&l);
	fake_hold(l.kit.server, MAIL_SYNC);
	live_start(&l);
	op = start_list(&l, &plain, &answer);
	while (stats(&l).sessions_busy < 1)
		loop_turn(l.kit.loop, 10);
	op_cancel(op);
	fake_release(l.kit.server, MAIL_SYNC);
	live_watching(&l);
	assert_false(answer.done);
	live_end(&l);
}

/* The first list starts it; what may not be watched turns out with the login. */
static void begin_used(struct live *l, enum mailstore_push push)
{
	begin_first(l);
	kit_done_hub(&l->kit);
	fake_server_caps(l->kit.server)->push = push;
	l->kit.limits.watch_linger_ms = 600000;
	make_hub(l);
	l->account = kit_account(&l->kit);
	account_used(l->account);
	assert_int_equal(stats(l).watched, 1);
}

static void end_used(struct live *l)
{
	assert_int_equal(stats(l).logins, 1);
	account_unref(l->account);
	account_hub_free(l->kit.hub); /* ends what is watched on */
	state_free(l->state);
	kit_done_server(&l->kit);
}

static void a_list_starts_a_watch_where_that_is_worth_it(void **state)
{
	struct live l;

	(void)state;
	begin_used(&l, MAILSTORE_PUSH_NOTIFY);
	assert_int_equal(list(&l, &plain), 0);
	live_watching(&l);
	end_used(&l);
	begin_used(&l, MAILSTORE_PUSH_POLL);
	while (stats(&l).watched)
		loop_turn(l.kit.loop, 10);
	assert_int_equal(list_from_server(&l), 5);
	end_used(&l);
}

/* --- where another process watches --------------------------------------------- */

static void begin_elsewhere(struct live *l)
{
	set_up(l);
	assert_int_equal(list(l, &with_previews), 1);
	kit_turn(&l->kit, 5);
	stop_hub(l);
	make_hub(l);
	store.is_theirs = true;
	live_start(l);
	while (!live_is_elsewhere(l->account))
		loop_turn(l->kit.loop, 10);
}

static void only_flags_are_asked_of_the_server(void **state)
{
	unsigned queries;
	struct live l;

	(void)state;
	begin_elsewhere(&l);
	queries = fake_calls(l.kit.server, MAIL_QUERY);
	assert_int_equal(list(&l, &with_previews), 0);
	assert_int_equal(list(&l, &plain), 0);
	assert_int_equal(fake_calls(l.kit.server, MAIL_QUERY), queries + 2);
	assert_int_equal(store.gets, 2); /* the second one is in memory */
	live_end(&l);
}

static void what_the_store_lacks_makes_the_next_list_whole(void **state)
{
	unsigned fetches;
	struct answer answer;
	struct live l;

	(void)state;
	begin_elsewhere(&l);
	fetches = fake_calls(l.kit.server, MAIL_FETCH);
	live_deliver(&l, "INBOX", "new");
	(void)start_list(&l, &plain, &answer);
	kit_wait(&l.kit, &answer.done);
	assert_int_equal(answer.list->count, 6);
	assert_int_equal(answer.list->total, 6);
	assert_bytes_equal_str(answer.list->ready[5].lasting, live_id(&l, "INBOX", 6));
	assert_int_equal(answer.list->last_id.key.uid, 6);
	assert_int_equal(fake_calls(l.kit.server, MAIL_FETCH), fetches + 1);
	assert_int_equal(list_from_server(&l), 6);
	assert_int_equal(fake_calls(l.kit.server, MAIL_FETCH), fetches + 1);
	live_end(&l);
}

static void what_goes_meanwhile_is_not_listed(void **state)
{
	struct answer answer;
	struct live l;

	(void)state;
	begin_elsewhere(&l);
	live_deliver(&l, "INBOX", "new");
	fake_hold(l.kit.server, MAIL_FETCH);
	(void)start_list(&l, &plain, &answer);
	while (!fake_calls(l.kit.server, MAIL_FETCH) || store.gets < 2)
		loop_turn(l.kit.loop, 10);
	kit_turn(&l.kit, 20);
	fake_remove_message(l.kit.server, "INBOX", 6);
	fake_release(l.kit.server, MAIL_FETCH);
	kit_wait(&l.kit, &answer.done);
	assert_int_equal(answer.fault.err, ERR_OK);
	assert_int_equal(answer.list->count, 5);
	assert_int_equal(answer.list->total, 5);
	live_end(&l);
}

/* --- what is not believed ------------------------------------------------------ */

static void a_newer_program_ignores_older_bytes(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	codec.version = 2;
	restart(&l);
	assert_int_equal(list(&l, &plain), 1);
	assert_int_equal(stats(&l).store_hits, 0);
	live_end(&l);
}

static void on_done(void *ctx, enum err err)
{
	assert_int_equal(err, ERR_OK);
	*(bool *)ctx = true;
}

/* Another message's bytes, and none at all. */
static void damage(struct live *l)
{
	struct bytes keys[KEYS_MAX], values[KEYS_MAX];
	bool done = false;

	for (size_t i = 0; i < store.name_count; i++) {
		keys[i] = bytes_of_str(store.names[i]);
		values[i] = i % 2 ? BYTES_LIT("garbage") : BYTES_LIT("");
	}
	assert_non_null(store.below->put_many(l->state, kit_call(&l->kit), STATE_HEADERS, keys,
					      values, store.name_count, 60000, on_done, &done));
	kit_wait(&l->kit, &done);
}

static void what_is_damaged_is_fetched_and_written_anew(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	assert_int_equal(store.name_count, 5);
	damage(&l);
	restart(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	restart(&l);
	assert_int_equal(list(&l, &plain), 0);
	live_end(&l);
}

/* --- a store that does not answer ------------------------------------------------ */

static void a_silent_store_is_not_waited_for_again(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	store.is_silent = true;
	assert_int_equal(list(&l, &plain), 1);
	assert_int_equal(store.gets, 1);
	/* What memory lacks is fetched at once. */
	assert_int_equal(list(&l, &with_previews), 1);
	assert_int_equal(store.gets, 1);
	live_end(&l);
}

static void a_store_that_is_away_is_not_asked(void **state)
{
	struct live l;

	(void)state;
	set_up(&l);
	store.is_away = true;
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	assert_int_equal(store.gets, 0);
	assert_int_equal(store.puts, 0);
	assert_int_equal(stats(&l).store_dropped, 5);
	live_end(&l);
}

static void a_list_may_be_cancelled_while_the_store_is_asked(void **state)
{
	struct answer answer;
	struct live l;
	struct op *op;

	(void)state;
	set_up(&l);
	store.is_silent = true;
	op = start_list(&l, &plain, &answer);
	while (!store.held)
		loop_turn(l.kit.loop, 10);
	op_cancel(op);
	assert_int_equal(store.cancelled, 1);
	kit_turn(&l.kit, 5);
	assert_false(answer.done);
	live_end(&l);
}

static void a_store_of_one_process_is_left_alone(void **state)
{
	struct live l;

	(void)state;
	codec = *live_codec();
	live_init(&l);
	for (unsigned i = 0; i < 5; i++)
		live_deliver(&l, "INBOX", "message");
	l.state = shared_store(l.kit.loop);
	store.cls.say = NULL;
	start_hub(&l);
	assert_int_equal(list(&l, &plain), 1);
	kit_turn(&l.kit, 5);
	assert_int_equal(store.gets + store.puts, 0);
	live_end(&l);
}

/* --- writing is bounded ------------------------------------------------------------ */

static void what_is_too_much_at_once_is_left_out(void **state)
{
	static const uint8_t large[60000];
	struct summary_bytes b = { .lasting = bytes_of(large, sizeof large) };
	static const struct folder_id folder = { "aaaaaaaaaaaa" };
	struct summary_cache cache;
	struct summary_store s;
	struct kit k;
	struct state *shared;

	(void)state;
	kit_init(&k);
	shared = shared_store(k.loop);
	assert_int_equal(summary_cache_init(&cache, 1 << 20), ERR_OK);
	summary_store_init(&s, &cache, k.loop, shared, 1);
	for (uint32_t uid = 1; uid <= 40; uid++)
		summary_store_put(&s, &folder, 7, uid, &b);
	assert_true(s.dropped > 0 && s.dropped < 40);
	kit_turn(&k, 5);
	assert_int_equal(store.puts, 1);
	assert_int_equal(s.written + s.dropped, 40);
	assert_int_equal(store.name_count, s.written);
	summary_store_put(&s, &folder, 7, 41, &b); /* there is room again */
	kit_turn(&k, 5);
	assert_int_equal(store.puts, 2);
	summary_store_put(&s, &folder, 7, 42, &b);
	summary_store_done(&s);
	summary_cache_done(&cache);
	state_free(shared);
	kit_done_server(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_fetches_nothing_anew),
		cmocka_unit_test(previews_come_with_it_once_they_are_known),
		cmocka_unit_test(only_what_the_store_lacks_is_fetched),
		cmocka_unit_test(by_ids_it_is_found_too),
		cmocka_unit_test(it_waits_for_the_watch_and_asks_nothing_itself),
		cmocka_unit_test(a_watch_that_fails_is_not_waited_for),
		cmocka_unit_test(a_watch_that_is_slow_has_a_head_start_only),
		cmocka_unit_test(whoever_comes_first_answers),
		cmocka_unit_test(it_may_be_cancelled_while_it_waits),
		cmocka_unit_test(a_list_starts_a_watch_where_that_is_worth_it),
		cmocka_unit_test(only_flags_are_asked_of_the_server),
		cmocka_unit_test(what_the_store_lacks_makes_the_next_list_whole),
		cmocka_unit_test(what_goes_meanwhile_is_not_listed),
		cmocka_unit_test(a_newer_program_ignores_older_bytes),
		cmocka_unit_test(what_is_damaged_is_fetched_and_written_anew),
		cmocka_unit_test(a_silent_store_is_not_waited_for_again),
		cmocka_unit_test(a_store_that_is_away_is_not_asked),
		cmocka_unit_test(a_list_may_be_cancelled_while_the_store_is_asked),
		cmocka_unit_test(a_store_of_one_process_is_left_alone),
		cmocka_unit_test(what_is_too_much_at_once_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
