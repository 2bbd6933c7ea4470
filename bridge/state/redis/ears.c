#include "state/redis/ears.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <hiredis/hiredis.h>

#include "state/keymap.h"
#include "state/redis/conn.h"

#define OUT_MAX_BYTES (16 * 1024 * 1024)
#define AT_ONCE_MAX   256 /* channels in one command */
#define BEAT_MIN_MS   200

enum channel_state {
	CHANNEL_IDLE,  /* not subscribed; in the list of those to be, while there are listeners */
	CHANNEL_ASKED, /* SUBSCRIBE is sent */
	CHANNEL_HEARD,
};

struct redis_channel {
	struct keymap_node node; /* its key is `name` */
	struct redis_ears *ears;
	enum channel_state state;
	struct redis_ear *listeners;
	struct redis_ear *telling; /* whose turn is next, while something is told */
	bool is_telling;
	bool has_new; /* listeners that joined while it is heard */
	TAILQ_ENTRY(redis_channel) due;
	bool is_due;
	uint8_t name[];
};

TAILQ_HEAD(channel_list, redis_channel);

struct redis_ears {
	struct redis_host host;
	struct redis_conn *conn; /* NULL: waits for the next try */
	bool is_up;
	bool is_pinged; /* and has said nothing since */
	unsigned failures;
	struct keymap channels;
	struct channel_list due; /* to be subscribed, or with new listeners to be told */
	struct loop_task task;
	struct loop_timer timer; /* the next beat; without a connection: the next try */
	char trouble[200];       /* empty: none */
};

/* --- channels ----------------------------------------------------------------- */

static void make_due(struct redis_channel *c)
{
	if (!c->is_due)
		TAILQ_INSERT_TAIL(&c->ears->due, c, due);
	c->is_due = true;
	loop_task_start(c->ears->host.loop, &c->ears->task);
}

static void make_undue(struct redis_channel *c)
{
	if (c->is_due)
		TAILQ_REMOVE(&c->ears->due, c, due);
	c->is_due = false;
}

static struct redis_channel *channel_new(struct redis_ears *e, struct bytes name)
{
	struct redis_channel *c = calloc(1, sizeof *c + name.len);

	if (!c)
		return NULL;
	c->ears = e;
	if (name.len)
		memcpy(c->name, name.at, name.len);
	c->node.key = bytes_of(c->name, name.len);
	keymap_insert(&e->channels, &c->node);
	return c;
}

static void channel_free(struct redis_channel *c)
{
	make_undue(c);
	keymap_remove(&c->ears->channels, &c->node);
	free(c);
}

static void free_if_unused(struct redis_channel *c)
{
	const struct bytes args[] = { BYTES_LIT("UNSUBSCRIBE"), c->node.key };
	struct redis_ears *e = c->ears;

	if (c->listeners || c->is_telling)
		return;
	/* What cannot be sent now is not sent later: messages without a channel are harmless. */
	if (c->state != CHANNEL_IDLE && e->is_up && redis_conn_send(e->conn, args, 2))
		redis_conn_end(e->conn, "too much is waiting to be sent to Redis");
	channel_free(c);
}

static void unlink_ear(struct redis_ear *l)
{
	if (l->channel->telling == l)
		l->channel->telling = l->next;
	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	l->channel = NULL;
}

enum err redis_ears_listen(struct redis_ears *e, struct bytes channel, struct redis_ear *l)
{
	struct redis_channel *c = (struct redis_channel *)keymap_find(&e->channels, channel);

	if (!c)
		c = channel_new(e, channel);
	if (!c)
		return ERR_NOMEM;
	l->channel = c;
	l->is_new = true;
	l->next = c->listeners;
	l->prev = &c->listeners;
	if (l->next)
		l->next->prev = &l->next;
	c->listeners = l;
	if (c->state == CHANNEL_HEARD)
		c->has_new = true;
	if (c->state != CHANNEL_ASKED)
		make_due(c);
	return ERR_OK;
}

void redis_ears_unlisten(struct redis_ear *l)
{
	struct redis_channel *c = l->channel;

	if (!c)
		return;
	unlink_ear(l);
	free_if_unused(c);
}

