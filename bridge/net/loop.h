/*
 * The event loop (libuv underneath, seen nowhere else). One thread, nothing is
 * locked, and no callback is entered while another one runs.
 *
 * Timers and tasks are embedded in what they serve and may be stopped at any
 * time, from inside their own callback too; their memory may be freed as soon
 * as they are stopped.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/err.h"

struct loop;

/* NULL when memory or descriptors are short. From then on the process ignores
 * SIGPIPE: a write to a peer that has gone is an error, not a signal. */
struct loop *loop_new(void);
/* Everything started on it must have been stopped; work under way is waited
 * for (its done() runs). */
void loop_free(struct loop *l);
/* Runs until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One turn: waits for at most max_wait_ms, runs what is due (tests, drains). */
void loop_turn(struct loop *l, uint64_t max_wait_ms);

/* --- timers: a heap of ours over one libuv timer ------------------------- */

struct loop_timer {
	void (*fire)(struct loop_timer *t); /* set by the owner */
	uint64_t due_ms;                    /* clock_monotonic_ms() */
	size_t slot;                        /* 0 while stopped */
};

/* (Re)starts it; fires once. False when memory is short: the timer is then
 * stopped. One that is on can always be restarted. A delay of 0 fires in the next turn. */
MUST_CHECK bool loop_timer_start(struct loop *l, struct loop_timer *t, uint64_t delay_ms);
MUST_CHECK bool loop_timer_start_at(struct loop *l, struct loop_timer *t, uint64_t due_ms);
void loop_timer_stop(struct loop *l, struct loop_timer *t);
static inline bool loop_timer_is_on(const struct loop_timer *t)
{
	return t->slot != 0;
}

/* --- tasks: run once, later in this turn or in the next one -------------- */

struct loop_task {
	void (*run)(struct loop_task *t); /* set by the owner */
	struct loop_task *next, **prev;   /* prev: NULL while not queued */
};

/* Queueing it twice is once. Never fails. */
void loop_task_start(struct loop *l, struct loop_task *t);
void loop_task_stop(struct loop_task *t);

/* Called at the end of every turn, after timers, sockets and tasks (api/http
 * runs MHD there). One per ctx, four at most; a NULL fn takes it back. */
void loop_set_turn_end(struct loop *l, void (*fn)(void *ctx), void *ctx);

/* --- descriptors ----------------------------------------------------------- */

enum {
	LOOP_READABLE = 1 << 0,
	LOOP_WRITABLE = 1 << 1,
	LOOP_HANGUP = 1 << 2, /* the peer closed its side (EPOLLRDHUP) */
	LOOP_ERROR = 1 << 3,  /* reported, never asked for: libuv turns EPOLLERR into a
			       * status < 0 and stops its handle; it is an event */
};

struct loop_watch;
typedef void loop_watch_cb(void *ctx, unsigned events);

/* Watches fd, which stays the caller's and must stay open until
 * loop_watch_free(). `events` may be 0. NULL when memory is short or the fd
 * cannot be watched. */
struct loop_watch *loop_watch_new(struct loop *l, int fd, unsigned events, loop_watch_cb *cb,
				  void *ctx);
/* After LOOP_ERROR the watch is off until set again. */
void loop_watch_set(struct loop_watch *w, unsigned events);
/* No callback after this; NULL is fine. */
void loop_watch_free(struct loop_watch *w);

/* --- signals and work ------------------------------------------------------ */

struct loop_signal;
struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*cb)(void *ctx), void *ctx);
void loop_signal_free(struct loop_signal *s);

/* Runs work() on a pool thread and then done() on the loop, always, exactly
 * once. What work() touches must belong to it alone until done(). */
struct loop_work;
struct loop_work *loop_work_start(struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx),
				  void *ctx);
/* done() runs all the same; this only asks that a job not yet begun is left
 * out (its work() is then skipped). */
void loop_work_abandon(struct loop_work *w);

#endif
