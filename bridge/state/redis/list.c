/* The entries of an owner, by the sorted set that lists them. */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "state/redis/redis_inside.h"

/* KEYS: the list; ARGV: what the keys of entries begin with. Gives names and entries in turns;
 * takes out what is no more. */
static struct redis_script list_script = {
	.text = "local time = redis.call('TIME')\n"
		"local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
		"redis.pcall('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - 1))\n"
		"local names = redis.pcall('ZRANGE', KEYS[1], 0, 9999)\n"
		"if names.err then return {} end\n"
		"local all = {}\n"
		"for _, name in ipairs(names) do\n"
		"  local entry = redis.pcall('GET', ARGV[1] .. name)\n"
		"  if type(entry) == 'string' then\n"
		"    all[#all + 1] = name\n"
		"    all[#all + 1] = entry\n"
		"  else\n"
		"    redis.pcall('ZREM', KEYS[1], name)\n"
		"  end\n"
		"end\n"
		"return all\n",
};

struct pair {
	struct bytes key, value;
};

static int compare_pairs(const void *a, const void *b)
{
	return bytes_compare(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* Those that can be read, in the order of their keys. NULL: no memory. */
static struct pair *read_pairs(struct redis_op *o, const struct redisReply *reply,
			       size_t *ret_count)
{
	size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements / 2 : 0, n = 0;
	struct pair *pairs = ARENA_ARRAY(o->call.mem, count, struct pair);
	uint64_t generation;

	for (size_t i = 0; pairs && i < count; i++) {
		struct bytes key = redis_string(reply->element[2 * i]);
		struct bytes entry = redis_string(reply->element[2 * i + 1]);

		pairs[n].key = key;
		if (!bytes_is_null(key) && !bytes_is_null(entry) &&
		    redis_read_entry(o->r, o->space, key, entry, o->call.mem, &pairs[n].value,
				     &generation) == ERR_OK)
			n++;
	}
	if (pairs)
		qsort(pairs, n, sizeof *pairs, compare_pairs);
	*ret_count = n;
	return pairs;
}

static void on_listed(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;
	struct bytes *keys = NULL, *values = NULL;
	struct pair *pairs = NULL;
	size_t count = 0;

	o->step = NULL;
	err = redis_entry_err(err, reply);
	if (!err) {
		pairs = read_pairs(o, reply, &count);
		count = count < o->count ? count : o->count;
		keys = ARENA_ARRAY(o->call.mem, count, struct bytes);
		values = ARENA_ARRAY(o->call.mem, count, struct bytes);
		err = pairs && keys && values ? ERR_OK : ERR_NOMEM;
	}
	for (size_t i = 0; !err && i < count; i++) {
		keys[i] = pairs[i].key;
		values[i] = pairs[i].value;
	}
	redis_end_list(o, err, keys, values, err ? 0 : count);
}

struct op *redis_list(struct state *s, struct call call, enum state_space space,
		      struct bytes prefix, size_t max, state_list_cb *cb, void *ctx)
{
	struct redis_op *o = redis_op_new(s, call, space, prefix, ctx);
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	if (!o)
		return NULL;
	o->count = max;
	o->cb.list = cb;
	redis_args_init(&a);
	redis_add_index(o->r, &a, space, o->key);
	redis_add_space(o->r, &a, space);
	list = redis_args_list(&a);
	step = list ? redis_eval(o->r->link, call, &list_script, list, 1, list + 1, 1, on_listed, o)
		    : NULL;
	redis_args_done(&a);
	return redis_op_start(o, step);
}
