#include "state_contract.h"

#include "cmocka_all.h"

#include <stdio.h>

#include "state_world.h"

#define LIST_MAX 64

/* What a callback said. */
struct answer {
	int told;
	enum err err;
	char value[256];
	size_t value_len;
	bool value_is_null;
	uint64_t generation, sum;
	char keys[LIST_MAX][64], values[LIST_MAX][64];
	size_t count;
};

static void on_value(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->value_is_null = bytes_is_null(value);
	a->value_len = bytes_first(value, sizeof a->value).len;
	if (a->value_len > 0)
		memcpy(a->value, value.at, a->value_len);
	a->generation = generation;
}

static void on_done(void *ctx, enum err err)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
}

static void on_count(void *ctx, enum err err, uint64_t sum)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->sum = sum;
}

static void on_list(void *ctx, enum err err, const struct bytes *keys, const struct bytes *values,
		    size_t count)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->count = count;
	assert_true(count <= LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		snprintf(a->keys[i], sizeof a->keys[i], "%.*s", BYTES_FMT(keys[i]));
		snprintf(a->values[i], sizeof a->values[i], "%.*s", BYTES_FMT(values[i]));
	}
}

static void on_values(void *ctx, enum err err, const struct bytes *values, size_t count)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->count = count;
	assert_true(count <= LIST_MAX);
	for (size_t i = 0; i < count; i++)
		snprintf(a->values[i], sizeof a->values[i], "%.*s",
			 BYTES_FMT(bytes_is_null(values[i]) ? BYTES_LIT("(null)") : values[i]));
}

static void wait_told(struct world *w, struct answer *a, struct op *op)
{
	world_wait(w, &a->told, op);
}

/* --- the four verbs, waited for ------------------------------------------------------ */

static enum err put_bytes(struct world *w, enum state_space space, struct bytes key,
			  struct bytes value, uint64_t ttl_ms, uint64_t expected)
{
	struct answer a = { 0 };

	wait_told(w, &a,
		  state_put(w->state, world_call(w), space, key, value, ttl_ms, expected, on_done,
			    &a));
	return a.err;
}

static enum err put(struct world *w, const char *key, const char *value, uint64_t expected)
{
	return put_bytes(w, STATE_SESSION, bytes_of_str(key), bytes_of_str(value), WORLD_LONG_MS,
			 expected);
}

static struct answer get_bytes(struct world *w, enum state_space space, struct bytes key,
			       uint64_t touch_ttl_ms)
{
	struct answer a = { 0 };

	wait_told(w, &a,
		  state_get(w->state, world_call(w), space, key, touch_ttl_ms, on_value, &a));
	return a;
}

static struct answer get(struct world *w, const char *key)
{
	return get_bytes(w, STATE_SESSION, bytes_of_str(key), 0);
}

static enum err delete_key(struct world *w, enum state_space space, const char *key)
{
	struct answer a = { 0 };

	wait_told(w, &a,
		  state_delete(w->state, world_call(w), space, bytes_of_str(key), on_done, &a));
	return a.err;
}

static struct answer list(struct world *w, const char *prefix, size_t max)
{
	struct answer a = { 0 };

	wait_told(w, &a,
		  state_list(w->state, world_call(w), STATE_SESSION, bytes_of_str(prefix), max,
			     on_list, &a));
	return a;
}

static struct answer count(struct world *w, const char *key, uint64_t n, uint64_t ttl_ms)
{
	struct answer a = { 0 };

	wait_told(w, &a,
		  state_count(w->state, world_call(w), STATE_RATE, bytes_of_str(key), n, ttl_ms,
			      on_count, &a));
	return a;
}

static void check_value(struct world *w, const char *key, const char *want)
{
	struct answer a = get(w, key);

	if (!want) {
		assert_int_equal(a.err, ERR_NOT_FOUND);
		assert_true(a.value_is_null);
		return;
	}
	assert_int_equal(a.err, ERR_OK);
	assert_bytes_equal_str(bytes_of(a.value, a.value_len), want);
}

/* --- the contract ------------------------------------------------------------------------ */

