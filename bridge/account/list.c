/* One page of a folder's messages. */
#include "account/summary.h"

struct page_op {
	struct work work;
	const struct folder *folder;
	struct mail_query query;
	struct list_options options;
	struct summary_list list;
	struct part_view *views; /* beside them */
	struct previews previews;
	account_list_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct page_op *o = (struct page_op *)w;

	if (o->options.collapse_threads)
		summary_list_collapse(&o->list);
	o->cb(o->ctx, fault, fault ? NULL : &o->list);
}

static void stop(struct work *w)
{
	struct page_op *o = (struct page_op *)w;

	previews_stop(&o->previews);
}

static void on_previews(struct previews *p)
{
	struct page_op *o = p->owner;

	work_end(&o->work, NULL);
}

/* "s1." and where the folder stands: uidvalidity, modseq, uidnext. */
static struct bytes state_of(struct arena *mem, const struct mail_page *page)
{
	struct buf text;
	struct bytes state;

	if (!page->uidvalidity)
		return BYTES_NULL;
	buf_init(&text, 64);
	buf_append_str(&text, "s1.");
	summary_put_base36(&text, page->uidvalidity);
	buf_append_byte(&text, '.');
	summary_put_base36(&text, page->highestmodseq);
	buf_append_byte(&text, '.');
	summary_put_base36(&text, page->uidnext);
	state = arena_bytes(mem, buf_bytes(&text));
	buf_done(&text);
	return state;
}

static void take_page(struct page_op *o, const struct mail_page *page)
{
	struct arena *mem = o->work.call.mem;
	struct summary_list *l = &o->list;

	*l = (struct summary_list){ .has_total = true,
				    .total = page->total,
				    .position = page->position,
				    .state = state_of(mem, page),
				    .has_more = page->has_more,
				    .uidvalidity = page->uidvalidity };
	l->at = ARENA_ARRAY(mem, page->count, struct summary);
	o->views = ARENA_ARRAY(mem, page->count, struct part_view);
	for (size_t i = 0; l->at && o->views && i < page->count; i++)
		if (summary_of(mem, &o->folder->id, &page->items[i], &l->at[i], &o->views[i]))
			l->count++;
	if (l->count) {
		l->last_id = l->at[l->count - 1].id;
		l->next_sort_value = summary_sort_value(mem, o->query.sort, &l->at[l->count - 1]);
	}
	if (page->is_incomplete) {
		l->incomplete = ARENA_NEW(mem, struct incomplete);
		l->incomplete_count = l->incomplete != NULL;
		if (l->incomplete)
			*l->incomplete = (struct incomplete){ o->folder->id, "limit-reached" };
	}
}

/* A fault without words of a server that says "not found" means the anchor. */
static void page_failed(struct step *s, const struct fault *fault)
{
	struct page_op *o = s->owner;
	struct fault told;

	if (fault->err == ERR_CONFLICT)
		told = fault_with_code(ERR_CONFLICT, "cursor-expired");
	else if (fault->err == ERR_NOT_FOUND && o->query.window.kind == WINDOW_ANCHOR &&
		 !fault->protocol[0])
		told = fault_with_code(ERR_NOT_FOUND, "message-not-found");
	else
		told = folders_fault(o->work.account, fault);
	work_end(&o->work, &told);
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct page_op *o = ctx;

	if (!step_took(&o->work.step, fault))
		return;
	take_page(o, page);
	if (work_is_starved(&o->work))
		return;
	if (!o->options.preview) {
		work_end(&o->work, NULL);
		return;
	}
	o->previews = (struct previews){ .owner = o,
					 .done = on_previews,
					 .step = &o->work.step,
					 .path = o->folder->path,
					 .summaries = o->list.at,
					 .views = o->views,
					 .count = o->list.count };
	previews_run(&o->previews);
}

static struct op *ask(struct step *s, struct mailstore *ms)
{
	struct page_op *o = s->owner;
	unsigned want = MAIL_SUMMARY | (o->options.preview ? (unsigned)MAIL_PREVIEW : 0);

	return mailstore_query(ms, s->call, o->folder->path, &o->query, want, on_page, o);
}

static void on_folder(struct work *w, const struct folder *folder)
{
	struct page_op *o = (struct page_op *)w;

	o->folder = folder;
	if (!folder->is_selectable) {
		work_fail_code(w, ERR_UNSUPPORTED, "not-supported");
		return;
	}
	w->step.lease.path = folder->path;
	w->step.failed = page_failed;
	step_run(&w->step, ask);
}

struct op *account_list_messages(struct account *a, struct call call, struct bytes folder,
				 const struct mail_query *query, const struct list_options *options,
				 account_list_cb *cb, void *ctx)
{
	struct page_op *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->work.stop = stop;
	o->query = *query;
	o->options = *options;
	o->cb = cb;
	o->ctx = ctx;
	folders_look_up(&o->work, folder, on_folder);
	return &o->work.op;
}
