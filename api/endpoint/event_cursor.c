#include "endpoint/event_cursor.h"

#include <stdio.h>

#define BASE         36
#define DIGITS_MAX   13 /* of UINT64_MAX */
#define PREFIX       "e1."
#define PREFIX_BYTES 3

static const char *base36(uint64_t n, char to[DIGITS_MAX + 1])
{
	char *at = to + DIGITS_MAX;

	*at = '\0';
	do {
		*--at = "0123456789abcdefghijklmnopqrstuvwxyz"[n % BASE];
		n /= BASE;
	} while (n);
	return at;
}

void event_cursor_format(struct state_cursor c, char to[EVENT_CURSOR_BYTES])
{
	char epoch[DIGITS_MAX + 1], seq[DIGITS_MAX + 1];

	snprintf(to, EVENT_CURSOR_BYTES, PREFIX "%s-%s", base36(c.epoch, epoch),
		 base36(c.seq, seq));
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
}

/* No leading zero: one text for one number. */
static bool parse_base36(struct bytes text, uint64_t *ret)
{
	uint64_t n = 0;

	if (text.len == 0 || text.len > DIGITS_MAX || (text.at[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_of(text.at[i]);

		if (digit < 0 || n > (UINT64_MAX - (unsigned)digit) / BASE)
			return false;
		n = n * BASE + (unsigned)digit;
	}
	*ret = n;
	return true;
}

bool event_cursor_parse(struct bytes text, struct state_cursor *ret)
{
	struct bytes rest = bytes_skip(text, PREFIX_BYTES), epoch;
	struct state_cursor c;

	if (!bytes_starts_with(text, BYTES_LIT(PREFIX)) || !bytes_split(&rest, '-', &epoch) ||
	    bytes_is_null(rest))
		return false;
	if (!parse_base36(epoch, &c.epoch) || !parse_base36(rest, &c.seq))
		return false;
	*ret = c;
	return true;
}
