#include "state/redis/refusal.h"

#include <stdio.h>

#include <hiredis/hiredis.h>

bool redis_error_is(const struct redisReply *reply, const char *word)
{
	struct bytes text, rest;
	char inside[32];

	if (reply->type != REDIS_REPLY_ERROR)
		return false;
	text = bytes_of(reply->str, reply->len);
	rest = bytes_skip(text, strlen(word));
	if (bytes_starts_with(text, bytes_of_str(word)) && (rest.len == 0 || rest.at[0] == ' '))
		return true;
	snprintf(inside, sizeof inside, ": -%s ", word);
	return bytes_find(text, bytes_of_str(inside)) < text.len;
}

const struct redis_refusal *redis_refusal_of(const struct redisReply *reply)
{
	static const struct redis_refusal all[] = {
		{ "OOM", "Redis is out of memory", false },
		{ "MISCONF", "Redis does not want to be written to (MISCONF)", false },
		{ "NOPERM", "Redis does not let us use all that is needed (NOPERM)", false },
		/* The same, of Redis 7, from inside of a script. */
		{ "ERR The user executing the script can't",
		  "Redis does not let us use all that is needed (NOPERM)", false },
		{ "BUSY", "Redis is busy with somebody's script", false },
		{ "NOREPLICAS", "Redis has not as many replicas as it wants", false },
		{ "NOAUTH", "Redis wants a password", true },
		{ "LOADING", "Redis is still loading its data", true },
		{ "READONLY", "this Redis is a replica, which cannot be written to", true },
		{ "MASTERDOWN", "this Redis is a replica, which cannot be written to", true },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (redis_error_is(reply, all[i].word))
			return &all[i];
	return NULL;
}

enum err redis_entry_err(enum err err, const struct redisReply *reply)
{
	if (err != ERR_REFUSED)
		return err;
	if (redis_error_is(reply, "WRONGTYPE"))
		return ERR_NOT_FOUND;
	return redis_refusal_of(reply) ? ERR_BUSY : ERR_INTERNAL;
}
