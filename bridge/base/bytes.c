#include "base/bytes.h"

#include <stdlib.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

bool bytes_equal_str(struct bytes a, const char *b)
{
	return bytes_equal(a, bytes_of_str(b));
}

bool bytes_equal_str_nocase(struct bytes a, const char *b)
{
	return bytes_equal_nocase(a, bytes_of_str(b));
}

bool bytes_starts_with(struct bytes b, struct bytes prefix)
{
	return b.len >= prefix.len && bytes_equal(bytes_first(b, prefix.len), prefix);
}

bool bytes_starts_with_nocase(struct bytes b, struct bytes prefix)
{
	return b.len >= prefix.len && bytes_equal_nocase(bytes_first(b, prefix.len), prefix);
}

bool bytes_ends_with(struct bytes b, struct bytes suffix)
{
	return b.len >= suffix.len && bytes_equal(bytes_skip(b, b.len - suffix.len), suffix);
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
	volatile uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff = (uint8_t)(diff | (a.at[i] ^ b.at[i]));
	return diff == 0;
}

size_t bytes_index(struct bytes b, uint8_t c)
{
	const uint8_t *hit = b.len ? memchr(b.at, c, b.len) : NULL;

	return hit ? (size_t)(hit - b.at) : b.len;
}

size_t bytes_find(struct bytes b, struct bytes needle)
{
	const uint8_t *hit;

	if (needle.len == 0)
		return 0;
	hit = b.len ? memmem(b.at, b.len, needle.at, needle.len) : NULL;
	return hit ? (size_t)(hit - b.at) : b.len;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes b)
{
	while (b.len && is_space(b.at[0]))
		b = bytes_skip(b, 1);
	while (b.len && is_space(b.at[b.len - 1]))
		b.len--;
	return b;
}

bool bytes_split(struct bytes *rest, uint8_t c, struct bytes *ret_part)
{
	size_t n;

	if (bytes_is_null(*rest))
		return false;
	n = bytes_index(*rest, c);
	*ret_part = bytes_first(*rest, n);
	*rest = n < rest->len ? bytes_skip(*rest, n + 1) : BYTES_NULL;
	return true;
}

bool bytes_to_u64(struct bytes b, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (b.len == 0)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		uint8_t digit = (uint8_t)(b.at[i] - '0');

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (n > max)
		return false;
	*ret = n;
	return true;
}

char *bytes_dup_str(struct bytes b)
{
	char *copy;

	if (b.len && memchr(b.at, 0, b.len))
		return NULL;
	copy = malloc(b.len + 1);
	if (!copy)
		return NULL;
	if (b.len)
		memcpy(copy, b.at, b.len);
	copy[b.len] = '\0';
	return copy;
}

/* Length of the character at the front of b, 0 when it is malformed. */
static size_t utf8_char_len(struct bytes b)
{
	uint8_t c = b.at[0], low = 0x80, high = 0xbf;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		n = 2;
	else if (c >= 0xe0 && c <= 0xef)
		n = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		n = 4;
	else
		return 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (b.len < n || b.at[1] < low || b.at[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((b.at[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool bytes_is_utf8(struct bytes b)
{
	while (b.len) {
		size_t n = utf8_char_len(b);

		if (n == 0)
			return false;
		b = bytes_skip(b, n);
	}
	return true;
}

struct bytes bytes_first_utf8(struct bytes b, size_t max)
{
	size_t n = max;

	if (b.len <= max)
		return b;
	while (n > 0 && (b.at[n] & 0xc0) == 0x80)
		n--;
	return bytes_first(b, n);
}
