/* What fuzz targets share. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define fuzz_check(what) ((what) ? (void)0 : __builtin_trap())

/* A copy of exactly its size, so that reading past its end is seen. */
static inline uint8_t *fuzz_copy(struct bytes b)
{
	uint8_t *copy = malloc(b.len ? b.len : 1);

	fuzz_check(copy);
	if (b.len)
		memcpy(copy, b.at, b.len);
	return copy;
}

#endif
