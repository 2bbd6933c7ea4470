/*
 * How an account is watched: inside of account_hold() and live.h.
 *
 * There is one watch per account id in this process, whatever credentials its
 * holders have; it works with those of one of them, and goes on with another's when
 * that one leaves. Of several processes one has its turn (watch_turn.c); the others read
 * the log that it writes, and stand in line. It has one session like everybody (LEASE_WATCH) and
 *does one thing after the other on it, what is most wanted first (watch_run.c):
 *
 *	open the log, list the folders, tell of messages that are new, synchronise
 *	folders that are said to have changed, look where the others stand, watch the
 *	inbox until something of that is wanted again
 *
 * What is known of a folder is either its whole state or, for one where nothing has
 * happened yet, only where it stood (STATUS); see watch_sync.c. Every difference goes
 * into the event log together with the knowledge it came from, in one append
 * (watch_log.c): whoever opens the log later, goes on exactly from there. So nothing
 * is told twice or left out, wherever this is cut off; and memory of it may be thrown
 * away at any time.
 */
#ifndef ACCOUNT_WATCH_H
#define ACCOUNT_WATCH_H

#include "account/live.h"
#include "account/summary.h"
#include "cache/drop_names.h"
#include "state/share.h"

#define WATCH_WHOLE_MAX 50000 /* messages of a folder that is not the inbox, without CONDSTORE */
#define WATCH_RUNS_MAX  200000
/* So many may be named that went while only the place was known. */
#define WATCH_GONE_MAX 10000
/* So many checks in a row find what the server ought to have told. */
#define WATCH_SILENCES_MAX 2
/* Folders whose messages are looked after; of more only the names. */
#define WATCH_FOLDERS_MAX 1000

enum watch_state {
	WATCH_STOPPED, /* until there are other credentials or new holders: see fault */
	WATCH_IDLE,    /* about to do the next thing */
	WATCH_OPENING, /* the log */
	WATCH_WORKING, /* waits for the session or the server */
	WATCH_WATCHING,
	WATCH_RESTING,   /* until `timer`: between two looks at a maildrop */
	WATCH_STALLED,   /* the log takes no more for the moment */
	WATCH_RETRYING,  /* `timer` goes on */
	WATCH_ELSEWHERE, /* another process has the turn, or it is not known who */
};

/* As in the log: see watch_mark.c. */
struct watch_mark {
	bool is_exact;
	uint64_t saves, tally;
};
#define WATCH_MARK_PREFIX     '='
#define WATCH_MARK_NAME_BYTES (1 + ID_BYTES)
#define WATCH_MARK_BYTES      25

struct watch_folder {
	struct watch *watch;
	struct folder_id id;
	struct bytes path; /* owned */
	uint64_t looks;    /* digest of what clients see of it, but for the counts */
	bool is_selectable, is_inbox;
	bool is_new;     /* folder.created has yet to be told, once it has a baseline */
	bool is_missing; /* scratch of watch_folders_take() */

	bool has_baseline;
	struct folder_status at;    /* where it stood; unless there is a state */
	struct folder_state *state; /* NULL: see `packed`, else only `at` is known */
	uint8_t *packed;            /* the state as folder_state_save() writes it; NULL: not */
	size_t packed_len;
	bool hides_some;       /* of a packed one: there are messages that are marked \Deleted */
	uint64_t forgotten_at; /* the MODSEQ of a forgotten one that hid some; 0: it is in `at` */
	struct drop_names *names;     /* of a maildrop: who its UIDs are; else NULL */
	bool is_huge;                 /* it never has one */
	struct uid_set untold;        /* known, but their coming has yet to be told */
	struct uid_set unseen;        /* so are these; the server did not give them when asked */
	struct uid_set updated, gone; /* to be written */
	uint32_t told_total, told_unread;
	bool has_told; /* those two */

