/*
 * One turn is: libuv once (sockets, signals, finished work), then timers that
 * are due, then tasks, then the turn's end. Timers and tasks are ours and not
 * libuv's: they need no closing before their memory goes, and the order in
 * which libuv runs its own timers (it changed with 1.45) does not matter. The
 * one libuv timer only limits how long a turn waits.
 */
#include "net/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include <uv.h>

#include "base/clock.h"

#define WAIT_MAX_MS (60 * 60 * 1000)

/* A timer's slot: its place in the heap (from 1), or, while the turn's due
 * timers are being fired, FIRING plus its place among those. */
#define FIRING (SIZE_MAX / 2 + 1)

#define TURN_ENDS_MAX 4

struct turn_end {
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop {
	uv_loop_t uv;
	uv_timer_t wake;
	bool running; /* in a turn */
	bool stop;
	size_t works;

	struct loop_timer **heap; /* [0] is unused */
	struct loop_timer **due;  /* as long as the heap, filled while firing */
	size_t timers, timers_cap;

	struct loop_task queued; /* head of the ring */

	struct turn_end turn_ends[TURN_ENDS_MAX];
};

/* libuv looks at its timers before it waits, too: one whose time came since it was started, for
 * the system ran somebody else, is over then, and the wait would have no end. */
static void on_wake(uv_timer_t *t)
{
	uv_stop(t->loop);
}

static void ring_init(struct loop_task *head)
{
	head->next = head;
	head->prev = &head->next;
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	if (uv_loop_init(&l->uv) != 0) {
		free(l);
		return NULL;
	}
	uv_timer_init(&l->uv, &l->wake);
	ring_init(&l->queued);
	/* A write to a socket whose peer has gone is an error, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	return l;
}

void loop_free(struct loop *l)
{
	int rc;

	if (!l)
		return;
	while (l->works > 0)
		uv_run(&l->uv, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_run(&l->uv, UV_RUN_NOWAIT);
	rc = uv_loop_close(&l->uv);
	assert(rc == 0 && l->timers == 0); /* else something was not stopped */
	(void)rc;
	free(l->heap);
	free(l->due);
	free(l);
}

/* --- timers ---------------------------------------------------------------- */

static void heap_set(struct loop *l, size_t slot, struct loop_timer *t)
{
	l->heap[slot] = t;
	t->slot = slot;
}

static void heap_up(struct loop *l, size_t slot, struct loop_timer *t)
{
	for (; slot > 1 && l->heap[slot / 2]->due_ms > t->due_ms; slot /= 2)
		heap_set(l, slot, l->heap[slot / 2]);
	heap_set(l, slot, t);
}

static void heap_down(struct loop *l, size_t slot, struct loop_timer *t)
{
	for (size_t child; (child = slot * 2) <= l->timers; slot = child) {
		if (child < l->timers && l->heap[child + 1]->due_ms < l->heap[child]->due_ms)
			child++;
		if (l->heap[child]->due_ms >= t->due_ms)
			break;
		heap_set(l, slot, l->heap[child]);
	}
	heap_set(l, slot, t);
}

static void heap_remove(struct loop *l, size_t slot)
{
	struct loop_timer *last = l->heap[l->timers--];

	l->heap[slot]->slot = 0;
	if (slot > l->timers)
		return;
	if (slot > 1 && l->heap[slot / 2]->due_ms > last->due_ms)
		heap_up(l, slot, last);
	else
		heap_down(l, slot, last);
}

/* Both arrays, so that firing needs no memory. */
static bool heap_grow(struct loop *l)
{
	size_t cap = l->timers_cap ? l->timers_cap * 2 : 64;
	struct loop_timer **heap, **due;

	if (l->timers + 1 < l->timers_cap)
		return true;
	heap = realloc(l->heap, cap * sizeof(struct loop_timer *));
	if (!heap)
		return false;
	l->heap = heap;
	due = realloc(l->due, cap * sizeof(struct loop_timer *));
	if (!due)
		return false;
	l->due = due;
	l->timers_cap = cap;
	return true;
}

bool loop_timer_start_at(struct loop *l, struct loop_timer *t, uint64_t due_ms)
{
	loop_timer_stop(l, t);
	if (!heap_grow(l))
		return false;
	t->due_ms = due_ms;
	l->timers++;
	heap_up(l, l->timers, t);
	return true;
}

bool loop_timer_start(struct loop *l, struct loop_timer *t, uint64_t delay_ms)
{
	uint64_t now = clock_monotonic_ms();

	return loop_timer_start_at(l, t, delay_ms > UINT64_MAX - now ? UINT64_MAX : now + delay_ms);
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	if (t->slot >= FIRING) {
		l->due[t->slot - FIRING] = NULL;
		t->slot = 0;
	} else if (t->slot > 0) {
		heap_remove(l, t->slot);
	}
}

/* What a callback starts anew, even with no delay, waits for the next turn:
 * the due ones are taken out first. */
static void fire_timers(struct loop *l)
{
	uint64_t now = clock_monotonic_ms();
	size_t n = 0;

	while (l->timers > 0 && l->heap[1]->due_ms <= now) {
		struct loop_timer *t = l->heap[1];

		heap_remove(l, 1);
		l->due[n] = t;
		t->slot = FIRING + n++;
	}
	for (size_t i = 0; i < n; i++) {
		struct loop_timer *t = l->due[i];

		if (!t)
			continue;
		t->slot = 0;
		t->fire(t);
	}
}

/* --- tasks ----------------------------------------------------------------- */

static void ring_append(struct loop_task *head, struct loop_task *t)
{
	t->next = head;
	t->prev = head->prev;
	*head->prev = t;
	head->prev = &t->next;
}

void loop_task_start(struct loop *l, struct loop_task *t)
{
	if (!t->prev)
		ring_append(&l->queued, t);
}

void loop_task_stop(struct loop_task *t)
{
	if (!t->prev)
		return;
	*t->prev = t->next;
	t->next->prev = t->prev;
	t->next = NULL;
	t->prev = NULL;
}

/* Those queued by now; what they queue waits for the next turn. */
static void run_tasks(struct loop *l)
{
	struct loop_task now;

	if (l->queued.next == &l->queued)
		return;
	now = l->queued;
	now.next->prev = &now.next;
	*now.prev = &now;
	ring_init(&l->queued);
	while (now.next != &now) {
		struct loop_task *t = now.next;

		loop_task_stop(t);
		t->run(t);
	}
}

void loop_set_turn_end(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct turn_end *at = NULL;

	/* The place of this ctx, else a free one. */
	for (struct turn_end *e = l->turn_ends; e < l->turn_ends + TURN_ENDS_MAX; e++)
		if (e->fn ? e->ctx == ctx : !at)
			at = e;
	assert(at);
	*at = (struct turn_end){ fn, ctx };
}

/* --- turns ----------------------------------------------------------------- */

static uint64_t wait_ms(const struct loop *l, uint64_t max_wait_ms)
{
	uint64_t wait = max_wait_ms < WAIT_MAX_MS ? max_wait_ms : WAIT_MAX_MS;
	uint64_t now;

	if (l->queued.next != &l->queued)
		return 0;
	if (l->timers == 0)
		return wait;
	now = clock_monotonic_ms();
	if (l->heap[1]->due_ms <= now)
		return 0;
	return l->heap[1]->due_ms - now < wait ? l->heap[1]->due_ms - now : wait;
}

void loop_turn(struct loop *l, uint64_t max_wait_ms)
{
	uint64_t wait = wait_ms(l, max_wait_ms);

	assert(!l->running);
	l->running = true;
	if (wait > 0) {
		uv_update_time(&l->uv);
		uv_timer_start(&l->wake, on_wake, wait, 0);
		uv_run(&l->uv, UV_RUN_ONCE);
		uv_timer_stop(&l->wake);
	} else {
		uv_run(&l->uv, UV_RUN_NOWAIT);
	}
	fire_timers(l);
	run_tasks(l);
	for (int i = 0; i < TURN_ENDS_MAX; i++)
		if (l->turn_ends[i].fn)
			l->turn_ends[i].fn(l->turn_ends[i].ctx);
	l->running = false;
}

void loop_run(struct loop *l)
{
	l->stop = false;
	while (!l->stop)
		loop_turn(l, UINT64_MAX);
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

/* --- descriptors ------------------------------------------------------------ */

struct loop_watch {
	uv_poll_t poll;
	unsigned events; /* asked for; 0 while off */
	loop_watch_cb *cb;
	void *ctx;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct loop_watch *w = (struct loop_watch *)poll;
	unsigned got = 0;

	if (status < 0) {
		w->events = 0; /* libuv has stopped the handle */
		got = LOOP_ERROR;
	}
	if (events & UV_READABLE)
		got |= LOOP_READABLE;
	if (events & UV_WRITABLE)
		got |= LOOP_WRITABLE;
	if (events & UV_DISCONNECT)
		got |= LOOP_HANGUP;
	w->cb(w->ctx, got);
}

struct loop_watch *loop_watch_new(struct loop *l, int fd, unsigned events, loop_watch_cb *cb,
				  void *ctx)
{
	struct loop_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	if (uv_poll_init(&l->uv, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	w->cb = cb;
	w->ctx = ctx;
	loop_watch_set(w, events);
	return w;
}

void loop_watch_set(struct loop_watch *w, unsigned events)
{
	int want = 0;

	if (events == w->events)
		return;
	if (events & LOOP_READABLE)
		want |= UV_READABLE;
	if (events & LOOP_WRITABLE)
		want |= UV_WRITABLE;
	if (events & LOOP_HANGUP)
		want |= UV_DISCONNECT;
	w->events = events;
	if (want)
		uv_poll_start(&w->poll, want, on_poll);
	else
		uv_poll_stop(&w->poll);
}

static void free_handle(uv_handle_t *h)
{
	free(h); /* the handle is the first member of what was allocated */
}

void loop_watch_free(struct loop_watch *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->poll, free_handle);
}

/* --- signals and work ------------------------------------------------------- */

struct loop_signal {
	uv_signal_t signal;
	void (*cb)(void *ctx);
	void *ctx;
};

static void on_signal(uv_signal_t *signal, int signo)
{
	struct loop_signal *s = (struct loop_signal *)signal;

	(void)signo;
	s->cb(s->ctx);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*cb)(void *ctx), void *ctx)
{
	struct loop_signal *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	if (uv_signal_init(&l->uv, &s->signal) != 0) {
		free(s);
		return NULL;
	}
	s->cb = cb;
	s->ctx = ctx;
	if (uv_signal_start(&s->signal, on_signal, signo) != 0) {
		loop_signal_free(s);
		return NULL;
	}
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->signal, free_handle);
}

struct loop_work {
	uv_work_t req;
	struct loop *loop;
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

static void on_pool_thread(uv_work_t *req)
{
	struct loop_work *w = (struct loop_work *)req;

	w->work(w->ctx);
}

static void on_work_done(uv_work_t *req, int status)
{
	struct loop_work *w = (struct loop_work *)req;

	(void)status; /* UV_ECANCELED: work() was left out */
	w->loop->works--;
	w->done(w->ctx);
	free(w);
}

struct loop_work *loop_work_start(struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx),
				  void *ctx)
{
	struct loop_work *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->loop = l;
	w->work = work;
	w->done = done;
	w->ctx = ctx;
	if (uv_queue_work(&l->uv, &w->req, on_pool_thread, on_work_done) != 0) {
		free(w);
		return NULL;
	}
	l->works++;
	return w;
}

void loop_work_abandon(struct loop_work *w)
{
	uv_cancel((uv_req_t *)&w->req);
}
