#include "account/step.h"

/* --- steps ------------------------------------------------------------ */

static void on_granted(struct lease *l, const struct fault *fault);

void step_init(struct step *s, struct account *a, struct call call, void *owner,
	       void (*failed)(struct step *s, const struct fault *fault))
{
	*s = (struct step){ .account = a, .call = call, .owner = owner, .failed = failed };
	s->lease.pool = &a->pool;
	s->lease.cls = call.cls;
	s->lease.deadline_ms = call.deadline_ms;
	s->lease.granted = on_granted;
}

static void on_later(struct loop_task *t)
{
	struct step *s = (struct step *)(void *)((char *)t - offsetof(struct step, later));

	s->failed(s, &s->fault);
}

static void fail_later(struct step *s, enum err err)
{
	s->fault = fault_of(err);
	s->later.run = on_later;
	loop_task_start(s->account->hub->loop, &s->later);
}

struct op step_skipped;

static void begin_changes(struct step *s)
{
	for (size_t i = 0; i < 2; i++)
		if (s->change.folders[i])
			live_change_begin(&s->changes[i], s->account, s->change.folders[i],
					  s->change.is_move);
}

/* Their outcome is known, or never will be. */
static void end_changes(struct step *s, bool is_repeated)
{
	for (size_t i = 0; i < 2; i++) {
		live_change_end(&s->changes[i]);
		if (!is_repeated)
			s->change.folders[i] = NULL;
	}
}

static void start(struct step *s)
{
	struct op *op;

	begin_changes(s);
	op = s->start(s, lease_store(&s->lease));
	if (op == STEP_SKIPPED)
		return; /* and maybe running something else by now */
	s->running = op;
	if (op)
		return;
	end_changes(s, false);
	fail_later(s, ERR_NOMEM);
}

static void on_granted(struct lease *l, const struct fault *fault)
{
	struct step *s = (struct step *)(void *)((char *)l - offsetof(struct step, lease));

	if (!fault) {
		start(s);
		return;
	}
	end_changes(s, false);
	s->failed(s, fault);
}

static void run(struct step *s, struct op *(*how)(struct step *s, struct mailstore *ms),
		bool is_once)
{
	s->start = how;
	s->is_once = is_once;
	s->is_partial = false;
	if (lease_is_held(&s->lease))
		start(s);
	else
		lease_start(&s->lease);
}

void step_run(struct step *s, struct op *(*how)(struct step *s, struct mailstore *ms))
{
	run(s, how, false);
}

void step_run_once(struct step *s, struct op *(*how)(struct step *s, struct mailstore *ms))
{
	run(s, how, true);
}

void step_will_change(struct step *s, const struct folder_id *folder, const struct folder_id *other,
		      bool is_move)
{
	s->change.folders[0] = folder;
	s->change.folders[1] = other;
	s->change.is_move = is_move;
}

/* Also with a BYE that says why: whether it is meant for new sessions too, the next
 * login tells. */
static bool has_ended(const struct step *s, const struct fault *fault)
{
	return fault->err == ERR_NET || (fault->err == ERR_BUSY && lease_is_held(&s->lease) &&
					 !mailstore_is_open(lease_store(&s->lease)));
}

/* A session that was kept may be dead without our having seen it: nobody needs to
 * hear of that as long as asking again does no harm. */
static bool may_repeat(const struct step *s, const struct fault *fault)
{
	return has_ended(s, fault) && s->lease.is_reused && !s->is_once && !s->is_partial &&
	       !s->is_repeated;
}

void step_renew(struct step *s)
{
	s->is_repeated = true;
	lease_end(&s->lease);
	s->lease.flags |= LEASE_FRESH;
}

bool step_took(struct step *s, const struct fault *fault)
{
	bool is_repeated = fault && may_repeat(s, fault);

	s->running = NULL;
	end_changes(s, is_repeated);
	if (!fault)
		return true;
	if (is_repeated) {
		step_renew(s);
		lease_start(&s->lease);
		return false;
	}
	s->failed(s, fault);
	return false;
}

void step_release(struct step *s)
{
	lease_end(&s->lease);
}

void step_stop(struct step *s)
{
	if (!s->account)
		return;
	loop_task_stop(&s->later);
	op_cancel(s->running);
	s->running = NULL;
	end_changes(s, false);
	lease_end(&s->lease);
}

/* --- works ------------------------------------------------------------ */

static void work_stop(struct work *w)
{
	if (w->stop)
		w->stop(w);
	step_stop(&w->step);
}

static void on_end(struct loop_task *t)
{
	struct work *w = (struct work *)(void *)((char *)t - offsetof(struct work, end));
	struct fault fault = w->fault;

	account_unref(w->account);
	w->report(w, fault.err ? &fault : NULL);
}

void work_cancel(struct op *op)
{
	struct work *w = (struct work *)op;

	loop_task_stop(&w->end);
	work_stop(w);
	account_unref(w->account);
}

static const struct op_class work_class = { .cancel = work_cancel };

static void on_step_failed(struct step *s, const struct fault *fault)
{
	work_end(s->owner, fault);
}

void *work_new(struct account *a, struct call call, size_t size,
	       void (*report)(struct work *w, const struct fault *fault))
{
	struct work *w = arena_alloc(call.mem, size);

	if (!w)
		return NULL;
	w->op.cls = &work_class;
	w->account = account_ref(a);
	w->call = call;
	w->report = report;
	w->end.run = on_end;
	step_init(&w->step, a, call, w, on_step_failed);
	return w;
}

void work_end(struct work *w, const struct fault *fault)
{
	w->fault = fault ? *fault : fault_of(ERR_OK);
	work_stop(w);
	loop_task_start(w->account->hub->loop, &w->end);
}

void work_fail(struct work *w, enum err err)
{
	struct fault fault = fault_of(err);

	work_end(w, &fault);
}

void work_fail_code(struct work *w, enum err err, const char *code)
{
	struct fault fault = fault_with_code(err, code);

	work_end(w, &fault);
}

bool work_is_starved(struct work *w)
{
	if (!arena_failed(w->call.mem))
		return false;
	work_fail(w, ERR_NOMEM);
	return true;
}