	unsigned changes, moves; /* of ours under way */
	uint64_t changes_ended, looked_at;
	uint64_t held_until_ms; /* for moves to end */
	uint64_t far_until_ms;  /* for one of another process; 0: none is under way */
	bool is_dirty;
	bool needs_sync, needs_status;
	bool has_stood; /* the server has said where, since this watch has begun */
	/* Digests of what it said last, and of what it says though nothing is different. */
	uint64_t heard, vain;
	bool is_unsaved; /* the log's baseline is older than this */

	/* watch_mark.c's and far.h's. */
	bool is_state_saved;             /* the log's baseline has the state */
	uint64_t saves;                  /* which of this writer's it is */
	uint64_t tally, tally_next;      /* up to which was looked, and will have been */
	struct watch_mark mark;          /* as it is in the log */
	uint8_t taken[WATCH_MARK_BYTES]; /* of a copy (copy.h): as it was taken */
	size_t taken_len;

	unsigned asks; /* for this folder, lately: see watch_second.c */
	/* It could not be opened: left alone until then. 0: it could. */
	uint64_t failed_until_ms;

	/* watch_memory.c's. */
	struct watch_folder *newer, *older;
	size_t memory_bytes; /* 0: not in a list */
	unsigned wanted;
};

/* Of a message that we have moved: see live_moved(). */
struct watch_move {
	struct folder_id from_folder, to_folder;
	uint32_t from_uidvalidity, from_uid, to_uidvalidity, to_uid;
};

struct watch_rename {
	char *from, *to; /* owned */
	char delimiter;
};

#define WATCH_RENAMES_MAX 8

struct watch {
	struct account_hub *hub;
	struct watch *next; /* in its bucket */
	struct account_id id;
	struct account *holders; /* by next_holder */
	struct account *account; /* whose session it works with; with a reference */
	enum watch_state state;
	struct fault fault;                    /* of WATCH_STOPPED and WATCH_RETRYING */
	unsigned failures;                     /* in a row */
	uint64_t watching_since_ms, waited_ms; /* and how long for that */
	struct loop_task go;
	struct loop_timer timer;
	struct loop_timer linger;
	struct account_cursor_op *waiting; /* for is_complete */
	struct state_lease lease;          /* of the account's id */
	bool is_in_line, is_relayed;
	struct live_wait *awaiting;
	struct state_ear ear; /* far.h */
	bool hears;
	bool has_tally; /* of the inbox, as of before it was synchronised */
	uint64_t first_tally;

	struct step step;
	struct arena *mem;       /* of the step */
	struct watch_folder *at; /* whom the step is about */
	struct fan fan;
	struct watch_folder **asked; /* by the fan */
	struct folder_state *fresh;  /* of a sync that is half done */
	struct watch_telling *telling;
	struct watch_second *second; /* heap; NULL: never needed */
	bool has_worked;             /* this session is alive */
	bool must_yield;
	bool must_make_room; /* not here, but for other credentials */
	bool is_in_inbox;    /* the watch goes on where the last one or a sync ended */
	bool must_list;
	bool is_known;    /* all baselines are */
	bool is_complete; /* and they are in the log */
	bool is_lean;     /* states are too much for the log */
	bool was_lost;
	bool is_looking;
	bool brings_previews;
	bool must_poll; /* the server does not tell what it ought to */
	bool has_heard; /* something by itself, since the last check */
	bool is_checking;
	unsigned silences; /* checks in a row that found what had not been told */
	uint64_t renew_at_ms, poll_at_ms;
	struct { /* private to watch_pace.c */
		uint64_t begun_ms;
		uint64_t wanted_ms; /* since when it is to be interrupted; 0: it is not */
		unsigned in_vain;   /* watches in a row that were, soon and for nothing */
		bool has_found;     /* something that was not known, since it was interrupted */
	} pace;
	uint64_t strangers_until_ms; /* folders that a list did not have are left alone */

	struct watch_folder **folders; /* by id */
	size_t folder_count, folder_cap;
	bool has_folders; /* the list was known before: what is new in it is told */

