/*
 * Which generation an entry of STATE_SESSION has, as far as this process can know without
 * asking: what it has read, until it hears on a channel that somebody changed it. So that the
 * usual request, of a session in use, waits for nothing (state_peek()).
 *
 * Believed while the channel is heard. While Redis is away altogether what was known is
 * believed for NEAR_GRACE_MS more, so that sessions in use go on: nobody can change anything
 * then, or, if it is only we who cannot reach it, what others change counts here by then. While
 * only the channel is lost, nothing is believed.
 *
 * A change may pass unheard between the moment when the channel breaks and when that is
 * noticed: within two time-outs.
 */
#ifndef STATE_REDIS_NEAR_H
#define STATE_REDIS_NEAR_H

#include <sys/queue.h>

#include "state/keymap.h"
#include "state/redis/ears.h"

#define NEAR_GRACE_MS (UINT64_C(5) * 60 * 1000)
#define NEAR_BUCKETS  256

struct redis_near_entry;
TAILQ_HEAD(redis_near_list, redis_near_entry);

struct redis_near_setup {
	struct loop *loop;
	struct redis_link *link; /* which outlive it */
	struct redis_ears *ears;
	struct bytes channel; /* copied */
	uint64_t timeout_ms;  /* theirs */
	uint64_t grace_ms;
	size_t max; /* entries */
};

struct redis_near {
	/* Private. */
	struct redis_near_setup setup;
	struct redis_link_user of_link;
	struct redis_ear ear;
	struct loop_timer look; /* is the channel heard? */
	unsigned deaf;          /* looks in a row, with the link up, that found it was not */
	uint64_t away_ms;       /* since when Redis is away; 0: it is not */
	struct keymap entries;
	struct redis_near_list used; /* the least recently used first */
	size_t count;
	uint32_t changes[NEAR_BUCKETS]; /* heard or made, by key */
};

/* ERR_NOMEM; ERR_INTERNAL when the system gives no random bytes. */
MUST_CHECK enum err redis_near_init(struct redis_near *n, const struct redis_near_setup *setup);
/* Does nothing to one that is all zero. */
void redis_near_done(struct redis_near *n);

/* As state_peek() says; an entry that is not known has to be asked for. */
MUST_CHECK enum err redis_near_peek(struct redis_near *n, struct bytes key,
				    uint64_t *ret_generation);

/* Taken when an entry is asked for, given back with what came: what changed meanwhile is not
 * kept. */
struct redis_near_ticket {
	uint64_t asked_ms;
	uint32_t changes;
	bool is_good;
};
struct redis_near_ticket redis_near_ask(const struct redis_near *n, struct bytes key);
/* `left_ms`: what is left of its time to live. */
void redis_near_learn(struct redis_near *n, struct bytes key, struct redis_near_ticket t,
		      uint64_t generation, uint64_t left_ms);
/* Somebody changes it, we or others. */
void redis_near_forget(struct redis_near *n, struct bytes key);
/* Redis may be another one, or empty. */
void redis_near_forget_all(struct redis_near *n);

#endif
