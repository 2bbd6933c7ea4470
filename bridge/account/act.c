/* One action over messages that the client names. */
#include "account/act.h"

struct act_op {
	struct acting acting; /* first */
	account_results_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct act_op *o = (struct act_op *)w;
	const struct act_plan *p = &o->acting.plan;

	o->cb(o->ctx, fault, fault ? NULL : p->results, fault ? 0 : p->count);
}

static void finished(struct acting *o)
{
	work_end(&o->work, NULL);
}

struct op *account_act(struct account *a, struct call call, const struct action *action,
		       const struct bytes *ids, size_t count, account_results_cb *cb, void *ctx)
{
	struct act_op *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->acting.ready = act_run;
	o->acting.finished = finished;
	act_init(&o->acting, action);
	if (act_plan_make(call.mem, ids, count, &o->acting.plan))
		act_find_folders(&o->acting);
	else
		work_fail(&o->acting.work, ERR_NOMEM);
	return &o->acting.work.op;
}
