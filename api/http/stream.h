/*
 * Connections that live long (server-sent events, long-poll): the socket is
 * taken out of libmicrohttpd's hands and is the loop's from then on, because
 * thousands of suspended connections would slow every small request down, and
 * cost 280 times the memory (architecture.md §2 has the figures).
 *
 * A handler takes the socket instead of replying. The request ends then (its
 * arena, user and operation with it); whoever took it keeps what it needs.
 * What is written is queued up to a limit: a client that does not read is
 * dropped, never waited for. Heartbeats are the owner's business.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "base/bytes.h"
#include "http/problem.h"

struct http_stream;
struct request;

enum http_stream_end {
	HTTP_STREAM_HANGUP,   /* the client went away */
	HTTP_STREAM_SLOW,     /* it did not read: the queue was full */
	HTTP_STREAM_STOPPING, /* the server stops: last words may be written */
};

/* `on_end` is called once from the loop, unless http_stream_end() or
 * http_stream_abort() came first, neither of which it may call: the stream is
 * gone when it returns (last words are still sent). NULL when memory or
 * descriptors are short, there are too many, or the server stops: nothing has
 * happened then, answer 503. Headers set with reply_header() are sent with the head. */
struct http_stream *http_stream_take(struct request *rq,
				     void (*on_end)(void *ctx, enum http_stream_end why),
				     void *ctx);

/* The head; once, before any data. Without a size the body ends with the
 * connection, which always closes. */
void http_stream_head(struct http_stream *s, unsigned status, const char *type, uint64_t size);
/* False: the queue is full or the client gone; on_end follows. Into an empty queue
 * any size fits, so that no piece is too large for good. */
bool http_stream_write(struct http_stream *s, struct bytes data);
/* Is called from the loop whenever what was queued has gone out; with the context of
 * on_end. */
void http_stream_on_drain(struct http_stream *s, void (*on_drain)(void *ctx));
/* A whole answer of JSON or a problem in one, then the end. */
void http_stream_json(struct http_stream *s, struct bytes body);
void http_stream_problem(struct http_stream *s, const struct problem *p);

/* Sends what is queued, then closes. The stream is gone for the caller. */
void http_stream_end(struct http_stream *s);
/* Closes at once; the log says why. */
void http_stream_abort(struct http_stream *s, enum http_stream_end why);

size_t http_stream_queued_bytes(const struct http_stream *s);
uint64_t http_stream_sent_bytes(const struct http_stream *s);

#endif
