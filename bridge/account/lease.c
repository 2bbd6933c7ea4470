#include "account/lease.h"

#include "base/clock.h"

/* A bulk call that has waited so long no longer steps back. */
#define BULK_PATIENCE_MS 2000

static bool is_long(const struct lease *l)
{
	if (l->flags & LEASE_WATCH)
		return false;
	return l->cls == CALL_BULK || (l->flags & LEASE_LONG);
}

/* --- the line --------------------------------------------------------- */

static void queue_add(struct lease *l)
{
	struct lease_queue *q = l->cls == CALL_BULK ? &l->pool->bulk : &l->pool->interactive;

	l->next = NULL;
	l->prev = q->last;
	*q->last = l;
	q->last = &l->next;
	l->pool->waiting++;
	l->pool->setup.stats->queued++;
}

static void queue_remove(struct lease *l)
{
	struct lease_queue *q = l->cls == CALL_BULK ? &l->pool->bulk : &l->pool->interactive;

	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	else
		q->last = l->prev;
	l->prev = NULL;
	l->pool->waiting--;
	l->pool->setup.stats->queued--;
	loop_timer_stop(l->pool->setup.loop, &l->timer);
}

static void on_later(struct loop_task *t)
{
	struct lease *l = (struct lease *)(void *)((char *)t - offsetof(struct lease, later));

	l->granted(l, &l->fault);
}

static void fail_later(struct lease *l, const struct fault *fault)
{
	l->fault = *fault;
	l->later.run = on_later;
	loop_task_start(l->pool->setup.loop, &l->later);
}

static void fail_queue(struct lease *first, const struct fault *fault, bool fresh_only)
{
	for (struct lease *l = first, *next; l; l = next) {
		next = l->next;
		if (fresh_only && !(l->flags & LEASE_FRESH))
			continue;
		queue_remove(l);
		fail_later(l, fault);
	}
}

void pool_fail_waiters(struct pool *p, const struct fault *fault, bool fresh_only)
{
	fail_queue(p->interactive.first, fault, fresh_only);
	fail_queue(p->bulk.first, fault, fresh_only);
}

static void on_deadline(struct loop_timer *t)
{
	struct lease *l = (struct lease *)(void *)((char *)t - offsetof(struct lease, timer));

	queue_remove(l);
	l->fault = fault_with_text(ERR_TIMEOUT, "no session with the mail server became free");
	if (l->pool->in_use_since_ms) {
		l->fault = l->pool->last_fault;
		l->fault.retry_after_s = 1;
	}
	l->granted(l, &l->fault);
}

/* --- who gets what ---------------------------------------------------- */

/* One session is left to short interactive calls where there is more than one. */
static bool may_be_long(const struct pool *p)
{
	return p->limit < 2 || p->long_leases < p->limit - 1;
}

/* Is a better for path than b (may be NULL)? The one that has the folder
 * selected, of several the one used last, which knows best; else one that would
 * lose nothing, else the one longest unused. */
static bool is_better(const struct session *a, const struct session *b, struct bytes path)
{
	struct bytes of_a = mailstore_selected(a->ms), of_b;
	bool a_fits, b_fits;

	if (!b)
		return true;
	of_b = mailstore_selected(b->ms);
	a_fits = !bytes_is_null(path) && !bytes_is_null(of_a) && bytes_equal(of_a, path);
	b_fits = !bytes_is_null(path) && !bytes_is_null(of_b) && bytes_equal(of_b, path);
	if (a_fits != b_fits)
		return a_fits;
	if (a_fits)
		return a->used_ms >= b->used_ms;
	if (bytes_is_null(of_a) != bytes_is_null(of_b))
		return bytes_is_null(of_a);
	return a->used_ms < b->used_ms;
}

static struct session *session_for(const struct lease *l)
{
	const struct pool *p = l->pool;
	struct session *best = NULL;

	if (is_long(l) && !may_be_long(p))
		return NULL;
	for (unsigned i = 0; i < p->count; i++) {
		struct session *s = p->sessions[i];

		if (s->state != SESSION_IDLE || !mailstore_is_open(s->ms))
			continue;
		if ((l->flags & LEASE_FRESH) && s->serial <= l->asked_serial)
			continue;
		if (is_better(s, best, l->path))
			best = s;
	}
	return best;
}

/* The first in line whom one of the free sessions suits. */
static struct lease *first_served(const struct lease_queue *q, struct session **ret)
{
	for (struct lease *l = q->first; l; l = l->next) {
		struct session *s = session_for(l);

		if (s) {
			*ret = s;
			return l;
		}
	}
	return NULL;
}

static bool has_waited_long(const struct lease *l)
{
	return l && clock_monotonic_ms() - l->asked_ms >= BULK_PATIENCE_MS;
}

