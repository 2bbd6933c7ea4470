/* What happens to keys beside requests: outcomes on their way to the store, that this
 * process lives, and what the journal told of the one before. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "endpoint/idempotency_inside.h"
#include "state/share.h"

#define OP_MS          10000
#define RETRY_MS       1000
#define KEEP_TRYING_MS (10 * 60 * 1000)
#define ALIVE_EVERY_MS 5000
#define ALIVE_TTL_MS   20000
#define OP_MEM_BYTES   ((size_t)1 << 20)
#define UNKNOWN_MAX    256

static bool is_away(enum err err)
{
	return err == ERR_NET || err == ERR_TIMEOUT || err == ERR_BUSY || err == ERR_NOMEM;
}

static struct call call_in(struct arena *mem)
{
	return (struct call){ .mem = mem,
			      .deadline_ms = clock_monotonic_ms() + OP_MS,
			      .cls = CALL_INTERACTIVE };
}

/* --- keys that are free again -------------------------------------------------------- */

void idempotency_note_free(struct idempotency *i, const struct hash_sha256 *key)
{
	i->free_keys[i->free_next++ % IDEMPOTENCY_FREE_MAX] = *key;
}

bool idempotency_take_free(struct idempotency *i, const struct hash_sha256 *key)
{
	for (size_t n = 0; n < IDEMPOTENCY_FREE_MAX; n++) {
		if (memcmp(&i->free_keys[n], key, sizeof *key) != 0)
			continue;
		memset(&i->free_keys[n], 0, sizeof *key);
		return true;
	}
	return false;
}

/* --- outcomes ------------------------------------------------------------------------- */

void guarded_free(struct guarded *g)
{
	if (g->is_claimed)
		TAILQ_REMOVE(&g->of->all, g, link);
	loop_task_stop(&g->hash_task);
	loop_timer_stop(g->of->loop, &g->retry);
	op_cancel(g->op);
	buf_done(&g->final);
	arena_free(g->mem);
	free(g);
}

static void keep(struct guarded *g);

static void on_retry(struct loop_timer *t)
{
	keep((struct guarded *)(void *)((char *)t - offsetof(struct guarded, retry)));
}

static void on_kept(void *ctx, enum err err)
{
	struct guarded *g = ctx;

	g->op = NULL;
	g->retry.fire = on_retry;
	if (!is_away(err) || clock_monotonic_ms() > g->give_up_ms ||
	    !loop_timer_start(g->of->loop, &g->retry, RETRY_MS))
		guarded_free(g);
}

static void on_deleted(void *ctx, enum err err)
{
	struct guarded *g = ctx;

	g->op = NULL;
	/* Once only: later on it might be another's claim. */
	if (is_away(err))
		idempotency_note_free(g->of, &g->key);
	guarded_free(g);
}

static void keep(struct guarded *g)
{
	struct bytes key = bytes_of(g->key.at, sizeof g->key.at), value = buf_bytes(&g->final);
	struct state *s = g->of->state;

	if (!g->mem)
		g->mem = arena_new(OP_MEM_BYTES);
	if (g->mem && value.len)
		g->op = state_put(s, call_in(g->mem), STATE_IDEMPOTENCY, key, value,
				  IDEMPOTENCY_KEEP_MS, STATE_ANY, on_kept, g);
	else if (g->mem)
		g->op = state_delete(s, call_in(g->mem), STATE_IDEMPOTENCY, key, on_deleted, g);
	if (!g->op && value.len)
		on_kept(g, ERR_NOMEM);
	else if (!g->op)
		on_deleted(g, ERR_NOMEM);
}

void idempotency_keep(struct guarded *g)
{
	g->give_up_ms = clock_monotonic_ms() + KEEP_TRYING_MS;
	keep(g);
}

/* --- that we live ----------------------------------------------------------------------- */

struct bytes idempotency_alive_key(const uint8_t *process,
				   uint8_t to[1 + IDEMPOTENCY_PROCESS_BYTES])
{
	to[0] = 'p';
	memcpy(to + 1, process, IDEMPOTENCY_PROCESS_BYTES);
	return bytes_of(to, 1 + IDEMPOTENCY_PROCESS_BYTES);
}