static void what_was_put_is_there_until_it_is_deleted(void **test_state)
{
	struct world *w = *test_state;

	check_value(w, "k", NULL);
	assert_int_equal(put(w, "k", "one", STATE_ANY), ERR_OK);
	check_value(w, "k", "one");
	assert_int_equal(put(w, "k", "two, and longer", STATE_ANY), ERR_OK);
	check_value(w, "k", "two, and longer");
	assert_int_equal(delete_key(w, STATE_SESSION, "k"), ERR_OK);
	check_value(w, "k", NULL);
	assert_int_equal(delete_key(w, STATE_SESSION, "k"), ERR_NOT_FOUND);
}

static void keys_and_values_are_any_bytes(void **test_state)
{
	struct world *w = *test_state;
	static const uint8_t key[] = { 0, 0xff, '\r', '\n', ' ', 0, '*' };
	static const uint8_t value[] = { 0, '\n', 0xfe, '"', 0 };
	struct answer a;

	assert_int_equal(put_bytes(w, STATE_SESSION, bytes_of(key, sizeof key),
				   bytes_of(value, sizeof value), WORLD_LONG_MS, STATE_ANY),
			 ERR_OK);
	assert_int_equal(put_bytes(w, STATE_SESSION, bytes_of(key, 1), BYTES_LIT(""), WORLD_LONG_MS,
				   STATE_ANY),
			 ERR_OK);
	a = get_bytes(w, STATE_SESSION, bytes_of(key, sizeof key), 0);
	assert_true(bytes_equal(bytes_of(a.value, a.value_len), bytes_of(value, sizeof value)));
	a = get_bytes(w, STATE_SESSION, bytes_of(key, 1), 0);
	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(a.value_len, 0);
	assert_false(a.value_is_null); /* empty is not absent */
	a = get_bytes(w, STATE_SESSION, bytes_of(key, 2), 0);
	assert_int_equal(a.err, ERR_NOT_FOUND);
}

static void spaces_are_apart(void **test_state)
{
	struct world *w = *test_state;

	assert_int_equal(put(w, "k", "session", STATE_ANY), ERR_OK);
	assert_int_equal(put_bytes(w, STATE_TICKET, BYTES_LIT("k"), BYTES_LIT("ticket"),
				   WORLD_LONG_MS, STATE_ABSENT),
			 ERR_OK);
	assert_int_equal(count(w, "k", 1, WORLD_LONG_MS).sum, 1);
	assert_int_equal(delete_key(w, STATE_TICKET, "k"), ERR_OK);
	check_value(w, "k", "session");
	assert_int_equal(count(w, "k", 1, WORLD_LONG_MS).sum, 2);
}

static void inputs_are_copied(void **test_state)
{
	struct world *w = *test_state;
	char key[] = "key", value[] = "value";
	struct answer a = { 0 };
	struct op *op = state_put(w->state, world_call(w), STATE_SESSION, bytes_of_str(key),
				  bytes_of_str(value), WORLD_LONG_MS, STATE_ANY, on_done, &a);

	memset(key, 'x', 3);
	memset(value, 'x', 5);
	wait_told(w, &a, op);
	check_value(w, "key", "value");
}

static void only_the_expected_generation_is_replaced(void **test_state)
{
	struct world *w = *test_state;
	uint64_t first, second;

	assert_int_equal(put(w, "k", "one", STATE_ABSENT), ERR_OK);
	assert_int_equal(put(w, "k", "no", STATE_ABSENT), ERR_CONFLICT);
	first = get(w, "k").generation;
	assert_true(first != STATE_ABSENT && first != STATE_ANY);
	assert_int_equal(get(w, "k").generation, first);
	assert_int_equal(put(w, "k", "two", first), ERR_OK);
	second = get(w, "k").generation;
	assert_true(second > first);
	assert_int_equal(put(w, "k", "no", first), ERR_CONFLICT);
	assert_int_equal(put(w, "other", "no", first), ERR_CONFLICT);
	check_value(w, "k", "two");
	check_value(w, "other", NULL);
}

