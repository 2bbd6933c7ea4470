/*
 * Appends to one folder of an account take turns: one that was cut off is looked for
 * among what has come since, and must not find another one's message there.
 */
#ifndef ACCOUNT_TURN_H
#define ACCOUNT_TURN_H

#include "base/err.h"
#include "net/loop.h"

struct turn {
	/* Set by the owner. */
	struct bytes path; /* of the folder; borrowed until turn_end() */
	uint64_t deadline_ms;
	/* Later, from the loop; with ERR_TIMEOUT when it took too long. */
	void (*granted)(struct turn *t, const struct fault *fault);

	/* Private. */
	struct loop *loop;
	struct turn *next, **prev; /* prev: NULL while not in line */
	bool is_granted;
	struct loop_task tell;
	struct loop_timer timer;
};

/* All that wait or are at it, in the order in which they came. */
struct turns {
	struct turn *first;
};

void turn_start(struct turns *all, struct loop *loop, struct turn *t);
/* Lets the next one go. Nothing happens when it was not started. */
void turn_end(struct turn *t);

#endif
