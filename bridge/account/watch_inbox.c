/* Watching the inbox, and what the server tells meanwhile. */
#include "account/watch.h"

#include "base/clock.h"

static const char *push_of(const struct watch *w)
{
	switch (w->must_poll ? MAILSTORE_PUSH_POLL : w->account->caps.push) {
	case MAILSTORE_PUSH_NOTIFY: return "notify";
	case MAILSTORE_PUSH_IDLE: return "idle";
	case MAILSTORE_PUSH_POLL: break;
	}
	return "poll";
}

bool watch_tells_all_folders(const struct watch *w)
{
	return w->account->caps.push == MAILSTORE_PUSH_NOTIFY && !w->must_poll;
}

static void forget_all(struct watch *w)
{
	for (size_t i = 0; i < w->folder_count; i++)
		w->folders[i]->needs_status = w->folders[i]->is_selectable;
	watch_inbox(w)->needs_sync = true;
	w->must_list = true;
	w->is_in_inbox = false;
	watch_go(w);
}

static void on_looked(struct watch *w, struct watch_folder *f, const struct mail_event *ev)
{
	w->is_looking = false;
	watch_take_event(w, f, ev);
	if (w->is_in_inbox)
		watch_looked(w, f);
}

/* The server speaks of a folder that we have not got: listed once more, but not with
 * every word about it; each list begins the watch anew, and then all are spoken of. */
static void on_stranger(struct watch *w)
{
	uint64_t now = clock_monotonic_ms();

	if (now < w->strangers_until_ms)
		return;
	w->strangers_until_ms = now + w->hub->limits.watch_poll_ms;
	w->must_list = true;
}

static void on_status(struct watch *w, const struct mail_event *ev)
{
	struct folder_id id = folder_id_of(&w->id, ev->path);
	struct watch_folder *f = watch_folder_find(w, &id);

	if (!f) {
		on_stranger(w);
	} else if (!f->is_inbox) {
		if (!watch_heard_in_vain(f, ev->status))
			watch_take_status(w, f, ev->status);
		/* Without MODSEQs that it says something says all. */
		if (f->has_stood && !ev->status->highestmodseq && watch_has_state(f))
			f->needs_sync = true;
		f->has_stood = true;
	}
	watch_go(w);
}

static void on_event(void *ctx, const struct mail_event *ev)
{
	struct watch *w = ctx;
	struct watch_folder *f = watch_inbox(w);

	switch (ev->kind) {
	case MAIL_EVENT_NEW:
	case MAIL_EVENT_FLAGS:
	case MAIL_EVENT_GONE:
		w->has_heard = w->has_heard || !w->is_looking;
		watch_take_event(w, f, ev);
		break;
	case MAIL_EVENT_LOOKED: on_looked(w, f, ev); break;
	case MAIL_EVENT_STATUS: on_status(w, ev); break;
	case MAIL_EVENT_FOLDERS:
		w->must_list = true;
		watch_go(w);
		break;
	case MAIL_EVENT_LOST: forget_all(w); break;
	}
}

static void on_ended(void *ctx, const struct fault *fault)
{
	/* It ends with a fault only. */
	(void)!watch_took(ctx, fault);
}

static struct op *start_watching(struct step *s, struct mailstore *ms)
{
	struct watch *w = s->owner;
	struct mail_watch how = {
		.want = w->brings_previews ? MAIL_SUMMARY | MAIL_PREVIEW : MAIL_FLAGS,
		.all_folders = true,
		.poll_ms = w->hub->limits.watch_poll_ms,
		.must_poll = w->must_poll,
	};

	return mailstore_watch(ms, watch_call(w), watch_inbox(w)->path, &how, on_event, on_ended,
			       w);
}

/* When one of those that are to be synchronised, but not while a move is under way, is. */
static uint64_t held_until_ms(const struct watch *w)
{
	uint64_t now = clock_monotonic_ms(), first_ms = UINT64_MAX, held_ms;

	for (size_t i = 0; i < w->folder_count; i++) {
		held_ms = w->folders[i]->needs_sync ? live_held_until_ms(w->folders[i]) : 0;
		if (held_ms > now && held_ms < first_ms)
			first_ms = held_ms;
	}
	return first_ms;
}

void watch_plan(struct watch *w)
{
	uint64_t due_ms = held_until_ms(w);

	if (w->renew_at_ms < due_ms)
		due_ms = w->renew_at_ms;

	if (!watch_tells_all_folders(w) && w->poll_at_ms < due_ms)
		due_ms = w->poll_at_ms;
	if (watch_try_failed_ms(w) < due_ms)
		due_ms = watch_try_failed_ms(w);
	watch_wake_at(w, due_ms);
}

void watch_begin(struct watch *w)
{
	if (watch_has_names(w)) {
		watch_rest(w);
		return;
	}
	watch_work(w, watch_inbox(w), start_watching);
	if (w->state != WATCH_WORKING || !lease_is_held(&w->step.lease))
		return;
	w->state = WATCH_WATCHING;
	watch_pace_begun(w);
	for (size_t i = 0; i < w->folder_count; i++)
		w->folders[i]->has_stood = false;
	w->step.lease.flags &= ~(unsigned)LEASE_FRESH;
	w->hub->stats.reconnects += w->was_lost;
	if (!w->watching_since_ms)
		w->watching_since_ms = clock_monotonic_ms();
	if (w->was_lost || !w->renew_at_ms) {
		w->renew_at_ms = clock_monotonic_ms() + w->hub->limits.watch_renew_ms;
		w->poll_at_ms = clock_monotonic_ms() + w->hub->limits.watch_poll_ms;
	}
	w->was_lost = false;
	if (!w->is_known && !w->has_tally)
		far_review(w, &w->at->id);
	w->is_known = true;
	watch_put_connection(w, push_of(w), NULL, 0);
	watch_plan(w);
	watch_second_review(w);
	watch_log_flush(w);
	watch_look(w, w->at);
}

void watch_look(struct watch *w, struct watch_folder *f)
{
	if (!f->is_dirty || f->changes)
		return;
	if (f->is_inbox && w->state == WATCH_WATCHING) {
		if (w->is_looking)
			return;
		w->is_looking = true;
		f->looked_at = f->changes_ended;
		op_resume(w->step.running);
	} else {
		f->needs_sync = true;
		watch_go(w);
	}
}

void watch_looked(struct watch *w, struct watch_folder *f)
{
	if (!f->is_dirty || f->changes || f->looked_at != f->changes_ended) {
		watch_look(w, f);
		return;
	}
	f->is_dirty = false;
	f->tally = f->tally_next;
	w->hub->stats.folders_dirty--;
	watch_log_flush_marks(w);
}
