/* Emptying a folder for good: page by page, so that others get their turn. */
#include "account/edit.h"
#include "account/noted_expunge.h"

#define PAGE_MESSAGES  1000
#define PAGE_MEM_BYTES (64u << 20)

struct emptying {
	struct work work;
	bool force;
	const struct folder *folder;
	struct arena *page_mem;
	struct mail_query query;
	struct message_key *keys;
	size_t key_count;
	bool has_more;
	uint32_t bound; /* UIDNEXT at the start; 0: none */
	uint64_t count;
	account_count_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct emptying *o = (struct emptying *)w;

	o->cb(o->ctx, fault, o->count);
}

static void stop(struct work *w)
{
	struct emptying *o = (struct emptying *)w;

	arena_free(o->page_mem);
	o->page_mem = NULL;
}

static void next_page(struct emptying *o);

static struct call page_call(const struct emptying *o)
{
	struct call call = o->work.call;

	call.mem = o->page_mem;
	return call;
}

static void on_expunged(void *ctx, const struct fault *fault, const struct change_result *results,
			size_t count)
{
	struct emptying *o = ctx;
	struct fault refused = { .err = ERR_OK };

	if (!step_took(&o->work.step, fault))
		return;
	for (size_t i = 0; i < count; i++) {
		if (results[i].status == CHANGE_DONE)
			o->count++;
		else if (results[i].status != CHANGE_NOT_FOUND && !refused.err)
			refused = results[i].fault;
	}
	if (refused.err)
		work_end(&o->work, &refused);
	else if (o->has_more)
		next_page(o);
	else
		work_end(&o->work, NULL);
}

static struct op *expunge(struct step *s, struct mailstore *ms)
{
	struct emptying *o = s->owner;

	return noted_expunge(s, page_call(o), ms, o->folder->path, o->keys, o->key_count,
			     on_expunged, o);
}

/* What arrived after we began stays. */
static bool take_keys(struct emptying *o, const struct mail_page *page)
{
	if (!o->bound)
		o->bound = page->uidnext;
	o->key_count = 0;
	o->keys = ARENA_ARRAY(o->page_mem, page->count, struct message_key);
	for (size_t i = 0; o->keys && i < page->count; i++)
		if (page->items[i].key.kind != MESSAGE_KEY_UID || !o->bound ||
		    page->items[i].key.uid < o->bound)
			o->keys[o->key_count++] = page->items[i].key;
	o->has_more = page->has_more && o->key_count == page->count && o->key_count;
	return o->keys != NULL;
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct emptying *o = ctx;

	if (!step_took(&o->work.step, fault))
		return;
	if (!take_keys(o, page)) {
		work_fail(&o->work, ERR_NOMEM);
	} else if (!o->key_count) {
		work_end(&o->work, NULL);
	} else {
		/* Those that are only marked stay, for all we know: go on behind them. */
		o->query.window.kind = WINDOW_AFTER;
		o->query.window.key = o->keys[o->key_count - 1];
		o->query.window.uidvalidity = page->uidvalidity;
		step_will_change(&o->work.step, &o->folder->id, NULL, false);
		step_run_once(&o->work.step, expunge);
	}
}

static struct op *ask_page(struct step *s, struct mailstore *ms)
{
	struct emptying *o = s->owner;

	return mailstore_query(ms, page_call(o), o->folder->path, &o->query, 0, on_page, o);
}

static void next_page(struct emptying *o)
{
	step_release(&o->work.step);
	arena_free(o->page_mem);
	o->page_mem = arena_new(PAGE_MEM_BYTES);
	if (o->page_mem)
		step_run(&o->work.step, ask_page);
	else
		work_fail(&o->work, ERR_NOMEM);
}

static void on_folder(struct work *w, const struct folder *folder)
{
	struct emptying *o = (struct emptying *)w;

	o->folder = folder;
	w->step.lease.path = folder->path;
	if (!folder->is_selectable)
		edit_refuse(w, ERR_UNSUPPORTED, "not-supported", NULL);
	else if (!o->force && folder->role != FOLDER_ROLE_TRASH && folder->role != FOLDER_ROLE_JUNK)
		edit_refuse(w, ERR_CONFLICT, "folder-protected",
			    "Only trash and junk are emptied without force=true.");
	else
		next_page(o);
}

static void failed(struct step *s, const struct fault *fault)
{
	struct emptying *o = s->owner;
	struct fault told = edit_fault(o->work.account, fault);

	work_end(&o->work, &told);
}

struct op *account_empty_folder(struct account *a, struct call call, struct bytes folder,
				bool force, account_count_cb *cb, void *ctx)
{
	struct emptying *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->force = force;
	o->query = (struct mail_query){ .sort = SORT_ADDED, .window.limit = PAGE_MESSAGES };
	o->work.stop = stop;
	o->work.step.failed = failed;
	folders_look_up(&o->work, folder, on_folder);
	return &o->work.op;
}
