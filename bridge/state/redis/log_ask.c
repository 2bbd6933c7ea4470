/* What has to be asked of Redis about a log, and what comes of it. */
#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "base/clock.h"
#include "state/redis/logs_inside.h"

#define VALUE_MAX_BYTES (64 * 1024 * 1024)
#define COMES_BACK_MS   10000

static enum err error_of(enum err err)
{
	return err == ERR_REFUSED ? ERR_BUSY : err;
}

static bool is_list(const struct redisReply *r, size_t count)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == count;
}

static struct bytes string_of(const struct redisReply *r)
{
	return r->type == REDIS_REPLY_STRING ? bytes_of(r->str, r->len) : BYTES_NULL;
}

/* --- open --------------------------------------------------------------------- */

/* What cannot be opened is as if it were not there. ERR_NOMEM. */
static enum err load_one(struct redis_log *log, struct bytes name, struct bytes value,
			 const struct state_limits *limits)
{
	struct state_baseline b = { .name = name };
	struct log_batch *batch;
	struct buf plain;
	enum err err;

	buf_init(&plain, VALUE_MAX_BYTES);
	err = redis_log_open_value(log, name, value, &plain);
	if (!err) {
		b.value = plain.len ? buf_bytes(&plain) : BYTES_LIT("");
		batch = log_batch_new(NULL, 0, &b, 1);
		err = batch ? event_log_append(&log->mirror, batch, limits) : ERR_NOMEM;
		log_batch_free(batch);
	}
	buf_done(&plain);
	return err == ERR_NOMEM ? err : ERR_OK;
}

static enum err load(struct redis_log *log, const struct redisReply *list)
{
	struct state_limits limits = log->logs->limits;
	enum err err = ERR_OK;

	/* They are there: who takes the log over decides what to do about them. */
	limits.log_max_bytes = SIZE_MAX;
	for (size_t i = 0; !err && i + 1 < list->elements; i += 2)
		err = load_one(log, string_of(list->element[i]), string_of(list->element[i + 1]),
			       &limits);
	return err;
}

static enum err take_open(struct redis_log *log, const struct redisReply *r,
			  struct state_cursor *ret_previous)
{
	struct state_cursor top = { 0, 0 }, previous = { 0, 0 };
	bool goes_on;
	enum err err;

	if (!is_list(r, 3) || r->element[2]->type != REDIS_REPLY_ARRAY ||
	    !bytes_to_u64(string_of(r->element[0]), UINT64_MAX, &top.epoch) ||
	    (r->element[1]->len && !redis_log_cursor_of(r->element[1], &previous)))
		return ERR_PROTO;
	if (log->others_epoch > top.epoch) {
		redis_log_drop_mirror(log);
		return ERR_CONFLICT;
	}
	goes_on = log->is_writer && state_cursor_compare(log->mirror.top, previous) == 0;
	err = redis_log_begin_mirror(log, top, previous);
	if (!err && !goes_on)
		err = load(log, r->element[2]);
	if (!err)
		err = redis_log_subscribe(log);
	if (err) {
		redis_log_drop_mirror(log);
		return err;
	}
	redis_log_use(log);
	redis_logs_make_room(log->logs, log);
	*ret_previous = previous;
	return ERR_OK;
}

static void on_open(void *ctx, enum err err, const struct redisReply *r)
{
	struct redis_log_op *o = ctx;
	struct state_cursor previous = { 0, 0 };

	o->asks = NULL;
	if (!err)
		err = take_open(o->log, r, &previous);
	else if (o->log->is_writer)
		err = redis_log_open_here(o->log, &previous);
	redis_log_tell_opened(o, error_of(err), previous);
}

/* --- read --------------------------------------------------------------------- */

static enum err take_entries(struct redis_log_op *o, const struct redisReply *list,
			     struct state_entry *entries, size_t *ret_count)
{
	struct buf plain;
	size_t n = 0;
	enum err err = ERR_OK;

