/* What the tests of stored sessions and counters share: a loop, a store, waiting. */
#ifndef AUTH_TEST_H
#define AUTH_TEST_H

#include "base/arena.h"
#include "base/clock.h"
#include "net/loop.h"
#include "state/state.h"

struct auth_test {
	struct loop *loop;
	struct state *state;
	struct arena *mem;
	struct call call;
	bool done;
	enum err err;
};

static inline int auth_test_setup(void **state)
{
	static struct auth_test t;
	const struct state_limits limits = { 1 << 20, 1000 };

	t = (struct auth_test){ .loop = loop_new(), .mem = arena_new(1 << 20) };
	t.state = state_memory_new(t.loop, &limits);
	t.call = (struct call){ .mem = t.mem, .deadline_ms = clock_monotonic_ms() + 60000 };
	*state = &t;
	return t.state && t.mem ? 0 : -1;
}

static inline int auth_test_teardown(void **state)
{
	struct auth_test *t = *state;

	state_free(t->state);
	loop_free(t->loop);
	arena_free(t->mem);
	return 0;
}

/* Until the callback has set `done`; gives the error it was called with. */
static inline enum err auth_test_wait(struct auth_test *t, struct op *op)
{
	assert_non_null(op);
	assert_false(t->done);
	for (int turns = 0; !t->done && turns < 1000; turns++)
		loop_turn(t->loop, 10);
	assert_true(t->done);
	t->done = false;
	return t->err;
}

#endif
