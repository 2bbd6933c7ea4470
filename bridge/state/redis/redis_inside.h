/*
 * The state in Redis, as its files share it. An operation is a chain of steps, each of them one
 * command or script on the link, or the same operation on the embedded store while Redis is
 * away.
 */
#ifndef STATE_REDIS_REDIS_INSIDE_H
#define STATE_REDIS_REDIS_INSIDE_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/hash.h"
#include "state/redis/args.h"
#include "state/redis/leases.h"
#include "state/redis/logs.h"
#include "state/redis/near.h"
#include "state/redis/notes.h"
#include "state/redis/redis.h"
#include "state/redis/refusal.h"
#include "state/redis/slots.h"
#include "state/sealer.h"
#include "state/state_class.h"

/* What we write changes its form with this number only: it is part of all keys. */
#define REDIS_FORM "1"

/* Ten years: what Redis can add to its clock without trouble. */
#define REDIS_TTL_MAX_MS (UINT64_C(10) * 366 * 24 * 60 * 60 * 1000)

struct redis_op;

/* What is shared with other processes. */
struct redis_shared {
	struct redis_ears *ears;
	struct redis_process process;
	struct redis_leases leases;
	struct redis_slots slots;
	struct redis_notes notes;
	struct redis_logs logs;
	unsigned begun; /* how many of them */
};

/* The link and the prefix outlive it. NULL: memory or random bytes are short. */
struct redis_shared *redis_shared_new(struct redis_link *link, const struct redis_link_setup *ears,
				      struct bytes prefix, const struct state_redis_setup *setup);
/* Says goodbye to the others. NULL is fine. */
void redis_shared_free(struct redis_shared *s);

struct redis_state {
	struct state state;
	struct loop *loop;
	struct redis_link *link;
	struct redis_link_user of_link;
	struct loop_timer look; /* for what is wrong; the first time when it should be up */
	char told[200];         /* of that, in the log */
	struct redis_shared *shared;
	struct redis_near near;
	struct redis_process_user of_process;
	uint64_t near_hits, near_misses;
	struct state *local;         /* goes on while Redis is away; all keys in the clear */
	char *prefix;                /* of all keys: "mb1:1" */
	char generation_key[64 + 1]; /* the last generation that was given */
	char changed[64 + 1];        /* the channel that says which sessions changed */
	struct hash_sha256 hash_key;
	bool has_hash_key;
	struct state_sealer *sealer; /* of values */
	TAILQ_HEAD(redis_ops, redis_op) ops;
};

/* --- operations --- */

struct redis_op {
	struct op op;
	struct redis_state *r;
	TAILQ_ENTRY(redis_op) entry;
	struct op *step; /* under way */
	enum state_space space;
	struct call call;
	struct bytes key;                /* in `input`; of a list its prefix */
	struct redis_near_ticket ticket; /* get */
	size_t count;                    /* of several: how many; of a list: the most */
	uint64_t n, ttl_ms;
	struct redis_many *many; /* owned */
	union {
		state_value_cb *value;
		state_done_cb *done;
		state_values_cb *values;
		state_list_cb *list;
		state_count_cb *count;
	} cb;
	void *ctx;
	uint8_t input[];
};

/* NULL: no memory. */
struct redis_op *redis_op_new(struct state *s, struct call call, enum state_space space,
			      struct bytes key, void *ctx);
void redis_op_free(struct redis_op *o);
/* The first step; without it (NULL) the operation is freed: what the starting call returns. */
struct op *redis_op_start(struct redis_op *o, struct op *step);
/* Each tells and is the end of the operation. */
void redis_end_value(struct redis_op *o, enum err err, struct bytes value, uint64_t generation);
void redis_end_done(struct redis_op *o, enum err err);
void redis_end_values(struct redis_op *o, enum err err, const struct bytes *values, size_t count);
void redis_end_list(struct redis_op *o, enum err err, const struct bytes *keys,
		    const struct bytes *values, size_t count);
void redis_end_count(struct redis_op *o, enum err err, uint64_t sum);

/* Does Redis not answer, so that the embedded store goes on? */
static inline bool redis_is_away(enum err err)
{
	return err == ERR_NET || err == ERR_TIMEOUT || err == ERR_BUSY;
}

/* --- keys --- */

/* The key of an entry. Those of sessions are digests and names already and stay as they are, to
 * be listed; all others are hashed: they have what users wrote in them. */
void redis_add_key(const struct redis_state *r, struct redis_args *a, enum state_space space,
		   struct bytes key);
/* What entries of that space are listed by: all up to the last ':' of a key of printable ASCII;
 * null: the entry is in no list. */
struct bytes redis_owner_of(enum state_space space, struct bytes key);
/* The sorted set that lists the owner's entries. */
void redis_add_index(const struct redis_state *r, struct redis_args *a, enum state_space space,
		     struct bytes owner);
/* What each key of the space begins with: prefix, space, ':'. */
void redis_add_space(const struct redis_state *r, struct redis_args *a, enum state_space space);

/* The channel on which a change of the entry is told, or an empty name. */
void redis_add_changed(const struct redis_state *r, struct redis_args *a, enum state_space space);

/* --- values --- */

/* An entry is a byte for the form, the generation in 8 bytes, and what redis_add_value() makes
 * of the value: sealed for the owner that its key begins with (the id of an account, a folder, a
 * maildrop) and bound to the key; but sessions and tickets, in which what is secret is sealed
 * better already. */

