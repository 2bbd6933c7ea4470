#include "sasl/exchange.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void exchange_base64_encode(struct bytes data, struct buf *to)
{
	for (size_t i = 0; i < data.len; i += 3) {
		size_t n = data.len - i < 3 ? data.len - i : 3;
		uint32_t bits = (uint32_t)data.at[i] << 16;

		if (n > 1)
			bits |= (uint32_t)data.at[i + 1] << 8;
		if (n > 2)
			bits |= data.at[i + 2];
		buf_append_byte(to, (uint8_t)digits[bits >> 18]);
		buf_append_byte(to, (uint8_t)digits[bits >> 12 & 63]);
		buf_append_byte(to, n > 1 ? (uint8_t)digits[bits >> 6 & 63] : '=');
		buf_append_byte(to, n > 2 ? (uint8_t)digits[bits & 63] : '=');
	}
}

/* Four characters, one to three bytes. */
static bool decode_quad(const uint8_t *at, size_t n, struct buf *to)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *digit = at[i] ? strchr(digits, at[i]) : NULL;

		if (!digit)
			return false;
		bits |= (uint32_t)(digit - digits) << (18 - 6 * i);
	}
	buf_append_byte(to, (uint8_t)(bits >> 16));
	if (n > 2)
		buf_append_byte(to, (uint8_t)(bits >> 8));
	if (n > 3)
		buf_append_byte(to, (uint8_t)bits);
	return true;
}

bool exchange_base64_decode(struct bytes text, struct buf *to)
{
	size_t pad = 0;

	if (text.len % 4 != 0)
		return false;
	if (bytes_ends_with(text, BYTES_LIT("==")))
		pad = 2;
	else if (bytes_ends_with(text, BYTES_LIT("=")))
		pad = 1;
	for (size_t i = 0; i < text.len; i += 4)
		if (!decode_quad(text.at + i, i + 4 == text.len ? 4 - pad : 4, to))
			return false;
	return buf_err(to) == ERR_OK;
}

void exchange_wipe(struct buf *b)
{
	if (b->at)
		explicit_bzero(b->at, b->cap);
	buf_done(b);
}
