/*
 * Where a folder stood when a list was made: the opaque `state` of the API.
 *	state = "s1." uidvalidity "." highestmodseq "." uidnext ["." ("u" uid / "v" version)]
 *	      | "p1." epoch "." modseq ["." base]		(POP3)
 * Numbers are in base 36. "u": of what has that modseq only messages up to that UID
 * are known, as when a page of changes ends in between. "v": without modseqs, what
 * the watch of this process counts by. "base": what has come behind it is new to who
 * has this state, though all up to modseq was told.
 */
#ifndef ACCOUNT_LIST_STATE_H
#define ACCOUNT_LIST_STATE_H

#include "base/arena.h"
#include "base/buf.h"

struct list_state {
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq; /* 0: unknown */
	bool has_uid, has_version;
	uint32_t uid;
	uint64_t version;
	uint64_t epoch; /* with POP3, of highestmodseq; nothing above counts then */
	uint64_t base;
	bool has_base;
};

/* In mem; null where there is neither UIDVALIDITY nor epoch, or no memory. */
struct bytes list_state_format(struct arena *mem, const struct list_state *s);
/* False when it is none. */
MUST_CHECK bool list_state_parse(struct bytes text, struct list_state *ret);

#endif
