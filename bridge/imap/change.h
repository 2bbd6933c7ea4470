/*
 * What the commands that change many messages share: one record per message, by
 * UID, into which the answers go, and from which the results are made. Internal
 * to imap/.
 */
#ifndef IMAP_CHANGE_H
#define IMAP_CHANGE_H

#include "imap/store.h"

struct imap_change {
	uint32_t uid;
	bool is_there;   /* the server has shown it */
	bool is_marked;  /* \Deleted, when it was last shown */
	bool is_settled; /* `result` stands; the others were under way */
	bool has_looked; /* if it were there it would have been shown */
	bool is_named;   /* by a COPYUID */
	struct mail_item *seen;
	struct change_result result;
};

/* The base of these operations: their first member. */
struct imap_changing {
	struct imap_op base;
	struct imap_change *at; /* by ascending UID, in call.mem */
	size_t count;
	struct imap_present present; /* asked for where the server guesses UIDs */
	/* Runs when the folder is selected and the records are made. */
	void (*go)(struct imap_changing *c);
};

/* To be called by begin(): selects the folder, makes the records, then go(). */
void imap_changing_begin(struct imap_changing *c, void (*go)(struct imap_changing *c));
/* For imap_verb.lost: what was not settled is CHANGE_UNKNOWN. */
void imap_changing_lost(struct imap_op *op, const struct fault *fault);
/* Ends the operation with the results. Records that are not settled become
 * CHANGE_DONE if the message was there, CHANGE_NOT_FOUND if not. */
void imap_changing_finish(struct imap_changing *c);

struct imap_change *imap_changing_find(const struct imap_changing *c, uint32_t uid);

/* Records at[first..last) that are to be named by one command. */
struct imap_chunk {
	size_t first, last;
};
/* The next chunk of those records that pick() takes (NULL: all), from `from` on,
 * whose set fits on a line. False when there is none left. */
bool imap_changing_chunk(const struct imap_changing *c, size_t from,
			 bool (*pick)(const struct imap_change *ch), struct imap_chunk *ret);
/* "UID <words> set": a command over the chunk, which is put into x->first and
 * x->last. The caller adds the rest and sends it. */
struct imap_exchange *imap_changing_command(struct imap_changing *c, const char *words,
					    const struct imap_chunk *chunk,
					    bool (*pick)(const struct imap_change *ch),
					    void (*done)(struct imap_exchange *x,
							 const struct imap_reply *reply));
/* UID FETCH (UID FLAGS) of the chunk: sets is_there and result.keywords. */
void imap_changing_look(struct imap_changing *c, const struct imap_chunk *chunk,
			bool (*pick)(const struct imap_change *ch),
			void (*done)(struct imap_exchange *x, const struct imap_reply *reply));
/* A server that said OK and did not keep these flags: ERR_DENIED where it is the
 * folder's owner who does not want it (RFC 4314 §4: without the right it is ignored),
 * else ERR_UNSUPPORTED. */
struct fault imap_changing_ignored(const struct imap_changing *c, const struct keywords *k);
/* Settles the records of x that are not settled yet as failed. */
void imap_changing_refuse(struct imap_changing *c, const struct imap_exchange *x,
			  const struct fault *fault);

/* Removes those that are not settled: STORE \Deleted, then UID EXPUNGE, or EXPUNGE
 * when nothing else is marked, or nothing. Sets result.expunged and ends the
 * operation. */
void imap_changing_remove(struct imap_changing *c);

extern const struct imap_verb imap_verb_set_keywords;  /* cmd_store.c */
extern const struct imap_verb imap_verb_copy;          /* cmd_copy.c */
extern const struct imap_verb imap_verb_move;          /* cmd_copy.c */
extern const struct imap_verb imap_verb_expunge;       /* cmd_expunge.c */
extern const struct imap_verb imap_verb_append;        /* cmd_append.c */
extern const struct imap_verb imap_verb_change_folder; /* cmd_folder.c */
extern const struct imap_verb imap_verb_quota;         /* cmd_quota.c */

#endif
