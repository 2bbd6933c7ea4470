#include "mime/decode_steps.h"

/*
 * White space at the end of a line is not part of the text (RFC 2045 §6.7 (3)),
 * so it is held back until it is clear what follows it. `held` is what will be
 * written as it is unless a line ends here: spaces, or a "=" with what came
 * behind it.
 */
enum {
	TEXT,
	SPACE,       /* held: white space */
	SPACE_CR,    /* held: white space and CR */
	ESCAPE,      /* held: "=" */
	ESCAPE_HEX,  /* held: "=" and a hexadecimal digit */
	ESCAPE_SPACE /* held: "=", white space and CR: a soft break unless text follows */
};

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t release(struct mime_decoder *d, uint8_t *to)
{
	size_t n = d->held_len;

	memcpy(to, d->held, n);
	d->held_len = 0;
	d->state = TEXT;
	return n;
}

/* More than anybody has at the end of a line is taken for text. */
static size_t hold(struct mime_decoder *d, int state, uint8_t c, uint8_t *to)
{
	size_t n = d->held_len == MIME_DECODER_SPACE_MAX ? release(d, to) : 0;

	d->held[d->held_len++] = c;
	if (n)
		state = c == '\r' ? SPACE_CR : SPACE;
	d->state = state;
	return n;
}

static size_t drop(struct mime_decoder *d)
{
	d->held_len = 0;
	d->state = TEXT;
	return 0;
}

/* What was held is text after all, and c begins anew behind it. */
static size_t start_over(struct mime_decoder *d, uint8_t c, uint8_t *to)
{
	size_t n = release(d, to);

	if (c == '=')
		return n + hold(d, ESCAPE, c, to + n);
	if (c == ' ' || c == '\t')
		return n + hold(d, SPACE, c, to + n);
	if (c == '\r')
		return n + hold(d, SPACE_CR, c, to + n);
	to[n++] = c;
	return n;
}

static size_t after_space(struct mime_decoder *d, uint8_t c, uint8_t *to)
{
	bool has_cr = d->state == SPACE_CR;

	if (!has_cr && (c == ' ' || c == '\t'))
		return hold(d, SPACE, c, to);
	if (!has_cr && c == '\r')
		return hold(d, SPACE_CR, c, to);
	if (c != '\n')
		return start_over(d, c, to);
	drop(d);
	if (has_cr)
		*to++ = '\r';
	*to = '\n';
	return has_cr ? 2 : 1;
}

static size_t after_escape(struct mime_decoder *d, uint8_t c, uint8_t *to)
{
	if (d->state == ESCAPE && hex_value(c) >= 0)
		return hold(d, ESCAPE_HEX, c, to);
	if (d->state == ESCAPE_HEX && hex_value(c) >= 0) {
		*to = (uint8_t)(hex_value(d->held[1]) << 4 | hex_value(c));
		drop(d);
		return 1;
	}
	if (d->state != ESCAPE_HEX) {
		if (c == '\n')
			return drop(d);
		if (c == ' ' || c == '\t' || c == '\r')
			return hold(d, ESCAPE_SPACE, c, to);
	}
	d->is_problem = true;
	return start_over(d, c, to);
}

/* Copies up to the next "=", or the white space that may end the line. */
static size_t take_text(const uint8_t **at, const uint8_t *end, uint8_t *to)
{
	const uint8_t *start = *at, *p = start, *text_end;

	while (p < end && *p != '=' && *p != '\r' && *p != '\n')
		p++;
	text_end = p;
	while (text_end > start && (text_end[-1] == ' ' || text_end[-1] == '\t'))
		text_end--;
	/* Before "=" it is inside the line; before a line break it goes; at the
	 * end of the input nobody knows yet. */
	if (p < end && *p == '=')
		text_end = p;
	memcpy(to, start, (size_t)(text_end - start));
	*at = text_end;
	return (size_t)(text_end - start);
}

size_t decode_quoted(struct mime_decoder *d, struct bytes in, uint8_t *to)
{
	const uint8_t *at = in.at, *end = in.at + in.len;
	uint8_t *start = to;

	while (at < end) {
		if (d->state == TEXT)
			to += take_text(&at, end, to);
		if (at == end)
			break;
		if (d->state == TEXT)
			to += start_over(d, *at++, to);
		else if (d->state == SPACE || d->state == SPACE_CR)
			to += after_space(d, *at++, to);
		else
			to += after_escape(d, *at++, to);
	}
	return (size_t)(to - start);
}

size_t decode_quoted_end(struct mime_decoder *d, uint8_t *to)
{
	if (d->state == ESCAPE_HEX) {
		d->is_problem = true;
		return release(d, to);
	}
	if (d->state == SPACE_CR) {
		drop(d);
		*to = '\r';
		return 1;
	}
	return drop(d);
}
