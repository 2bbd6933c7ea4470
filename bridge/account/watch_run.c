/*
 * What a watch does next, on its one session: see watch.h. Every operation ends in
 * watch_did() or in a fault; both lead back to next(), from a task, so that nothing of
 * ours is on the stack then.
 *
 * Faults: of a folder alone (gone, not to be opened): the folders are listed again.
 * Of the credentials: the watch stops, until there are others or they are good again.
 * Of the session or the host: told once as account.disconnected, then tried again with
 * the pool's patience and our own. Of the log: all is forgotten and begun anew from
 * what the log has.
 */
#include "account/watch.h"

#include "account/host.h"
#include "base/clock.h"

#define MEM_MAX_BYTES   (256u << 20)
#define WORK_TIMEOUT_MS 60000
/* The line for a session is left to others for so long, and then joined again. */
#define LEASE_TIMEOUT_MS (10 * 60 * 1000)
#define RETRY_MAX        120 /* the longest wait, in units of the first one */
/* A watch that lasted so many times as long as was waited for it is a new beginning. */
#define STEADY_FOR 4
/* Another account of the same user wants the session that we give back. */
#define ELSEWHERE_MS 3000

static void on_go(struct loop_task *t);
static void on_timer(struct loop_timer *t);
static void on_failed(struct step *s, const struct fault *fault);
static void on_yield(struct lease *l);

static struct watch *watch_of_step(struct step *s)
{
	return s->owner;
}

/* --- the session ------------------------------------------------------ */

static void stop_timer(struct watch *w)
{
	loop_timer_stop(w->hub->loop, &w->timer);
}

/* Without memory it stays as it is until something happens. */
void watch_wake_at(struct watch *w, uint64_t due_ms)
{
	w->timer.fire = on_timer;
	(void)!loop_timer_start_at(w->hub->loop, &w->timer, due_ms);
}

static void forget_work(struct watch *w)
{
	fan_stop(&w->fan);
	w->fan = (struct fan){ 0 }; /* what it points at goes with the memory */
	watch_tell_stop(w);
	folder_state_free(w->fresh);
	w->fresh = NULL;
	w->at = NULL;
	w->asked = NULL;
	arena_free(w->mem);
	w->mem = NULL;
}

void watch_release(struct watch *w)
{
	if (w->at) /* what was asked about it was not answered */
		w->at->needs_sync = w->at->needs_sync || w->at->has_baseline || w->at->is_inbox;
	fan_stop(&w->fan);
	step_stop(&w->step);
	watch_second_drop(w, NULL);
	forget_work(w);
	stop_timer(w);
	watch_log_flush_marks(w);
	w->has_worked = w->must_yield = w->is_in_inbox = w->is_looking = false;
	if (w->state == WATCH_WORKING || w->state == WATCH_WATCHING)
		w->state = WATCH_IDLE;
}

static void prepare_step(struct watch *w)
{
	struct call call = { .cls = CALL_BULK };

	step_init(&w->step, w->account, call, w, on_failed);
	w->step.lease.flags = LEASE_WATCH;
	w->step.lease.yield = on_yield;
	w->step.lease.path = BYTES_LIT("INBOX");
}

void watch_adopt(struct watch *w, struct account *a)
{
	watch_release(w);
	w->account = a;
	w->failures = 0;
	w->brings_previews = true;
	prepare_step(w);
	if (w->state == WATCH_RETRYING)
		w->state = WATCH_IDLE;
	w->must_list = true;
	watch_go(w);
}

void watch_forget(struct watch *w)
{
	watch_release(w);
	watch_log_close(w);
	watch_folders_clear(w);
	w->has_folders = w->is_known = w->is_complete = w->has_tally = false;
	w->first_tally = 0;
	w->must_list = true;
}

void watch_restart(struct watch *w)
{
	watch_forget(w);
	if (w->state == WATCH_STALLED || w->state == WATCH_OPENING)
		w->state = WATCH_IDLE;
	watch_step_down(w);
	watch_go(w);
}

static void on_yield(struct lease *l)
{
	struct step *s = (struct step *)(void *)((char *)l - offsetof(struct step, lease));
	struct watch *w = watch_of_step(s);

	w->must_yield = true;
	watch_go(w);
}

/* --- operations ------------------------------------------------------- */

struct call watch_call(struct watch *w)
{
	return (struct call){ .mem = w->mem,
			      .deadline_ms = clock_monotonic_ms() + WORK_TIMEOUT_MS,
			      .cls = CALL_BULK };
}

void watch_work(struct watch *w, struct watch_folder *f,
		struct op *(*start)(struct step *s, struct mailstore *ms))
{
	const struct fault nomem = fault_of(ERR_NOMEM);

