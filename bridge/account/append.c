/*
 * A new message, and a draft that takes the place of another: the new one is
 * stored first, then the old one is removed, so that a cut at any point leaves at
 * least one of them. What a cut leaves in doubt is looked for, never stored twice.
 */
#include "account/act.h"
#include "account/again.h"
#include "account/role_folder.h"

struct appending {
	struct work work;
	struct mail_source source;
	const struct keywords *keywords;
	const struct folder *folder;
	struct message_result result;
	struct turn turn;
	bool is_repeated; /* the connection was lost before anything had begun */
	struct again again;
	struct change_result doubt; /* of the append, while one looks for it */

	bool replaces;
	struct message_id old;
	const struct folder *old_folder;
	bool is_second; /* the removal was cut off once */
	account_results_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct appending *o = (struct appending *)w;

	o->cb(o->ctx, fault, fault ? NULL : &o->result, fault ? 0 : 1);
}

static void stop(struct work *w)
{
	struct appending *o = (struct appending *)w;

	again_stop(&o->again);
	turn_end(&o->turn);
}

static void old_is_gone(struct appending *o)
{
	work_fail_code(&o->work, ERR_CONFLICT, "draft-replaced");
}

static bool was_cut(const struct change_result *c)
{
	return c->status == CHANGE_UNKNOWN ||
	       (c->status == CHANGE_FAILED && c->fault.err == ERR_NET);
}

/* --- somebody else was quicker: the new copy goes --------------------- */

static struct op *take_back(struct step *s, struct mailstore *ms);

static void on_taken_back(void *ctx, const struct fault *fault, const struct change_result *results,
			  size_t count)
{
	struct appending *o = ctx;
	bool is_cut = fault ? fault->err == ERR_NET : count == 1 && was_cut(&results[0]);

	if (!step_took(&o->work.step, NULL))
		return;
	if (is_cut && !o->is_second) {
		o->is_second = true;
		step_renew(&o->work.step);
		step_will_change(&o->work.step, &o->folder->id, NULL, false);
		step_run_once(&o->work.step, take_back);
	} else {
		/* Whatever came of it, what the client hears is that he was too late. */
		old_is_gone(o);
	}
}

static struct op *take_back(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;

	return mailstore_expunge(ms, s->call, o->folder->path, &o->result.id.key, 1, on_taken_back,
				 o);
}

/* --- the old one goes ------------------------------------------------- */

static struct op *remove_old(struct step *s, struct mailstore *ms);

static void on_removed(void *ctx, const struct fault *fault, const struct change_result *results,
		       size_t count)
{
	struct appending *o = ctx;
	struct change_result c = { .status = CHANGE_UNKNOWN };

	if (!fault && count == 1)
		c = results[0];
	if (!step_took(&o->work.step, NULL))
		return;
	if ((fault ? fault->err == ERR_NET : was_cut(&c)) && !o->is_second) {
		o->is_second = true;
		step_renew(&o->work.step);
		step_will_change(&o->work.step, &o->old_folder->id, NULL, false);
		step_run_once(&o->work.step, remove_old);
		return;
	}
	if (c.status == CHANGE_NOT_FOUND && !o->is_second && o->result.has_id) {
		step_will_change(&o->work.step, &o->folder->id, NULL, false);
		step_run_once(&o->work.step, take_back);
	} else if (c.status == CHANGE_NOT_FOUND && !o->is_second) {
		old_is_gone(o);
	} else {
		o->result.has_expunged = true;
		o->result.expunged =
			c.status == CHANGE_NOT_FOUND || (c.status == CHANGE_DONE && c.expunged);
		work_end(&o->work, NULL);
	}
}

static struct op *remove_old(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;

	return mailstore_expunge(ms, s->call, o->old_folder->path, &o->old.key, 1, on_removed, o);
}

/* Once the new message is there a failure must not look as if it were not. */
static void removal_failed(struct step *s, const struct fault *fault)
{
	struct appending *o = s->owner;

	(void)fault;
	o->result.has_expunged = true;
	o->result.expunged = false;
	work_end(&o->work, NULL);
}

/* --- the new one comes ------------------------------------------------ */

static void take_result(struct appending *o, const struct change_result *c)
{
	struct message_result *r = &o->result;

	r->status = CHANGE_DONE;
	r->has_folder = true;
	r->folder = o->folder->id;
	r->has_id = c->has_new_key;
	r->id = (struct message_id){ o->folder->id, c->new_key };
	r->has_keywords = true;
	r->keywords = c->has_keywords ? c->keywords : *o->keywords;
}

static void stored(struct appending *o, const struct change_result *c)
{
	take_result(o, c);
	if (!o->replaces) {
		work_end(&o->work, NULL);
		return;
	}
	o->work.step.failed = removal_failed;
	step_will_change(&o->work.step, &o->old_folder->id, NULL, false);
	step_run_once(&o->work.step, remove_old);
}

/* --- is it there? ----------------------------------------------------- */

/* It was not found, or nobody could say. */
static void look_later(struct appending *o, bool is_absent)
{
	struct fault told = o->doubt.fault;

	if (again_later(&o->again))
		return;
	/* Who has said BYE does nothing any more: it did not happen. */
	if (is_absent && told.protocol[0])
		told.err = ERR_NET;
	work_end(&o->work, &told);
}

