/*
 * state.h and share.h in Redis 6 or later: several processes on one store, which
 * outlives them. ARCHITECTURE.md has the keys and what they cost.
 */
#ifndef STATE_REDIS_REDIS_H
#define STATE_REDIS_REDIS_H

#include "state/redis/link.h"

struct state_redis_setup {
	struct loop *loop;
	const struct redis_address *address; /* copied */
	struct bytes prefix;                 /* of all keys; copied; default "mb1" */
	struct bytes seal_key;               /* values are encrypted under it; null: they are not */
	uint64_t timeout_ms;                 /* for one answer; default 1 s */
	struct state_limits limits;          /* of logs; and of what is held here meanwhile */
};

/* Begins to connect; until it is up, it is away. NULL: memory or random bytes are
 * short. */
struct state *state_redis_new(const struct state_redis_setup *setup);

#endif
