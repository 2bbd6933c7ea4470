/*
 * What others did to a log. While its channel is heard their messages tell; after each gap
 * the logs are looked at, many in one call: where they end, who writes them.
 */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "state/redis/logs_inside.h"

#define LOOK_MAX    256
#define LOOK_MIN_MS 5
#define LOOK_SHARE  4 /* of the time to live */

struct redis_log_look {
	struct redis_logs *logs;
	struct op *op;
	struct redis_log_look *next, **prev;
	size_t count;
	struct redis_log *at[LOOK_MAX];
	unsigned gaps[LOOK_MAX];
};

/* --- listeners ---------------------------------------------------------------- */

static void on_news(struct loop_task *t)
{
	struct redis_log *log = (struct redis_log *)((char *)t - offsetof(struct redis_log, news));
	struct state_listener *l;

	/* Listeners may go meanwhile, this one and others. */
	log->is_telling = true;
	log->telling = log->listeners;
	while ((l = log->telling)) {
		log->telling = l->next;
		l->on_news(l);
	}
	log->is_telling = false;
	redis_log_free_if_unused(log);
}

void redis_log_tell_news(struct redis_log *log, struct state_cursor last)
{
	if (!log->listeners || state_cursor_compare(log->seen, last) == 0)
		return;
	log->seen = last;
	loop_task_start(log->logs->process->loop, &log->news);
}

static struct redis_log *log_of(const struct state_listener *l)
{
	return (struct redis_log *)(void *)l->log;
}

/* What the writer is here has been told so far, nobody has to be told again. Else whatever is
 * there when the channel is heard may have come since: once too often rather than never. */
static void begin_listening(struct redis_log *log)
{
	struct state_cursor none = { 0, 0 };

	log->seen = !redis_log_is_mirrored(log) ? none
		    : log->is_away              ? redis_log_last(log)
						: log->written_last;
	redis_log_look_at(log);
}

enum err redis_log_listen(struct redis_logs *s, struct bytes name, struct state_listener *l)
{
	struct redis_log *log = redis_log_of(s, name);

	if (!log)
		return ERR_NOMEM;
	if (redis_log_subscribe(log)) {
		redis_log_free_if_unused(log);
		return ERR_NOMEM;
	}
	if (!log->listeners)
		begin_listening(log);
	l->log = (struct state_log *)(void *)log;
	l->next = log->listeners;
	l->prev = &log->listeners;
	if (l->next)
		l->next->prev = &l->next;
	log->listeners = l;
	return ERR_OK;
}

void redis_log_unlink_listener(struct state_listener *l)
{
	struct redis_log *log = log_of(l);

	if (log->telling == l)
		log->telling = l->next;
	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	l->log = NULL;
	l->state = NULL;
}

void redis_log_unlisten(struct state_listener *l)
{
	struct redis_log *log = log_of(l);

	redis_log_unlink_listener(l);
	if (log->listeners)
		return;
	redis_log_use(log);
	if (!log->is_writer)
		redis_ears_unlisten(&log->ear);
	redis_log_free_if_unused(log);
}

/* --- the channel --- */

/* "a" (appended) or "o" (opened), the process, the last entry or the marker. */
static void on_message(struct redis_ear *ear, struct bytes message)
{
	struct redis_log *log = (struct redis_log *)((char *)ear - offsetof(struct redis_log, ear));
	struct bytes text = bytes_skip(message, 1 + PROCESS_ID_BYTES);
	struct redisReply reply = { .type = REDIS_REPLY_STRING, .str = (char *)text.at };
	struct state_cursor at;

	reply.len = text.len;
	if (bytes_equal_str(bytes_first(bytes_skip(message, 1), PROCESS_ID_BYTES),
			    log->logs->process->id) ||
	    !redis_log_cursor_of(&reply, &at))
		return;
	if (at.epoch > log->others_epoch)
		log->others_epoch = at.epoch;
	if (log->is_writer && at.epoch > log->mirror.top.epoch)
		redis_log_drop_mirror(log);
	if (bytes_starts_with(message, BYTES_LIT("a")))
		redis_log_tell_news(log, at);
	redis_log_free_if_unused(log);
}

static void on_gap(struct redis_ear *ear)
{
	struct redis_log *log = (struct redis_log *)((char *)ear - offsetof(struct redis_log, ear));

	log->gaps++;
	log->is_unsure = log->is_writer;
	redis_log_look_at(log);
}

enum err redis_log_subscribe(struct redis_log *log)
{
	if (log->ear.channel)
		return ERR_OK;
	return redis_process_listen(log->logs->process, "log", log->node.key, &log->ear);
}

/* --- looking --- */

void redis_log_look_at(struct redis_log *log)
{
	struct redis_logs *s = log->logs;

	if (!log->is_unseen)
		TAILQ_INSERT_TAIL(&s->unseen, log, of_unseen);
	log->is_unseen = true;
	loop_task_start(s->process->loop, &s->look_task);
}

/* How the log is, from its writer's view. */
static void look_as_writer(struct redis_log *log, bool is_there, struct bytes writer, bool has_gap)
{
	if (!log->is_writer || log->opening)
		return;
	if (!is_there && redis_log_is_over(log)) {
		redis_log_drop_mirror(log);
	} else if (!is_there) {
		log->must_write_whole = true; /* Redis came back empty */
		redis_log_set_away(log);
		redis_logs_write_away(log->logs);
	} else if (!bytes_equal_str(writer, log->logs->process->id)) {
		redis_log_drop_mirror(log);
	} else if (!has_gap) {
		log->is_unsure = false;
	}
}