static void on_sought(void *ctx, const struct fault *fault, const struct change_result *results,
		      size_t count)
{
	struct appending *o = ctx;
	struct change_result c = o->doubt;

	if (!step_took(&o->work.step, fault))
		return;
	if (count != 1 || results[0].status != CHANGE_DONE ||
	    results[0].new_key.uidvalidity != o->doubt.uidvalidity_before) {
		look_later(o, count == 1 && results[0].status == CHANGE_NOT_FOUND);
		return;
	}
	c.has_new_key = true;
	c.new_key = results[0].new_key;
	stored(o, &c);
}

static struct op *seek(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;
	struct call call = s->call;

	call.deadline_ms = o->again.deadline_ms;
	return mailstore_find(ms, call, o->folder->path, o->doubt.uidnext_before, &o->source,
			      on_sought, o);
}

static void seek_failed(struct step *s, const struct fault *fault)
{
	struct appending *o = s->owner;

	(void)fault;
	step_renew(s);
	look_later(o, false);
}

static void look(struct again *a)
{
	struct appending *o =
		(struct appending *)(void *)((char *)a - offsetof(struct appending, again));

	step_run(&o->work.step, seek);
}

static void find_out(struct appending *o, const struct change_result *c)
{
	struct step *s = &o->work.step;

	o->doubt = *c;
	if (!c->uidnext_before) {
		work_end(&o->work, &o->doubt.fault);
		return;
	}
	again_init(&o->again, o->work.account->hub->loop, s->call.deadline_ms, look);
	s->failed = seek_failed;
	s->lease.deadline_ms = o->again.deadline_ms;
	step_renew(s);
	look(&o->again);
}

/* --- the append ------------------------------------------------------- */

static void store(struct appending *o);

static void on_appended(void *ctx, const struct fault *fault, const struct change_result *results,
			size_t count)
{
	struct appending *o = ctx;
	struct step *s = &o->work.step;
	struct change_result c = { .status = CHANGE_UNKNOWN, .fault = fault_of(ERR_UNKNOWN) };

	/* The server cannot have had all of it. */
	bool again = fault && fault->err == ERR_NET && s->lease.is_reused && !o->is_repeated;

	if (!step_took(s, again ? NULL : fault))
		return;
	if (again) {
		o->is_repeated = true;
		step_renew(s);
		store(o);
		return;
	}
	if (count == 1)
		c = results[0];
	if (c.status == CHANGE_DONE)
		stored(o, &c);
	else if (c.status == CHANGE_UNKNOWN)
		find_out(o, &c);
	else
		work_end(&o->work, &c.fault);
}

static struct op *append(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;
	struct call call = s->call;

	call.deadline_ms = again_deadline_before(call.deadline_ms);
	return mailstore_append(ms, call, o->folder->path, &o->source, o->keywords, 0, on_appended,
				o);
}

static void store(struct appending *o)
{
	step_will_change(&o->work.step, &o->folder->id, NULL, false);
	step_run_once(&o->work.step, append);
}

static void append_failed(struct step *s, const struct fault *fault)
{
	struct appending *o = s->owner;
	struct fault told = folders_fault(o->work.account, fault);

	told = act_fault(&told);
	work_end(&o->work, &told);
}

/* --- before that ------------------------------------------------------ */

static void on_old(void *ctx, const struct fault *fault, const struct mail_item *items,
		   size_t count)
{
	struct appending *o = ctx;
	bool is_gone = fault && fault->err == ERR_NOT_FOUND;

	(void)items;
	if (!step_took(&o->work.step, is_gone ? NULL : fault))
		return;
	if (is_gone || count == 0)
		old_is_gone(o);
	else
		store(o);
}

static struct op *look_at_old(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;

	return mailstore_fetch(ms, s->call, o->old_folder->path, &o->old.key, 1, MAIL_FLAGS, on_old,
			       o);
}

static void on_old_folder(struct work *w, const struct folder *folder)
{
	struct appending *o = (struct appending *)w;

	o->old_folder = folder;
	if (folder)
		step_run(&w->step, look_at_old);
	else
		old_is_gone(o);
}

static void on_turn(struct turn *t, const struct fault *fault)
{
	struct appending *o =
		(struct appending *)(void *)((char *)t - offsetof(struct appending, turn));
	struct work *w = &o->work;

	if (fault)
		work_end(w, fault);
	else if (o->replaces)
		folders_try_look_up(w, bytes_of_str(o->old.folder.text), on_old_folder);
	else
		store(o);
}

static void on_folder(struct work *w, const struct folder *folder)
{
	struct appending *o = (struct appending *)w;

	o->folder = folder;
	if (!folder->is_selectable) {
		work_fail_code(w, ERR_UNSUPPORTED, "not-supported");
		return;
	}
	step_release(&w->step); /* who waits holds no session */
	o->turn.path = folder->path;
	o->turn.deadline_ms = w->call.deadline_ms;
	o->turn.granted = on_turn;
	turn_start(&w->account->appends, w->account->hub->loop, &o->turn);
}

struct op *account_append(struct account *a, struct call call, struct bytes folder,
			  const struct mail_source *source, const struct keywords *keywords,
			  struct bytes replaces, account_results_cb *cb, void *ctx)
{
	struct appending *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->source = *source;
	o->keywords = keywords;
	o->replaces = !bytes_is_null(replaces);
	o->work.stop = stop;
	o->work.step.failed = append_failed;
	if (o->replaces && message_id_parse(replaces, &o->old) != ERR_OK)
		work_fail_code(&o->work, ERR_NOT_FOUND, "message-not-found");
	else if (bytes_is_null(folder))
		role_folder_ensure(&o->work, FOLDER_ROLE_DRAFTS, on_folder);
	else
		folders_look_up(&o->work, folder, on_folder);
	return &o->work.op;
}
