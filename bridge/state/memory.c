#include "state/memory_inside.h"

#include <stdlib.h>

#include "base/arena.h"

void memory_op_free(struct memory_op *o)
{
	loop_task_stop(&o->task);
	TAILQ_REMOVE(&o->memory->ops, o, link);
	log_batch_free(o->batch);
	memory_many_free(o->many);
	free(o);
}

static void on_cancel(struct op *op)
{
	memory_op_free((struct memory_op *)op);
}

struct memory_op *memory_op_new(struct state *s, enum state_space space, struct bytes key,
				struct bytes value, void (*run)(struct loop_task *t))
{
	static const struct op_class cls = { .cancel = on_cancel };
	struct memory *m = (struct memory *)s;
	struct memory_op *o = calloc(1, sizeof *o + key.len + value.len);

	if (!o)
		return NULL;
	o->op.cls = &cls;
	o->memory = m;
	o->task.run = run;
	o->space = space;
	if (key.len > 0)
		memcpy(o->input, key.at, key.len);
	if (value.len > 0)
		memcpy(o->input + key.len, value.at, value.len);
	o->key = bytes_of(o->input, key.len);
	o->value = bytes_of(o->input + key.len, value.len);
	TAILQ_INSERT_TAIL(&m->ops, o, link);
	loop_task_start(m->loop, &o->task);
	return o;
}

/* --- get -------------------------------------------------------------------------- */

static void run_get(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	struct memory_store *store = &o->memory->store;
	struct entry *e = memory_store_find(store, o->space, o->key);
	uint64_t ttl_ms = o->ttl_ms;
	state_value_cb *cb = o->cb.value;
	void *ctx = o->ctx;

	memory_op_free(o);
	if (!e) {
		cb(ctx, ERR_NOT_FOUND, BYTES_NULL, 0);
		return;
	}
	if (ttl_ms > 0)
		memory_store_touch(store, e, ttl_ms);
	cb(ctx, ERR_OK, bytes_of(e->value, e->value_len), e->generation);
}

static struct op *memory_get(struct state *s, struct call call, enum state_space space,
			     struct bytes key, uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx)
{
	struct memory_op *o = memory_op_new(s, space, key, BYTES_NULL, run_get);

	(void)call;
	if (!o)
		return NULL;
	o->ttl_ms = touch_ttl_ms;
	o->cb.value = cb;
	o->ctx = ctx;
	return &o->op;
}

static enum err memory_peek(struct state *s, enum state_space space, struct bytes key,
			    uint64_t *ret_generation)
{
	struct memory *m = (struct memory *)s;
	const struct entry *e = memory_store_find(&m->store, space, key);

	if (!e)
		return ERR_NOT_FOUND;
	*ret_generation = e->generation;
	return ERR_OK;
}

/* --- put, delete -------------------------------------------------------------------- */

static enum err put(struct memory_op *o)
{
	struct memory_store *store = &o->memory->store;
	struct entry *e;

	if (o->n != STATE_ANY) {
		e = memory_store_find(store, o->space, o->key);
		if ((e ? e->generation : STATE_ABSENT) != o->n)
			return ERR_CONFLICT;
	}
	return memory_store_put(store, o->space, o->key, o->value, o->ttl_ms);
}

static void tell_done(struct memory_op *o, enum err err)
{
	state_done_cb *cb = o->cb.done;
	void *ctx = o->ctx;

	memory_op_free(o);
	cb(ctx, err);
}

static void run_put(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);

	tell_done(o, put(o));
}

static struct op *memory_put(struct state *s, struct call call, enum state_space space,
			     struct bytes key, struct bytes value, uint64_t ttl_ms,
			     uint64_t expected, state_done_cb *cb, void *ctx)
{
	struct memory_op *o = memory_op_new(s, space, key, value, run_put);

	(void)call;
	if (!o)
		return NULL;
	o->ttl_ms = ttl_ms;
	o->n = expected;
	o->cb.done = cb;
	o->ctx = ctx;
	return &o->op;
}

static void run_delete(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	struct entry *e = memory_store_find(&o->memory->store, o->space, o->key);

	if (e)
		memory_store_remove(&o->memory->store, e);
	tell_done(o, e ? ERR_OK : ERR_NOT_FOUND);
}

static struct op *memory_delete(struct state *s, struct call call, enum state_space space,
				struct bytes key, state_done_cb *cb, void *ctx)
{
	struct memory_op *o = memory_op_new(s, space, key, BYTES_NULL, run_delete);

	(void)call;
	if (!o)
		return NULL;
	o->cb.done = cb;
	o->ctx = ctx;
	return &o->op;
}

/* --- list --------------------------------------------------------------------------- */

