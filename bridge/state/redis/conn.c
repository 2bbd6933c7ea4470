#include "state/redis/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "net/dial.h"
#include "net/stream.h"
#include "state/redis/greeting.h"
#include "state/redis/resp.h"

/* Far more than any reply that we ask for. */
#define REPLY_MAX_BYTES    (64 * 1024 * 1024)
#define REPLY_MAX_ELEMENTS (1024 * 1024)
/* AUTH and what follows it: beside what the owner wants to send. */
#define GREETING_MAX_BYTES (16 * 1024)

enum conn_state {
	CONN_CONNECTING,
	CONN_SECURING,
	CONN_GREETING,
	CONN_UP,
	CONN_ENDED,
};

struct redis_conn {
	const struct redis_host *host;
	const struct redis_conn_events *events;
	void *ctx;
	enum conn_state state;
	size_t out_max_bytes;
	struct op *dial;
	struct stream *stream;
	redisReader *reader;
	size_t unread; /* bytes of a reply that is not yet whole */
	struct loop_timer deadline;
	struct loop_task next; /* a unix socket that is connected; telling the end */
	int fd;                /* of the former; -1: none */
	struct greeting greeting;
	struct redis_conn_bytes bytes;
	char reason[300];
	bool *dead; /* set when it is freed inside a callback */
};

/* --- the end --- */

static void let_go(struct redis_conn *c)
{
	op_cancel(c->dial);
	c->dial = NULL;
	stream_free(c->stream);
	c->stream = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	loop_timer_stop(c->host->loop, &c->deadline);
}

void redis_conn_end(struct redis_conn *c, const char *reason)
{
	if (c->state == CONN_ENDED)
		return;
	c->state = CONN_ENDED;
	snprintf(c->reason, sizeof c->reason, "%s", reason);
	let_go(c);
	loop_task_start(c->host->loop, &c->next);
}

void redis_conn_free(struct redis_conn *c)
{
	if (!c)
		return;
	if (c->dead)
		*c->dead = true;
	if (c->state == CONN_UP) {
		stream_close(c->stream); /* what was told last still goes out */
		c->stream = NULL;
	}
	let_go(c);
	loop_task_stop(&c->next);
	if (c->reader)
		redisReaderFree(c->reader);
	free(c);
}

static void end_with_fault(struct redis_conn *c, const char *what, const struct fault *fault)
{
	char text[300];

	snprintf(text, sizeof text, "%s: %s", what,
		 fault->text[0] ? fault->text : err_name(fault->err));
	redis_conn_end(c, text);
}

static void on_late(struct loop_timer *t)
{
	struct redis_conn *c =
		(struct redis_conn *)((char *)t - offsetof(struct redis_conn, deadline));

	redis_conn_end(c, c->state == CONN_GREETING ? "Redis does not answer"
						    : "Redis cannot be reached in time");
}

/* --- replies --- */

/* As many elements as the peer says are allocated before any of them is there. */
#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t elements)
#else
static void *create_array(const redisReadTask *task, int elements)
#endif
{
	const redisReplyObjectFunctions *fn = task->privdata;

	return (size_t)elements > REPLY_MAX_ELEMENTS ? NULL : fn->createArray(task, elements);
}

static redisReader *reader_new(void)
{
	static redisReplyObjectFunctions bounded;
	redisReader *r = redisReaderCreate();

	if (!r)
		return NULL;
	bounded = *r->fn;
	bounded.createArray = create_array;
	r->privdata = r->fn; /* what hiredis itself does */
	r->fn = &bounded;
	return r;
}

/* False: the connection is no more. */
static bool take_reply(struct redis_conn *c, const struct redisReply *reply)
{
	bool dead = false;

	if (c->state == CONN_GREETING) {
		if (!greeting_take(&c->greeting, reply))
			return true;
		if (c->greeting.wrong) {
			redis_conn_end(c, c->greeting.wrong);
			return false;
		}
		loop_timer_stop(c->host->loop, &c->deadline);
		c->state = CONN_UP;
		c->dead = &dead;
		c->events->on_up(c->ctx);
	} else {
		c->dead = &dead;
		c->events->on_reply(c->ctx, reply);
	}
	if (dead)
		return false;
	c->dead = NULL;
	return c->state != CONN_ENDED;
}

/* All that are whole. */
static void take_replies(struct redis_conn *c)
{
	void *reply = NULL;
	bool goes_on = true;

	while (goes_on && redisReaderGetReply(c->reader, &reply) == REDIS_OK && reply) {
		c->unread = c->reader->len - c->reader->pos;
		goes_on = take_reply(c, reply);
		freeReplyObject(reply);
		reply = NULL;
	}
	if (goes_on && c->reader->err)
		redis_conn_end(c, "Redis says what is not its protocol, or too much");
}

static enum flow on_data(void *ctx, struct bytes data)
{
	struct redis_conn *c = ctx;

	c->bytes.received += data.len;
	c->unread += data.len;
	if (c->unread > REPLY_MAX_BYTES ||
	    redisReaderFeed(c->reader, (const char *)data.at, data.len) != REDIS_OK)
		redis_conn_end(c, "Redis says too much at once");
	else
		take_replies(c);
	return FLOW_MORE;
}

