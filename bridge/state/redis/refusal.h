/* What error replies of Redis mean to us. */
#ifndef STATE_REDIS_REFUSAL_H
#define STATE_REDIS_REFUSAL_H

#include "state/redis/link.h"

struct redis_refusal {
	const char *word; /* with which the reply begins */
	const char *says; /* a sentence for the operator */
	bool ends;        /* another connection may do better */
};

/* Is the reply an error of that word? Scripts of Redis 6 hide it inside their own. */
bool redis_error_is(const struct redisReply *reply, const char *word);

/* One that concerns whatever is asked: memory, rights, the role of the server. NULL: the reply
 * is none, or the question was wrong. */
const struct redis_refusal *redis_refusal_of(const struct redisReply *reply);

/* For who asked for an entry: a wrong type is ERR_NOT_FOUND, a refusal as above ERR_BUSY,
 * another error reply ERR_INTERNAL; other errors stay. */
enum err redis_entry_err(enum err err, const struct redisReply *reply);

#endif