static struct lease *next_served(const struct pool *p, struct session **ret)
{
	const struct lease_queue *first = &p->interactive, *second = &p->bulk;
	struct lease *l;

	if (has_waited_long(p->bulk.first)) {
		first = &p->bulk;
		second = &p->interactive;
	}
	l = first_served(first, ret);
	return l ? l : first_served(second, ret);
}

static void grant(struct lease *l, struct session *s)
{
	struct pool *p = l->pool;

	queue_remove(l);
	s->state = SESSION_LEASED;
	s->lease = l;
	l->session = s;
	l->is_reused = s->serial <= l->asked_serial;
	p->long_leases += is_long(l);
	if (l->flags & LEASE_WATCH)
		p->watches[p->watches[0] != NULL] = l;
	p->setup.stats->sessions_busy++;
	l->granted(l, NULL);
}

/* How many more sessions those who are still in line could use. Those who wait
 * for a fresh login can share one. */
static unsigned sessions_wanted(const struct pool *p, bool *ret_fresh)
{
	const struct lease_queue *queues[] = { &p->interactive, &p->bulk };
	unsigned wanted = 0, long_ones = p->long_leases, room = p->limit < 2 ? 1 : p->limit - 1;
	bool fresh = false;

	for (size_t q = 0; q < 2; q++)
		for (const struct lease *l = queues[q]->first; l; l = l->next) {
			if (is_long(l) && long_ones++ >= room)
				continue;
			if (!(l->flags & LEASE_FRESH))
				wanted++;
			else
				fresh = true;
		}
	*ret_fresh = fresh;
	return wanted + fresh;
}

bool pool_has_requests(const struct pool *p)
{
	const struct lease_queue *queues[] = { &p->interactive, &p->bulk };

	for (size_t q = 0; q < 2; q++)
		for (const struct lease *l = queues[q]->first; l; l = l->next)
			if (!(l->flags & LEASE_WATCH))
				return true;
	return false;
}

/* The one that came last can best be done without. */
static void ask_one_to_yield(struct pool *p)
{
	struct lease *l = p->watches[1] ? p->watches[1] : p->watches[0];

	if (l)
		l->yield(l);
}

void pool_ask_to_yield(struct pool *p)
{
	for (size_t i = 0; i < 2; i++)
		if (p->watches[i])
			p->watches[i]->yield(p->watches[i]);
}

static void forget_watch(struct pool *p, const struct lease *l)
{
	if (p->watches[0] == l) {
		p->watches[0] = p->watches[1];
		p->watches[1] = NULL;
	} else if (p->watches[1] == l) {
		p->watches[1] = NULL;
	}
}

void pool_dispatch(struct pool *p)
{
	struct session *s;
	struct lease *l;
	unsigned wanted;
	bool fresh;

	if (p->is_dispatching)
		return; /* the caller's caller goes on looking */
	p->is_dispatching = true;
	while (p->waiting && (l = next_served(p, &s)))
		grant(l, s);
	p->is_dispatching = false;
	if (!p->waiting)
		return;
	wanted = sessions_wanted(p, &fresh);
	if (!wanted)
		return;
	pool_open_for(p, wanted, fresh);
	/* A watch in line is no reason to interrupt one. */
	if (pool_opening(p) < wanted && pool_has_requests(p))
		ask_one_to_yield(p);
}

/* --- for owners ------------------------------------------------------- */

void lease_start(struct lease *l)
{
	struct pool *p = l->pool;
	struct fault busy;

	l->asked_ms = clock_monotonic_ms();
	l->asked_serial = p->last_serial;
	if (p->waiting >= p->setup.limits->queue_max) {
		busy = fault_with_text(ERR_BUSY, "too many calls of this account are waiting");
		busy.retry_after_s = 1;
		fail_later(l, &busy);
		return;
	}
	queue_add(l);
	pool_dispatch(p);
	if (!l->prev)
		return;
	l->timer.fire = on_deadline;
	if (!loop_timer_start_at(p->setup.loop, &l->timer, l->deadline_ms)) {
		queue_remove(l);
		fail_later(l, &(struct fault){ .err = ERR_NOMEM });
	}
}

static void give_back(struct lease *l)
{
	struct session *s = l->session;
	struct pool *p = l->pool;

	l->session = NULL;
	s->lease = NULL;
	forget_watch(p, l);
	p->long_leases -= is_long(l);
	p->setup.stats->sessions_busy--;
	s->state = SESSION_IDLE;
	s->used_ms = s->pinged_ms = clock_monotonic_ms();
	if (s->is_doomed || !mailstore_is_open(s->ms) || pool_must_give_slot(p))
		session_drop(s);
	else
		pool_keep(p);
	pool_dispatch(p);
}

void lease_end(struct lease *l)
{
	loop_task_stop(&l->later);
	if (l->prev)
		queue_remove(l);
	if (l->session)
		give_back(l);
}
