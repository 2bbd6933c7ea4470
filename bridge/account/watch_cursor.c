/*
 * account_cursor(): from where on the log has all that happens. Who watches here knows;
 * of a log that another process writes its baselines tell whether it is complete.
 */
#include "account/watch.h"

#include "base/clock.h"

/* Between two looks at a log that is not complete yet. */
#define LOOK_AGAIN_MS 100

struct account_cursor_op {
	struct work work;
	struct account_cursor_op *next, **prev; /* prev: NULL while not waiting */
	struct loop_timer deadline, again;
	struct op *looking;
	struct state_cursor top;
	account_cursor_cb *cb;
	void *ctx;
};

static void begin(struct account_cursor_op *o);

static void report(struct work *w, const struct fault *fault)
{
	struct account_cursor_op *o = (struct account_cursor_op *)w;

	o->cb(o->ctx, fault, o->top);
}

static void leave_line(struct account_cursor_op *o)
{
	if (!o->prev)
		return;
	*o->prev = o->next;
	if (o->next)
		o->next->prev = o->prev;
	o->prev = NULL;
}

static void stop(struct work *w)
{
	struct account_cursor_op *o = (struct account_cursor_op *)w;
	struct loop *loop = w->account->hub->loop;

	leave_line(o);
	op_cancel(o->looking);
	o->looking = NULL;
	loop_timer_stop(loop, &o->deadline);
	loop_timer_stop(loop, &o->again);
}

static void on_deadline(struct loop_timer *t)
{
	struct account_cursor_op *o =
		(struct account_cursor_op *)(void *)((char *)t -
						     offsetof(struct account_cursor_op, deadline));

	work_fail(&o->work, ERR_TIMEOUT);
}

/* --- of a log that is written elsewhere --------------------------------------- */

static void on_again(struct loop_timer *t)
{
	begin((struct account_cursor_op *)(void *)((char *)t -
						   offsetof(struct account_cursor_op, again)));
}

static void look_again(struct account_cursor_op *o)
{
	struct loop *loop = o->work.account->hub->loop;

	o->again.fire = on_again;
	if (clock_monotonic_ms() + LOOK_AGAIN_MS >= o->work.call.deadline_ms)
		work_fail(&o->work, ERR_TIMEOUT);
	else if (!loop_timer_start(loop, &o->again, LOOK_AGAIN_MS))
		work_fail(&o->work, ERR_NOMEM);
}

static void on_look(void *ctx, enum err err, const struct state_log_sight *sight)
{
	struct account_cursor_op *o = ctx;

	o->looking = NULL;
	if (err && err != ERR_NOT_FOUND) {
		work_fail(&o->work, err);
	} else if (err || bytes_is_null(sight->mark)) {
		look_again(o);
	} else {
		o->top = sight->top;
		work_end(&o->work, NULL);
	}
}

static void look(struct account_cursor_op *o)
{
	const struct account *a = o->work.account;

	o->looking = state_log_look(a->hub->state, o->work.call, bytes_of_str(a->id.text),
				    BYTES_LIT(WATCH_COMPLETE), BYTES_NULL, BYTES_NULL, on_look, o);
	if (!o->looking)
		work_fail(&o->work, ERR_NOMEM);
}

/* --- of a watch of ours --------------------------------------------------------- */

static void wait_in_line(struct account_cursor_op *o, struct watch *w)
{
	o->deadline.fire = on_deadline;
	if (!loop_timer_start_at(w->hub->loop, &o->deadline, o->work.call.deadline_ms)) {
		work_fail(&o->work, ERR_NOMEM);
		return;
	}
	o->next = w->waiting;
	o->prev = &w->waiting;
	if (o->next)
		o->next->prev = &o->next;
	w->waiting = o;
}

void watch_finish_cursors(struct watch *w, const struct fault *fault)
{
	struct account_cursor_op *o;

	while ((o = w->waiting)) {
		o->top = w->log.top;
		work_end(&o->work, fault);
	}
}

/* Is it known that somebody else writes the log? */
static bool is_theirs(const struct watch *w)
{
	return w->state == WATCH_ELSEWHERE &&
	       (!w->is_in_line || state_lease_turn(&w->lease) == STATE_TURN_THEIRS);
}

void watch_review_cursors(struct watch *w)
{
	struct account_cursor_op *o;

	while (is_theirs(w) && (o = w->waiting)) {
		leave_line(o);
		loop_timer_stop(w->hub->loop, &o->deadline);
		look(o);
	}
}

static void begin(struct account_cursor_op *o)
{
	struct account *a = o->work.account;
	struct watch *w;

	account_hold(a);
	account_release(a);
	w = a->watch;
	if (!w) {
		work_fail(&o->work, a->hub->codec.put_event ? ERR_NOMEM : ERR_UNSUPPORTED);
	} else if (w->state == WATCH_STOPPED) {
		work_end(&o->work, &w->fault);
	} else if (is_theirs(w)) {
		look(o);
	} else if (w->is_complete && w->log.is_open && watch_is_our_turn(w)) {
		o->top = w->log.top;
		work_end(&o->work, NULL);
	} else if (w->state == WATCH_RETRYING) {
		work_end(&o->work, &w->fault);
	} else {
		wait_in_line(o, w);
	}
}

struct op *account_cursor(struct account *a, struct call call, account_cursor_cb *cb, void *ctx)
{
	struct account_cursor_op *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->work.stop = stop;
	begin(o);
	return &o->work.op;
}
