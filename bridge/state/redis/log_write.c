/*
 * Writing what the mirror has and Redis has not: what was appended since the last write, in
 * one script. There is one write at a time, so that what is appended meanwhile goes together.
 * A write that failed may have been done, or may be done yet: the next one has a higher
 * version, holds all of it again, and the script takes of it what is new. What is too much
 * for one command is put into a list first, piece by piece.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "state/redis/logs_inside.h"

#define PIECE_BYTES  (512 * 1024)
#define PIECE_ARGS   1000
#define STAGE_TTL_MS "60000"
#define AWAY_AT_ONCE 16 /* logs that are written at a time when Redis is back: memory */

struct redis_log_name {
	struct keymap_node node; /* its key is `name` */
	TAILQ_ENTRY(redis_log_name) order;
	uint64_t number; /* of the append that changed it last */
	uint8_t name[];
};

struct redis_log_write {
	struct redis_log *log;
	struct op *op;
	uint64_t number; /* as which it ends */
	struct state_cursor top, last;
	bool is_whole;
	char stage[64]; /* name of the list, when there is one */
	struct redis_args payload;
	const struct bytes *list;  /* of the payload */
	size_t staged;             /* how many of it are put there */
	uint64_t epoch, counts[3]; /* of entries, baselines, removed ones */
	struct state_cursor floor;
	bool has_floor;
};

/* --- names of baselines ------------------------------------------------------- */

void redis_log_note_unwritten(struct redis_log *log, struct bytes name)
{
	struct redis_log_name *n = (struct redis_log_name *)keymap_find(&log->unwritten, name);

	if (n) {
		TAILQ_REMOVE(&log->unwritten_order, n, order);
	} else {
		n = calloc(1, sizeof *n + name.len);
		if (!n) {
			log->must_write_whole = true;
			return;
		}
		if (name.len)
			memcpy(n->name, name.at, name.len);
		n->node.key = bytes_of(n->name, name.len);
		keymap_insert(&log->unwritten, &n->node);
	}
	n->number = log->number + 1;
	TAILQ_INSERT_TAIL(&log->unwritten_order, n, order);
}

void redis_log_forget_unwritten(struct redis_log *log, uint64_t number)
{
	struct redis_log_name *n;

	while ((n = TAILQ_FIRST(&log->unwritten_order)) && n->number <= number) {
		TAILQ_REMOVE(&log->unwritten_order, n, order);
		keymap_remove(&log->unwritten, &n->node);
		free(n);
	}
}

/* --- what is written ---------------------------------------------------------- */

static void add_entries(struct redis_log_write *w)
{
	const struct event_log *mirror = &w->log->mirror;
	size_t i = 0;

	/* What was written last may have gone; what comes after it is found all the same. */
	if (!w->is_whole)
		(void)event_log_after(mirror, w->log->written_top, &i);
	for (; i < mirror->count; i++) {
		const struct log_entry *e = event_log_at(mirror, i);

		redis_log_add_cursor(&w->payload, e->at);
		redis_log_add_data(w->log, &w->payload, e->at, bytes_of(e->data, e->len));
		w->counts[0]++;
	}
}

static void add_value(struct redis_log_write *w, struct bytes name, struct bytes value)
{
	redis_args_add(&w->payload, name);
	redis_log_add_value(w->log, &w->payload, name, value);
	w->counts[1]++;
}

static bool add_baseline(void *ctx, struct keymap_node *n)
{
	add_value(ctx, n->key, log_baseline_value((const struct log_baseline *)n));
	return true;
}

static void add_baselines(struct redis_log_write *w)
{
	struct redis_log *log = w->log;
	struct redis_log_name *n;

	if (w->is_whole) {
		keymap_each(&log->mirror.baselines, BYTES_LIT(""), add_baseline, w);
		return;
	}
	TAILQ_FOREACH(n, &log->unwritten_order, order)
	{
		struct bytes value = event_log_baseline(&log->mirror, n->node.key);

		if (!bytes_is_null(value))
			add_value(w, n->node.key, value);
	}
	TAILQ_FOREACH(n, &log->unwritten_order, order)
	{
		if (!bytes_is_null(event_log_baseline(&log->mirror, n->node.key)))
			continue;
		redis_args_add(&w->payload, n->node.key);
		w->counts[2]++;
	}
}

