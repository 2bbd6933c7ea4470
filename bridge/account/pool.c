#include "account/pool.h"

#include <stdlib.h>

#include "account/lease.h"
#include "base/arena.h"
#include "base/clock.h"

#define OPEN_MEM_BYTES    (1u << 20)
#define PING_TIMEOUT_MS   10000
#define RETRY_BASE_MS     500
#define RETRY_MAX_MS      60000
#define RETRY_PATIENCE_MS 2000 /* who would wait longer for the next try is told to come back */
#define LIMIT_MS          (10 * 60 * 1000)
#define MAILDROP_RETRY_MS 500

static void on_open(void *ctx, const struct fault *fault);
static void on_timer(struct loop_timer *t);
static void on_login_turn(struct host_waiter *w);

unsigned pool_limit_at_most(const struct pool *p)
{
	unsigned n = p->setup.limits->sessions_per_account;

	if (p->setup.sessions_max && p->setup.sessions_max < n)
		n = p->setup.sessions_max;
	return n > POOL_SESSIONS_MAX ? POOL_SESSIONS_MAX : n;
}

void pool_init(struct pool *p, const struct pool_setup *setup)
{
	*p = (struct pool){ .setup = *setup };
	p->limit = pool_limit_at_most(p);
	p->interactive.last = &p->interactive.first;
	p->bulk.last = &p->bulk.first;
	p->timer.fire = on_timer;
	p->login_turn.go = on_login_turn;
}

void pool_done(struct pool *p)
{
	host_waiter_leave(p->setup.host, &p->login_turn);
	while (p->count)
		session_drop(p->sessions[p->count - 1]);
	pool_slot_done(p);
	loop_timer_stop(p->setup.loop, &p->timer);
}

/* --- one session ------------------------------------------------------ */

static struct call own_call(struct session *s, uint64_t timeout_ms)
{
	return (struct call){ .mem = s->mem,
			      .deadline_ms = clock_monotonic_ms() + timeout_ms,
			      .cls = CALL_INTERACTIVE };
}

static void session_free(struct session *s)
{
	mailstore_free(s->ms);
	arena_free(s->mem);
	free(s);
}

bool pool_is_worth_keeping(const struct pool *p)
{
	return p->count || p->waiting || clock_monotonic_ms() < p->retry_at_ms;
}

static void tell_if_empty(struct pool *p)
{
	if (!pool_is_worth_keeping(p))
		p->setup.events->on_empty(p);
}

void session_drop(struct session *s)
{
	struct pool *p = s->pool;
	enum session_state state = s->state;
	unsigned i = 0;
	bool has_slot;

	while (p->sessions[i] != s)
		i++;
	p->sessions[i] = p->sessions[--p->count];
	p->setup.stats->sessions--;
	op_cancel(s->op);
	has_slot = s->has_slot;
	session_free(s); /* before another one logs in instead */
	if (has_slot)
		pool_give_slot(p);
	if (state == SESSION_OPENING)
		host_login_end(p->setup.host, ERR_CANCELLED);
	tell_if_empty(p);
}

/* The conversation ended by itself. One that is lent out is dropped when it is
 * given back: its holder has heard of it or will with the next operation. */
static void on_end(void *ctx, const struct fault *fault)
{
	struct session *s = ctx;
	struct pool *p = s->pool;

	(void)fault;
	if (s->state != SESSION_IDLE)
		return;
	session_drop(s);
	pool_dispatch(p);
}

static struct op *log_in(struct session *s)
{
	const struct pool_setup *setup = &s->pool->setup;

	return mailstore_open(s->ms, own_call(s, setup->limits->login_timeout_ms),
			      setup->credentials, on_open, s);
}

