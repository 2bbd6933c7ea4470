/*
 * Reading: when the socket is readable, at most TURN_BYTES are read (and
 * inflated) and given to on_data; if there was more, a task goes on in the next
 * turn, so that one fast server does not starve the others.
 *
 * Writing: stream_write() only queues; a task at the end of the turn sends, so
 * that what was written in one turn travels together.
 *
 * When sending fails the end is not told at once: what the server said before
 * it hung up ("BYE ...") is still to be read. Reading then finds the end.
 *
 * Callbacks may free the stream: whoever calls one checks `dead` behind it.
 */
#include "net/stream.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/deflate.h"
#include "net/wire.h"

#define CHUNK_BYTES (16 * 1024) /* one TLS record */
#define TURN_BYTES  (8 * CHUNK_BYTES)
/* What deflating may add to what was queued. */
#define DEFLATE_SLACK_BYTES 4096

enum stream_state {
	STREAM_CLEAR,
	STREAM_HANDSHAKE_DUE, /* the first step of it is to come */
	STREAM_HANDSHAKE,
	STREAM_TLS,
	STREAM_ENDED,
};

struct stream {
	struct loop *loop;
	struct wire wire;
	enum stream_state state;
	bool paused;
	bool write_waits;    /* the socket takes no more for now */
	bool send_failed;    /* all queued output is dropped; reading tells the end */
	bool handshake_send; /* the handshake waits for the socket to take more */
	bool answered_early; /* output was still queued when TLS was to begin */
	struct loop_watch *watch;
	struct loop_task work;
	struct buf out;
	size_t out_max_bytes;
	struct deflate *deflate;
	const struct stream_events *events;
	void *ctx;
	void (*on_secured)(void *ctx);
	stream_tap_cb *tap;
	void *tap_ctx;
	bool *dead; /* set when the stream is freed inside a callback */
};

static void on_ready(void *ctx, unsigned events);
static void on_task(struct loop_task *t);

/* --- life ---------------------------------------------------------------------- */

struct stream *stream_new(struct loop *l, int fd, size_t out_max_bytes,
			  const struct stream_events *events, void *ctx)
{
	struct stream *s = calloc(1, sizeof *s);

	if (!s) {
		close(fd);
		return NULL;
	}
	s->loop = l;
	s->wire.fd = fd;
	s->out_max_bytes = out_max_bytes;
	s->events = events;
	s->ctx = ctx;
	s->work.run = on_task;
	buf_init(&s->out, out_max_bytes + DEFLATE_SLACK_BYTES);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	s->watch = loop_watch_new(l, fd, LOOP_READABLE, on_ready, s);
	if (!s->watch) {
		stream_free(s);
		return NULL;
	}
	return s;
}

static void release(struct stream *s, void (*close_wire)(struct wire *w))
{
	loop_task_stop(&s->work);
	loop_watch_free(s->watch);
	s->watch = NULL;
	close_wire(&s->wire);
	deflate_free(s->deflate);
	s->deflate = NULL;
	buf_done(&s->out);
	s->state = STREAM_ENDED;
}

static void destroy(struct stream *s, void (*close_wire)(struct wire *w))
{
	if (s->dead)
		*s->dead = true;
	release(s, close_wire);
	free(s);
}

void stream_free(struct stream *s)
{
	if (s)
		destroy(s, wire_drop);
}

static void end(struct stream *s, struct fault fault)
{
	release(s, wire_drop);
	s->events->on_closed(s->ctx, &fault);
}

static bool is_open(const struct stream *s)
{
	return s->state == STREAM_CLEAR || s->state == STREAM_TLS;
}

/* What we wait for, from what we are. */
static void rearm(struct stream *s)
{
	unsigned want = 0;

	if (s->state == STREAM_HANDSHAKE)
		want = s->handshake_send ? LOOP_WRITABLE : LOOP_READABLE;
	if (is_open(s) && !s->paused)
		want |= LOOP_READABLE;
	if (is_open(s) && s->write_waits)
		want |= LOOP_WRITABLE;
	if (is_open(s) && s->wire.crossed)
		want |= LOOP_READABLE | LOOP_WRITABLE;
	loop_watch_set(s->watch, want);
}

/* --- in ------------------------------------------------------------------------------ */

/* The functions from here to on_task() that return bool return false when the
 * stream is no more, or has ended: hands off. */

static bool give(struct stream *s, struct bytes data)
{
	bool dead = false;
	enum flow flow;

	if (s->tap)
		s->tap(s->tap_ctx, false, data);
	s->dead = &dead;
	flow = s->events->on_data(s->ctx, data);
	if (dead)
		return false;
	s->dead = NULL;
	if (flow == FLOW_PAUSE)
		s->paused = true;
	return true;
}