static void on_closed(void *ctx, const struct fault *fault)
{
	struct redis_conn *c = ctx;

	end_with_fault(c, "the connection to Redis is lost", fault);
}

/* --- its beginning --- */

static void greet(struct redis_conn *c)
{
	struct buf out;

	c->state = CONN_GREETING;
	buf_init(&out, GREETING_MAX_BYTES);
	greeting_begin(&c->greeting, &c->host->address, &out);
	if (buf_err(&out) || stream_write(c->stream, buf_bytes(&out)) ||
	    !loop_timer_start(c->host->loop, &c->deadline, c->host->timeout_ms))
		redis_conn_end(c, "memory is short");
	buf_done(&out);
}

static void on_secured(void *ctx)
{
	greet(ctx);
}

static void begin(struct redis_conn *c, int fd)
{
	static const struct stream_events events = { .on_data = on_data, .on_closed = on_closed };

	c->stream =
		stream_new(c->host->loop, fd, c->out_max_bytes + GREETING_MAX_BYTES, &events, c);
	if (!c->stream) {
		redis_conn_end(c, "memory is short");
	} else if (c->host->tls) {
		c->state = CONN_SECURING;
		stream_start_tls(c->stream, c->host->tls, c->host->address.host, on_secured);
	} else {
		greet(c);
	}
}

static void on_dialled(void *ctx, const struct fault *fault, int fd)
{
	struct redis_conn *c = ctx;

	c->dial = NULL;
	if (fault)
		end_with_fault(c, "Redis cannot be reached", fault);
	else
		begin(c, fd);
}

/* The end is told here, and what could be connected at once goes on here: both may not happen
 * inside of the call that starts it. */
static void on_task(struct loop_task *t)
{
	struct redis_conn *c = (struct redis_conn *)((char *)t - offsetof(struct redis_conn, next));
	int fd = c->fd;

	if (c->state == CONN_ENDED) {
		c->events->on_end(c->ctx, c->reason);
		return;
	}
	c->fd = -1;
	begin(c, fd);
}

/* A unix socket takes it at once or not at all. */
static void connect_path(struct redis_conn *c, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[300];

	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&un, sizeof un) < 0) {
		snprintf(text, sizeof text, "Redis cannot be reached: %s", strerror(errno));
		redis_conn_end(c, text);
		return;
	}
	loop_task_start(c->host->loop, &c->next);
}

static bool start(struct redis_conn *c)
{
	const struct redis_host *h = c->host;
	struct dial_target to = { .host = h->address.host, .port = h->address.port };

	if (!loop_timer_start(h->loop, &c->deadline, h->timeout_ms))
		return false;
	if (h->address.path) {
		connect_path(c, h->address.path);
		return true;
	}
	c->dial =
		dialer_connect(h->dialer, &to, clock_monotonic_ms() + h->timeout_ms, on_dialled, c);
	return c->dial != NULL;
}

struct redis_conn *redis_conn_new(const struct redis_host *host, size_t out_max_bytes,
				  const struct redis_conn_events *events, void *ctx)
{
	struct redis_conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->host = host;
	c->events = events;
	c->ctx = ctx;
	c->out_max_bytes = out_max_bytes;
	c->fd = -1;
	c->deadline.fire = on_late;
	c->next.run = on_task;
	c->reader = reader_new();
	if (c->reader && start(c))
		return c;
	redis_conn_free(c);
	return NULL;
}

/* --- commands --- */

enum err redis_conn_write(struct redis_conn *c, const struct bytes *pieces, size_t count)
{
	size_t sum = 0;

	if (c->state != CONN_UP)
		return ERR_NET;
	for (size_t i = 0; i < count; i++)
		sum += pieces[i].len;
	if (sum > c->out_max_bytes)
		return ERR_TOO_BIG;
	if (stream_queued_bytes(c->stream) > c->out_max_bytes - sum)
		return ERR_BUSY;
	for (size_t i = 0; i < count; i++) {
		if (stream_write(c->stream, pieces[i]) == ERR_OK)
			continue;
		/* Half a command would make nonsense of all that follow. */
		redis_conn_end(c, "the connection to Redis broke while sending");
		return ERR_NET;
	}
	c->bytes.sent += sum;
	return ERR_OK;
}

enum err redis_conn_send(struct redis_conn *c, const struct bytes *args, size_t count)
{
	struct buf out;
	struct bytes encoded;
	enum err err;

	buf_init(&out, c->out_max_bytes);
	resp_begin(&out, count);
	resp_args(&out, args, count);
	encoded = buf_bytes(&out);
	err = buf_err(&out) ? buf_err(&out) : redis_conn_write(c, &encoded, 1);
	buf_done(&out);
	return err;
}

const char *redis_conn_trouble(const struct redis_conn *c)
{
	return c->greeting.trouble;
}

struct redis_conn_bytes redis_conn_bytes(const struct redis_conn *c)
{
	return c->bytes;
}

size_t redis_conn_queued_bytes(const struct redis_conn *c)
{
	return c->stream ? stream_queued_bytes(c->stream) : 0;
}
