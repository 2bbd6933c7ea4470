/*
 * Operations on one message that the client names by its id: finds the folder it
 * is in, and says "message-not-found" for whatever is wrong with the id.
 */
#ifndef ACCOUNT_MESSAGE_WORK_H
#define ACCOUNT_MESSAGE_WORK_H

#include "account/step.h"

struct message_work {
	struct work work; /* first */
	struct message_id id;
	const struct folder *folder;
	void (*ready)(struct message_work *m);
};

/* After work_new(): calls ready() with id and folder set, maybe at once, or ends
 * the work. The step will prefer a session that has the folder selected. */
void message_work_begin(struct message_work *m, struct bytes id,
			void (*ready)(struct message_work *m));
/* A message that is not there, or a folder that is not there. */
void message_work_gone(struct message_work *m);

#endif
