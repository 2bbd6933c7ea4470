/*
 * The take-over. MHD's descriptor of the connection is duplicated, MHD_NO makes
 * MHD drop its own; with MHD_USE_TURBO it only closes, without it would shut
 * the shared socket down. Not documented use: tests/unit/http/test_stream.c
 * guards it for the libmicrohttpd it is built with.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/internal.h"

#define QUEUE_MAX_BYTES (256 * 1024)
/* Of the kernel, which would take megabytes for each client that does not read. It
 * keeps twice as much. */
#define SEND_BUFFER_BYTES (64 * 1024)
#define DEAD_PEER_MS      60000 /* what was sent is not acknowledged, nor taken */
#define FLUSH_MAX_MS      5000  /* for what is queued when the stream ends */

struct http_stream {
	struct ring all;
	struct http_server *server;
	int fd;
	struct loop_watch *watch;
	struct buf queue;
	/* Until the head is out: its fields, and what problems are written with. */
	struct buf fields;
	char *origin;
	void (*on_end)(void *ctx, enum http_stream_end why);
	void (*on_drain)(void *ctx);
	void *ctx;

	bool is_ending; /* flushes, then closes */
	bool has_failed;
	enum http_stream_end why;
	struct loop_task failed; /* tells the owner, outside of its own call */
	struct loop_timer flush;

	char id[72], account[24];
	const struct route *route;
	uint64_t started_us, bytes_out;
	unsigned status;
};

static void log_stream(const struct http_stream *s, const char *end)
{
	struct log_line l;

	server_count(s->server, s->route, s->status ? s->status : 499, 0);
	log_begin(&l, LOG_INFO, "request");
	log_field_str(&l, "id", s->id);
	if (s->account[0])
		log_field_str(&l, "account", s->account);
	log_field_str(&l, "op", s->route->operation);
	log_field_u64(&l, "status", s->status ? s->status : 499);
	log_field_u64(&l, "bytes", s->bytes_out);
	log_field_u64(&l, "ms", (clock_monotonic_us() - s->started_us) / 1000);
	log_field_str(&l, "end", end);
	log_end(&l);
}

/* Thousands of them wait most of the time, so they keep little. */
static void forget_head(struct http_stream *s)
{
	buf_done(&s->fields);
	buf_init(&s->fields, HTTP_POOL_BYTES);
	free(s->origin);
	s->origin = NULL;
}

static void stream_free(struct http_stream *s, const char *end)
{
	struct http_server *server = s->server;

	log_stream(s, end);
	loop_task_stop(&s->failed);
	loop_timer_stop(server->loop, &s->flush);
	loop_watch_free(s->watch);
	close(s->fd);
	buf_done(&s->queue);
	forget_head(s);
	ring_remove(&s->all);
	server->stats.streams_open--;
	free(s);
	server_check_drained(server);
}

static const char *end_name(enum http_stream_end why)
{
	switch (why) {
	case HTTP_STREAM_HANGUP: return "hangup";
	case HTTP_STREAM_SLOW: return "slow";
	case HTTP_STREAM_STOPPING: return "stopping";
	}
	return "";
}

/* The owner hears of it from the loop, never inside its own call. */
static void fail(struct http_stream *s, enum http_stream_end why)
{
	if (s->is_ending) {
		stream_free(s, end_name(why));
		return;
	}
	s->has_failed = true;
	s->why = why;
	loop_watch_set(s->watch, 0);
	loop_task_start(s->server->loop, &s->failed);
}

static void on_failed(struct loop_task *t)
{
	struct http_stream *s = RING_ENTRY(t, struct http_stream, failed);

	s->on_end(s->ctx, s->why);
	stream_free(s, end_name(s->why));
}

