/*
 * state.h in this process's memory. An operation keeps a copy of its input, is
 * carried out by a task later in the turn, and tells at once: they take effect
 * in the order in which they were started, and the bytes that a callback gets
 * are the store's own. Shared by memory.c,
 * memory_many.c, memory_log.c and memory_share.c.
 */
#ifndef STATE_MEMORY_INSIDE_H
#define STATE_MEMORY_INSIDE_H

#include "state/log_store.h"
#include "state/memory_store.h"
#include "state/state_class.h"

struct memory_look; /* what a look at a log asks for: memory_log.c */

struct memory_op {
	struct op op;
	struct memory *memory;
	struct loop_task task;
	TAILQ_ENTRY(memory_op) link;
	enum state_space space;
	struct arena *mem;       /* the caller's */
	struct bytes key, value; /* in `input`; list: key is the prefix; logs: its name */
	uint64_t ttl_ms;
	/* put: the expected generation; list: the most; count: what to add; append: the
	 * epoch; read: the most bytes */
	uint64_t n;
	struct state_cursor after; /* read */
	size_t max_entries;
	struct log_batch *batch;  /* append; owned */
	struct memory_many *many; /* get_many, put_many; owned */
	struct memory_look *look; /* in mem */
	union {
		state_value_cb *value;
		state_done_cb *done;
		state_values_cb *values;
		state_list_cb *list;
		state_count_cb *count;
		state_log_open_cb *log_open;
		state_log_cb *log;
		state_log_read_cb *log_read;
		state_log_look_cb *log_look;
	} cb;
	void *ctx;
	uint8_t input[];
};

struct memory {
	struct state state;
	struct loop *loop;
	struct memory_store store;
	struct log_store logs;
	TAILQ_HEAD(memory_ops, memory_op) ops;
};

/* NULL: no memory. */
struct memory_op *memory_op_new(struct state *s, enum state_space space, struct bytes key,
				struct bytes value, void (*run)(struct loop_task *t));
void memory_op_free(struct memory_op *o);

static inline struct memory_op *memory_op_of(struct loop_task *t)
{
	return (struct memory_op *)((char *)t - offsetof(struct memory_op, task));
}

struct op *memory_get_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx);
struct op *memory_put_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, const struct bytes *values, size_t count,
			   uint64_t ttl_ms, state_done_cb *cb, void *ctx);
void memory_many_free(struct memory_many *m);

struct op *memory_log_open(struct state *s, struct call call, struct bytes log,
			   state_log_open_cb *cb, void *ctx);
struct op *memory_log_append(struct state *s, struct call call, struct bytes log, uint64_t epoch,
			     const struct bytes *entries, size_t entry_count,
			     const struct state_baseline *baselines, size_t baseline_count,
			     state_log_cb *cb, void *ctx);
struct op *memory_log_read(struct state *s, struct call call, struct bytes log,
			   struct state_cursor after, size_t max_entries, size_t max_bytes,
			   state_log_read_cb *cb, void *ctx);
struct op *memory_log_top(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			  void *ctx);
struct op *memory_log_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			   struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx);
enum err memory_log_listen(struct state *s, struct bytes log, struct state_listener *l);
void memory_log_unlisten(struct state_listener *l);

enum err memory_lease_want(struct state *s, struct bytes name, struct state_lease *l);
void memory_lease_leave(struct state_lease *l);
enum state_turn memory_lease_turn(const struct state_lease *l);
struct op *memory_slot_take(struct state *s, struct call call, struct bytes name, unsigned max,
			    state_done_cb *cb, void *ctx);

#endif