static struct session *session_new(struct pool *p)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->pool = p;
	s->state = SESSION_OPENING;
	s->mem = arena_new(OPEN_MEM_BYTES);
	s->ms = s->mem ? p->setup.connect(p->setup.connect_ctx) : NULL;
	if (s->ms) {
		mailstore_on_end(s->ms, on_end, s);
		s->op = p->setup.shared ? session_take_slot(s) : log_in(s);
	}
	if (!s->op) {
		session_free(s);
		return NULL;
	}
	p->sessions[p->count++] = s;
	p->setup.stats->sessions++;
	return s;
}

/* --- what a login comes to -------------------------------------------- */

static unsigned count_in(const struct pool *p, enum session_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->count; i++)
		n += p->sessions[i]->state == state;
	return n;
}

unsigned pool_opening(const struct pool *p)
{
	return count_in(p, SESSION_OPENING);
}

/* Is there a session that those in line can hope for? */
static bool has_live(const struct pool *p)
{
	return pool_opening(p) < p->count;
}

/* One login fewer is under way, and it failed: tells those for whom there is no
 * other way. */
static void tell_waiters(struct pool *p, const struct fault *fault)
{
	if (fault->err == ERR_AUTH || pool_opening(p) == 0)
		pool_fail_waiters(p, fault, has_live(p));
}

void session_login(struct session *s)
{
	const struct fault nomem = fault_of(ERR_NOMEM);
	struct pool *p = s->pool;

	s->op = log_in(s);
	if (s->op)
		return;
	session_drop(s);
	tell_waiters(p, &nomem);
}

static void fewer_sessions(struct pool *p)
{
	p->limit = p->count ? p->count : 1;
	p->limit_until_ms = clock_monotonic_ms() + LIMIT_MS;
}

static void retry_later(struct pool *p)
{
	p->open_failures++;
	p->retry_at_ms = clock_monotonic_ms() +
			 host_backoff_ms(p->open_failures, RETRY_BASE_MS, RETRY_MAX_MS);
}

static unsigned seconds_until(uint64_t due_ms)
{
	uint64_t now = clock_monotonic_ms();

	return due_ms > now ? (unsigned)((due_ms - now + 999) / 1000) : 1;
}

/* Does the server say that it is the credentials, and not just no? */
static bool is_about_credentials(const struct fault *fault)
{
	return fault->err == ERR_AUTH && (strcmp(fault->code, "AUTHENTICATIONFAILED") == 0 ||
					  strcmp(fault->code, "EXPIRED") == 0);
}

/* Nobody goes on with what these credentials once opened. */
static void doom_all(struct pool *p)
{
	for (unsigned i = 0; i < p->count; i++)
		p->sessions[i]->is_doomed = true;
	(void)pool_close_idle(p);
	pool_ask_to_yield(p);
}

/* POP3's maildrop is somebody else's right now (RFC 2449 §8.1.1), who mostly does not
 * keep it long: is it worth trying again before those who wait are told? */
static bool waits_for_maildrop(struct pool *p, const struct fault *fault)
{
	uint64_t now = clock_monotonic_ms();

	if (fault->err == ERR_BUSY && strcmp(fault->code, "IN-USE") == 0) {
		if (!p->in_use_since_ms)
			p->in_use_since_ms = now;
		if (now - p->in_use_since_ms < p->setup.limits->maildrop_patience_ms) {
			p->retry_at_ms = now + MAILDROP_RETRY_MS;
			return true;
		}
	}
	p->in_use_since_ms = 0;
	return false;
}

/* The session has been dropped already. */
static void login_failed(struct pool *p, const struct fault *fault)
{
	struct fault told = *fault;
	bool again = false;

	p->last_fault = *fault;
	if (waits_for_maildrop(p, fault))
		return;
	if (fault->err == ERR_BUSY) {
		again = p->count == 0 && p->setup.events->on_limit(p);
		pool_ask_for_slot(p);
		fewer_sessions(p);
	} else if (is_about_credentials(fault)) {
		doom_all(p);
	} else if ((fault->err == ERR_AUTH || fault->err == ERR_REFUSED) && p->count) {
		/* Some servers say no where they mean "not so many". */
		fewer_sessions(p);
	}
	if (fault->err != ERR_NOMEM)
		retry_later(p);
	if (fault->err == ERR_BUSY && !told.retry_after_s)
		told.retry_after_s = seconds_until(p->retry_at_ms);
	p->setup.events->on_login(p, fault, NULL);
	if (!again)
		tell_waiters(p, &told);
}

