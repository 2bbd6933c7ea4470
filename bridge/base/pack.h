/*
 * Records that we keep for ourselves: numbers and bytes, one after the other. Numbers
 * are little-endian, of so many bytes, or packed: seven bits a byte, the lowest first,
 * the eighth says that more follow.
 *
 * What is read may have come from anywhere: whatever is not there is taken as 0 (bytes
 * as null), and from then on all is; `is_bad` says so, and is asked once, at the end.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/buf.h"

/* The `width` (1 to 8) lowest bytes of n. */
void pack_number(struct buf *to, uint64_t n, unsigned width);
void pack_varint(struct buf *to, uint64_t n);

struct unpack {
	struct bytes rest;
	bool is_bad;
};

struct bytes unpack_bytes(struct unpack *u, uint64_t count);
uint64_t unpack_number(struct unpack *u, unsigned width);
static inline uint32_t unpack_u32(struct unpack *u)
{
	return (uint32_t)unpack_number(u, 4);
}
/* Also bad: more than 64 bits. */
uint64_t unpack_varint(struct unpack *u);
/* Also bad: above `max`, and then 0. */
uint64_t unpack_varint_to(struct unpack *u, uint64_t max);

#endif