bool redis_ear_is_heard(const struct redis_ear *l)
{
	const struct redis_channel *c = l->channel;

	return c && c->state == CHANNEL_HEARD && c->ears->is_up;
}

/* --- telling ------------------------------------------------------------------ */

/* A null message is a gap. Listeners may go meanwhile, this one and others. */
static void tell(struct redis_channel *c, struct bytes message, bool is_for_new)
{
	struct redis_ear *l;

	c->is_telling = true;
	c->telling = c->listeners;
	while ((l = c->telling)) {
		bool is_new = l->is_new;

		c->telling = l->next;
		if (!bytes_is_null(message)) {
			l->on_message(l, message);
			continue;
		}
		l->is_new = false;
		if (l->on_gap && (is_new || !is_for_new))
			l->on_gap(l);
	}
	c->is_telling = false;
	free_if_unused(c);
}

static struct bytes string_of(const struct redisReply *r, size_t i)
{
	const struct redisReply *at = i < r->elements ? r->element[i] : NULL;

	return at && at->type == REDIS_REPLY_STRING ? bytes_of(at->str, at->len) : BYTES_NULL;
}

/* "message", channel, payload; "subscribe" or "unsubscribe", channel, how many. */
static void take(struct redis_ears *e, const struct redisReply *r)
{
	struct bytes kind = string_of(r, 0), name = string_of(r, 1), message = string_of(r, 2);
	struct redis_channel *c;

	if (bytes_is_null(name))
		return;
	c = (struct redis_channel *)keymap_find(&e->channels, name);
	if (!c)
		return;
	if (bytes_equal_str(kind, "message") && !bytes_is_null(message)) {
		tell(c, message, false);
	} else if (bytes_equal_str(kind, "subscribe")) {
		c->state = CHANNEL_HEARD;
		tell(c, BYTES_NULL, false);
	} else if (bytes_equal_str(kind, "unsubscribe") && c->state == CHANNEL_HEARD) {
		c->state = CHANNEL_ASKED; /* it has been asked for again since */
	}
}

/* --- subscribing --- */

/* False: the connection takes no more now. */
static bool subscribe(struct redis_ears *e, struct redis_channel *const *list, size_t count)
{
	struct bytes args[1 + AT_ONCE_MAX] = { BYTES_LIT("SUBSCRIBE") };

	for (size_t i = 0; i < count; i++)
		args[1 + i] = list[i]->node.key;
	if (redis_conn_send(e->conn, args, 1 + count))
		return false;
	for (size_t i = 0; i < count; i++) {
		make_undue(list[i]);
		list[i]->state = CHANNEL_ASKED;
	}
	return true;
}

static void tell_new(struct redis_ears *e)
{
	struct redis_channel *c, *next;

	for (c = TAILQ_FIRST(&e->due); c; c = next) {
		next = TAILQ_NEXT(c, due);
		if (c->state != CHANNEL_HEARD)
			continue;
		/* Whatever its listeners do, they are told first and the rest comes with a new
		 * walk. */
		make_undue(c);
		if (c->has_new) {
			c->has_new = false;
			loop_task_start(e->host.loop, &e->task);
			tell(c, BYTES_NULL, true);
			return;
		}
	}
}

static void on_task(struct loop_task *t)
{
	struct redis_ears *e = (struct redis_ears *)((char *)t - offsetof(struct redis_ears, task));
	struct redis_channel *list[AT_ONCE_MAX], *c, *next;
	size_t count = 0;

	if (!e->is_up)
		return;
	for (c = TAILQ_FIRST(&e->due); c; c = next) {
		next = TAILQ_NEXT(c, due);
		if (c->state != CHANNEL_IDLE)
			continue;
		list[count++] = c;
		if (count < AT_ONCE_MAX)
			continue;
		if (!subscribe(e, list, count))
			return; /* the next beat tries again */
		count = 0;
	}
	if (count == 0 || subscribe(e, list, count))
		tell_new(e);
}

/* --- the connection --- */