/* A store that cannot tell at once says so, and nothing else. */
static void a_peek_tells_what_is_there_now(void **test_state)
{
	struct world *w = *test_state;
	uint64_t generation = 0;
	enum err err = state_peek(w->state, STATE_SESSION, BYTES_LIT("k"), &generation);

	if (err == ERR_UNSUPPORTED)
		return;
	assert_int_equal(err, ERR_NOT_FOUND);
	assert_int_equal(put(w, "k", "one", STATE_ANY), ERR_OK);
	err = state_peek(w->state, STATE_SESSION, BYTES_LIT("k"), &generation);
	assert_int_equal(err, ERR_OK);
	assert_true(generation == get(w, "k").generation);
	assert_int_equal(state_peek(w->state, STATE_TICKET, BYTES_LIT("k"), &generation),
			 ERR_NOT_FOUND);
	assert_int_equal(put(w, "k", "two", STATE_ANY), ERR_OK);
	assert_int_equal(state_peek(w->state, STATE_SESSION, BYTES_LIT("k"), &generation), ERR_OK);
	assert_true(generation == get(w, "k").generation);
	assert_int_equal(delete_key(w, STATE_SESSION, "k"), ERR_OK);
	assert_int_equal(state_peek(w->state, STATE_SESSION, BYTES_LIT("k"), &generation),
			 ERR_NOT_FOUND);
}

static void a_generation_does_not_come_back_with_a_new_entry(void **test_state)
{
	struct world *w = *test_state;
	uint64_t old;

	assert_int_equal(put(w, "k", "one", STATE_ANY), ERR_OK);
	old = get(w, "k").generation;
	assert_int_equal(delete_key(w, STATE_SESSION, "k"), ERR_OK);
	assert_int_equal(put(w, "k", "two", old), ERR_CONFLICT);
	assert_int_equal(put(w, "k", "two", STATE_ABSENT), ERR_OK);
	assert_int_equal(put(w, "k", "three", old), ERR_CONFLICT);
	check_value(w, "k", "two");
}

static void operations_take_effect_in_their_order(void **test_state)
{
	struct world *w = *test_state;
	struct answer a[4] = { 0 };
	struct bytes k = BYTES_LIT("k");

	state_put(w->state, world_call(w), STATE_SESSION, k, BYTES_LIT("one"), WORLD_LONG_MS,
		  STATE_ABSENT, on_done, &a[0]);
	state_put(w->state, world_call(w), STATE_SESSION, k, BYTES_LIT("two"), WORLD_LONG_MS,
		  STATE_ABSENT, on_done, &a[1]);
	state_delete(w->state, world_call(w), STATE_SESSION, k, on_done, &a[2]);
	wait_told(w, &a[3],
		  state_get(w->state, world_call(w), STATE_SESSION, k, 0, on_value, &a[3]));
	assert_int_equal(a[0].err, ERR_OK);
	assert_int_equal(a[1].err, ERR_CONFLICT);
	assert_int_equal(a[2].err, ERR_OK);
	assert_int_equal(a[3].err, ERR_NOT_FOUND);
	for (int i = 0; i < 4; i++)
		assert_int_equal(a[i].told, 1);
}

static void wait_gone(struct world *w, const char *key)
{
	for (int i = 0; i < WORLD_TURNS_MAX && get(w, key).err == ERR_OK; i++)
		loop_turn(w->loop, 1);
	check_value(w, key, NULL);
}

static void entries_expire_and_a_touch_puts_it_off(void **test_state)
{
	struct world *w = *test_state;
	struct answer a;

	/* The touched one would have expired no later than the other. */
	assert_int_equal(put_bytes(w, STATE_SESSION, BYTES_LIT("it:touched"), BYTES_LIT("v"), 400,
				   STATE_ANY),
			 ERR_OK);
	assert_int_equal(put_bytes(w, STATE_SESSION, BYTES_LIT("it:renewed"), BYTES_LIT("v"), 400,
				   STATE_ANY),
			 ERR_OK);
	assert_int_equal(
		put_bytes(w, STATE_SESSION, BYTES_LIT("it:left"), BYTES_LIT("v"), 400, STATE_ANY),
		ERR_OK);
	a = get_bytes(w, STATE_SESSION, BYTES_LIT("it:touched"), WORLD_LONG_MS);
	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(put(w, "it:renewed", "v", STATE_ANY), ERR_OK);
	wait_gone(w, "it:left");
	check_value(w, "it:touched", "v");
	check_value(w, "it:renewed", "v");
	assert_int_equal(get(w, "it:touched").generation, a.generation); /* no change */
	assert_int_equal(list(w, "it:", LIST_MAX).count, 2);
	assert_int_equal(put(w, "it:left", "again", STATE_ABSENT), ERR_OK);
}

