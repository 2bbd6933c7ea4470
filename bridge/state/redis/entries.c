/* One entry: get, put, delete. */
#include <hiredis/hiredis.h>

#include "state/redis/redis_inside.h"

/* --- get --- */

/* KEYS: entry, its list if any; ARGV: the new time to live or 0, the entry's name in the list.
 * Gives the entry and how long it lives. */
static struct redis_script get_script = {
	.text = REDIS_LUA_INDEX "local entry = redis.pcall('GET', KEYS[1])\n"
				"if type(entry) ~= 'string' then return false end\n"
				"local ttl = tonumber(ARGV[1])\n"
				"if ttl > 0 then\n"
				"  redis.call('PEXPIRE', KEYS[1], ttl)\n"
				"  if KEYS[2] then list(KEYS[2], ARGV[2], ttl) end\n"
				"end\n"
				"return {entry, redis.call('PTTL', KEYS[1])}\n",
};

/* A string, or what the script gives. */
static struct bytes entry_of(const struct redisReply *reply, uint64_t *ret_left_ms)
{
	*ret_left_ms = 0;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return redis_string(reply);
	if (reply->element[1]->integer > 0)
		*ret_left_ms = (uint64_t)reply->element[1]->integer;
	return redis_string(reply->element[0]);
}

static void on_got(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;
	struct bytes entry = BYTES_NULL, value = BYTES_NULL;
	uint64_t generation = 0, left_ms = 0;

	o->step = NULL;
	err = redis_entry_err(err, reply);
	if (!err)
		entry = entry_of(reply, &left_ms);
	if (!err)
		err = bytes_is_null(entry) ? ERR_NOT_FOUND
					   : redis_read_entry(o->r, o->space, o->key, entry,
							      o->call.mem, &value, &generation);
	if (!err && o->space == STATE_SESSION)
		redis_near_learn(&o->r->near, o->key, o->ticket, generation, left_ms);
	redis_end_value(o, err, value, generation);
}

static struct op *ask_and_touch(struct redis_op *o, uint64_t ttl_ms)
{
	struct bytes owner = redis_owner_of(o->space, o->key);
	size_t keys = bytes_is_null(owner) ? 1 : 2;
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	redis_args_init(&a);
	redis_add_key(o->r, &a, o->space, o->key);
	if (keys == 2)
		redis_add_index(o->r, &a, o->space, owner);
	redis_add_ttl(&a, ttl_ms);
	redis_args_add(&a, o->key);
	list = redis_args_list(&a);
	step = list ? redis_eval(o->r->link, o->call, &get_script, list, keys, list + keys, 2,
				 on_got, o)
		    : NULL;
	redis_args_done(&a);
	return step;
}

static struct op *ask(struct redis_op *o)
{
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	redis_args_init(&a);
	redis_args_add_str(&a, "GET");
	redis_add_key(o->r, &a, o->space, o->key);
	list = redis_args_list(&a);
	step = list ? redis_call(o->r->link, o->call, list, a.count, on_got, o) : NULL;
	redis_args_done(&a);
	return step;
}

struct op *redis_get(struct state *s, struct call call, enum state_space space, struct bytes key,
		     uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx)
{
	struct redis_op *o = redis_op_new(s, call, space, key, ctx);

	if (!o)
		return NULL;
	o->cb.value = cb;
	if (touch_ttl_ms == 0 && space != STATE_SESSION)
		return redis_op_start(o, ask(o));
	o->ticket = redis_near_ask(&o->r->near, o->key);
	return redis_op_start(o, ask_and_touch(o, touch_ttl_ms));
}

enum err redis_peek(struct state *s, enum state_space space, struct bytes key,
		    uint64_t *ret_generation)
{
	struct redis_state *r = (struct redis_state *)s;
	enum err err;

	if (space != STATE_SESSION)
		return ERR_UNSUPPORTED;
	err = redis_near_peek(&r->near, key, ret_generation);
	if (err)
		r->near_misses++;
	else
		r->near_hits++;
	return err;
}

/* --- put --- */

/* KEYS: entry, the last generation, the entry's list if any; ARGV: value, time to live, expected
 * generation or nothing, the entry's name, a channel for it or nothing. Says whether it was as
 * expected. What is of another type or form is not there. */
