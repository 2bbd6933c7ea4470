/*
 * The folders that LIST and its companions name, found again by the server's own
 * spelling: STATUS, LSUB and MYRIGHTS come as responses of their own. Internal to
 * imap/.
 */
#ifndef IMAP_LISTED_H
#define IMAP_LISTED_H

#include "imap/store.h"

#define IMAP_LISTED_MAX 20000

struct imap_listed_folder {
	struct folder folder;
	struct bytes raw;   /* as the server names it */
	bool has_inferiors; /* there may be folders below it */
	bool has_rights;    /* the server has told them */
};

struct imap_listed {
	struct arena *mem;
	struct imap_listed_folder *at;
	size_t count, cap;
	uint32_t *slots;   /* index + 1 by a digest of `raw`, 0: free */
	size_t slot_count; /* a power of two, over twice cap */
};

/* NULL when it is not there. INBOX in any case is one folder. */
struct imap_listed_folder *imap_listed_find(const struct imap_listed *l, struct bytes raw);
/* The one of that name, made where it is missing; `raw` is borrowed from mem. NULL
 * over IMAP_LISTED_MAX, and when memory is short. */
struct imap_listed_folder *imap_listed_add(struct imap_listed *l, struct bytes raw);

/* Is it a prefix that is no folder ("Shared/"), or what no name may hold? */
bool imap_listed_is_no_folder(const struct imap_list *r);
/* What LIST says of it. False when memory is short. */
bool imap_listed_fill(struct imap_listed *l, struct imap_listed_folder *f,
		      const struct imap_store *st, const struct imap_list *r);
/* Only the role of it, as XLIST has it. */
void imap_listed_see_role(struct imap_listed_folder *to, const struct imap_list *r);
/* What MYRIGHTS says of it: RFC 4314 §2.1, and RFC 2086 where a server knows no
 * other letters. */
void imap_listed_set_rights(struct imap_listed_folder *f, struct bytes rights);

#endif