	struct {
		struct op *op;
		struct arena *mem;
		bool is_open, is_appending;
		uint64_t epoch;
		struct state_cursor top;
		struct buf entries; /* one after the other */
		struct buf lengths; /* uint32_t each */
		bool is_urgent;
		uint64_t flushed_ms, counts_ms, touched_ms;
		struct buf removed; /* ids of folders whose baseline goes */
		struct loop_timer timer;
		struct loop_task task;
		char connection; /* told last: 'c'onnected, 'd'is-, 'r'efused; 0: nothing */
		bool is_connection_unsaved;
		bool says_complete; /* there are baselines of all there is */
		uint64_t saves;     /* counted */
	} log;

	struct watch_move *moves;
	size_t move_count, move_cap, move_next;
	uint64_t moved_ms;
	struct watch_rename renames[WATCH_RENAMES_MAX];
	size_t rename_count;
};

/* --- watch.c ---------------------------------------------------------- */

struct watch *watch_of(const struct account *a);
struct watch *watch_find(const struct account_hub *h, const struct account_id *id);
/* It cannot be watched with these credentials, or not for now. */
void watch_stop(struct watch *w, const struct fault *fault);

/* --- watch_turn.c ----------------------------------------------------- */

void watch_turn_done(struct watch *w);
/* May we watch, and say what is known? As of now: may change from one moment to the next. */
bool watch_is_our_turn(const struct watch *w);
/* It is not: forgets all, and waits for it. */
void watch_await_turn(struct watch *w);
/* Another one has opened the log though it is our turn: leaves it alone for a while. */
void watch_was_fenced(struct watch *w);
/* It is time to stand in line again. */
void watch_return_to_line(struct watch *w);
/* Once it has stopped and has nothing left to write: others may have the turn. */
void watch_step_down(struct watch *w);
/* Counts it as such. */
void watch_is_elsewhere(struct watch *w, bool is_elsewhere);

/* --- watch_cursor.c --------------------------------------------------- */

void watch_finish_cursors(struct watch *w, const struct fault *fault);
/* Whom they ask is another one now. */
void watch_review_cursors(struct watch *w);

/* --- watch_run.c ------------------------------------------------------ */

/* Something is wanted; looks for it soon. */
void watch_go(struct watch *w);
/* The session is lost, or there is none. */
void watch_lost(struct watch *w, const struct fault *fault);
/* Begins with another account, or anew. */
void watch_adopt(struct watch *w, struct account *a);
/* Lets go of the session, whatever is under way. */
void watch_release(struct watch *w);
/* Forgets all; what the log has is read again. */
void watch_restart(struct watch *w);
/* The same, without going on. */
void watch_forget(struct watch *w);
/* An operation of the step about f; `start` gets w as its owner. */
void watch_work(struct watch *w, struct watch_folder *f,
		struct op *(*start)(struct step *s, struct mailstore *ms));
struct call watch_call(struct watch *w);
/* First thing in the mail store's callback. */
MUST_CHECK bool watch_took(struct watch *w, const struct fault *fault);
/* Last thing: what was worked on is done. */
void watch_did(struct watch *w);

/* The timer goes on then. */
void watch_wake_at(struct watch *w, uint64_t due_ms);

/* --- watch_await.c ---------------------------------------------------- */

/* Whom somebody waits for; NULL: nobody does. */
struct watch_folder *watch_awaited(const struct watch *w);
void watch_await_synced(struct watch *w, const struct watch_folder *f);
/* Something has happened that may be the end of it. */
void watch_await_review(struct watch *w);

/* --- watch_inbox.c ---------------------------------------------------- */

/* Watches the inbox until there is something else to do. */
void watch_begin(struct watch *w);
bool watch_tells_all_folders(const struct watch *w);
/* Sets the timer for what has to be looked at while it is watched. */
void watch_plan(struct watch *w);
/* Asks the server about our own change to the folder. */
void watch_look(struct watch *w, struct watch_folder *f);
/* All that had happened when `looked_at` was set has been told. */
void watch_looked(struct watch *w, struct watch_folder *f);

/* --- watch_pace.c ----------------------------------------------------- */