static void on_said(void *ctx, enum err err)
{
	struct idempotency *i = ctx;

	i->alive_op = NULL;
	if (err)
		i->alive_ms = 0; /* before the next claim, then */
}

static void on_alive_due(struct loop_timer *t)
{
	struct idempotency *i =
		(struct idempotency *)(void *)((char *)t - offsetof(struct idempotency, alive));

	if (TAILQ_EMPTY(&i->all))
		return;
	i->alive_ms = 0;
	idempotency_say_alive(i);
}

void idempotency_say_alive(struct idempotency *i)
{
	uint64_t now = clock_monotonic_ms();
	uint8_t key[1 + IDEMPOTENCY_PROCESS_BYTES];

	if (!state_is_shared(i->state))
		return;
	i->alive.fire = on_alive_due;
	if (!loop_timer_is_on(&i->alive) && !loop_timer_start(i->loop, &i->alive, ALIVE_EVERY_MS))
		log_msg(LOG_WARN, "memory", "no timer: other processes may take us for dead");
	if (i->alive_op || (i->alive_ms && now - i->alive_ms < ALIVE_EVERY_MS))
		return;
	i->alive_ms = now;
	i->alive_op = state_put(i->state, call_in(i->alive_mem), STATE_IDEMPOTENCY,
				idempotency_alive_key(i->process, key), BYTES_LIT("1"),
				ALIVE_TTL_MS, STATE_ANY, on_said, i);
}

/* --- what the journal told ------------------------------------------------------------- */

static void restore_next(struct idempotency *i);

bool idempotency_is_restored(const struct idempotency *i)
{
	return STAILQ_EMPTY(&i->restoring);
}

static void drop_first(struct idempotency *i)
{
	struct restored *r = STAILQ_FIRST(&i->restoring);

	STAILQ_REMOVE_HEAD(&i->restoring, link);
	free(r);
}

static void on_restore_due(struct loop_timer *t)
{
	restore_next((struct idempotency *)(void *)((char *)t -
						    offsetof(struct idempotency, restore_later)));
}

/* The first one is done with, whatever came of it, unless the store is away. */
static void restored(struct idempotency *i, enum err err)
{
	i->restore_op = NULL;
	if (!is_away(err)) {
		drop_first(i);
		restore_next(i);
		return;
	}
	i->restore_later.fire = on_restore_due;
	if (!loop_timer_start(i->loop, &i->restore_later, RETRY_MS))
		log_msg(LOG_ERROR, "memory", "no timer: Idempotency-Keys are not taken");
}

static void on_replaced(void *ctx, enum err err)
{
	restored(ctx, err);
}

static struct op *put(struct idempotency *i, const struct restored *r, uint64_t expected,
		      state_done_cb *cb)
{
	int64_t age_ms = clock_wall_ms() - r->record.created_ms;
	uint64_t left_ms = age_ms <= 0 ? IDEMPOTENCY_KEEP_MS
			   : (uint64_t)age_ms < IDEMPOTENCY_KEEP_MS
				   ? IDEMPOTENCY_KEEP_MS - (uint64_t)age_ms
				   : 1;

	return state_put(i->state, call_in(i->restore_mem), STATE_IDEMPOTENCY,
			 bytes_of(r->key.at, sizeof r->key.at), bytes_of(r->text, r->len), left_ms,
			 expected, cb, i);
}

/* What that process claimed and could not end any more, we end. */
static void on_other(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct idempotency *i = ctx;
	const struct restored *r = STAILQ_FIRST(&i->restoring);
	struct idempotency_record there;

	i->restore_op = NULL;
	if (!err && idempotency_record_read(value, &there) && there.state == IDEMPOTENCY_RUNNING &&
	    there.created_ms <= r->record.created_ms) {
		i->restore_op = put(i, r, generation, on_replaced);
		if (i->restore_op)
			return;
		err = ERR_NOMEM;
	}
	restored(i, err);
}

