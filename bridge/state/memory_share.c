/* There is no other process: share.h by giving way. */
#include "state/memory_inside.h"

static void run_lease(struct loop_task *t)
{
	struct state_lease *l =
		(struct state_lease *)(void *)((char *)t - offsetof(struct state_lease, task));

	l->turn = STATE_TURN_OURS;
	l->on_turn(l);
}

enum err memory_lease_want(struct state *s, struct bytes name, struct state_lease *l)
{
	struct memory *m = (struct memory *)s;

	(void)name;
	l->turn = STATE_TURN_UNKNOWN;
	l->task = (struct loop_task){ .run = run_lease };
	loop_task_start(m->loop, &l->task);
	return ERR_OK;
}

void memory_lease_leave(struct state_lease *l)
{
	loop_task_stop(&l->task);
	l->turn = STATE_TURN_UNKNOWN;
}

enum state_turn memory_lease_turn(const struct state_lease *l)
{
	return l->turn;
}

static void run_slot(struct loop_task *t)
{
	struct memory_op *o = memory_op_of(t);
	state_done_cb *cb = o->cb.done;
	void *ctx = o->ctx;

	memory_op_free(o);
	cb(ctx, ERR_OK);
}

struct op *memory_slot_take(struct state *s, struct call call, struct bytes name, unsigned max,
			    state_done_cb *cb, void *ctx)
{
	struct memory_op *o = memory_op_new(s, STATE_SPACES, name, BYTES_NULL, run_slot);

	(void)call;
	(void)max;
	if (!o)
		return NULL;
	o->cb.done = cb;
	o->ctx = ctx;
	return &o->op;
}
