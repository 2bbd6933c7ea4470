/*
 * Where the server tells of the folder only that a session has selected (no NOTIFY), a
 * second session watches the one that is asked for most: named by those who listen, or
 * listed again and again. It only rings: what it says has the first session synchronise
 * the folder, which is then known exactly, like the inbox. It is given up whenever
 * somebody needs the session, and is not there where that would leave none free.
 */
#include "account/watch.h"

#include <stdlib.h>

#include "base/clock.h"

#define MEM_MAX_BYTES   (256u << 20)
#define WORK_TIMEOUT_MS 60000
/* Where there is no session to be had in that time there is none to spare. */
#define LEASE_TIMEOUT_MS 5000
/* It, the first, and one for requests. */
#define SESSIONS_MIN 3
/* So many asks make a folder worth it; they count half after each while. */
#define ASKS_ENOUGH  3
#define ASKS_MAX     1000000
#define HALVE_MS     60000
#define TRY_AGAIN_MS 10000

struct watch_second {
	struct watch *watch;
	struct watch_folder *folder; /* NULL: none for now */
	struct step step;
	struct arena *mem;
	struct loop_task go; /* chooses */
	bool is_ringing;     /* what happens in the folder is told from here on */
	bool must_yield;
	uint64_t not_before_ms;
	uint64_t halved_ms;
};

/* --- the one that is watched ------------------------------------------ */

static void let_go(struct watch_second *s)
{
	struct watch_folder *f = s->folder;

	if (!f)
		return;
	s->folder = NULL;
	if (!lease_is_held(&s->step.lease)) /* still in line */
		s->not_before_ms = clock_monotonic_ms() + TRY_AGAIN_MS;
	step_stop(&s->step);
	arena_free(s->mem);
	s->mem = NULL;
	s->is_ringing = s->must_yield = false;
	f->needs_status = f->has_baseline && f->is_selectable;
}

static void ring(struct watch_second *s)
{
	s->folder->needs_sync = true;
	watch_go(s->watch);
}

static void on_failed(struct step *step, const struct fault *fault)
{
	struct watch_second *s = step->owner;

	(void)fault;
	step->running = NULL;
	s->not_before_ms = clock_monotonic_ms() + TRY_AGAIN_MS;
	let_go(s);
	watch_go(s->watch);
}

static void on_event(void *ctx, const struct mail_event *ev)
{
	struct watch_second *s = ctx;

	if (ev->kind == MAIL_EVENT_LOST) {
		s->must_yield = true; /* and begin anew */
		loop_task_start(s->watch->hub->loop, &s->go);
	}
	ring(s);
}

static void on_ended(void *ctx, const struct fault *fault)
{
	struct watch_second *s = ctx;

	(void)!step_took(&s->step, fault); /* it ends with a fault only */
}

static struct op *begin_watching(struct step *step, struct mailstore *ms)
{
	struct watch_second *s = step->owner;
	struct mail_watch how = { .want = MAIL_FLAGS,
				  .poll_ms = s->watch->hub->limits.watch_poll_ms };

	return mailstore_watch(ms, step->call, s->folder->path, &how, on_event, on_ended, s);
}

/* From here on it would be told. What was before, the first session finds out. */
static void on_synced(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct watch_second *s = ctx;
	struct arena *of_sync = s->mem;

	(void)sync;
	if (!step_took(&s->step, fault))
		return;
	s->mem = arena_new(MEM_MAX_BYTES);
	s->is_ringing = true;
	s->step.call.mem = s->mem;
	s->step.call.deadline_ms = clock_monotonic_ms() + WORK_TIMEOUT_MS;
	ring(s);
	if (s->mem)
		step_run_once(&s->step, begin_watching);
	else
		let_go(s);
	arena_free(of_sync);
}

/* Only that the session knows the folder's UIDs; flags are of no use here. */
static struct op *synchronise(struct step *step, struct mailstore *ms)
{
	struct watch_second *s = step->owner;
	struct folder_totals t = watch_totals(s->folder);
	struct mail_baseline since = { 0 };

	if (t.highestmodseq)
		since = (struct mail_baseline){ .uidvalidity = t.uidvalidity,
						.uidnext = t.uidnext,
						.highestmodseq = t.highestmodseq };
	step->call.deadline_ms = clock_monotonic_ms() + WORK_TIMEOUT_MS;
	return mailstore_sync(ms, step->call, s->folder->path, &since, on_synced, s);
}

