/*
 * RFC 3501 §5.1.3: printable ASCII stands for itself, "&-" for "&", and
 * everything else is UTF-16BE in base64 with "," for "/", without padding,
 * between "&" and "-". Each run of such characters is one section.
 */
#include "imap/utf7.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_direct(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* --- encoding -------------------------------------------------------------- */

struct section {
	struct buf *to;
	uint32_t bits;
	unsigned bit_count;
	bool is_open;
};

static void put_unit(struct section *s, uint32_t unit)
{
	if (!s->is_open)
		buf_append_byte(s->to, '&');
	s->is_open = true;
	s->bits = s->bits << 16 | unit;
	s->bit_count += 16;
	while (s->bit_count >= 6) {
		s->bit_count -= 6;
		buf_append_byte(s->to, (uint8_t)alphabet[s->bits >> s->bit_count & 63]);
	}
}

static void close_section(struct section *s)
{
	if (!s->is_open)
		return;
	if (s->bit_count)
		buf_append_byte(s->to, (uint8_t)alphabet[s->bits << (6 - s->bit_count) & 63]);
	buf_append_byte(s->to, '-');
	*s = (struct section){ .to = s->to };
}

static void put_char(struct section *s, uint32_t c)
{
	if (is_direct(c)) {
		close_section(s);
		buf_append_byte(s->to, (uint8_t)c);
		if (c == '&')
			buf_append_byte(s->to, '-');
	} else if (c >= 0x10000) {
		put_unit(s, 0xd800 | ((c - 0x10000) >> 10));
		put_unit(s, 0xdc00 | ((c - 0x10000) & 0x3ff));
	} else {
		put_unit(s, c);
	}
}

/* One character of well-formed UTF-8. */
static uint32_t take_char(struct bytes *b)
{
	uint8_t first = b->at[0];
	size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	uint32_t c = more ? first & (0x3fU >> more) : first;

	for (size_t i = 1; i <= more; i++)
		c = c << 6 | (b->at[i] & 0x3f);
	*b = bytes_skip(*b, more + 1);
	return c;
}

enum err imap_utf7_encode(struct buf *to, struct bytes utf8)
{
	struct section s = { .to = to };

	if (!bytes_is_utf8(utf8) || bytes_index(utf8, 0) < utf8.len)
		return ERR_INVALID;
	while (utf8.len)
		put_char(&s, take_char(&utf8));
	close_section(&s);
	return buf_err(to);
}

/* --- decoding -------------------------------------------------------------- */

static int digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

static uint8_t *write_char(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (uint8_t)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (uint8_t)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*to++ = (uint8_t)(0xe0 | c >> 12);
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	} else {
		*to++ = (uint8_t)(0xf0 | c >> 18);
		*to++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (uint8_t)(0x80 | (c & 0x3f));
	return to;
}

/* Takes one UTF-16 unit; `high` is the surrogate that waits for its other half. */
static bool take_unit(uint8_t **to, uint32_t *high, uint32_t unit)
{
	bool is_low = unit >= 0xdc00 && unit <= 0xdfff;

	if (is_low != (*high != 0))
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	if (is_low)
		unit = 0x10000 + ((*high & 0x3ff) << 10) + (unit & 0x3ff);
	*high = 0;
	/* NUL has no place in a name; printable ASCII has its own form. */
	if (unit == 0 || is_direct(unit))
		return false;
	*to = write_char(*to, unit);
	return true;
}

/* What stands between "&" and "-". 16 bits make at most 3 bytes out of at least
 * 2 2/3 digits: the result is never longer than the name by more than a half. */
static bool decode_section(struct bytes digits, uint8_t **to)
{
	uint32_t bits = 0, high = 0;
	unsigned bit_count = 0;

	for (size_t i = 0; i < digits.len; i++) {
		int value = digit_value(digits.at[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		bit_count += 6;
		if (bit_count < 16)
			continue;
		bit_count -= 16;
		if (!take_unit(to, &high, bits >> bit_count & 0xffff))
			return false;
	}
	return high == 0 && bit_count < 6 && (bits & ((1U << bit_count) - 1)) == 0;
}

/* Two sections in a row would be one when encoded again. */
static bool decode(struct bytes name, uint8_t **to)
{
	bool after_section = false;
	size_t n;

	while (name.len) {
		uint8_t c = name.at[0];

		name = bytes_skip(name, 1);
		if (!is_direct(c))
			return false;
		if (c != '&') {
			*(*to)++ = c;
			after_section = false;
			continue;
		}
		n = bytes_index(name, '-');
		if (n == name.len || (n && after_section))
			return false;
		if (n == 0)
			*(*to)++ = '&';
		else if (!decode_section(bytes_first(name, n), to))
			return false;
		after_section = n != 0;
		name = bytes_skip(name, n + 1);
	}
	return true;
}

bool imap_utf7_decode(struct arena *mem, struct bytes name, struct bytes *ret_utf8)
{
	uint8_t *utf8, *to;
	bool is_plain = bytes_index(name, '&') == name.len;

	*ret_utf8 = name;
	for (size_t i = 0; is_plain && i < name.len; i++)
		if (!is_direct(name.at[i]))
			return false;
	if (is_plain)
		return true;
	utf8 = to = arena_alloc(mem, name.len + name.len / 2 + 3);
	if (!utf8 || !decode(name, &to))
		return false;
	*ret_utf8 = bytes_of(utf8, (size_t)(to - utf8));
	return true;
}
