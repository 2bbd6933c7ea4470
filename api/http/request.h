/*
 * One HTTP request, from its head to the last byte of its answer. Handlers see
 * nothing of libmicrohttpd.
 *
 * A handler either replies (http/reply.h) before it returns, or starts an
 * operation, hands it to request_wait() and replies from its callback. The
 * request cancels that operation by itself when the client goes away or the
 * deadline passes (504 is then answered for it), so a callback that runs has
 * somebody to answer to. Exactly one reply per request.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/arena.h"
#include "base/op.h"
#include "http/route.h"

struct request;

enum http_method request_method(const struct request *rq); /* HEAD shows as GET */
const struct route *request_route(const struct request *rq);
struct bytes request_id(const struct request *rq);

/* Lives until the answer is out and the request is over. */
struct arena *request_arena(struct request *rq);
struct call request_call(struct request *rq); /* arena, deadline, interactive */
void request_set_bulk(struct request *rq);    /* request_call() is CALL_BULK from here on */

/* Percent-decoded, UTF-8, never with NUL. "{id}" of the route's path by name. */
struct bytes request_path_param(const struct request *rq, const char *name);
/* Null when not given. Checked against route->params before the handler runs:
 * unknown, double or malformed ones were answered with 400. */
struct bytes request_param(const struct request *rq, const char *name);
bool request_param_bool(const struct request *rq, const char *name, bool otherwise);
uint64_t request_param_uint(const struct request *rq, const char *name, uint64_t otherwise);
/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t request_param_instant(const struct request *rq, const char *name, int64_t otherwise);
bool request_has_param(const struct request *rq, const char *name);
/* The n-th value of a repeatable parameter, null behind the last. */
struct bytes request_param_nth(const struct request *rq, const char *name, size_t n);

/* Null when absent, blanks around it removed. Several fields of one name: the first. */
struct bytes request_header(const struct request *rq, const char *name);
/* Does Accept take this media type; and does it name it, not by a wildcard? That it
 * takes one of route->answers was checked before. */
bool request_accepts(const struct request *rq, const char *type);
bool request_accept_names(const struct request *rq, const char *type);
struct bytes request_cookie(const struct request *rq, const char *name);
/* The whole body (route->body_max is its limit), borrowed until the end. */
struct bytes request_body(const struct request *rq);

/* Keeps `op` to be cancelled with the request; NULL (no memory) answers 503.
 * Call request_op_done() first thing in the operation's callback. */
void request_wait(struct request *rq, struct op *op);
void request_op_done(struct request *rq);
/* Moves the deadline (long downloads): no longer than the server's maximum. */
void request_extend_deadline(struct request *rq, uint64_t from_now_ms);

/* Who asks: set by the authenticator (http/server.h), released with the request. */
void request_set_user(struct request *rq, void *user, void (*release)(void *user));
void *request_user(const struct request *rq);
/* The auth_ctx that the server was made with: what public handlers know the
 * process by. */
void *request_app(const struct request *rq);
/* For the log line: an account's id, never a name. */
void request_set_log_account(struct request *rq, const char *id);
/* Memory of a handler that is more than arena data; at most one per request. */
void request_on_end(struct request *rq, void (*fn)(void *ctx), void *ctx);

/* From here on the request goes on when its client hangs up, until its deadline: for what
 * shall come to its end, and whose answer is asked for again. */
void request_outlive_client(struct request *rq);

/* What the client will be told. Borrowed. */
struct request_answer {
	unsigned status;
	const char *type; /* NULL: no body */
	struct bytes body;
	const char *problem_code; /* NULL: it is no problem */
	struct bytes location;    /* null: none */
};

/* Calls fn once, before the answer goes out (and not if that is a stream), or with NULL when
 * the request ends without one. One per request. */
void request_on_answer(struct request *rq, void (*fn)(void *ctx, const struct request_answer *a),
		       void *ctx);

/* Scheme, host and port as the client sees them ("https://mail.example.org"),
 * from the Host header or a trusted proxy's. */
struct bytes request_origin(struct request *rq);
/* Client address for rate limits, text form. */
struct bytes request_client(struct request *rq);
/* Did a browser send this (Origin or Sec-Fetch-Site present)? */
bool request_is_from_browser(const struct request *rq);

#endif
