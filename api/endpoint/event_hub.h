/*
 * Who listens to events in this process: event streams and long-polls that wait, each
 * on a socket of its own (http/stream.h). All of one account share a feed, which reads
 * its log once for all of them that are at its end; one that is behind (it resumes, or
 * reads slowly) goes its own way through the log until it has caught up. Nothing is
 * kept for a slow client but what is in its queue: what it misses is in the log.
 *
 * Streams have heartbeats; at each one a client that has not taken a byte since the
 * last one, though there were some for it, is dropped, and now and then it is looked
 * whether the session it came with still exists.
 */
#ifndef ENDPOINT_EVENT_HUB_H
#define ENDPOINT_EVENT_HUB_H

#include "account/account.h"
#include "auth/session.h"
#include "endpoint/event_filter.h"
#include "state/state.h"

struct event_hub;
struct request;

struct event_hub_setup {
	struct loop *loop;
	struct state *state;
	struct auth_sessions sessions;
	uint64_t heartbeat_ms;
	unsigned per_account; /* listeners at the same time */
};

/* NULL when memory or random bytes are short. */
struct event_hub *event_hub_new(const struct event_hub_setup *setup);
/* After the server has stopped: nobody listens any more. */
void event_hub_free(struct event_hub *h);

struct event_listener {
	struct account *account;    /* referenced and held as long as it listens */
	const char *session;        /* its id; "" without one */
	struct event_filter filter; /* copied */
	struct state_cursor after;  /* what came after it is told; {0, 0}: only from now on,
				     * after a reset */
	bool is_poll;
	uint64_t wait_ms; /* of a poll; then it is answered without events */
};

/* May another one listen to this account? */
bool event_hub_has_room(const struct event_hub *h, const struct account *a);
/* Takes the request's socket; what reply_header() has set is sent with the answer.
 * False: memory or descriptors are short; nothing has happened, answer 503. */
MUST_CHECK bool event_hub_take(struct event_hub *h, struct request *rq,
			       const struct event_listener *l);
/* Closes what came in with this session, here and wherever the state is shared. */
void event_hub_end_session(struct event_hub *h, const char *account, struct bytes session);

struct event_hub_stats {
	unsigned streams, polls, feeds;
	uint64_t events; /* sent, to each one that listens */
	uint64_t resets, slow, revoked;
};
struct event_hub_stats event_hub_stats(const struct event_hub *h);

#endif
