/*
 * One page of a folder's messages. Of a folder that is known exactly only those
 * summaries are asked for that are not in memory; else the server is asked for the page.
 */
#include "account/copy.h"
#include "account/list_state.h"
#include "account/live.h"
#include "account/live_list.h"
#include "account/summary.h"
#include "base/clock.h"

/* A list waits so long for what a watch is about to know before it asks the server. */
#define HEAD_START_MS 1000
/* Where the store lacked something, summaries come from the server for so long. */
#define COLD_MS 10000

struct page_op {
	struct work work;
	const struct folder *folder;
	struct mail_query query;
	struct list_options options;
	struct summary_list list;
	struct summary *summaries; /* of messages that came from the server */
	struct part_view *views;   /* beside them */
	size_t count;
	bool *unreadable;
	struct previews previews;
	struct summary_fill fill;
	bool is_filled; /* the store has been asked */
	struct live_wait wait;
	struct copy copy;
	struct loop_timer head_start;
	bool has_waited;
	void (*complete)(struct page_op *o); /* when the summaries have their previews */
	struct message_key *missing;
	size_t missing_count;
	bool is_lean; /* `page` has flags only */
	struct mail_page page;
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
	summary_fill_stop(&o->fill);
	live_wait_stop(&o->wait);
	copy_stop(&o->copy);
	loop_timer_stop(w->account->hub->loop, &o->head_start);
}

/* --- what came from the server ---------------------------------------- */

static bool take_items(struct page_op *o, const struct mail_item *items, size_t count)
{
	struct arena *mem = o->work.call.mem;

	o->count = 0;
	o->summaries = ARENA_ARRAY(mem, count, struct summary);
	o->views = ARENA_ARRAY(mem, count, struct part_view);
	o->unreadable = ARENA_ARRAY(mem, count, bool);
	for (size_t i = 0; !arena_failed(mem) && i < count; i++) {
		o->unreadable[o->count] = items[i].is_unreadable;
		if (summary_of(mem, &o->folder->id, &items[i], &o->summaries[o->count],
			       &o->views[o->count]))
			o->count++;
	}
	return !work_is_starved(&o->work);
}

static void keep_summaries(struct page_op *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (!o->unreadable[i])
			live_summary_keep(o->work.account, &o->summaries[i]);
	o->complete(o);
}

static void on_previews(struct previews *p)
{
	keep_summaries(p->owner);
}

/* Goes on with complete(), maybe at once. */
static void complete_items(struct page_op *o, void (*complete)(struct page_op *o))
{
	o->complete = complete;
	if (!o->options.preview) {
		keep_summaries(o);
		return;
	}
	o->previews = (struct previews){ .owner = o,
					 .done = on_previews,
					 .step = &o->work.step,
					 .path = o->folder->path,
					 .summaries = o->summaries,
					 .views = o->views,
					 .count = o->count };
	previews_run(&o->previews);
}

static unsigned wanted(const struct page_op *o)
{
	return MAIL_SUMMARY | (o->options.preview ? (unsigned)MAIL_PREVIEW : 0);
}

/* --- a page of the server's -------------------------------------------- */

