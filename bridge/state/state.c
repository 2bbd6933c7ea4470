#include "state/state.h"

#include "state/state_class.h"

void state_free(struct state *s)
{
	if (s)
		s->cls->free(s);
}

struct op *state_get(struct state *s, struct call call, enum state_space space, struct bytes key,
		     uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx)
{
	return s->cls->get(s, call, space, key, touch_ttl_ms, cb, ctx);
}

struct op *state_put(struct state *s, struct call call, enum state_space space, struct bytes key,
		     struct bytes value, uint64_t ttl_ms, uint64_t expected, state_done_cb *cb,
		     void *ctx)
{
	return s->cls->put(s, call, space, key, value, ttl_ms, expected, cb, ctx);
}

struct op *state_delete(struct state *s, struct call call, enum state_space space, struct bytes key,
			state_done_cb *cb, void *ctx)
{
	return s->cls->delete (s, call, space, key, cb, ctx);
}

struct op *state_list(struct state *s, struct call call, enum state_space space,
		      struct bytes prefix, size_t max, state_list_cb *cb, void *ctx)
{
	return s->cls->list(s, call, space, prefix, max, cb, ctx);
}

struct op *state_count(struct state *s, struct call call, enum state_space space, struct bytes key,
		       uint64_t n, uint64_t ttl_ms, state_count_cb *cb, void *ctx)
{
	return s->cls->count(s, call, space, key, n, ttl_ms, cb, ctx);
}

struct state_stats state_stats(const struct state *s)
{
	return s->cls->stats(s);
}
