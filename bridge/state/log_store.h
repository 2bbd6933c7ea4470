/*
 * The event logs of the embedded state: which there are, how long they live, who
 * listens. Synchronous; state/memory_log.c puts the asynchronous interface over it.
 */
#ifndef STATE_LOG_STORE_H
#define STATE_LOG_STORE_H

#include <sys/queue.h>

#include "net/loop.h"
#include "state/event_log.h"

struct log_store;

struct state_log {
	struct keymap_node node; /* its key is `name` */
	struct log_store *store;
	struct event_log log;
	TAILQ_ENTRY(state_log) use; /* while it is open; else it is here for its listeners */
	uint64_t used_ms;           /* clock_monotonic_ms() */
	struct loop_task news;
	struct state_listener *listeners;
	struct state_listener *telling; /* whose turn is next, while news are told */
	bool is_telling;
	uint8_t name[];
};

TAILQ_HEAD(log_list, state_log);

struct log_store {
	struct loop *loop;
	struct state_limits limits; /* without zeros in what concerns logs */
	struct keymap logs;
	struct log_list used; /* the least recently used first: also the order of expiry */
	struct loop_timer expiry;
	uint64_t epoch; /* the last one that was given */
	size_t count;   /* of open logs */
	struct log_sums sums;
	uint64_t appended, evicted;
};

/* ERR_INTERNAL when the system gives no random bytes. */
MUST_CHECK enum err log_store_init(struct log_store *s, struct loop *l,
				   const struct state_limits *limits);
/* Listeners hear nothing any more. */
void log_store_done(struct log_store *s);

/* The open log of that name, now the most recently used; NULL: there is none. */
struct state_log *log_store_find(struct log_store *s, struct bytes name);
/* Takes it for writing under a new epoch, made if need be. ERR_NOMEM. */
MUST_CHECK enum err log_store_open(struct log_store *s, struct bytes name, struct state_log **ret,
				   struct state_cursor *ret_previous);
/* As event_log_append(); other logs may have to go for it. */
MUST_CHECK enum err log_store_append(struct log_store *s, struct state_log *log,
				     struct log_batch *b);

MUST_CHECK enum err log_store_listen(struct log_store *s, struct bytes name,
				     struct state_listener *l);
void log_store_unlisten(struct state_listener *l);

#endif
