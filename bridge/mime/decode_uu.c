#include "mime/decode_steps.h"

enum {
	BEFORE_BEGIN,
	DATA,
	ENDED,
};

/* Lines are collected in held; of a line that is too long the rest is skipped:
 * it has held_len == MIME_DECODER_LINE_MAX and is no line of data. */

static bool is_begin(struct bytes line)
{
	size_t digits = 0;

	if (!bytes_starts_with(line, BYTES_LIT("begin ")))
		return false;
	line = bytes_skip(line, 6);
	while (digits < line.len && line.at[digits] >= '0' && line.at[digits] <= '7')
		digits++;
	return digits >= 3 && digits <= 4 && digits < line.len && line.at[digits] == ' ';
}

/* A few spaces at the end of a line may have been trimmed. */
static uint32_t digit_at(struct mime_decoder *d, struct bytes line, size_t i)
{
	uint8_t c = i < line.len ? line.at[i] : ' ';

	if (c < ' ' || c > '`')
		d->is_problem = true;
	return (uint32_t)(c - ' ') & 0x3f;
}

static size_t decode_line(struct mime_decoder *d, struct bytes line, uint8_t *to)
{
	size_t want = digit_at(d, line, 0), n = 0;
	size_t held = (line.len - 1) * 3 / 4 + 1;

	if (want == 0) {
		d->state = ENDED;
		return 0;
	}
	if (want > held) {
		/* It announces more than it has: cut, or no line of data at all. */
		d->is_problem = true;
		want = held;
	}
	for (size_t i = 1; n < want; i += 4) {
		uint32_t v = digit_at(d, line, i) << 18 | digit_at(d, line, i + 1) << 12 |
			     digit_at(d, line, i + 2) << 6 | digit_at(d, line, i + 3);

		for (int shift = 16; shift >= 0 && n < want; shift -= 8)
			to[n++] = (uint8_t)(v >> shift);
	}
	return n;
}

static size_t take_line(struct mime_decoder *d, uint8_t *to)
{
	struct bytes line = bytes_of(d->held, d->held_len);

	d->held_len = 0;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	if (d->state == BEFORE_BEGIN) {
		if (is_begin(line))
			d->state = DATA;
		return 0;
	}
	if (line.len == 0)
		return 0;
	if (bytes_equal_str(line, "end")) {
		d->state = ENDED;
		return 0;
	}
	if (line.len >= MIME_DECODER_LINE_MAX) {
		d->is_problem = true;
		return 0;
	}
	return decode_line(d, line, to);
}

size_t decode_uu(struct mime_decoder *d, struct bytes in, uint8_t *to)
{
	uint8_t *start = to;

	for (size_t i = 0; i < in.len && d->state != ENDED; i++) {
		if (in.at[i] == '\n')
			to += take_line(d, to);
		else if (d->held_len < MIME_DECODER_LINE_MAX)
			d->held[d->held_len++] = in.at[i];
	}
	return (size_t)(to - start);
}

size_t decode_uu_end(struct mime_decoder *d, uint8_t *to)
{
	size_t n = 0;

	if (d->held_len && d->state != ENDED)
		n = take_line(d, to);
	d->is_problem |= d->state != ENDED;
	return n;
}