/* NULL: memory is short. */
static struct redis_log_write *write_new(struct redis_log *log)
{
	struct redis_log_write *w = calloc(1, sizeof *w);
	const struct event_log *mirror = &log->mirror;

	if (!w)
		return NULL;
	w->log = log;
	w->number = log->number;
	w->epoch = mirror->top.epoch;
	w->top = mirror->top;
	w->last = redis_log_last(log);
	w->is_whole = log->must_write_whole;
	w->floor = mirror->floor;
	w->has_floor = w->is_whole || state_cursor_compare(mirror->floor, log->written_top) > 0;
	redis_args_init(&w->payload);
	add_entries(w);
	add_baselines(w);
	if (w->payload.text.len > PIECE_BYTES || w->payload.count > PIECE_ARGS)
		snprintf(w->stage, sizeof w->stage, "%s:%u", log->logs->process->id,
			 log->logs->attempts++);
	w->list = redis_args_list(&w->payload);
	if (w->list)
		return w;
	redis_args_done(&w->payload);
	free(w);
	return NULL;
}

static void write_free(struct redis_log_write *w)
{
	w->log->write = NULL;
	w->log->logs->writing--;
	redis_args_done(&w->payload);
	free(w);
}

void redis_log_write_cancel(struct redis_log *log)
{
	if (!log->write)
		return;
	op_cancel(log->write->op);
	write_free(log->write);
}

/* --- away --- */

void redis_log_set_away(struct redis_log *log)
{
	struct redis_logs *s = log->logs;

	if (!log->in_away && !log->write)
		TAILQ_INSERT_TAIL(&s->away, log, of_away);
	log->in_away = log->in_away || !log->write;
	log->is_away = true;
	if (state_cursor_compare(redis_log_last(log), log->written_last) > 0)
		redis_log_tell_news(log, redis_log_last(log));
	redis_log_go_on(log);
}

void redis_logs_write_away(struct redis_logs *s)
{
	struct redis_log *log;

	while (s->writing < AWAY_AT_ONCE && redis_process_is_in_touch(s->process) &&
	       (log = TAILQ_FIRST(&s->away))) {
		TAILQ_REMOVE(&s->away, log, of_away);
		log->in_away = false;
		redis_log_write(log);
		if (log->in_away)
			return; /* not now */
	}
}

/* --- sending --- */

static void send_next(struct redis_log_write *w);

static void failed(struct redis_log_write *w)
{
	struct redis_log *log = w->log;

	write_free(w);
	redis_log_set_away(log);
}

static void written(struct redis_log_write *w)
{
	struct redis_log *log = w->log;
	struct redis_logs *s = log->logs;
	bool is_news = !log->is_away && state_cursor_compare(w->last, log->written_last) > 0;

	log->written = w->number;
	log->written_top = w->top;
	log->written_last = w->last;
	redis_log_forget_unwritten(log, w->number);
	if (w->is_whole)
		log->must_write_whole = false;
	write_free(w);
	if (log->written == log->number)
		log->is_away = false;
	if (is_news)
		redis_log_tell_news(log, log->written_last);
	redis_log_go_on(log);
	redis_log_write(log);
	redis_logs_write_away(s);
}

static void on_written(void *ctx, enum err err, const struct redisReply *r)
{
	struct redis_log_write *w = ctx;
	struct redis_log *log = w->log;
	struct bytes status = BYTES_NULL;

	w->op = NULL;
	if (!err && r->type == REDIS_REPLY_STRING)
		status = bytes_of(r->str, r->len);
	if (bytes_equal_str(status, "ok")) {
		written(w);
	} else if (bytes_equal_str(status, "conflict")) {
		redis_log_drop_mirror(log);
	} else if (bytes_equal_str(status, "missing")) {
		write_free(w);
		log->must_write_whole = true;
		redis_log_write(log);
	} else {
		failed(w);
	}
}

static struct call call_of(const struct redis_log_write *w)
{
	struct call call = redis_process_call();

