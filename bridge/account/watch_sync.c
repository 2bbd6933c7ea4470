/*
 * From what the server says of a folder to what is to be told of it.
 *
 * A folder with a state is synchronised from it, and the state tells the difference.
 * Of one that only stood somewhere (`at`), what came and what changed shows in UIDs and
 * MODSEQs, and what went in QRESYNC's answer, where there is one; without it only
 * whether something went, and clients have to load it anew then. That happens once:
 * first all of it is taken as its state (whose events nobody needs), then what has
 * changed since `at`, which brings the state up to date and is told.
 */
#include "account/watch.h"

#include <stdlib.h>

static void on_synced(void *ctx, const struct fault *fault, const struct mail_sync *sync);
static void on_whole(void *ctx, const struct fault *fault, const struct mail_sync *sync);
static void on_since(void *ctx, const struct fault *fault, const struct mail_sync *sync);

/* --- differences ------------------------------------------------------ */

static enum err move_uid(struct uid_set *from, struct uid_set *to, uint32_t uid)
{
	enum err err = uid_set_remove(from, uid, uid);

	return err ? err : uid_set_add(to, uid, uid);
}

/* Over their limits the sets say no more than "load it anew". */
static void take_all(struct watch *w, struct watch_folder *f, const struct folder_diff *d)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < d->gone_count; i++) {
		uint32_t uid = d->gone[i];

		if (uid_set_has(&f->untold, uid))
			err = uid_set_remove(&f->untold, uid, uid);
		else if (uid_set_has(&f->unseen, uid))
			err = uid_set_remove(&f->unseen, uid, uid);
		else
			err = uid_set_add(&f->gone, uid, uid);
		if (!err && uid_set_has(&f->updated, uid))
			err = uid_set_remove(&f->updated, uid, uid);
	}
	for (size_t i = 0; !err && i < d->updated_count; i++) {
		uint32_t uid = d->updated[i];

		if (uid_set_has(&f->unseen, uid)) /* maybe it is given now */
			err = move_uid(&f->unseen, &f->untold, uid);
		else if (!uid_set_has(&f->untold, uid))
			err = uid_set_add(&f->updated, uid, uid);
	}
	for (size_t i = 0; !err && i < d->created_count; i++)
		err = uid_set_add(&f->untold, d->created[i], d->created[i]);
	if (err)
		watch_reset(w, f, "watch-gap");
}

static bool is_nothing(const struct folder_diff *d)
{
	return !d->is_reset && !d->created_count && !d->updated_count && !d->gone_count;
}

void watch_take_diff(struct watch *w, struct watch_folder *f, const struct folder_diff *d)
{
	f->vain = is_nothing(d) ? f->heard : 0;
	if (is_nothing(d))
		return;
	f->is_unsaved = true;
	if (d->is_reset) {
		watch_reset(w, f, "uidvalidity-changed");
	} else {
		watch_pace_found(w);
		take_all(w, f, d);
	}
	watch_log_flush(w);
}

static void clear_set(struct uid_set *s)
{
	uid_set_done(s);
	uid_set_init(s, WATCH_RUNS_MAX);
}

void watch_reset(struct watch *w, struct watch_folder *f, const char *reason)
{
	struct account_event ev = { .type = EVENT_RESET, .folder = f->id, .reason = reason };

	clear_set(&f->untold);
	clear_set(&f->unseen);
	clear_set(&f->updated);
	clear_set(&f->gone);
	f->is_unsaved = true;
	w->hub->stats.resets++;
	watch_log_put(w, &ev);
	watch_log_flush(w);
}

static void stands_at(struct watch_folder *f, const struct mail_sync *sync)
{
	f->at = (struct folder_status){ .uidvalidity = sync->uidvalidity,
					.uidnext = sync->uidnext,
					.highestmodseq = sync->highestmodseq };
	f->has_baseline = true;
	f->is_unsaved = true;
}

