/*
 * What a process tells the one that watches an account (watch.h) of what it changes
 * there itself, as notes on the account's id (state/share.h). Each has a word, a space
 * and what follows:
 *
 *	look FOLDER...		(ids) something has changed in them, by us
 *	moving FOLDER		messages are about to come or go by a move of ours
 *	moved PLACES...		of each message where it was and where it went
 *	renaming DELIMITER FROM NUL TO
 *	folders			which there are, or may be, has changed
 *
 * A note that is lost costs time, or shows a move as a deletion and an arrival. While it
 * is our turn to watch, nothing is told: live.h goes to the watch itself.
 */
#ifndef ACCOUNT_FAR_H
#define ACCOUNT_FAR_H

#include "base/buf.h"
#include "model/message_id.h"
#include "net/loop.h"
#include "state/share.h"

struct account;
struct watch;
struct watch_move;

/* What has yet to be told, of one account. */
struct far {
	struct state *state; /* NULL: there is nobody to tell */
	struct loop *loop;
	struct loop_task task;
	struct account_id id;
	struct buf looks, moved; /* as they will be told */
};

void far_init(struct far *far, struct loop *l, struct state *s);
void far_done(struct far *far);

/* Nothing happens when the account is watched here, or cannot be elsewhere. */
void far_look(struct account *a, const struct folder_id *folder);
void far_moving(struct account *a, const struct folder_id *folder);
void far_moved(struct account *a, const struct watch_move *move);
void far_renaming(struct account *a, struct bytes from, struct bytes to, char delimiter);
void far_folders(struct account *a);

/* A watch hears what others tell, and acts upon it when it is its turn. */
void far_hear(struct watch *w);
void far_unhear(struct watch *w);

#endif