	if (!w->mem)
		w->mem = arena_new(MEM_MAX_BYTES);
	if (!w->mem) {
		watch_lost(w, &nomem);
		return;
	}
	w->at = f;
	if (f && !f->is_inbox)
		w->is_in_inbox = false;
	w->state = WATCH_WORKING;
	w->step.call = watch_call(w);
	if (!lease_is_held(&w->step.lease)) {
		w->is_in_inbox = w->has_worked = false;
		w->step.lease.deadline_ms = clock_monotonic_ms() + LEASE_TIMEOUT_MS;
	}
	step_run_once(&w->step, start);
}

bool watch_took(struct watch *w, const struct fault *fault)
{
	if (!step_took(&w->step, fault))
		return false;
	w->has_worked = true;
	return true;
}

void watch_did(struct watch *w)
{
	forget_work(w);
	w->state = WATCH_IDLE;
	watch_go(w);
}

/* --- faults ----------------------------------------------------------- */

static const char *reason_of(const struct fault *fault, bool had_worked)
{
	if (fault->err == ERR_BUSY)
		return "upstream-limit";
	return had_worked ? "upstream-closed" : "upstream-unreachable";
}

static uint64_t patience_ms(const struct watch *w, const struct fault *fault)
{
	uint64_t base_ms = w->hub->limits.watch_retry_ms;
	uint64_t ms = host_backoff_ms(w->failures, base_ms, RETRY_MAX * base_ms);

	return fault->retry_after_s * 1000u > ms ? fault->retry_after_s * 1000u : ms;
}

void watch_lost(struct watch *w, const struct fault *fault)
{
	const char *reason = reason_of(fault, w->has_worked);
	struct fault copy = *fault;
	bool was_steady = w->watching_since_ms &&
			  clock_monotonic_ms() - w->watching_since_ms > STEADY_FOR * w->waited_ms;

	w->watching_since_ms = 0;
	w->was_lost = true;
	watch_release(w);
	if (copy.err == ERR_AUTH) {
		watch_stop(w, &copy);
		return;
	}
	w->failures = was_steady ? 1 : w->failures + 1;
	w->fault = copy;
	w->waited_ms = patience_ms(w, &copy);
	watch_put_connection(w, NULL, reason, (clock_wall_ms() + (int64_t)w->waited_ms) / 1000);
	w->state = WATCH_RETRYING;
	watch_wake_at(w, clock_monotonic_ms() + w->waited_ms);
	watch_await_review(w);
	if (!w->is_complete)
		watch_finish_cursors(w, &copy);
}

/* Does it concern the folder alone? */
static bool is_of_folder(const struct watch *w, const struct fault *fault)
{
	return w->at && mailstore_is_open(lease_store(&w->step.lease)) &&
	       (fault->err == ERR_NOT_FOUND || fault->err == ERR_DENIED ||
		fault->err == ERR_REFUSED || fault->err == ERR_INVALID);
}

static void folder_failed(struct watch *w, struct watch_folder *f)
{
	watch_folder_failed(f);
	w->must_list = true;
	watch_did(w);
}

static void on_failed(struct step *s, const struct fault *fault)
{
	struct watch *w = watch_of_step(s);
	struct watch_folder *f = w->at;
	struct fault copy = *fault;
	bool was_held = lease_is_held(&s->lease);

	w->step.running = NULL;
	if (!was_held && copy.err == ERR_TIMEOUT) {
		watch_did(w); /* the line was too long */
	} else if (was_held && copy.err == ERR_UNSUPPORTED) {
		watch_stop(w, &copy);
	} else if (was_held && is_of_folder(w, &copy) && !f->is_inbox) {
		folder_failed(w, f);
	} else if (was_held && copy.err == ERR_NET && s->lease.is_reused && !w->has_worked) {
		/* It had been dead for a while. */
		watch_release(w);
		s->lease.flags |= LEASE_FRESH;
		watch_go(w);
	} else {
		watch_lost(w, &copy);
	}
}

/* --- in time ---------------------------------------------------------- */

/* What the server does not tell by itself. */
static void poll_others(struct watch *w, uint64_t now)
{
	w->poll_at_ms = now + w->hub->limits.watch_poll_ms;
	watch_second_review(w);
	w->must_list = true;
	for (size_t i = 0; i < w->folder_count; i++)
		w->folders[i]->needs_status =
			w->folders[i]->is_selectable && !w->folders[i]->is_inbox;
}

/* Synchronising tells whether everything was told. */
static void renew(struct watch *w, uint64_t now)
{
	w->renew_at_ms = now + w->hub->limits.watch_renew_ms;
	w->is_checking = true;
	far_review(w, &watch_inbox(w)->id);
	poll_others(w, now);
	for (size_t i = 0; i < w->folder_count; i++) {
		struct watch_folder *f = w->folders[i];

		f->needs_sync = f->is_inbox || f->needs_sync || watch_must_compare(f);
	}
}

