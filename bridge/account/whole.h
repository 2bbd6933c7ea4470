/*
 * A message that is read as a whole, because its server cannot say what it is made
 * of: fetched into memory and understood here, as with POP3.
 */
#ifndef ACCOUNT_WHOLE_H
#define ACCOUNT_WHOLE_H

#include "account/step.h"
#include "mime/message.h"

#define WHOLE_MAX_BYTES (32u << 20)

struct whole {
	/* Set by the owner. */
	struct step *step;
	const struct folder *folder;
	const struct message_key *key;
	void (*done)(struct whole *w);
	void *owner;

	struct mime_message parsed; /* in step->call.mem; borrows from raw */
	struct buf raw;
	bool is_known; /* false: it is too large, or there is nothing in it */
	bool is_nomem;
};

/* Runs on the step; faults are the step's. done() says the rest by is_known. */
void whole_run(struct whole *w);
void whole_done(struct whole *w);

#endif