	buf_init(&plain, VALUE_MAX_BYTES);
	for (size_t i = 0; i + 1 < list->elements && err != ERR_NOMEM; i += 2) {
		struct state_entry *e = &entries[n];

		buf_reset(&plain);
		if (!redis_log_cursor_of(list->element[i], &e->at))
			continue;
		/* What cannot be opened was written under another key: it tells nothing. */
		err = redis_log_open_data(o->log, e->at, string_of(list->element[i + 1]), &plain);
		e->data = arena_bytes(o->call.mem, buf_bytes(&plain));
		n += !err && e->data.len;
	}
	buf_done(&plain);
	*ret_count = n;
	return err == ERR_NOMEM || arena_failed(o->call.mem) ? ERR_NOMEM : ERR_OK;
}

/* While somebody listens no log runs out of time: Redis has been emptied. Who writes it has
 * it still, or else his successor begins another one. */
static bool may_come_back(struct redis_log *log)
{
	uint64_t now = clock_monotonic_ms();

	if (!log->listeners || !log->seen.epoch)
		return false;
	if (!log->missed_ms)
		log->missed_ms = now;
	return now < log->missed_ms + COMES_BACK_MS;
}

static enum err take_read(struct redis_log_op *o, const struct redisReply *r,
			  struct state_entry **ret_entries, size_t *ret_count,
			  struct state_cursor *ret_last, bool *ret_more)
{
	struct bytes status;

	if (!is_list(r, 3) || r->element[2]->type != REDIS_REPLY_ARRAY)
		return ERR_PROTO;
	status = string_of(r->element[1]);
	if (r->element[0]->len && !redis_log_cursor_of(r->element[0], ret_last))
		return ERR_PROTO;
	if (!r->element[0]->len && may_come_back(o->log))
		return ERR_BUSY;
	if (r->element[0]->len)
		o->log->missed_ms = 0;
	if (bytes_equal_str(status, "lost"))
		return ERR_NOT_FOUND;
	*ret_more = bytes_equal_str(status, "more");
	*ret_entries = ARENA_ARRAY(o->call.mem, r->element[2]->elements / 2, struct state_entry);
	if (!*ret_entries)
		return ERR_NOMEM;
	return take_entries(o, r->element[2], *ret_entries, ret_count);
}

static void on_read(void *ctx, enum err err, const struct redisReply *r)
{
	struct redis_log_op *o = ctx;
	struct state_entry *entries = NULL;
	struct state_cursor last = { 0, 0 };
	bool has_more = false;
	size_t count = 0;

	o->asks = NULL;
	if (!err)
		err = take_read(o, r, &entries, &count, &last, &has_more);
	redis_log_tell_read(o, error_of(err), entries, err ? 0 : count, last, has_more);
}

/* --- sight -------------------------------------------------------------------- */

static struct bytes take_value(struct redis_log_op *o, struct bytes name,
			       const struct redisReply *r)
{
	struct bytes value = BYTES_NULL;
	struct buf plain;

	if (r->type != REDIS_REPLY_STRING)
		return value;
	buf_init(&plain, VALUE_MAX_BYTES);
	if (!redis_log_open_value(o->log, name, string_of(r), &plain))
		value = arena_bytes(o->call.mem, plain.len ? buf_bytes(&plain) : BYTES_LIT(""));
	buf_done(&plain);
	return value;
}

static enum err take_sight(struct redis_log_op *o, const struct redisReply *r,
			   struct state_log_sight *ret)
{
	if (is_list(r, 1))
		return ERR_NOT_FOUND;
	if (!is_list(r, 4) || !redis_log_cursor_of(r->element[0], &ret->top))
		return ERR_PROTO;
	ret->is_led = r->element[1]->type == REDIS_REPLY_INTEGER && r->element[1]->integer;
	if (o->what != LOG_SIGHT)
		return ERR_OK;
	ret->mark = take_value(o, o->mark, r->element[2]);
	ret->value = take_value(o, o->name, r->element[3]);
	return arena_failed(o->call.mem) ? ERR_NOMEM : ERR_OK;
}

