#include "mime/decode_steps.h"

/*
 * Behind the padding, or behind a line that does not begin with a digit, there
 * may be more: another encoded piece, or text such as a mailing list's footer,
 * which ends it all. Which of the two a line is shows when it is complete, so it
 * is held till then.
 */
enum {
	DIGITS,
	LINE_START, /* a group is complete, and so is the line */
	STRANGE,    /* in a line that began with something else than a digit */
	DOUBTFUL,   /* held: the line behind the padding or a strange one */
	ENDED,
};

#define XX 0xff /* no digit */
#define WS 0xfe /* white space, skipped without a word */
#define EQ 0xfd

static const uint8_t digits[256] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, WS, WS, XX, XX, WS, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, WS, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62,
	XX, XX, XX, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, EQ, XX, XX, XX, 0,
	1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
	23, 24, 25, XX, XX, XX, XX, XX, XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
	39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
};

/* The bytes of an incomplete group; a single digit is none. */
static size_t flush(struct mime_decoder *d, uint8_t *to)
{
	size_t n = 0;

	if (d->bit_count == 12) {
		to[n++] = (uint8_t)(d->bits >> 4);
	} else if (d->bit_count == 18) {
		to[n++] = (uint8_t)(d->bits >> 10);
		to[n++] = (uint8_t)(d->bits >> 2);
	} else if (d->bit_count) {
		d->is_problem = true;
	}
	d->bits = 0;
	d->bit_count = 0;
	return n;
}

static size_t take_digit(struct mime_decoder *d, uint8_t digit, uint8_t *to)
{
	d->bits = d->bits << 6 | digit;
	d->bit_count += 6;
	if (d->bit_count < 24)
		return 0;
	to[0] = (uint8_t)(d->bits >> 16);
	to[1] = (uint8_t)(d->bits >> 8);
	to[2] = (uint8_t)d->bits;
	d->bits = 0;
	d->bit_count = 0;
	return 3;
}

static size_t take_byte(struct mime_decoder *d, uint8_t c, uint8_t *to)
{
	bool at_line_start = d->state == LINE_START;

	switch (digits[c]) {
	case WS:
		if (c == '\n' && d->bit_count == 0)
			d->state = LINE_START;
		return 0;
	case EQ:
		/* Where a group begins it is noise. */
		if (d->bit_count)
			d->state = DOUBTFUL;
		else
			d->is_problem = true;
		return flush(d, to);
	case XX:
		d->is_problem = true;
		if (at_line_start)
			d->state = STRANGE;
		return 0;
	default: d->state = DIGITS; return take_digit(d, digits[c], to);
	}
}

/* Whole groups, padding at the end at most. */
static bool is_encoded(struct bytes line)
{
	size_t n = line.len;

	while (n && line.at[n - 1] == '=' && line.len - n < 2)
		n--;
	for (size_t i = 0; i < n; i++)
		if (digits[line.at[i]] & 0x80)
			return false;
	return line.len % 4 == 0;
}

/* The doubtful line is complete, or longer than any footer's. */
static size_t take_held(struct mime_decoder *d, uint8_t *to)
{
	struct bytes line = bytes_trim(bytes_of(d->held, d->held_len));
	size_t n = 0;

	d->held_len = 0;
	if (line.len == 0)
		return 0;
	if (!is_encoded(line)) {
		d->is_problem = true;
		d->state = ENDED;
		return 0;
	}
	d->state = DIGITS;
	for (size_t i = 0; i < line.len; i++)
		if (d->state == DIGITS)
			n += take_byte(d, line.at[i], to + n);
	return n;
}

static size_t take_doubtful(struct mime_decoder *d, uint8_t c, uint8_t *to)
{
	if (d->state == STRANGE) {
		if (c == '\n')
			d->state = DOUBTFUL;
		return 0;
	}
	if (d->held_len == 0 && (c == '=' || c == ' ' || c == '\t'))
		return 0;
	if (c == '\n')
		return take_held(d, to);
	d->held[d->held_len++] = c;
	return d->held_len == MIME_DECODER_LINE_MAX ? take_held(d, to) : 0;
}

/* As many whole groups as follow each other. */
static size_t take_groups(const uint8_t **at, const uint8_t *end, uint8_t *to)
{
	const uint8_t *p = *at;
	uint8_t *start = to;

	while (end - p >= 4) {
		uint8_t a = digits[p[0]], b = digits[p[1]], c = digits[p[2]], e = digits[p[3]];
		uint32_t v;

		if ((a | b | c | e) & 0x80)
			break;
		v = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | e;
		to[0] = (uint8_t)(v >> 16);
		to[1] = (uint8_t)(v >> 8);
		to[2] = (uint8_t)v;
		to += 3;
		p += 4;
	}
	*at = p;
	return (size_t)(to - start);
}

size_t decode_base64(struct mime_decoder *d, struct bytes in, uint8_t *to)
{
	const uint8_t *at = in.at, *end = in.at + in.len;
	uint8_t *start = to;

	while (at < end && d->state != ENDED) {
		size_t n = 0;

		if (d->state == DOUBTFUL || d->state == STRANGE) {
			to += take_doubtful(d, *at++, to);
			continue;
		}
		if (d->bit_count == 0)
			n = take_groups(&at, end, to);
		if (n)
			d->state = DIGITS;
		to += n;
		if (at < end)
			to += take_byte(d, *at++, to);
	}
	return (size_t)(to - start);
}

size_t decode_base64_end(struct mime_decoder *d, uint8_t *to)
{
	size_t n = d->state == DOUBTFUL ? take_held(d, to) : 0;

	d->is_problem |= d->bit_count != 0; /* the padding is missing */
	return n + flush(d, to + n);
}
