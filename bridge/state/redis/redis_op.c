/* How operations of the state in Redis begin and end. */
#include <stdlib.h>

#include "state/redis/redis_inside.h"

void redis_op_free(struct redis_op *o)
{
	TAILQ_REMOVE(&o->r->ops, o, entry);
	op_cancel(o->step);
	redis_many_free(o->many);
	free(o);
}

static void on_cancel(struct op *op)
{
	redis_op_free((struct redis_op *)op);
}

struct redis_op *redis_op_new(struct state *s, struct call call, enum state_space space,
			      struct bytes key, void *ctx)
{
	static const struct op_class cls = { .cancel = on_cancel };
	struct redis_state *r = (struct redis_state *)s;
	struct redis_op *o = calloc(1, sizeof *o + key.len);

	if (!o)
		return NULL;
	o->op.cls = &cls;
	o->r = r;
	o->call = call;
	o->space = space;
	o->ctx = ctx;
	if (key.len > 0)
		memcpy(o->input, key.at, key.len);
	o->key = bytes_of(o->input, key.len);
	TAILQ_INSERT_TAIL(&r->ops, o, entry);
	return o;
}

struct op *redis_op_start(struct redis_op *o, struct op *step)
{
	o->step = step;
	if (step)
		return &o->op;
	redis_op_free(o);
	return NULL;
}

void redis_end_value(struct redis_op *o, enum err err, struct bytes value, uint64_t generation)
{
	state_value_cb *cb = o->cb.value;
	void *ctx = o->ctx;

	redis_op_free(o);
	cb(ctx, err, value, generation);
}

void redis_end_done(struct redis_op *o, enum err err)
{
	state_done_cb *cb = o->cb.done;
	void *ctx = o->ctx;

	redis_op_free(o);
	cb(ctx, err);
}

void redis_end_values(struct redis_op *o, enum err err, const struct bytes *values, size_t count)
{
	state_values_cb *cb = o->cb.values;
	void *ctx = o->ctx;

	redis_op_free(o);
	cb(ctx, err, values, count);
}

void redis_end_list(struct redis_op *o, enum err err, const struct bytes *keys,
		    const struct bytes *values, size_t count)
{
	state_list_cb *cb = o->cb.list;
	void *ctx = o->ctx;

	redis_op_free(o);
	cb(ctx, err, keys, values, count);
}

void redis_end_count(struct redis_op *o, enum err err, uint64_t sum)
{
	state_count_cb *cb = o->cb.count;
	void *ctx = o->ctx;

	redis_op_free(o);
	cb(ctx, err, sum);
}
