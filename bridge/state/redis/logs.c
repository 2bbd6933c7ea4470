#include "state/redis/logs.h"

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "state/redis/logs_inside.h"

/* --- logs --------------------------------------------------------------------- */

static struct redis_log *log_new(struct redis_logs *s, struct bytes name)
{
	struct redis_log *log = calloc(1, sizeof *log + name.len);

	if (!log)
		return NULL;
	log->logs = s;
	TAILQ_INIT(&log->ops);
	TAILQ_INIT(&log->appends);
	TAILQ_INIT(&log->asking);
	TAILQ_INIT(&log->unwritten_order);
	log->task.run = redis_log_on_task;
	redis_log_hear_init(log);
	if (!event_log_init(&log->mirror, &s->sums) || !keymap_init(&log->unwritten)) {
		free(log);
		return NULL;
	}
	if (name.len)
		memcpy(log->name, name.at, name.len);
	log->node.key = bytes_of(log->name, name.len);
	keymap_insert(&s->names, &log->node);
	return log;
}

struct redis_log *redis_log_of(struct redis_logs *s, struct bytes name)
{
	struct redis_log *log = (struct redis_log *)keymap_find(&s->names, name);

	return log ? log : log_new(s, name);
}

static void log_free(struct redis_log *log)
{
	struct redis_logs *s = log->logs;

	if (log->is_unseen)
		TAILQ_REMOVE(&s->unseen, log, of_unseen);
	redis_ears_unlisten(&log->ear);
	loop_task_stop(&log->task);
	loop_task_stop(&log->news);
	keymap_remove(&s->names, &log->node);
	free(log);
}

void redis_log_free_if_unused(struct redis_log *log)
{
	if (log->listeners || log->is_telling || log->is_writer || log->looks ||
	    !TAILQ_EMPTY(&log->asking) || !TAILQ_EMPTY(&log->ops) || !TAILQ_EMPTY(&log->appends))
		return;
	log_free(log);
}

/* --- mirrors ------------------------------------------------------------------ */

void redis_log_use(struct redis_log *log)
{
	log->used_ms = clock_monotonic_ms();
	if (!log->is_writer)
		return;
	TAILQ_REMOVE(&log->logs->mirrors, log, of_mirrors);
	TAILQ_INSERT_TAIL(&log->logs->mirrors, log, of_mirrors);
}

bool redis_log_is_over(const struct redis_log *log)
{
	/* Waiting for news is use. */
	return !log->listeners &&
	       clock_monotonic_ms() >= log->used_ms + log->logs->limits.log_ttl_ms;
}

bool redis_log_is_mirrored(const struct redis_log *log)
{
	if (!log->is_writer)
		return false;
	return log->is_away || !redis_link_is_up(log->logs->process->link) ||
	       (redis_ear_is_heard(&log->ear) && !log->is_unsure);
}

struct state_cursor redis_log_last(const struct redis_log *log)
{
	const struct event_log *mirror = &log->mirror;

	for (size_t i = mirror->count; i-- > 0;)
		if (event_log_at(mirror, i)->len)
			return event_log_at(mirror, i)->at;
	return mirror->floor.seq ? mirror->floor : (struct state_cursor){ 0, 0 };
}

void redis_log_drop_mirror(struct redis_log *log)
{
	struct redis_logs *s = log->logs;

	if (!log->is_writer)
		return;
	redis_log_write_cancel(log);
	log->is_writer = log->is_away = log->must_write_whole = log->is_unsure = false;
	if (log->in_away)
		TAILQ_REMOVE(&s->away, log, of_away);
	log->in_away = false;
	TAILQ_REMOVE(&s->mirrors, log, of_mirrors);
	s->mirror_count--;
	event_log_clear(&log->mirror);
	log->number = log->written = 0;
	redis_log_forget_unwritten(log, UINT64_MAX);
	/* Its appends are refused, its listeners read what there is now. */
	redis_log_go_on(log);
	if (log->listeners)
		loop_task_start(s->process->loop, &log->news);
	else
		redis_ears_unlisten(&log->ear);
}

void redis_logs_make_room(struct redis_logs *s, const struct redis_log *spared)
{
	struct redis_log *log;

	while (s->sums.bytes > s->limits.logs_max_bytes) {
		log = TAILQ_FIRST(&s->mirrors);
		if (!log || log == spared)
			return;
		redis_log_drop_mirror(log);
		s->evicted++;
	}
}

enum err redis_log_begin_mirror(struct redis_log *log, struct state_cursor top,
				struct state_cursor previous)
{
	struct redis_logs *s = log->logs;
	enum err err;

