/*
 * The event logs of state.h in Redis: one stream, one hash of baselines and one of what is
 * known of it per log (log_script.h); all of what an append does is done by one script, which
 * checks the epoch first.
 *
 * The process that writes a log mirrors it. What Redis has confirmed is read from the mirror
 * while nobody else can have taken the log; the rest is read from Redis. Others are told over
 * a channel per log.
 *
 * While Redis is away the writer goes on with its mirror, within the same bounds: what it
 * appends counts at once and is written when Redis is back, under the same ids. If it dies
 * before that, its successor tells the same things again, as other entries. If somebody else
 * took the log meanwhile, what was not written is lost to all but the listeners here, whose
 * cursors are then unknown. If Redis came back empty, the whole mirror is written, and nobody
 * notices.
 */
#ifndef STATE_REDIS_LOGS_H
#define STATE_REDIS_LOGS_H

#include <sys/queue.h>

#include "base/hash.h"
#include "state/event_log.h"
#include "state/redis/process.h"
#include "state/sealer.h"

struct redis_log;
TAILQ_HEAD(redis_log_list, redis_log);

struct redis_logs {
	struct redis_process *process; /* borrowed */
	struct state_limits limits;    /* without zeros in what concerns logs */
	/* Private. */
	struct redis_process_user of_process;
	struct state_sealer *sealer;
	size_t extra_bytes; /* by which sealing makes longer */
	struct hash_sha256 tag_key;
	uint64_t timeout_ms;           /* for one write */
	struct keymap names;           /* struct redis_log */
	struct redis_log_list mirrors; /* the least recently used first */
	struct redis_log_list away;    /* with something to write, when that is possible */
	struct redis_log_list unseen;  /* to be looked at */
	unsigned writing, attempts;
	uint64_t epoch; /* the last one given without Redis */
	struct log_sums sums;
	size_t mirror_count;
	uint64_t appended, evicted;
	struct loop_timer look_timer; /* all are looked at before their time runs out */
	struct loop_task look_task;
	struct redis_log_look *looks; /* under way */
};

/* The seal key may be null: entries and baselines are not encrypted then. ERR_INTERNAL when the
 * system gives no random bytes; ERR_NOMEM. */
MUST_CHECK enum err redis_logs_init(struct redis_logs *s, struct redis_process *p,
				    const struct state_limits *limits, struct bytes seal_key,
				    uint64_t timeout_ms);
/* Before the process, the ears and the link are done. Operations end without their callbacks,
 * listeners hear nothing any more. */
void redis_logs_done(struct redis_logs *s);
/* What concerns logs. */
/* Logs that wait to be written. */
unsigned redis_logs_unwritten(const struct redis_logs *s);
void redis_logs_stats(const struct redis_logs *s, struct state_stats *to);

/* As state.h says. */
struct op *redis_log_open(struct redis_logs *s, struct call call, struct bytes log,
			  state_log_open_cb *cb, void *ctx);
struct op *redis_log_append(struct redis_logs *s, struct call call, struct bytes log,
			    uint64_t epoch, const struct bytes *entries, size_t entry_count,
			    const struct state_baseline *baselines, size_t baseline_count,
			    state_log_cb *cb, void *ctx);
struct op *redis_log_read(struct redis_logs *s, struct call call, struct bytes log,
			  struct state_cursor after, size_t max_entries, size_t max_bytes,
			  state_log_read_cb *cb, void *ctx);
struct op *redis_log_top(struct redis_logs *s, struct call call, struct bytes log, state_log_cb *cb,
			 void *ctx);
struct op *redis_log_sight(struct redis_logs *s, struct call call, struct bytes log,
			   struct bytes mark, struct bytes known, struct bytes name,
			   state_log_look_cb *cb, void *ctx);
MUST_CHECK enum err redis_log_listen(struct redis_logs *s, struct bytes log,
				     struct state_listener *l);
void redis_log_unlisten(struct state_listener *l);

#endif
