#include "state/redis/near.h"

#include <stdlib.h>

#include "base/clock.h"

/* Looks in a row that must find the channel lost and the link up, until what is known is
 * dropped: when Redis goes both are lost, but not at the same moment. */
#define DEAF_LOOKS 4

struct redis_near_entry {
	struct keymap_node node; /* its key is in `key` */
	TAILQ_ENTRY(redis_near_entry) use;
	uint64_t generation;
	uint64_t ends_ms; /* clock_monotonic_ms() */
	uint8_t key[];
};

static void drop(struct redis_near *n, struct redis_near_entry *e)
{
	keymap_remove(&n->entries, &e->node);
	TAILQ_REMOVE(&n->used, e, use);
	n->count--;
	free(e);
}

void redis_near_forget_all(struct redis_near *n)
{
	while (!TAILQ_EMPTY(&n->used))
		drop(n, TAILQ_FIRST(&n->used));
	for (size_t i = 0; i < NEAR_BUCKETS; i++)
		n->changes[i]++;
}

static size_t bucket_of(struct bytes key)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ key.at[i]) * 16777619u;
	return h % NEAR_BUCKETS;
}

/* --- what is heard --- */

static void on_message(struct redis_ear *ear, struct bytes message)
{
	redis_near_forget((struct redis_near *)((char *)ear - offsetof(struct redis_near, ear)),
			  message);
}

static void on_gap(struct redis_ear *ear)
{
	struct redis_near *n =
		(struct redis_near *)((char *)ear - offsetof(struct redis_near, ear));

	n->away_ms = 0;
	n->deaf = 0;
	redis_near_forget_all(n);
}

static void on_up(struct redis_link_user *u)
{
	struct redis_near *n =
		(struct redis_near *)((char *)u - offsetof(struct redis_near, of_link));

	/* Others may have been back before us: nothing is believed until the channel is heard
	 * again, which drops it all. */
	n->away_ms = 0;
}

static void on_down(struct redis_link_user *u)
{
	struct redis_near *n =
		(struct redis_near *)((char *)u - offsetof(struct redis_near, of_link));

	n->away_ms = clock_monotonic_ms();
}

static void on_look(struct loop_timer *t)
{
	struct redis_near *n = (struct redis_near *)((char *)t - offsetof(struct redis_near, look));

	if (redis_ear_is_heard(&n->ear))
		n->deaf = 0;
	else if (redis_link_is_up(n->setup.link) && ++n->deaf == DEAF_LOOKS)
		redis_near_forget_all(n);
	/* One that has fired can always be started again. */
	if (!loop_timer_start(n->setup.loop, &n->look, n->setup.timeout_ms))
		redis_near_forget_all(n);
}

/* --- what is known --- */

static bool is_believed(const struct redis_near *n)
{
	if (redis_link_is_up(n->setup.link))
		return redis_ear_is_heard(&n->ear);
	return n->away_ms && clock_monotonic_ms() - n->away_ms < n->setup.grace_ms;
}

enum err redis_near_peek(struct redis_near *n, struct bytes key, uint64_t *ret_generation)
{
	struct redis_near_entry *e;

	if (!is_believed(n))
		return ERR_UNSUPPORTED;
	e = (struct redis_near_entry *)keymap_find(&n->entries, key);
	if (!e)
		return ERR_UNSUPPORTED;
	if (e->ends_ms <= clock_monotonic_ms()) {
		drop(n, e);
		return ERR_UNSUPPORTED;
	}
	TAILQ_REMOVE(&n->used, e, use);
	TAILQ_INSERT_TAIL(&n->used, e, use);
	*ret_generation = e->generation;
	return ERR_OK;
}

struct redis_near_ticket redis_near_ask(const struct redis_near *n, struct bytes key)
{
	return (struct redis_near_ticket){
		.asked_ms = clock_monotonic_ms(),
		.changes = n->changes[bucket_of(key)],
		.is_good = redis_ear_is_heard(&n->ear),
	};
}

void redis_near_learn(struct redis_near *n, struct bytes key, struct redis_near_ticket t,
		      uint64_t generation, uint64_t left_ms)
{
	struct redis_near_entry *e;

	if (!t.is_good || !redis_ear_is_heard(&n->ear) || n->changes[bucket_of(key)] != t.changes)
		return;
	e = (struct redis_near_entry *)keymap_find(&n->entries, key);
	if (e)
		drop(n, e);
	else if (n->count == n->setup.max)
		drop(n, TAILQ_FIRST(&n->used));
	e = calloc(1, sizeof *e + key.len);
	if (!e)
		return;
	if (key.len)
		memcpy(e->key, key.at, key.len);
	e->node.key = bytes_of(e->key, key.len);
	e->generation = generation;
	e->ends_ms = t.asked_ms + left_ms;
	keymap_insert(&n->entries, &e->node);
	TAILQ_INSERT_TAIL(&n->used, e, use);
	n->count++;
}

void redis_near_forget(struct redis_near *n, struct bytes key)
{
	struct redis_near_entry *e = (struct redis_near_entry *)keymap_find(&n->entries, key);

	n->changes[bucket_of(key)]++;
	if (e)
		drop(n, e);
}

/* --- life --- */

enum err redis_near_init(struct redis_near *n, const struct redis_near_setup *setup)
{
	*n = (struct redis_near){
		.setup = *setup,
		.of_link = { .on_up = on_up, .on_down = on_down },
		.ear = { .on_message = on_message, .on_gap = on_gap },
		.look = { .fire = on_look },
	};
	TAILQ_INIT(&n->used);
	if (!keymap_init(&n->entries))
		return ERR_INTERNAL;
	if (!loop_timer_start(setup->loop, &n->look, setup->timeout_ms))
		return ERR_NOMEM;
	redis_link_join(setup->link, &n->of_link);
	return redis_ears_listen(setup->ears, setup->channel, &n->ear);
}

void redis_near_done(struct redis_near *n)
{
	if (!n->setup.loop)
		return;
	loop_timer_stop(n->setup.loop, &n->look);
	redis_link_leave(&n->of_link);
	redis_ears_unlisten(&n->ear);
	redis_near_forget_all(n);
}