#define REDIS_ENTRY_HEAD_BYTES 9

/* Adds a value as it is kept. */
void redis_add_value(const struct redis_state *r, struct redis_args *a, enum state_space space,
		     struct bytes key, struct bytes value);
void redis_add_ttl(struct redis_args *a, uint64_t ttl_ms);
/* Adds a generation as it is kept; STATE_ANY: an empty one. */
void redis_add_generation(struct redis_args *a, uint64_t generation);
/* Reads an entry. ERR_NOT_FOUND: it is of another form, or sealed otherwise. The value lies in the
 * entry or in mem. */
MUST_CHECK enum err redis_read_entry(const struct redis_state *r, enum state_space space,
				     struct bytes key, struct bytes entry, struct arena *mem,
				     struct bytes *ret_value, uint64_t *ret_generation);
struct bytes redis_string(const struct redisReply *reply); /* null: it is none */

/* Lua: next_generation(key) gives 8 bytes, or nil and an error reply. It is later than any that
 * was given in that time, whatever the clock does. */
#define REDIS_LUA_GENERATION                                                                       \
	"local function next_generation(key)\n"                                                    \
	"  local time = redis.call('TIME')\n"                                                      \
	"  local next = time[1] * 1000000 + time[2]\n"                                             \
	"  local last = redis.pcall('GET', key)\n"                                                 \
	"  last = type(last) == 'string' and tonumber(last) or 0\n"                                \
	"  if next <= last then next = last + 1 end\n"                                             \
	"  local set = redis.pcall('SET', key, string.format('%.0f', next), 'PX', 7776000000)\n"   \
	"  if set.err then return nil, set end\n"                                                  \
	"  return struct.pack('>I4I4', math.floor(next / 4294967296), next % 4294967296)\n"        \
	"end\n"

/* Lua: list(index, key, ttl) keeps the index as long as what it lists. */
#define REDIS_LUA_INDEX                                                                            \
	"local function list(index, key, ttl)\n"                                                   \
	"  local time = redis.call('TIME')\n"                                                      \
	"  local ends = time[1] * 1000 + math.floor(time[2] / 1000) + ttl\n"                       \
	"  ends = string.format('%.0f', ends)\n"                                                   \
	"  if type(redis.pcall('ZADD', index, ends, key)) == 'table' then\n"                       \
	"    redis.call('DEL', index)\n"                                                           \
	"    redis.call('ZADD', index, ends, key)\n"                                               \
	"  end\n"                                                                                  \
	"  if redis.call('PTTL', index) < ttl then redis.call('PEXPIRE', index, ttl) end\n"        \
	"end\n"

/* --- what state_class.h wants --- */

enum err redis_peek(struct state *s, enum state_space space, struct bytes key,
		    uint64_t *ret_generation);
struct op *redis_get(struct state *s, struct call call, enum state_space space, struct bytes key,
		     uint64_t touch_ttl_ms, state_value_cb *cb, void *ctx);
struct op *redis_put(struct state *s, struct call call, enum state_space space, struct bytes key,
		     struct bytes value, uint64_t ttl_ms, uint64_t expected, state_done_cb *cb,
		     void *ctx);
struct op *redis_delete(struct state *s, struct call call, enum state_space space, struct bytes key,
			state_done_cb *cb, void *ctx);
struct op *redis_get_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx);
struct op *redis_put_many(struct state *s, struct call call, enum state_space space,
			  const struct bytes *keys, const struct bytes *values, size_t count,
			  uint64_t ttl_ms, state_done_cb *cb, void *ctx);
struct op *redis_list(struct state *s, struct call call, enum state_space space,
		      struct bytes prefix, size_t max, state_list_cb *cb, void *ctx);
struct op *redis_count(struct state *s, struct call call, enum state_space space, struct bytes key,
		       uint64_t n, uint64_t ttl_ms, state_count_cb *cb, void *ctx);
void redis_many_free(struct redis_many *m);

/* shared.c */
struct op *redis_shared_log_open(struct state *s, struct call call, struct bytes log,
				 state_log_open_cb *cb, void *ctx);
struct op *redis_shared_log_append(struct state *s, struct call call, struct bytes log,
				   uint64_t epoch, const struct bytes *entries, size_t entry_count,
				   const struct state_baseline *baselines, size_t baseline_count,
				   state_log_cb *cb, void *ctx);
struct op *redis_shared_log_read(struct state *s, struct call call, struct bytes log,
				 struct state_cursor after, size_t max_entries, size_t max_bytes,
				 state_log_read_cb *cb, void *ctx);
struct op *redis_shared_log_top(struct state *s, struct call call, struct bytes log,
				state_log_cb *cb, void *ctx);
struct op *redis_shared_log_look(struct state *s, struct call call, struct bytes log,
				 struct bytes mark, struct bytes known, struct bytes name,
				 state_log_look_cb *cb, void *ctx);
enum err redis_shared_log_listen(struct state *s, struct bytes log, struct state_listener *l);
enum err redis_shared_lease_want(struct state *s, struct bytes name, struct state_lease *l);
struct op *redis_shared_slot_take(struct state *s, struct call call, struct bytes name,
				  unsigned max, state_done_cb *cb, void *ctx);
void redis_shared_slot_give(struct state *s, struct bytes name);
enum err redis_shared_hear(struct state *s, struct bytes name, struct state_ear *e);
void redis_shared_say(struct state *s, struct bytes name, struct bytes note);

#endif
