/*
 * What a folder holds, without the messages: which UIDs, their flags, the counts.
 * An event is a difference on it, whoever feeds it (a sync, a watch). Pure data, a
 * few bytes per message; messages marked \Deleted are remembered, but not visible:
 * not counted, not in a window, and a difference when that changes.
 */
#ifndef CACHE_FOLDER_STATE_H
#define CACHE_FOLDER_STATE_H

#include "mailstore/mailstore.h"

struct folder_state;

/* What became visible, what has other keywords, what went: ascending UIDs, in the
 * arena that was given. */
struct folder_diff {
	/* Another UIDVALIDITY than before: all that was there is gone, `created` is all
	 * there is. Not at the first sync, for which all is `created` too. */
	bool is_reset;
	const uint32_t *created, *updated, *gone;
	size_t created_count, updated_count, gone_count;
};

#define FOLDER_STATE_MAX_BYTES ((size_t)32 << 20)

/* Empty, of no UIDVALIDITY; takes at most about so many bytes, of which a message needs
 * some four (0: FOLDER_STATE_MAX_BYTES). NULL: no memory. */
struct folder_state *folder_state_new(size_t max_bytes);
void folder_state_free(struct folder_state *fs);

/* Each brings the state up to date and says what that changed; a change that is
 * known already is no difference. Of two flags the later one wins, but that none
 * told in an event is replaced by one of a lower modseq: what a FETCH of new messages
 * brings may be older than what was told meanwhile. A whole sync replaces all.
 * ERR_TOO_BIG, ERR_NOMEM, ERR_PROTO (a sync that is not whole, of another
 * UIDVALIDITY): the state is then to be thrown away. */
MUST_CHECK enum err folder_state_sync(struct folder_state *fs, struct arena *mem,
				      const struct mail_sync *sync, struct folder_diff *ret);
/* MAIL_EVENT_NEW, _FLAGS, _GONE and _LOOKED; others change nothing, nor does any
 * before the first sync. */
MUST_CHECK enum err folder_state_event(struct folder_state *fs, struct arena *mem,
				       const struct mail_event *ev, struct folder_diff *ret);

/* Borrows from the state until the next sync or event. Nothing known when memory is
 * short. */
struct mail_baseline folder_state_baseline(struct folder_state *fs);

struct folder_totals {
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	uint32_t total, unread; /* visible ones */
	uint32_t hidden;        /* the others */
};
struct folder_totals folder_state_totals(const struct folder_state *fs);
/* May it hold changes that highestmodseq does not count, which stays as it was told last
 * for all of the folder? */
bool folder_state_is_ahead(const struct folder_state *fs);
/* Grows with every visible change, from a random number on: what an ETag is made of.
 * No two states are ever at the same one. */
uint64_t folder_state_version(const struct folder_state *fs);

/* What became of the folder since it was at that version. False when that is too long
 * ago, was of another state, or cannot be told because the server has modseqs to ask
 * by: nothing is remembered then. ERR_NOMEM shows as arena_failed(). */
MUST_CHECK bool folder_state_since(const struct folder_state *fs, uint64_t version,
				   struct arena *mem, struct folder_diff *ret);

/* Visible messages that have all keywords of `has` and none of `lacks`; all zero: every
 * one. With a filter what follows looks at each message once, without at some
 * hundred of 100,000. */
struct folder_filter {
	struct keywords has, lacks;
};

/* How many there are: without looking at each. */
uint32_t folder_state_count(const struct folder_state *fs, const struct folder_filter *filter);
/* Up to max UIDs of them from the 0-based position on, in UID order or backwards; says
 * how many. */
size_t folder_state_window(const struct folder_state *fs, const struct folder_filter *filter,
			   uint32_t position, bool descending, uint32_t *uids, size_t max);
/* How many of them come before this UID (which need not be there) in that order: the
 * position that a cursor or an anchor stands for. */
uint32_t folder_state_rank(const struct folder_state *fs, const struct folder_filter *filter,
			   uint32_t uid, bool descending);
bool folder_state_is_visible(const struct folder_state *fs, uint32_t uid);
/* Its keywords; the names are borrowed until the state next changes. False when it
 * is not visible. */
bool folder_state_keywords(const struct folder_state *fs, uint32_t uid, struct keywords *ret);

/* All of it as bytes, for a baseline that outlives the process's memory of it; load
 * refuses what cannot be one (ERR_PROTO; ERR_TOO_BIG, ERR_NOMEM): then the state is as
 * it was. */
void folder_state_save(const struct folder_state *fs, struct buf *to);
MUST_CHECK enum err folder_state_load(struct folder_state *fs, struct bytes saved);

size_t folder_state_bytes(const struct folder_state *fs); /* of memory */

#endif