/* Too large, or not to be understood: from now on only where it stands. */
static void drop_state(struct watch *w, struct watch_folder *f, const struct mail_sync *sync)
{
	watch_memory_drop(w, f);
	f->is_huge = true;
	f->has_told = false;
	if (f->has_baseline)
		watch_reset(w, f, "watch-gap");
	stands_at(f, sync);
}

void watch_take_event(struct watch *w, struct watch_folder *f, const struct mail_event *ev)
{
	struct arena *mem = arena_new(64u << 20);
	struct folder_diff diff;
	enum err err = ERR_NOMEM;

	/* What comes and goes by a move of ours is looked at when both ids are known. */
	if (live_held_until_ms(f) && (ev->kind == MAIL_EVENT_NEW || ev->kind == MAIL_EVENT_GONE)) {
		f->needs_sync = true;
		w->is_in_inbox = false;
	}
	if (mem && watch_state(w, f) && w->is_in_inbox)
		err = folder_state_event(f->state, mem, ev, &diff);
	if (!err && ev->kind == MAIL_EVENT_NEW)
		watch_tell_new(w, f, ev, &diff);
	if (!err)
		watch_take_diff(w, f, &diff);
	else
		w->is_in_inbox = false; /* synchronising tells what this was */
	arena_free(mem);
	watch_memory_note(w, f);
	if (!w->is_in_inbox || f->untold.count || watch_log_is_full(w))
		watch_go(w);
}

/* --- synchronising ---------------------------------------------------- */

static void settle_baseline(struct watch *w, struct watch_folder *f)
{
	struct folder_totals t = watch_totals(f);

	watch_pace_found(w);
	f->has_baseline = true;
	f->is_unsaved = true;
	f->told_total = t.total;
	f->told_unread = t.unread;
	f->has_told = true;
	if (f->is_new)
		watch_put_folder(w, f, EVENT_FOLDER_CREATED, NULL);
	f->is_new = false;
}

/* Whoever says nothing by himself, twice in a row, is not believed any more. */
static void check(struct watch *w, const struct folder_diff *diff)
{
	if (!w->is_checking)
		return;
	w->is_checking = false;
	w->silences = is_nothing(diff) || w->has_heard ? 0 : w->silences + 1;
	w->has_heard = false;
	if (w->silences < WATCH_SILENCES_MAX)
		return;
	w->silences = 0;
	w->must_poll = true;
}

/* All that happened before it began has been seen. */
static void is_in_step(struct watch *w, struct watch_folder *f)
{
	w->hub->stats.syncs++;
	f->failed_until_ms = 0;
	watch_memory_note(w, f);
	w->is_in_inbox = f->is_inbox;
	watch_await_synced(w, f);
	watch_looked(w, f);
	watch_log_flush(w);
	watch_did(w);
}

/* Of a folder with a state, or without any knowledge. */
static void on_synced(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct watch *w = ctx;
	struct watch_folder *f = w->at;
	struct folder_diff diff = { 0 };
	struct mail_sync numbered = { 0 };
	uint64_t modseq = watch_totals(f).highestmodseq;
	enum err err;

	if (!watch_took(w, fault))
		return;
	err = f->names ? drop_names_translate(f->names, w->mem, sync, &numbered) : ERR_OK;
	if (f->names)
		sync = &numbered;
	if (!err)
		err = folder_state_sync(f->state, w->mem, sync, &diff);
	if (err == ERR_NOMEM) {
		watch_restart(w);
		return;
	}
	if (err) {
		drop_state(w, f, sync);
	} else if (!f->has_baseline) {
		settle_baseline(w, f);
	} else {
		check(w, &diff);
		watch_take_diff(w, f, &diff);
		/* Whoever goes on from there need not hear once more of what was told. */
		f->is_unsaved = f->is_unsaved || watch_totals(f).highestmodseq != modseq;
	}
	is_in_step(w, f);
}

