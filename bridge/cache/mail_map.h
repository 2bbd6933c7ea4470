/*
 * UID → number of its keyword set, in UID order: blocks of up to MAIL_BLOCK_MAX
 * messages at four bytes each. What asks for a position skips whole blocks, so that a
 * page of a folder of 100,000 messages costs some hundred additions wherever it is,
 * and however many of them are not visible.
 */
#ifndef CACHE_MAIL_MAP_H
#define CACHE_MAIL_MAP_H

#include "cache/keyword_palette.h"

#define MAIL_BLOCK_MAX 256

struct mail_entry {
	uint16_t offset; /* of the UID from the block's base */
	uint16_t set;
};

struct mail_block {
	uint32_t base; /* no UID is below it, those of the block before are */
	uint16_t count, cap, visible;
	struct mail_entry *at;
};

/* Each entry owns a reference to its set in the palette, which may be shared with
 * another map. */
struct mail_map {
	struct keyword_palette *palette;
	struct mail_block *blocks;
	size_t count, cap;
	uint32_t total, visible, unread; /* messages: all, visible, visible and not seen */
	size_t bytes;                    /* of memory, without the palette */
};

void mail_map_init(struct mail_map *m, struct keyword_palette *palette);
void mail_map_done(struct mail_map *m);

/* False when the UID is not there. */
bool mail_map_get(const struct mail_map *m, uint32_t uid, uint16_t *ret_set);
/* Adds it or gives it another set; takes over the caller's reference, also when it
 * fails. ERR_NOMEM. */
MUST_CHECK enum err mail_map_put(struct mail_map *m, uint32_t uid, uint16_t set);
void mail_map_remove(struct mail_map *m, uint32_t uid);

/* Walks over all in UID order, from an all-zero place on; 0 at the end. The map must
 * not change meanwhile. */
struct mail_place {
	size_t block;
	uint16_t entry;
};

uint32_t mail_map_next(const struct mail_map *m, struct mail_place *at, uint16_t *ret_set);
/* The place of the first that is not below uid. */
struct mail_place mail_map_place(const struct mail_map *m, uint32_t uid);

/* `matches`, one bit per set of the palette, leaves only some of the messages; NULL:
 * none is left out. Invisible ones always are. */

/* How many are below uid. */
uint32_t mail_map_rank(const struct mail_map *m, const uint64_t *matches, uint32_t uid);
/* Up to max UIDs from the 0-based position of that order on; says how many. */
size_t mail_map_window(const struct mail_map *m, const uint64_t *matches, uint32_t position,
		       bool descending, uint32_t *uids, size_t max);

#endif
