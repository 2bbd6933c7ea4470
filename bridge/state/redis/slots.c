#include "state/redis/slots.h"

#include <stdlib.h>

#include <hiredis/hiredis.h>

#define TTL_MS        UINT64_C(3600000) /* of a name's key; writing refreshes it */
#define REFRESH_BEATS 600
#define WRITE_MAX     256

struct redis_slot {
	struct keymap_node node; /* its key is `name` */
	uint64_t count;          /* ours, with those that are being asked for */
	unsigned under_way;      /* operations that know it */
	bool is_doubted;         /* Redis may know another count */
	uint8_t name[];
};

/* A take, a give, or the writing of some. */
struct redis_slot_op {
	struct op op; /* of a take: what its caller holds */
	struct redis_slots *slots;
	struct op *call;
	struct redis_slot_op *next, **prev;
	unsigned writes; /* as when it was sent */
	bool is_take;
	state_done_cb *cb; /* NULL: nobody waits for it */
	void *ctx;
	size_t count;
	struct redis_slot *at[];
};

/* KEYS: of the slots. ARGV: us, how many there are in all, the key's time to live, the keys'
 * prefix of processes. */
static struct redis_script take_script = {
	.text = "local key, me, sum = KEYS[1], ARGV[1], 0\n"
		"if redis.call('TYPE', key).ok ~= 'hash' then redis.call('DEL', key) end\n"
		"local all = redis.call('HGETALL', key)\n"
		"for i = 1, #all, 2 do\n"
		"  if all[i] == me or redis.call('EXISTS', ARGV[4] .. all[i]) == 1 then\n"
		"    sum = sum + tonumber(all[i + 1])\n"
		"  else\n"
		"    redis.call('HDEL', key, all[i])\n"
		"  end\n"
		"end\n"
		"if sum >= tonumber(ARGV[2]) then return 0 end\n"
		"redis.call('HINCRBY', key, me, 1)\n"
		"redis.call('PEXPIRE', key, ARGV[3])\n"
		"return 1\n",
};

/* ARGV: us. */
static struct redis_script give_script = {
	.text = "local n = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)\n"
		"if n > 1 then\n"
		"  redis.call('HINCRBY', KEYS[1], ARGV[1], -1)\n"
		"else\n"
		"  redis.call('HDEL', KEYS[1], ARGV[1])\n"
		"end\n"
		"return 1\n",
};

/* KEYS: of the slots. ARGV: us, the keys' time to live, then how many we have of each. */
static struct redis_script write_script = {
	.text = "for i, key in ipairs(KEYS) do\n"
		"  if ARGV[2 + i] == '0' then\n"
		"    redis.call('HDEL', key, ARGV[1])\n"
		"  else\n"
		"    redis.call('HSET', key, ARGV[1], ARGV[2 + i])\n"
		"    redis.call('PEXPIRE', key, ARGV[2])\n"
		"  end\n"
		"end\n"
		"return 1\n",
};

/* --- names and operations ----------------------------------------------------- */

static struct redis_slot *slot_of(struct redis_slots *s, struct bytes name)
{
	struct redis_slot *slot = (struct redis_slot *)keymap_find(&s->names, name);

	if (slot)
		return slot;
	slot = calloc(1, sizeof *slot + name.len);
	if (!slot)
		return NULL;
	if (name.len)
		memcpy(slot->name, name.at, name.len);
	slot->node.key = bytes_of(slot->name, name.len);
	keymap_insert(&s->names, &slot->node);
	return slot;
}

static void free_if_unused(struct redis_slots *s, struct redis_slot *slot)
{
	if (slot->count || slot->under_way || slot->is_doubted)
		return;
	keymap_remove(&s->names, &slot->node);
	free(slot);
}

static void doubt(struct redis_slots *s, struct redis_slot *slot)
{
	slot->is_doubted = true;
	s->must_write = true;
}

static struct redis_slot_op *op_new(struct redis_slots *s, size_t max)
{
	struct redis_slot_op *o = calloc(1, sizeof *o + max * sizeof(struct redis_slot *));

	if (!o)
		return NULL;
	o->slots = s;
	o->writes = s->writes;
	o->next = s->ops;
	o->prev = &s->ops;
	if (o->next)
		o->next->prev = &o->next;
	s->ops = o;
	return o;
}

static void add(struct redis_slot_op *o, struct redis_slot *slot)
{
	slot->under_way++;
	o->at[o->count++] = slot;
}

static void op_free(struct redis_slot_op *o)
{
	*o->prev = o->next;
	if (o->next)
		o->next->prev = o->prev;
	for (size_t i = 0; i < o->count; i++) {
		o->at[i]->under_way--;
		free_if_unused(o->slots, o->at[i]);
	}
	free(o);
}

static bool start(struct redis_slot_op *o, struct call call, struct redis_script *script,
		  struct redis_args *a, redis_cb *cb)
{
	const struct bytes *list = redis_args_list(a);

	if (list)
		o->call = redis_eval(o->slots->process->link, call, script, list, o->count,
				     list + o->count, a->count - o->count, cb, o);
	redis_args_done(a);
	return o->call != NULL;
}

/* --- writing them again --- */

struct writing {
	struct redis_slots *slots;
	struct redis_slot_op *op; /* being filled */
};

static void on_written(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_slot_op *o = ctx;

	(void)reply;
	for (size_t i = 0; err && i < o->count; i++)
		doubt(o->slots, o->at[i]);
	op_free(o);
}

