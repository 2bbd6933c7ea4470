/* Which folders a watched account has, and where those stand that are not watched. */
#include "account/watch.h"

#include <stdlib.h>

#include "account/folder_tree.h"

#define STATUS_BATCH 50

/* --- the table, by id ------------------------------------------------- */

static size_t place_of(const struct watch *w, const struct folder_id *id)
{
	size_t from = 0, to = w->folder_count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(w->folders[mid]->id.text, id->text) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

struct watch_folder *watch_folder_find(const struct watch *w, const struct folder_id *id)
{
	size_t i = place_of(w, id);

	return i < w->folder_count && folder_id_equal(&w->folders[i]->id, id) ? w->folders[i]
									      : NULL;
}

struct watch_folder *watch_inbox(const struct watch *w)
{
	struct folder_id id = folder_id_of(&w->id, BYTES_LIT("INBOX"));

	return watch_folder_find(w, &id);
}

static bool grow(struct watch *w)
{
	size_t cap = w->folder_cap ? 2 * w->folder_cap : 8;
	struct watch_folder **folders;

	if (w->folder_count < w->folder_cap)
		return true;
	folders = realloc(w->folders, cap * sizeof(struct watch_folder *));
	if (!folders)
		return false;
	w->folders = folders;
	w->folder_cap = cap;
	return true;
}

static void insert(struct watch *w, struct watch_folder *f)
{
	size_t i = place_of(w, &f->id);

	memmove(&w->folders[i + 1], &w->folders[i],
		(w->folder_count++ - i) * sizeof(struct watch_folder *));
	w->folders[i] = f;
}

static void take_out(struct watch *w, const struct watch_folder *f)
{
	size_t i = place_of(w, &f->id);

	memmove(&w->folders[i], &w->folders[i + 1],
		(--w->folder_count - i) * sizeof(struct watch_folder *));
}

struct watch_folder *watch_folder_add(struct watch *w, const struct folder_id *id,
				      struct bytes path)
{
	struct watch_folder *f = calloc(1, sizeof *f);
	char *copy = bytes_dup_str(path);

	if (!f || !copy || !grow(w)) {
		free(copy);
		free(f);
		return NULL;
	}
	f->watch = w;
	f->id = *id;
	f->path = bytes_of(copy, path.len);
	f->is_inbox = bytes_equal_str_nocase(path, "INBOX");
	if (f->is_inbox)
		f->tally = f->tally_next = w->first_tally;
	uid_set_init(&f->untold, WATCH_RUNS_MAX);
	uid_set_init(&f->unseen, WATCH_RUNS_MAX);
	uid_set_init(&f->updated, WATCH_RUNS_MAX);
	uid_set_init(&f->gone, WATCH_RUNS_MAX);
	insert(w, f);
	live_count_changes(w, f);
	return f;
}

static void folder_free(struct watch *w, struct watch_folder *f)
{
	w->hub->stats.folders_dirty -= f->is_dirty;
	watch_second_drop(w, f);
	watch_memory_drop(w, f);
	drop_names_free(f->names);
	uid_set_done(&f->untold);
	uid_set_done(&f->unseen);
	uid_set_done(&f->updated);
	uid_set_done(&f->gone);
	free((void *)f->path.at);
	free(f);
}

void watch_folder_remove(struct watch *w, struct watch_folder *f)
{
	take_out(w, f);
	folder_free(w, f);
}

void watch_folders_clear(struct watch *w)
{
	for (size_t i = 0; i < w->folder_count; i++)
		folder_free(w, w->folders[i]);
	w->folder_count = 0;
}

struct folder_totals watch_totals(const struct watch_folder *f)
{
	const struct folder_status *at = &f->at;

	if (f->state)
		return folder_state_totals(f->state);
	return (struct folder_totals){ .uidvalidity = at->uidvalidity,
				       .uidnext = at->uidnext,
				       .highestmodseq = at->highestmodseq,
				       .total = at->total,
				       .unread = at->unread };
}

bool watch_must_compare(const struct watch_folder *f)
{
	struct folder_totals t = watch_totals(f);

	if (watch_has_state(f))
		return f->has_baseline && !t.highestmodseq;
	return f->has_baseline && !t.highestmodseq && !f->forgotten_at &&
	       t.total <= WATCH_WHOLE_MAX;
}

/* --- what has become of the list -------------------------------------- */

static uint64_t mix(uint64_t h, const void *at, size_t len)
{
	const uint8_t *p = at;

	for (size_t i = 0; i < len; i++) /* FNV-1a */
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

/* Of what clients see, but for the counts. */
static uint64_t looks_of(const struct folder *f)
{
	const struct folder_rights *r = &f->rights;
	const bool flags[] = { f->is_subscribed, f->is_selectable, r->read_items,   r->add_items,
			       r->remove_items,  r->set_seen,      r->set_keywords, r->create_child,
			       r->rename,        r->delete,        r->submit };
	uint64_t h = 0xcbf29ce484222325u;

	h = mix(h, f->name.at, f->name.len);
	h = mix(h, f->parent.text, sizeof f->parent.text);
	h = mix(h, &f->role, sizeof f->role);
	h = mix(h, &f->sort_order, sizeof f->sort_order);
	return mix(h, flags, sizeof flags);
}

static void take_looks(struct watch *w, struct watch_folder *f, const struct folder *from)
{
	uint64_t looks = looks_of(from);

	f->is_missing = false;
	if (f->is_selectable != from->is_selectable && from->is_selectable)
		f->needs_status = true;
	f->is_selectable = from->is_selectable;
	if (f->looks == looks)
		return;
	if (f->looks && !f->is_new)
		watch_put_folder(w, f, EVENT_FOLDER_UPDATED, NULL);
	f->looks = looks;
	f->is_unsaved = true;
	watch_pace_found(w);
}

/* What this path is called after a rename of ours; null: it was not renamed. */
static struct bytes renamed(const struct watch *w, struct arena *mem, struct bytes path)
{
	for (size_t i = w->rename_count; i > 0; i--) {
		const struct watch_rename *r = &w->renames[i - 1];
		struct bytes from = bytes_of_str(r->from), rest = bytes_skip(path, from.len);

		if (!bytes_starts_with(path, from))
			continue;
		if (rest.len == 0 || (r->delimiter && rest.at[0] == (uint8_t)r->delimiter))
			return bytes_of_str(arena_printf(mem, "%s%.*s", r->to, BYTES_FMT(rest)));
	}
	return BYTES_NULL;
}

/* The folder that is now this one. */
static struct watch_folder *find_renamed(struct watch *w, struct arena *mem, struct bytes path)
{
	for (size_t i = 0; w->rename_count && i < w->folder_count; i++) {
		struct watch_folder *f = w->folders[i];
		struct bytes now = f->is_missing ? renamed(w, mem, f->path) : BYTES_NULL;

		if (!bytes_is_null(now) && folder_path_equal(now, path))
			return f;
	}
	return NULL;
}

static void forget_baseline(struct watch *w, const struct folder_id *id)
{
	buf_append(&w->log.removed, bytes_of_str(id->text));
}

/* Its messages keep their UIDs; if not, synchronising tells. */
static bool take_rename(struct watch *w, struct watch_folder *f, const struct folder *to)
{
	char *path = bytes_dup_str(to->path);
	struct folder_id previous = f->id;

	if (!path)
		return false;
	watch_pace_found(w);
	forget_baseline(w, &f->id);
	watch_put_gathered(w, f);
	watch_second_drop(w, f);
	take_out(w, f);
	free((void *)f->path.at);
	f->path = bytes_of(path, to->path.len);
	f->id = to->id;
	insert(w, f);
	live_count_changes(w, f);
	f->is_missing = false;
	f->is_selectable = to->is_selectable;
	f->looks = looks_of(to);
	f->needs_status = f->is_selectable;
	f->is_unsaved = true;
	watch_put_folder(w, f, EVENT_FOLDER_UPDATED, &previous);
	return true;
}

static bool take_new(struct watch *w, struct arena *mem, const struct folder *from)
{
	struct watch_folder *f = find_renamed(w, mem, from->path);

	if (f)
		return take_rename(w, f, from);
	f = watch_folder_add(w, &from->id, from->path);
	if (!f)
		return false;
	watch_pace_found(w);
	f->is_new = w->has_folders;
	f->is_selectable = from->is_selectable;
	f->looks = looks_of(from);
	f->is_unsaved = true;
	f->needs_sync = f->is_inbox;
	f->needs_status =
		!f->is_inbox && from->is_selectable && w->folder_count <= WATCH_FOLDERS_MAX;
	if (!f->needs_status && f->is_new) {
		f->is_new = false;
		watch_put_folder(w, f, EVENT_FOLDER_CREATED, NULL);
	}
	return true;
}

static void remove_missing(struct watch *w)
{
	for (size_t i = w->folder_count; i > 0; i--) {
		struct watch_folder *f = w->folders[i - 1];

		if (!f->is_missing || f->is_inbox)
			continue;
		watch_pace_found(w);
		forget_baseline(w, &f->id);
		if (!f->is_new)
			watch_put_deleted_folder(w, &f->id);
		watch_folder_remove(w, f);
	}
}

static bool take_list(struct watch *w, struct arena *mem, const struct folder_list *list)
{
	struct folder inbox = { .path = BYTES_LIT("INBOX"), .is_selectable = true };
	bool ok = true;

	for (size_t i = 0; i < w->folder_count; i++)
		w->folders[i]->is_missing = true;
	for (size_t i = 0; i < list->count; i++) {
		struct watch_folder *f = watch_folder_find(w, &list->at[i].id);

		if (f)
			take_looks(w, f, &list->at[i]);
	}
	/* Last, so that all that are missing are known. */
	for (size_t i = 0; ok && i < list->count; i++)
		if (!watch_folder_find(w, &list->at[i].id))
			ok = take_new(w, mem, &list->at[i]);
	if (!ok)
		return false;
	remove_missing(w);
	inbox.id = folder_id_of(&w->id, inbox.path);
	if (!watch_inbox(w) && !take_new(w, mem, &inbox))
		return false;
	w->has_folders = true;
	return true;
}

static void on_listed(void *ctx, const struct fault *fault, const struct folder_list *listed)
{
	const struct fault nomem = fault_of(ERR_NOMEM);
	struct watch *w = ctx;
	struct folder_list list;

	if (!watch_took(w, fault))
		return;
	w->must_list = false;
	if (!folder_tree_build(w->mem, &w->id, listed, &list)) {
		watch_lost(w, &nomem);
		return;
	}
	folders_keep(&w->account->folders, &list);
	if (!take_list(w, w->mem, &list)) {
		watch_restart(w);
		return;
	}
	watch_log_flush(w);
	watch_did(w);
}

static struct op *ask_list(struct step *s, struct mailstore *ms)
{
	return mailstore_list_folders(ms, s->call, on_listed, s->owner);
}

void watch_list(struct watch *w)
{
	watch_work(w, NULL, ask_list);
}

/* --- where they stand ------------------------------------------------- */

/* Has anything happened since? What is not known on either side says nothing. */
static bool differs(const struct watch_folder *f, const struct folder_status *st)
{
	struct folder_totals t = watch_totals(f);

	if (st->uidvalidity != t.uidvalidity || st->uidnext != t.uidnext)
		return true;
	if (!watch_has_state(f) && !t.highestmodseq && f->forgotten_at && st->highestmodseq)
		return st->highestmodseq != f->forgotten_at;
	if (st->highestmodseq && t.highestmodseq)
		return st->highestmodseq != t.highestmodseq;
	return st->total != t.total || st->unread != t.unread;
}

static void take_baseline(struct watch *w, struct watch_folder *f, const struct folder_status *st)
{
	if (!st->highestmodseq && st->total <= WATCH_WHOLE_MAX) {
		f->needs_sync = true; /* which changes there are only the whole can tell */
		return;
	}
	watch_pace_found(w);
	f->at = *st;
	f->has_baseline = true;
	f->is_unsaved = true;
	f->told_total = st->total;
	f->told_unread = st->unread;
	f->has_told = true;
	if (f->is_new)
		watch_put_folder(w, f, EVENT_FOLDER_CREATED, NULL);
	f->is_new = false;
}

void watch_take_status(struct watch *w, struct watch_folder *f, const struct folder_status *given)
{
	struct folder_status now = *given, *st = &now;

	if (!w->account->caps.changes)
		st->highestmodseq = 0; /* nothing can be asked since then */
	f->needs_status = false;
	if (!f->has_baseline) {
		take_baseline(w, f, st);
	} else if (differs(f, st) && !watch_has_state(f) && !f->at.highestmodseq &&
		   st->total > WATCH_WHOLE_MAX) {
		f->at = *st;
		watch_reset(w, f, "watch-gap");
	} else if (differs(f, st)) {
		f->needs_sync = true;
	}
}

bool watch_heard_in_vain(struct watch_folder *f, const struct folder_status *st)
{
	const uint64_t parts[] = { st->uidvalidity, st->uidnext, st->total, st->unread,
				   st->highestmodseq };

	f->heard = mix(0xcbf29ce484222325u, parts, sizeof parts);
	return f->heard == f->vain;
}

/* A MODSEQ says all. Without one counts have to do, and those of STATUS do not show
 * that messages were marked \Deleted. */
static bool can_glance(const struct watch *w, const struct watch_folder *f)
{
	return f->has_baseline && w->account->caps.changes && watch_totals(f).highestmodseq;
}

static void on_status(void *ctx, const struct fault *fault, const struct folder_status *status)
{
	struct fan_item *item = ctx;
	struct watch *w = item->fan->owner;
	struct watch_folder *f = w->asked[item->index];

	f->needs_status = false;
	if (!fault)
		watch_take_status(w, f, status);
	else if (mailstore_is_open(lease_store(&w->step.lease)))
		w->must_list = w->must_list || fault->err == ERR_NOT_FOUND;
	else
		f->needs_status = true;
	if (!fan_took(item))
		return;
	if (fault && !mailstore_is_open(lease_store(&w->step.lease))) {
		watch_lost(w, fault);
		return;
	}
	w->has_worked = true;
	watch_log_flush(w);
	watch_did(w);
}

static struct op *ask_one(struct fan_item *item, struct mailstore *ms)
{
	struct watch *w = item->fan->owner;
	struct watch_folder *f = w->asked[item->index];

	if (can_glance(w, f))
		return mailstore_glance(ms, w->step.call, f->path, on_status, item);
	w->is_in_inbox = false;
	return mailstore_status(ms, w->step.call, f->path, on_status, item);
}

static struct op *ask_all(struct step *s, struct mailstore *ms)
{
	struct watch *w = s->owner;
	size_t count = 0;

	(void)ms;
	w->asked = ARENA_ARRAY(w->mem, STATUS_BATCH, struct watch_folder *);
	for (size_t i = 0; w->asked && i < w->folder_count && count < STATUS_BATCH; i++)
		if (w->folders[i]->needs_status)
			w->asked[count++] = w->folders[i];
	if (!count || !fan_run(&w->fan, s, count, ask_one, w))
		return NULL;
	return STEP_SKIPPED;
}

void watch_ask_status(struct watch *w)
{
	watch_work(w, NULL, ask_all);
}
