/* A set of UIDs in ascending, disjoint, non-adjacent runs: 1:5,9,20:30. */
#ifndef MODEL_UID_SET_H
#define MODEL_UID_SET_H

#include "base/buf.h"

struct uid_run {
	uint32_t first, last; /* inclusive, first <= last, never 0 */
};

struct uid_set {
	struct uid_run *runs; /* owned */
	size_t count, cap;
	size_t max_runs;
};

void uid_set_init(struct uid_set *s, size_t max_runs);
void uid_set_done(struct uid_set *s);
/* ERR_TOO_BIG beyond max_runs, ERR_NOMEM; the set is unchanged then. */
MUST_CHECK enum err uid_set_add(struct uid_set *s, uint32_t first, uint32_t last);
MUST_CHECK enum err uid_set_remove(struct uid_set *s, uint32_t first, uint32_t last);
bool uid_set_has(const struct uid_set *s, uint32_t uid);
uint64_t uid_set_size(const struct uid_set *s);
/* The n-th smallest, from 0; 0 when there are not so many. */
uint32_t uid_set_nth(const struct uid_set *s, uint64_t n);
/* How many members are smaller than uid. */
uint64_t uid_set_rank(const struct uid_set *s, uint32_t uid);
/* sequence-set of RFC 9051 §9 without "*". */
void uid_set_format(const struct uid_set *s, struct buf *to);
/* Replaces the content by what text says; ERR_INVALID, ERR_TOO_BIG, ERR_NOMEM. */
MUST_CHECK enum err uid_set_parse(struct uid_set *s, struct bytes text);

#endif
