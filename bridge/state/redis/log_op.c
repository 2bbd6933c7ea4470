/*
 * Operations on a log begin in the order in which they were started. An append is in the
 * mirror at once and told when Redis has it, or is away; what comes after it waits for that.
 * At most one is told by each run of the task, last of all: its callback may do anything.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "state/redis/logs_inside.h"

/* --- operations --------------------------------------------------------------- */

void redis_log_op_move(struct redis_log_op *o, struct redis_log_ops *to)
{
	if (o->list)
		TAILQ_REMOVE(o->list, o, entry);
	o->list = to;
	if (to)
		TAILQ_INSERT_TAIL(to, o, entry);
}

void redis_log_op_free(struct redis_log_op *o)
{
	struct redis_log *log = o->log;

	redis_log_op_move(o, NULL);
	if (log->opening == o) {
		log->opening = NULL;
		redis_log_go_on(log);
	}
	log_batch_free(o->batch);
	free(o);
	redis_log_free_if_unused(log);
}

static void on_cancel(struct op *op)
{
	struct redis_log_op *o = (struct redis_log_op *)op;

	op_cancel(o->asks);
	redis_log_op_free(o);
}

static struct redis_log_op *op_new(struct redis_logs *s, struct call call, struct bytes name,
				   enum redis_log_what what, void *ctx)
{
	static const struct op_class cls = { .cancel = on_cancel };
	struct redis_log *log = redis_log_of(s, name);
	struct redis_log_op *o = log ? calloc(1, sizeof *o) : NULL;

	if (!o) {
		if (log)
			redis_log_free_if_unused(log);
		return NULL;
	}
	o->op.cls = &cls;
	o->log = log;
	o->what = what;
	o->call = call;
	o->ctx = ctx;
	redis_log_op_move(o, &log->ops);
	redis_log_go_on(log);
	return o;
}

void redis_log_go_on(struct redis_log *log)
{
	loop_task_start(log->logs->process->loop, &log->task);
}

/* --- telling ------------------------------------------------------------------ */

void redis_log_tell_opened(struct redis_log_op *o, enum err err, struct state_cursor previous)
{
	const struct event_log *mirror = &o->log->mirror;
	struct state_baseline *list = err ? NULL : event_log_baselines(mirror, o->call.mem);
	struct state_cursor top = err ? (struct state_cursor){ 0, 0 } : mirror->top;
	size_t count = list ? mirror->baseline_count : 0;
	state_log_open_cb *cb = o->cb.open;
	void *ctx = o->ctx;

	if (!err && !list)
		err = ERR_NOMEM;
	redis_log_op_free(o);
	cb(ctx, err, top, previous, list, count);
}

void redis_log_tell_top(struct redis_log_op *o, enum err err, struct state_cursor top)
{
	state_log_cb *cb = o->cb.top;
	void *ctx = o->ctx;

	redis_log_op_free(o);
	cb(ctx, err, top);
}

void redis_log_tell_read(struct redis_log_op *o, enum err err, const struct state_entry *entries,
			 size_t count, struct state_cursor last, bool has_more)
{
	state_log_read_cb *cb = o->cb.read;
	void *ctx = o->ctx;

	redis_log_op_free(o);
	cb(ctx, err, entries, count, last, has_more);
}

void redis_log_tell_sight(struct redis_log_op *o, enum err err, const struct state_log_sight *sight)
{
	state_log_look_cb *cb = o->cb.sight;
	void *ctx = o->ctx;

	redis_log_op_free(o);
	cb(ctx, err, err ? NULL : sight);
}

static void tell_error(struct redis_log_op *o, enum err err)
{
	static const struct state_cursor none;

	switch (o->what) {
	case LOG_OPEN: redis_log_tell_opened(o, err, none); break;
	case LOG_READ: redis_log_tell_read(o, err, NULL, 0, none, false); break;
	case LOG_SIGHT: redis_log_tell_sight(o, err, NULL); break;
	case LOG_APPEND:
	case LOG_TOP: redis_log_tell_top(o, err, none); break;
	}
}

/* --- beginning ---------------------------------------------------------------- */

enum begun {
	BEGUN_NOT, /* it waits, and so do those after it */
	BEGUN,
	BEGUN_AND_TOLD, /* nothing may be touched any more */
};

