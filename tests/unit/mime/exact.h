/* Text in memory of exactly its length, so that reading past its end is seen. */
#ifndef UNIT_MIME_EXACT_H
#define UNIT_MIME_EXACT_H

#include <stdlib.h>

#include "base/bytes.h"

/* Valid until the next call; NULL gives BYTES_NULL. */
static inline struct bytes exact(const char *text)
{
	static uint8_t *last;
	size_t n = text ? strlen(text) : 0;

	free(last);
	last = malloc(n ? n : 1);
	if (!text || !last)
		return BYTES_NULL;
	memcpy(last, text, n);
	return bytes_of(last, n);
}

#endif
