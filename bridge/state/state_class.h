/*
 * What an implementation of state.h provides: each function does what the one
 * of the same name there does. An implementation embeds struct state first.
 */
#ifndef STATE_STATE_CLASS_H
#define STATE_STATE_CLASS_H

#include "state/share.h"

struct state_class {
	struct op *(*get)(struct state *s, struct call call, enum state_space space,
			  struct bytes key, uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx);
	enum err (*peek)(struct state *s, enum state_space space, struct bytes key,
			 uint64_t *ret_generation); /* NULL: ERR_UNSUPPORTED */
	struct op *(*put)(struct state *s, struct call call, enum state_space space,
			  struct bytes key, struct bytes value, uint64_t ttl_ms, uint64_t expected,
			  state_done_cb *cb, void *ctx);
	struct op *(*delete)(struct state *s, struct call call, enum state_space space,
			     struct bytes key, state_done_cb *cb, void *ctx);
	struct op *(*get_many)(struct state *s, struct call call, enum state_space space,
			       const struct bytes *keys, size_t count, state_values_cb *cb,
			       void *ctx);
	struct op *(*put_many)(struct state *s, struct call call, enum state_space space,
			       const struct bytes *keys, const struct bytes *values, size_t count,
			       uint64_t ttl_ms, state_done_cb *cb, void *ctx);
	struct op *(*list)(struct state *s, struct call call, enum state_space space,
			   struct bytes prefix, size_t max, state_list_cb *cb, void *ctx);
	struct op *(*count)(struct state *s, struct call call, enum state_space space,
			    struct bytes key, uint64_t n, uint64_t ttl_ms, state_count_cb *cb,
			    void *ctx);
	struct op *(*log_open)(struct state *s, struct call call, struct bytes log,
			       state_log_open_cb *cb, void *ctx);
	struct op *(*log_append)(struct state *s, struct call call, struct bytes log,
				 uint64_t epoch, const struct bytes *entries, size_t entry_count,
				 const struct state_baseline *baselines, size_t baseline_count,
				 state_log_cb *cb, void *ctx);
	struct op *(*log_read)(struct state *s, struct call call, struct bytes log,
			       struct state_cursor after, size_t max_entries, size_t max_bytes,
			       state_log_read_cb *cb, void *ctx);
	struct op *(*log_top)(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			      void *ctx);
	struct op *(*log_look)(struct state *s, struct call call, struct bytes log,
			       struct bytes mark, struct bytes known, struct bytes name,
			       state_log_look_cb *cb, void *ctx);
	enum err (*log_listen)(struct state *s, struct bytes log, struct state_listener *l);
	void (*log_unlisten)(struct state_listener *l); /* only one that listens */
	struct state_stats (*stats)(const struct state *s);
	/* share.h; slot_give, health, traffic and notes are NULL where there is only one process.
	 */
	struct state_health (*health)(const struct state *s);
	struct state_traffic (*traffic)(const struct state *s);
	enum err (*lease_want)(struct state *s, struct bytes name, struct state_lease *l);
	void (*lease_leave)(struct state_lease *l); /* only one that is in line */
	enum state_turn (*lease_turn)(const struct state_lease *l);
	struct op *(*slot_take)(struct state *s, struct call call, struct bytes name, unsigned max,
				state_done_cb *cb, void *ctx);
	void (*slot_give)(struct state *s, struct bytes name);
	enum err (*hear)(struct state *s, struct bytes name, struct state_ear *e);
	void (*unhear)(struct state_ear *e); /* only one that hears */
	void (*say)(struct state *s, struct bytes name, struct bytes note);
	void (*free)(struct state *s);
};

struct state {
	const struct state_class *cls;
};

#endif
