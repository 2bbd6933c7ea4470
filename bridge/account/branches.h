/*
 * The same work in many folders: a few at a time, each on a session of its own, so
 * that a click comes in between. The work that they belong to must not hold a
 * session itself.
 */
#ifndef ACCOUNT_BRANCHES_H
#define ACCOUNT_BRANCHES_H

#include "account/step.h"

struct branches;

struct branch {
	struct branches *all;
	size_t index;
	struct step step;
	bool is_running;
};

struct branches {
	void *owner;
	/* Starts the branch with step_run(); its callbacks have the branch as context. */
	void (*begin)(struct branch *b);
	void (*failed)(struct branch *b, const struct fault *fault); /* calls branch_end() */
	void (*done)(struct branches *all);
	struct branch *at;
	size_t count, next, running;
};

/* Runs `count` of them; begin, failed, done and owner are set. done() comes maybe at
 * once when count is 0. False when memory is short. */
MUST_CHECK bool branches_run(struct branches *all, struct work *w, size_t count);
/* This one has ended; the last thing that is done with it. */
void branch_end(struct branch *b);
void branches_stop(struct branches *all);

#endif
