#include "base/pack.h"

void pack_number(struct buf *to, uint64_t n, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		buf_append_byte(to, (uint8_t)(n >> 8 * i));
}

void pack_varint(struct buf *to, uint64_t n)
{
	for (; n > 0x7f; n >>= 7)
		buf_append_byte(to, (uint8_t)(n | 0x80));
	buf_append_byte(to, (uint8_t)n);
}

static void spoil(struct unpack *u)
{
	*u = (struct unpack){ BYTES_NULL, true };
}

struct bytes unpack_bytes(struct unpack *u, uint64_t count)
{
	struct bytes first;

	if (u->is_bad || count > u->rest.len) {
		spoil(u);
		return BYTES_NULL;
	}
	first = bytes_first(u->rest, (size_t)count);
	u->rest = bytes_skip(u->rest, (size_t)count);
	return first;
}

uint64_t unpack_number(struct unpack *u, unsigned width)
{
	struct bytes b = unpack_bytes(u, width);
	uint64_t n = 0;

	for (unsigned i = 0; i < b.len; i++)
		n |= (uint64_t)b.at[i] << 8 * i;
	return n;
}

uint64_t unpack_varint(struct unpack *u)
{
	uint64_t n = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = (uint8_t)unpack_number(u, 1);

		if (shift == 63 && byte > 1)
			spoil(u);
		if (u->is_bad)
			return 0;
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return n;
	}
}

uint64_t unpack_varint_to(struct unpack *u, uint64_t max)
{
	uint64_t n = unpack_varint(u);

	if (n <= max)
		return n;
	spoil(u);
	return 0;
}
