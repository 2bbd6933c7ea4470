/*
 * Whose turn it is to watch: one process's among all that would (state/share.h). Who
 * has it keeps it as long as there are holders here and credentials that are good.
 * When it is lost (we slept, the store lost track) whoever has it now may have told
 * more than we know: all is forgotten and, once it is ours again, read from the log.
 */
#include "account/watch.h"

#include "account/host.h"
#include "base/clock.h"

/* The clock alone said that it may be another's: is it still ours after all? */
#define RECHECK_MS 500
#define RETRY_MAX  120 /* as in watch_run.c */

bool watch_is_our_turn(const struct watch *w)
{
	return w->is_in_line && state_lease_turn(&w->lease) == STATE_TURN_OURS;
}

void watch_is_elsewhere(struct watch *w, bool is_elsewhere)
{
	struct account_hub_stats *stats = &w->hub->stats;

	if (w->is_relayed == is_elsewhere)
		return;
	w->is_relayed = is_elsewhere;
	stats->relayed += is_elsewhere ? 1 : -1u;
	stats->watched -= is_elsewhere ? 1 : -1u;
}

static void step_aside(struct watch *w)
{
	watch_forget(w);
	w->state = WATCH_ELSEWHERE;
	watch_is_elsewhere(w, true);
}

static void take_turn(struct watch *w)
{
	loop_timer_stop(w->hub->loop, &w->timer);
	watch_is_elsewhere(w, false);
	watch_folders_clear(w); /* copies */
	w->state = WATCH_IDLE;
	watch_go(w);
}

static void leave_line(struct watch *w)
{
	if (w->is_in_line)
		state_lease_leave(&w->lease);
	w->is_in_line = false;
}

/* Those who wait may have to look elsewhere. */
static void review(struct watch *w)
{
	watch_review_cursors(w);
	watch_await_review(w);
}

static void on_turn(struct state_lease *l)
{
	struct watch *w = (struct watch *)(void *)((char *)l - offsetof(struct watch, lease));
	bool is_ours = watch_is_our_turn(w);

	if (w->state == WATCH_ELSEWHERE) {
		if (is_ours)
			take_turn(w);
		else
			loop_timer_stop(w->hub->loop, &w->timer);
		review(w);
	} else if (!is_ours && w->state == WATCH_STOPPED) {
		watch_forget(w);
		leave_line(w);
	} else if (!is_ours) {
		step_aside(w);
		review(w);
	}
}

static void stand_in_line(struct watch *w)
{
	w->lease = (struct state_lease){ .on_turn = on_turn };
	w->is_in_line =
		state_lease_want(w->hub->state, bytes_of_str(w->id.text), &w->lease) == ERR_OK;
	if (!w->is_in_line)
		watch_wake_at(w, clock_monotonic_ms() + RECHECK_MS);
}

void watch_await_turn(struct watch *w)
{
	step_aside(w);
	if (w->is_in_line)
		watch_wake_at(w, clock_monotonic_ms() + RECHECK_MS);
	else
		stand_in_line(w);
	review(w);
}

void watch_return_to_line(struct watch *w)
{
	if (watch_is_our_turn(w))
		take_turn(w);
	else if (w->is_in_line)
		watch_wake_at(w, clock_monotonic_ms() + RECHECK_MS);
	else
		stand_in_line(w);
}

void watch_was_fenced(struct watch *w)
{
	uint64_t base_ms = w->hub->limits.watch_retry_ms;

	leave_line(w);
	step_aside(w);
	w->failures++;
	watch_wake_at(w, clock_monotonic_ms() +
				 host_backoff_ms(w->failures, base_ms, RETRY_MAX * base_ms));
	review(w);
}

void watch_step_down(struct watch *w)
{
	if (w->state != WATCH_STOPPED || (w->log.is_open && !watch_log_is_clean(w)))
		return;
	if (!w->is_in_line)
		return;
	watch_forget(w);
	leave_line(w);
}

void watch_turn_done(struct watch *w)
{
	leave_line(w);
}
