#include "account/act.h"
#include "account/noted_expunge.h"

/* --- one phase of one group ------------------------------------------- */

static void run_phase(struct acting *o);

static struct act_group *group_of(const struct acting *o)
{
	return &o->plan.groups[o->group];
}

const struct folder *act_folder(const struct acting *o)
{
	return group_of(o)->folder;
}

static bool is_target(const struct acting *o, const struct act_group *g)
{
	return o->target && folder_id_equal(&o->target->id, &g->id);
}

/* Deleted for good: asked for, or in the trash already. */
static bool is_expunge(struct acting *o)
{
	return o->action.kind == ACTION_DELETE && (!o->target || is_target(o, group_of(o)));
}

static bool sets_keywords(const struct acting *o)
{
	const struct action *a = &o->action;

	return a->kind == ACTION_FLAG ||
	       (a->kind == ACTION_MOVE && (a->add.system || a->add.custom.count ||
					   a->remove.system || a->remove.custom.count));
}

static bool has_phase(struct acting *o, enum act_phase phase)
{
	switch (phase) {
	case ACT_LOOK:
		return o->action.expected ||
		       (!sets_keywords(o) && !has_phase(o, ACT_DO)); /* moved to where they are */
	case ACT_FLAG: return sets_keywords(o);
	case ACT_DO:
		if (o->action.kind == ACTION_MOVE)
			return !is_target(o, group_of(o));
		return o->action.kind != ACTION_FLAG;
	case ACT_PHASES: break;
	}
	return false;
}

static void collect(struct acting *o)
{
	const struct act_group *g = group_of(o);

	o->key_count = 0;
	for (size_t i = g->first; i < g->first + g->count; i++) {
		uint32_t index = o->plan.order[i];

		if (!o->plan.open[index])
			continue;
		o->keys[o->key_count] = o->plan.ids[index].key;
		o->index[o->key_count++] = index;
	}
}

static void settle_all(struct acting *o, size_t first, size_t last,
		       void (*how)(struct message_result *r, const struct fault *fault),
		       const struct fault *fault)
{
	for (size_t g = first; g < last; g++) {
		const struct act_group *group = &o->plan.groups[g];

		for (size_t i = group->first; i < group->first + group->count; i++) {
			uint32_t index = o->plan.order[i];

			if (!o->plan.open[index])
				continue;
			how(&o->plan.results[index], fault);
			o->plan.open[index] = false;
		}
	}
}

static void settle_gone(struct message_result *r, const struct fault *fault)
{
	(void)fault;
	act_result_gone(r);
}

/* --- looking ---------------------------------------------------------- */

static const struct mail_item *find_item(const struct mail_item *items, size_t count,
					 const struct message_key *key)
{
	for (size_t i = 0; i < count; i++)
		if (message_key_equal(&items[i].key, key))
			return &items[i];
	return NULL;
}

static void take_look(struct acting *o, size_t i, const struct mail_item *item)
{
	struct message_result *r = &o->plan.results[o->index[i]];
	struct fault changed = fault_with_code(ERR_CONFLICT, "precondition-failed");

	if (!item) {
		act_result_gone(r);
	} else if (o->action.expected && !keywords_equal(&item->keywords, o->action.expected)) {
		act_result_fail(r, &changed);
	} else {
		r->has_keywords = true;
		r->keywords = item->keywords;
		o->unchanged_since = item->modseq;
		return;
	}
	o->plan.open[o->index[i]] = false;
}

void act_next_phase(struct acting *o)
{
	o->phase++;
	o->is_second = false;
	run_phase(o);
}

static void on_items(void *ctx, const struct fault *fault, const struct mail_item *items,
		     size_t count)
{
	struct acting *o = ctx;

	if (!step_took(&o->work.step, fault))
		return;
	for (size_t i = 0; i < o->key_count; i++)
		take_look(o, i, find_item(items, count, &o->keys[i]));
	if (o->key_count > 1)
		o->unchanged_since = 0; /* there is one for each */
	act_next_phase(o);
}

/* What the mail store answers need not live longer than the plan. */
struct call act_call(const struct acting *o)
{
	struct call call = o->work.call;

	call.mem = o->mem;
	return call;
}

static struct op *look(struct step *s, struct mailstore *ms)
{
	struct acting *o = s->owner;

	return mailstore_fetch(ms, act_call(o), act_folder(o)->path, o->keys, o->key_count,
			       MAIL_FLAGS | MAIL_MODSEQ, on_items, o);
}

/* --- changing --------------------------------------------------------- */

