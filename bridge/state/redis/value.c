#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "state/redis/redis_inside.h"

#define FORM_PLAIN 1

static bool is_sealed(enum state_space space)
{
	return space != STATE_SESSION && space != STATE_TICKET;
}

static bool is_of_id(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* The id that the key begins with. */
static struct bytes owner_of(struct bytes key)
{
	size_t n = 0;

	while (n < key.len && is_of_id(key.at[n]))
		n++;
	return bytes_first(key, n);
}

/* What a value cannot be moved away from. */
static void write_place(struct buf *to, enum state_space space, struct bytes key)
{
	buf_init(to, key.len + 1);
	buf_append_byte(to, (uint8_t)space);
	buf_append(to, key);
}

static enum err seal(const struct redis_state *r, struct buf *to, enum state_space space,
		     struct bytes key, struct bytes value)
{
	struct buf place;
	enum err err;

	write_place(&place, space, key);
	err = buf_err(&place);
	if (!err)
		err = state_sealer_seal(r->sealer, owner_of(key), buf_bytes(&place), value, to);
	buf_done(&place);
	return err;
}

void redis_add_value(const struct redis_state *r, struct redis_args *a, enum state_space space,
		     struct bytes key, struct bytes value)
{
	size_t before = a->text.len;
	enum err err;

	if (bytes_is_null(value) || !is_sealed(space)) {
		redis_args_add(a, value);
		return;
	}
	err = seal(r, &a->text, space, key, value);
	if (err && !buf_err(&a->text))
		a->text.err = err;
	redis_args_add_written(a, before);
}

static enum err unseal(const struct redis_state *r, enum state_space space, struct bytes key,
		       struct bytes sealed, struct arena *mem, struct bytes *ret)
{
	struct buf place, value;
	enum err err;

	buf_init(&value, sealed.len);
	write_place(&place, space, key);
	err = buf_err(&place);
	if (!err)
		err = state_sealer_unseal(r->sealer, owner_of(key), buf_bytes(&place), sealed,
					  &value);
	if (!err)
		*ret = arena_bytes(mem, value.len ? buf_bytes(&value) : BYTES_LIT(""));
	buf_done(&place);
	buf_done(&value);
	if (err == ERR_DENIED)
		return ERR_NOT_FOUND;
	return err || !arena_failed(mem) ? err : ERR_NOMEM;
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

	struct bytes value = bytes_skip(entry, REDIS_ENTRY_HEAD_BYTES);
	enum err err = ERR_OK;

	if (entry.len < REDIS_ENTRY_HEAD_BYTES || entry.at[0] != FORM_PLAIN)
		return ERR_NOT_FOUND;
	for (int i = 1; i < REDIS_ENTRY_HEAD_BYTES; i++)
		generation = generation << 8 | entry.at[i];
	if (is_sealed(space))
		err = unseal(r, space, key, value, mem, &value);
	if (err)
		return err;
	*ret_value = value;
	*ret_generation = generation;
	return ERR_OK;
}

struct bytes redis_string(const struct redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? bytes_of(reply->str, reply->len) : BYTES_NULL;
}
