/*
 * What outlives a request: sessions, tickets, counters, event logs (and, with later
 * issues, header cache, leases). One asynchronous interface; embedded
 * memory is the default, Redis the other implementation. Nothing here is ever
 * the only place where mail lives.
 *
 * Values are opaque bytes; secrets come sealed (seal.h). Callbacks follow
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
	STATE_HEADERS,     /* of messages: mailstore/memory.h, account/summary_store.h */
	STATE_KEYWORDS,    /* keywords of messages on servers that keep none */
	STATE_CHANGES,     /* what has changed on servers that do not say so */
	STATE_IDEMPOTENCY, /* answers to requests that must not be carried out twice */
	STATE_SPACES,
};

struct state_limits {
	size_t max_bytes; /* of keys and values together; the least recently used
			   * entry of the largest space goes first */
	size_t max_entries;
	/* Of event logs; zero is the default of each. A log nobody reads or writes for
	 * log_ttl_ms goes as a whole. */
	size_t log_max_entries; /* of one log; default 10,000 */
	size_t log_max_bytes;   /* of one log; default 4 MiB */
	size_t logs_max_bytes; /* of all; the least recently used one goes first; default 256 MiB */
	uint64_t log_ttl_ms;   /* default 1 h */
};

struct state *state_memory_new(struct loop *l, const struct state_limits *limits);
/* Operations under way end without their callbacks. NULL is fine. */
void state_free(struct state *s);

/* Operations take effect in the order in which they were started. Inputs are
 * copied. Each returns NULL when memory is short.
 *
 * ERR_OK; ERR_NOT_FOUND: absent or expired; ERR_NET, ERR_TIMEOUT, ERR_BUSY: the
 * store is away, or (ERR_BUSY) full or refuses for now: state_health() says which. Then
 * counters go on in this process alone, of STATE_HEADERS nothing is known and of
 * STATE_KEYWORDS what this process has seen. `generation` grows with each change of the
 * entry, also across its deletion: an old one never fits again. */
typedef void state_value_cb(void *ctx, enum err err, struct bytes value, uint64_t generation);
typedef void state_done_cb(void *ctx, enum err err);

/* touch_ttl_ms > 0 moves the expiry to now + that (sliding sessions). */
struct op *state_get(struct state *s, struct call call, enum state_space space, struct bytes key,
		     uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx);

/* The generation of an entry, at once: an answer as of now, whatever has been started and
 * not yet told. ERR_NOT_FOUND: absent or expired; ERR_UNSUPPORTED: the store has to be
 * asked with state_get(). What other processes have changed is seen within moments; while a
 * shared store is away, what was known of STATE_SESSION stays so for five minutes. */
MUST_CHECK enum err state_peek(struct state *s, enum state_space space, struct bytes key,
			       uint64_t *ret_generation);

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

/* Several entries in one go. `values` beside the keys, in call.mem, null where there is
 * nothing; the call succeeds then, too. */
typedef void state_values_cb(void *ctx, enum err err, const struct bytes *values, size_t count);
struct op *state_get_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx);
/* Each whatever was there before; a null value removes it. What is over the limits all
 * alone is left out: for what can be had again. */
struct op *state_put_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, const struct bytes *values, size_t count,
			  uint64_t ttl_ms, state_done_cb *cb, void *ctx);

/* All entries of one owner: of STATE_SESSION, put singly, under keys of printable ASCII of
 * which `prefix` is all up to the last ':'. `keys` and `values` side by side, at most
 * `max`, in the order of their keys. */
typedef void state_list_cb(void *ctx, enum err err, const struct bytes *keys,
			   const struct bytes *values, size_t count);
struct op *state_list(struct state *s, struct call call, enum state_space space,
		      struct bytes prefix, size_t max, state_list_cb *cb, void *ctx);

/* Adds n to a counter that lives ttl_ms from its first use; gives the sum, which
 * stops at UINT64_MAX. Counters are seen by this and state_delete() only. */
typedef void state_count_cb(void *ctx, enum err err, uint64_t sum);
struct op *state_count(struct state *s, struct call call, enum state_space space, struct bytes key,
		       uint64_t n, uint64_t ttl_ms, state_count_cb *cb, void *ctx);

/* --- event logs ------------------------------------------------------------- */

