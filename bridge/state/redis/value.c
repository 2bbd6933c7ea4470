#include <hiredis/hiredis.h>

#include "state/redis/redis_inside.h"

#define FORM_PLAIN 1

void redis_add_value(const struct redis_state *r, struct redis_args *a, enum state_space space,
		     struct bytes key, struct bytes value)
{
	(void)r;
	(void)space;
	(void)key;
	redis_args_add(a, value);
}

static void generation_bytes(uint64_t generation, uint8_t to[8])
{
	for (int i = 7; i >= 0; i--) {
		to[i] = (uint8_t)generation;
		generation >>= 8;
	}
}

void redis_add_generation(struct redis_args *a, uint64_t generation)
{
	uint8_t bytes[8];

	generation_bytes(generation, bytes);
	redis_args_add(a, generation == STATE_ANY ? BYTES_LIT("") : bytes_of(bytes, sizeof bytes));
}

void redis_add_ttl(struct redis_args *a, uint64_t ttl_ms)
{
	redis_args_add_u64(a, ttl_ms < REDIS_TTL_MAX_MS ? ttl_ms : REDIS_TTL_MAX_MS);
}

enum err redis_read_entry(const struct redis_state *r, enum state_space space, struct bytes key,
			  struct bytes entry, struct arena *mem, struct bytes *ret_value,
			  uint64_t *ret_generation)
{
	uint64_t generation = 0;

	(void)r;
	(void)space;
	(void)key;
	(void)mem;
	if (entry.len < REDIS_ENTRY_HEAD_BYTES || entry.at[0] != FORM_PLAIN)
		return ERR_NOT_FOUND;
	for (int i = 1; i < REDIS_ENTRY_HEAD_BYTES; i++)
		generation = generation << 8 | entry.at[i];
	*ret_value = bytes_skip(entry, REDIS_ENTRY_HEAD_BYTES);
	*ret_generation = generation;
	return ERR_OK;
}

struct bytes redis_string(const struct redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? bytes_of(reply->str, reply->len) : BYTES_NULL;
}