void act_complete(struct acting *o, uint32_t index, const struct change_result *c)
{
	struct message_result *r = &o->plan.results[index];

	o->plan.open[index] = false;
	if (is_expunge(o)) {
		r->has_expunged = true;
		r->expunged = c->expunged;
		r->has_keywords = false;
		return;
	}
	r->has_folder = true;
	if (o->phase != ACT_DO) { /* it stays where it is */
		r->folder = o->plan.ids[index].folder;
		r->has_id = true;
		r->id = o->plan.ids[index];
		return;
	}
	r->folder = o->target->id;
	r->has_id = c->has_new_key;
	r->id = (struct message_id){ o->target->id, c->new_key };
	r->has_expunged = o->action.kind != ACTION_COPY;
	r->expunged = r->has_expunged && c->expunged;
	if (r->has_expunged && r->has_id)
		live_moved(o->work.account, &o->plan.ids[index], &r->id);
}

/* May this be asked for again on a new session? */
static bool is_repeatable(struct acting *o, const struct change_result *c)
{
	if (o->is_second)
		return false;
	if (c->status == CHANGE_FAILED && c->fault.err == ERR_NET)
		return o->work.step.lease.is_reused; /* never begun */
	return c->status == CHANGE_UNKNOWN &&
	       ((o->phase == ACT_FLAG && !o->unchanged_since) || is_expunge(o));
}

static bool is_in_doubt(struct acting *o, const struct change_result *c)
{
	return c->status == CHANGE_UNKNOWN && o->phase == ACT_DO && !is_expunge(o);
}

/* Whom the cut connection had taken away before it could say so is gone as asked. */
static struct change_result look_closer(struct acting *o, const struct change_result *c)
{
	struct change_result seen = *c;

	if (o->is_second && o->phase == ACT_DO && is_expunge(o) && c->status == CHANGE_NOT_FOUND) {
		seen.status = CHANGE_DONE;
		seen.expunged = true;
	}
	return seen;
}

static void take_change(struct acting *o, uint32_t index, const struct change_result *c)
{
	struct change_result seen = *c;

	if (c->fault.err == ERR_CONFLICT && o->phase == ACT_FLAG && o->unchanged_since)
		seen.fault = fault_with_code(ERR_CONFLICT, "precondition-failed");
	if (c->status == CHANGE_FAILED && c->fault.err == ERR_NOT_FOUND) {
		o->work.account->folders.is_stale = true; /* the target has gone */
		seen.fault = fault_with_code(ERR_NOT_FOUND, "folder-not-found");
	}
	act_result_take(&o->plan.results[index], &seen);
	if (c->status != CHANGE_DONE)
		o->plan.open[index] = false;
	else if (o->phase == ACT_DO || !has_phase(o, ACT_DO))
		act_complete(o, index, c);
}

static void on_changes(void *ctx, const struct fault *fault, const struct change_result *results,
		       size_t count)
{
	struct acting *o = ctx;
	const struct change_result untold = { .status = CHANGE_UNKNOWN,
					      .fault = { .err = ERR_UNKNOWN } };
	bool again = false;

	if (!step_took(&o->work.step, fault))
		return;
	for (size_t i = 0; i < o->key_count; i++) {
		struct change_result c = look_closer(o, i < count ? &results[i] : &untold);

		if (is_repeatable(o, &c))
			again = true;
		else if (is_in_doubt(o, &c))
			act_doubt(o, o->index[i], &o->keys[i], &c);
		else
			take_change(o, o->index[i], &c);
	}
	if (again) {
		o->is_second = true;
		step_renew(&o->work.step);
		run_phase(o);
	} else if (o->doubt_count) {
		act_find_out(o);
	} else {
		act_next_phase(o);
	}
}

/* What is left in doubt shall be found out in time. */
static struct call change_call(const struct acting *o)
{
	struct call call = act_call(o);

	call.deadline_ms = again_deadline_before(call.deadline_ms);
	return call;
}

static struct op *flag(struct step *s, struct mailstore *ms)
{
	struct acting *o = s->owner;

	return mailstore_set_keywords(ms, change_call(o), act_folder(o)->path, o->keys,
				      o->key_count, &o->action.add, &o->action.remove,
				      o->unchanged_since, on_changes, o);
}

static struct op *change(struct step *s, struct mailstore *ms)
{
	struct acting *o = s->owner;
	struct call call = change_call(o);
	struct bytes path = act_folder(o)->path;

