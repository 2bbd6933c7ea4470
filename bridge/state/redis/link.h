/*
 * One connection to Redis for commands: pipelined, bounded, with deadlines, made anew
 * when it is lost (conn.h is one life of it).
 *
 * Commands are sent in the order in which they were started, or not at all. While the
 * connection is down they end with ERR_NET at once (from the loop, as always); one that
 * was under way when it broke ends with ERR_NET, too, or with ERR_TIMEOUT when Redis fell
 * silent, and may have been carried out.
 */
#ifndef STATE_REDIS_LINK_H
#define STATE_REDIS_LINK_H

#include "base/op.h"
#include "state/share.h"

struct redisReply; /* hiredis */
struct redis_link;

/* Where, and as whom: of redis://[user[:password]@]host[:port][/db],
 * rediss:// (the system's certificates decide), redis+unix:///path?db=0, unix:///path, /path. */
struct redis_address {
	char *host; /* owned; NULL: path */
	uint16_t port;
	char *path; /* owned */
	unsigned db;
	char *user, *password; /* owned; NULL: none */
	bool has_tls;
};

/* The end of a sentence on what is wrong ("names no host"), without secrets; NULL: ret is
 * filled. */
MUST_CHECK const char *redis_address_parse(struct bytes url, struct redis_address *ret);
void redis_address_done(struct redis_address *a);

struct redis_link_setup {
	struct loop *loop;
	const struct redis_address *address; /* copied */
	uint64_t timeout_ms;                 /* of the connection and of one answer */
	unsigned commands_max;               /* under way; beyond: ERR_BUSY */
	size_t bytes_max;                    /* not yet sent */
};

/* Begins to connect. NULL: memory is short. */
struct redis_link *redis_link_new(const struct redis_link_setup *setup);
/* Commands under way end without their callbacks. NULL is fine. */
void redis_link_free(struct redis_link *l);

/* It answers: connected, logged in, database selected, of a good version. */
bool redis_link_is_up(const struct redis_link *l);
/* It is up, but refuses what we need: out of memory, no rights, read-only. */
bool redis_link_is_refusing(const struct redis_link *l);
/* For state_health(): why it is down, what it refused within the last minute, or what is
 * not as it should be. */
const char *redis_link_trouble(const struct redis_link *l);

/* Hears of ups and downs, in turns. Embedded in its owner, who leaves before the link is
 * freed or after. */
struct redis_link_user {
	void (*on_up)(struct redis_link_user *u);   /* may send at once */
	void (*on_down)(struct redis_link_user *u); /* all that was under way has ended */
	/* Private. */
	struct redis_link_user *next, **prev;
	bool is_up;
};
/* on_up() follows at once, from the loop, when it is up already. */
void redis_link_join(struct redis_link *l, struct redis_link_user *u);
/* Nothing happens when it has not joined. */
void redis_link_leave(struct redis_link_user *u);

/* ERR_OK with the reply, borrowed until the callback returns; ERR_REFUSED with it: an
 * error reply (WRONGTYPE, OOM …); ERR_NET, ERR_TIMEOUT (also at the call's deadline; a
 * deadline of 0 is none), ERR_BUSY (surely not carried out) without. Arguments are copied.
 * NULL: memory is short. */
typedef void redis_cb(void *ctx, enum err err, const struct redisReply *reply);
struct op *redis_call(struct redis_link *l, struct call call, const struct bytes *args,
		      size_t count, redis_cb *cb, void *ctx);
/* Without anybody to hear the answer. */
void redis_tell(struct redis_link *l, const struct bytes *args, size_t count);

/* A Lua script: sent whole the first time on each connection, then by its digest. If the
 * server has forgotten it nevertheless, it is sent whole again, unless other commands were
 * started meanwhile, which it may not overtake: then it ends with ERR_BUSY. */
struct redis_script {
	const char *text;
	char sha[41]; /* filled at the first use */
};

/* `keys` first, then `args` (KEYS and ARGV). */
struct op *redis_eval(struct redis_link *l, struct call call, struct redis_script *script,
		      const struct bytes *keys, size_t key_count, const struct bytes *args,
		      size_t arg_count, redis_cb *cb, void *ctx);

struct redis_link_stats {
	uint64_t commands, replies, errors, timeouts, reconnects;
	uint64_t bytes_sent, bytes_received; /* of the protocol */
	unsigned under_way;
	uint64_t round_trip_us; /* of the last PING */
};
struct redis_link_stats redis_link_stats(const struct redis_link *l);

#endif
