#include "state/event_log.h"

#include <stdlib.h>

#include "base/arena.h"

#define RING_MIN 8

/* --- what is appended -------------------------------------------------------- */

static size_t entry_bytes(size_t len)
{
	return sizeof(struct log_entry *) + sizeof(struct log_entry) + len;
}

static size_t baseline_bytes(const struct log_baseline *b)
{
	return sizeof *b + b->node.key.len + b->value_len;
}

static struct log_entry *entry_new(struct bytes data)
{
	struct log_entry *e = malloc(sizeof *e + data.len);

	if (!e)
		return NULL;
	e->at = (struct state_cursor){ 0, 0 };
	e->len = data.len;
	if (data.len > 0)
		memcpy(e->data, data.at, data.len);
	return e;
}

static struct log_baseline *baseline_new(const struct state_baseline *from)
{
	struct log_baseline *b = calloc(1, sizeof *b + from->name.len + from->value.len);

	if (!b)
		return NULL;
	b->is_null = bytes_is_null(from->value);
	b->value_len = from->value.len;
	if (from->name.len > 0)
		memcpy(b->bytes, from->name.at, from->name.len);
	if (from->value.len > 0)
		memcpy(b->bytes + from->name.len, from->value.at, from->value.len);
	b->node.key = bytes_of(b->bytes, from->name.len);
	return b;
}

struct log_batch *log_batch_new(const struct bytes *entries, size_t entry_count,
				const struct state_baseline *baselines, size_t baseline_count)
{
	struct log_batch *b = calloc(1, sizeof *b);
	bool has_all = b != NULL;

	if (!b)
		return NULL;
	b->entries = calloc(entry_count ? entry_count : 1, sizeof(struct log_entry *));
	b->baselines = calloc(baseline_count ? baseline_count : 1, sizeof(struct log_baseline *));
	has_all = b->entries && b->baselines;
	for (; has_all && b->entry_count < entry_count; b->entry_count++) {
		b->entries[b->entry_count] = entry_new(entries[b->entry_count]);
		has_all = b->entries[b->entry_count] != NULL;
	}
	for (; has_all && b->baseline_count < baseline_count; b->baseline_count++) {
		b->baselines[b->baseline_count] = baseline_new(&baselines[b->baseline_count]);
		has_all = b->baselines[b->baseline_count] != NULL;
	}
	if (has_all)
		return b;
	log_batch_free(b);
	return NULL;
}

void log_batch_free(struct log_batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->entry_count; i++)
		free(b->entries[i]);
	for (size_t i = 0; i < b->baseline_count; i++)
		free(b->baselines[i]);
	free(b->entries);
	free(b->baselines);
	free(b);
}

/* --- sums ----------------------------------------------------------------------- */

static void grow(struct event_log *log, size_t bytes)
{
	log->bytes += bytes;
	log->sums->bytes += bytes;
}

static void shrink(struct event_log *log, size_t bytes)
{
	log->bytes -= bytes;
	log->sums->bytes -= bytes;
}

/* --- entries -------------------------------------------------------------------- */

static bool reserve(struct event_log *log, size_t more)
{
	size_t cap = log->cap ? log->cap : RING_MIN;
	struct log_entry **ring;

	while (cap < log->count + more)
		cap *= 2;
	if (cap == log->cap)
		return true;
	ring = malloc(cap * sizeof(struct log_entry *));
	if (!ring)
		return false;
	for (size_t i = 0; i < log->count; i++)
		ring[i] = log->ring[(log->first + i) % log->cap];
	free(log->ring);
	log->ring = ring;
	log->first = 0;
	log->cap = cap;
	return true;
}

/* Room was reserved. */
static void push(struct event_log *log, struct log_entry *e, struct state_cursor at)
{
	e->at = at;
	log->top = at;
	log->ring[(log->first + log->count++) % log->cap] = e;
	log->sums->entries++;
	grow(log, entry_bytes(e->len));
}

static void drop_oldest(struct event_log *log)
{
	struct log_entry *e = log->ring[log->first];

	log->floor = e->at;
	log->first = (log->first + 1) % log->cap;
	log->count--;
	log->sums->entries--;
	shrink(log, entry_bytes(e->len));
	free(e);
}

