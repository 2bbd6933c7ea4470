/*
 * A log as this process knows it, for logs.c (what there is), log_op.c and log_ask.c
 * (operations), log_write.c (what Redis has to be told), log_hear.c (what it tells).
 */
#ifndef STATE_REDIS_LOGS_INSIDE_H
#define STATE_REDIS_LOGS_INSIDE_H

#include "state/redis/log_script.h"
#include "state/redis/logs.h"

struct redisReply;
struct redis_log_op;
struct redis_log_name;
struct redis_log_write;

TAILQ_HEAD(redis_log_ops, redis_log_op);

struct redis_log {
	struct keymap_node node; /* its key is `name` */
	struct redis_logs *logs;
	struct redis_log_ops ops;     /* that have not begun, in order */
	struct redis_log_ops appends; /* in the mirror, not yet told */
	struct redis_log_ops asking;  /* that wait for Redis */
	struct redis_log_op *opening; /* nothing begins meanwhile */
	struct loop_task task;        /* goes on with the operations */

	/* --- as its writer --- */
	bool is_writer;
	struct event_log mirror; /* while it is */
	TAILQ_ENTRY(redis_log) of_mirrors, of_away, of_unseen;
	uint64_t used_ms;
	uint64_t number, written; /* appends to the mirror; those that Redis has */
	struct state_cursor written_top, written_last;
	/* Names of baselines that Redis has not: to be found, and in the order of their appends. */
	struct keymap unwritten;
	TAILQ_HEAD(, redis_log_name) unwritten_order;
	bool must_write_whole;         /* Redis does not have the log any more */
	bool is_away;                  /* there was no writing: the mirror is what counts */
	bool in_away;                  /* in that list */
	bool is_unsure;                /* somebody else may have taken it, unheard */
	uint64_t others_epoch;         /* the highest one that others were heard to open */
	struct redis_log_write *write; /* under way */

	/* --- for its listeners --- */
	struct redis_ear ear;
	struct state_listener *listeners, *telling; /* the latter: whose turn is next */
	bool is_telling;
	struct loop_task news;
	struct state_cursor seen; /* the last entry that they were told of */
	uint64_t missed_ms;       /* since when it is not there; 0: it is */
	bool is_unseen;
	unsigned looks; /* under way */
	unsigned gaps;

	uint8_t name[];
};

/* --- logs.c --- */

struct redis_log *redis_log_of(struct redis_logs *s, struct bytes name); /* NULL: no memory */
void redis_log_free_if_unused(struct redis_log *log);
void redis_log_use(struct redis_log *log);
/* It writes no more: somebody else does, or it has to make room. */
void redis_log_drop_mirror(struct redis_log *log);
void redis_logs_make_room(struct redis_logs *s, const struct redis_log *spared);
/* Begins a mirror, or goes on with the one that ended at `previous`. ERR_NOMEM. */
MUST_CHECK enum err redis_log_begin_mirror(struct redis_log *log, struct state_cursor top,
					   struct state_cursor previous);
static inline bool redis_log_is_settled(const struct redis_log *log)
{
	return log->is_away || log->written == log->number;
}
/* The last entry of the mirror that is no marker; {0, 0}: it never had one. */
struct state_cursor redis_log_last(const struct redis_log *log);
/* Is the mirror as good as Redis? */
bool redis_log_is_mirrored(const struct redis_log *log);
bool redis_log_is_over(const struct redis_log *log);

/* stream, meta, baselines */
void redis_log_add_keys(const struct redis_log *log, struct redis_args *a);
void redis_log_add_cursor(struct redis_args *a, struct state_cursor at);
MUST_CHECK bool redis_log_cursor_of(const struct redisReply *reply, struct state_cursor *ret);
void redis_log_add_channel(const struct redis_log *log, struct redis_args *a);

/* What is kept in Redis. Data: sealed; a marker is empty. A baseline's value has a tag before
 * it, by which it can be known without being opened; long ones have none. */
