/* The quick way for address_parse.c: most addresses of most messages. */
#ifndef MIME_ADDRESS_EVERYDAY_H
#define MIME_ADDRESS_EVERYDAY_H

#include "base/bytes.h"

struct everyday_address {
	struct bytes name, email; /* borrowed; name is empty when there is none */
	size_t len;               /* with what separates it from the next one */
};

/*
 * Is this, up to a "," or the end, one of
 *	Ada L. Lovelace <ada@example.org>
 *	"Lovelace, Ada" <ada@example.org>
 *	ada@example.org
 * in plain ASCII, so that it means what it says? The answer for it is the one
 * that the whole parser would give.
 */
bool address_everyday(struct bytes in, struct everyday_address *ret);

#endif
