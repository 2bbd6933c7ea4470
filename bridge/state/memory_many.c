/* Several entries in one operation. */
#include <stdlib.h>

#include "base/arena.h"
#include "state/memory_inside.h"

struct memory_many {
	size_t count;
	struct bytes *values; /* behind the keys; NULL: none were given */
	struct bytes keys[];  /* then the bytes of all of them */
};

void memory_many_free(struct memory_many *m)
{
	free(m);
}

static size_t sum_of(const struct bytes *list, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; list && i < count; i++)
		sum += list[i].len;
	return sum;
}

static uint8_t *copy_list(struct bytes *to, const struct bytes *from, size_t count, uint8_t *room)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = from[i];
		if (bytes_is_null(from[i]))
			continue;
		to[i].at = room;
		if (from[i].len)
			memcpy(room, from[i].at, from[i].len);
		room += from[i].len;
	}
	return room;
}

/* NULL: no memory. */
static struct memory_many *many_new(const struct bytes *keys, const struct bytes *values,
				    size_t count)
{
	size_t lists = (values ? 2 : 1) * count;
	/* One more byte, for an empty value is not null. */
	struct memory_many *m = malloc(sizeof *m + lists * sizeof(struct bytes) +
				       sum_of(keys, count) + sum_of(values, count) + 1);
	uint8_t *room;

	if (!m)
		return NULL;
	m->count = count;
	m->values = values ? m->keys + count : NULL;
	room = copy_list(m->keys, keys, count, (uint8_t *)(m->keys + lists));
	if (values)
		copy_list(m->values, values, count, room);
	return m;
}

static struct memory_op *op_new(struct state *s, enum state_space space, const struct bytes *keys,
				const struct bytes *values, size_t count,
				void (*run)(struct loop_task *t), void *ctx)
{
	struct memory_op *o = memory_op_new(s, space, BYTES_NULL, BYTES_NULL, run);

	if (!o)
		return NULL;
	o->ctx = ctx;
	o->many = many_new(keys, values, count);
	if (o->many)
		return o;
	memory_op_free(o);
	return NULL;
}

static void run_get(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	size_t count = o->many->count;
	struct bytes *values = ARENA_ARRAY(o->mem, count, struct bytes);
	state_values_cb *cb = o->cb.values;
	struct arena *mem = o->mem;
	void *ctx = o->ctx;

	for (size_t i = 0; values && i < count; i++) {
		struct entry *e = memory_store_find(&o->memory->store, o->space, o->many->keys[i]);

		values[i] = e ? arena_bytes(mem, bytes_of(e->value, e->value_len)) : BYTES_NULL;
	}
	memory_op_free(o);
	if (values && !arena_failed(mem))
		cb(ctx, ERR_OK, values, count);
	else
		cb(ctx, ERR_NOMEM, NULL, 0);
}

struct op *memory_get_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx)
{
	struct memory_op *o = op_new(s, space, keys, NULL, count, run_get, ctx);

	if (!o)
		return NULL;
	o->mem = call.mem;
	o->cb.values = cb;
	return &o->op;
}

static enum err put_one(struct memory_op *o, size_t i)
{
	struct memory_store *store = &o->memory->store;
	struct bytes value = o->many->values[i];
	/* A ttl of 0 leaves nothing behind. */
	enum err err = memory_store_put(store, o->space, o->many->keys[i], value,
					bytes_is_null(value) ? 0 : o->ttl_ms);

	return err == ERR_TOO_BIG ? ERR_OK : err;
}

static void run_put(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	state_done_cb *cb = o->cb.done;
	void *ctx = o->ctx;
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < o->many->count; i++)
		err = put_one(o, i);
	memory_op_free(o);
	cb(ctx, err);
}

struct op *memory_put_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, const struct bytes *values, size_t count,
			   uint64_t ttl_ms, state_done_cb *cb, void *ctx)
{
	struct memory_op *o = op_new(s, space, keys, values, count, run_put, ctx);

	(void)call;
	if (!o)
		return NULL;
	o->ttl_ms = ttl_ms;
	o->cb.done = cb;
	return &o->op;
}
