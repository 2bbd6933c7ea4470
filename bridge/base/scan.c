#include "base/scan.h"

void scan_fail(struct scan *s, enum scan_status why)
{
	if (s->status == SCAN_OK)
		s->status = why;
}

void scan_byte(struct scan *s, uint8_t c)
{
	if (s->status != SCAN_OK)
		return;
	if (s->at == s->end)
		s->status = SCAN_MORE;
	else if (*s->at != c)
		s->status = SCAN_BAD;
	else
		s->at++;
}

bool scan_try_byte(struct scan *s, uint8_t c)
{
	if (scan_peek(s) != c)
		return false;
	s->at++;
	return true;
}

void scan_word(struct scan *s, const char *word)
{
	struct bytes want = bytes_of_str(word), rest = scan_rest(s);

	if (s->status != SCAN_OK)
		return;
	if (bytes_starts_with_nocase(rest, want))
		s->at += want.len;
	else if (rest.len < want.len && bytes_starts_with_nocase(want, rest))
		s->status = SCAN_MORE;
	else
		s->status = SCAN_BAD;
}

bool scan_try_word(struct scan *s, const char *word)
{
	struct bytes want = bytes_of_str(word);

	if (s->status != SCAN_OK || !bytes_starts_with_nocase(scan_rest(s), want))
		return false;
	s->at += want.len;
	return true;
}

void scan_crlf(struct scan *s)
{
	scan_byte(s, '\r');
	scan_byte(s, '\n');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

uint64_t scan_u64(struct scan *s, uint64_t max)
{
	struct bytes digits = scan_span(s, is_digit);
	uint64_t n;

	if (s->status != SCAN_OK)
		return 0;
	if (!bytes_to_u64(digits, max, &n)) {
		s->status = SCAN_BAD;
		return 0;
	}
	return n;
}

struct bytes scan_span(struct scan *s, bool (*accept)(uint8_t c))
{
	const uint8_t *from = s->at;

	if (s->status != SCAN_OK)
		return BYTES_NULL;
	while (s->at < s->end && accept(*s->at))
		s->at++;
	if (s->at == s->end)
		s->status = SCAN_MORE;
	else if (s->at == from)
		s->status = SCAN_BAD;
	return bytes_of(from, (size_t)(s->at - from));
}

struct bytes scan_take(struct scan *s, size_t n)
{
	struct bytes taken = bytes_of(s->at, n);

	if (s->status != SCAN_OK)
		return BYTES_NULL;
	if ((size_t)(s->end - s->at) < n) {
		s->status = SCAN_MORE;
		return BYTES_NULL;
	}
	s->at += n;
	return taken;
}