static struct op *sync_state(struct step *s, struct mailstore *ms)
{
	struct watch *w = s->owner;
	struct mail_baseline since = folder_state_baseline(w->at->state);

	return mailstore_sync(ms, s->call, w->at->path, &since, on_synced, w);
}

/* --- synchronising from where it stood -------------------------------- */

static struct op *sync_whole(struct step *s, struct mailstore *ms)
{
	struct watch *w = s->owner;
	const struct mail_baseline nothing = { 0 };

	return mailstore_sync(ms, s->call, w->at->path, &nothing, on_whole, w);
}

static struct op *sync_since(struct step *s, struct mailstore *ms)
{
	struct watch *w = s->owner;
	const struct folder_status *at = &w->at->at;
	const struct mail_baseline since = { .uidvalidity = at->uidvalidity,
					     .uidnext = at->uidnext,
					     .highestmodseq = at->highestmodseq,
					     .only_changes = !w->at->is_inbox };

	return mailstore_sync(ms, s->call, w->at->path, &since, on_since, w);
}

static void on_whole(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct watch *w = ctx;
	struct watch_folder *f = w->at;
	struct folder_diff all;

	if (!watch_took(w, fault))
		return;
	if (folder_state_sync(w->fresh, w->mem, sync, &all)) {
		drop_state(w, f, sync);
		is_in_step(w, f);
	} else if (sync->uidvalidity != f->at.uidvalidity) {
		f->state = w->fresh;
		w->fresh = NULL;
		watch_reset(w, f, "uidvalidity-changed");
		is_in_step(w, f);
	} else {
		watch_work(w, f, sync_since);
	}
}

struct since {
	struct folder_diff diff; /* arrays in the watch's mem */
	uint32_t *created, *updated, *gone;
	uint64_t left; /* of those that there were and were shown */
};

static bool since_init(struct since *s, struct arena *mem, const struct mail_sync *sync,
		       const struct folder_status *at)
{
	uint64_t gone = 0;

	*s = (struct since){ .created = ARENA_ARRAY(mem, sync->count, uint32_t),
			     .updated = ARENA_ARRAY(mem, sync->count, uint32_t) };
	if (!sync->is_whole)
		for (size_t i = 0; i < sync->gone->count; i++) {
			const struct uid_run *r = &sync->gone->runs[i];

			if (r->first < at->uidnext)
				gone += (r->last < at->uidnext ? r->last : at->uidnext - 1) -
					r->first + 1;
		}
	if (gone > WATCH_GONE_MAX)
		return false;
	s->gone = ARENA_ARRAY(mem, sync->count + gone, uint32_t);
	s->diff = (struct folder_diff){ .created = s->created,
					.updated = s->updated,
					.gone = s->gone };
	return s->created && s->updated && s->gone;
}

static void since_flags(struct since *s, const struct mail_sync *sync,
			const struct folder_status *at)
{
	for (size_t i = 0; i < sync->count; i++) {
		const struct mail_flags *m = &sync->flags[i];
		bool is_hidden = m->keywords.system & KEYWORD_DELETED;

		if (m->uid >= at->uidnext && !is_hidden)
			s->created[s->diff.created_count++] = m->uid;
		if (m->uid >= at->uidnext)
			continue;
		s->left += !is_hidden;
		if (m->modseq && m->modseq <= at->highestmodseq)
			continue;
		if (is_hidden)
			s->gone[s->diff.gone_count++] = m->uid;
		else
			s->updated[s->diff.updated_count++] = m->uid;
	}
}