static struct fault deflate_fault(enum err e)
{
	if (e == ERR_PROTO)
		return fault_with_text(e, "the server's compressed data is broken");
	if (e == ERR_TOO_BIG)
		return fault_with_text(e, "the server's compressed data expands without end");
	return fault_of(e);
}

/* One piece out of what the inflater holds. */
static bool inflate_piece(struct stream *s, size_t *budget)
{
	uint8_t clear[CHUNK_BYTES];
	size_t n = 0;
	enum err e = deflate_read(s->deflate, clear, sizeof clear, &n);

	if (e) {
		end(s, deflate_fault(e));
		return false;
	}
	*budget -= n < *budget ? n : *budget;
	return n == 0 || give(s, bytes_of(clear, n));
}

static bool take(struct stream *s, struct bytes data)
{
	enum err e;

	if (!s->deflate)
		return give(s, data);
	e = deflate_feed(s->deflate, data);
	if (!e)
		return true;
	end(s, fault_of(e));
	return false;
}

static void end_after_reading(struct stream *s, enum wire_io io)
{
	end(s, io == WIRE_CLOSED ? fault_with_text(ERR_NET, "closed by the server")
				 : wire_fault(&s->wire));
}

/* One piece from the socket; *ret_more is cleared when it has none. */
static bool read_socket(struct stream *s, size_t *budget, bool *ret_more)
{
	uint8_t chunk[CHUNK_BYTES];
	size_t n = 0;
	enum wire_io io = wire_read(&s->wire, chunk, sizeof chunk, &n);

	switch (io) {
	case WIRE_DONE: *budget -= n < *budget ? n : *budget; return take(s, bytes_of(chunk, n));
	case WIRE_WAIT:
		*ret_more = false;
		if (!s->send_failed)
			return true;
		end(s, fault_with_text(ERR_NET, "the connection broke while sending"));
		return false;
	case WIRE_CLOSED:
	case WIRE_FAILED: end_after_reading(s, io); return false;
	}
	return false;
}

static bool pull(struct stream *s)
{
	size_t budget = TURN_BYTES;
	bool more = true, alive = true;

	while (alive && more && budget > 0 && is_open(s) && !s->paused) {
		if (s->deflate && deflate_has_input(s->deflate))
			alive = inflate_piece(s, &budget);
		else
			alive = read_socket(s, &budget, &more);
	}
	if (alive && budget == 0 && !s->paused)
		loop_task_start(s->loop, &s->work);
	return alive;
}

/* --- out ------------------------------------------------------------------------------ */

static bool drained(struct stream *s)
{
	bool dead = false;

	buf_done(&s->out); /* idle streams keep nothing */
	if (!s->events->on_drained)
		return true;
	s->dead = &dead;
	s->events->on_drained(s->ctx);
	if (!dead)
		s->dead = NULL;
	return !dead;
}

/* As much as the socket takes, within a turn's budget; how the last write went. */
static enum wire_io send_queued(struct stream *s)
{
	size_t budget = TURN_BYTES, n = 0;
	enum wire_io io = WIRE_DONE;

	while (s->out.len > 0 && budget > 0) {
		io = wire_write(&s->wire, buf_bytes(&s->out), &n);
		if (io != WIRE_DONE)
			break;
		buf_consume(&s->out, n);
		budget -= n < budget ? n : budget;
	}
	return io;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (is_open(s) && (!s->deflate || deflate_flush(s->deflate, &s->out) == ERR_OK))
		(void)send_queued(s);
	destroy(s, wire_close);
}

static bool flush(struct stream *s)
{
	enum wire_io io;

	s->write_waits = false;
	if (s->deflate && deflate_flush(s->deflate, &s->out) != ERR_OK) {
		end(s, fault_of(ERR_NOMEM));
		return false;
	}
	if (s->out.len == 0)
		return true;
	io = send_queued(s);
	if (s->out.len == 0)
		return drained(s);
	if (io == WIRE_CLOSED || io == WIRE_FAILED) {
		s->send_failed = true;
		buf_done(&s->out);
	}
	s->write_waits = s->out.len > 0;
	return true;
}

size_t stream_queued_bytes(const struct stream *s)
{
	return s->out.len;
}

static enum err queue(struct stream *s, struct bytes data)
{
	enum err e;

	if (s->deflate)
		return deflate_write(s->deflate, data, &s->out);
	buf_append(&s->out, data);
	e = buf_err(&s->out);
	s->out.err = ERR_OK; /* nothing was queued; a smaller piece may still fit */
	return e;
}

