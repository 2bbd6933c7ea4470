/*
 * Which thread each message of the selected folder belongs to, as far as somebody has
 * asked: it never changes, so that the next page of a list need not ask again. Internal
 * to imap/.
 */
#ifndef IMAP_THREADS_H
#define IMAP_THREADS_H

#include "base/bytes.h"

struct imap_threaded {
	uint32_t uid;
	uint64_t key; /* a digest of the API's threadId */
};

struct imap_threads {
	struct imap_threaded *at; /* owned; by ascending UID once sorted */
	size_t count, cap;
};

void imap_threads_done(struct imap_threads *t);
/* At the end: imap_threads_sort() before anything is looked up. Short of memory it is
 * just not remembered. */
void imap_threads_add(struct imap_threads *t, uint32_t uid, uint64_t key);
void imap_threads_sort(struct imap_threads *t);
/* NULL: not known. */
const struct imap_threaded *imap_threads_find(const struct imap_threads *t, uint32_t uid);

/* Of `uids` in this order (backwards: from the end) only the first of each thread stays,
 * and those whose thread is not known. Returns how many stay, and which: `keeps[i]` is
 * for uids[i]. False when memory is short. */
bool imap_threads_collapse(const struct imap_threads *t, const uint32_t *uids, size_t count,
			   bool is_backwards, bool *keeps);

#endif
