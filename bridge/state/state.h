/*
 * What outlives a request: sessions, tickets, counters (and, with later issues,
 * header cache, event log, leases). One asynchronous interface; embedded
 * memory is the default, Redis the other implementation. Nothing here is ever
 * the only place where mail lives.
 *
 * Values are opaque bytes; secrets come sealed (api/auth). Callbacks follow
 * op.h; data handed to them is borrowed until they return.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/op.h"

struct state;
struct loop;

/* One namespace per kind of thing; keys never meet across them. */
enum state_space {
	STATE_SESSION, /* key: SHA-256 of the token */
	STATE_TICKET,
	STATE_RATE,
	STATE_SPACES,
};

struct state_limits {
	size_t max_bytes; /* of keys and values together; the least recently used
			   * entry of the largest space goes first */
	size_t max_entries;
};

struct state *state_memory_new(struct loop *l, const struct state_limits *limits);
/* Operations under way end without their callbacks. NULL is fine. */
void state_free(struct state *s);

/* Operations take effect in the order in which they were started. Inputs are
 * copied. Each returns NULL when memory is short.
 *
 * ERR_OK; ERR_NOT_FOUND: absent or expired; ERR_NET, ERR_TIMEOUT, ERR_BUSY: the
 * store is away. `generation` grows with each change of the
 * entry, also across its deletion: an old one never fits again. */
typedef void state_value_cb(void *ctx, enum err err, struct bytes value, uint64_t generation);
typedef void state_done_cb(void *ctx, enum err err);

/* touch_ttl_ms > 0 moves the expiry to now + that (sliding sessions). */
struct op *state_get(struct state *s, struct call call, enum state_space space, struct bytes key,
		     uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx);

#define STATE_ANY    UINT64_MAX /* whatever is there */
#define STATE_ABSENT 0          /* only if nothing is */

/* Compare-and-set: ERR_CONFLICT unless the entry is at `expected`; ERR_TOO_BIG:
 * over the limits all alone. A ttl of 0 leaves nothing behind. */
struct op *state_put(struct state *s, struct call call, enum state_space space, struct bytes key,
		     struct bytes value, uint64_t ttl_ms, uint64_t expected, state_done_cb *cb,
		     void *ctx);
/* ERR_NOT_FOUND when there was none: a ticket is spent by whoever deletes it. */
struct op *state_delete(struct state *s, struct call call, enum state_space space, struct bytes key,
			state_done_cb *cb, void *ctx);

/* All entries of one owner (a tag given with put is their common key prefix);
 * `keys` and `values` side by side, at most `max`, in the order of their keys. */
typedef void state_list_cb(void *ctx, enum err err, const struct bytes *keys,
			   const struct bytes *values, size_t count);
struct op *state_list(struct state *s, struct call call, enum state_space space,
		      struct bytes prefix, size_t max, state_list_cb *cb, void *ctx);

/* Adds n to a counter that lives ttl_ms from its first use; gives the sum, which
 * stops at UINT64_MAX. Counters are seen by this and state_delete() only. */
typedef void state_count_cb(void *ctx, enum err err, uint64_t sum);
struct op *state_count(struct state *s, struct call call, enum state_space space, struct bytes key,
		       uint64_t n, uint64_t ttl_ms, state_count_cb *cb, void *ctx);

struct state_stats {
	size_t entries, bytes;
	uint64_t evicted;
};
struct state_stats state_stats(const struct state *s);

#endif
