/*
 * The sets of keywords that occur in a folder, each once, under a number of two
 * bytes: thousands of messages share a handful of them. A set is kept as long as
 * anybody refers to it.
 */
#ifndef CACHE_KEYWORD_PALETTE_H
#define CACHE_KEYWORD_PALETTE_H

#include "base/err.h"
#include "model/keywords.h"

#define KEYWORD_PALETTE_MAX 65534

struct keyword_set {
	struct keywords keywords; /* the names and their array are one block */
	uint32_t refs;            /* 0: free */
	uint32_t hash;            /* in use; when free: the next free one, + 1 */
};

struct keyword_palette {
	struct keyword_set *sets;
	uint16_t *table; /* open addressing: number + 1; 0: empty. What is free may be in it */
	size_t count, cap;
	size_t table_size, table_used; /* a power of two; with what is free */
	size_t live;
	uint32_t free_first; /* + 1; 0: none */
	uint64_t seed;       /* servers choose the names: they shall not choose the places */
	size_t bytes;        /* of memory */
};

/* False when the system gives no random bytes. */
MUST_CHECK bool keyword_palette_init(struct keyword_palette *p);
void keyword_palette_done(struct keyword_palette *p);

/* The number of this set, with a reference for the caller. ERR_TOO_BIG beyond
 * KEYWORD_PALETTE_MAX, ERR_NOMEM. */
MUST_CHECK enum err keyword_palette_take(struct keyword_palette *p, const struct keywords *k,
					 uint16_t *ret);
void keyword_palette_keep(struct keyword_palette *p, uint16_t set);
void keyword_palette_drop(struct keyword_palette *p, uint16_t set);

static inline const struct keywords *keyword_palette_get(const struct keyword_palette *p,
							 uint16_t set)
{
	return &p->sets[set].keywords;
}

static inline bool keyword_palette_is_visible(const struct keyword_palette *p, uint16_t set)
{
	return !(p->sets[set].keywords.system & KEYWORD_DELETED);
}

static inline bool keyword_palette_is_unread(const struct keyword_palette *p, uint16_t set)
{
	return !(p->sets[set].keywords.system & (KEYWORD_DELETED | KEYWORD_SEEN));
}

#endif
