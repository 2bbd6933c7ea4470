/*
 * The entries of the embedded state: keys, values, counters; their expiry, their
 * order of use, and the limits. Synchronous; state/memory.c puts the asynchronous
 * interface over it.
 */
#ifndef STATE_MEMORY_STORE_H
#define STATE_MEMORY_STORE_H

#include <sys/queue.h>

#include "net/loop.h"
#include "state/keymap.h"
#include "state/state.h"

struct entry {
	struct keymap_node node; /* its key is in `key` below */
	struct loop_timer expiry;
	TAILQ_ENTRY(entry) use;
	struct memory_store *store;
	enum state_space space;
	uint64_t generation;
	uint64_t sum; /* of a counter */
	uint8_t *value;
	size_t value_len;
	uint8_t key[];
};

TAILQ_HEAD(entry_list, entry);

struct memory_space {
	struct keymap keys;
	struct entry_list used; /* the least recently used first */
	size_t entries, bytes;
};

struct memory_store {
	struct loop *loop;
	struct state_limits limits;
	struct memory_space spaces[STATE_SPACES];
	size_t entries, bytes;
	uint64_t evicted;
	uint64_t changes; /* the last generation that was given */
};

/* ERR_INTERNAL when the system gives no random bytes. */
MUST_CHECK enum err memory_store_init(struct memory_store *m, struct loop *l,
				      const struct state_limits *limits);
void memory_store_done(struct memory_store *m);

/* The entry, now the most recently used; NULL: absent or expired. */
struct entry *memory_store_find(struct memory_store *m, enum state_space space, struct bytes key);
/* Makes or replaces; evicts others to stay within the limits. A ttl of 0 leaves
 * nothing behind. ERR_TOO_BIG: alone over the limit. */
MUST_CHECK enum err memory_store_put(struct memory_store *m, enum state_space space,
				     struct bytes key, struct bytes value, uint64_t ttl_ms);
/* Adds to the counter, which is made on first use. */
MUST_CHECK enum err memory_store_count(struct memory_store *m, enum state_space space,
				       struct bytes key, uint64_t n, uint64_t ttl_ms,
				       uint64_t *ret_sum);
/* Has it expired, its timer being about to fire? */
bool memory_store_is_over(const struct entry *e);
/* Moves the expiry to now + ttl. */
void memory_store_touch(struct memory_store *m, struct entry *e, uint64_t ttl_ms);
void memory_store_remove(struct memory_store *m, struct entry *e);

#endif
