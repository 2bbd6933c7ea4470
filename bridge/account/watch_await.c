/* Who waits for the first synchronisation of a watch instead of asking the server. */
#include "account/watch.h"

/* Is it about to do something, or to know whether it is its turn? */
static bool may_begin(const struct watch *w)
{
	if (w->state == WATCH_ELSEWHERE)
		return w->is_in_line && state_lease_turn(&w->lease) == STATE_TURN_UNKNOWN &&
		       !state_health(w->hub->state).is_away;
	return w->state == WATCH_IDLE || w->state == WATCH_OPENING || w->state == WATCH_WORKING;
}

/* Will w synchronise the folder soon, from what it knows of it? Then that takes no longer
 * than asking for a page. Where flags have no MODSEQs it may take much longer. */
static bool is_coming(const struct watch *w, const struct folder_id *folder)
{
	const struct watch_folder *f;

	if (w->is_known || !may_begin(w))
		return false;
	if (!w->log.is_open)
		return true;
	f = watch_folder_find(w, folder);
	return f && f->is_inbox && f->has_baseline && watch_has_state(f) && !f->is_dirty &&
	       watch_totals(f).highestmodseq;
}

static void leave(struct live_wait *l)
{
	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	l->prev = NULL;
}

static void on_task(struct loop_task *t)
{
	struct live_wait *l =
		(struct live_wait *)(void *)((char *)t - offsetof(struct live_wait, task));

	l->done(l);
}

static void end(struct watch *w, struct live_wait *l, bool is_synced)
{
	leave(l);
	l->is_synced = is_synced;
	l->task.run = on_task;
	loop_task_start(w->hub->loop, &l->task);
}

void watch_await_review(struct watch *w)
{
	struct live_wait *next;

	for (struct live_wait *l = w->awaiting; l; l = next) {
		next = l->next;
		if (!is_coming(w, &l->folder))
			end(w, l, false);
	}
}

void watch_await_synced(struct watch *w, const struct watch_folder *f)
{
	struct live_wait *next;

	for (struct live_wait *l = w->awaiting; l; l = next) {
		next = l->next;
		if (folder_id_equal(&l->folder, &f->id))
			end(w, l, true);
	}
}

struct watch_folder *watch_awaited(const struct watch *w)
{
	for (const struct live_wait *l = w->awaiting; l; l = l->next)
		if (is_coming(w, &l->folder))
			return watch_folder_find(w, &l->folder);
	return NULL;
}

/* Is there one that could be asked without a login? */
static bool has_free_session(const struct pool *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->sessions[i]->state == SESSION_IDLE)
			return true;
	return false;
}

bool live_wait_start(struct live_wait *l, struct account *a, const struct folder_id *folder)
{
	struct watch *w = watch_of(a);

	if (!w || has_free_session(&a->pool) || !is_coming(w, folder))
		return false;
	l->folder = *folder;
	l->is_synced = false;
	l->next = w->awaiting;
	l->prev = &w->awaiting;
	if (l->next)
		l->next->prev = &l->next;
	w->awaiting = l;
	return true;
}

void live_wait_stop(struct live_wait *l)
{
	if (l->prev)
		leave(l);
	loop_task_stop(&l->task);
}

const struct folder_state *live_wait_state(const struct live_wait *l, const struct account *a)
{
	struct watch *w = l->is_synced ? watch_of(a) : NULL;
	struct watch_folder *f =
		w && watch_is_our_turn(w) ? watch_folder_find(w, &l->folder) : NULL;

	return f && f->has_baseline && !f->is_dirty ? watch_state(w, f) : NULL;
}
