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

enum err state_peek(struct state *s, enum state_space space, struct bytes key,
		    uint64_t *ret_generation)
{
	return s->cls->peek ? s->cls->peek(s, space, key, ret_generation) : ERR_UNSUPPORTED;
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

struct op *state_get_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx)
{
	return s->cls->get_many(s, call, space, keys, count, cb, ctx);
}

struct op *state_put_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, const struct bytes *values, size_t count,
			  uint64_t ttl_ms, state_done_cb *cb, void *ctx)
{
	return s->cls->put_many(s, call, space, keys, values, count, ttl_ms, cb, ctx);
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

struct op *state_log_open(struct state *s, struct call call, struct bytes log,
			  state_log_open_cb *cb, void *ctx)
{
	return s->cls->log_open(s, call, log, cb, ctx);
}

struct op *state_log_append(struct state *s, struct call call, struct bytes log, uint64_t epoch,
			    const struct bytes *entries, size_t entry_count,
			    const struct state_baseline *baselines, size_t baseline_count,
			    state_log_cb *cb, void *ctx)
{
	return s->cls->log_append(s, call, log, epoch, entries, entry_count, baselines,
				  baseline_count, cb, ctx);
}

struct op *state_log_read(struct state *s, struct call call, struct bytes log,
			  struct state_cursor after, size_t max_entries, size_t max_bytes,
			  state_log_read_cb *cb, void *ctx)
{
	return s->cls->log_read(s, call, log, after, max_entries, max_bytes, cb, ctx);
}

struct op *state_log_top(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			 void *ctx)
{
	return s->cls->log_top(s, call, log, cb, ctx);
}

struct op *state_log_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			  struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx)
{
	return s->cls->log_look(s, call, log, mark, known, name, cb, ctx);
}

enum err state_log_listen(struct state *s, struct bytes log, struct state_listener *l)
{
	enum err err = s->cls->log_listen(s, log, l);

	l->state = err ? NULL : s;
	return err;
}

void state_log_unlisten(struct state_listener *l)
{
	if (l->state)
		l->state->cls->log_unlisten(l);
}

struct state_stats state_stats(const struct state *s)
{
	return s->cls->stats(s);
}
