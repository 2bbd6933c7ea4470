/*
 * What a folder holds, in a process that does not watch the account: a copy of what
 * the one that does has written down with the events (watch_mark.c). One look at the
 * store per question, mostly without its bytes. Embedded in its owner.
 */
#ifndef ACCOUNT_COPY_H
#define ACCOUNT_COPY_H

#include "base/op.h"
#include "cache/folder_state.h"

struct account;

struct copy {
	void *owner;
	/* Private. */
	void (*done)(struct copy *c);
	struct account *account; /* NULL: never started */
	struct folder_id folder;
	struct op *tally, *look;
	uint64_t sum;
	bool has_sum, is_good;
};

/* False: there is nothing to be had, ask the mail server. Else done() is called once, from
 * the loop. */
MUST_CHECK bool copy_start(struct copy *c, struct account *a, const struct folder_id *folder,
			   struct arena *mem, void (*done)(struct copy *c), void *owner);
/* Nothing happens when it was not started. */
void copy_stop(struct copy *c);
/* After done(): as it was found then; NULL: ask the mail server. Borrowed until control
 * returns to the loop. */
const struct folder_state *copy_state(const struct copy *c);

#endif
