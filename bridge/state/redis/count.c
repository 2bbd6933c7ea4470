/* Counters. Redis counts to INT64_MAX; what is beyond is UINT64_MAX here. */
#include <inttypes.h>

#include <hiredis/hiredis.h>

#include "state/redis/redis_inside.h"

#define TOP "18446744073709551615"

/* KEYS: the counter; ARGV: what to add, its time to live. */
static struct redis_script count_script = {
	.text = "local top = '" TOP "'\n"
		"local is = redis.pcall('GET', KEYS[1])\n"
		"if is == top then return top end\n"
		"if is and (type(is) ~= 'string' or not string.find(is, '^%d+$')) then\n"
		"  redis.call('DEL', KEYS[1])\n"
		"end\n"
		"local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])\n"
		"if type(sum) == 'table' then\n"
		"  if not string.find(sum.err, 'overflow') and\n"
		"     not string.find(sum.err, 'out of range') then\n"
		"    return sum\n"
		"  end\n"
		"  redis.call('SET', KEYS[1], top, 'KEEPTTL')\n"
		"end\n"
		"if redis.call('PTTL', KEYS[1]) < 0 then\n"
		"  redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
		"end\n"
		"return redis.call('GET', KEYS[1])\n",
};

static void on_local(void *ctx, enum err err, uint64_t sum)
{
	struct redis_op *o = ctx;

	o->step = NULL;
	redis_end_count(o, err, sum);
}

/* While Redis is away each process counts for itself. */
static void count_here(struct redis_op *o)
{
	o->step = state_count(o->r->local, o->call, o->space, o->key, o->n, o->ttl_ms, on_local, o);
	if (!o->step)
		redis_end_count(o, ERR_NOMEM, 0);
}

static void on_count(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;
	uint64_t sum = 0;

	o->step = NULL;
	err = redis_entry_err(err, reply);
	if (redis_is_away(err)) {
		count_here(o);
		return;
	}
	/* With a ttl of 0 nothing is left of it. */
	if (!err && !bytes_to_u64(redis_string(reply), UINT64_MAX, &sum))
		sum = o->n;
	redis_end_count(o, err, sum);
}

struct op *redis_count(struct state *s, struct call call, enum state_space space, struct bytes key,
		       uint64_t n, uint64_t ttl_ms, state_count_cb *cb, void *ctx)
{
	struct redis_op *o = redis_op_new(s, call, space, key, ctx);
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	if (!o)
		return NULL;
	o->n = n;
	o->ttl_ms = ttl_ms;
	o->cb.count = cb;
	redis_args_init(&a);
	redis_add_key(o->r, &a, space, o->key);
	redis_args_add_u64(&a, n);
	redis_add_ttl(&a, ttl_ms);
	list = redis_args_list(&a);
	step = list ? redis_eval(o->r->link, call, &count_script, list, 1, list + 1, 2, on_count, o)
		    : NULL;
	redis_args_done(&a);
	return redis_op_start(o, step);
}