/*
 * One log per account: entries in order, each with a cursor, kept as long as the
 * bounds allow. Only who opened it last may append (fencing): a writer that slept
 * through its replacement gets ERR_CONFLICT and has changed nothing. What a writer
 * knew of the world (its baselines) is kept with the entries, so that the next one
 * goes on from there.
 */
struct state_cursor {
	uint64_t epoch; /* of the writer: max(stored + 1, unix ms) */
	uint64_t seq;   /* 0: the writer's first, empty entry, a marker */
};

static inline int state_cursor_compare(struct state_cursor a, struct state_cursor b)
{
	if (a.epoch != b.epoch)
		return a.epoch < b.epoch ? -1 : 1;
	return (a.seq > b.seq) - (a.seq < b.seq);
}

/* What the writer must remember, by name; the value replaces the one before, a
 * null value removes it. */
struct state_baseline {
	struct bytes name, value;
};

struct state_entry {
	struct state_cursor at;
	struct bytes data; /* empty: a marker, nothing to tell */
};

/* Takes the log for writing. `top` is the marker that was written, `previous` what
 * was the top before ({0, 0}: there was no log). ERR_CONFLICT: somebody else has opened it
 * meanwhile. */
typedef void state_log_open_cb(void *ctx, enum err err, struct state_cursor top,
			       struct state_cursor previous, const struct state_baseline *baselines,
			       size_t count);
struct op *state_log_open(struct state *s, struct call call, struct bytes log,
			  state_log_open_cb *cb, void *ctx);

/* Entries and baselines, all or nothing, under the writer's epoch; both may be empty.
 * `top`: where the log ends now. ERR_CONFLICT: somebody else has opened it since, or it
 * has gone as a whole; ERR_TOO_BIG: the baselines alone are over log_max_bytes. Entries
 * never are: the oldest go, of this append too, and who has not read them learns so. */
typedef void state_log_cb(void *ctx, enum err err, struct state_cursor top);
struct op *state_log_append(struct state *s, struct call call, struct bytes log, uint64_t epoch,
			    const struct bytes *entries, size_t entry_count,
			    const struct state_baseline *baselines, size_t baseline_count,
			    state_log_cb *cb, void *ctx);

/* What comes after the cursor, oldest first, at most so many entries and so many bytes
 * (one entry always). Markers are left out, but `last` is how far it was
 * read. ERR_NOT_FOUND: the cursor is below what is kept, above the top, or of
 * another log; `last` is the top then. */
typedef void state_log_read_cb(void *ctx, enum err err, const struct state_entry *entries,
			       size_t count, struct state_cursor last, bool has_more);
struct op *state_log_read(struct state *s, struct call call, struct bytes log,
			  struct state_cursor after, size_t max_entries, size_t max_bytes,
			  state_log_read_cb *cb, void *ctx);
/* Where it ends; ERR_NOT_FOUND when there is none. */
struct op *state_log_top(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			 void *ctx);

/* What others than the writer see of what he remembers; null where there is none. */
struct state_log_sight {
	struct state_cursor top;
	bool is_led;       /* who opened it last has the lease (share.h) of its name */
	struct bytes mark; /* the baseline of that name */
	struct bytes value;
};
/* Looks at two baselines, both as of now, without taking the log: a small one, `mark`,
 * and `name` unless the mark still is as `known` (null: give it whatever it is; a null
 * `name`: the mark is all). ERR_NOT_FOUND: there is no log; else as the others. */
typedef void state_log_look_cb(void *ctx, enum err err, const struct state_log_sight *sight);
struct op *state_log_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			  struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx);

/* Is told from the loop, some time after something was appended (by whatever process)
 * or the log has gone, once for any number of appends; it then reads. Embedded in its
 * owner. */
struct state_listener {
	void (*on_news)(struct state_listener *l);
	/* Private. */
	struct state *state;
	struct state_listener *next, **prev;
	struct state_log *log;
};

/* ERR_NOMEM. The log need not exist yet; while anybody listens its time does not run
 * out. */
MUST_CHECK enum err state_log_listen(struct state *s, struct bytes log, struct state_listener *l);
/* May be called from on_news, and when it does not listen. */
void state_log_unlisten(struct state_listener *l);

struct state_stats {
	size_t entries, bytes;
	uint64_t evicted;
	size_t logs, log_entries, log_bytes;
	uint64_t logs_appended; /* entries, ever */
	uint64_t logs_evicted;  /* logs that went for want of room */
};
struct state_stats state_stats(const struct state *s);

#endif