static void on_timer(struct loop_timer *t)
{
	struct watch *w = (struct watch *)(void *)((char *)t - offsetof(struct watch, timer));
	uint64_t now = clock_monotonic_ms();

	if (w->state == WATCH_RETRYING)
		w->state = WATCH_IDLE;
	if (w->state == WATCH_RESTING)
		watch_rested(w);
	if (w->state == WATCH_ELSEWHERE)
		watch_return_to_line(w);
	if (w->state == WATCH_WATCHING && now >= w->renew_at_ms)
		renew(w, now);
	else if (w->state == WATCH_WATCHING && now >= w->poll_at_ms && !watch_tells_all_folders(w))
		poll_others(w, now);
	if (w->state == WATCH_WATCHING)
		watch_try_failed(w);
	watch_go(w);
}

/* --- what is next ----------------------------------------------------- */

static bool is_held_up(const struct watch_folder *f, uint64_t now)
{
	return now < live_held_until_ms(f);
}

/* The inbox last, as it is where we go on. */
static struct watch_folder *wants_sync(const struct watch *w)
{
	struct watch_folder *inbox = watch_inbox(w);
	uint64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < w->folder_count; i++) {
		struct watch_folder *f = w->folders[i];

		if (f->needs_sync && !f->is_inbox && f->is_selectable && !is_held_up(f, now) &&
		    !watch_is_left_alone(f))
			return f;
	}
	return inbox && (inbox->needs_sync || !w->is_in_inbox) ? inbox : NULL;
}

static struct watch_folder *wants_telling(const struct watch *w)
{
	for (size_t i = 0; i < w->folder_count; i++)
		if (w->folders[i]->untold.count && w->folders[i]->is_selectable &&
		    !watch_is_left_alone(w->folders[i]))
			return w->folders[i];
	return NULL;
}

static bool wants_status(const struct watch *w)
{
	for (size_t i = 0; i < w->folder_count; i++)
		if (w->folders[i]->needs_status)
			return true;
	return false;
}

/* Is there a reason not to go on watching? */
static bool has_other_work(const struct watch *w)
{
	return w->must_yield || w->must_list || watch_log_is_full(w) || wants_telling(w) ||
	       wants_sync(w) || wants_status(w);
}

/* Others wait for a session, here or with other credentials. */
static void give_way(struct watch *w)
{
	struct pool *p = &w->account->pool;

	if (w->must_make_room) {
		watch_release(w);
		(void)pool_close_idle(p);
		w->fault = fault_of(ERR_BUSY);
		w->state = WATCH_RETRYING;
		watch_wake_at(w, clock_monotonic_ms() + ELSEWHERE_MS);
	} else if (p->waiting || w->step.lease.session->is_doomed) {
		watch_release(w);
	}
	w->must_make_room = w->must_yield = false;
}

static void next(struct watch *w)
{
	struct watch_folder *f, *inbox = watch_inbox(w);
	uint64_t now = clock_monotonic_ms();

	if (!watch_is_our_turn(w)) {
		watch_await_turn(w);
		return;
	}
	if (!w->log.is_open) {
		w->state = WATCH_OPENING;
		watch_log_open(w);
		return;
	}
	if (w->must_yield && lease_is_held(&w->step.lease)) {
		give_way(w);
		if (w->state != WATCH_IDLE)
			return;
	}
	watch_await_review(w);
	if (watch_log_is_full(w)) {
		w->state = WATCH_STALLED;
	} else if ((f = watch_awaited(w))) {
		watch_sync(w, f);
	} else if (w->must_list || !inbox) {
		watch_list(w);
	} else if ((f = wants_telling(w))) {
		watch_tell(w, f);
	} else if (wants_status(w)) {
		watch_ask_status(w);
	} else if ((f = wants_sync(w)) && is_held_up(f, now)) {
		w->state = WATCH_STALLED;
		watch_wake_at(w, live_held_until_ms(f));
	} else if (f) {
		watch_sync(w, f);
	} else {
		watch_begin(w);
	}
}

static void on_go(struct loop_task *t)
{
	struct watch *w = (struct watch *)(void *)((char *)t - offsetof(struct watch, go));

	watch_review_marks(w);
	if (w->state == WATCH_STALLED && !watch_log_is_full(w))
		w->state = WATCH_IDLE;
	if (w->state == WATCH_WATCHING && !has_other_work(w)) {
		watch_plan(w);
	} else if (w->state == WATCH_WATCHING && !watch_must_pause(w)) {
		op_cancel(w->step.running);
		w->step.running = NULL;
		w->is_looking = false;
		stop_timer(w);
		forget_work(w);
		w->state = WATCH_IDLE;
	}
	if (w->state == WATCH_RESTING && has_other_work(w)) {
		stop_timer(w);
		w->state = WATCH_IDLE;
	}
	if (w->state == WATCH_IDLE)
		next(w);
}

void watch_go(struct watch *w)
{
	w->go.run = on_go;
	loop_task_start(w->hub->loop, &w->go);
}
