/*
 * What the files of this folder share; nobody else includes it.
 *
 * A request's life, one function per step in exchange.c:
 *
 *	HEAD     the request line is there, the rest of the head may not be yet
 *	CHECKED  the head may pass
 *	AUTH     the authenticator is at work
 *	BODY     it passed; the body comes in
 *	HANDLER  the handler is at work
 *	REPLY    the answer is ready; MHD takes it at its next call
 *	DISCARD  the same, but the rest of a small body is let in first, so that
 *	         the connection can go on to live
 *	SENDING  MHD has it
 *	TAKEN    the socket is http/stream.c's now
 *	GONE     the client left (or the server stops): no answer
 *
 * In AUTH, HANDLER and between the pieces of a streamed answer the connection
 * is suspended in MHD, else it is MHD's.
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <microhttpd.h>
#include <stdio.h>

#include "base/arena.h"
#include "http/guard.h"
#include "http/proxy.h"
#include "http/query.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/server.h"
#include "http/stream.h"

#define HTTP_POOL_BYTES        (16 * 1024) /* MHD's memory of a connection: head and buffers */
#define HTTP_HEAD_MAX_BYTES    (12 * 1024) /* what is answered by us: 431 */
#define HTTP_URI_MAX_BYTES     (8 * 1024)  /* and 414 */
#define HTTP_FIELDS_MAX        100
#define HTTP_DISCARD_MAX_BYTES (64 * 1024) /* of a body nobody wants, to save the connection */
#define HTTP_ARENA_MAX_BYTES   (256u * 1024 * 1024)
#define HTTP_STREAM_HIGH_BYTES (64 * 1024) /* of a streamed answer, then FLOW_PAUSE */
#define HTTP_STREAM_LOW_BYTES  (16 * 1024)
#define HTTP_HANGUP_CHECK_MS   50 /* a request that waits longer has its client watched */

#define PROBLEM_TYPE "application/problem+json"

/* --- a doubly linked ring, embedded ------------------------------------------- */

struct ring {
	struct ring *next, *prev;
};

static inline void ring_init(struct ring *r)
{
	r->next = r->prev = r;
}

static inline bool ring_is_empty(const struct ring *r)
{
	return r->next == r;
}

static inline void ring_append(struct ring *head, struct ring *r)
{
	r->next = head;
	r->prev = head->prev;
	head->prev->next = r;
	head->prev = r;
}

static inline void ring_remove(struct ring *r)
{
	r->prev->next = r->next;
	r->next->prev = r->prev;
	ring_init(r);
}

#define RING_ENTRY(r, type, member) ((type *)(void *)((char *)(r)-offsetof(type, member)))

/* --- the server ------------------------------------------------------------------ */

enum drain_state {
	DRAIN_NO,
	DRAIN_WAITING, /* for what is under way */
	DRAIN_ENDING,  /* the time is over: everything gets its end */
	DRAIN_DONE,
};

struct http_server {
	struct loop *loop;
	struct http_config config;
	struct route_table routes;
	http_authenticate_fn *auth;
	void *auth_ctx;
	struct proxy_nets trusted;
	char id_prefix[8]; /* of request ids, random per process */
	uint64_t id_next;

	struct MHD_Daemon *mhd;
	struct loop_watch *epoll; /* MHD's */
	bool dirty;               /* MHD_run() has something to do */
	struct loop_task again;   /* another turn at once */
	struct loop_timer wake;   /* what MHD_get_timeout() asks for */
	uint16_t port;

	struct ring conns;         /* struct conn.all */
	struct ring waiting;       /* struct request.waiting: suspended, oldest first */
	struct ring heads;         /* struct request.waiting: the head is not complete */
	struct loop_timer hangups; /* looks through `waiting` */
	struct ring streams;       /* struct http_stream.all */
	struct ring lingers;       /* struct linger.all */
	unsigned linger_count;

	enum drain_state drain;
	struct loop_timer drain_timer;
	struct loop_task drained;
	void (*on_stopped)(void *ctx);
	void *on_stopped_ctx;

	struct http_stats stats;
	struct http_route_stats *by_route; /* one more than there are routes */
};

/* An answer is out, or nobody waits for it. `route` may be NULL. */
void server_count(struct http_server *s, const struct route *route, unsigned status, uint64_t us);
/* MHD_run() at the end of this turn. */
void server_touch(struct http_server *s);
/* Something ended; a stop may be complete now. */
void server_check_drained(struct http_server *s);

/* listen.c: a listening socket, or -1 with the reason. */
int http_listen(const char *where, struct fault *ret_fault);

/* --- connections (conn.c) ---------------------------------------------------------- */

struct conn {
	struct ring all;
	struct http_server *server;
	struct MHD_Connection *mhd;
	int fd;
	struct proxy_address peer;
	struct request *rq; /* NULL between requests */

	/* One timer for whatever is due next: moving it to a later time costs
	 * nothing, it looks again when it fires. */
	struct loop_timer timer;
	uint64_t due_ms;
	uint64_t idle_since_ms;   /* accepted, or the last answer out */
	uint64_t idle_checked_ms; /* until then nothing of a next request had come */
	bool had_request;         /* this is not its first */
	bool has_begun;           /* part of a head has come */
	bool is_ended;            /* we have shut it down */
};

void conn_notify(void *server, struct MHD_Connection *c, void **conn,
		 enum MHD_ConnectionNotificationCode code);
/* Looks again at what is due when. */
void conn_set_due(struct conn *c, uint64_t due_ms);
/* A request is over; the next one is awaited. */
void conn_idle(struct conn *c);
/* Writes a whole answer past MHD, which has none under way. */
void conn_send_problem(struct conn *c, const struct problem *p);
/* Nothing more comes from or goes to this client; MHD notices by itself. */
void conn_end(struct conn *c);
void conn_end_with(struct conn *c, const struct problem *p);