	if (is_expunge(o))
		return noted_expunge(s, call, ms, path, o->keys, o->key_count, on_changes, o);
	if (o->action.kind == ACTION_COPY)
		return mailstore_copy(ms, call, path, o->keys, o->key_count, o->target->path,
				      on_changes, o);
	return mailstore_move(ms, call, path, o->keys, o->key_count, o->target->path, on_changes,
			      o);
}

/* --- going through the groups ----------------------------------------- */

/* The next one whose folder is there. */
static void next_group(struct acting *o)
{
	while (++o->group < o->plan.group_count && !group_of(o)->folder)
		settle_all(o, o->group, o->group + 1, settle_gone, NULL);
	if (o->group >= o->plan.group_count) {
		o->is_running = false;
		o->finished(o);
		return;
	}
	o->work.step.lease.path = act_folder(o)->path;
	o->phase = ACT_LOOK;
	o->is_second = false;
	run_phase(o);
}

static void run_phase(struct acting *o)
{
	collect(o);
	while (o->key_count && o->phase < ACT_PHASES && !has_phase(o, o->phase))
		o->phase++;
	if (!o->key_count || o->phase == ACT_PHASES) {
		for (size_t i = 0; i < o->key_count; i++) /* moved to where they are */
			act_complete(o, o->index[i], NULL);
		next_group(o);
	} else if (o->phase == ACT_LOOK) {
		step_run(&o->work.step, look);
	} else if (o->phase == ACT_FLAG) {
		step_will_change(&o->work.step, &group_of(o)->id, NULL, false);
		step_run_once(&o->work.step, flag);
	} else {
		step_will_change(&o->work.step, &group_of(o)->id, o->target ? &o->target->id : NULL,
				 !is_expunge(o) && o->action.kind != ACTION_COPY);
		step_run_once(&o->work.step, change);
	}
}

void act_run(struct acting *o)
{
	size_t most = 0;

	for (size_t i = 0; i < o->plan.group_count; i++)
		most = o->plan.groups[i].count > most ? o->plan.groups[i].count : most;
	o->keys = ARENA_ARRAY(o->mem, most, struct message_key);
	o->index = ARENA_ARRAY(o->mem, most, uint32_t);
	if (!o->keys || !o->index) {
		work_fail(&o->work, ERR_NOMEM);
		return;
	}
	o->is_running = true;
	o->group = (size_t)-1;
	next_group(o);
}

/* --- when something fails as a whole ---------------------------------- */

/* Does the next group stand no better chance? */
static bool is_of_connection(enum err e)
{
	return e == ERR_NET || e == ERR_TLS || e == ERR_PROTO || e == ERR_TIMEOUT ||
	       e == ERR_AUTH || e == ERR_BUSY || e == ERR_NOMEM || e == ERR_INTERNAL;
}

static bool has_any_result(const struct acting *o)
{
	for (size_t i = 0; i < o->plan.count; i++)
		if (!o->plan.open[i] && (o->plan.results[i].status == CHANGE_DONE ||
					 o->plan.results[i].status == CHANGE_UNKNOWN))
			return true;
	return false;
}

static void fail_group(struct acting *o, const struct fault *fault)
{
	/* The folder itself has gone: a target is missed message by message. */
	if (fault->err == ERR_NOT_FOUND) {
		o->work.account->folders.is_stale = true;
		settle_all(o, o->group, o->group + 1, settle_gone, NULL);
	} else {
		settle_all(o, o->group, o->group + 1, act_result_fail, fault);
	}
	next_group(o);
}

static void act_step_failed(struct step *s, const struct fault *fault)
{
	struct acting *o = s->owner;
	struct fault told = act_fault(fault);

	if (!o->is_running) {
		told = folders_fault(o->work.account, &told);
		work_end(&o->work, &told);
	} else if (o->is_finding_out) {
		act_find_out_failed(o);
	} else if (fault->err == ERR_NET && s->lease.is_reused && !o->is_second) {
		o->is_second = true; /* nothing had begun */
		step_renew(s);
		run_phase(o);
	} else if (!is_of_connection(fault->err)) {
		fail_group(o, fault);
	} else if (!has_any_result(o)) {
		work_end(&o->work, &told);
	} else {
		settle_all(o, o->group, o->plan.group_count, act_result_fail, &told);
		o->is_running = false;
		o->finished(o);
	}
}

void act_init(struct acting *o, const struct action *action)
{
	o->action = *action;
	o->mem = o->work.call.mem;
	o->work.stop = act_stop;
	o->work.step.failed = act_step_failed;
}
