/*
 * The slots of share.h in Redis: a hash by name, of processes and how many each has. Those
 * of processes whose heartbeat ended do not count. What we have is known here, too, and
 * written again where Redis cannot know it: after it was away, empty, or we slept.
 */
#ifndef STATE_REDIS_SLOTS_H
#define STATE_REDIS_SLOTS_H

#include "state/keymap.h"
#include "state/redis/process.h"

struct redis_slots {
	struct redis_process *process; /* borrowed */
	/* Private. */
	struct redis_process_user of_process;
	struct keymap names;       /* struct redis_slot */
	struct redis_slot_op *ops; /* under way */
	unsigned beats, writes;
	bool must_write;
};

/* ERR_INTERNAL when the system gives no random bytes. */
MUST_CHECK enum err redis_slots_init(struct redis_slots *s, struct redis_process *p);
/* Before the process and the link are done. */
void redis_slots_done(struct redis_slots *s);

/* As share.h says. */
struct op *redis_slot_take(struct redis_slots *s, struct call call, struct bytes name, unsigned max,
			   state_done_cb *cb, void *ctx);
void redis_slot_give(struct redis_slots *s, struct bytes name);

#endif