static void no_time_to_live_leaves_nothing_behind(void **test_state)
{
	struct world *w = *test_state;

	assert_int_equal(put(w, "k", "one", STATE_ANY), ERR_OK);
	assert_int_equal(
		put_bytes(w, STATE_SESSION, BYTES_LIT("k"), BYTES_LIT("two"), 0, STATE_ANY),
		ERR_OK);
	check_value(w, "k", NULL);
}

static void a_prefix_lists_its_entries_in_order(void **test_state)
{
	struct world *w = *test_state;
	struct answer a;

	assert_int_equal(list(w, "ada:", LIST_MAX).count, 0);
	assert_int_equal(put(w, "ada:2", "two", STATE_ANY), ERR_OK);
	assert_int_equal(put(w, "adb", "no", STATE_ANY), ERR_OK);
	assert_int_equal(put(w, "ada:", "bare", STATE_ANY), ERR_OK);
	assert_int_equal(put(w, "ada", "no", STATE_ANY), ERR_OK);
	assert_int_equal(put(w, "ada:10", "ten", STATE_ANY), ERR_OK);
	assert_int_equal(put_bytes(w, STATE_TICKET, BYTES_LIT("ada:3"), BYTES_LIT("no"),
				   WORLD_LONG_MS, STATE_ANY),
			 ERR_OK);
	a = list(w, "ada:", LIST_MAX);
	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(a.count, 3);
	assert_string_equal(a.keys[0], "ada:");
	assert_string_equal(a.values[0], "bare");
	assert_string_equal(a.keys[1], "ada:10");
	assert_string_equal(a.values[1], "ten");
	assert_string_equal(a.keys[2], "ada:2");
	assert_string_equal(a.values[2], "two");
	assert_int_equal(list(w, "ada:", 2).count, 2);
	assert_int_equal(delete_key(w, STATE_SESSION, "ada:10"), ERR_OK);
	assert_int_equal(list(w, "ada:", LIST_MAX).count, 2);
}

static void several_are_put_and_got_at_once(void **test_state)
{
	struct world *w = *test_state;
	struct bytes keys[] = { BYTES_LIT("a"), BYTES_LIT("b"), BYTES_LIT("c"), BYTES_LIT("d") };
	struct bytes values[] = { BYTES_LIT("one"), BYTES_LIT(""), BYTES_NULL, BYTES_LIT("four") };
	struct answer done = { 0 }, got = { 0 }, none = { 0 };

	assert_int_equal(put(w, "c", "old", STATE_ANY), ERR_OK);
	wait_told(w, &done,
		  state_put_many(w->state, world_call(w), STATE_SESSION, keys, values, 3,
				 WORLD_LONG_MS, on_done, &done));
	assert_int_equal(done.err, ERR_OK);
	wait_told(w, &got,
		  state_get_many(w->state, world_call(w), STATE_SESSION, keys, 4, on_values, &got));
	assert_int_equal(got.err, ERR_OK);
	assert_int_equal(got.count, 4);
	assert_string_equal(got.values[0], "one");
	assert_string_equal(got.values[1], "");
	assert_string_equal(got.values[2], "(null)"); /* removed */
	assert_string_equal(got.values[3], "(null)"); /* never there */
	wait_told(w, &none,
		  state_get_many(w->state, world_call(w), STATE_TICKET, keys, 1, on_values, &none));
	assert_string_equal(none.values[0], "(null)");
}

static void counters_add_up_and_stop_at_the_top(void **test_state)
{
	struct world *w = *test_state;
	struct answer a = count(w, "c", 5, WORLD_LONG_MS);

	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(a.sum, 5);
	assert_int_equal(count(w, "c", 0, WORLD_LONG_MS).sum, 5);
	assert_int_equal(count(w, "c", 2, WORLD_LONG_MS).sum, 7);
	assert_int_equal(count(w, "d", 1, WORLD_LONG_MS).sum, 1);
	assert_true(count(w, "c", UINT64_MAX, WORLD_LONG_MS).sum == UINT64_MAX);
	assert_int_equal(delete_key(w, STATE_RATE, "c"), ERR_OK);
	assert_int_equal(count(w, "c", 1, WORLD_LONG_MS).sum, 1);
}

