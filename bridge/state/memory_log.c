#include <stdlib.h>

#include "base/arena.h"
#include "state/memory_inside.h"

/* An operation on a log; there are no spaces of them. */
static struct memory_op *log_op_new(struct state *s, struct call call, struct bytes log,
				    void (*run)(struct loop_task *t), void *ctx)
{
	struct memory_op *o = memory_op_new(s, STATE_SPACES, log, BYTES_NULL, run);

	if (!o)
		return NULL;
	o->mem = call.mem;
	o->ctx = ctx;
	return o;
}

/* --- open ------------------------------------------------------------------------- */

static enum err open_log(struct memory_op *o, struct state_log **ret,
			 struct state_cursor *ret_previous, struct state_baseline **ret_baselines,
			 size_t *ret_count)
{
	const struct state_log *old = log_store_find(&o->memory->logs, o->key);

	/* Before it is opened, so that without memory nothing has happened. */
	*ret_baselines = old ? event_log_baselines(&old->log, o->mem)
			     : ARENA_ARRAY(o->mem, 0, struct state_baseline);
	*ret_count = old ? old->log.baseline_count : 0;
	if (!*ret_baselines)
		return ERR_NOMEM;
	return log_store_open(&o->memory->logs, o->key, ret, ret_previous);
}

static void run_open(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	struct state_cursor previous = { 0, 0 }, top = { 0, 0 };
	struct state_baseline *baselines = NULL;
	size_t count = 0;
	struct state_log *log;
	enum err err = open_log(o, &log, &previous, &baselines, &count);
	state_log_open_cb *cb = o->cb.log_open;
	void *ctx = o->ctx;

	if (!err)
		top = log->log.top;
	memory_op_free(o);
	cb(ctx, err, top, previous, baselines, err ? 0 : count);
}

struct op *memory_log_open(struct state *s, struct call call, struct bytes log,
			   state_log_open_cb *cb, void *ctx)
{
	struct memory_op *o = log_op_new(s, call, log, run_open, ctx);

	if (!o)
		return NULL;
	o->cb.log_open = cb;
	return &o->op;
}

/* --- append ------------------------------------------------------------------------ */

static void tell_top(struct memory_op *o, enum err err, struct state_cursor top)
{
	state_log_cb *cb = o->cb.log;
	void *ctx = o->ctx;

	memory_op_free(o);
	cb(ctx, err, top);
}

static void run_append(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	struct state_log *log = log_store_find(&o->memory->logs, o->key);
	enum err err = ERR_CONFLICT;

	if (log && log->log.top.epoch == o->n)
		err = log_store_append(&o->memory->logs, log, o->batch);
	tell_top(o, err, log ? log->log.top : (struct state_cursor){ 0, 0 });
}

struct op *memory_log_append(struct state *s, struct call call, struct bytes log, uint64_t epoch,
			     const struct bytes *entries, size_t entry_count,
			     const struct state_baseline *baselines, size_t baseline_count,
			     state_log_cb *cb, void *ctx)
{
	struct memory_op *o = log_op_new(s, call, log, run_append, ctx);

	if (!o)
		return NULL;
	o->n = epoch;
	o->cb.log = cb;
	o->batch = log_batch_new(entries, entry_count, baselines, baseline_count);
	if (o->batch)
		return &o->op;
	memory_op_free(o);
	return NULL;
}

/* --- read, top ----------------------------------------------------------------------- */

static void tell_entries(struct memory_op *o, const struct event_log *log,
			 const struct log_extent *e)
{
	struct state_entry *entries = event_log_entries(log, e, o->mem);
	state_log_read_cb *cb = o->cb.log_read;
	void *ctx = o->ctx;

	memory_op_free(o);
	if (entries)
		cb(ctx, ERR_OK, entries, e->count, e->last, e->has_more);
	else
		cb(ctx, ERR_NOMEM, NULL, 0, (struct state_cursor){ 0, 0 }, false);
}

static void run_read(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	const struct state_log *log = log_store_find(&o->memory->logs, o->key);
	state_log_read_cb *cb = o->cb.log_read;
	void *ctx = o->ctx;
	struct log_extent extent;

	if (log && event_log_measure(&log->log, o->after, o->max_entries, o->n, &extent)) {
		tell_entries(o, &log->log, &extent);
		return;
	}
	memory_op_free(o);
	cb(ctx, ERR_NOT_FOUND, NULL, 0, log ? log->log.top : (struct state_cursor){ 0, 0 }, false);
}

struct op *memory_log_read(struct state *s, struct call call, struct bytes log,
			   struct state_cursor after, size_t max_entries, size_t max_bytes,
			   state_log_read_cb *cb, void *ctx)
{
	struct memory_op *o = log_op_new(s, call, log, run_read, ctx);

	if (!o)
		return NULL;
	o->after = after;
	o->max_entries = max_entries;
	o->n = max_bytes;
	o->cb.log_read = cb;
	return &o->op;
}

static void run_top(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	const struct state_log *log = log_store_find(&o->memory->logs, o->key);

	tell_top(o, log ? ERR_OK : ERR_NOT_FOUND,
		 log ? log->log.top : (struct state_cursor){ 0, 0 });
}

struct op *memory_log_top(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			  void *ctx)
{
	struct memory_op *o = log_op_new(s, call, log, run_top, ctx);

	if (!o)
		return NULL;
	o->cb.log = cb;
	return &o->op;
}

/* --- look ----------------------------------------------------------------------------- */

struct memory_look {
	struct bytes mark, known, name;
};

static void run_look(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	const struct state_log *log = log_store_find(&o->memory->logs, o->key);
	const struct memory_look *look = o->look;
	/* Whoever wants the lease of a store that nobody shares has it. */
	struct state_log_sight sight = { .is_led = true };
	state_log_look_cb *cb = o->cb.log_look;
	void *ctx = o->ctx;

	if (log) {
		sight.top = log->log.top;
		sight.mark = event_log_baseline(&log->log, look->mark);
		if (!bytes_is_null(look->name) &&
		    (bytes_is_null(look->known) || !bytes_equal(sight.mark, look->known)))
			sight.value = event_log_baseline(&log->log, look->name);
	}
	memory_op_free(o);
	cb(ctx, log ? ERR_OK : ERR_NOT_FOUND, log ? &sight : NULL);
}

struct op *memory_log_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			   struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx)
{
	struct memory_op *o = log_op_new(s, call, log, run_look, ctx);

	if (!o)
		return NULL;
	o->cb.log_look = cb;
	o->look = ARENA_NEW(call.mem, struct memory_look);
	if (o->look)
		*o->look = (struct memory_look){ arena_bytes(call.mem, mark),
						 arena_bytes(call.mem, known),
						 arena_bytes(call.mem, name) };
	if (!arena_failed(call.mem))
		return &o->op;
	memory_op_free(o);
	return NULL;
}

/* --- listeners ------------------------------------------------------------------------- */

enum err memory_log_listen(struct state *s, struct bytes log, struct state_listener *l)
{
	return log_store_listen(&((struct memory *)s)->logs, log, l);
}

void memory_log_unlisten(struct state_listener *l)
{
	log_store_unlisten(l);
}