	if (state_cursor_compare(log->mirror.top, previous) != 0)
		redis_log_drop_mirror(log);
	err = event_log_open(&log->mirror, top.epoch, &s->limits);
	if (err) {
		redis_log_drop_mirror(log);
		return err;
	}
	if (!log->is_writer) {
		TAILQ_INSERT_TAIL(&s->mirrors, log, of_mirrors);
		s->mirror_count++;
	}
	log->is_writer = true;
	log->number = log->written = 0;
	log->written_top = top;
	log->written_last = redis_log_last(log);
	log->is_away = log->is_unsure = false;
	return ERR_OK;
}

/* --- what is kept in Redis ---------------------------------------------------- */

static void add_key(const struct redis_log *log, struct redis_args *a, const char *what)
{
	const struct bytes pieces[] = { log->logs->process->prefix, BYTES_LIT(":log:{"),
					log->node.key, BYTES_LIT("}"), bytes_of_str(what) };

	redis_args_add_pieces(a, pieces, 5);
}

void redis_log_add_keys(const struct redis_log *log, struct redis_args *a)
{
	add_key(log, a, "");
	add_key(log, a, ":meta");
	add_key(log, a, ":base");
}

void redis_log_add_channel(const struct redis_log *log, struct redis_args *a)
{
	redis_process_add_channel(log->logs->process, a, "log", log->node.key);
}

static struct bytes text_of(struct state_cursor at, char (*to)[48])
{
	int len = snprintf(*to, sizeof *to, "%llu-%llu", (unsigned long long)at.epoch,
			   (unsigned long long)at.seq);

	return bytes_of(*to, (size_t)len);
}

void redis_log_add_cursor(struct redis_args *a, struct state_cursor at)
{
	char text[48];

	redis_args_add(a, text_of(at, &text));
}

bool redis_log_cursor_of(const struct redisReply *reply, struct state_cursor *ret)
{
	struct bytes rest, part;
	struct state_cursor at;

	if (reply->type != REDIS_REPLY_STRING)
		return false;
	rest = bytes_of(reply->str, reply->len);
	if (!bytes_split(&rest, '-', &part) || !bytes_to_u64(part, UINT64_MAX, &at.epoch) ||
	    bytes_is_null(rest) || !bytes_to_u64(rest, UINT64_MAX, &at.seq))
		return false;
	*ret = at;
	return true;
}

/* What is sealed is bound to its place in its log. */
static enum err seal(const struct redis_log *log, char kind, struct bytes place, struct bytes plain,
		     struct buf *to, bool is_sealed)
{
	struct state_sealer *sealer = log->logs->sealer;
	struct buf bound;
	enum err err;

	buf_init(&bound, place.len + 1);
	buf_append_byte(&bound, (uint8_t)kind);
	buf_append(&bound, place);
	err = buf_err(&bound);
	if (!err && is_sealed)
		err = state_sealer_unseal(sealer, log->node.key, buf_bytes(&bound), plain, to);
	else if (!err)
		err = state_sealer_seal(sealer, log->node.key, buf_bytes(&bound), plain, to);
	buf_done(&bound);
	return err;
}

static void add_sealed(const struct redis_log *log, struct redis_args *a, char kind,
		       struct bytes place, struct bytes plain)
{
	enum err err = seal(log, kind, place, plain, &a->text, false);

	if (err && !buf_err(&a->text))
		a->text.err = err;
}

void redis_log_add_data(const struct redis_log *log, struct redis_args *a, struct state_cursor at,
			struct bytes data)
{
	size_t before = a->text.len;
	char text[48];

	if (data.len)
		add_sealed(log, a, 'e', text_of(at, &text), data);
	redis_args_add_written(a, before);
}

#define TAGGED_MAX_BYTES 1024

void redis_log_tag(const struct redis_log *log, struct bytes name, struct bytes value,
		   uint8_t to[REDIS_LOG_TAG_BYTES])
{
	const struct redis_logs *s = log->logs;
	struct hash_sha256 tag = { 0 };
	struct buf all;

	buf_init(&all, log->node.key.len + name.len + TAGGED_MAX_BYTES + 2);
	if (value.len <= TAGGED_MAX_BYTES) {
		buf_append(&all, log->node.key);
		buf_append_byte(&all, 0);
		buf_append(&all, name);
		buf_append_byte(&all, 0);
		buf_append(&all, value);
	}
	if (all.len && !buf_err(&all))
		tag = hash_hmac_sha256(bytes_of(s->tag_key.at, sizeof s->tag_key.at),
				       buf_bytes(&all));
	buf_done(&all);
	memcpy(to, tag.at, REDIS_LOG_TAG_BYTES);
}

