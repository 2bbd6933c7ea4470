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
struct account_hub;
struct account_id;
struct watch;
struct watch_move;
struct tally;

/* What has yet to be told, of one account. */
struct far {
	struct state *state; /* NULL: there is nobody to tell */
	struct loop *loop;
	struct loop_task task;
	struct account_id id;
	struct buf looks, moved; /* as they will be told */
	struct tally *tallies;   /* under way */
};

void far_init(struct far *far, struct loop *l, struct state *s);
void far_done(struct far *far);

/* Nothing happens when the account is watched here, or cannot be elsewhere. */
void far_look(struct account *a, const struct folder_id *folder);
void far_moving(struct account *a, const struct folder_id *folder);
void far_moved(struct account *a, const struct watch_move *move);
void far_renaming(struct account *a, struct bytes from, struct bytes to, char delimiter);
void far_folders(struct account *a);

/*
 * The tally of a folder is a counter in the store that is another one after each change
 * of ours to it, whoever made it. Who watches knows the one as of his look; who answers
 * from a copy compares. It is moved when a change ends, before that is told to anybody.
 * Gone after an hour without use: then there was no change for so long.
 */

/* Adds n; 0 asks. NULL: no memory. */
struct op *far_ask_tally(struct far *far, struct call call, const struct folder_id *folder,
			 uint32_t n, state_count_cb *cb, void *ctx);
/* A change of ours has ended: when the tally has been moved, the watch (if it is here)
 * looks. False when it has to look by itself. */
MUST_CHECK bool far_changed(struct account_hub *h, const struct account_id *account,
			    const struct folder_id *folder);
/* A watch begins: asks for the inbox', before that is synchronised. */
void far_begin(struct watch *w);
/* Asks for it, and has the watch look. */
void far_review(struct watch *w, const struct folder_id *folder);

/* A watch hears what others tell, and acts upon it when it is its turn. */
void far_hear(struct watch *w);
void far_unhear(struct watch *w);

#endif
