/*
 * What must survive a crash: before something is begun that must not happen twice, that
 * it is about to begin goes to disk; afterwards, what came of it. Whatever a process
 * that died had begun and not ended is in doubt: the next one learns so when it opens
 * the journal, and tells; nobody does it again.
 *
 * Files in one folder, which several processes may share: each process writes its own
 * and holds a lock on them; files that nobody holds belong to a process that has gone,
 * and who opens the journal next takes over what is in them. Only appended to; every
 * record has a checksum, and what follows a damaged one is ignored. Nothing in it but
 * account ids, digests, times and the answers that callers want kept.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "base/op.h"

#define JOURNAL_DIGEST_BYTES     32
#define JOURNAL_ACCOUNT_MAX      32
#define JOURNAL_ANSWER_MAX_BYTES (64 * 1024)

struct journal;
struct loop;

enum journal_kind { /* as they are on disk */
		    JOURNAL_APPEND = 1,
		    JOURNAL_REPLACE = 2, /* of a draft */
		    JOURNAL_DELETE =
			    3, /* for good, where a cut does not tell whether it came to it */
		    JOURNAL_SUBMIT = 4,
};

/* Stable name for logs and labels ("append"); "?" for others. */
const char *journal_kind_name(enum journal_kind k);

struct journal_intent {
	enum journal_kind kind;
	struct bytes account; /* its id */
	/* By which its outcome will be asked for, and of what was asked, of
	 * JOURNAL_DIGEST_BYTES each; null: nobody will ask. */
	struct bytes key, print;
};

/* What an earlier process left. */
struct journal_past {
	struct journal_intent intent;
	int64_t at_ms;       /* of its beginning, clock_wall_ms() */
	bool is_in_doubt;    /* it has no end */
	struct bytes answer; /* else, what journal_end() was given; may be empty */
};
/* Data is borrowed until it returns. Gives the answer that is kept from now on for what has
 * a key (mostly past->answer), borrowed until it is called again; null: nothing is. */
typedef struct bytes journal_past_cb(void *ctx, const struct journal_past *past);

struct journal_setup {
	struct loop *loop;
	const char *folder; /* made unless it is there, for us alone */
	uint64_t keep_ms;   /* answers; default 24 h */
	size_t max_bytes;   /* of our files, about; the oldest go first, default 64 MiB */
};

/* Blocks: for starting only. Tells, oldest first for each process that has gone, what
 * is in doubt, once, and what has a key and is not older than keep_ms, every time.
 * NULL: `ret_fault` says why. */
struct journal *journal_open(const struct journal_setup *setup, journal_past_cb *past, void *ctx,
			     struct fault *ret_fault);
/* Operations under way end without their callbacks, what is begun stays in doubt. What
 * is still to be written is. NULL is fine. */
void journal_free(struct journal *j);

struct journal_entry;

/* ERR_OK: it is on disk, go on, and end it with journal_end(). ERR_INTERNAL: the disk is
 * full or broken, ERR_NOMEM: there is nothing to be ended. */
typedef void journal_begun_cb(void *ctx, enum err err, struct journal_entry *entry);
/* NULL when memory is short, or too much is waiting for the disk. */
struct op *journal_begin(struct journal *j, const struct journal_intent *intent,
			 journal_begun_cb *cb, void *ctx);
/* It is over. `answer` is kept if the intent had a key; null: it has not happened, the key
 * is free again. Is written soon; not waited for: lost with the system, it is in doubt. */
void journal_end(struct journal *j, struct journal_entry *entry, struct bytes answer);

struct journal_stats {
	size_t bytes, files;
	unsigned open; /* begun, not ended */
	uint64_t begun, syncs, failures;
	uint64_t sync_us;     /* in all */
	size_t damaged_bytes; /* of earlier processes, that could not be read */
	const char *trouble;  /* why the last writing failed; NULL: it did not */
};
struct journal_stats journal_stats(const struct journal *j);

#endif
