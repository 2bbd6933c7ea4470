/*
 * A new message, and a draft that takes the place of another: the new one is
 * stored first, then the old one is removed, so that a cut at any point leaves at
 * least one of them.
 */
#include "account/act.h"
#include "account/role_folder.h"

struct appending {
	struct work work;
	struct mail_source source;
	const struct keywords *keywords;
	const struct folder *folder;
	struct message_result result;

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

static void old_is_gone(struct appending *o)
{
	work_fail_code(&o->work, ERR_CONFLICT, "draft-replaced");
}

/* --- somebody else was quicker: the new copy goes --------------------- */

static void on_taken_back(void *ctx, const struct fault *fault, const struct change_result *results,
			  size_t count)
{
	struct appending *o = ctx;

	(void)results;
	(void)count;
	/* Whatever came of it, what the client hears is that he was too late. */
	if (step_took(&o->work.step, fault && fault->err == ERR_NET ? fault : NULL))
		old_is_gone(o);
}

static struct op *take_back(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;

	return mailstore_expunge(ms, s->call, o->folder->path, &o->result.id.key, 1, on_taken_back,
				 o);
}

/* --- the old one goes ------------------------------------------------- */

static struct op *remove_old(struct step *s, struct mailstore *ms);

static bool was_cut(const struct change_result *c)
{
	return c->status == CHANGE_UNKNOWN ||
	       (c->status == CHANGE_FAILED && c->fault.err == ERR_NET);
}

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
		step_run_once(&o->work.step, remove_old);
		return;
	}
	if (c.status == CHANGE_NOT_FOUND && !o->is_second && o->result.has_id) {
		step_run(&o->work.step, take_back);
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

static void on_appended(void *ctx, const struct fault *fault, const struct change_result *results,
			size_t count)
{
	struct appending *o = ctx;
	struct fault unknown = fault_of(ERR_UNKNOWN);

	if (!step_took(&o->work.step, fault))
		return;
	if (count != 1 || results[0].status != CHANGE_DONE) {
		work_end(&o->work,
			 count == 1 && results[0].fault.err ? &results[0].fault : &unknown);
		return;
	}
	take_result(o, &results[0]);
	if (!o->replaces) {
		work_end(&o->work, NULL);
		return;
	}
	o->work.step.failed = removal_failed;
	step_run_once(&o->work.step, remove_old);
}

static struct op *append(struct step *s, struct mailstore *ms)
{
	struct appending *o = s->owner;

	return mailstore_append(ms, s->call, o->folder->path, &o->source, o->keywords, 0,
				on_appended, o);
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
		step_run_once(&o->work.step, append);
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

static void on_folder(struct work *w, const struct folder *folder)
{
	struct appending *o = (struct appending *)w;

	o->folder = folder;
	if (!folder->is_selectable)
		work_fail_code(w, ERR_UNSUPPORTED, "not-supported");
	else if (o->replaces)
		folders_try_look_up(w, bytes_of_str(o->old.folder.text), on_old_folder);
	else
		step_run_once(&w->step, append);
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
	o->work.step.failed = append_failed;
	if (o->replaces && message_id_parse(replaces, &o->old) != ERR_OK)
		work_fail_code(&o->work, ERR_NOT_FOUND, "message-not-found");
	else if (bytes_is_null(folder))
		role_folder_ensure(&o->work, FOLDER_ROLE_DRAFTS, on_folder);
	else
		folders_look_up(&o->work, folder, on_folder);
	return &o->work.op;
}
