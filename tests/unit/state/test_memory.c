/* The contract, and what is the embedded store's own: its limits. */
#include "cmocka_all.h"

#include <stdio.h>

#include "net/loop.h"
#include "state/memory_store.h"
#include "state_contract.h"

#define LONG_MS 60000

static struct state *make(struct loop *l)
{
	return state_memory_new(
		l, &(struct state_limits){ .max_bytes = 1024 * 1024, .max_entries = 1000 });
}

static int new_loop(void **state)
{
	*state = loop_new();
	return *state ? 0 : -1;
}

static int free_loop(void **state)
{
	loop_free(*state);
	return 0;
}

static enum err put(struct memory_store *m, enum state_space space, const char *key,
		    const char *value)
{
	return memory_store_put(m, space, bytes_of_str(key), bytes_of_str(value), LONG_MS);
}

static bool has(struct memory_store *m, enum state_space space, const char *key)
{
	return memory_store_find(m, space, bytes_of_str(key)) != NULL;
}

static void the_least_recently_used_goes_first(void **state)
{
	struct memory_store m;

	assert_int_equal(
		memory_store_init(&m, *state,
				  &(struct state_limits){ .max_bytes = 1000, .max_entries = 3 }),
		ERR_OK);
	assert_int_equal(put(&m, STATE_SESSION, "a", "1"), ERR_OK);
	assert_int_equal(put(&m, STATE_SESSION, "b", "2"), ERR_OK);
	assert_int_equal(put(&m, STATE_SESSION, "c", "3"), ERR_OK);
	assert_true(has(&m, STATE_SESSION, "a"));
	assert_int_equal(put(&m, STATE_SESSION, "d", "4"), ERR_OK);
	assert_true(has(&m, STATE_SESSION, "a"));
	assert_false(has(&m, STATE_SESSION, "b"));
	assert_int_equal(m.evicted, 1);
	assert_int_equal(m.entries, 3);
	memory_store_done(&m);
	assert_int_equal(m.entries, 0);
	assert_int_equal(m.bytes, 0);
}

static void a_flood_in_one_space_spares_the_others(void **state)
{
	struct memory_store m;
	char key[16];
	uint64_t sum;

	assert_int_equal(
		memory_store_init(&m, *state,
				  &(struct state_limits){ .max_bytes = 10000, .max_entries = 100 }),
		ERR_OK);
	assert_int_equal(put(&m, STATE_SESSION, "session", "of a user, longer than a counter"),
			 ERR_OK);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_int_equal(
			memory_store_count(&m, STATE_RATE, bytes_of_str(key), 1, LONG_MS, &sum),
			ERR_OK);
	}
	assert_int_equal(m.entries, 100);
	assert_true(has(&m, STATE_SESSION, "session"));
	memory_store_done(&m);
}

static void bytes_are_limited_too(void **state)
{
	struct memory_store m;

	assert_int_equal(
		memory_store_init(&m, *state,
				  &(struct state_limits){ .max_bytes = 20, .max_entries = 100 }),
		ERR_OK);
	assert_int_equal(put(&m, STATE_TICKET, "k", "123456789"), ERR_OK);
	assert_int_equal(m.bytes, 10);
	assert_int_equal(put(&m, STATE_TICKET, "k", "12345"), ERR_OK);
	assert_int_equal(m.bytes, 6);
	/* What was just put stays, though its space is the largest. */
	assert_int_equal(put(&m, STATE_SESSION, "k", "1234567890123456"), ERR_OK);
	assert_true(has(&m, STATE_SESSION, "k"));
	assert_false(has(&m, STATE_TICKET, "k"));
	assert_int_equal(m.bytes, 17);
	assert_int_equal(put(&m, STATE_SESSION, "x", "12345678901234567890"), ERR_TOO_BIG);
	assert_true(has(&m, STATE_SESSION, "k"));
	memory_store_done(&m);
}

int main(void)
{
	const struct state_factory factory = { .make = make };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_least_recently_used_goes_first, new_loop,
						free_loop),
		cmocka_unit_test_setup_teardown(a_flood_in_one_space_spares_the_others, new_loop,
						free_loop),
		cmocka_unit_test_setup_teardown(bytes_are_limited_too, new_loop, free_loop),
	};

	return state_contract_run(&factory) + cmocka_run_group_tests(tests, NULL, NULL);
}
