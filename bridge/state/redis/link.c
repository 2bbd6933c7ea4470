/*
 * The life of the link. A caller's deadline ends his call and nothing else. The connection as
 * a whole has to make progress: if the oldest command waits for timeout_ms since the last
 * reply, and not a byte has passed, it is given up. While nothing is under way for timeout_ms,
 * a PING is.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "state/redis/link_inside.h"
#include "state/redis/refusal.h"

#define REFUSAL_SHOWN_MS 60000
#define REFUSING_MS      5000 /* some are written every second */

/* --- ups and downs --- */

/* Tells those users who do not know yet. False: the link is no more. */
static bool tell_users(struct redis_link *l)
{
	bool dead = false, *before = l->dead;
	struct redis_link_user *u = l->users;

	l->dead = &dead;
	while (!dead && u) {
		if (u->is_up == l->is_up) {
			u = u->next;
			continue;
		}
		u->is_up = l->is_up;
		if (u->is_up)
			u->on_up(u);
		else
			u->on_down(u);
		if (!dead)
			u = l->users; /* whoever left or joined meanwhile */
	}
	if (!dead)
		l->dead = before;
	else if (before)
		*before = true;
	return !dead;
}

void redis_link_join(struct redis_link *l, struct redis_link_user *u)
{
	u->is_up = false;
	u->next = l->users;
	u->prev = &l->users;
	if (u->next)
		u->next->prev = &u->next;
	l->users = u;
	loop_task_start(l->host.loop, &l->task);
}

void redis_link_leave(struct redis_link_user *u)
{
	if (!u->prev)
		return;
	*u->prev = u->next;
	if (u->next)
		u->next->prev = u->prev;
	u->next = NULL;
	u->prev = NULL;
}

static void retry_later(struct redis_link *l)
{
	l->failures++;
	/* Memory may be short for a while, but not for ever: the task starts it again. */
	if (!loop_timer_start(l->host.loop, &l->retry, redis_backoff_ms(l->failures)))
		loop_task_start(l->host.loop, &l->task);
}

static void drop_conn(struct redis_link *l)
{
	struct redis_conn_bytes b = redis_conn_bytes(l->conn);

	l->past.sent += b.sent;
	l->past.received += b.received;
	redis_conn_free(l->conn);
	l->conn = NULL;
	l->known_count = 0;
	loop_timer_stop(l->host.loop, &l->alive);
}

/* The connection has come to its end: so has all that was under way. */
static void lost(struct redis_link *l, const char *reason, enum err err)
{
	struct command *c;

	snprintf(l->down_reason, sizeof l->down_reason, "%s", reason);
	drop_conn(l);
	l->is_up = false;
	/* None is added while it is down. */
	while ((c = TAILQ_FIRST(&l->under_way))) {
		l->stats.timeouts += err == ERR_TIMEOUT;
		if (!command_end(c, err, NULL))
			return;
	}
	retry_later(l);
	(void)tell_users(l);
}

static void on_conn_end(void *ctx, const char *reason)
{
	lost(ctx, reason, ERR_NET);
}

static void on_pong(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_link *l = ctx;

	(void)reply;
	if (!err)
		l->stats.round_trip_us = clock_monotonic_us() - l->pinged_us;
}

static void send_ping(struct redis_link *l)
{
	const struct bytes ping = BYTES_LIT("PING");

	l->pinged_us = clock_monotonic_us();
	if (!redis_call(l, (struct call){ 0 }, &ping, 1, on_pong, l))
		redis_conn_end(l->conn, "memory is short");
}

static void watch_over(struct redis_link *l, uint64_t since_ms)
{
	if (!loop_timer_start_at(l->host.loop, &l->alive, since_ms + l->host.timeout_ms))
		redis_conn_end(l->conn, "memory is short");
}

/* Does something pass, though no reply is whole yet? A large one on a slow line takes its time. */
static bool is_moving(struct redis_link *l)
{
	uint64_t received = redis_conn_bytes(l->conn).received;
	size_t queued = redis_conn_queued_bytes(l->conn), before = l->seen_queued;
	bool has_received = received != l->seen_received;

	l->seen_received = received;
	l->seen_queued = queued;
	return has_received || (queued > 0 && queued != before);
}

static void on_alive(struct loop_timer *t)
{
	struct redis_link *l =
		(struct redis_link *)((char *)t - offsetof(struct redis_link, alive));
	struct command *first = TAILQ_FIRST(&l->under_way);
	uint64_t since_ms = l->replied_ms, now_ms = clock_monotonic_ms();

	if (first && first->started_ms > since_ms)
		since_ms = first->started_ms;
	if (now_ms - since_ms < l->host.timeout_ms) {
		watch_over(l, since_ms);
	} else if (first && is_moving(l)) {
		watch_over(l, now_ms);
	} else if (first) {
		lost(l, "Redis does not answer", ERR_TIMEOUT);
	} else {
		send_ping(l);
		watch_over(l, now_ms);
	}
}

static void on_conn_up(void *ctx)
{
	struct redis_link *l = ctx;

	l->is_up = true;
	l->failures = 0;
	l->stats.reconnects++;
	l->replied_ms = clock_monotonic_ms();
	l->seen_received = redis_conn_bytes(l->conn).received;
	watch_over(l, l->replied_ms);
	send_ping(l); /* the first figure of the round trip */
	(void)tell_users(l);
}

