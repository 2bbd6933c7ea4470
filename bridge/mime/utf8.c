#include "mime/utf8.h"

/* How many bytes of the character at the front are there and well-formed, and
 * how many it needs (0: no character begins so). */
static size_t good_len(struct bytes b, size_t *ret_need)
{
	uint8_t c = b.at[0], low = 0x80, high = 0xbf;
	size_t need = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	size_t n = 1;

	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	*ret_need = need;
	if (need < 2)
		return need;
	if (b.len > 1 && b.at[1] >= low && b.at[1] <= high)
		for (n = 2; n < need && n < b.len && (b.at[n] & 0xc0) == 0x80; n++)
			;
	return n;
}

size_t utf8_valid_len(struct bytes b)
{
	size_t i = 0;

	while (i < b.len) {
		uint64_t eight;
		size_t n, need;

		if (b.len - i >= 8) {
			memcpy(&eight, b.at + i, 8);
			if (!(eight & 0x8080808080808080)) {
				i += 8;
				continue;
			}
		}
		n = good_len(bytes_skip(b, i), &need);
		if (n == 0 || n < need)
			return i;
		i += n;
	}
	return i;
}

size_t utf8_broken_len(struct bytes b, bool *ret_is_incomplete)
{
	size_t need, n = good_len(b, &need);

	*ret_is_incomplete = n > 0 && n < need && n == b.len;
	return n ? n : 1;
}

size_t utf8_encode(uint8_t *to, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		to[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	to[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

uint32_t utf8_take(struct bytes *b)
{
	uint8_t lead = b->at[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? lead : lead & (0x7fU >> n);

	for (size_t i = 1; i < n && i < b->len; i++)
		c = c << 6 | (b->at[i] & 0x3f);
	*b = bytes_skip(*b, n);
	return c;
}