/* --- which one, and whether ------------------------------------------- */

static void on_yield(struct lease *l)
{
	struct step *step = (struct step *)(void *)((char *)l - offsetof(struct step, lease));
	struct watch_second *s = step->owner;

	s->must_yield = true;
	loop_task_start(s->watch->hub->loop, &s->go);
}

static bool is_possible(const struct watch *w)
{
	const struct pool *p = &w->account->pool;

	return w->state == WATCH_WATCHING && !w->must_poll && !p->waiting &&
	       w->account->caps.push == MAILSTORE_PUSH_IDLE && p->limit >= SESSIONS_MIN;
}

static struct watch_folder *most_wanted(const struct watch *w)
{
	struct watch_folder *best = NULL;

	for (size_t i = 0; i < w->folder_count; i++) {
		struct watch_folder *f = w->folders[i];

		if (f->is_inbox || !f->is_selectable || !f->has_baseline || f->is_huge)
			continue;
		if (f->asks >= ASKS_ENOUGH && (!best || f->asks > best->asks))
			best = f;
	}
	return best;
}

/* Others must be wanted much more, so that it does not change all the time. */
static struct watch_folder *choose(const struct watch_second *s)
{
	struct watch_folder *best = most_wanted(s->watch), *now = s->folder;

	if (now && now->asks && (!best || best->asks <= 2 * now->asks))
		return now;
	return best;
}

static void start(struct watch_second *s, struct watch_folder *f)
{
	struct watch *w = s->watch;

	s->mem = arena_new(MEM_MAX_BYTES);
	if (!s->mem)
		return;
	s->folder = f;
	step_init(&s->step, w->account, (struct call){ .mem = s->mem, .cls = CALL_BULK }, s,
		  on_failed);
	s->step.lease.flags = LEASE_WATCH;
	s->step.lease.yield = on_yield;
	s->step.lease.path = f->path;
	s->step.lease.deadline_ms = clock_monotonic_ms() + LEASE_TIMEOUT_MS;
	step_run_once(&s->step, synchronise);
}

static void halve_asks(struct watch_second *s, uint64_t now)
{
	if (now - s->halved_ms < HALVE_MS)
		return;
	s->halved_ms = now;
	for (size_t i = 0; i < s->watch->folder_count; i++)
		s->watch->folders[i]->asks /= 2;
}

static void on_go(struct loop_task *t)
{
	struct watch_second *s =
		(struct watch_second *)(void *)((char *)t - offsetof(struct watch_second, go));
	uint64_t now = clock_monotonic_ms();
	struct watch_folder *f;

	if (s->must_yield) {
		s->not_before_ms = now + TRY_AGAIN_MS;
		let_go(s);
		watch_go(s->watch);
	}
	halve_asks(s, now);
	f = choose(s);
	if (f == s->folder)
		return;
	let_go(s);
	if (f && now >= s->not_before_ms && is_possible(s->watch))
		start(s, f);
}

void watch_second_review(struct watch *w)
{
	if (w->second)
		loop_task_start(w->hub->loop, &w->second->go);
}

static bool has_second(struct watch *w)
{
	if (w->second)
		return true;
	w->second = calloc(1, sizeof *w->second);
	if (!w->second)
		return false;
	w->second->watch = w;
	w->second->go.run = on_go;
	w->second->halved_ms = clock_monotonic_ms();
	return true;
}

/* --- asked ------------------------------------------------------------ */

void watch_ask_for(struct watch *w, struct watch_folder *f, unsigned asks)
{
	if (f->is_inbox || w->state == WATCH_STOPPED || !w->account ||
	    w->account->caps.push != MAILSTORE_PUSH_IDLE || !has_second(w))
		return;
	if (f->asks < ASKS_MAX)
		f->asks += asks;
	if (w->second->folder != f)
		watch_second_review(w);
}

bool watch_second_tells(const struct watch *w, const struct watch_folder *f)
{
	return w->second && w->second->folder == f && w->second->is_ringing;
}

void watch_second_drop(struct watch *w, const struct watch_folder *f)
{
	if (w->second && w->second->folder && (!f || w->second->folder == f))
		let_go(w->second);
}

void watch_second_done(struct watch *w)
{
	watch_second_drop(w, NULL);
	if (w->second)
		loop_task_stop(&w->second->go);
	free(w->second);
	w->second = NULL;
}