/* --- replies --- */

static void note_refusal(struct redis_link *l, const struct redisReply *reply)
{
	const struct redis_refusal *r = redis_refusal_of(reply);

	l->stats.errors++;
	if (!r)
		return;
	l->refusal = r->says;
	l->refusal_ms = clock_monotonic_ms();
	if (r->ends)
		redis_conn_end(l->conn, r->says);
}

/* The server has forgotten its scripts. What was started since must not be overtaken. */
static bool can_resend(struct command *c)
{
	c->link->known_count = 0;
	return !TAILQ_NEXT(c, entry) && c->cb;
}

static void on_conn_reply(void *ctx, const struct redisReply *reply)
{
	struct redis_link *l = ctx;
	struct command *c = TAILQ_FIRST(&l->under_way);
	enum err err = reply->type == REDIS_REPLY_ERROR ? ERR_REFUSED : ERR_OK;

	if (!c) {
		redis_conn_end(l->conn, "Redis says what it was not asked");
		return;
	}
	l->replied_ms = clock_monotonic_ms();
	l->seen_received = redis_conn_bytes(l->conn).received;
	l->stats.replies++;
	if (c->script && redis_error_is(reply, "NOSCRIPT")) {
		if (can_resend(c)) {
			command_remove(c);
			command_write(c);
		} else {
			(void)command_end(c, ERR_BUSY, NULL);
		}
		return;
	}
	if (err)
		note_refusal(l, reply);
	(void)command_end(c, err, reply);
}

/* --- life --- */

static void connect_now(struct redis_link *l)
{
	static const struct redis_conn_events events = {
		.on_up = on_conn_up,
		.on_reply = on_conn_reply,
		.on_end = on_conn_end,
	};

	l->conn = redis_conn_new(&l->host, l->bytes_max, &events, l);
	if (!l->conn)
		retry_later(l);
}

static void on_retry(struct loop_timer *t)
{
	connect_now((struct redis_link *)((char *)t - offsetof(struct redis_link, retry)));
}

static void on_task(struct loop_task *t)
{
	struct redis_link *l = (struct redis_link *)((char *)t - offsetof(struct redis_link, task));
	struct command *c;
	size_t count = 0;

	if (!l->conn && !loop_timer_is_on(&l->retry))
		retry_later(l);
	/* Who tries again at once is told in the next turn. */
	TAILQ_FOREACH(c, &l->refused, entry)
	count++;
	while (count-- > 0 && (c = TAILQ_FIRST(&l->refused)))
		if (!command_end(c, c->refused, NULL))
			return;
	if (!TAILQ_EMPTY(&l->refused))
		loop_task_start(l->host.loop, &l->task);
	(void)tell_users(l);
}

struct redis_link *redis_link_new(const struct redis_link_setup *setup)
{
	struct redis_link *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->commands_max = setup->commands_max;
	l->bytes_max = setup->bytes_max;
	l->retry.fire = on_retry;
	l->alive.fire = on_alive;
	l->task.run = on_task;
	TAILQ_INIT(&l->under_way);
	TAILQ_INIT(&l->refused);
	snprintf(l->down_reason, sizeof l->down_reason, "Redis is not yet connected");
	if (redis_host_init(&l->host, setup->loop, setup->address, setup->timeout_ms)) {
		free(l);
		return NULL;
	}
	connect_now(l);
	return l;
}

static void free_all(struct command_list *list)
{
	struct command *c;

	while ((c = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, c, entry);
		command_free(c);
	}
}

void redis_link_free(struct redis_link *l)
{
	if (!l)
		return;
	if (l->dead)
		*l->dead = true;
	while (l->users)
		redis_link_leave(l->users);
	redis_conn_free(l->conn);
	free_all(&l->under_way);
	free_all(&l->refused);
	loop_timer_stop(l->host.loop, &l->retry);
	loop_timer_stop(l->host.loop, &l->alive);
	loop_task_stop(&l->task);
	redis_host_done(&l->host);
	free(l);
}

bool redis_link_is_up(const struct redis_link *l)
{
	return l->is_up;
}

static bool has_refused(const struct redis_link *l, uint64_t within_ms)
{
	return l->refusal && clock_monotonic_ms() - l->refusal_ms < within_ms;
}

bool redis_link_is_refusing(const struct redis_link *l)
{
	return l->is_up && has_refused(l, REFUSING_MS);
}

const char *redis_link_trouble(const struct redis_link *l)
{
	if (!l->is_up)
		return l->down_reason;
	if (has_refused(l, REFUSAL_SHOWN_MS))
		return l->refusal;
	return redis_conn_trouble(l->conn);
}

struct redis_link_stats redis_link_stats(const struct redis_link *l)
{
	struct redis_link_stats s = l->stats;
	struct redis_conn_bytes now = { 0 };

	if (l->conn)
		now = redis_conn_bytes(l->conn);
	s.bytes_sent = l->past.sent + now.sent;
	s.bytes_received = l->past.received + now.received;
	return s;
}
