/* The notes of share.h in Redis: a channel for each name. */
#ifndef STATE_REDIS_NOTES_H
#define STATE_REDIS_NOTES_H

#include "state/redis/process.h"

struct redis_notes {
	struct redis_process *process; /* borrowed */
	struct redis_note_ear *ears;   /* private */
};

void redis_notes_init(struct redis_notes *n, struct redis_process *p);
/* Before the process and the ears are done. Who still hears does not any more. */
void redis_notes_done(struct redis_notes *n);

/* As share.h says. */
MUST_CHECK enum err redis_notes_hear(struct redis_notes *n, struct bytes name, struct state_ear *e);
void redis_notes_unhear(struct state_ear *e);
void redis_notes_say(struct redis_notes *n, struct bytes name, struct bytes note);

#endif
