/*
 * What is said before anything else on a connection to Redis, and what comes of it: the
 * password, the database, whether the server is one that we can use. Pure: conn.c sends
 * and reads.
 */
#ifndef STATE_REDIS_GREETING_H
#define STATE_REDIS_GREETING_H

#include "base/buf.h"
#include "state/redis/link.h"

struct greeting {
	const struct redis_address *address;
	unsigned answered;
	const char *wrong;   /* why it cannot be used */
	const char *trouble; /* what the operator should know though it can */
	char text[128];      /* of either */
};

/* Appends the commands. */
void greeting_begin(struct greeting *g, const struct redis_address *address, struct buf *to);
/* The next reply; true: it was the last one, or something is wrong. */
bool greeting_take(struct greeting *g, const struct redisReply *reply);

#endif