static void a_counter_lives_from_its_first_use(void **test_state)
{
	struct world *w = *test_state;
	uint64_t sum = count(w, "c", 1, 60).sum, last = 0;

	/* Using it does not keep it alive. */
	for (int i = 0; i < WORLD_TURNS_MAX && sum > last; i++) {
		last = sum;
		loop_turn(w->loop, 1);
		sum = count(w, "c", 1, 60).sum;
	}
	assert_int_equal(sum, 1);
}

static void a_cancelled_operation_does_not_tell(void **test_state)
{
	struct world *w = *test_state;
	struct answer a[7] = { 0 };
	struct bytes k = BYTES_LIT("k");

	op_cancel(state_get(w->state, world_call(w), STATE_SESSION, k, 0, on_value, &a[0]));
	op_cancel(state_put(w->state, world_call(w), STATE_SESSION, k, k, WORLD_LONG_MS, STATE_ANY,
			    on_done, &a[1]));
	op_cancel(state_delete(w->state, world_call(w), STATE_SESSION, k, on_done, &a[2]));
	op_cancel(state_list(w->state, world_call(w), STATE_SESSION, k, 1, on_list, &a[3]));
	op_cancel(state_count(w->state, world_call(w), STATE_RATE, k, 1, WORLD_LONG_MS, on_count,
			      &a[4]));
	op_cancel(state_get_many(w->state, world_call(w), STATE_SESSION, &k, 1, on_values, &a[5]));
	op_cancel(state_put_many(w->state, world_call(w), STATE_SESSION, &k, &k, 1, WORLD_LONG_MS,
				 on_done, &a[6]));
	get(w, "something else");
	for (int i = 0; i < 7; i++)
		assert_int_equal(a[i].told, 0);
}

static void freeing_the_store_ends_what_is_under_way(void **test_state)
{
	struct world *w = *test_state;
	struct answer a = { 0 };

	state_get(w->state, world_call(w), STATE_SESSION, BYTES_LIT("k"), 0, on_value, &a);
	state_free(w->state);
	w->state = NULL;
	loop_turn(w->loop, 1);
	assert_int_equal(a.told, 0);
}

struct chain {
	struct world *w;
	struct answer last;
};

static void on_first(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct chain *c = ctx;

	/* The bytes are the callback's until it returns, whatever it starts. */
	assert_int_equal(err, ERR_OK);
	state_delete(c->w->state, world_call(c->w), STATE_SESSION, BYTES_LIT("k"), on_done,
		     &c->last);
	assert_bytes_equal_str(value, "one");
	assert_true(generation != 0);
}

static void a_callback_may_start_the_next_operation(void **test_state)
{
	struct chain c = { .w = *test_state };

	assert_int_equal(put(c.w, "k", "one", STATE_ANY), ERR_OK);
	state_get(c.w->state, world_call(c.w), STATE_SESSION, BYTES_LIT("k"), 0, on_first, &c);
	for (int i = 0; i < WORLD_TURNS_MAX && !c.last.told; i++)
		loop_turn(c.w->loop, 5);
	assert_int_equal(c.last.err, ERR_OK);
	check_value(c.w, "k", NULL);
}

#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int state_contract_run(const struct state_factory *f)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(what_was_put_is_there_until_it_is_deleted),
		CONTRACT(keys_and_values_are_any_bytes),
		CONTRACT(spaces_are_apart),
		CONTRACT(inputs_are_copied),
		CONTRACT(only_the_expected_generation_is_replaced),
		CONTRACT(a_peek_tells_what_is_there_now),
		CONTRACT(a_generation_does_not_come_back_with_a_new_entry),
		CONTRACT(operations_take_effect_in_their_order),
		CONTRACT(entries_expire_and_a_touch_puts_it_off),
		CONTRACT(no_time_to_live_leaves_nothing_behind),
		CONTRACT(a_prefix_lists_its_entries_in_order),
		CONTRACT(several_are_put_and_got_at_once),
		CONTRACT(counters_add_up_and_stop_at_the_top),
		CONTRACT(a_counter_lives_from_its_first_use),
		CONTRACT(a_cancelled_operation_does_not_tell),
		CONTRACT(freeing_the_store_ends_what_is_under_way),
		CONTRACT(a_callback_may_start_the_next_operation),
	};

	world_use(f);
	return cmocka_run_group_tests_name("state contract", tests, NULL, NULL) +
	       state_log_contract_run() + state_share_contract_run();
}

int state_contract_run_logs(const struct state_factory *f)
{
	world_use(f);
	return state_log_contract_run();
}