#define REDIS_LOG_TAG_BYTES 16
void redis_log_add_data(const struct redis_log *log, struct redis_args *a, struct state_cursor at,
			struct bytes data);
void redis_log_add_value(const struct redis_log *log, struct redis_args *a, struct bytes name,
			 struct bytes value);
void redis_log_tag(const struct redis_log *log, struct bytes name, struct bytes value,
		   uint8_t to[REDIS_LOG_TAG_BYTES]);
/* Appends. ERR_DENIED: it was not us who wrote it, or under another key. */
MUST_CHECK enum err redis_log_open_data(const struct redis_log *log, struct state_cursor at,
					struct bytes sealed, struct buf *to);
MUST_CHECK enum err redis_log_open_value(const struct redis_log *log, struct bytes name,
					 struct bytes sealed, struct buf *to);

/* --- log_op.c --- */

enum redis_log_what {
	LOG_OPEN,
	LOG_APPEND,
	LOG_READ,
	LOG_TOP,
	LOG_SIGHT,
};

struct redis_log_op {
	struct op op;
	struct redis_log *log;
	enum redis_log_what what;
	TAILQ_ENTRY(redis_log_op) entry;
	struct redis_log_ops *list; /* that it is in */
	struct op *asks;            /* while in `asking` */
	struct call call;
	struct log_batch *batch;   /* append; owned */
	uint64_t epoch;            /* append */
	uint64_t number;           /* append, when it is in the mirror */
	struct state_cursor top;   /* the same */
	struct state_cursor after; /* read */
	size_t max_entries, max_bytes;
	struct bytes mark, known, name; /* sight; in call.mem */
	union {
		state_log_open_cb *open;
		state_log_cb *top;
		state_log_read_cb *read;
		state_log_look_cb *sight;
	} cb;
	void *ctx;
};

/* Each frees the operation and then tells. */
void redis_log_tell_opened(struct redis_log_op *o, enum err err, struct state_cursor previous);
void redis_log_tell_top(struct redis_log_op *o, enum err err, struct state_cursor top);
void redis_log_tell_read(struct redis_log_op *o, enum err err, const struct state_entry *entries,
			 size_t count, struct state_cursor last, bool has_more);
void redis_log_tell_sight(struct redis_log_op *o, enum err err,
			  const struct state_log_sight *sight);
/* Something has changed that operations wait for. */
void redis_log_go_on(struct redis_log *log);
void redis_log_op_free(struct redis_log_op *o);
void redis_log_op_move(struct redis_log_op *o, struct redis_log_ops *to);
void redis_log_on_task(struct loop_task *t);
/* Takes it without Redis, under an epoch of our own. */
MUST_CHECK enum err redis_log_open_here(struct redis_log *log, struct state_cursor *ret_previous);

/* --- log_ask.c --- */

/* False: memory is short. */
bool redis_log_ask(struct redis_log_op *o);

/* --- log_write.c --- */

/* A baseline that the next append changes. */
void redis_log_note_unwritten(struct redis_log *log, struct bytes baseline);
void redis_log_forget_unwritten(struct redis_log *log, uint64_t number);
/* The mirror is what counts, until all of it is written. */
void redis_log_set_away(struct redis_log *log);
/* Writes what there is, unless that is under way. */
void redis_log_write(struct redis_log *log);
void redis_log_write_cancel(struct redis_log *log);
/* Redis is back, or some write has ended. */
void redis_logs_write_away(struct redis_logs *s);

/* --- log_hear.c --- */

/* Listeners are to know of this entry, the last one. */
void redis_log_tell_news(struct redis_log *log, struct state_cursor last);
MUST_CHECK enum err redis_log_subscribe(struct redis_log *log);
void redis_log_unlink_listener(struct state_listener *l);
void redis_log_look_at(struct redis_log *log);
void redis_logs_hear_init(struct redis_logs *s);
void redis_logs_hear_done(struct redis_logs *s);
void redis_log_hear_init(struct redis_log *log);
void redis_logs_look_again(struct redis_logs *s);

#endif