static void take_page(struct page_op *o, const struct mail_page *page)
{
	struct arena *mem = o->work.call.mem;
	struct summary_list *l = &o->list;

	*l = (struct summary_list){
		.has_total = true,
		.total = page->total,
		.position = page->position,
		.state = list_state_format(
			mem, &(struct list_state){ .uidvalidity = page->uidvalidity,
						   .uidnext = page->uidnext,
						   .epoch = page->epoch,
						   .highestmodseq = page->highestmodseq }),
		.has_more = page->has_more,
		.uidvalidity = page->uidvalidity
	};
	l->at = o->summaries;
	l->count = o->count;
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

static void page_complete(struct page_op *o)
{
	if (!work_is_starved(&o->work))
		work_end(&o->work, NULL);
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct page_op *o = ctx;

	if (!step_took(&o->work.step, fault) || !take_items(o, page->items, page->count))
		return;
	take_page(o, page);
	complete_items(o, page_complete);
}

static struct op *ask_page(struct step *s, struct mailstore *ms)
{
	struct page_op *o = s->owner;

	return mailstore_query(ms, s->call, o->folder->path, &o->query, wanted(o), on_page, o);
}

static void whole_from_server(struct page_op *o)
{
	o->is_lean = false;
	step_run(&o->work.step, ask_page);
}

/* --- a page of the server's whose summaries are known -------------------- */

static bool find_known(struct page_op *o, const struct mail_item *item, struct ready_summary *ret)
{
	struct message_id id = { o->folder->id, item->key };

	ret->keywords = item->keywords;
	return !item->is_unreadable &&
	       live_summary_find(o->work.account, &id, o->work.call.mem, ret) &&
	       !(o->options.preview && bytes_is_null(ret->preview));
}

/* False when some are missing, which are noted then, or memory is short. */
static bool list_known(struct page_op *o)
{
	const struct mail_page *page = &o->page;
	struct arena *mem = o->work.call.mem;
	struct summary_list *l = &o->list;

	o->count = o->missing_count = 0;
	take_page(o, page);
	l->ready = ARENA_ARRAY(mem, page->count, struct ready_summary);
	o->missing = ARENA_ARRAY(mem, page->count, struct message_key);
	if (arena_failed(mem))
		return false;
	for (size_t i = 0; i < page->count; i++)
		if (!find_known(o, &page->items[i], &l->ready[i]))
			o->missing[o->missing_count++] = page->items[i].key;
	l->at = NULL;
	l->count = page->count;
	if (l->count)
		l->last_id = (struct message_id){ o->folder->id, page->items[l->count - 1].key };
	return !o->missing_count && !arena_failed(mem);
}

/* What was missing is there now, unless it has gone or cannot be read. */
static void known_complete(struct page_op *o)
{
	bool is_there = list_known(o);

	if (work_is_starved(&o->work))
		return;
	if (is_there)
		work_end(&o->work, NULL);
	else
		whole_from_server(o);
}

static bool ask_store(struct page_op *o);
static struct op *ask_missing(struct step *s, struct mailstore *ms);

static void look_for_known(struct page_op *o)
{
	bool is_there = list_known(o);

	if (work_is_starved(&o->work))
		return;
	if (is_there) {
		work_end(&o->work, NULL);
	} else if (!ask_store(o)) {
		o->work.account->cold_until_ms = clock_monotonic_ms() + COLD_MS;
		step_run(&o->work.step, ask_missing);
	}
}

static void on_flags(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct page_op *o = ctx;

	if (!step_took(&o->work.step, fault))
		return;
	o->page = *page;
	look_for_known(o);
}

static struct op *ask_flags(struct step *s, struct mailstore *ms)
{
	struct page_op *o = s->owner;

	return mailstore_query(ms, s->call, o->folder->path, &o->query, MAIL_FLAGS, on_flags, o);
}

/* Where the summaries are most likely known the server need not give them; those that are
 * not cost a round trip more. */
static void from_server(struct page_op *o)
{
	struct account *a = o->work.account;

	a->hub->stats.lists_from_server++;
	o->is_lean = live_is_elsewhere(a) && live_page_is_possible(&o->query, &o->options) &&
		     clock_monotonic_ms() >= a->cold_until_ms;
	step_run(&o->work.step, o->is_lean ? ask_flags : ask_page);
}

/* --- a page of what is known -------------------------------------------- */

/* What the folder holds, as far as this request is concerned. */
static const struct folder_state *known_state(const struct page_op *o)
{
	const struct folder_state *fs = live_state(o->work.account, &o->folder->id);

	if (!fs)
		fs = live_wait_state(&o->wait, o->work.account);
	return fs ? fs : copy_state(&o->copy);
}

/* False when it is not all there; previews that could be had are. */
static bool from_memory(struct page_op *o, const struct live_page *page)
{
	const struct list_options any_preview = { .preview = false };
	struct arena *mem = o->work.call.mem;

	if (!live_page_list(o->work.account, &o->folder->id, page, &any_preview, mem, &o->list))
		return false;
	live_list_keep(mem, &o->list);
	return true;
}

/* What was missing is there now, unless the folder has changed or it cannot be read. */
static void missing_complete(struct page_op *o)
{
	struct live_page page;
	bool is_there = live_page_find(known_state(o), &o->query, &o->options, &page) &&
			from_memory(o, &page);

	if (work_is_starved(&o->work))
		return;
	if (is_there)
		work_end(&o->work, NULL);
	else
		from_server(o);
}

static void on_missing(void *ctx, const struct fault *fault, const struct mail_item *items,
		       size_t count)
{
	struct page_op *o = ctx;

	if (step_took(&o->work.step, fault) && take_items(o, items, count))
		complete_items(o, o->is_lean ? known_complete : missing_complete);
}

static struct op *ask_missing(struct step *s, struct mailstore *ms)
{
	struct page_op *o = s->owner;

	return mailstore_fetch(ms, s->call, o->folder->path, o->missing, o->missing_count,
			       wanted(o), on_missing, o);
}

static void start(struct page_op *o);

static void on_filled(struct summary_fill *f)
{
	struct page_op *o = f->owner;

	if (o->is_lean)
		look_for_known(o);
	else
		start(o);
}

/* Does another process know them? Then it goes on where it was. */
static bool ask_store(struct page_op *o)
{
	struct message_id *ids;

	if (o->is_filled)
		return false;
	o->is_filled = true;
	ids = ARENA_ARRAY(o->work.call.mem, o->missing_count, struct message_id);
	for (size_t i = 0; ids && i < o->missing_count; i++)
		ids[i] = (struct message_id){ o->folder->id, o->missing[i] };
	o->fill = (struct summary_fill){ .owner = o, .done = on_filled };
	return ids && summary_fill_start(&o->fill, &o->work.account->hub->store, o->work.call, ids,
					 o->missing_count);
}

/* False when the server has to be asked for the page. */
static bool start_from_memory(struct page_op *o)
{
	struct account *a = o->work.account;
	struct live_page page;

	if (!live_page_find(known_state(o), &o->query, &o->options, &page))
		return false;
	o->missing_count = live_page_missing(a, &o->folder->id, &page, &o->options,
					     o->work.call.mem, &o->missing);
	if (!o->missing_count)
		missing_complete(o);
	else if (!ask_store(o))
		step_run(&o->work.step, ask_missing);
	return true;
}

/* --- what a watch is about to know -------------------------------------- */

/* It takes its time: the server is asked as well, and whoever comes first answers. */
static void on_head_start(struct loop_timer *t)
{
	struct page_op *o =
		(struct page_op *)(void *)((char *)t - offsetof(struct page_op, head_start));

	from_server(o);
}

static void on_waited(struct live_wait *l)
{
	struct page_op *o = l->owner;
	bool is_asking = !loop_timer_is_on(&o->head_start);

	if (is_asking && !l->is_synced)
		return;
	loop_timer_stop(o->work.account->hub->loop, &o->head_start);
	previews_stop(&o->previews);
	step_stop(&o->work.step);
	start(o);
}

static bool wait_for_watch(struct page_op *o)
{
	struct loop *loop = o->work.account->hub->loop;

	if (o->has_waited || !live_page_is_possible(&o->query, &o->options))
		return false;
	o->has_waited = true;
	o->wait.owner = o;
	o->wait.done = on_waited;
	if (!live_wait_start(&o->wait, o->work.account, &o->folder->id))
		return false;
	o->head_start.fire = on_head_start;
	if (loop_timer_start(loop, &o->head_start, HEAD_START_MS))
		return true;
	live_wait_stop(&o->wait);
	return false;
}

static void on_copy(struct copy *c)
{
	start(c->owner);
}

/* Another process may know it. */
static bool ask_for_copy(struct page_op *o)
{
	return !o->copy.account && live_page_is_possible(&o->query, &o->options) &&
	       copy_start(&o->copy, o->work.account, &o->folder->id, o->work.call.mem, on_copy, o);
}

static void start(struct page_op *o)
{
	o->is_lean = false;
	if (!start_from_memory(o) && !wait_for_watch(o) && !ask_for_copy(o))
		from_server(o);
}

/* --- asked -------------------------------------------------------------- */

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
	start(o);
}

bool account_list_now(struct account *a, struct arena *mem, struct bytes folder,
		      const struct mail_query *query, const struct list_options *options,
		      struct summary_list *ret)
{
	struct live_page page;
	struct folder f;

	if (a->folders.is_stale || !folders_find(a, &a->folders.list, folder, &f) ||
	    !live_page_find(live_state(a, &f.id), query, options, &page) ||
	    !live_page_list(a, &f.id, &page, options, mem, ret))
		return false;
	a->hub->stats.lists_from_memory++;
	return true;
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
	o->query.collapse_threads = options->collapse_threads;
	o->options = *options;
	o->cb = cb;
	o->ctx = ctx;
	folders_look_up(&o->work, folder, on_folder);
	return &o->work.op;
}
