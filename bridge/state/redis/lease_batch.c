#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "state/redis/leases_inside.h"

#define TTL_MS    UINT64_C(3600000) /* of a lease's key; the owner refreshes it */
#define BATCH_MAX 256

struct redis_lease_batch {
	struct redis_leases *leases;
	struct op *op;
	struct redis_lease_batch *next, **prev;
	unsigned lapses; /* as when it was sent */
	size_t count;
	struct redis_lease *at[BATCH_MAX];
	bool is_leaving[BATCH_MAX];
};

/* KEYS: of the leases. ARGV: us, their time to live, the keys' prefix of processes and of
 * leases, the channel; then "want" or "leave" for each. Gives for each who has it now: ""
 * are we, or nobody because we left. */
static struct redis_script batch_script = {
	.text = "local me, ttl, alive, r = ARGV[1], ARGV[2], {}, {}\n"
		"for i, key in ipairs(KEYS) do\n"
		"  local owner = redis.pcall('GET', key)\n"
		"  if type(owner) ~= 'string' then owner = nil end\n"
		"  r[i] = ''\n"
		"  if ARGV[5 + i] == 'leave' then\n"
		"    if owner == me then\n"
		"      redis.call('DEL', key)\n"
		"      redis.call('PUBLISH', ARGV[5], '-' .. string.sub(key, #ARGV[4] + 1))\n"
		"    end\n"
		"  else\n"
		"    if owner and owner ~= me and alive[owner] == nil then\n"
		"      alive[owner] = redis.call('EXISTS', ARGV[3] .. owner) == 1\n"
		"    end\n"
		"    if owner and owner ~= me and alive[owner] then\n"
		"      r[i] = owner\n"
		"    else\n"
		"      redis.call('SET', key, me, 'PX', ttl)\n"
		"    end\n"
		"  end\n"
		"end\n"
		"return r\n",
};

/* --- batches --- */

void lease_set_turn(struct redis_lease *l, enum state_turn turn)
{
	if (l->of->turn == turn)
		return;
	l->of->turn = turn;
	loop_task_start(l->leases->process->loop, &l->of->task);
}

/* Who has it, as the batch found it; null: could not be asked. */
static void take(struct redis_lease *l, bool was_leaving, struct bytes owner)
{
	struct redis_owner *o = NULL;

	if (bytes_is_null(owner)) {
		lease_make_due(l); /* the next beat tries again */
		return;
	}
	if (was_leaving != !l->of || l->under_way) {
		return; /* it has been due again since: what is said then counts */
	}
	if (!l->of) {
		if (!l->is_due)
			lease_free(l);
		return;
	}
	l->is_given_up = false;
	if (owner.len)
		o = lease_owner_of(l->leases, owner);
	lease_set_owner(l, o);
	lease_set_turn(l, owner.len ? STATE_TURN_THEIRS : STATE_TURN_OURS);
	if (owner.len && !o)
		lease_make_due(l);
}

static void batch_free(struct redis_lease_batch *b)
{
	*b->prev = b->next;
	if (b->next)
		b->next->prev = b->prev;
	free(b);
}

static void on_batch(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_lease_batch *b = ctx;
	/* What was ours before we slept need not be so any more. */
	bool is_good = !err && reply->type == REDIS_REPLY_ARRAY && reply->elements == b->count &&
		       b->lapses == b->leases->process->lapses;

	for (size_t i = 0; i < b->count; i++) {
		const struct redisReply *r = is_good ? reply->element[i] : NULL;

		b->at[i]->under_way--;
		take(b->at[i], b->is_leaving[i],
		     r && r->type == REDIS_REPLY_STRING ? bytes_of(r->str, r->len) : BYTES_NULL);
	}
	batch_free(b);
}

static bool send(struct redis_lease_batch *b)
{
	struct redis_leases *s = b->leases;
	struct redis_process *p = s->process;
	struct redis_args a;
	const struct bytes *list;

	redis_args_init(&a);
	for (size_t i = 0; i < b->count; i++)
		redis_process_add_key(p, &a, "lease", b->at[i]->node.key);
	redis_args_add_str(&a, p->id);
	redis_args_add_u64(&a, TTL_MS);
	redis_process_add_key(p, &a, "process", BYTES_LIT(""));
	redis_process_add_key(p, &a, "lease", BYTES_LIT(""));
	redis_process_add_channel(p, &a, "lease", BYTES_LIT(""));
	for (size_t i = 0; i < b->count; i++)
		redis_args_add_str(&a, b->is_leaving[i] ? "leave" : "want");
	list = redis_args_list(&a);
	if (list)
		b->op = redis_eval(p->link, redis_process_call(), &batch_script, list, b->count,
				   list + b->count, a.count - b->count, on_batch, b);
	redis_args_done(&a);
	return b->op != NULL;
}

static bool is_polite(const struct redis_lease *l, uint64_t now)
{
	return l->of && l->of->turn == STATE_TURN_THEIRS && !l->is_given_up &&
	       now < l->leases->polite_until_ms;
}

/* False: the next beat goes on. */
static bool send_some(struct redis_leases *s)
{
	struct redis_lease_batch *b = calloc(1, sizeof *b);
	uint64_t now = clock_monotonic_ms();
	struct redis_lease *l;

	if (!b)
		return false;
	b->leases = s;
	b->lapses = s->process->lapses;
	for (l = TAILQ_FIRST(&s->due); l && b->count < BATCH_MAX; l = TAILQ_NEXT(l, of_due)) {
		if (is_polite(l, now))
			continue;
		b->is_leaving[b->count] = !l->of;
		b->at[b->count++] = l;
	}
	if (!b->count || !send(b)) {
		free(b);
		return false;
	}
	for (size_t i = 0; i < b->count; i++) {
		lease_make_undue(b->at[i]);
		b->at[i]->under_way++;
	}
	b->next = s->batches;
	b->prev = &s->batches;
	if (b->next)
		b->next->prev = &b->next;
	s->batches = b;
	return true;
}

void lease_on_task(struct loop_task *t)
{
	struct redis_leases *s =
		(struct redis_leases *)((char *)t - offsetof(struct redis_leases, task));
	bool goes_on = redis_process_is_in_touch(s->process);

	while (goes_on && !TAILQ_EMPTY(&s->due))
		goes_on = send_some(s);
}

void lease_batches_free(struct redis_leases *s)
{
	while (s->batches) {
		op_cancel(s->batches->op);
		batch_free(s->batches);
	}
}
