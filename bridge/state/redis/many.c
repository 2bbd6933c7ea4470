/*
 * Several entries in one go: got by one command; put by scripts of about CHUNK_BYTES, so that
 * nobody else waits for long, all of them sent at once.
 *
 * Keywords are kept here, too: while Redis is away they are read on.
 */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "state/redis/redis_inside.h"

#define CHUNK_BYTES (1024 * 1024)
#define CHUNK_KEYS  1000

struct redis_chunk {
	struct redis_op *o;
	struct op *step;
};

struct redis_many {
	size_t count;
	struct bytes *keys, *values; /* values: NULL when they are got */
	enum err err;                /* the first one */
	size_t chunk_count, waits;
	struct redis_chunk *chunks;
	uint8_t bytes[];
};

void redis_many_free(struct redis_many *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->chunk_count; i++)
		op_cancel(m->chunks[i].step);
	free(m->keys);
	free(m->values);
	free(m->chunks);
	free(m);
}

static struct bytes *copy_list(const struct bytes *from, size_t count, uint8_t **room)
{
	struct bytes *to = calloc(count + 1, sizeof *to);

	for (size_t i = 0; to && i < count; i++) {
		if (bytes_is_null(from[i]))
			continue;
		to[i] = bytes_of(*room, from[i].len);
		memcpy(*room, from[i].at, from[i].len);
		*room += from[i].len;
	}
	return to;
}

static size_t sum_of(const struct bytes *list, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; list && i < count; i++)
		sum += list[i].len;
	return sum;
}

/* NULL: no memory. */
static struct redis_many *many_new(const struct bytes *keys, const struct bytes *values,
				   size_t count)
{
	struct redis_many *m =
		calloc(1, sizeof *m + sum_of(keys, count) + sum_of(values, count) + 1);
	uint8_t *room;

	if (!m)
		return NULL;
	room = m->bytes;
	m->count = count;
	m->keys = copy_list(keys, count, &room);
	if (values)
		m->values = copy_list(values, count, &room);
	if (m->keys && (m->values || !values))
		return m;
	redis_many_free(m);
	return NULL;
}

static struct redis_op *op_new(struct state *s, struct call call, enum state_space space,
			       const struct bytes *keys, const struct bytes *values, size_t count,
			       void *ctx)
{
	struct redis_op *o = redis_op_new(s, call, space, BYTES_NULL, ctx);

	if (!o)
		return NULL;
	o->count = count;
	o->many = many_new(keys, values, count);
	if (o->many)
		return o;
	redis_op_free(o);
	return NULL;
}

static void on_kept_here(void *ctx, enum err err)
{
	(void)ctx; /* what is not kept is not read while Redis is away */
	(void)err;
}

static void keep_here(struct redis_state *r, enum state_space space, const struct bytes *keys,
		      const struct bytes *values, size_t count, uint64_t ttl_ms)
{
	if (space == STATE_KEYWORDS && count)
		state_put_many(r->local, (struct call){ 0 }, space, keys, values, count, ttl_ms,
			       on_kept_here, NULL);
}

/* --- get --- */

/* What was read from Redis is known here for so long. */
#define KEPT_HERE_MS (UINT64_C(60) * 60 * 1000)

static void on_local_values(void *ctx, enum err err, const struct bytes *values, size_t count)
{
	struct redis_op *o = ctx;

	o->step = NULL;
	redis_end_values(o, err, values, count);
}

/* Of headers nothing is known then: the server has them. */
static void get_here(struct redis_op *o)
{
	o->step = state_get_many(o->r->local, o->call, o->space, o->many->keys, o->many->count,
				 on_local_values, o);
	if (!o->step)
		redis_end_values(o, ERR_NOMEM, NULL, 0);
}

/* NULL: no memory. */
static struct bytes *read_values(struct redis_op *o, const struct redisReply *reply)
{
	struct arena *mem = o->call.mem;
	struct bytes *values = ARENA_ARRAY(mem, o->many->count, struct bytes);
	uint64_t generation;

	for (size_t i = 0; values && i < o->many->count && i < reply->elements; i++) {
		struct bytes entry = redis_string(reply->element[i]), value;

		if (!bytes_is_null(entry) &&
		    redis_read_entry(o->r, o->space, o->many->keys[i], entry, mem, &value,
				     &generation) == ERR_OK)
			values[i] = arena_bytes(mem, value);
	}
	return arena_failed(mem) ? NULL : values;
}

static void on_got(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;
	struct bytes *values = NULL;

	o->step = NULL;
	err = redis_entry_err(err, reply);
	if (redis_is_away(err) && (o->space == STATE_HEADERS || o->space == STATE_KEYWORDS)) {
		get_here(o);
		return;
	}
	if (!err)
		values = read_values(o, reply);
	if (!err && !values)
		err = ERR_NOMEM;
	if (!err)
		keep_here(o->r, o->space, o->many->keys, values, o->many->count, KEPT_HERE_MS);
	redis_end_values(o, err, values, err ? 0 : o->count);
}

static void on_nothing(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_op *o = ctx;

	(void)err;
	(void)reply;
	o->step = NULL;
	if (o->many->values)
		redis_end_done(o, ERR_OK);
	else
		redis_end_values(o, ERR_OK, ARENA_ARRAY(o->call.mem, 0, struct bytes), 0);
}