static int compare_uids(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static void since_gone(struct since *s, const struct mail_sync *sync,
		       const struct folder_status *at)
{
	for (size_t i = 0; !sync->is_whole && i < sync->gone->count; i++) {
		const struct uid_run *r = &sync->gone->runs[i];

		for (uint32_t uid = r->first; uid < at->uidnext; uid++) {
			s->gone[s->diff.gone_count++] = uid;
			if (uid == r->last)
				break;
		}
	}
	if (s->diff.gone_count)
		qsort(s->gone, s->diff.gone_count, sizeof *s->gone, compare_uids);
}

/* Without a state their keywords are at hand only now. */
static void put_updates(struct watch *w, struct watch_folder *f, const struct mail_sync *sync,
			struct folder_diff *diff)
{
	struct message_update *u = ARENA_ARRAY(w->mem, diff->updated_count, struct message_update);
	size_t n = 0;

	for (size_t i = 0; u && i < sync->count && n < diff->updated_count; i++) {
		const struct mail_flags *m = &sync->flags[i];

		if (m->uid == diff->updated[n])
			u[n++] = (struct message_update){
				{ f->id, { MESSAGE_KEY_UID, sync->uidvalidity, m->uid, "" } },
				m->keywords
			};
	}
	if (u)
		watch_put_updates(w, f, u, n);
	else
		watch_reset(w, f, "watch-gap");
	diff->updated_count = 0;
}

/* Puts into the difference what has gone; false when nobody knows. Those that were shown
 * then are shown now, or are marked as deleted since, or have gone; where that does not
 * add up some had been hidden before, or their going has been told already. */
static bool find_gone(const struct watch_folder *f, struct since *s, const struct mail_sync *sync,
		      const struct folder_status *at)
{
	const struct folder_filter all = { 0 };
	bool is_countable = f->state && !sync->is_whole;
	uint32_t left = is_countable ? folder_state_rank(f->state, &all, at->uidnext, false) : 0;

	/* A server may name all that are not there, whenever they went. */
	if (!is_countable || left + s->diff.gone_count != at->total)
		since_gone(s, sync, at);
	return !is_countable || left + s->diff.gone_count == at->total;
}

static void take_since(struct watch *w, struct watch_folder *f, const struct mail_sync *sync,
		       const struct folder_status *at)
{
	struct since s;

	if (sync->uidvalidity != at->uidvalidity) {
		watch_reset(w, f, "uidvalidity-changed");
	} else if (!at->highestmodseq || !since_init(&s, w->mem, sync, at)) {
		watch_reset(w, f, "watch-gap");
	} else {
		since_flags(&s, sync, at);
		if (!find_gone(f, &s, sync, at)) {
			watch_reset(w, f, "watch-gap");
			return;
		}
		if (!f->state)
			put_updates(w, f, sync, &s.diff);
		watch_take_diff(w, f, &s.diff);
		/* Who does not say what has gone leaves only the count to see that by. */
		if (sync->is_whole && (f->is_huge || s.left != at->total))
			watch_reset(w, f, "watch-gap");
	}
}

static void on_since(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct watch *w = ctx;
	struct watch_folder *f = w->at;
	struct folder_status at = f->at;
	struct folder_diff unneeded;

	if (!watch_took(w, fault))
		return;
	if (w->fresh && folder_state_sync(w->fresh, w->mem, sync, &unneeded)) {
		drop_state(w, f, sync);
	} else {
		f->state = w->fresh;
		w->fresh = NULL;
		stands_at(f, sync);
		take_since(w, f, sync, &at);
	}
	is_in_step(w, f);
}

void watch_sync(struct watch *w, struct watch_folder *f)
{
	struct folder_state **to = watch_state(w, f) || !f->has_baseline ? &f->state : &w->fresh;
	const struct fault nomem = fault_of(ERR_NOMEM);

	f->needs_sync = false;
	f->looked_at = f->changes_ended;
	if (watch_has_names(w) && !watch_drop_prepare(w, f)) {
		watch_lost(w, &nomem);
		return;
	}
	if (f->is_huge) {
		watch_work(w, f, sync_since);
		return;
	}
	if (!*to)
		*to = folder_state_new(w->hub->limits.folder_max_bytes);
	if (!*to)
		watch_lost(w, &nomem);
	else
		watch_work(w, f, to == &f->state ? sync_state : sync_whole);
}
