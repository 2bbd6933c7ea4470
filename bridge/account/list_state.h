/*
 * Where a folder stood when a list was made: the opaque `state` of the API.
 *	state = "s1." uidvalidity "." highestmodseq "." uidnext   ; each in base 36
 */
#ifndef ACCOUNT_LIST_STATE_H
#define ACCOUNT_LIST_STATE_H

#include "base/arena.h"
#include "base/buf.h"

struct list_state {
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq; /* 0: unknown */
};

/* In mem; null where there is no UIDVALIDITY, or no memory. */
struct bytes list_state_format(struct arena *mem, const struct list_state *s);

/* Digits as in ids. */
void list_state_put_base36(struct buf *to, uint64_t n);

#endif