static enum begun ask(struct redis_log_op *o)
{
	if (redis_log_ask(o))
		return BEGUN;
	tell_error(o, ERR_NOMEM);
	return BEGUN_AND_TOLD;
}

enum err redis_log_open_here(struct redis_log *log, struct state_cursor *ret_previous)
{
	struct redis_logs *s = log->logs;
	struct state_cursor previous = log->mirror.top;
	uint64_t now = (uint64_t)clock_wall_ms();
	enum err err;

	s->epoch = now > s->epoch ? now : s->epoch + 1;
	if (s->epoch <= previous.epoch)
		s->epoch = previous.epoch + 1;
	err = event_log_open(&log->mirror, s->epoch, &s->limits);
	if (err)
		return err;
	log->number++;
	redis_log_set_away(log);
	*ret_previous = previous;
	return ERR_OK;
}

static enum begun begin_open(struct redis_log_op *o)
{
	struct redis_log *log = o->log;
	struct state_cursor previous = { 0, 0 };
	enum err err;

	if (!redis_log_is_settled(log) || log->write || !TAILQ_EMPTY(&log->appends))
		return BEGUN_NOT;
	if (!log->is_away) {
		log->opening = o;
		return ask(o);
	}
	err = redis_log_open_here(log, &previous);
	redis_log_tell_opened(o, err, previous);
	return BEGUN_AND_TOLD;
}

static enum begun begin_append(struct redis_log_op *o)
{
	struct redis_log *log = o->log;
	struct event_log *mirror = &log->mirror;
	struct redis_logs *s = log->logs;
	struct log_batch *b = o->batch;
	enum err err = ERR_CONFLICT;

	if (log->is_writer && mirror->top.epoch == o->epoch) {
		for (size_t i = 0; i < b->baseline_count; i++)
			redis_log_note_unwritten(log, b->baselines[i]->node.key);
		err = event_log_append(mirror, b, &s->limits);
	}
	if (err) {
		redis_log_tell_top(o, err, mirror->top);
		return BEGUN_AND_TOLD;
	}
	s->appended += b->entry_count;
	o->number = ++log->number;
	o->top = mirror->top;
	redis_log_op_move(o, &log->appends);
	redis_logs_make_room(s, log);
	if (log->is_away)
		redis_log_set_away(log);
	return BEGUN;
}

static enum begun begin_read(struct redis_log_op *o)
{
	const struct redis_log *log = o->log;
	struct state_entry *entries;
	struct log_extent e;

	if (!redis_log_is_settled(log))
		return BEGUN_NOT;
	if (!redis_log_is_mirrored(log) ||
	    !event_log_measure(&log->mirror, o->after, o->max_entries, o->max_bytes, &e))
		return ask(o);
	entries = event_log_entries(&log->mirror, &e, o->call.mem);
	if (entries)
		redis_log_tell_read(o, ERR_OK, entries, e.count, e.last, e.has_more);
	else
		tell_error(o, ERR_NOMEM);
	return BEGUN_AND_TOLD;
}

static enum begun begin_top(struct redis_log_op *o)
{
	const struct redis_log *log = o->log;

	if (!redis_log_is_settled(log))
		return BEGUN_NOT;
	if (!redis_log_is_mirrored(log))
		return ask(o);
	redis_log_tell_top(o, ERR_OK, log->mirror.top);
	return BEGUN_AND_TOLD;
}

/* Of what is seen, only Redis knows whether somebody leads. */
static enum begun begin_sight(struct redis_log_op *o)
{
	const struct redis_log *log = o->log;
	struct state_log_sight sight = { .top = log->mirror.top, .is_led = true };

	if (!redis_log_is_settled(log))
		return BEGUN_NOT;
	if (redis_link_is_up(log->logs->process->link) || !log->is_writer)
		return ask(o);
	sight.mark = event_log_baseline(&log->mirror, o->mark);
	if (!bytes_is_null(o->name) &&
	    (bytes_is_null(o->known) || !bytes_equal(sight.mark, o->known)))
		sight.value = event_log_baseline(&log->mirror, o->name);
	redis_log_tell_sight(o, ERR_OK, &sight);
	return BEGUN_AND_TOLD;
}

static enum begun begin(struct redis_log_op *o)
{
	struct redis_log *log = o->log;

