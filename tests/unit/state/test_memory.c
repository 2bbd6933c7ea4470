/* The contract, and what is the embedded store's own: its limits. */
#include "cmocka_all.h"

#include <stdio.h>

#include "net/loop.h"
#include "state/log_store.h"
#include "state/memory_store.h"
#include "state_contract.h"

#define LONG_MS 60000

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

/* --- event logs ------------------------------------------------------------------ */

static struct state_log *open_log(struct log_store *s, const char *name)
{
	struct state_cursor previous;
	struct state_log *log;

	assert_int_equal(log_store_open(s, bytes_of_str(name), &log, &previous), ERR_OK);
	return log;
}

static void append(struct log_store *s, struct state_log *log, struct bytes entry)
{
	struct log_batch *b = log_batch_new(&entry, 1, NULL, 0);

	assert_non_null(b);
	assert_int_equal(log_store_append(s, log, b), ERR_OK);
	log_batch_free(b);
}

static int news;

static void on_news(struct state_listener *l)
{
	(void)l;
	news++;
}

static void the_least_recently_used_log_goes_first(void **state)
{
	static uint8_t large[4000];
	struct state_listener l = { .on_news = on_news };
	struct log_store s;

	news = 0;
	assert_int_equal(
		log_store_init(&s, *state, &(struct state_limits){ .logs_max_bytes = 10000 }),
		ERR_OK);
	append(&s, open_log(&s, "a"), bytes_of(large, sizeof large));
	append(&s, open_log(&s, "b"), bytes_of(large, sizeof large));
	assert_int_equal(log_store_listen(&s, BYTES_LIT("b"), &l), ERR_OK);
	assert_non_null(log_store_find(&s, BYTES_LIT("a")));
	append(&s, open_log(&s, "c"), bytes_of(large, sizeof large));
	assert_non_null(log_store_find(&s, BYTES_LIT("a")));
	assert_null(log_store_find(&s, BYTES_LIT("b")));
	assert_int_equal(s.evicted, 1);
	assert_int_equal(s.count, 2);
	/* Who listened is told, and goes on listening to the next log of that name. */
	loop_turn(*state, 0);
	assert_int_equal(news, 1);
	append(&s, open_log(&s, "b"), BYTES_LIT("new"));
	loop_turn(*state, 0);
	assert_int_equal(news, 2);
	log_store_done(&s);
	assert_int_equal(s.sums.bytes, 0);
	assert_int_equal(s.sums.entries, 0);
	assert_int_equal(s.count, 0);
}

static void epochs_do_not_come_back_with_a_new_log(void **state)
{
	struct state_cursor previous;
	struct state_log *log;
	struct log_store s;
	uint64_t ahead = UINT64_C(1) << 50; /* the clock has jumped back since */

	assert_int_equal(log_store_init(&s, *state, &(struct state_limits){ 0 }), ERR_OK);
	s.epoch = ahead;
	assert_int_equal(log_store_open(&s, BYTES_LIT("a"), &log, &previous), ERR_OK);
	assert_true(log->log.top.epoch == ahead + 1);
	log_store_done(&s);
}

int main(void)
{
	const struct state_factory factory = { .make = state_memory_new };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_least_recently_used_goes_first, new_loop,
						free_loop),
		cmocka_unit_test_setup_teardown(a_flood_in_one_space_spares_the_others, new_loop,
						free_loop),
		cmocka_unit_test_setup_teardown(bytes_are_limited_too, new_loop, free_loop),
		cmocka_unit_test_setup_teardown(the_least_recently_used_log_goes_first, new_loop,
						free_loop),
		cmocka_unit_test_setup_teardown(epochs_do_not_come_back_with_a_new_log, new_loop,
						free_loop),
	};

	return state_contract_run(&factory) + cmocka_run_group_tests(tests, NULL, NULL);
}
