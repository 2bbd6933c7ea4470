/*
 * The files of the journal. All of this blocks: for starting, and for pool threads.
 * Functions that may fail give errno's value, 0 for success.
 */
#ifndef STATE_JOURNAL_FILE_H
#define STATE_JOURNAL_FILE_H

#include <sys/queue.h>

#include "base/arena.h"
#include "state/journal_record.h"

#define JOURNAL_NAME_BYTES     64
#define JOURNAL_INSTANCE_BYTES 17 /* 16 hex digits and the NUL: whose file it is */

/* One of ours, locked as long as it is open. */
struct journal_file {
	TAILQ_ENTRY(journal_file) link; /* its owner's */
	char name[JOURNAL_NAME_BYTES];
	int fd;
	uint64_t size_bytes;
	int64_t newest_ms; /* the last record */
	unsigned open;     /* intents in it that have not ended */
};

/* Makes the folder unless it is there; gives its descriptor. */
MUST_CHECK int journal_folder_open(const char *path, int *ret_fd);

/* Makes the file number *seq of the instance, or one after it, readable by us alone. */
MUST_CHECK int journal_file_make(int folder, const char *instance, unsigned *seq,
				 struct journal_file **ret);
/* All or nothing. */
MUST_CHECK int journal_file_append(struct journal_file *f, struct bytes records, bool must_last);
/* Lets go of it, and frees it; NULL is fine. */
void journal_file_close(struct journal_file *f);
/* The same, and it is gone. */
void journal_file_drop(int folder, struct journal_file *f);

/* --- what processes left that have gone --------------------------------------- */

struct journal_left_file {
	char name[JOURNAL_NAME_BYTES];
	int fd;
};

struct journal_left_record {
	struct journal_record intent;
	bool has_ended;
	struct bytes answer;
};

struct journal_left {
	struct arena *mem;
	struct journal_left_file *files; /* locked by us */
	size_t file_count;
	struct journal_left_record *records; /* by process, then in their order */
	size_t record_count;
	size_t damaged_bytes;
};

/* Everything in the folder that nobody holds. Files of another version are left alone. */
MUST_CHECK int journal_left_read(int folder, struct journal_left *ret);
/* Frees it; with `is_taken` the files are removed. */
void journal_left_done(struct journal_left *l, int folder, bool is_taken);

#endif
