/*
 * What the rest of bridge/account has to do with watching an account (watch.h): it
 * says what it changes itself, and asks what is known without asking the server.
 */
#ifndef ACCOUNT_LIVE_H
#define ACCOUNT_LIVE_H

#include "cache/folder_state.h"
#include "net/loop.h"

struct account;
struct account_hub;

/* What a folder holds, exactly: as the server has told it up to now, and no change of
 * ours is under way or has yet to be looked at. NULL: ask the server. Borrowed until
 * control returns to the loop. */
const struct folder_state *live_state(const struct account *a, const struct folder_id *folder);

/* Does another process watch the account? Then the store (summary_store.h) has what was
 * read there of new messages. */
bool live_is_elsewhere(const struct account *a);

/*
 * A change of ours to the messages of one folder, through whichever account object of
 * the same id, from its start until its outcome is known or never will be. The folder
 * is dirty until its watch has looked after that. Embedded in who makes the change.
 */
struct live_change {
	struct account *account; /* NULL: none is under way */
	struct folder_id folder;
	bool is_move; /* into or out of it: the new ids will be told by live_moved() */
	struct live_change *next, **prev;
};

void live_change_begin(struct live_change *c, struct account *a, const struct folder_id *folder,
		       bool is_move);
/* Nothing happens when none is under way. */
void live_change_end(struct live_change *c);

/* We have moved a message: its coming and going belong together. Not later than the
 * callback in which the changes of both folders end. */
void live_moved(struct account *a, const struct message_id *from, const struct message_id *to);
/* We are about to rename a folder, with all below it. */
void live_renaming(struct account *a, struct bytes from, struct bytes to, char delimiter);
/* We have changed which folders there are, or may have. */
void live_folders_changed(struct account *a);

/*
 * The synchronisation of a folder that a watch is about to make from what it knows of it,
 * as after a restart: who waits for that needs no session of its own. Embedded in its
 * owner.
 */
struct live_wait {
	void *owner;
	/* Once, from the loop: it has been made, or will not be. */
	void (*done)(struct live_wait *l);
	/* Private. */
	struct folder_id folder;
	struct live_wait *next, **prev; /* prev: NULL while it does not wait */
	bool is_synced;
	struct loop_task task;
};

/* False: there is nothing to wait for. It may be long in coming: who waits sets himself a
 * limit. */
MUST_CHECK bool live_wait_start(struct live_wait *l, struct account *a,
				const struct folder_id *folder);
/* Nothing happens when it does not wait. */
void live_wait_stop(struct live_wait *l);
/* After done(): what the folder held then, or holds by now; NULL: ask the server. Borrowed
 * as with live_state(). */
const struct folder_state *live_wait_state(const struct live_wait *l, const struct account *a);

/* --- for hub.c -------------------------------------------------------- */

/* The account's credentials were good just now. */
void live_logged_in(struct account *a);
/* The server allows this user no more sessions: gives that of the watch up for a
 * while, soon. False when it has none of this account. */
bool live_make_room(struct account *a);
/* Nobody holds this account any more, it is only being watched on: ends that. False
 * when there is something else about it. */
bool live_let_go(struct account *a);
/* Ends all watches. */
void live_done(struct account_hub *h);

#endif