static void login_succeeded(struct pool *p, struct session *s)
{
	const struct mailstore_caps *caps = mailstore_caps(s->ms);

	s->state = SESSION_IDLE;
	s->serial = ++p->last_serial;
	s->used_ms = s->pinged_ms = clock_monotonic_ms();
	p->open_failures = 0;
	p->retry_at_ms = 0;
	p->in_use_since_ms = 0;
	p->idle_close_ms = caps->sessions_max == 1 ? p->setup.limits->maildrop_idle_ms
						   : p->setup.limits->idle_close_ms;
	if (caps->sessions_max)
		p->setup.sessions_max = caps->sessions_max;
	if (caps->sessions_max && caps->sessions_max < p->limit) {
		p->limit = caps->sessions_max;
		p->limit_until_ms = 0;
	}
	p->setup.events->on_login(p, NULL, caps);
}

static void on_open(void *ctx, const struct fault *fault)
{
	struct session *s = ctx;
	struct pool *p = s->pool;
	struct host *host = p->setup.host;
	enum err how = fault ? fault->err : ERR_OK;
	struct fault copy = fault ? *fault : fault_of(ERR_OK);

	s->op = NULL;
	arena_free(s->mem);
	s->mem = NULL;
	p->setup.stats->logins++;
	if (how == ERR_OK) {
		login_succeeded(p, s);
	} else {
		p->setup.stats->login_failures++;
		s->state = SESSION_IDLE; /* its login is accounted for below */
		session_drop(s);
		login_failed(p, &copy);
	}
	host_login_end(host, how);
	pool_keep(p);
	pool_dispatch(p);
	tell_if_empty(p);
}

/* --- opening more ----------------------------------------------------- */

static void on_login_turn(struct host_waiter *w)
{
	struct pool *p = (struct pool *)(void *)((char *)w - offsetof(struct pool, login_turn));

	pool_dispatch(p);
}

void pool_wake_at(struct pool *p, uint64_t due_ms)
{
	if (loop_timer_is_on(&p->timer) && p->timer.due_ms <= due_ms)
		return;
	/* Without memory the next call looks again. */
	(void)!loop_timer_start_at(p->setup.loop, &p->timer, due_ms);
}

/* Not now, for another wait_ms: those who can, wait. */
static void put_off(struct pool *p, const struct fault *why, uint64_t wait_ms)
{
	struct fault told = *why;
	uint64_t due_ms = clock_monotonic_ms() + wait_ms;

	pool_wake_at(p, due_ms);
	if (has_live(p) || pool_opening(p))
		return;
	told.retry_after_s = seconds_until(due_ms);
	pool_fail_waiters(p, &told, false);
}

static bool must_wait_for_retry(struct pool *p)
{
	uint64_t now = clock_monotonic_ms();

	if (now >= p->retry_at_ms)
		return false;
	if (p->last_fault.err == ERR_AUTH)
		put_off(p, &p->last_fault, p->retry_at_ms - now);
	else if (p->retry_at_ms - now <= RETRY_PATIENCE_MS)
		pool_wake_at(p, p->retry_at_ms);
	else
		put_off(p, &p->last_fault, p->retry_at_ms - now);
	return true;
}

/* Starts one login; false when that cannot be, for now. */
static bool open_one(struct pool *p)
{
	struct fault away = fault_with_text(
		ERR_BUSY, "the mail server failed repeatedly and is left alone for a while");
	struct fault nomem = fault_of(ERR_NOMEM);
	uint64_t wait_ms = 0;

	switch (host_login_begin(p->setup.host, &p->login_turn, &wait_ms)) {
	case HOST_GO: break;
	case HOST_WAIT: return false;
	case HOST_AWAY: put_off(p, &away, wait_ms); return false;
	}
	if (session_new(p))
		return true;
	host_login_end(p->setup.host, ERR_NOMEM);
	tell_waiters(p, &nomem);
	return false;
}

