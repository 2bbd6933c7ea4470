/*
 * Bringing what is known of a folder up to date: it is selected anew, and when it
 * is done the session knows the UID of every message in it and collects what
 * happens from there on (mailbox.news). Internal to imap/.
 */
#ifndef IMAP_SYNCING_H
#define IMAP_SYNCING_H

#include "imap/search.h"

/* Owned by an operation: part of its struct. */
struct imap_syncing {
	struct imap_op *op; /* its call.mem takes what is found; op->fault is set on failure */
	const struct mail_baseline *since;
	bool wants_flags; /* else only the UIDs are asked for */
	void (*done)(struct imap_syncing *s);

	/* The answer. */
	bool is_whole;
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	struct mail_flags *flags; /* in call.mem */
	size_t count;

	/* Its own. */
	struct imap_uids known;   /* of the baseline */
	struct imap_uids present; /* as a search said */
	struct imap_range *vanished;
	size_t vanished_count, vanished_cap;
	uint32_t select_uidnext;
	bool knows_uids;  /* the baseline named them */
	bool has_qresync; /* asked for with the SELECT */
	bool is_enabling; /* ENABLE QRESYNC is not answered yet */
	bool is_without;  /* it was refused: not again */
	bool is_filled;   /* the map has all that the search named */
	size_t next;      /* of `present`: flags are asked for up to here */
	unsigned rounds;
};

void imap_syncing_start(struct imap_syncing *s);
/* For imap_verb.cleanup. */
void imap_syncing_done(struct imap_syncing *s);
/* What of the baseline is gone; `ret` is empty. */
MUST_CHECK enum err imap_syncing_gone(struct imap_syncing *s, struct uid_set *ret);

/* --- inside: known.c ------------------------------------------------------------------ */

static inline struct imap_mailbox *imap_syncing_mailbox(const struct imap_syncing *s)
{
	return &s->op->store->session->mailbox;
}

/* Lists the UIDs of the baseline. False: too many, or memory is short. */
bool imap_syncing_know(struct imap_syncing *s);
bool imap_syncing_has(const struct imap_msgmap *map, uint32_t uid);
/* VANISHED (EARLIER). False as above. */
bool imap_syncing_vanish(struct imap_syncing *s, const struct imap_set *set);
/* The baseline without what has vanished and with what has come must be as many as
 * there are: then the map has them all. False: it has to be asked. */
bool imap_syncing_fill(struct imap_syncing *s);
/* Messages that are there, were not in the baseline, and did not come as changed: a
 * server's mistake, or ours. */
MUST_CHECK enum err imap_syncing_missing(const struct imap_syncing *s, struct uid_set *missing);

extern const struct imap_verb imap_verb_sync;  /* cmd_sync.c */
extern const struct imap_verb imap_verb_watch; /* cmd_watch.c */

#endif