/* Nothing was asked for; that is told from the loop, too. */
static struct op *ask_nothing(struct redis_op *o)
{
	const struct bytes ping = BYTES_LIT("PING");

	return redis_call(o->r->link, o->call, &ping, 1, on_nothing, o);
}

static struct op *ask(struct redis_op *o)
{
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	redis_args_init(&a);
	redis_args_add_str(&a, "MGET");
	for (size_t i = 0; i < o->many->count; i++)
		redis_add_key(o->r, &a, o->space, o->many->keys[i]);
	list = redis_args_list(&a);
	step = list ? redis_call(o->r->link, o->call, list, a.count, on_got, o) : NULL;
	redis_args_done(&a);
	return step;
}

struct op *redis_get_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx)
{
	struct redis_op *o = op_new(s, call, space, keys, NULL, count, ctx);

	if (!o)
		return NULL;
	o->cb.values = cb;
	return redis_op_start(o, count ? ask(o) : ask_nothing(o));
}

/* --- put --- */

/* KEYS: the last generation, then the entries; ARGV: time to live, for each entry a digit (1: it
 * has a value), a channel or nothing, what is not told there of keys, then the values. */
static struct redis_script put_script = {
	.text = REDIS_LUA_GENERATION
	"local ttl = tonumber(ARGV[1])\n"
	"local generation, refusal = next_generation(KEYS[1])\n"
	"if not generation then return refusal end\n"
	"for i = 2, #KEYS do\n"
	"  if ttl > 0 and string.sub(ARGV[2], i - 1, i - 1) == '1' then\n"
	"    redis.call('SET', KEYS[i], '\\1' .. generation .. ARGV[i + 3], 'PX', ttl)\n"
	"  else\n"
	"    redis.call('DEL', KEYS[i])\n"
	"  end\n"
	"  if ARGV[3] ~= '' then\n"
	"    redis.call('PUBLISH', ARGV[3], string.sub(KEYS[i], #ARGV[4] + 1))\n"
	"  end\n"
	"end\n"
	"return #KEYS\n",
};

static void on_chunk(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_chunk *chunk = ctx;
	struct redis_op *o = chunk->o;
	struct redis_many *m = o->many;

	chunk->step = NULL;
	err = redis_entry_err(err, reply);
	if (err && err != ERR_TOO_BIG && !m->err)
		m->err = err;
	if (--m->waits > 0)
		return;
	err = m->err;
	if (!err)
		keep_here(o->r, o->space, m->keys, m->values, m->count, o->ttl_ms);
	redis_end_done(o, err);
}

/* Where the chunk ends that begins there. */
static size_t chunk_end(const struct redis_many *m, size_t begin)
{
	size_t end = begin, bytes = 0;

	do
		bytes += m->keys[end].len + m->values[end].len;
	while (++end < m->count && end - begin < CHUNK_KEYS &&
	       bytes + m->values[end].len <= CHUNK_BYTES);
	return end;
}

static struct op *send_chunk(struct redis_op *o, struct redis_chunk *chunk, size_t begin,
			     size_t end)
{
	const struct redis_many *m = o->many;
	char digits[CHUNK_KEYS];
	struct redis_args a;
	const struct bytes *list;
	struct op *step;

	redis_args_init(&a);
	redis_args_lend(&a, bytes_of_str(o->r->generation_key));
	for (size_t i = begin; i < end; i++) {
		redis_add_key(o->r, &a, o->space, m->keys[i]);
		digits[i - begin] = bytes_is_null(m->values[i]) ? '0' : '1';
	}
	redis_add_ttl(&a, o->ttl_ms);
	redis_args_add(&a, bytes_of(digits, end - begin));
	redis_add_changed(o->r, &a, o->space);
	redis_add_space(o->r, &a, o->space);
	for (size_t i = begin; i < end; i++)
		redis_add_value(o->r, &a, o->space, m->keys[i], m->values[i]);
	list = redis_args_list(&a);
	step = list ? redis_eval(o->r->link, o->call, &put_script, list, 1 + end - begin,
				 list + 1 + end - begin, 4 + end - begin, on_chunk, chunk)
		    : NULL;
	redis_args_done(&a);
	return step;
}

static bool send_chunks(struct redis_op *o)
{
	struct redis_many *m = o->many;
	size_t count = 0;

	for (size_t i = 0; i < m->count; i = chunk_end(m, i))
		count++;
	m->chunks = calloc(count, sizeof *m->chunks);
	if (!m->chunks)
		return false;
	m->chunk_count = m->waits = count;
	for (size_t i = 0, n = 0; i < m->count; i = chunk_end(m, i), n++) {
		m->chunks[n].o = o;
		m->chunks[n].step = send_chunk(o, &m->chunks[n], i, chunk_end(m, i));
		if (!m->chunks[n].step)
			return false;
	}
	return true;
}

struct op *redis_put_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, const struct bytes *values, size_t count,
			  uint64_t ttl_ms, state_done_cb *cb, void *ctx)
{
	struct redis_op *o = op_new(s, call, space, keys, values, count, ctx);

	if (!o)
		return NULL;
	o->ttl_ms = ttl_ms;
	o->cb.done = cb;
	for (size_t i = 0; space == STATE_SESSION && i < count; i++)
		redis_near_forget(&o->r->near, keys[i]);
	if (count == 0)
		return redis_op_start(o, ask_nothing(o));
	if (send_chunks(o))
		return &o->op;
	redis_op_free(o);
	return NULL;
}