/* A session that is not needed as it is makes room for a new login. */
static void make_room(struct pool *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->sessions[i]->state == SESSION_IDLE) {
			session_drop(p->sessions[i]);
			return;
		}
}

void pool_open_for(struct pool *p, unsigned wanted, bool fresh)
{
	unsigned opening = pool_opening(p);

	if (p->limit_until_ms && clock_monotonic_ms() >= p->limit_until_ms) {
		p->limit = pool_limit_at_most(p);
		p->limit_until_ms = 0;
	}
	if (opening >= wanted || must_wait_for_retry(p) || pool_must_wait_for_slot(p))
		return;
	if (fresh && opening == 0 && p->count >= p->limit)
		make_room(p);
	while (opening < wanted && p->count < p->limit && open_one(p))
		opening++;
}

/* --- idle sessions ---------------------------------------------------- */

static void on_ping(void *ctx, const struct fault *fault)
{
	struct session *s = ctx;
	struct pool *p = s->pool;

	(void)fault;
	s->op = NULL;
	s->state = SESSION_IDLE;
	arena_free(s->mem);
	s->mem = NULL;
	s->pinged_ms = clock_monotonic_ms();
	if (!mailstore_is_open(s->ms))
		session_drop(s);
	pool_keep(p);
	pool_dispatch(p);
}

static void ping(struct session *s)
{
	s->mem = arena_new(OPEN_MEM_BYTES);
	if (!s->mem)
		return;
	s->state = SESSION_PINGING;
	s->op = mailstore_ping(s->ms, own_call(s, PING_TIMEOUT_MS), on_ping, s);
	if (s->op)
		return;
	s->state = SESSION_IDLE;
	arena_free(s->mem);
	s->mem = NULL;
}

static uint64_t next_care_ms(const struct session *s)
{
	const struct account_limits *l = s->pool->setup.limits;
	uint64_t close_ms = s->used_ms + s->pool->idle_close_ms;
	uint64_t ping_ms = s->pinged_ms + l->ping_ms;

	return close_ms < ping_ms ? close_ms : ping_ms;
}

static void care_for(struct session *s, uint64_t now)
{
	if (s->state != SESSION_IDLE)
		return;
	if (now >= s->used_ms + s->pool->idle_close_ms) {
		session_drop(s);
	} else if (now >= next_care_ms(s)) {
		s->pinged_ms = now;
		ping(s);
	}
}

void pool_keep(struct pool *p)
{
	uint64_t due_ms = UINT64_MAX, now = clock_monotonic_ms();

	for (unsigned i = 0; i < p->count; i++) {
		struct session *s = p->sessions[i];

		if (s->state == SESSION_IDLE && next_care_ms(s) < due_ms)
			due_ms = next_care_ms(s);
	}
	if (due_ms != UINT64_MAX)
		pool_wake_at(p, due_ms);
	if (now < p->retry_at_ms)
		pool_wake_at(p, p->retry_at_ms);
}

static void on_timer(struct loop_timer *t)
{
	struct pool *p = (struct pool *)(void *)((char *)t - offsetof(struct pool, timer));
	uint64_t now = clock_monotonic_ms();

	/* From the last to the first: a dropped one is replaced by the last. */
	for (unsigned i = p->count; i > 0; i--)
		care_for(p->sessions[i - 1], now);
	pool_keep(p);
	pool_dispatch(p);
	tell_if_empty(p);
}

unsigned pool_close_idle(struct pool *p)
{
	unsigned closed = 0;

	for (unsigned i = p->count; i > 0; i--)
		if (p->sessions[i - 1]->state == SESSION_IDLE) {
			session_drop(p->sessions[i - 1]);
			closed++;
		}
	return closed;
}