bool event_log_after(const struct event_log *log, struct state_cursor after, size_t *ret)
{
	size_t low = 0, high = log->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (state_cursor_compare(event_log_at(log, middle)->at, after) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low;
	if (low > 0)
		return state_cursor_compare(event_log_at(log, low - 1)->at, after) == 0;
	return state_cursor_compare(log->floor, after) == 0;
}

/* --- baselines ------------------------------------------------------------------- */

static void remove_baseline(struct event_log *log, struct log_baseline *b)
{
	keymap_remove(&log->baselines, &b->node);
	log->baseline_count--;
	log->baseline_bytes -= baseline_bytes(b);
	shrink(log, baseline_bytes(b));
	free(b);
}

/* Takes it. */
static void set_baseline(struct event_log *log, struct log_baseline *b)
{
	struct log_baseline *old = (struct log_baseline *)keymap_find(&log->baselines, b->node.key);

	if (old)
		remove_baseline(log, old);
	if (b->is_null) {
		free(b);
		return;
	}
	keymap_insert(&log->baselines, &b->node);
	log->baseline_count++;
	log->baseline_bytes += baseline_bytes(b);
	grow(log, baseline_bytes(b));
}

/* What the baselines will take with those of the batch. */
static size_t baseline_bytes_with(const struct event_log *log, const struct log_batch *b)
{
	size_t bytes = log->baseline_bytes;

	for (size_t i = 0; i < b->baseline_count; i++) {
		const struct log_baseline *old = (const struct log_baseline *)keymap_find(
			&log->baselines, b->baselines[i]->node.key);

		if (!b->baselines[i]->is_null)
			bytes += baseline_bytes(b->baselines[i]);
		if (old)
			bytes -= baseline_bytes(old);
	}
	return bytes;
}

/* --- the log ---------------------------------------------------------------------- */

void event_log_limits(struct state_limits *limits)
{
	if (!limits->log_max_entries)
		limits->log_max_entries = 10000;
	if (!limits->log_max_bytes)
		limits->log_max_bytes = (size_t)4 * 1024 * 1024;
	if (!limits->logs_max_bytes)
		limits->logs_max_bytes = (size_t)256 * 1024 * 1024;
	if (!limits->log_ttl_ms)
		limits->log_ttl_ms = UINT64_C(60) * 60 * 1000;
	if (limits->log_max_bytes > limits->logs_max_bytes)
		limits->log_max_bytes = limits->logs_max_bytes;
}

bool event_log_init(struct event_log *log, struct log_sums *sums)
{
	*log = (struct event_log){ .sums = sums };
	return keymap_init(&log->baselines);
}

void event_log_clear(struct event_log *log)
{
	while (log->count > 0)
		drop_oldest(log);
	while (log->baselines.root)
		remove_baseline(log, (struct log_baseline *)log->baselines.root);
	free(log->ring);
	log->ring = NULL;
	log->cap = log->first = 0;
	log->top = log->floor = (struct state_cursor){ 0, 0 };
}

static void trim(struct event_log *log, const struct state_limits *limits)
{
	while (log->count > 0 &&
	       (log->count > limits->log_max_entries || log->bytes > limits->log_max_bytes))
		drop_oldest(log);
}

enum err event_log_open(struct event_log *log, uint64_t epoch, const struct state_limits *limits)
{
	struct log_entry *marker = entry_new(BYTES_LIT(""));
	struct state_cursor at = { epoch, 0 };

	if (!marker || !reserve(log, 1)) {
		free(marker);
		return ERR_NOMEM;
	}
	if (!event_log_is_open(log))
		log->floor = at;
	push(log, marker, at);
	trim(log, limits);
	return ERR_OK;
}

enum err event_log_append(struct event_log *log, struct log_batch *b,
			  const struct state_limits *limits)
{
	if (baseline_bytes_with(log, b) > limits->log_max_bytes)
		return ERR_TOO_BIG;
	if (!reserve(log, b->entry_count))
		return ERR_NOMEM;
	for (size_t i = 0; i < b->entry_count; i++) {
		push(log, b->entries[i], (struct state_cursor){ log->top.epoch, log->top.seq + 1 });
		b->entries[i] = NULL;
	}
	for (size_t i = 0; i < b->baseline_count; i++) {
		set_baseline(log, b->baselines[i]);
		b->baselines[i] = NULL;
	}
	trim(log, limits);
	return ERR_OK;
}

/* --- what it gives ---------------------------------------------------------------- */

bool event_log_measure(const struct event_log *log, struct state_cursor after, size_t max_entries,
		       size_t max_bytes, struct log_extent *ret)
{
	struct log_extent e = { .last = after };
	size_t left = max_bytes;

	if (!event_log_after(log, after, &e.from))
		return false;
	for (e.end = e.from; e.end < log->count; e.end++) {
		const struct log_entry *at = event_log_at(log, e.end);
		bool is_marker = at->len == 0;

		if (!is_marker && e.count > 0 && (e.count >= max_entries || at->len > left))
			break;
		e.count += !is_marker;
		left -= at->len < left ? at->len : left;
		e.last = at->at;
	}
	e.has_more = e.end < log->count;
	*ret = e;
	return true;
}

struct state_entry *event_log_entries(const struct event_log *log, const struct log_extent *e,
				      struct arena *mem)
{
	struct state_entry *entries = ARENA_ARRAY(mem, e->count, struct state_entry);
	size_t n = 0;

	for (size_t i = e->from; entries && i < e->end; i++) {
		const struct log_entry *at = event_log_at(log, i);

		if (at->len > 0)
			entries[n++] = (struct state_entry){ at->at, bytes_of(at->data, at->len) };
	}
	return entries;
}

struct baseline_list {
	struct state_baseline *at;
	size_t count;
};

static bool add_baseline(void *ctx, struct keymap_node *n)
{
	struct baseline_list *l = ctx;

	l->at[l->count++] = (struct state_baseline){
		.name = n->key,
		.value = log_baseline_value((const struct log_baseline *)n),
	};
	return true;
}

struct state_baseline *event_log_baselines(const struct event_log *log, struct arena *mem)
{
	struct baseline_list l = { ARENA_ARRAY(mem, log->baseline_count, struct state_baseline) };

	if (l.at)
		keymap_each(&log->baselines, BYTES_LIT(""), add_baseline, &l);
	return l.at;
}

struct bytes event_log_baseline(const struct event_log *log, struct bytes name)
{
	const struct keymap_node *n = keymap_find(&log->baselines, name);

	return n ? log_baseline_value((const struct log_baseline *)n) : BYTES_NULL;
}
