/*
 * A message's flags, under the names of the API: lower-case, `$seen` for IMAP's
 * \Seen and so on (RFC 8621 §4.1.1). `\Recent` does not exist here.
 */
#ifndef MODEL_KEYWORDS_H
#define MODEL_KEYWORDS_H

#include "base/err.h"
#include "model/address.h"

enum {
	KEYWORD_SEEN = 1 << 0,
	KEYWORD_ANSWERED = 1 << 1,
	KEYWORD_FLAGGED = 1 << 2,
	KEYWORD_DRAFT = 1 << 3,
	KEYWORD_DELETED = 1 << 4, /* marked for removal: never shown, see api.md §4 */
};

/* Longest custom keyword and most of them per message that we take from a server. */
#define KEYWORD_MAX_BYTES 128
#define KEYWORDS_MAX      256

/* Starts as { 0 }. A plain copy of the struct shares the array of names with
 * the original: change one of the two only, or take keywords_copy(). */
struct keywords {
	unsigned system;          /* KEYWORD_... */
	struct bytes_list custom; /* lower-case, sorted bytewise, no doubles */
};

/* The API's name of one system flag ("$seen"); NULL for anything else. */
const char *keywords_system_name(unsigned bit);
/* KEYWORD_... for an API name in any case, 0 when it is a custom one. */
unsigned keywords_system_bit(struct bytes name);
/* Is this acceptable as a keyword: an RFC 9051 atom of at most
 * KEYWORD_MAX_BYTES bytes, not beginning with a backslash? */
bool keywords_name_is_valid(struct bytes name);
/* Adds a name (copied in lower case into mem), a system flag under its API name
 * too. The caller has checked that it is valid. False when memory is short or
 * the set is full. */
MUST_CHECK bool keywords_add(struct keywords *k, struct arena *mem, struct bytes name);
void keywords_remove(struct keywords *k, struct bytes name);
bool keywords_has(const struct keywords *k, struct bytes name);
bool keywords_equal(const struct keywords *a, const struct keywords *b);
/* A copy of its own in mem; false when memory is short. */
MUST_CHECK bool keywords_copy(const struct keywords *from, struct arena *mem, struct keywords *ret);

#endif
