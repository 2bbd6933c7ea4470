/*
 * The side under test: a stream that notes all that happens to it.
 */
#ifndef UNIT_NET_CLIENT_H
#define UNIT_NET_CLIENT_H

#include "net/stream.h"

#define CLIENT_TURNS_MAX 4000 /* of 5 ms: generous under the sanitizers */

enum client_event {
	CLIENT_NEVER,
	CLIENT_DATA,
	CLIENT_CLOSED,
	CLIENT_DRAINED,
	CLIENT_SECURED,
};

struct client {
	struct loop *loop;
	struct stream *stream; /* NULL once freed */
	struct buf got;
	struct fault fault; /* of on_closed */
	int closed, drained, secured;
	size_t pieces_max;         /* the largest piece that on_data got */
	bool pause;                /* answer on_data with FLOW_PAUSE */
	enum client_event free_on; /* free the stream inside that callback */
};

/* Takes fd. */
void client_init(struct client *c, struct loop *l, int fd, size_t out_max_bytes);
void client_done(struct client *c);

/* on_secured for stream_start_tls(). */
void client_on_secured(void *ctx);

/* Each turns the loop until it is so, or fails the test after some seconds. */
void client_wait_text(struct client *c, const char *all_so_far);
void client_wait_bytes(struct client *c, size_t count);
/* text: part of what the fault must say; NULL: anything. */
void client_wait_closed(struct client *c, enum err err, const char *text);
void client_wait_secured(struct client *c);
void client_wait_freed(struct client *c);

#endif
