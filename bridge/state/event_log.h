/*
 * One event log of the embedded state: its entries in a ring, the writer's
 * baselines. Which logs there are, how long they live and who listens is
 * log_store.h's.
 */
#ifndef STATE_EVENT_LOG_H
#define STATE_EVENT_LOG_H

#include "state/keymap.h"
#include "state/state.h"

struct log_entry {
	struct state_cursor at;
	size_t len;
	uint8_t data[];
};

struct log_baseline {
	struct keymap_node node; /* its key is at the front of `bytes` */
	bool is_null;            /* removes the one of its name */
	size_t value_len;
	uint8_t bytes[]; /* name, value */
};

static inline struct bytes log_baseline_value(const struct log_baseline *b)
{
	return bytes_of(b->bytes + b->node.key.len, b->value_len);
}

/* Over all logs. */
struct log_sums {
	size_t entries, bytes;
};

/* Fills in what is zero of what concerns logs. */
void event_log_limits(struct state_limits *limits);

struct event_log {
	/* Where it ends, and the lowest cursor after which nothing is missing. Both have
	 * an epoch of 0 while it was not opened. */
	struct state_cursor top, floor;
	struct log_entry **ring; /* count of them from `first` on, modulo cap */
	size_t cap, first, count;
	struct keymap baselines;
	size_t baseline_count, baseline_bytes;
	size_t bytes; /* of all that it keeps */
	struct log_sums *sums;
};

/* False when the system gives no random bytes. */
MUST_CHECK bool event_log_init(struct event_log *log, struct log_sums *sums);
/* Frees all that it keeps; it can be opened again. */
void event_log_clear(struct event_log *log);

/* Adds the marker with which a writer begins. ERR_NOMEM. */
MUST_CHECK enum err event_log_open(struct event_log *log, uint64_t epoch,
				   const struct state_limits *limits);
static inline bool event_log_is_open(const struct event_log *log)
{
	return log->top.epoch != 0;
}

/* What is to be appended, copied beforehand so that appending is all or nothing. A
 * baseline is named once. */
struct log_batch {
	size_t entry_count, baseline_count;
	struct log_entry **entries; /* NULL: the log has taken it */
	struct log_baseline **baselines;
};

/* NULL: no memory. */
struct log_batch *log_batch_new(const struct bytes *entries, size_t entry_count,
				const struct state_baseline *baselines, size_t baseline_count);
void log_batch_free(struct log_batch *b);

/* Takes what is in the batch, then keeps at most so much: the oldest entries go first,
 * baselines never. ERR_TOO_BIG: the baselines alone are too much; ERR_NOMEM. Nothing
 * has changed on an error. */
MUST_CHECK enum err event_log_append(struct event_log *log, struct log_batch *b,
				     const struct state_limits *limits);

/* Index of the first entry after the cursor; false when the log never gave it, or
 * what came after it is no longer whole. */
bool event_log_after(const struct event_log *log, struct state_cursor after, size_t *ret);
static inline const struct log_entry *event_log_at(const struct event_log *log, size_t i)
{
	return log->ring[(log->first + i) % log->cap];
}

/* What a read gives: how many entries from index `from` on, how far that is. */
struct log_extent {
	size_t from, end;
	size_t count; /* without the markers */
	struct state_cursor last;
	bool has_more;
};

/* As state_log_read(); false when the cursor is lost. */
bool event_log_measure(const struct event_log *log, struct state_cursor after, size_t max_entries,
		       size_t max_bytes, struct log_extent *ret);
/* Those entries; their data stays the log's. NULL: memory is short. */
struct state_entry *event_log_entries(const struct event_log *log, const struct log_extent *e,
				      struct arena *mem);
/* All baselines by their names, baseline_count of them; names and values stay the log's.
 * NULL: memory is short. */
struct state_baseline *event_log_baselines(const struct event_log *log, struct arena *mem);
/* The log's; null: there is none of that name. */
struct bytes event_log_baseline(const struct event_log *log, struct bytes name);

#endif
