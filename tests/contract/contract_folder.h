/*
 * What somebody who keeps up with a folder believes it holds: fed with the answers
 * of mailstore_sync() and the events of mailstore_watch(), and strict about what
 * they may say.
 */
#ifndef CONTRACT_CONTRACT_FOLDER_H
#define CONTRACT_CONTRACT_FOLDER_H

#include "contract_calls.h"

#define CONTRACT_FOLDER_MAX 4096

struct contract_known {
	uint32_t uid;
	struct keywords keywords; /* in the test's memory */
	bool has_header;          /* came with its summary */
	bool was_new;             /* told as MAIL_EVENT_NEW */
};

struct contract_folder {
	struct contract_test *t;
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	struct contract_known known[CONTRACT_FOLDER_MAX]; /* by UID */
	size_t count;
	bool hides_uids; /* a sync is not told the UIDs that are known */

	unsigned news, gone, flags; /* messages told of by events */
	unsigned looked, lost, folders, statuses;
	struct bytes status_path; /* of the last one */
	struct folder_status status;

	struct op *watch; /* NULL: not watching */
	struct fault end; /* of the watch that ended by itself */
	bool has_ended;
};

/* Synchronises it with t->path from what it knows. */
enum err contract_sync(struct contract_folder *f);
/* The answer of the last one. */
extern bool contract_sync_was_whole;

/* Begins to watch t->path. */
void contract_watch(struct contract_folder *f, const struct mail_watch *how);
/* Asks and waits for the answer. */
void contract_look(struct contract_folder *f);
void contract_stop_watching(struct contract_folder *f);

/* Does it equal what the server says to a new conversation? */
void contract_assert_equal_to_server(struct contract_folder *f);

#endif
