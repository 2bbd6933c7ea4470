/*
 * Which sequence numbers are marked \Deleted: as SEARCH DELETED told, kept right
 * by EXPUNGE and FETCH FLAGS; and the windows of what is left, which is what a
 * list shows. Internal to imap/.
 */
#ifndef IMAP_MARKS_H
#define IMAP_MARKS_H

#include "imap/response.h"

struct imap_marks {
	struct imap_range *runs; /* owned; ascending, disjoint */
	size_t count, cap;
	uint32_t total; /* members */
};

void imap_marks_done(struct imap_marks *k);
/* Empties it. */
void imap_marks_reset(struct imap_marks *k);
/* Replaces all by these ranges, in any order; what is above `exists` is left out.
 * False, and nothing is marked, when memory is short. */
bool imap_marks_set_all(struct imap_marks *k, const struct imap_range *ranges, size_t count,
			uint32_t exists);
/* One message got the flag or lost it. False when memory is short. */
bool imap_marks_set(struct imap_marks *k, struct imap_seq seq, bool is_marked);
/* The message is gone, those behind it move up. */
void imap_marks_expunge(struct imap_marks *k, struct imap_seq seq);

bool imap_marks_has(const struct imap_marks *k, struct imap_seq seq);
/* How many of them are smaller than seq. */
uint32_t imap_marks_below(const struct imap_marks *k, struct imap_seq seq);

/* A page of what is not marked, in page order. */
struct imap_window {
	uint32_t total;        /* not marked in all */
	uint32_t position;     /* of the first one in this order */
	struct imap_seq first; /* 0: the page is empty */
	bool descending;
};

/* The window that begins at a 0-based position. */
struct imap_window imap_window_at(const struct imap_marks *k, uint32_t exists, bool descending,
				  uint32_t position);
/* The window that begins with the first one at or behind seq, in this order. A
 * seq of 0 or above exists is behind the end of a descending or an ascending one. */
struct imap_window imap_window_from(const struct imap_marks *k, uint32_t exists, bool descending,
				    struct imap_seq seq);
/* The one after seq; 0 at the end. */
struct imap_seq imap_window_next(const struct imap_marks *k, uint32_t exists, bool descending,
				 struct imap_seq seq);

#endif
