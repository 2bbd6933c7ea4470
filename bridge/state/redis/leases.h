/*
 * The leases of share.h in Redis. A lease's key holds the process that has it and counts
 * while that process's heartbeat does; so a process that dies frees all its leases at once,
 * and ten thousand of them cost one heartbeat. What is wanted or left is gathered and goes
 * out in batches.
 */
#ifndef STATE_REDIS_LEASES_H
#define STATE_REDIS_LEASES_H

#include <sys/queue.h>

#include "state/keymap.h"
#include "state/redis/process.h"

TAILQ_HEAD(redis_lease_list, redis_lease);

struct redis_leases {
	struct redis_process *process; /* borrowed */
	/* Private. */
	struct redis_process_user of_process;
	struct redis_ear ear;              /* what is given up */
	struct keymap names;               /* struct redis_lease */
	struct keymap owners;              /* processes that have what we want */
	struct redis_lease_list due;       /* to be asked for or given up */
	struct loop_task task;             /* asks */
	struct loop_timer timer;           /* looks whether the owners live */
	struct op *look;                   /* doing so */
	struct redis_lease_batch *batches; /* under way */
	unsigned beats;
	uint64_t polite_until_ms; /* Redis is back: who has what we want goes first */
};

/* ERR_INTERNAL when the system gives no random bytes; ERR_NOMEM. */
MUST_CHECK enum err redis_leases_init(struct redis_leases *s, struct redis_process *p);
/* Before the process, the ears and the link are done. Who is still in line hears nothing any
 * more. */
void redis_leases_done(struct redis_leases *s);

/* As share.h says. */
MUST_CHECK enum err redis_lease_want(struct redis_leases *s, struct bytes name,
				     struct state_lease *l);
void redis_lease_leave(struct state_lease *l);
enum state_turn redis_lease_turn(const struct state_lease *l);
/* How many are ours. */
unsigned redis_leases_held(const struct redis_leases *s);

#endif