/* As much as the socket takes, off the front of *data. False when it is broken. */
static bool send_some(struct http_stream *s, struct bytes *data)
{
	while (data->len) {
		ssize_t n = send(s->fd, data->at, data->len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		s->bytes_out += (uint64_t)n;
		*data = bytes_skip(*data, (size_t)n);
	}
	return true;
}

static bool send_queued(struct http_stream *s)
{
	struct bytes left = buf_bytes(&s->queue);
	bool ok = send_some(s, &left);

	if (left.len) {
		buf_consume(&s->queue, s->queue.len - left.len);
	} else {
		buf_done(&s->queue);
		buf_init(&s->queue, SIZE_MAX);
	}
	return ok;
}

static void watch_what_is_needed(struct http_stream *s)
{
	loop_watch_set(s->watch, LOOP_READABLE | LOOP_HANGUP | (s->queue.len ? LOOP_WRITABLE : 0));
}

/* Clients have nothing more to say; what they say is thrown away. */
static bool is_hung_up(struct http_stream *s)
{
	char waste[4096];
	ssize_t n = recv(s->fd, waste, sizeof waste, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void on_event(void *ctx, unsigned events)
{
	struct http_stream *s = ctx;
	bool was_empty = s->queue.len == 0;

	if (events & (LOOP_HANGUP | LOOP_ERROR) || ((events & LOOP_READABLE) && is_hung_up(s)) ||
	    !send_queued(s)) {
		fail(s, HTTP_STREAM_HANGUP);
		return;
	}
	if (s->is_ending && s->queue.len == 0) {
		stream_free(s, "done");
		return;
	}
	watch_what_is_needed(s);
	if (!was_empty && s->queue.len == 0 && !s->is_ending && s->on_drain)
		s->on_drain(s->ctx);
}

/* --- the owner's calls --------------------------------------------------------------------- */

static void copy_text(char *to, size_t size, struct bytes from)
{
	snprintf(to, size, "%.*s", BYTES_FMT(from));
}

static void describe(struct http_stream *s, struct request *rq)
{
	copy_text(s->id, sizeof s->id, request_id(rq));
	s->origin = bytes_dup_str(request_origin(rq));
	copy_text(s->account, sizeof s->account, bytes_of_str(rq->account));
	s->route = rq->route;
	s->started_us = rq->started_us;
	buf_init(&s->queue, SIZE_MAX); /* what it takes is looked at before */
	buf_init(&s->fields, HTTP_POOL_BYTES);
	reply_write_raw_fields(&s->fields, rq);
}

struct http_stream *http_stream_take(struct request *rq,
				     void (*on_end)(void *ctx, enum http_stream_end why), void *ctx)
{
	struct http_server *server = rq->server;
	struct http_stream *s;
	int on = 1, off = 0, buffer = SEND_BUFFER_BYTES;
	unsigned patience_ms = DEAD_PEER_MS;

	if (rq->state >= REQUEST_REPLY || server->drain != DRAIN_NO ||
	    server->stats.streams_open >= server->config.connections_max ||
	    !(s = calloc(1, sizeof *s)))
		return NULL;
	s->server = server;
	s->on_end = on_end;
	s->ctx = ctx;
	s->failed.run = on_failed;
	describe(s, rq);
	s->fd = fcntl(rq->conn->fd, F_DUPFD_CLOEXEC, 3);
	s->watch = s->fd < 0 ? NULL
			     : loop_watch_new(server->loop, s->fd, LOOP_READABLE | LOOP_HANGUP,
					      on_event, s);
	if (!s->watch || buf_err(&s->fields)) {
		loop_watch_free(s->watch);
		if (s->fd >= 0)
			close(s->fd);
		forget_head(s);
		free(s);
		return NULL;
	}
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
	ring_append(&server->streams, &s->all);
	server->stats.streams_open++;
	rq->state = REQUEST_TAKEN;
	request_resume(rq);
	return s;
}

void http_stream_head(struct http_stream *s, unsigned status, const char *type, uint64_t size)
{
	struct buf head;

	s->status = status;
	buf_init(&head, 2 * HTTP_POOL_BYTES);
	reply_write_raw_start(&head, status, type, size);
	buf_append(&head, buf_bytes(&s->fields));
	buf_append_str(&head, "\r\n");
	(void)http_stream_write(s, buf_err(&head) ? BYTES_NULL : buf_bytes(&head));
	if (buf_err(&head) && !s->has_failed)
		fail(s, HTTP_STREAM_SLOW);
	buf_done(&head);
	forget_head(s);
}

void http_stream_on_drain(struct http_stream *s, void (*on_drain)(void *ctx))
{
	s->on_drain = on_drain;
}

/* What the socket does not take at once. */
static bool queue(struct http_stream *s, struct bytes rest)
{
	if (s->queue.len > 0 && s->queue.len + rest.len > QUEUE_MAX_BYTES)
		return false;
	buf_append(&s->queue, rest);
	return buf_err(&s->queue) == ERR_OK;
}

bool http_stream_write(struct http_stream *s, struct bytes data)
{
	if (s->has_failed)
		return false;
	if (s->queue.len == 0 && !send_some(s, &data)) {
		fail(s, HTTP_STREAM_HANGUP);
		return false;
	}
	if (data.len == 0)
		return true;
	if (!queue(s, data)) {
		fail(s, HTTP_STREAM_SLOW);
		return false;
	}
	watch_what_is_needed(s);
	return true;
}

static void on_flush_timer(struct loop_timer *t)
{
	stream_free(RING_ENTRY(t, struct http_stream, flush), "slow");
}

/* Flushes what is queued; the owner is out of it. */
static void end(struct http_stream *s, const char *why)
{
	loop_task_stop(&s->failed);
	s->is_ending = true;
	s->flush.fire = on_flush_timer;
	if (s->has_failed || s->queue.len == 0 ||
	    !loop_timer_start(s->server->loop, &s->flush, FLUSH_MAX_MS))
		stream_free(s, why);
}

void http_stream_end(struct http_stream *s)
{
	end(s, "done");
}

void http_stream_abort(struct http_stream *s, enum http_stream_end why)
{
	stream_free(s, end_name(why));
}

void http_stream_json(struct http_stream *s, struct bytes body)
{
	http_stream_head(s, 200, "application/json", body.len);
	(void)http_stream_write(s, body);
	http_stream_end(s);
}

void http_stream_problem(struct http_stream *s, const struct problem *p)
{
	struct buf body;

	buf_init(&body, HTTP_POOL_BYTES);
	problem_write(&body, p, bytes_of_str(s->origin), bytes_of_str(s->id));
	http_stream_head(s, p->kind->status, "application/problem+json", body.len);
	(void)http_stream_write(s, buf_bytes(&body));
	buf_done(&body);
	http_stream_end(s);
}

size_t http_stream_queued_bytes(const struct http_stream *s)
{
	return s->queue.len;
}

uint64_t http_stream_sent_bytes(const struct http_stream *s)
{
	return s->bytes_out;
}

/* --- the server stops ------------------------------------------------------------------------ */

void stream_end_all(struct http_server *server)
{
	struct ring *next;

	for (struct ring *r = server->streams.next; r != &server->streams; r = next) {
		struct http_stream *s = RING_ENTRY(r, struct http_stream, all);

		next = r->next;
		if (s->is_ending)
			continue;
		s->on_end(s->ctx, HTTP_STREAM_STOPPING);
		end(s, "stopping");
	}
}

void stream_abort_all(struct http_server *server)
{
	struct ring *next;

	for (struct ring *r = server->streams.next; r != &server->streams; r = next) {
		struct http_stream *s = RING_ENTRY(r, struct http_stream, all);

		next = r->next;
		if (!s->is_ending)
			s->on_end(s->ctx, HTTP_STREAM_STOPPING);
		stream_free(s, "stopping");
	}
}
