/*
 * Which message stands at which sequence number of the selected folder, as far
 * as it is known: FETCH tells UIDs piece by piece. Numbers belong to one
 * session and change with every EXPUNGE (RFC 9051 §2.3.1.2), so this is kept
 * beside the session and nowhere else.
 *
 * Invariant: UIDs ascend strictly with sequence numbers. A server that breaks
 * it, or shrinks EXISTS, makes the map forget all UIDs; the count stays right.
 */
#ifndef IMAP_MSGMAP_H
#define IMAP_MSGMAP_H

#include "imap/response.h"

/* UIDs remembered per folder, those of the newest messages: 4 MiB. */
#define IMAP_MSGMAP_MAX (1u << 20)

/*
 * What is taken out leaves a gap where it was, and the next one is mostly beside it:
 * a run of EXPUNGEs costs the messages between them, not those behind.
 */
struct imap_msgmap {
	uint32_t exists;
	uint32_t base;  /* sequence number of slot 0; base + len == exists + 1 */
	uint32_t *uids; /* owned; see imap_msgmap_slot() */
	size_t len, cap;
	size_t gap_at, gap; /* from slot gap_at on, UIDs lie so many places further on */
	/* UIDs that were known were forgotten; until imap_msgmap_reset() or _fill(). */
	bool has_forgotten;
	/* Goes up whenever a sequence number may have got another meaning. */
	uint64_t generation;
};

void imap_msgmap_init(struct imap_msgmap *m);
void imap_msgmap_done(struct imap_msgmap *m);
/* Another folder: nothing is known and nothing is there. */
void imap_msgmap_reset(struct imap_msgmap *m);

/* The UID in one of len slots; 0: not known. */
static inline uint32_t imap_msgmap_slot(const struct imap_msgmap *m, size_t i)
{
	return m->uids[i < m->gap_at ? i : i + m->gap];
}

/* EXISTS. */
void imap_msgmap_set_exists(struct imap_msgmap *m, uint32_t exists);
/* EXPUNGE; false when there is no such number. */
bool imap_msgmap_expunge(struct imap_msgmap *m, struct imap_seq seq);
/* VANISHED without EARLIER: takes out those of first..last that may be there. The
 * count is right afterwards if the server speaks of present messages only. */
void imap_msgmap_vanish(struct imap_msgmap *m, uint32_t first, uint32_t last);
/* FETCH with a UID. Short of memory it is just not remembered. */
void imap_msgmap_set_uid(struct imap_msgmap *m, struct imap_seq seq, uint32_t uid);

/* All of them at once, ascending. False, and nothing has changed, when they are not
 * as many as EXISTS said, what is known already says otherwise, there are too many,
 * or memory is short. */
bool imap_msgmap_fill(struct imap_msgmap *m, const uint32_t *uids, size_t count);

/* The sequence numbers from..before whose UIDs, as far as they are known, lie in
 * first..last. */
void imap_msgmap_span(const struct imap_msgmap *m, uint32_t first, uint32_t last,
		      struct imap_seq *ret_from, struct imap_seq *ret_before);
/* 0: not known, or no such number. */
uint32_t imap_msgmap_uid(const struct imap_msgmap *m, struct imap_seq seq);
/* Is it known to be there? */
bool imap_msgmap_has(const struct imap_msgmap *m, uint32_t uid);
/* How many messages have smaller UIDs; false when that is not certain. */
bool imap_msgmap_count_below(const struct imap_msgmap *m, uint32_t uid, uint32_t *ret);

#endif
