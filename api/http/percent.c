#include "http/percent.h"

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte of *from, decoded; -1 when it is malformed. */
static int next_byte(struct bytes *from)
{
	int high, low;

	if (from->at[0] != '%') {
		*from = bytes_skip(*from, 1);
		return from->at[-1];
	}
	if (from->len < 3)
		return -1;
	high = hex_value(from->at[1]);
	low = hex_value(from->at[2]);
	*from = bytes_skip(*from, 3);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool percent_decode(struct bytes from, bool plus_is_space, uint8_t *to, size_t *ret_len)
{
	size_t n = 0;

	while (from.len) {
		bool is_plus = plus_is_space && from.at[0] == '+';
		int c = next_byte(&from);

		if (c < 0x20 || c == 0x7f)
			return false;
		to[n++] = is_plus ? ' ' : (uint8_t)c;
	}
	if (!bytes_is_utf8(bytes_of(to, n)))
		return false;
	*ret_len = n;
	return true;
}

static bool is_plain(struct bytes b, bool plus_is_space)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] == '%' || (plus_is_space && b.at[i] == '+') || b.at[i] < 0x20 ||
		    b.at[i] >= 0x7f)
			return false;
	return true;
}

struct bytes percent_decode_arena(struct arena *a, struct bytes from, bool plus_is_space)
{
	uint8_t *to;
	size_t len;

	if (is_plain(from, plus_is_space))
		return from;
	to = arena_alloc(a, from.len);
	if (!to || !percent_decode(from, plus_is_space, to, &len))
		return BYTES_NULL;
	return bytes_of(to, len);
}

bool percent_equal(struct bytes encoded, struct bytes plain)
{
	size_t n = 0;

	while (encoded.len) {
		int c = next_byte(&encoded);

		if (n == plain.len || c != plain.at[n++])
			return false;
	}
	return n == plain.len;
}

static bool is_unreserved(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *to, struct bytes from)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < from.len; i++) {
		uint8_t c = from.at[i];

		if (is_unreserved(c)) {
			buf_append_byte(to, c);
			continue;
		}
		buf_append_byte(to, '%');
		buf_append_byte(to, (uint8_t)hex[c >> 4]);
		buf_append_byte(to, (uint8_t)hex[c & 15]);
	}
}
