/*
 * Finding out what a lost connection has left in doubt: what one looks for may come
 * about a little later, for the server may still be at it. So one looks a few times,
 * a little later each time, and in time before the caller's deadline.
 */
#ifndef ACCOUNT_AGAIN_H
#define ACCOUNT_AGAIN_H

#include "net/loop.h"

struct again {
	struct loop *loop;
	struct loop_timer timer;
	unsigned looks;       /* so far */
	uint64_t deadline_ms; /* of all looks */
	void (*look)(struct again *a);
};

/* `deadline_ms` is the caller's; nothing is started yet. */
void again_init(struct again *a, struct loop *loop, uint64_t deadline_ms,
		void (*look)(struct again *a));
/* Calls look() after a while. False: it was often enough, or no time is left. */
MUST_CHECK bool again_later(struct again *a);
void again_stop(struct again *a);

/* The deadline of a change that must not be repeated: it leaves time to find out. */
uint64_t again_deadline_before(uint64_t deadline_ms);

#endif