struct listing {
	struct bytes *keys, *values; /* NULL while counting */
	size_t count, max;
};

static bool add_to_listing(void *ctx, struct keymap_node *n)
{
	struct listing *l = ctx;
	struct entry *e = (struct entry *)n;

	if (l->count == l->max)
		return false;
	if (memory_store_is_over(e))
		return true;
	if (l->keys) {
		l->keys[l->count] = n->key;
		l->values[l->count] = bytes_of(e->value, e->value_len);
	}
	l->count++;
	return true;
}

static void run_list(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	const struct keymap *keys = &o->memory->store.spaces[o->space].keys;
	struct listing l = { .max = (size_t)o->n };
	state_list_cb *cb = o->cb.list;
	void *ctx = o->ctx;

	keymap_each(keys, o->key, add_to_listing, &l);
	l.max = l.count; /* or fewer, if one expires right now */
	l.count = 0;
	l.keys = ARENA_ARRAY(o->mem, l.max, struct bytes);
	l.values = ARENA_ARRAY(o->mem, l.max, struct bytes);
	if (l.keys && l.values)
		keymap_each(keys, o->key, add_to_listing, &l);
	memory_op_free(o);
	if (l.keys && l.values)
		cb(ctx, ERR_OK, l.keys, l.values, l.count);
	else
		cb(ctx, ERR_NOMEM, NULL, NULL, 0);
}

static struct op *memory_list(struct state *s, struct call call, enum state_space space,
			      struct bytes prefix, size_t max, state_list_cb *cb, void *ctx)
{
	struct memory_op *o = memory_op_new(s, space, prefix, BYTES_NULL, run_list);

	if (!o)
		return NULL;
	o->mem = call.mem;
	o->n = max;
	o->cb.list = cb;
	o->ctx = ctx;
	return &o->op;
}

/* --- count -------------------------------------------------------------------------- */

static void run_count(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	uint64_t sum = 0;
	enum err err =
		memory_store_count(&o->memory->store, o->space, o->key, o->n, o->ttl_ms, &sum);
	state_count_cb *cb = o->cb.count;
	void *ctx = o->ctx;

	memory_op_free(o);
	cb(ctx, err, sum);
}

static struct op *memory_count(struct state *s, struct call call, enum state_space space,
			       struct bytes key, uint64_t n, uint64_t ttl_ms, state_count_cb *cb,
			       void *ctx)
{
	struct memory_op *o = memory_op_new(s, space, key, BYTES_NULL, run_count);

	(void)call;
	if (!o)
		return NULL;
	o->n = n;
	o->ttl_ms = ttl_ms;
	o->cb.count = cb;
	o->ctx = ctx;
	return &o->op;
}

/* --- life ---------------------------------------------------------------------------- */

static struct state_stats memory_stats(const struct state *s)
{
	const struct memory *m = (const struct memory *)s;

	return (struct state_stats){
		.entries = m->store.entries,
		.bytes = m->store.bytes,
		.evicted = m->store.evicted,
		.logs = m->logs.count,
		.log_entries = m->logs.sums.entries,
		.log_bytes = m->logs.sums.bytes,
		.logs_appended = m->logs.appended,
		.logs_evicted = m->logs.evicted,
	};
}

static void memory_free(struct state *s)
{
	struct memory *m = (struct memory *)s;

	while (!TAILQ_EMPTY(&m->ops))
		memory_op_free(TAILQ_FIRST(&m->ops));
	memory_store_done(&m->store);
	log_store_done(&m->logs);
	free(m);
}

struct state *state_memory_new(struct loop *l, const struct state_limits *limits)
{
	static const struct state_class cls = {
		.get = memory_get,
		.peek = memory_peek,
		.put = memory_put,
		.delete = memory_delete,
		.get_many = memory_get_many,
		.put_many = memory_put_many,
		.list = memory_list,
		.count = memory_count,
		.log_open = memory_log_open,
		.log_append = memory_log_append,
		.log_read = memory_log_read,
		.log_top = memory_log_top,
		.log_look = memory_log_look,
		.log_listen = memory_log_listen,
		.log_unlisten = memory_log_unlisten,
		.stats = memory_stats,
		.lease_want = memory_lease_want,
		.lease_leave = memory_lease_leave,
		.lease_turn = memory_lease_turn,
		.slot_take = memory_slot_take,
		.free = memory_free,
	};
	struct memory *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->state.cls = &cls;
	m->loop = l;
	TAILQ_INIT(&m->ops);
	if (memory_store_init(&m->store, l, limits) == ERR_OK &&
	    log_store_init(&m->logs, l, limits) == ERR_OK)
		return &m->state;
	free(m);
	return NULL;
}
