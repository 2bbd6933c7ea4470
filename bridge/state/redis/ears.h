/*
 * One connection to Redis for what is published there: by channel, with any number of
 * listeners each. It is made anew when it is lost or falls silent; what was published
 * meanwhile nobody repeats, so whoever listens is told that he may have missed something.
 */
#ifndef STATE_REDIS_EARS_H
#define STATE_REDIS_EARS_H

#include "state/redis/link.h"

struct redis_ears;
struct redis_channel;

/* Begins to connect. Of the setup the bounds are not used. NULL: memory or random bytes
 * are short. */
struct redis_ears *redis_ears_new(const struct redis_link_setup *setup);
/* Listeners hear nothing any more. NULL is fine. */
void redis_ears_free(struct redis_ears *e);

/* Connected, and it answers. */
bool redis_ears_is_up(const struct redis_ears *e);
/* For state_health(): why it is not up, or what the operator should know; NULL: nothing. */
const char *redis_ears_trouble(const struct redis_ears *e);

/* Embedded in its owner. Both come from the loop. */
struct redis_ear {
	/* The message is borrowed until it returns. */
	void (*on_message)(struct redis_ear *l, struct bytes message);
	/* From now on nothing is missed, but something may have been: after each
	 * subscription, the first one included. May be NULL. */
	void (*on_gap)(struct redis_ear *l);
	/* Private. */
	struct redis_channel *channel; /* NULL: does not listen */
	struct redis_ear *next, **prev;
	bool is_new; /* has not been told of a gap yet */
};

/* ERR_NOMEM. The channel is copied; it is named as it is, without any prefix. (Channels
 * know no databases: callers name theirs.) */
MUST_CHECK enum err redis_ears_listen(struct redis_ears *e, struct bytes channel,
				      struct redis_ear *l);
/* May be called from its functions, and when it does not listen. */
void redis_ears_unlisten(struct redis_ear *l);
/* Nothing that is published now gets lost, as far as is known. */
bool redis_ear_is_heard(const struct redis_ear *l);

#endif
