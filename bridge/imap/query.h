/* What the files of query share. Internal to imap/. */
#ifndef IMAP_QUERY_H
#define IMAP_QUERY_H

#include "imap/store.h"

/* Messages as they come, found by UID. */
struct imap_collected {
	struct mail_item *at; /* by ascending UID, in the arena given */
	size_t count, cap;
};

/* Adds what a response tells; merges with what is there. False when memory is
 * short. */
bool imap_collected_add(struct imap_collected *c, struct arena *mem, uint32_t uid,
			const struct imap_fetch *f);
bool imap_collected_put(struct imap_collected *c, struct arena *mem, const struct mail_item *item);
/* NULL when it is not there; uid 0 never is. */
struct mail_item *imap_collected_find(const struct imap_collected *c, uint32_t uid);

/* Appends a sequence number, to be called in ascending or descending order. */
void imap_set_push(struct imap_set *set, struct imap_seq seq);
/* Turns a set that was pushed in descending order around. */
void imap_set_ascend(struct imap_set *set);
/* The largest number of either kind of answer; 0 when there is none. */
uint32_t imap_search_max(const struct imap_response *r);

#endif