	if (log->is_writer && !log->is_away && redis_log_is_over(log))
		redis_log_drop_mirror(log);
	redis_log_use(log);
	switch (o->what) {
	case LOG_OPEN: return begin_open(o);
	case LOG_APPEND: return begin_append(o);
	case LOG_READ: return begin_read(o);
	case LOG_TOP: return begin_top(o);
	case LOG_SIGHT: return begin_sight(o);
	}
	return BEGUN_NOT;
}

static bool can_tell_append(const struct redis_log *log)
{
	const struct redis_log_op *o = TAILQ_FIRST(&log->appends);

	return o && (!log->is_writer || log->is_away || o->number <= log->written);
}

/* True: it has told, and nothing may be touched any more. */
static bool tell_append(struct redis_log *log)
{
	struct redis_log_op *o = TAILQ_FIRST(&log->appends);

	if (!can_tell_append(log))
		return false;
	redis_log_go_on(log);
	redis_log_tell_top(o, log->is_writer ? ERR_OK : ERR_CONFLICT, o->top);
	return true;
}

void redis_log_on_task(struct loop_task *t)
{
	struct redis_log *log = (struct redis_log *)((char *)t - offsetof(struct redis_log, task));
	enum begun begun = BEGUN;
	struct redis_log_op *o;

	if (tell_append(log))
		return;
	while (begun == BEGUN && !log->opening && (o = TAILQ_FIRST(&log->ops))) {
		redis_log_go_on(log); /* with those after it, should it be told */
		begun = begin(o);
	}
	if (begun == BEGUN_AND_TOLD)
		return;
	if (begun == BEGUN_NOT && !can_tell_append(log))
		loop_task_stop(&log->task);
	/* What was appended at once is written at once; what could not be written, later. */
	if (!log->is_away)
		redis_log_write(log);
}

/* --- starting ----------------------------------------------------------------- */

struct op *redis_log_open(struct redis_logs *s, struct call call, struct bytes log,
			  state_log_open_cb *cb, void *ctx)
{
	struct redis_log_op *o = op_new(s, call, log, LOG_OPEN, ctx);

	if (!o)
		return NULL;
	o->cb.open = cb;
	return &o->op;
}

struct op *redis_log_append(struct redis_logs *s, struct call call, struct bytes log,
			    uint64_t epoch, const struct bytes *entries, size_t entry_count,
			    const struct state_baseline *baselines, size_t baseline_count,
			    state_log_cb *cb, void *ctx)
{
	struct redis_log_op *o = op_new(s, call, log, LOG_APPEND, ctx);

	if (!o)
		return NULL;
	o->cb.top = cb;
	o->epoch = epoch;
	o->batch = log_batch_new(entries, entry_count, baselines, baseline_count);
	if (o->batch)
		return &o->op;
	redis_log_op_free(o);
	return NULL;
}

struct op *redis_log_read(struct redis_logs *s, struct call call, struct bytes log,
			  struct state_cursor after, size_t max_entries, size_t max_bytes,
			  state_log_read_cb *cb, void *ctx)
{
	struct redis_log_op *o = op_new(s, call, log, LOG_READ, ctx);

	if (!o)
		return NULL;
	o->cb.read = cb;
	o->after = after;
	o->max_entries = max_entries;
	o->max_bytes = max_bytes;
	return &o->op;
}

struct op *redis_log_top(struct redis_logs *s, struct call call, struct bytes log, state_log_cb *cb,
			 void *ctx)
{
	struct redis_log_op *o = op_new(s, call, log, LOG_TOP, ctx);

	if (!o)
		return NULL;
	o->cb.top = cb;
	return &o->op;
}

struct op *redis_log_sight(struct redis_logs *s, struct call call, struct bytes log,
			   struct bytes mark, struct bytes known, struct bytes name,
			   state_log_look_cb *cb, void *ctx)
{
	struct redis_log_op *o = op_new(s, call, log, LOG_SIGHT, ctx);

	if (!o)
		return NULL;
	o->cb.sight = cb;
	o->mark = arena_bytes(call.mem, mark);
	o->known = arena_bytes(call.mem, known);
	o->name = arena_bytes(call.mem, name);
	if (!arena_failed(call.mem))
		return &o->op;
	redis_log_op_free(o);
	return NULL;
}