static struct redis_script put_script = {
	.text = REDIS_LUA_GENERATION REDIS_LUA_INDEX
	"local ttl = tonumber(ARGV[2])\n"
	"local old = redis.pcall('GET', KEYS[1])\n"
	"if type(old) ~= 'string' or #old < 9 or string.byte(old) ~= 1 then old = nil end\n"
	"if ARGV[3] ~= '' then\n"
	"  local is = old and string.sub(old, 2, 9) or string.rep('\\0', 8)\n"
	"  if is ~= ARGV[3] then return 0 end\n"
	"end\n"
	"local generation, refusal = next_generation(KEYS[2])\n"
	"if not generation then return refusal end\n"
	"if ttl > 0 then\n"
	"  redis.call('SET', KEYS[1], '\\1' .. generation .. ARGV[1], 'PX', ttl)\n"
	"  if KEYS[3] then list(KEYS[3], ARGV[4], ttl) end\n"
	"else\n"
	"  redis.call('DEL', KEYS[1])\n"
	"  if KEYS[3] then redis.pcall('ZREM', KEYS[3], ARGV[4]) end\n"
	"end\n"
	"if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[5], ARGV[4]) end\n"
	"return 1\n",
};

static void on_put(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;

	o->step = NULL;
	err = redis_entry_err(err, reply);
	if (!err && reply->integer == 0)
		err = ERR_CONFLICT;
	redis_end_done(o, err);
}

static struct op *send_put(struct redis_op *o, struct bytes value, uint64_t ttl_ms,
			   uint64_t expected)
{
	struct bytes owner = redis_owner_of(o->space, o->key);
	size_t keys = bytes_is_null(owner) ? 2 : 3;
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	redis_args_init(&a);
	redis_add_key(o->r, &a, o->space, o->key);
	redis_args_lend(&a, bytes_of_str(o->r->generation_key));
	if (keys == 3)
		redis_add_index(o->r, &a, o->space, owner);
	redis_add_value(o->r, &a, o->space, o->key, value);
	redis_add_ttl(&a, ttl_ms);
	redis_add_generation(&a, expected);
	redis_args_add(&a, o->key);
	redis_add_changed(o->r, &a, o->space);
	list = redis_args_list(&a);
	step = list ? redis_eval(o->r->link, o->call, &put_script, list, keys, list + keys,
				 a.count - keys, on_put, o)
		    : NULL;
	redis_args_done(&a);
	return step;
}

struct op *redis_put(struct state *s, struct call call, enum state_space space, struct bytes key,
		     struct bytes value, uint64_t ttl_ms, uint64_t expected, state_done_cb *cb,
		     void *ctx)
{
	struct redis_op *o = redis_op_new(s, call, space, key, ctx);

	if (!o)
		return NULL;
	o->cb.done = cb;
	if (space == STATE_SESSION)
		redis_near_forget(&o->r->near, o->key);
	return redis_op_start(o, send_put(o, value, ttl_ms, expected));
}

/* --- delete --- */

/* KEYS: entry, its list if any; ARGV: its name, a channel for it or nothing. Says how many there
 * were. */
static struct redis_script delete_script = {
	.text = "if KEYS[2] then redis.pcall('ZREM', KEYS[2], ARGV[1]) end\n"
		"if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], ARGV[1]) end\n"
		"return redis.call('DEL', KEYS[1])\n",
};

static void on_deleted(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;

	o->step = NULL;
	err = redis_entry_err(err, reply);
	if (!err && reply->integer == 0)
		err = ERR_NOT_FOUND;
	redis_end_done(o, err);
}

static struct op *send_delete(struct redis_op *o)
{
	struct bytes owner = redis_owner_of(o->space, o->key);
	size_t keys = bytes_is_null(owner) ? 1 : 2;
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	redis_args_init(&a);
	redis_add_key(o->r, &a, o->space, o->key);
	if (keys == 2)
		redis_add_index(o->r, &a, o->space, owner);
	redis_args_add(&a, o->key);
	redis_add_changed(o->r, &a, o->space);
	list = redis_args_list(&a);
	step = list ? redis_eval(o->r->link, o->call, &delete_script, list, keys, list + keys, 2,
				 on_deleted, o)
		    : NULL;
	redis_args_done(&a);
	return step;
}

struct op *redis_delete(struct state *s, struct call call, enum state_space space, struct bytes key,
			state_done_cb *cb, void *ctx)
{
	struct redis_op *o = redis_op_new(s, call, space, key, ctx);

	if (!o)
		return NULL;
	o->cb.done = cb;
	if (space == STATE_SESSION)
		redis_near_forget(&o->r->near, o->key);
	return redis_op_start(o, send_delete(o));
}
