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

struct baseline_list {
	struct state_baseline *at;
	size_t count;
};

static bool add_baseline(void *ctx, struct keymap_node *n)
{
	struct baseline_list *l = ctx;
	const struct log_baseline *b = (const struct log_baseline *)n;

	l->at[l->count++] = (struct state_baseline){
		.name = n->key,
		.value = bytes_of(b->bytes + n->key.len, b->value_len),
	};
	return true;
}

static enum err open_log(struct memory_op *o, struct state_log **ret,
			 struct state_cursor *ret_previous, struct baseline_list *ret_baselines)
{
	const struct state_log *old = log_store_find(&o->memory->logs, o->key);

	/* Before it is opened, so that without memory nothing has happened. */
	ret_baselines->at =
		ARENA_ARRAY(o->mem, old ? old->log.baseline_count : 0, struct state_baseline);
	if (!ret_baselines->at)
		return ERR_NOMEM;
	if (old)
		keymap_each(&old->log.baselines, BYTES_LIT(""), add_baseline, ret_baselines);
	return log_store_open(&o->memory->logs, o->key, ret, ret_previous);
}

static void run_open(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	struct state_cursor previous = { 0, 0 }, top = { 0, 0 };
	struct baseline_list baselines = { 0 };
	struct state_log *log;
	enum err err = open_log(o, &log, &previous, &baselines);
	state_log_open_cb *cb = o->cb.log_open;
	void *ctx = o->ctx;

	if (!err)
		top = log->log.top;
	memory_op_free(o);
	cb(ctx, err, top, previous, baselines.at, err ? 0 : baselines.count);
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

/* What read gives: how many from `from` on, and how far that is. */
struct extent {
	size_t from, end;
	size_t count; /* without the markers */
	struct state_cursor last;
};

static bool measure(const struct memory_op *o, const struct event_log *log, struct extent *ret)
{
	struct extent e = { .last = o->after };
	uint64_t left = o->n;

	if (!event_log_after(log, o->after, &e.from))
		return false;
	for (e.end = e.from; e.end < log->count; e.end++) {
		const struct log_entry *at = event_log_at(log, e.end);
		bool is_marker = at->len == 0;

		if (!is_marker && e.count > 0 && (e.count >= o->max_entries || at->len > left))
			break;
		e.count += !is_marker;
		left -= at->len < left ? at->len : left;
		e.last = at->at;
	}
	*ret = e;
	return true;
}

static void tell_entries(struct memory_op *o, const struct event_log *log, const struct extent *e)
{
	struct state_entry *entries = ARENA_ARRAY(o->mem, e->count, struct state_entry);
	state_log_read_cb *cb = o->cb.log_read;
	void *ctx = o->ctx;
	size_t n = 0;

	memory_op_free(o);
	if (!entries) {
		cb(ctx, ERR_NOMEM, NULL, 0, (struct state_cursor){ 0, 0 }, false);
		return;
	}
	for (size_t i = e->from; i < e->end; i++) {
		const struct log_entry *at = event_log_at(log, i);

		if (at->len > 0)
			entries[n++] = (struct state_entry){ at->at, bytes_of(at->data, at->len) };
	}
	cb(ctx, ERR_OK, entries, n, e->last, e->end < log->count);
}

static void run_read(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	const struct state_log *log = log_store_find(&o->memory->logs, o->key);
	state_log_read_cb *cb = o->cb.log_read;
	void *ctx = o->ctx;
	struct extent extent;

	if (log && measure(o, &log->log, &extent)) {
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

static struct bytes baseline_of(const struct event_log *log, struct bytes name)
{
	const struct keymap_node *n = keymap_find(&log->baselines, name);
	const struct log_baseline *b = (const struct log_baseline *)n;

	return b ? bytes_of(b->bytes + n->key.len, b->value_len) : BYTES_NULL;
}

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
		sight.mark = baseline_of(&log->log, look->mark);
		if (!bytes_is_null(look->name) &&
		    (bytes_is_null(look->known) || !bytes_equal(sight.mark, look->known)))
			sight.value = baseline_of(&log->log, look->name);
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
