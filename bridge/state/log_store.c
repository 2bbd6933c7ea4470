/*
 * A log is dropped as a whole: when nobody used it for its time to live, or when
 * all of them together are too much. Epochs are given by the store, not by the
 * log, so that one never comes back with a log that was dropped meanwhile, however
 * the clock jumps.
 */
#include "state/log_store.h"

#include <stdlib.h>

#include "base/clock.h"

/* --- news --------------------------------------------------------------------- */

static void free_if_unused(struct state_log *log)
{
	if (event_log_is_open(&log->log) || log->listeners || log->is_telling)
		return;
	loop_task_stop(&log->news);
	keymap_remove(&log->store->logs, &log->node);
	free(log);
}

static void tell_news(struct loop_task *t)
{
	struct state_log *log = (struct state_log *)((char *)t - offsetof(struct state_log, news));
	struct state_listener *l;

	/* Listeners may go meanwhile, this one and others. */
	log->is_telling = true;
	log->telling = log->listeners;
	while ((l = log->telling)) {
		log->telling = l->next;
		l->on_news(l);
	}
	log->is_telling = false;
	free_if_unused(log);
}

static struct state_log *log_new(struct log_store *s, struct bytes name)
{
	struct state_log *log = calloc(1, sizeof *log + name.len);

	if (!log)
		return NULL;
	if (!event_log_init(&log->log, &s->sums)) {
		free(log);
		return NULL;
	}
	log->store = s;
	log->news.run = tell_news;
	if (name.len > 0)
		memcpy(log->name, name.at, name.len);
	log->node.key = bytes_of(log->name, name.len);
	keymap_insert(&s->logs, &log->node);
	return log;
}

static struct state_log *find_or_make(struct log_store *s, struct bytes name)
{
	struct state_log *log = (struct state_log *)keymap_find(&s->logs, name);

	return log ? log : log_new(s, name);
}

enum err log_store_listen(struct log_store *s, struct bytes name, struct state_listener *l)
{
	struct state_log *log = find_or_make(s, name);

	if (!log)
		return ERR_NOMEM;
	l->log = log;
	l->next = log->listeners;
	l->prev = &log->listeners;
	if (l->next)
		l->next->prev = &l->next;
	log->listeners = l;
	return ERR_OK;
}

static void unlink_listener(struct state_listener *l)
{
	if (l->log->telling == l)
		l->log->telling = l->next;
	*l->prev = l->next;
	if (l->next)
		l->next->prev = l->prev;
	l->log = NULL;
	l->state = NULL;
}

void log_store_unlisten(struct state_listener *l)
{
	struct state_log *log = l->log;

	unlink_listener(l);
	free_if_unused(log);
}

/* --- limits ---------------------------------------------------------------------- */

static size_t bytes_of_log(const struct state_log *log)
{
	return sizeof *log + log->node.key.len;
}

static void drop(struct state_log *log)
{
	struct log_store *s = log->store;

	event_log_clear(&log->log);
	s->sums.bytes -= bytes_of_log(log);
	s->count--;
	TAILQ_REMOVE(&s->used, log, use);
	/* They read, and learn that it is gone. */
	if (log->listeners)
		loop_task_start(s->loop, &log->news);
	free_if_unused(log);
}

static void drop_least_used(struct log_store *s, const struct state_log *spared)
{
	struct state_log *log;

	while (s->sums.bytes > s->limits.logs_max_bytes) {
		log = TAILQ_FIRST(&s->used);
		if (log == spared)
			return;
		drop(log);
		s->evicted++;
	}
}

static void expect_expiry(struct log_store *s)
{
	const struct state_log *oldest = TAILQ_FIRST(&s->used);

	/* Without memory for the timer the next use tries again. */
	if (oldest &&
	    !loop_timer_start_at(s->loop, &s->expiry, oldest->used_ms + s->limits.log_ttl_ms))
		loop_timer_stop(s->loop, &s->expiry);
}

static void use(struct state_log *log)
{
	struct log_store *s = log->store;

	log->used_ms = clock_monotonic_ms();
	TAILQ_REMOVE(&s->used, log, use);
	TAILQ_INSERT_TAIL(&s->used, log, use);
	if (!loop_timer_is_on(&s->expiry))
		expect_expiry(s);
}

static bool is_over(const struct state_log *log)
{
	/* Waiting for news is use. */
	return !log->listeners &&
	       clock_monotonic_ms() >= log->used_ms + log->store->limits.log_ttl_ms;
}

static void on_expiry(struct loop_timer *t)
{
	struct log_store *s = (struct log_store *)((char *)t - offsetof(struct log_store, expiry));
	uint64_t now = clock_monotonic_ms();
	struct state_log *log;

	while ((log = TAILQ_FIRST(&s->used)) && now >= log->used_ms + s->limits.log_ttl_ms) {
		if (is_over(log))
			drop(log);
		else
			use(log);
	}
	expect_expiry(s);
}

/* --- life ------------------------------------------------------------------------- */

enum err log_store_init(struct log_store *s, struct loop *l, const struct state_limits *limits)
{
	*s = (struct log_store){ .loop = l, .limits = *limits, .expiry.fire = on_expiry };
	TAILQ_INIT(&s->used);
	event_log_limits(&s->limits);
	return keymap_init(&s->logs) ? ERR_OK : ERR_INTERNAL;
}

void log_store_done(struct log_store *s)
{
	loop_timer_stop(s->loop, &s->expiry);
	while (s->logs.root) {
		struct state_log *log = (struct state_log *)s->logs.root;

		while (log->listeners)
			unlink_listener(log->listeners);
		if (event_log_is_open(&log->log))
			drop(log);
		else
			free_if_unused(log);
	}
}

struct state_log *log_store_find(struct log_store *s, struct bytes name)
{
	struct state_log *log = (struct state_log *)keymap_find(&s->logs, name);

	if (!log || !event_log_is_open(&log->log))
		return NULL;
	if (is_over(log)) {
		drop(log);
		return NULL;
	}
	use(log);
	return log;
}

enum err log_store_open(struct log_store *s, struct bytes name, struct state_log **ret,
			struct state_cursor *ret_previous)
{
	struct state_log *log = log_store_find(s, name);
	uint64_t now = (uint64_t)clock_wall_ms();
	enum err err;

	if (!log)
		log = find_or_make(s, name);
	if (!log)
		return ERR_NOMEM;
	*ret_previous = log->log.top;
	s->epoch = now > s->epoch ? now : s->epoch + 1;
	err = event_log_open(&log->log, s->epoch, &s->limits);
	if (err) {
		free_if_unused(log);
		return err;
	}
	if (!ret_previous->epoch) {
		s->count++;
		s->sums.bytes += bytes_of_log(log);
		TAILQ_INSERT_TAIL(&s->used, log, use);
	}
	use(log);
	drop_least_used(s, log);
	*ret = log;
	return ERR_OK;
}

enum err log_store_append(struct log_store *s, struct state_log *log, struct log_batch *b)
{
	enum err err = event_log_append(&log->log, b, &s->limits);

	if (err)
		return err;
	s->appended += b->entry_count;
	drop_least_used(s, log);
	if (b->entry_count > 0 && log->listeners)
		loop_task_start(s->loop, &log->news);
	return ERR_OK;
}
