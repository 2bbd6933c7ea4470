/* From what is to be told to the events that tell it. */
#include "account/live_list.h"
#include "account/watch.h"

#include <stdlib.h>

#include "base/clock.h"

#define BATCH_MAX 50 /* messages whose summaries are fetched together */

struct watch_telling {
	struct watch *watch;
	struct watch_folder *folder;
	uint32_t uids[BATCH_MAX];
	struct message_key keys[BATCH_MAX];
	size_t asked;
	struct summary summaries[BATCH_MAX];
	struct part_view views[BATCH_MAX];
	bool are_unreadable[BATCH_MAX];
	size_t count;
	struct previews previews;
	bool is_fetching_previews;
};

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

/* --- events ----------------------------------------------------------- */

void watch_put_created(struct watch *w, struct watch_folder *f, const struct summary *s)
{
	struct account_event ev = {
		.type = EVENT_MESSAGE_CREATED, .at = now_s(), .folder = f->id, .message = s
	};

	watch_put_gathered(w, f);
	ev.has_moved_from = live_moved_from(w, &s->id, &ev.moved_from);
	watch_log_put(w, &ev);
	w->log.is_urgent = true;
}

void watch_put_updates(struct watch *w, struct watch_folder *f, const struct message_update *u,
		       size_t count)
{
	for (size_t i = 0; i < count; i += EVENT_BATCH_MAX) {
		struct account_event ev = { .type = EVENT_MESSAGE_UPDATED,
					    .at = now_s(),
					    .folder = f->id,
					    .updates = u + i };

		ev.count = count - i < EVENT_BATCH_MAX ? count - i : EVENT_BATCH_MAX;
		watch_log_put(w, &ev);
	}
}

static void put_deleted(struct watch *w, struct watch_folder *f, const struct message_id *ids,
			size_t count)
{
	struct message_moved moved[EVENT_BATCH_MAX];
	struct account_event ev = { .type = EVENT_MESSAGE_DELETED,
				    .at = now_s(),
				    .folder = f->id,
				    .ids = ids,
				    .count = count,
				    .moved = moved };

	for (size_t i = 0; i < count; i++) {
		if (!live_moved_to(w, &ids[i], &moved[ev.moved_count].to))
			continue;
		moved[ev.moved_count++].from = ids[i];
	}
	watch_log_put(w, &ev);
}

/* Calls put() with up to a batch of the UIDs at a time. */
static void in_batches(struct watch *w, struct watch_folder *f, const struct uid_set *uids,
		       void (*put)(struct watch *w, struct watch_folder *f, const uint32_t *uids,
				   size_t count))
{
	uint32_t batch[EVENT_BATCH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < uids->count; i++)
		for (uint32_t uid = uids->runs[i].first;; uid++) {
			batch[n++] = uid;
			if (n == EVENT_BATCH_MAX) {
				put(w, f, batch, n);
				n = 0;
			}
			if (uid == uids->runs[i].last)
				break;
		}
	if (n)
		put(w, f, batch, n);
}

