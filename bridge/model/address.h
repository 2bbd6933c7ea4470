/* Addresses as RFC 8621 §4.1.2.3 has them: decoded, UTF-8. Memory belongs to
 * the arena that the list was made in. */
#ifndef MODEL_ADDRESS_H
#define MODEL_ADDRESS_H

#include "base/arena.h"

struct address {
	struct bytes name;  /* null when there is none */
	struct bytes email; /* as written; null when there is none */
};

struct address_list {
	struct address *at;
	size_t count;
};

struct bytes_list {
	struct bytes *at;
	size_t count;
};

#endif
