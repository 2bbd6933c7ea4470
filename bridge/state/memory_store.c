#include "state/memory_store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"

static size_t size_of(const struct entry *e)
{
	return e->node.key.len + e->value_len;
}

static void account_for(struct memory_store *m, const struct entry *e)
{
	m->spaces[e->space].bytes += size_of(e);
	m->spaces[e->space].entries++;
	m->bytes += size_of(e);
	m->entries++;
}

static void unaccount_for(struct memory_store *m, const struct entry *e)
{
	m->spaces[e->space].bytes -= size_of(e);
	m->spaces[e->space].entries--;
	m->bytes -= size_of(e);
	m->entries--;
}

void memory_store_remove(struct memory_store *m, struct entry *e)
{
	unaccount_for(m, e);
	loop_timer_stop(m->loop, &e->expiry);
	keymap_remove(&m->spaces[e->space].keys, &e->node);
	TAILQ_REMOVE(&m->spaces[e->space].used, e, use);
	free(e->value);
	free(e);
}

static void on_expiry(struct loop_timer *t)
{
	struct entry *e = (struct entry *)((char *)t - offsetof(struct entry, expiry));

	memory_store_remove(e->store, e);
}

enum err memory_store_init(struct memory_store *m, struct loop *l,
			   const struct state_limits *limits)
{
	*m = (struct memory_store){ .loop = l, .limits = *limits };
	for (int i = 0; i < STATE_SPACES; i++) {
		TAILQ_INIT(&m->spaces[i].used);
		if (!keymap_init(&m->spaces[i].keys))
			return ERR_INTERNAL;
	}
	return ERR_OK;
}

void memory_store_done(struct memory_store *m)
{
	for (int i = 0; i < STATE_SPACES; i++)
		while (!TAILQ_EMPTY(&m->spaces[i].used))
			memory_store_remove(m, TAILQ_FIRST(&m->spaces[i].used));
}

bool memory_store_is_over(const struct entry *e)
{
	return e->expiry.due_ms <= clock_monotonic_ms();
}

struct entry *memory_store_find(struct memory_store *m, enum state_space space, struct bytes key)
{
	struct memory_space *s = &m->spaces[space];
	struct entry *e = (struct entry *)keymap_find(&s->keys, key);

	if (!e)
		return NULL;
	if (memory_store_is_over(e)) {
		memory_store_remove(m, e);
		return NULL;
	}
	TAILQ_REMOVE(&s->used, e, use);
	TAILQ_INSERT_TAIL(&s->used, e, use);
	return e;
}

static struct entry *entry_new(struct memory_store *m, enum state_space space, struct bytes key,
			       uint64_t ttl_ms)
{
	struct entry *e = calloc(1, sizeof *e + key.len);

	if (!e)
		return NULL;
	e->expiry.fire = on_expiry;
	if (!loop_timer_start(m->loop, &e->expiry, ttl_ms)) {
		free(e);
		return NULL;
	}
	e->store = m;
	e->space = space;
	if (key.len > 0)
		memcpy(e->key, key.at, key.len);
	e->node.key = bytes_of(e->key, key.len);
	keymap_insert(&m->spaces[space].keys, &e->node);
	TAILQ_INSERT_TAIL(&m->spaces[space].used, e, use);
	account_for(m, e);
	return e;
}

/* The least recently used entry of the space that has most of what is short,
 * but never `spared`. */
static struct entry *victim(struct memory_store *m, bool by_bytes, const struct entry *spared)
{
	struct entry *found = NULL;
	size_t most = 0;

	for (int i = 0; i < STATE_SPACES; i++) {
		struct entry *e = TAILQ_FIRST(&m->spaces[i].used);
		size_t has = by_bytes ? m->spaces[i].bytes : m->spaces[i].entries;

		if (!e || e == spared || has < most)
			continue;
		found = e;
		most = has;
	}
	return found;
}

static void evict(struct memory_store *m, const struct entry *spared)
{
	bool by_bytes;

	while ((by_bytes = m->bytes > m->limits.max_bytes) || m->entries > m->limits.max_entries) {
		struct entry *e = victim(m, by_bytes, spared);

		if (!e)
			return;
		memory_store_remove(m, e);
		m->evicted++;
	}
}

void memory_store_touch(struct memory_store *m, struct entry *e, uint64_t ttl_ms)
{
	bool moved = loop_timer_start(m->loop, &e->expiry, ttl_ms);

	assert(moved); /* it was on: that needs no memory */
	(void)moved;
}

static enum err set_value(struct memory_store *m, struct entry *e, struct bytes value)
{
	uint8_t *copy = malloc(value.len ? value.len : 1);

	if (!copy)
		return ERR_NOMEM;
	if (value.len > 0)
		memcpy(copy, value.at, value.len);
	unaccount_for(m, e);
	free(e->value);
	e->value = copy;
	e->value_len = value.len;
	e->generation = ++m->changes;
	account_for(m, e);
	return ERR_OK;
}

enum err memory_store_put(struct memory_store *m, enum state_space space, struct bytes key,
			  struct bytes value, uint64_t ttl_ms)
{
	struct entry *old = memory_store_find(m, space, key);
	struct entry *e = old;
	enum err err;

	if (key.len > m->limits.max_bytes || value.len > m->limits.max_bytes - key.len)
		return ERR_TOO_BIG;
	if (ttl_ms == 0) {
		if (old)
			memory_store_remove(m, old);
		return ERR_OK;
	}
	if (!e)
		e = entry_new(m, space, key, ttl_ms);
	if (!e)
		return ERR_NOMEM;
	err = set_value(m, e, value);
	if (err) {
		if (!old)
			memory_store_remove(m, e);
		return err;
	}
	if (old)
		memory_store_touch(m, e, ttl_ms);
	evict(m, e);
	return ERR_OK;
}

enum err memory_store_count(struct memory_store *m, enum state_space space, struct bytes key,
			    uint64_t n, uint64_t ttl_ms, uint64_t *ret_sum)
{
	struct entry *e = memory_store_find(m, space, key);

	if (key.len > m->limits.max_bytes)
		return ERR_TOO_BIG;
	if (!e) {
		e = entry_new(m, space, key, ttl_ms);
		if (!e)
			return ERR_NOMEM;
		evict(m, e);
	}
	e->sum = n > UINT64_MAX - e->sum ? UINT64_MAX : e->sum + n;
	*ret_sum = e->sum;
	return ERR_OK;
}