static uint64_t beat_ms(const struct redis_ears *e)
{
	return e->host.timeout_ms > BEAT_MIN_MS ? e->host.timeout_ms : BEAT_MIN_MS;
}

static void plan(struct redis_ears *e, uint64_t delay_ms)
{
	/* It was started when there was memory; from then on it needs none. */
	if (!loop_timer_start(e->host.loop, &e->timer, delay_ms))
		snprintf(e->trouble, sizeof e->trouble, "memory is short");
}

static bool forget(void *ctx, struct keymap_node *n)
{
	struct redis_channel *c = (struct redis_channel *)n;

	(void)ctx;
	c->state = CHANNEL_IDLE;
	make_due(c);
	return true;
}

static void on_up(void *ctx)
{
	struct redis_ears *e = ctx;

	e->is_up = true;
	e->is_pinged = false;
	loop_task_start(e->host.loop, &e->task);
	plan(e, beat_ms(e));
}

static void on_reply(void *ctx, const struct redisReply *reply)
{
	struct redis_ears *e = ctx;

	e->is_pinged = false;
	if (reply->type == REDIS_REPLY_ERROR) {
		redis_conn_end(e->conn, "Redis refuses to let us listen (its ACL?)");
		return;
	}
	e->failures = 0;
	e->trouble[0] = '\0';
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 3)
		take(e, reply);
}

static void on_end(void *ctx, const char *reason)
{
	struct redis_ears *e = ctx;

	snprintf(e->trouble, sizeof e->trouble, "%s", reason);
	redis_conn_free(e->conn);
	e->conn = NULL;
	e->is_up = false;
	keymap_each(&e->channels, BYTES_LIT(""), forget, NULL);
	plan(e, redis_backoff_ms(e->failures++));
}

static void on_timer(struct loop_timer *t)
{
	static const struct redis_conn_events events = {
		.on_up = on_up,
		.on_reply = on_reply,
		.on_end = on_end,
	};
	struct redis_ears *e =
		(struct redis_ears *)((char *)t - offsetof(struct redis_ears, timer));
	const struct bytes ping = BYTES_LIT("PING");

	if (!e->conn) {
		e->conn = redis_conn_new(&e->host, OUT_MAX_BYTES, &events, e);
		if (!e->conn)
			plan(e, redis_backoff_ms(e->failures++));
		return;
	}
	if (!e->is_up)
		return;
	if (e->is_pinged || redis_conn_send(e->conn, &ping, 1)) {
		redis_conn_end(e->conn, "Redis does not answer");
		return;
	}
	e->is_pinged = true;
	loop_task_start(e->host.loop, &e->task); /* what did not fit before */
	plan(e, beat_ms(e));
}

/* --- life --- */

static bool begin(struct redis_ears *e, const struct redis_link_setup *setup)
{
	if (!keymap_init(&e->channels) ||
	    redis_host_init(&e->host, setup->loop, setup->address, setup->timeout_ms))
		return false;
	if (loop_timer_start(setup->loop, &e->timer, 0))
		return true;
	redis_host_done(&e->host);
	return false;
}

struct redis_ears *redis_ears_new(const struct redis_link_setup *setup)
{
	struct redis_ears *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->task.run = on_task;
	e->timer.fire = on_timer;
	TAILQ_INIT(&e->due);
	snprintf(e->trouble, sizeof e->trouble, "Redis is not yet connected");
	if (begin(e, setup))
		return e;
	free(e);
	return NULL;
}

void redis_ears_free(struct redis_ears *e)
{
	if (!e)
		return;
	loop_timer_stop(e->host.loop, &e->timer);
	loop_task_stop(&e->task);
	redis_conn_free(e->conn);
	while (e->channels.root) {
		struct redis_channel *c = (struct redis_channel *)e->channels.root;

		while (c->listeners)
			unlink_ear(c->listeners);
		channel_free(c);
	}
	redis_host_done(&e->host);
	free(e);
}

bool redis_ears_is_up(const struct redis_ears *e)
{
	return e->is_up;
}

const char *redis_ears_trouble(const struct redis_ears *e)
{
	return e->trouble[0] ? e->trouble : NULL;
}