static void send(struct writing *w)
{
	struct redis_slot_op *o = w->op;
	struct redis_process *p = w->slots->process;
	struct redis_args a;

	w->op = NULL;
	if (!o)
		return;
	redis_args_init(&a);
	for (size_t i = 0; i < o->count; i++)
		redis_process_add_key(p, &a, "slot", o->at[i]->node.key);
	redis_args_add_str(&a, p->id);
	redis_args_add_u64(&a, TTL_MS);
	for (size_t i = 0; i < o->count; i++) {
		redis_args_add_u64(&a, o->at[i]->count);
		o->at[i]->is_doubted = false;
	}
	if (!start(o, redis_process_call(), &write_script, &a, on_written))
		on_written(o, ERR_NOMEM, NULL);
}

static bool write_slot(void *ctx, struct keymap_node *n)
{
	struct writing *w = ctx;

	if (!w->op)
		w->op = op_new(w->slots, WRITE_MAX);
	if (!w->op)
		return false;
	add(w->op, (struct redis_slot *)n);
	if (w->op->count == WRITE_MAX)
		send(w);
	return true;
}

static void write_one(struct redis_slots *s, struct redis_slot *slot)
{
	struct writing w = { .slots = s };

	s->writes++;
	if (!write_slot(&w, &slot->node))
		doubt(s, slot);
	send(&w);
}

/* --- take, give --- */

static void on_given(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_slot_op *o = ctx;

	(void)reply;
	if (err)
		doubt(o->slots, o->at[0]);
	op_free(o);
}

static void give(struct redis_slots *s, struct redis_slot *slot)
{
	struct redis_slot_op *o = op_new(s, 1);
	struct redis_args a;

	slot->count--;
	if (!o) {
		doubt(s, slot);
		return;
	}
	add(o, slot);
	redis_args_init(&a);
	redis_process_add_key(s->process, &a, "slot", slot->node.key);
	redis_args_add_str(&a, s->process->id);
	if (start(o, redis_process_call(), &give_script, &a, on_given))
		return;
	doubt(s, slot);
	op_free(o);
}

void redis_slot_give(struct redis_slots *s, struct bytes name)
{
	struct redis_slot *slot = (struct redis_slot *)keymap_find(&s->names, name);

	if (slot && slot->count)
		give(s, slot);
}

static void on_taken(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_slot_op *o = ctx;
	struct redis_slots *s = o->slots;
	struct redis_slot *slot = o->at[0];
	state_done_cb *cb = o->cb;
	void *cb_ctx = o->ctx;

	if (err == ERR_BUSY || err == ERR_REFUSED)
		err = ERR_NET; /* too much at once, or it cannot write: go on without */
	if (!err && reply->type == REDIS_REPLY_INTEGER && reply->integer == 0) {
		err = ERR_BUSY;
		slot->count--;
		if (o->writes != s->writes)
			write_one(s, slot); /* it was written as if we had it */
	} else if (err) {
		doubt(s, slot);
	}
	if (!cb && err != ERR_BUSY)
		give(s, slot);
	op_free(o);
	if (cb)
		cb(cb_ctx, err);
}

/* It may be ours already: once that is known it is given back. */
static void on_cancel(struct op *op)
{
	((struct redis_slot_op *)op)->cb = NULL;
}

struct op *redis_slot_take(struct redis_slots *s, struct call call, struct bytes name, unsigned max,
			   state_done_cb *cb, void *ctx)
{
	static const struct op_class cls = { .cancel = on_cancel };
	struct redis_slot *slot = slot_of(s, name);
	struct redis_slot_op *o = slot ? op_new(s, 1) : NULL;
	struct redis_args a;

	if (!o) {
		if (slot)
			free_if_unused(s, slot);
		return NULL;
	}
	o->op.cls = &cls;
	o->is_take = true;
	o->cb = cb;
	o->ctx = ctx;
	add(o, slot);
	slot->count++;
	redis_args_init(&a);
	redis_process_add_key(s->process, &a, "slot", name);
	redis_args_add_str(&a, s->process->id);
	redis_args_add_u64(&a, max);
	redis_args_add_u64(&a, TTL_MS);
	redis_process_add_key(s->process, &a, "process", BYTES_LIT(""));
	if (start(o, call, &take_script, &a, on_taken))
		return &o->op;
	slot->count--;
	op_free(o);
	return NULL;
}

/* --- all of them -------------------------------------------------------------- */

static void write_all(struct redis_slots *s)
{
	struct writing w = { .slots = s };

	s->writes++;
	s->must_write = false;
	keymap_each(&s->names, BYTES_LIT(""), write_slot, &w);
	send(&w);
}

static struct redis_slots *of_user(struct redis_process_user *u)
{
	return (struct redis_slots *)((char *)u - offsetof(struct redis_slots, of_process));
}

static void on_lapse(struct redis_process_user *u)
{
	(void)u; /* they were given to others; what we use we use all the same */
}

static void on_back(struct redis_process_user *u)
{
	write_all(of_user(u));
}

static void on_beat(struct redis_process_user *u)
{
	struct redis_slots *s = of_user(u);

	if (++s->beats % REFRESH_BEATS == 0 || s->must_write)
		write_all(s);
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */

enum err redis_slots_init(struct redis_slots *s, struct redis_process *p)
{
	*s = (struct redis_slots){
		.process = p,
		.of_process = { .on_lapse = on_lapse, .on_back = on_back, .on_beat = on_beat },
	};
	if (!keymap_init(&s->names))
		return ERR_INTERNAL;
	redis_process_join(p, &s->of_process);
	return ERR_OK;
}

void redis_slots_done(struct redis_slots *s)
{
	while (s->ops) {
		op_cancel(s->ops->call);
		op_free(s->ops);
	}
	while (s->names.root) {
		struct redis_slot *slot = (struct redis_slot *)s->names.root;

		keymap_remove(&s->names, &slot->node);
		free(slot);
	}
}
