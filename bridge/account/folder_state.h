/*
 * What a folder holds, without the messages: which UIDs, their flags, the counts.
 * An event is a difference on it, whoever feeds it (a sync, a watch). Pure data, a
 * few bytes per message; messages marked \Deleted are remembered, but not visible:
 * not counted, not in a window, and a difference when that changes.
 */
#ifndef ACCOUNT_FOLDER_STATE_H
#define ACCOUNT_FOLDER_STATE_H

#include "mailstore/mailstore.h"

struct folder_state;

/* What became visible, what has other keywords, what went: ascending UIDs, in the
 * arena that was given. */
struct folder_diff {
	bool is_reset; /* another UIDVALIDITY: all that was there is gone, `created` is all there is
			*/
	const uint32_t *created, *updated, *gone;
	size_t created_count, updated_count, gone_count;
};

/* Empty, of no UIDVALIDITY; takes at most so many bytes. NULL: no memory. */
struct folder_state *folder_state_new(size_t max_bytes);
void folder_state_free(struct folder_state *fs);

/* Each brings the state up to date and says what that changed; a change that is
 * known already is no difference; of two flags with modseq the higher one wins.
 * ERR_TOO_BIG, ERR_NOMEM: the state is then to be thrown away. */
MUST_CHECK enum err folder_state_sync(struct folder_state *fs, struct arena *mem,
				      const struct mail_sync *sync, struct folder_diff *ret);
/* MAIL_EVENT_NEW, _FLAGS, _GONE and _LOOKED; others change nothing. */
MUST_CHECK enum err folder_state_event(struct folder_state *fs, struct arena *mem,
				       const struct mail_event *ev, struct folder_diff *ret);

/* Borrows from the state until it next changes. */
struct mail_baseline folder_state_baseline(const struct folder_state *fs);

struct folder_totals {
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	uint32_t total, unread; /* visible ones */
};
struct folder_totals folder_state_totals(const struct folder_state *fs);
/* Grows with every visible change: what an ETag is made of, within this process. */
uint64_t folder_state_version(const struct folder_state *fs);

/* Up to max UIDs of visible messages from the 0-based position on, in UID order or
 * backwards; says how many. */
size_t folder_state_window(const struct folder_state *fs, uint32_t position, bool descending,
			   uint32_t *uids, size_t max);
/* How many visible messages come before this UID (which need not be there) in that
 * order: the position that a cursor or an anchor stands for. */
uint32_t folder_state_rank(const struct folder_state *fs, uint32_t uid, bool descending);
bool folder_state_is_visible(const struct folder_state *fs, uint32_t uid);
/* Its keywords; the names are borrowed until the state next changes. False when it
 * is not visible. */
bool folder_state_keywords(const struct folder_state *fs, uint32_t uid, struct keywords *ret);

/* All of it as bytes, for a baseline that outlives the process's memory of it; load
 * takes what save made, and refuses everything else (ERR_PROTO). */
void folder_state_save(const struct folder_state *fs, struct buf *to);
MUST_CHECK enum err folder_state_load(struct folder_state *fs, struct bytes saved);

size_t folder_state_bytes(const struct folder_state *fs); /* of memory */

#endif