static void on_restored(void *ctx, enum err err)
{
	struct idempotency *i = ctx;
	const struct restored *r = STAILQ_FIRST(&i->restoring);

	if (err != ERR_CONFLICT) {
		restored(i, err);
		return;
	}
	i->restore_op = state_get(i->state, call_in(i->restore_mem), STATE_IDEMPOTENCY,
				  bytes_of(r->key.at, sizeof r->key.at), 0, on_other, i);
	if (!i->restore_op)
		restored(i, ERR_NOMEM);
}

static void restore_next(struct idempotency *i)
{
	arena_free(i->restore_mem);
	i->restore_mem = NULL;
	if (STAILQ_EMPTY(&i->restoring))
		return;
	i->restore_mem = arena_new(OP_MEM_BYTES);
	if (i->restore_mem)
		i->restore_op = put(i, STAILQ_FIRST(&i->restoring), STATE_ABSENT, on_restored);
	if (!i->restore_op)
		restored(i, ERR_NOMEM);
}

void idempotency_use_journal(struct idempotency *i, struct journal *j)
{
	i->journal = j;
	restore_next(i);
}

/* --- from the journal ------------------------------------------------------------------- */

static void log_doubt(const struct journal_past *past)
{
	struct log_line l;

	log_begin(&l, LOG_WARN, "in-doubt");
	log_field_str(&l, "kind", journal_kind_name(past->intent.kind));
	log_field(&l, "account", past->intent.account);
	log_field_u64(&l, "unix_ms", (uint64_t)past->at_ms);
	log_field_str(&l, "msg",
		      "a process that has gone had begun this; it may have been done or not");
	log_end(&l);
}

/* Borrowed until the next one; null when memory is short. */
static struct bytes unknown_record(struct idempotency *i, const struct journal_past *past)
{
	struct idempotency_record r = { .state = IDEMPOTENCY_UNKNOWN, .created_ms = past->at_ms };

	if (past->intent.print.len == sizeof r.print)
		memcpy(r.print, past->intent.print.at, sizeof r.print);
	buf_done(&i->unknown);
	buf_init(&i->unknown, UNKNOWN_MAX);
	idempotency_record_write(&i->unknown, &r);
	return buf_err(&i->unknown) ? BYTES_NULL : buf_bytes(&i->unknown);
}

static void restore(struct idempotency *i, struct bytes key, struct bytes text)
{
	struct restored *r = calloc(1, sizeof *r + text.len);

	if (!r || key.len != sizeof r->key.at || !idempotency_record_read(text, &r->record)) {
		free(r);
		return;
	}
	memcpy(r->key.at, key.at, key.len);
	memcpy(r->text, text.at, text.len);
	r->len = text.len;
	STAILQ_INSERT_TAIL(&i->restoring, r, link);
}

struct bytes idempotency_past(void *idempotency, const struct journal_past *past)
{
	struct idempotency *i = idempotency;
	struct bytes answer = past->answer;

	if (past->is_in_doubt) {
		log_doubt(past);
		answer = unknown_record(i, past);
	}
	if (!bytes_is_null(past->intent.key) && !bytes_is_null(answer))
		restore(i, past->intent.key, answer);
	return answer;
}

/* --- life --------------------------------------------------------------------------------- */

struct idempotency *idempotency_new(struct loop *loop, struct state *state)
{
	struct idempotency *i = calloc(1, sizeof *i);

	if (!i)
		return NULL;
	i->loop = loop;
	i->state = state;
	TAILQ_INIT(&i->all);
	STAILQ_INIT(&i->restoring);
	buf_init(&i->unknown, UNKNOWN_MAX);
	i->alive_mem = arena_new(OP_MEM_BYTES);
	if (i->alive_mem && hash_random(i->process, sizeof i->process))
		return i;
	idempotency_free(i);
	return NULL;
}

void idempotency_free(struct idempotency *i)
{
	if (!i)
		return;
	while (!TAILQ_EMPTY(&i->all))
		guarded_free(TAILQ_FIRST(&i->all));
	while (!STAILQ_EMPTY(&i->restoring))
		drop_first(i);
	op_cancel(i->restore_op);
	op_cancel(i->alive_op);
	loop_timer_stop(i->loop, &i->restore_later);
	loop_timer_stop(i->loop, &i->alive);
	arena_free(i->restore_mem);
	arena_free(i->alive_mem);
	buf_done(&i->unknown);
	free(i);
}