static void look(struct redis_log *log, const struct redisReply *writer,
		 const struct redisReply *last, bool has_gap)
{
	struct state_cursor at = { 0, 0 };
	bool is_there = writer->type == REDIS_REPLY_STRING && writer->len;

	look_as_writer(log, is_there, is_there ? bytes_of(writer->str, writer->len) : BYTES_NULL,
		       has_gap);
	/* What a writer writes he tells. One who finds Redis emptied writes the log again: others
	 * are not to read meanwhile that it has gone. */
	if (!log->is_writer && is_there && redis_log_cursor_of(last, &at))
		redis_log_tell_news(log, at);
}

/* What could not be asked is asked again with the next beat. */
static void look_later(struct redis_log *log)
{
	if (!log->is_unseen)
		TAILQ_INSERT_TAIL(&log->logs->unseen, log, of_unseen);
	log->is_unseen = true;
}

static void look_free(struct redis_log_look *l)
{
	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	free(l);
}

static void on_looked(void *ctx, enum err err, const struct redisReply *r)
{
	struct redis_log_look *l = ctx;
	bool is_good = !err && r->type == REDIS_REPLY_ARRAY && r->elements == 2 * l->count;

	for (size_t i = 0; i < l->count; i++) {
		struct redis_log *log = l->at[i];

		log->looks--;
		if (is_good)
			look(log, r->element[2 * i], r->element[2 * i + 1],
			     l->gaps[i] != log->gaps);
		else
			look_later(log);
		redis_log_free_if_unused(log);
	}
	look_free(l);
}

/* For how long it is to live at least: as long as it is listened to; or what its last use here
 * gives it. */
static uint64_t life_ms(const struct redis_log *log)
{
	uint64_t now = clock_monotonic_ms(), end = log->used_ms + log->logs->limits.log_ttl_ms;

	if (log->listeners)
		return log->logs->limits.log_ttl_ms;
	return log->is_writer && end > now ? end - now : 0;
}

static bool send(struct redis_log_look *l)
{
	struct redis_logs *s = l->logs;
	struct redis_args a;
	const struct bytes *list;

	redis_args_init(&a);
	for (size_t i = 0; i < l->count; i++)
		redis_log_add_keys(l->at[i], &a);
	for (size_t i = 0; i < l->count; i++)
		redis_args_add_u64(&a, life_ms(l->at[i]));
	list = redis_args_list(&a);
	if (list)
		l->op = redis_eval(s->process->link, redis_process_call(), &log_look_script, list,
				   3 * l->count, list + 3 * l->count, l->count, on_looked, l);
	redis_args_done(&a);
	return l->op != NULL;
}

static bool look_at_some(struct redis_logs *s)
{
	struct redis_log_look *l = calloc(1, sizeof *l);
	struct redis_log *log;

	if (!l)
		return false;
	l->logs = s;
	TAILQ_FOREACH(log, &s->unseen, of_unseen)
	{
		if (l->count == LOOK_MAX)
			break;
		l->gaps[l->count] = log->gaps;
		l->at[l->count++] = log;
	}
	if (!send(l)) {
		free(l);
		return false;
	}
	for (size_t i = 0; i < l->count; i++) {
		TAILQ_REMOVE(&s->unseen, l->at[i], of_unseen);
		l->at[i]->is_unseen = false;
		l->at[i]->looks++;
	}
	l->next = s->looks;
	l->prev = &s->looks;
	if (l->next)
		l->next->prev = &l->next;
	s->looks = l;
	return true;
}

static void on_look_task(struct loop_task *t)
{
	struct redis_logs *s =
		(struct redis_logs *)((char *)t - offsetof(struct redis_logs, look_task));
	bool goes_on = redis_link_is_up(s->process->link);

	while (goes_on && !TAILQ_EMPTY(&s->unseen))
		goes_on = look_at_some(s);
}

/* --- all of them --- */

static bool look_again(void *ctx, struct keymap_node *n)
{
	struct redis_log *log = (struct redis_log *)n;

	(void)ctx;
	if (log->is_writer && !log->is_away && redis_log_is_over(log))
		redis_log_drop_mirror(log);
	redis_log_look_at(log);
	return true;
}

void redis_logs_look_again(struct redis_logs *s)
{
	keymap_each(&s->names, BYTES_LIT(""), look_again, NULL);
}

static void plan(struct redis_logs *s)
{
	uint64_t share_ms = s->limits.log_ttl_ms / LOOK_SHARE;

	/* One that was on before needs no memory. */
	if (!loop_timer_start(s->process->loop, &s->look_timer,
			      share_ms > LOOK_MIN_MS ? share_ms : LOOK_MIN_MS))
		loop_timer_stop(s->process->loop, &s->look_timer);
}

static void on_look_timer(struct loop_timer *t)
{
	struct redis_logs *s =
		(struct redis_logs *)((char *)t - offsetof(struct redis_logs, look_timer));

	redis_logs_look_again(s);
	plan(s);
}

void redis_log_hear_init(struct redis_log *log)
{
	log->news.run = on_news;
	log->ear.on_message = on_message;
	log->ear.on_gap = on_gap;
}

void redis_logs_hear_init(struct redis_logs *s)
{
	s->look_timer.fire = on_look_timer;
	s->look_task.run = on_look_task;
	plan(s);
}

void redis_logs_hear_done(struct redis_logs *s)
{
	loop_timer_stop(s->process->loop, &s->look_timer);
	loop_task_stop(&s->look_task);
	while (s->looks) {
		op_cancel(s->looks->op);
		look_free(s->looks);
	}
}
