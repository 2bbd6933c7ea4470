/*
 * This process among those on one Redis: its name, and the heartbeat by which others know
 * that it lives. What it holds there (leases, slots) counts while its heartbeat does.
 *
 * A process that slept finds so by its own clock before it does anything. While Redis is
 * away nobody's heartbeat is missed, and what was held is held on.
 */
#ifndef STATE_REDIS_PROCESS_H
#define STATE_REDIS_PROCESS_H

#include "state/redis/args.h"
#include "state/redis/ears.h"

#define PROCESS_ID_BYTES 16 /* of text */

/* Hears of what happened to all that this process holds. Embedded in its owner. */
struct redis_process_user {
	/* It slept too long: others may have taken what it held. on_back() follows. */
	void (*on_lapse)(struct redis_process_user *u);
	/* The heartbeat is set, for the first time or again: what is held has to be looked
	 * after, for Redis was away, has come back empty, or we slept. */
	void (*on_back)(struct redis_process_user *u);
	/* Every second while in touch. */
	void (*on_beat)(struct redis_process_user *u);
	struct redis_process_user *next;
};

struct redis_process {
	struct loop *loop;
	struct redis_link *link;
	struct redis_ears *ears;
	struct bytes prefix; /* borrowed */
	char id[PROCESS_ID_BYTES + 1];
	unsigned lapses;
	/* Private. */
	unsigned db;
	struct redis_link_user of_link;
	struct redis_process_user *users;
	struct loop_timer beat;
	struct op *op;
	uint64_t asked_ms, set_ms; /* when the heartbeat under way, the last one set, was sent */
	uint64_t awake_ms;         /* when we last knew that we do not sleep */
	bool is_away;              /* since we still lived */
	bool is_over;              /* lapsed, or never begun */
};

/* The link, the ears and the prefix outlive it. ERR_INTERNAL when the system gives no random
 * bytes; ERR_NOMEM. */
MUST_CHECK enum err redis_process_init(struct redis_process *p, struct loop *l,
				       struct redis_link *link, struct redis_ears *ears,
				       struct bytes prefix, unsigned db);
/* So that others need not wait: what it held is free at once. For the end of a process. */
void redis_process_say_goodbye(struct redis_process *p);
void redis_process_done(struct redis_process *p);

void redis_process_join(struct redis_process *p, struct redis_process_user *u);

/* What it holds is still its own, as far as anybody can tell. */
bool redis_process_lives(const struct redis_process *p);
/* And Redis answers. */
bool redis_process_is_in_touch(const struct redis_process *p);

/* For a call of our own, that nobody waits for. */
struct call redis_process_call(void);

/* prefix ":" kind ":" name */
void redis_process_add_key(const struct redis_process *p, struct redis_args *a, const char *kind,
			   struct bytes name);
/* The same for a channel: those know no databases, so it names ours. */
void redis_process_add_channel(const struct redis_process *p, struct redis_args *a,
			       const char *kind, struct bytes name);
/* ERR_NOMEM */
MUST_CHECK enum err redis_process_listen(const struct redis_process *p, const char *kind,
					 struct bytes name, struct redis_ear *ear);

#endif