	call.deadline_ms = clock_monotonic_ms() + w->log->logs->timeout_ms;
	return call;
}

static void add_stage(const struct redis_log_write *w, struct redis_args *a)
{
	redis_process_add_key(w->log->logs->process, a, "stage", bytes_of_str(w->stage));
}

static void send_script(struct redis_log_write *w)
{
	const struct redis_logs *s = w->log->logs;
	struct redis_args a;
	const struct bytes *list;

	redis_args_init(&a);
	redis_log_add_keys(w->log, &a);
	add_stage(w, &a);
	redis_args_add_str(&a, s->process->id);
	redis_args_add_u64(&a, w->epoch);
	redis_args_add_u64(&a, w->number);
	redis_log_add_cursor(&a, w->top);
	if (w->has_floor)
		redis_log_add_cursor(&a, w->floor);
	else
		redis_args_add_str(&a, "");
	redis_args_add_u64(&a, s->limits.log_ttl_ms);
	redis_args_add_u64(&a, s->limits.log_max_entries);
	redis_args_add_u64(&a, s->limits.log_max_bytes);
	redis_log_add_channel(w->log, &a);
	redis_args_add_str(&a, w->is_whole ? "1" : "");
	if (w->stage[0])
		redis_args_add_u64(&a, w->payload.count);
	else
		redis_args_add_str(&a, "");
	for (size_t i = 0; i < 3; i++)
		redis_args_add_u64(&a, w->counts[i]);
	if (w->last.epoch)
		redis_log_add_cursor(&a, w->last);
	else
		redis_args_add_str(&a, "");
	for (size_t i = 0; !w->stage[0] && i < w->payload.count; i++)
		redis_args_lend(&a, w->list[i]);
	list = redis_args_list(&a);
	if (list)
		w->op = redis_eval(s->process->link, call_of(w), &log_write_script, list, 4,
				   list + 4, a.count - 4, on_written, w);
	redis_args_done(&a);
}

static void on_staged(void *ctx, enum err err, const struct redisReply *r)
{
	struct redis_log_write *w = ctx;

	(void)r;
	w->op = NULL;
	if (err)
		failed(w);
	else
		send_next(w);
}

static void send_piece(struct redis_log_write *w)
{
	struct redis_link *link = w->log->logs->process->link;
	struct redis_args a, expire;
	const struct bytes *list;
	size_t bytes = 0, n = 0;

	redis_args_init(&a);
	redis_args_add_str(&a, "RPUSH");
	add_stage(w, &a);
	do {
		bytes += w->list[w->staged].len;
		redis_args_lend(&a, w->list[w->staged++]);
		n++;
	} while (w->staged < w->payload.count && n < PIECE_ARGS &&
		 bytes + w->list[w->staged].len <= PIECE_BYTES);
	list = redis_args_list(&a);
	if (list)
		w->op = redis_call(link, call_of(w), list, a.count, on_staged, w);
	redis_args_done(&a);
	redis_args_init(&expire);
	redis_args_add_str(&expire, "PEXPIRE");
	add_stage(w, &expire);
	redis_args_add_str(&expire, STAGE_TTL_MS);
	list = redis_args_list(&expire);
	if (list)
		redis_tell(link, list, expire.count);
	redis_args_done(&expire);
}

static void send_next(struct redis_log_write *w)
{
	if (w->stage[0] && w->staged < w->payload.count)
		send_piece(w);
	else
		send_script(w);
	if (!w->op)
		failed(w);
}

void redis_log_write(struct redis_log *log)
{
	struct redis_logs *s = log->logs;

	if (!log->is_writer || log->write || log->opening)
		return;
	if (log->written == log->number && !log->must_write_whole && !log->is_away)
		return;
	if (!redis_link_is_up(s->process->link)) {
		redis_log_set_away(log);
		return;
	}
	if (log->in_away)
		TAILQ_REMOVE(&s->away, log, of_away);
	log->in_away = false;
	log->write = write_new(log);
	if (!log->write) {
		redis_log_set_away(log);
		return;
	}
	s->writing++;
	send_next(log->write);
}
