/*
 * Numbers for messages that have none: what POP3 knows by name (UIDL, hash) is watched
 * as if it had UIDs, given in the order in which the messages were first seen. Kept
 * with the baseline of the watch, so that a number means the same message as long as
 * the event log lives. Pure data.
 */
#ifndef CACHE_DROP_NAMES_H
#define CACHE_DROP_NAMES_H

#include "mailstore/mailstore.h"

#define DROP_NAMES_MAX 200000

struct drop_names;

/* NULL: no memory. */
struct drop_names *drop_names_new(void);
void drop_names_free(struct drop_names *n);

/* What a sync of a store that has names only would be, had it numbers: whole, in
 * ascending order of them, in mem. New names get new numbers. ERR_NOMEM, ERR_TOO_BIG:
 * the table is as it was. */
MUST_CHECK enum err drop_names_translate(struct drop_names *n, struct arena *mem,
					 const struct mail_sync *from, struct mail_sync *ret);
/* 0: unknown. */
uint32_t drop_names_number(const struct drop_names *n, const struct message_key *key);
/* False: unknown. */
bool drop_names_key(const struct drop_names *n, uint32_t number, struct message_key *ret);
/* Forgets those that are not needed any more; their numbers are not given again. */
void drop_names_prune(struct drop_names *n, bool (*is_needed)(void *ctx, uint32_t number),
		      void *ctx);

/* As bytes; load into an empty table takes what save made and refuses everything else
 * (ERR_PROTO, ERR_NOMEM). */
void drop_names_save(const struct drop_names *n, struct buf *to);
MUST_CHECK enum err drop_names_load(struct drop_names *n, struct bytes saved);

#endif
