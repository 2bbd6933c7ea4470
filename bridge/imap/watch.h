/*
 * Watching a folder (mailstore_watch): what the files of it share. Internal to
 * imap/.
 *
 * One command of it is in flight at a time; imap_watch_go_on() finds the next one
 * when it is answered. News is told from there and, while the server speaks by
 * itself, from a task at the end of each turn of the loop, so that what comes
 * together is told together.
 */
#ifndef IMAP_WATCH_H
#define IMAP_WATCH_H

#include "imap/listed.h"
#include "imap/query.h"
#include "imap/syncing.h"

/* New messages that are fetched and told at a time. */
#define IMAP_WATCH_BATCH 100

enum imap_watch_how {
	IMAP_WATCH_POLL,
	IMAP_WATCH_IDLE,
	IMAP_WATCH_NOTIFY, /* and IDLE: Dovecot tells in it only */
};

/* Where another folder stands; STATUS tells what has changed, piece by piece. */
struct imap_watched_folder {
	struct bytes path;
	unsigned has; /* IMAP_STATUS_... */
	struct folder_status status;
	bool is_changed;
};

struct imap_watch {
	struct imap_op base;
	struct imap_syncing syncing; /* where nothing was synchronised before */
	struct mail_baseline nothing;
	enum imap_watch_how how;
	struct imap_exchange *idle; /* in flight; NULL: none */
	uint64_t idle_since_ms;
	unsigned idle_cuts;      /* how often in a row the server has ended it at once */
	bool is_watching;        /* it has come so far within call.deadline_ms */
	bool is_pausing;         /* until `pause` fires */
	bool is_over;            /* MAIL_EVENT_LOST was told: nothing is told any more */
	bool has_notify;         /* NOTIFY SET was accepted */
	bool wants_look;         /* op_resume() */
	bool has_looked;         /* NOOP was sent behind it */
	bool has_folder_changes; /* LIST came by itself */
	bool has_status_changes;
	struct loop_task tell;   /* tells what has come in this turn */
	struct loop_timer pause; /* until the next poll; an IDLE gets too old */
	bool *freed;             /* set when a callback ended us */

	/* Messages that have come and are not told yet. */
	struct arena *mem; /* NULL: none */
	struct imap_collected fresh;
	struct imap_fetching fetching; /* of uids[next_uid..), where they are many or bad */
	struct imap_uids uids;
	size_t next_uid;
	bool has_asked_again; /* whether those that came without their header are still there */

	/* Other folders, with NOTIFY. */
	struct imap_listed folders;
	struct imap_watched_folder *watched; /* heap; beside folders.at */
	size_t watched_cap;
};

/* --- cmd_watch.c ------------------------------------------------------------------ */

/* Nothing is in flight: does what is next. */
void imap_watch_go_on(struct imap_watch *w);
/* A command of it, with what every one of them takes from the server. `done` must call
 * imap_watch_answered(). */
struct imap_exchange *imap_watch_command(struct imap_watch *w, const char *words,
					 void (*done)(struct imap_exchange *x,
						      const struct imap_reply *reply));
/* Sends it; the server has to answer it in time. */
void imap_watch_ask(struct imap_watch *w, struct imap_exchange *x);
/* True when it may go on; else it has ended. A NULL reply is one that may be a refusal. */
bool imap_watch_answered(struct imap_watch *w, const struct imap_reply *reply);
struct imap_mailbox *imap_watch_mailbox(const struct imap_watch *w);

/* --- watch_tell.c ------------------------------------------------------------------- */

/* False: a callback has ended the watch, it is gone. */
bool imap_watch_emit(struct imap_watch *w, const struct mail_event *ev);
/* Tells all that is known and not told, but for new messages. False as above. */
bool imap_watch_tell(struct imap_watch *w);
void imap_watch_take_status(struct imap_watch *w, const struct imap_status_data *st);
void imap_watch_tell_done(struct imap_watch *w);

/* --- watch_new.c --------------------------------------------------------------------- */

/* Fetches what has come; goes on when it is told. */
void imap_watch_fetch_new(struct imap_watch *w);
/* Messages may come without being asked for: room for them. */
void imap_watch_expect_new(struct imap_watch *w);
/* Has all that has come been shown already, as NOTIFY can do it? */
bool imap_watch_has_all_new(const struct imap_watch *w);
/* Tells those that are in `fresh`. False: a callback has ended the watch. */
bool imap_watch_tell_new(struct imap_watch *w);
void imap_watch_new_done(struct imap_watch *w);

#endif