/* Keeps (a duplicate of) the socket until the client has read the answer: a
 * close with unread input would make the kernel throw the answer away. */
void linger_start(struct http_server *s, int fd);
void linger_end_all(struct http_server *s);

/* --- requests ------------------------------------------------------------------------ */

enum request_state {
	REQUEST_HEAD,
	REQUEST_CHECKED,
	REQUEST_AUTH,
	REQUEST_BODY,
	REQUEST_HANDLER,
	REQUEST_REPLY,
	REQUEST_DISCARD,
	REQUEST_SENDING,
	REQUEST_TAKEN,
	REQUEST_GONE,
};

/* Of the answer. */
struct reply_field {
	struct reply_field *next;
	const char *name, *value;
};

struct reply_stream {
	bool is_on;
	struct buf out;
	uint64_t size;  /* announced, or UINT64_MAX */
	uint64_t given; /* by the handler */
	bool is_ended, is_complete;
	bool is_paused; /* FLOW_PAUSE was said */
	void (*on_drain)(void *ctx);
	void *ctx;
	struct loop_task drained;
};

struct request {
	struct http_server *server;
	struct conn *conn;
	struct MHD_Connection *mhd;
	struct arena *mem; /* this struct lives in it too */
	enum request_state state;
	uint64_t started_us;
	char id[72];

	/* The head. */
	const char *uri_at; /* where MHD has it; for the guard only */
	struct bytes uri;   /* raw, ours */
	struct bytes path;  /* of it, raw */
	const char *method_name;
	enum http_method method;
	bool is_head, is_http_1_0;
	bool is_chunked, expects_continue;
	uint64_t body_announced; /* Content-Length */
	struct request_field *fields;
	size_t field_count;
	const struct route *route;
	struct bytes path_values[ROUTE_PARAMS_MAX];
	struct query query;
	struct bytes origin; /* computed once */
	bool is_cors;        /* a configured origin asks */

	struct buf body;
	bool is_reading; /* MHD was told to go on with the body */
	uint64_t body_received, body_since_ms;

	/* Waiting. */
	bool is_suspended;
	bool client_gone, outlives_client;
	struct ring waiting; /* also while the head comes in */
	uint64_t waiting_since_ms;
	struct loop_watch *watch; /* for the client's hangup */
	struct op *op;
	uint64_t deadline_ms;
	bool is_bulk;
	void *user;
	void (*release_user)(void *user);
	void (*on_end)(void *ctx);
	void *on_end_ctx;
	void (*on_answer)(void *ctx, const struct request_answer *a);
	void *on_answer_ctx;
	const char *account;

	/* The answer. */
	struct MHD_Response *response;
	unsigned status;
	struct reply_field *reply_fields;
	bool reply_fields_failed;
	const char *problem_code;
	const struct problem *problem; /* in `mem`; NULL when the answer is none */
	bool must_close, must_linger;
	uint64_t bytes_out;
	struct reply_stream stream;
};

/* request.c */
/* For request_on_answer(): whom this concerns is told, once. */
void request_tell_answer(struct request *rq, const struct request_answer *a);
struct request *request_new(struct conn *c, const char *uri);
void request_free(struct request *rq);
void request_suspend(struct request *rq);
void request_resume(struct request *rq);
void request_cancel_op(struct request *rq);
/* The client went away: nobody to answer to. */
void request_gone(struct request *rq);
/* 504, or the end of a stream that took too long. */
void request_deadline(struct request *rq);
/* All values of a field, joined with commas in the request's arena; null when absent. */
struct bytes request_header_list(const struct request *rq, const char *name);

/* guard.c: true when the head may pass; else the answer is in `ret`. Fills what
 * the request knows of its head. */
MUST_CHECK bool guard_check(struct request *rq, const char *method, const char *version,
			    struct problem *ret);

/* exchange.c: MHD's callbacks. */
void *exchange_line(void *server, const char *uri, struct MHD_Connection *c);
enum MHD_Result exchange_access(void *server, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *upload,
				size_t *upload_size, void **rq);
void exchange_completed(void *server, struct MHD_Connection *c, void **rq,
			enum MHD_RequestTerminationCode why);
/* MHD cannot read the Content-Length of the head it is at. */
void exchange_bad_length(struct http_server *s, bool is_too_large);
/* The deadline of a body that still comes in. */
uint64_t exchange_body_due(const struct request *rq);

/* reply.c */
/* Adds what every answer has, besides what the handler set. */
void reply_complete_fields(struct request *rq);
/* The answer is what it is from here on. `size` UINT64_MAX: counted as it goes. */
void reply_set_response(struct request *rq, unsigned status, struct MHD_Response *response,
			uint64_t size);
/* Gives the answer to MHD. */
enum MHD_Result reply_queue(struct request *rq);
/* What "GET, HEAD, OPTIONS" is in a bit mask of methods. */
void reply_allow(struct request *rq, const char *name, unsigned allowed);

/* reply_raw.c: answers that are written past MHD; they end with the connection.
 * `rq` may be NULL. */
void reply_write_raw_start(struct buf *to, unsigned status, const char *type, uint64_t size);
void reply_write_raw_fields(struct buf *to, struct request *rq);
void reply_write_raw(struct buf *to, struct http_server *s, struct request *rq,
		     const struct problem *p);

/* reply_stream.c */
ssize_t reply_stream_read(void *rq, uint64_t pos, char *to, size_t max);
void reply_stream_abort(struct request *rq);
void reply_stream_done(struct request *rq);

/* stream.c */
void stream_end_all(struct http_server *s);   /* with last words */
void stream_abort_all(struct http_server *s); /* at once */

#endif
