/* Showing folders: the list, and one of them. */
#include "account/fan.h"
#include "account/folders.h"
#include "account/live.h"

/* Where counts do not come with the list, they are asked for folder by folder, for
 * so many at most; the others have none. */
#define COUNTED_FOLDERS_MAX 500

struct listing {
	struct work work;
	struct folder_list list;
	struct folder **counted; /* those that are asked about */
	struct fan fan;
	struct bytes wanted; /* account_get_folder() */
	const struct folder *found;
	mailstore_folders_cb *cb; /* one of the two */
	account_folder_cb *folder_cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct listing *l = (struct listing *)w;

	if (l->cb)
		l->cb(l->ctx, fault, fault ? NULL : &l->list);
	else
		l->folder_cb(l->ctx, fault, fault ? NULL : l->found);
}

static void stop(struct work *w)
{
	struct listing *l = (struct listing *)w;

	fan_stop(&l->fan);
}

static void on_status(void *ctx, const struct fault *fault, const struct folder_status *status)
{
	struct fan_item *item = ctx;
	struct listing *l = item->fan->owner;
	struct folder *f = l->counted[item->index];

	if (!fault) {
		f->has_counts = true;
		f->total = status->total;
		f->unread = status->unread;
	}
	if (fan_took(item))
		work_end(&l->work, NULL);
}

static struct op *ask_status(struct fan_item *item, struct mailstore *ms)
{
	struct listing *l = item->fan->owner;

	return mailstore_status(ms, l->work.call, l->counted[item->index]->path, on_status, item);
}

/* Of a folder that is known exactly: what lists of it say, too. */
static void count_from_memory(struct listing *l, struct folder *f)
{
	const struct folder_state *fs = live_state(l->work.account, &f->id);
	struct folder_totals t;

	if (!fs)
		return;
	t = folder_state_totals(fs);
	f->has_counts = true;
	f->total = t.total;
	f->unread = t.unread;
}

/* Asks for the counts of those n that have none yet. */
static void count(struct listing *l, struct folder *from, size_t n)
{
	size_t counted = 0;

	for (size_t i = 0; i < n; i++)
		count_from_memory(l, &from[i]);
	l->counted = ARENA_ARRAY(l->work.call.mem, n, struct folder *);
	for (size_t i = 0; l->counted && i < n; i++)
		if (from[i].is_selectable && !from[i].has_counts && counted < COUNTED_FOLDERS_MAX)
			l->counted[counted++] = &from[i];
	if (work_is_starved(&l->work))
		return;
	if (!counted || !fan_run(&l->fan, &l->work.step, counted, ask_status, l))
		work_end(&l->work, NULL);
}

static void on_listed(struct work *w, const struct folder_list *folders)
{
	struct listing *l = (struct listing *)w;

	l->list = *folders;
	count(l, l->list.at, l->list.count);
}

struct op *account_list_folders(struct account *a, struct call call, mailstore_folders_cb *cb,
				void *ctx)
{
	struct listing *l = work_new(a, call, sizeof *l, report);

	if (!l)
		return NULL;
	l->cb = cb;
	l->ctx = ctx;
	l->work.stop = stop;
	folders_refresh(&l->work, on_listed);
	return &l->work.op;
}

static void on_listed_for_one(struct work *w, const struct folder_list *folders)
{
	struct listing *l = (struct listing *)w;
	struct folder found;
	bool is_known = folders_find(w->account, folders, l->wanted, &found);

	for (size_t i = 0; is_known && i < folders->count; i++)
		if (folder_id_equal(&folders->at[i].id, &found.id))
			l->found = &folders->at[i];
	if (l->found)
		count(l, &folders->at[l->found - folders->at], 1);
	else
		folders_fail_missing(w, l->wanted);
}

struct op *account_get_folder(struct account *a, struct call call, struct bytes folder,
			      account_folder_cb *cb, void *ctx)
{
	struct listing *l = work_new(a, call, sizeof *l, report);

	if (!l)
		return NULL;
	l->folder_cb = cb;
	l->ctx = ctx;
	l->wanted = arena_bytes(call.mem, folder);
	l->work.stop = stop;
	folders_refresh(&l->work, on_listed_for_one);
	return &l->work.op;
}