static void on_sight(void *ctx, enum err err, const struct redisReply *r)
{
	struct redis_log_op *o = ctx;
	struct state_log_sight sight = { 0 };

	o->asks = NULL;
	if (!err)
		err = take_sight(o, r, &sight);
	if (o->what == LOG_SIGHT)
		redis_log_tell_sight(o, error_of(err), &sight);
	else
		redis_log_tell_top(o, error_of(err), sight.top);
}

/* --- asking ------------------------------------------------------------------- */

static void add_limits(const struct redis_logs *s, struct redis_args *a)
{
	redis_args_add_u64(a, s->limits.log_ttl_ms);
	redis_args_add_u64(a, s->limits.log_max_entries);
	redis_args_add_u64(a, s->limits.log_max_bytes);
}

static void add_open(struct redis_log_op *o, struct redis_args *a)
{
	const struct redis_process *p = o->log->logs->process;
	const struct bytes key[] = { p->prefix, BYTES_LIT(":epoch") };
	uint64_t above = o->log->others_epoch;

	redis_args_add_pieces(a, key, 2);
	redis_args_add_str(a, p->id);
	add_limits(o->log->logs, a);
	redis_log_add_channel(o->log, a);
	/* Whatever became of Redis and its clock since. */
	redis_args_add_u64(a, above > o->log->mirror.top.epoch ? above : o->log->mirror.top.epoch);
}

static void add_read(struct redis_log_op *o, struct redis_args *a)
{
	const struct redis_logs *s = o->log->logs;

	redis_args_add_u64(a, o->after.epoch);
	redis_args_add_u64(a, o->after.seq);
	redis_args_add_u64(a, o->max_entries);
	redis_args_add_u64(a, o->max_bytes);
	redis_args_add_u64(a, s->extra_bytes);
	redis_args_add_u64(a, s->limits.log_ttl_ms);
}

static void add_sight(struct redis_log_op *o, struct redis_args *a)
{
	const struct redis_logs *s = o->log->logs;
	uint8_t tag[REDIS_LOG_TAG_BYTES] = { 0 };
	bool is_known = false;

	if (!bytes_is_null(o->known)) {
		redis_log_tag(o->log, o->mark, o->known, tag);
		for (size_t i = 0; i < sizeof tag; i++)
			is_known |= tag[i] != 0;
	}
	redis_process_add_key(s->process, a, "lease", o->log->node.key);
	redis_args_add_u64(a, s->limits.log_ttl_ms);
	redis_process_add_key(s->process, a, "process", BYTES_LIT(""));
	redis_args_add(a, o->mark);
	redis_args_add(a, bytes_of(tag, is_known ? sizeof tag : 0));
	redis_args_add(a, o->name);
}

bool redis_log_ask(struct redis_log_op *o)
{
	static const struct {
		struct redis_script *script;
		size_t keys;
		void (*add)(struct redis_log_op *o, struct redis_args *a);
		redis_cb *cb;
	} how[] = {
		[LOG_OPEN] = { &log_open_script, 4, add_open, on_open },
		[LOG_READ] = { &log_read_script, 3, add_read, on_read },
		[LOG_TOP] = { &log_sight_script, 4, add_sight, on_sight },
		[LOG_SIGHT] = { &log_sight_script, 4, add_sight, on_sight },
	};
	size_t keys = how[o->what].keys;
	struct redis_args a;
	const struct bytes *list;

	redis_args_init(&a);
	redis_log_add_keys(o->log, &a);
	how[o->what].add(o, &a);
	list = redis_args_list(&a);
	if (list)
		o->asks = redis_eval(o->log->logs->process->link, o->call, how[o->what].script,
				     list, keys, list + keys, a.count - keys, how[o->what].cb, o);
	redis_args_done(&a);
	if (o->asks)
		redis_log_op_move(o, &o->log->asking);
	return o->asks != NULL;
}