void redis_log_add_value(const struct redis_log *log, struct redis_args *a, struct bytes name,
			 struct bytes value)
{
	size_t before = a->text.len;
	uint8_t tag[REDIS_LOG_TAG_BYTES];

	redis_log_tag(log, name, value, tag);
	buf_append(&a->text, bytes_of(tag, sizeof tag));
	add_sealed(log, a, 'b', name, value);
	redis_args_add_written(a, before);
}

enum err redis_log_open_data(const struct redis_log *log, struct state_cursor at,
			     struct bytes sealed, struct buf *to)
{
	char text[48];

	return seal(log, 'e', text_of(at, &text), sealed, to, true);
}

enum err redis_log_open_value(const struct redis_log *log, struct bytes name, struct bytes sealed,
			      struct buf *to)
{
	return seal(log, 'b', name, bytes_skip(sealed, REDIS_LOG_TAG_BYTES), to, true);
}

/* --- what the process tells --- */

static struct redis_logs *of_user(struct redis_process_user *u)
{
	return (struct redis_logs *)((char *)u - offsetof(struct redis_logs, of_process));
}

static void on_lapse(struct redis_process_user *u)
{
	(void)u; /* whoever has taken a log meanwhile has its epoch */
}

static void on_back(struct redis_process_user *u)
{
	redis_logs_look_again(of_user(u));
	redis_logs_write_away(of_user(u));
}

static void on_beat(struct redis_process_user *u)
{
	struct redis_logs *s = of_user(u);

	redis_logs_write_away(s);
	if (!TAILQ_EMPTY(&s->unseen))
		loop_task_start(s->process->loop, &s->look_task);
}

/* --- life --- */

enum err redis_logs_init(struct redis_logs *s, struct redis_process *p,
			 const struct state_limits *limits, struct bytes seal_key,
			 uint64_t timeout_ms)
{
	*s = (struct redis_logs){
		.process = p,
		.limits = *limits,
		.of_process = { .on_lapse = on_lapse, .on_back = on_back, .on_beat = on_beat },
		.extra_bytes = bytes_is_null(seal_key) ? 1 : STATE_SEALER_EXTRA_BYTES,
		.tag_key = hash_hmac_sha256(bytes_is_null(seal_key) ? BYTES_LIT("") : seal_key,
					    BYTES_LIT("mailbridge baselines")),
		.timeout_ms = timeout_ms,
	};
	event_log_limits(&s->limits);
	TAILQ_INIT(&s->mirrors);
	TAILQ_INIT(&s->away);
	TAILQ_INIT(&s->unseen);
	if (!keymap_init(&s->names))
		return ERR_INTERNAL;
	s->sealer = state_sealer_new(seal_key, BYTES_LIT("event logs"));
	if (!s->sealer)
		return ERR_NOMEM;
	redis_logs_hear_init(s);
	redis_process_join(p, &s->of_process);
	return ERR_OK;
}

static void free_ops(struct redis_log *log)
{
	while (!TAILQ_EMPTY(&log->ops))
		op_cancel(&TAILQ_FIRST(&log->ops)->op);
	while (!TAILQ_EMPTY(&log->appends))
		op_cancel(&TAILQ_FIRST(&log->appends)->op);
	while (!TAILQ_EMPTY(&log->asking))
		op_cancel(&TAILQ_FIRST(&log->asking)->op);
}

void redis_logs_done(struct redis_logs *s)
{
	redis_logs_hear_done(s);
	while (s->names.root) {
		struct redis_log *log = (struct redis_log *)s->names.root;

		while (log->listeners)
			redis_log_unlink_listener(log->listeners);
		log->is_telling = true; /* stay */
		free_ops(log);
		redis_log_drop_mirror(log);
		log_free(log);
	}
	state_sealer_free(s->sealer);
}

void redis_logs_stats(const struct redis_logs *s, struct state_stats *to)
{
	to->logs = s->mirror_count;
	to->log_entries = s->sums.entries;
	to->log_bytes = s->sums.bytes;
	to->logs_appended = s->appended;
	to->logs_evicted = s->evicted;
}

unsigned redis_logs_unwritten(const struct redis_logs *s)
{
	const struct redis_log *log;
	unsigned count = 0;

	TAILQ_FOREACH(log, &s->away, of_away)
	count++;
	return count;
}