/* A watch of the inbox has begun. */
void watch_pace_begun(struct watch *w);
/* It ought to be interrupted. Not yet? Then watch_go() comes when it is time. */
bool watch_must_pause(struct watch *w);
/* Something has been found that was not known before. */
static inline void watch_pace_found(struct watch *w)
{
	w->pace.has_found = true;
}
/* The server would not open it, or refused all that was asked about it. */
void watch_folder_failed(struct watch_folder *f);
bool watch_is_left_alone(const struct watch_folder *f);
/* Those that were left alone for long enough are synchronised with. */
void watch_try_failed(struct watch *w);
/* When that is due; UINT64_MAX: never. */
uint64_t watch_try_failed_ms(const struct watch *w);

/* --- watch_second.c --------------------------------------------------- */

/* Somebody would know at once what happens in this folder. */
void watch_ask_for(struct watch *w, struct watch_folder *f, unsigned asks);
/* A good time to choose whom the second session watches. */
void watch_second_review(struct watch *w);
/* Would it say if anything happened there? */
bool watch_second_tells(const struct watch *w, const struct watch_folder *f);
/* It watches f no longer; NULL: whichever it is. */
void watch_second_drop(struct watch *w, const struct watch_folder *f);
void watch_second_done(struct watch *w);

/* --- watch_drop.c ----------------------------------------------------- */

/* Is it a maildrop, whose messages have no UIDs? */
bool watch_has_names(const struct watch *w);
/* What the API calls the message that has this UID here, and back; 0: unknown. */
struct message_id watch_id(const struct watch_folder *f, uint32_t uid);
uint32_t watch_uid(const struct watch_folder *f, const struct message_key *key);
/* Before a sync; false: no memory. */
MUST_CHECK bool watch_drop_prepare(struct watch *w, struct watch_folder *f);
/* Instead of watching: gives the session back until it is time for another look. */
void watch_rest(struct watch *w);
/* It is. */
void watch_rested(struct watch *w);

/* --- watch_folders.c -------------------------------------------------- */

struct watch_folder *watch_folder_find(const struct watch *w, const struct folder_id *id);
/* NULL: no memory. */
struct watch_folder *watch_folder_add(struct watch *w, const struct folder_id *id,
				      struct bytes path);
void watch_folder_remove(struct watch *w, struct watch_folder *f);
void watch_folders_clear(struct watch *w);
struct watch_folder *watch_inbox(const struct watch *w);
void watch_list(struct watch *w);
/* Some of those that need it: asks where they stand. */
void watch_ask_status(struct watch *w);
/* Another folder stands there now. */
void watch_take_status(struct watch *w, struct watch_folder *f, const struct folder_status *st);
/* The server says so by itself, as it did before. Was it found to make no difference? */
bool watch_heard_in_vain(struct watch_folder *f, const struct folder_status *st);
/* Where it stands as far as we know, and how many are in it. */
struct folder_totals watch_totals(const struct watch_folder *f);
/* Only synchronising tells whether flags have changed: without MODSEQs no status does. */
bool watch_must_compare(const struct watch_folder *f);

/* --- watch_memory.c: the states of all accounts' folders together ------ */

/* Is it known what the folder holds? */
bool watch_has_state(const struct watch_folder *f);
/* The same at hand; NULL: it is not known, or no longer for want of memory. */
struct folder_state *watch_state(struct watch *w, struct watch_folder *f);
/* The state is another, or may have grown. Others may have to go; so may f's own. */
void watch_memory_note(struct watch *w, struct watch_folder *f);
/* Makes room, where what was told and written meanwhile allows it. */
void watch_memory_trim(struct account_hub *h);
/* Forgets f's state. */
void watch_memory_drop(struct watch *w, struct watch_folder *f);
/* Somebody would have used the state of a folder that has none: when it is the second
 * time, it gets one. */
void watch_want_state(struct watch *w, struct watch_folder *f);

/* --- watch_sync.c ----------------------------------------------------- */

