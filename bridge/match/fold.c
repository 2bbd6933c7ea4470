#include "match/fold.h"

#include "mime/utf8.h"

/* Runs of capitals: those whose small letters lie `by` further on, and those in
 * pairs, small after capital. */
static const struct range {
	uint16_t first, last;
	uint8_t by;      /* 0: pairs */
	uint8_t is_even; /* of pairs: the capital's parity */
} ranges[] = {
	{ 0x00c0, 0x00d6, 32, 0 }, { 0x00d8, 0x00de, 32, 0 }, { 0x0100, 0x012f, 0, 1 },
	{ 0x0132, 0x0137, 0, 1 },  { 0x0139, 0x0148, 0, 0 },  { 0x014a, 0x0177, 0, 1 },
	{ 0x0179, 0x017e, 0, 0 },  { 0x01cd, 0x01dc, 0, 0 },  { 0x01de, 0x01ef, 0, 1 },
	{ 0x01f8, 0x021f, 0, 1 },  { 0x0391, 0x03a1, 32, 0 }, { 0x03a3, 0x03ab, 32, 0 },
	{ 0x0400, 0x040f, 80, 0 }, { 0x0410, 0x042f, 32, 0 }, { 0x0460, 0x0481, 0, 1 },
	{ 0x048a, 0x04bf, 0, 1 },  { 0x04d0, 0x052f, 0, 1 },  { 0x0531, 0x0556, 48, 0 },
	{ 0x1e00, 0x1e95, 0, 1 },  { 0x1ea0, 0x1eff, 0, 1 },  { 0xff21, 0xff3a, 32, 0 },
};

static uint32_t fold(uint32_t c)
{
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		const struct range *r = &ranges[i];

		if (c < r->first)
			break;
		if (c > r->last)
			continue;
		if (r->by)
			return c + r->by;
		return (c & 1) == (r->is_even ? 0 : 1) ? c + 1 : c;
	}
	return c;
}

static void fold_character(char *at, size_t len)
{
	struct bytes one = bytes_of(at, len);
	uint8_t folded[4];

	if (utf8_encode(folded, fold(utf8_take(&one))) == len)
		memcpy(at, folded, len);
}

static size_t character_bytes(uint8_t lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

struct bytes match_fold(struct arena *mem, struct bytes text)
{
	char *to = bytes_is_null(text) ? NULL : arena_str(mem, text);
	size_t valid = 0;

	if (!to)
		return BYTES_NULL;
	for (size_t i = 0; i < text.len;) {
		if (i >= valid)
			valid = i + utf8_valid_len(bytes_skip(text, i));
		if (text.at[i] < 0x80 || i >= valid) {
			if (to[i] >= 'A' && to[i] <= 'Z')
				to[i] = (char)(to[i] | 0x20);
			i++;
			continue;
		}
		fold_character(to + i, character_bytes(text.at[i]));
		i += character_bytes(text.at[i]);
	}
	return bytes_of(to, text.len);
}
