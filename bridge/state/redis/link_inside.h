/*
 * A command is in `under_way` from when it was given to the connection until its reply has
 * come, cancelled or not: replies know no names, only their order. What could not be given
 * to it is in `refused` until a task has told so. Shared by link.c and link_command.c.
 */
#ifndef STATE_REDIS_LINK_INSIDE_H
#define STATE_REDIS_LINK_INSIDE_H

#include <sys/queue.h>

#include "base/buf.h"
#include "state/redis/conn.h"

#define SCRIPTS_MAX 32

struct command {
	struct op op;
	struct redis_link *link;
	TAILQ_ENTRY(command) entry;
	redis_cb *cb; /* NULL: nobody hears */
	void *ctx;
	struct loop_timer deadline;
	uint64_t started_ms;
	enum err refused;            /* is in `refused` */
	struct redis_script *script; /* NULL: a plain command */
	size_t arg_count;
	struct buf args; /* encoded; of a plain command all, of a script what is behind it */
};

TAILQ_HEAD(command_list, command);

struct redis_link {
	struct redis_host host;
	unsigned commands_max;
	size_t bytes_max;
	struct redis_conn *conn; /* NULL: waits for the next try */
	bool is_up;
	unsigned failures; /* in a row */
	struct command_list under_way, refused;
	struct loop_timer retry, alive;
	struct loop_task task; /* tells the refused, and users who joined */
	struct redis_link_user *users;
	const struct redis_script *known[SCRIPTS_MAX]; /* by the server */
	size_t known_count;
	uint64_t replied_ms;
	uint64_t seen_received; /* bytes, when we looked last */
	size_t seen_queued;
	uint64_t pinged_us;
	char down_reason[300];
	const char *refusal; /* what was refused last, and when */
	uint64_t refusal_ms;
	struct redis_link_stats stats;
	struct redis_conn_bytes past; /* of connections that are gone */
	bool *dead;                   /* set when it is freed inside a callback */
};

/* Sends it, or puts it among the refused. It is on neither list before. */
void command_write(struct command *c);
/* It is over: tells, and is gone. False: the link is no more. */
bool command_end(struct command *c, enum err err, const struct redisReply *reply);
/* Takes it off its list; the caller frees it or writes it again. */
void command_remove(struct command *c);
void command_free(struct command *c);

#endif