void watch_sync(struct watch *w, struct watch_folder *f);
/* What an event has changed is to be told. `ev` may bring the new messages. */
void watch_take_event(struct watch *w, struct watch_folder *f, const struct mail_event *ev);
void watch_take_diff(struct watch *w, struct watch_folder *f, const struct folder_diff *diff);
/* Clients have to load the folder anew, for this reason. */
void watch_reset(struct watch *w, struct watch_folder *f, const char *reason);

/* --- watch_tell.c ----------------------------------------------------- */

/* Fetches some of f's untold messages and tells of them. */
void watch_tell(struct watch *w, struct watch_folder *f);
void watch_tell_stop(struct watch *w);
/* Those of `diff` that the event brings whole; what is left to be told of stays. */
void watch_tell_new(struct watch *w, struct watch_folder *f, const struct mail_event *ev,
		    struct folder_diff *diff);
/* message.created; `s` has keywords and, where known, preview. */
void watch_put_created(struct watch *w, struct watch_folder *f, const struct summary *s);
/* Writes message.updated and message.deleted of what has gathered. */
void watch_put_gathered(struct watch *w, struct watch_folder *f);
void watch_put_updates(struct watch *w, struct watch_folder *f, const struct message_update *u,
		       size_t count);
void watch_put_folder(struct watch *w, struct watch_folder *f, enum account_event_type type,
		      const struct folder_id *previous);
void watch_put_deleted_folder(struct watch *w, const struct folder_id *id);
void watch_put_connection(struct watch *w, const char *push, const char *reason, int64_t retry_at);

/* --- watch_log.c ------------------------------------------------------ */

void watch_log_init(struct watch *w);
void watch_log_done(struct watch *w);
void watch_log_open(struct watch *w);
void watch_log_close(struct watch *w);
/* An entry for the next append. */
void watch_log_put(struct watch *w, const struct account_event *ev);
/* There is something to append. */
void watch_log_flush(struct watch *w);
/* What is known of a folder may not be exact any more: others are to learn so. */
void watch_log_flush_marks(struct watch *w);
/* Writing is behind: no more, please. watch_go() comes when it has caught up. */
bool watch_log_is_full(const struct watch *w);
/* Nothing is left to be written. */
bool watch_log_is_clean(const struct watch *w);
/* The log's baseline of this name, if there is one, says that whatever happens from its
 * top on will be told of, by whomever. */
#define WATCH_COMPLETE "complete"

/* --- watch_mark.c ----------------------------------------------------- */

/* Is the folder's mark to be written? */
bool watch_must_mark(const struct watch *w, const struct watch_folder *f);
/* If any is, it is written at once. */
void watch_review_marks(struct watch *w);
void watch_put_mark(struct watch *w, struct watch_folder *f, struct buf *to);
void watch_mark_name(const struct folder_id *folder, char ret[WATCH_MARK_NAME_BYTES]);
/* Is what it is about all that the server has told, and that we know must be there? */
bool watch_mark_is_good(struct bytes mark, uint64_t epoch, uint64_t tally);

/* --- watch_saved.c: a folder's baseline as bytes ---------------------- */

void watch_save(struct watch *w, struct watch_folder *f, struct buf *to);
/* False when it is none, or memory is short. */
MUST_CHECK bool watch_load(struct watch *w, struct bytes name, struct bytes saved);

/* --- live.c ----------------------------------------------------------- */

/* Until when the outcome of moves is waited for; 0: there are none. */
uint64_t live_held_until_ms(const struct watch_folder *f);
/* Another process has changed something there. */
void live_changed_elsewhere(struct watch *w, struct watch_folder *f);
void live_add_move(struct watch *w, const struct watch_move *m);
void live_add_rename(struct watch *w, struct bytes from, struct bytes to, char delimiter);
/* A folder has come into being: changes to it may be under way. */
void live_count_changes(struct watch *w, struct watch_folder *f);
/* Where this message was, or where it went; false: not known. */
bool live_moved_from(struct watch *w, const struct message_id *to, struct message_id *ret);
bool live_moved_to(struct watch *w, const struct message_id *from, struct message_id *ret);

#endif
