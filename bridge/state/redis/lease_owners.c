#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "state/redis/leases_inside.h"

#define LOOK_MS    1000
#define OWNERS_MAX 256 /* looked at in one call */

/* KEYS: of processes. Gives for how many ms each will live. */
static struct redis_script look_script = {
	.text = "local r = {}\n"
		"for i, key in ipairs(KEYS) do r[i] = redis.call('PTTL', key) end\n"
		"return r\n",
};

void lease_plan_look(struct redis_leases *s, uint64_t delay_ms)
{
	/* The beat is there, too. */
	if (!loop_timer_start(s->process->loop, &s->timer, delay_ms))
		loop_timer_stop(s->process->loop, &s->timer);
}

static struct redis_owner *find_owner(struct redis_leases *s, struct bytes id)
{
	return (struct redis_owner *)keymap_find(&s->owners, id);
}

struct redis_owner *lease_owner_of(struct redis_leases *s, struct bytes id)
{
	struct redis_owner *o = find_owner(s, id);

	if (o)
		return o;
	o = calloc(1, sizeof *o + id.len);
	if (!o)
		return NULL;
	memcpy(o->id, id.at, id.len);
	o->node.key = bytes_of(o->id, id.len);
	TAILQ_INIT(&o->leases);
	keymap_insert(&s->owners, &o->node);
	if (!loop_timer_is_on(&s->timer))
		lease_plan_look(s, 0);
	return o;
}

void lease_set_owner(struct redis_lease *l, struct redis_owner *o)
{
	struct redis_owner *old = l->owner;

	if (old == o)
		return;
	if (old)
		TAILQ_REMOVE(&old->leases, l, of_owner);
	if (o)
		TAILQ_INSERT_TAIL(&o->leases, l, of_owner);
	l->owner = o;
	if (!old || !TAILQ_EMPTY(&old->leases))
		return;
	keymap_remove(&l->leases->owners, &old->node);
	free(old);
}

static void owner_is_gone(struct redis_owner *o, bool said_so)
{
	struct redis_lease *l;

	TAILQ_FOREACH(l, &o->leases, of_owner)
	{
		l->is_given_up = l->is_given_up || said_so;
		lease_make_due_now(l);
	}
}

void lease_owner_is_gone(struct redis_leases *s, struct bytes id)
{
	struct redis_owner *o = find_owner(s, id);

	if (o)
		owner_is_gone(o, true);
}

static bool may_be_gone(void *ctx, struct keymap_node *n)
{
	(void)ctx;
	owner_is_gone((struct redis_owner *)n, false);
	return true;
}

void lease_owners_may_be_gone(struct redis_leases *s)
{
	keymap_each(&s->owners, BYTES_LIT(""), may_be_gone, NULL);
}

struct owner_list {
	struct redis_args args;
	struct redis_leases *leases;
};

static bool add_owner(void *ctx, struct keymap_node *n)
{
	struct owner_list *l = ctx;

	redis_process_add_key(l->leases->process, &l->args, "process", n->key);
	return l->args.count < OWNERS_MAX;
}

struct sight {
	const struct redisReply *reply;
	size_t n;
	uint64_t next_ms;
};

/* In the same order; those that came meanwhile shift it, which costs a look. */
static bool look_at_owner(void *ctx, struct keymap_node *n)
{
	struct sight *s = ctx;
	const struct redisReply *r = s->reply->element[s->n++];

	if (r->type == REDIS_REPLY_INTEGER && r->integer < 0)
		owner_is_gone((struct redis_owner *)n, false);
	else if (r->type == REDIS_REPLY_INTEGER && (uint64_t)r->integer < s->next_ms)
		s->next_ms = (uint64_t)r->integer + 1;
	return s->n < s->reply->elements;
}

static void on_looked(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_leases *s = ctx;
	struct sight sight = { .reply = reply, .next_ms = LOOK_MS };

	s->look = NULL;
	if (!err && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
		keymap_each(&s->owners, BYTES_LIT(""), look_at_owner, &sight);
	if (s->owners.root)
		lease_plan_look(s, sight.next_ms);
}

/* An owner whose heartbeat fails dies at a known moment: it is looked at then. */
void lease_on_look_timer(struct loop_timer *t)
{
	struct redis_leases *s =
		(struct redis_leases *)((char *)t - offsetof(struct redis_leases, timer));
	struct owner_list list = { .leases = s };
	const struct bytes *args;

	if (s->look || !s->owners.root || !redis_process_is_in_touch(s->process))
		return;
	redis_args_init(&list.args);
	keymap_each(&s->owners, BYTES_LIT(""), add_owner, &list);
	args = redis_args_list(&list.args);
	if (args)
		s->look = redis_eval(s->process->link, redis_process_call(), &look_script, args,
				     list.args.count, NULL, 0, on_looked, s);
	redis_args_done(&list.args);
}