static void put_updated_uids(struct watch *w, struct watch_folder *f, const uint32_t *uids,
			     size_t count)
{
	struct message_update updates[EVENT_BATCH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (f->state && folder_state_keywords(f->state, uids[i], &updates[n].keywords))
			updates[n++].id = watch_id(f, uids[i]);
	watch_put_updates(w, f, updates, n);
}

static void put_gone_uids(struct watch *w, struct watch_folder *f, const uint32_t *uids,
			  size_t count)
{
	struct message_id ids[EVENT_BATCH_MAX];

	for (size_t i = 0; i < count; i++)
		ids[i] = watch_id(f, uids[i]);
	put_deleted(w, f, ids, count);
}

static void empty(struct uid_set *s)
{
	size_t max_runs = s->max_runs;

	uid_set_done(s);
	uid_set_init(s, max_runs);
}

void watch_put_gathered(struct watch *w, struct watch_folder *f)
{
	if (f->updated.count) {
		in_batches(w, f, &f->updated, put_updated_uids);
		empty(&f->updated);
	}
	if (f->gone.count) {
		in_batches(w, f, &f->gone, put_gone_uids);
		empty(&f->gone);
	}
}

void watch_put_folder(struct watch *w, struct watch_folder *f, enum account_event_type type,
		      const struct folder_id *previous)
{
	const struct folder *known = folder_list_by_id(&w->account->folders.list, &f->id);
	struct folder_totals t = watch_totals(f);
	struct account_event ev = { .type = type, .at = now_s() };
	struct folder now;

	if (!known) {
		w->must_list = true; /* memory was short */
		return;
	}
	now = *known;
	now.has_counts = f->has_baseline && !f->is_huge && f->is_selectable;
	now.total = now.has_counts ? t.total : 0;
	now.unread = now.has_counts ? t.unread : 0;
	ev.folder_now = &now;
	if (previous) {
		ev.has_previous_id = true;
		ev.previous_id = *previous;
	}
	watch_log_put(w, &ev);
	f->told_total = now.total;
	f->told_unread = now.unread;
	f->has_told = now.has_counts;
}

void watch_put_deleted_folder(struct watch *w, const struct folder_id *id)
{
	struct account_event ev = { .type = EVENT_FOLDER_DELETED, .at = now_s(), .folder = *id };

	watch_log_put(w, &ev);
}

void watch_put_connection(struct watch *w, const char *push, const char *reason, int64_t retry_at)
{
	struct account_event ev = { .type = push ? EVENT_ACCOUNT_CONNECTED
						 : EVENT_ACCOUNT_DISCONNECTED,
				    .at = now_s(),
				    .push = push,
				    .reason = reason,
				    .retry_at = retry_at };
	char now = push ? 'c' : retry_at ? 'd' : 'r';

	if (w->log.connection == now || !w->log.is_open)
		return;
	w->log.connection = now;
	w->log.is_connection_unsaved = true;
	watch_log_put(w, &ev);
	w->log.is_urgent = true;
	watch_log_flush(w);
}

/* --- new messages that an event brings -------------------------------- */

static const struct mail_item *item_of(const struct mail_event *ev, uint32_t uid)
{
	for (size_t i = 0; i < ev->count; i++)
		if (ev->items[i].key.uid == uid)
			return &ev->items[i];
	return NULL;
}

/* Where it comes without a preview though it has text, the server makes none. */
static bool tell_at_once(struct watch *w, struct watch_folder *f, struct arena *mem,
			 const struct mail_item *item)
{
	struct part_view view;
	struct summary s;

	if (bytes_is_null(item->preview) || !summary_of(mem, &f->id, item, &s, &view))
		return false;
	live_summary_keep(w->account, &s);
	watch_put_created(w, f, &s);
	return true;
}

void watch_tell_new(struct watch *w, struct watch_folder *f, const struct mail_event *ev,
		    struct folder_diff *diff)
{
	struct arena *mem;
	size_t told = 0;

	if (!w->brings_previews || f->untold.count || !diff->created_count)
		return;
	mem = arena_new(64u << 20);
	while (mem && told < diff->created_count) {
		const struct mail_item *item = item_of(ev, diff->created[told]);

		if (!item || !tell_at_once(w, f, mem, item))
			break;
		told++;
	}
	arena_free(mem);
	f->is_unsaved = f->is_unsaved || told;
	w->brings_previews = told == diff->created_count;
	diff->created += told;
	diff->created_count -= told;
	watch_log_flush(w);
}

/* --- new messages that have to be fetched ----------------------------- */

void watch_tell_stop(struct watch *w)
{
	if (w->telling && w->telling->is_fetching_previews)
		previews_stop(&w->telling->previews);
	w->telling = NULL;
}

static int by_uid(const void *pa, const void *pb, void *folder)
{
	const struct mail_item *a = pa, *b = pb;
	uint32_t x = watch_uid(folder, &a->key), y = watch_uid(folder, &b->key);

	return (x > y) - (x < y);
}

/* What a fetch answers the server does not tell once more. */
static void take_flags(struct watch *w, struct watch_folder *f, const struct mail_item *items,
		       size_t count)
{
	struct mail_flags *flags = ARENA_ARRAY(w->mem, count, struct mail_flags);
	struct mail_event ev = { .kind = MAIL_EVENT_FLAGS, .flags = flags, .count = count };
	struct folder_diff diff;

	if (!f->state || !flags)
		return;
	for (size_t i = 0; i < count; i++)
		flags[i] = (struct mail_flags){ .uid = watch_uid(f, &items[i].key),
						.modseq = items[i].modseq,
						.keywords = items[i].keywords };
	if (folder_state_event(f->state, w->mem, &ev, &diff) == ERR_OK)
		watch_take_diff(w, f, &diff);
	else
		f->needs_sync = true;
}

/* Those that were not given have gone or are marked, which synchronising tells; or the
 * server cannot, and is not asked again. */
static bool take_missing(struct watch_telling *t)
{
	struct watch_folder *f = t->folder;

	for (size_t i = 0, n = 0; i < t->asked; i++) {
		uint32_t uid = t->uids[i];

		if (n < t->count && watch_uid(f, &t->summaries[n].id.key) == uid) {
			n++;
			continue;
		}
		f->needs_sync = true;
		if (uid_set_has(&f->untold, uid) &&
		    (uid_set_remove(&f->untold, uid, uid) || uid_set_add(&f->unseen, uid, uid)))
			return false;
	}
	return true;
}

static void on_previews(struct previews *p)
{
	struct watch_telling *t = p->owner;
	struct watch *w = t->watch;
	struct watch_folder *f = t->folder;

	for (size_t i = 0; i < t->count; i++) {
		struct summary *s = &t->summaries[i];
		uint32_t uid = watch_uid(f, &s->id.key);

		if (!uid_set_has(&f->untold, uid))
			continue;
		if (uid_set_remove(&f->untold, uid, uid)) {
			watch_restart(w);
			return;
		}
		if (f->state)
			(void)folder_state_keywords(f->state, uid, &s->keywords);
		if (!t->are_unreadable[i])
			live_summary_keep(w->account, s);
		watch_put_created(w, f, s);
	}
	if (!take_missing(t))
		watch_reset(w, f, "watch-gap");
	f->is_unsaved = true;
	watch_log_flush(w);
	watch_did(w);
}

static bool take_items(struct watch_telling *t, struct mail_item *items, size_t count)
{
	struct arena *mem = t->watch->mem;

	for (size_t i = 0; i < count && t->count < t->asked; i++) {
		if (!summary_of(mem, &t->folder->id, &items[i], &t->summaries[t->count],
				&t->views[t->count]))
			return false;
		t->are_unreadable[t->count++] = items[i].is_unreadable;
	}
	return true;
}

static void on_items(void *ctx, const struct fault *fault, const struct mail_item *items,
		     size_t count)
{
	struct watch *w = ctx;
	struct watch_telling *t = w->telling;
	struct mail_item *sorted;

	if (!watch_took(w, fault))
		return;
	sorted = ARENA_ARRAY(w->mem, count, struct mail_item);
	if (sorted && count) {
		memcpy(sorted, items, count * sizeof *items);
		qsort_r(sorted, count, sizeof *sorted, by_uid, t->folder);
	}
	take_flags(w, t->folder, items, count);
	if (!sorted || !take_items(t, sorted, count)) {
		watch_restart(w);
		return;
	}
	t->is_fetching_previews = true;
	t->previews = (struct previews){ .owner = t,
					 .done = on_previews,
					 .step = &w->step,
					 .path = t->folder->path,
					 .summaries = t->summaries,
					 .views = t->views,
					 .count = t->count };
	previews_run(&t->previews);
}

static struct op *fetch(struct step *s, struct mailstore *ms)
{
	struct watch *w = s->owner;
	struct watch_telling *t = w->telling;

	return mailstore_fetch(ms, s->call, t->folder->path, t->keys, t->asked,
			       MAIL_SUMMARY | MAIL_PREVIEW, on_items, w);
}

static void choose_uids(struct watch_telling *t)
{
	const struct uid_set *untold = &t->folder->untold;

	for (size_t i = 0; i < untold->count && t->asked < BATCH_MAX; i++)
		for (uint32_t uid = untold->runs[i].first; t->asked < BATCH_MAX; uid++) {
			t->keys[t->asked] = watch_id(t->folder, uid).key;
			t->uids[t->asked++] = uid;
			if (uid == untold->runs[i].last)
				break;
		}
}

void watch_tell(struct watch *w, struct watch_folder *f)
{
	const struct fault nomem = fault_of(ERR_NOMEM);

	if (!w->mem)
		w->mem = arena_new(256u << 20);
	w->telling = w->mem ? ARENA_NEW(w->mem, struct watch_telling) : NULL;
	if (!w->telling) {
		watch_lost(w, &nomem);
		return;
	}
	w->telling->watch = w;
	w->telling->folder = f;
	choose_uids(w->telling);
	watch_work(w, f, fetch);
}
