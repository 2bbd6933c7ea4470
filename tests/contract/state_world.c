#include "state_world.h"

#include "cmocka_all.h"

#include "base/clock.h"

static const struct state_factory *factory;

void world_use(const struct state_factory *f)
{
	factory = f;
}

static struct state *make(struct world *w, const struct state_limits *limits)
{
	struct state_limits all = *limits;

	all.max_bytes = 1024 * 1024;
	all.max_entries = 1000;
	return factory->make(w->loop, &all);
}

int world_set_up(void **test_state)
{
	static struct world w;

	w.loop = loop_new();
	w.state = make(&w, &(struct state_limits){ 0 });
	w.mem = arena_new(1024 * 1024);
	*test_state = &w;
	return w.loop && w.state && w.mem ? 0 : -1;
}

int world_tear_down(void **test_state)
{
	struct world *w = *test_state;

	state_free(w->state);
	arena_free(w->mem);
	loop_free(w->loop);
	return 0;
}

void world_limit(struct world *w, const struct state_limits *limits)
{
	state_free(w->state);
	w->state = make(w, limits);
	assert_non_null(w->state);
}

struct state *world_another(struct world *w)
{
	struct state *s;

	if (!factory->make_another)
		return NULL;
	s = factory->make_another(w->loop);
	assert_non_null(s);
	return s;
}

struct call world_call(struct world *w)
{
	return (struct call){ .mem = w->mem, .deadline_ms = clock_monotonic_ms() + WORLD_LONG_MS };
}

void world_wait(struct world *w, const int *told, const struct op *op)
{
	assert_non_null(op);
	assert_int_equal(*told, 0);
	for (int i = 0; i < WORLD_TURNS_MAX && !*told; i++)
		loop_turn(w->loop, 5);
	assert_int_equal(*told, 1);
}
