/*
 * One action over what a query of a folder selects: page by page, bounded by
 * UIDNEXT at the start, so that what arrives meanwhile is left alone, and with the
 * session given back between pages, so that others get their turn.
 */
#include "account/act.h"

#define PAGE_MESSAGES  1000
#define FAILURES_MAX   5000 /* that are told one by one */
#define PAGE_MEM_BYTES (64u << 20)

struct select_op {
	struct acting acting; /* first */
	struct arena *page_mem;
	const struct folder *folder;
	struct bytes folder_name;
	struct mail_query query;
	uint32_t bound; /* UIDNEXT at the start; 0: none */
	bool has_more;
	uint64_t done;
	struct message_result *failures;
	size_t failure_count;
	account_selected_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct select_op *o = (struct select_op *)w;

	o->cb(o->ctx, fault, o->done, o->failures, o->failure_count);
}

static void stop(struct work *w)
{
	struct select_op *o = (struct select_op *)w;

	act_stop(w);
	arena_free(o->page_mem);
	o->page_mem = NULL;
}

/* --- what came of a page ---------------------------------------------- */

static void keep_failure(struct select_op *o, const struct message_result *r,
			 const struct message_id *id)
{
	struct arena *mem = o->acting.work.call.mem;
	char text[ID_TEXT_MAX + 1];
	struct message_result *kept;

	if (!o->failures)
		o->failures = ARENA_ARRAY(mem, FAILURES_MAX, struct message_result);
	if (!o->failures || o->failure_count == FAILURES_MAX)
		return;
	kept = &o->failures[o->failure_count++];
	message_id_format(id, text);
	*kept = (struct message_result){ .status = r->status, .fault = r->fault };
	kept->previous_id = arena_bytes(mem, bytes_of_str(text));
}

static void next_page(struct select_op *o);

static void finished(struct acting *acting)
{
	struct select_op *o = (struct select_op *)acting;
	const struct act_plan *p = &acting->plan;

	for (size_t i = 0; i < p->count; i++) {
		if (p->results[i].status == CHANGE_DONE)
			o->done++;
		else if (p->results[i].status != CHANGE_NOT_FOUND)
			keep_failure(o, &p->results[i], &p->ids[i]);
	}
	acting->plan.count = acting->plan.group_count = 0;
	if (o->has_more && !arena_failed(acting->work.call.mem))
		next_page(o);
	else
		work_end(&acting->work, NULL);
}

/* --- a page ----------------------------------------------------------- */

static size_t count_below_bound(const struct select_op *o, const struct mail_page *page)
{
	size_t n = 0;

	while (n < page->count && (page->items[n].key.kind != MESSAGE_KEY_UID || !o->bound ||
				   page->items[n].key.uid < o->bound))
		n++;
	return n;
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct select_op *o = ctx;
	size_t count;

	if (!step_took(&o->acting.work.step, fault))
		return;
	if (!o->bound)
		o->bound = page->uidnext;
	count = count_below_bound(o, page);
	o->has_more = page->has_more && count == page->count && count;
	if (!count) {
		work_end(&o->acting.work, NULL);
		return;
	}
	o->query.window.kind = WINDOW_AFTER;
	o->query.window.key = page->items[count - 1].key;
	o->query.window.uidvalidity = page->uidvalidity;
	if (act_plan_make_for_keys(o->page_mem, o->folder, page->items, count, &o->acting.plan))
		act_run(&o->acting);
	else
		work_fail(&o->acting.work, ERR_NOMEM);
}

static struct op *ask_page(struct step *s, struct mailstore *ms)
{
	struct select_op *o = s->owner;
	struct call call = s->call;

	call.mem = o->page_mem;
	return mailstore_query(ms, call, o->folder->path, &o->query, 0, on_page, o);
}

static void next_page(struct select_op *o)
{
	struct work *w = &o->acting.work;

	step_release(&w->step);
	arena_free(o->page_mem);
	o->page_mem = o->acting.mem = arena_new(PAGE_MEM_BYTES);
	if (!o->page_mem) {
		work_fail(w, ERR_NOMEM);
		return;
	}
	w->step.lease.path = o->folder->path;
	step_run(&w->step, ask_page);
}

/* --- the start -------------------------------------------------------- */

static void on_target(struct acting *acting)
{
	next_page((struct select_op *)acting);
}

static void on_folder(struct work *w, const struct folder *folder)
{
	struct select_op *o = (struct select_op *)w;

	o->folder = folder;
	if (folder->is_selectable)
		act_find_folders(&o->acting);
	else
		work_fail_code(w, ERR_UNSUPPORTED, "not-supported");
}

struct op *account_act_selected(struct account *a, struct call call, const struct action *action,
				struct bytes folder, const struct mail_query *query,
				account_selected_cb *cb, void *ctx)
{
	struct select_op *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->query = *query;
	o->query.sort = SORT_ADDED;
	o->query.descending = false;
	o->query.window = (struct mail_window){ .limit = PAGE_MESSAGES };
	o->acting.ready = on_target;
	o->acting.finished = finished;
	act_init(&o->acting, action);
	o->acting.work.stop = stop;
	folders_look_up(&o->acting.work, folder, on_folder);
	return &o->acting.work.op;
}
