/*
 * An operation made of several operations of the store, one after the other.
 * Embedded first in the operation's own struct, which lives in call.mem.
 */
#ifndef AUTH_STEP_H
#define AUTH_STEP_H

#include "base/op.h"

struct auth_step {
	struct op op;
	struct op *inner; /* the one under way */
	struct call call;
};

static inline void auth_step_cancel(struct op *op)
{
	op_cancel(((struct auth_step *)op)->inner);
}

static const struct op_class auth_step_class = { .cancel = auth_step_cancel };

static inline void auth_step_init(struct auth_step *s, struct call call)
{
	*s = (struct auth_step){ .op = { &auth_step_class }, .call = call };
}

/* False when `inner` is NULL (no memory): the caller ends with ERR_NOMEM. */
static inline bool auth_step_next(struct auth_step *s, struct op *inner)
{
	s->inner = inner;
	return inner != NULL;
}

/* What the starting function returns. */
static inline struct op *auth_step_start(struct auth_step *s, struct op *first)
{
	return auth_step_next(s, first) ? &s->op : NULL;
}

#endif