enum err stream_write(struct stream *s, struct bytes data)
{
	enum err e;

	if (s->state == STREAM_ENDED || s->send_failed)
		return ERR_NET;
	if (data.len > s->out_max_bytes || s->out.len > s->out_max_bytes - data.len)
		return ERR_TOO_BIG;
	e = queue(s, data);
	if (e)
		return e;
	if (s->tap)
		s->tap(s->tap_ctx, true, data);
	if (!s->write_waits)
		loop_task_start(s->loop, &s->work);
	return ERR_OK;
}

/* --- TLS ------------------------------------------------------------------------------ */

/* Nothing may stand between the server's OK and the handshake: neither what it
 * said in clear (an injection, CVE-2011-0411 and its kin) nor what we still
 * had to say (it answered before it was asked). */
static bool is_clean(struct stream *s)
{
	if (s->answered_early) {
		end(s, fault_with_text(ERR_PROTO, "the server answered before it was asked"));
		return false;
	}
	if (!wire_has_unread(&s->wire))
		return true;
	end(s, fault_with_text(ERR_PROTO, "the server spoke in clear where TLS must begin"));
	return false;
}

static bool secured(struct stream *s)
{
	bool dead = false;

	s->state = STREAM_TLS;
	s->dead = &dead;
	s->on_secured(s->ctx);
	if (!dead)
		s->dead = NULL;
	return !dead && s->state == STREAM_TLS;
}

static bool handshake(struct stream *s)
{
	enum tls_io io;

	if (s->state == STREAM_HANDSHAKE_DUE && !is_clean(s))
		return false;
	s->state = STREAM_HANDSHAKE;
	io = tls_conn_handshake(s->wire.tls);
	s->handshake_send = io == TLS_WANT_WRITE;
	if (io == TLS_OK)
		return secured(s);
	if (io == TLS_CLOSED)
		end(s, fault_with_text(ERR_NET, "closed by the server"));
	else if (io == TLS_FAILED)
		end(s, tls_conn_fault(s->wire.tls));
	return io == TLS_WANT_READ || io == TLS_WANT_WRITE;
}

void stream_start_tls(struct stream *s, struct tls_profile *p, const char *host,
		      void (*on_secured)(void *ctx))
{
	if (s->state == STREAM_ENDED)
		return;
	assert(s->state == STREAM_CLEAR);
	s->state = STREAM_HANDSHAKE_DUE;
	s->on_secured = on_secured;
	s->answered_early = s->out.len > 0;
	s->wire.tls = tls_conn_new(p, s->wire.fd, host);
	loop_task_start(s->loop, &s->work);
}

bool stream_is_tls(const struct stream *s)
{
	return s->state == STREAM_TLS;
}

bool stream_channel_binding(struct stream *s, struct buf *ret, const char **ret_type)
{
	return s->wire.tls && tls_conn_binding(s->wire.tls, ret, ret_type);
}

/* --- what runs when --------------------------------------------------------------------- */

static void go_on(struct stream *s)
{
	s->wire.crossed = false;
	if (s->state == STREAM_HANDSHAKE_DUE && !s->wire.tls) {
		end(s, fault_of(ERR_NOMEM));
		return;
	}
	if ((s->state == STREAM_HANDSHAKE_DUE || s->state == STREAM_HANDSHAKE) && !handshake(s))
		return;
	if (is_open(s) && !flush(s))
		return;
	if (is_open(s) && !pull(s))
		return;
	rearm(s);
}

static void on_ready(void *ctx, unsigned events)
{
	(void)events; /* an error shows in what reading or writing says */
	go_on(ctx);
}

static void on_task(struct loop_task *t)
{
	go_on((struct stream *)((char *)t - offsetof(struct stream, work)));
}

void stream_resume(struct stream *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	if (s->state != STREAM_ENDED)
		loop_task_start(s->loop, &s->work);
}

enum err stream_start_deflate(struct stream *s, struct bytes leftover)
{
	struct deflate *d;
	enum err e;

	if (!is_open(s) || s->deflate)
		return ERR_INTERNAL;
	d = deflate_new();
	if (!d)
		return ERR_NOMEM;
	e = leftover.len > 0 ? deflate_feed(d, leftover) : ERR_OK;
	if (e) {
		deflate_free(d);
		return e;
	}
	s->deflate = d;
	loop_task_start(s->loop, &s->work);
	return ERR_OK;
}

void stream_set_tap(struct stream *s, stream_tap_cb *tap, void *ctx)
{
	s->tap = tap;
	s->tap_ctx = ctx;
}
