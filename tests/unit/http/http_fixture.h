/*
 * A server with a handful of routes, and clients that write bytes; both on one
 * loop in one thread, so nothing depends on who is faster. Whoever waits turns
 * the loop until the condition holds, and fails after ten seconds.
 */
#ifndef UNIT_HTTP_FIXTURE_H
#define UNIT_HTTP_FIXTURE_H

#include "cmocka_all.h"

#include "base/buf.h"
#include "http/reply.h"
#include "http/server.h"
#include "http/stream.h"

struct fixture {
	struct loop *loop;
	struct http_server *server;
	struct http_config config;
	bool is_stopped;
	/* What the routes counted. */
	unsigned started, cancelled, released, ended, pauses, drains;
	/* GET /lasting: the operation, until fixture_end_lasting(); the status that was heard
	 * of (0: that there is none), and how often. */
	struct later *lasting;
	unsigned heard_status, heard;
	/* GET /events: done by the test, or NULL: the socket is taken. */
	void (*on_events)(struct fixture *f, struct request *rq);
	struct http_stream *stream;
	int stream_end; /* enum http_stream_end, -1 before */
};

/* The configuration may be changed between the two. */
void fixture_init(struct fixture *f);
void fixture_start(struct fixture *f);
void fixture_done(struct fixture *f);
void fixture_end_lasting(struct fixture *f);
/* Turns the loop until the condition holds. */
#define fixture_wait(f, condition)                                                                 \
	do {                                                                                       \
		uint64_t give_up_ms = clock_monotonic_ms() + 10000;                                \
		while (!(condition)) {                                                             \
			if (clock_monotonic_ms() > give_up_ms)                                     \
				fail_msg("waited in vain for %s", #condition);                     \
			loop_turn((f)->loop, 20);                                                  \
		}                                                                                  \
	} while (0)

struct client {
	struct fixture *fixture;
	int fd;
	struct buf in;
	bool is_closed; /* by the server */
};

void client_open(struct fixture *f, struct client *c);
void client_close(struct client *c);
void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, struct bytes b);
/* Takes what is there without waiting. */
void client_poll(struct client *c);

struct answer {
	unsigned status;
	char head[4096]; /* with the empty line */
	struct buf body; /* without chunks' frames; cut when is_cut */
	bool is_cut;     /* the connection ended before the body did */
};

/* Waits for one whole answer; false: the server closed without one. `is_head`:
 * no body follows. */
bool client_read(struct client *c, bool is_head, struct answer *ret);
void answer_done(struct answer *a);
/* "" when the field is not there. */
const char *answer_field(const struct answer *a, const char *name);
/* The code of a problem+json answer. */
const char *answer_code(struct answer *a);

/* One request on a connection of its own. */
void ask(struct fixture *f, const char *request, struct answer *ret);

#endif
