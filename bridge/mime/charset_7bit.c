#include "mime/charset_7bit.h"

#define ESC 0x1b
#define SO  0x0e
#define SI  0x0f

enum jp_set {
	JP_ASCII,
	JP_KATAKANA, /* JIS X 0201, right half: one byte */
	JP_0208,     /* two bytes */
	JP_0212,     /* two bytes, a third one in EUC */
};

/* The escape sequences of the set, behind ESC. */
static const struct {
	const char *text;
	enum jp_set set;
} jp_escapes[] = {
	{ "(B", JP_ASCII }, { "(J", JP_ASCII }, { "(H", JP_ASCII }, { "(I", JP_KATAKANA },
	{ "$B", JP_0208 },  { "$@", JP_0208 },  { "$(D", JP_0212 }, { "$(Q", JP_0208 },
	{ "$(O", JP_0208 }, { "$(B", JP_0208 }, { "$(@", JP_0208 },
};

/* Length of the escape sequence behind ESC, 0 when it is none of ours. */
static size_t jp_escape(struct bytes behind, enum jp_set *set)
{
	for (size_t i = 0; i < sizeof jp_escapes / sizeof jp_escapes[0]; i++) {
		struct bytes text = bytes_of_str(jp_escapes[i].text);

		if (bytes_starts_with(behind, text)) {
			*set = jp_escapes[i].set;
			return text.len;
		}
	}
	return 0;
}

static bool is_graphic(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

static void put_pair(struct buf *to, const uint8_t *pair)
{
	buf_append_byte(to, pair[0] | 0x80);
	buf_append_byte(to, pair[1] | 0x80);
}

/* Writes the character at the front of b; says how many bytes it was. */
static size_t put_jp(struct buf *to, struct bytes b, enum jp_set set)
{
	bool is_pair = b.len > 1 && is_graphic(b.at[0]) && is_graphic(b.at[1]);

	if (set == JP_KATAKANA && is_graphic(b.at[0])) {
		buf_append_byte(to, 0x8e);
		buf_append_byte(to, b.at[0] | 0x80);
		return 1;
	}
	if ((set != JP_0208 && set != JP_0212) || !is_pair) {
		buf_append_byte(to, b.at[0]);
		return 1;
	}
	if (set == JP_0212)
		buf_append_byte(to, 0x8f);
	put_pair(to, b.at);
	return 2;
}

void charset_7bit_undo_jp(struct bytes from, struct buf *to)
{
	enum jp_set set = JP_ASCII;

	while (from.len) {
		uint8_t c = from.at[0];
		size_t n = c == ESC ? jp_escape(bytes_skip(from, 1), &set) : 0;

		if (n) {
			from = bytes_skip(from, 1 + n);
			continue;
		}
		if (c == '\n') /* every line begins in ASCII (RFC 1468) */
			set = JP_ASCII;
		from = bytes_skip(from, put_jp(to, from, set));
	}
}

void charset_7bit_undo_kr(struct bytes from, struct buf *to)
{
	bool is_shifted = false;

	while (from.len) {
		uint8_t c = from.at[0];
		size_t n = 1;

		if (bytes_starts_with(from, BYTES_LIT("\x1b$)C"))) {
			n = 4;
		} else if (c == SO || c == SI) {
			is_shifted = c == SO;
		} else if (is_shifted && from.len > 1 && is_graphic(c) && is_graphic(from.at[1])) {
			put_pair(to, from.at);
			n = 2;
		} else {
			buf_append_byte(to, c);
			is_shifted = is_shifted && c != '\n';
		}
		from = bytes_skip(from, n);
	}
}

void charset_7bit_undo_hz(struct bytes from, struct buf *to)
{
	bool is_shifted = false;

	while (from.len) {
		uint8_t c = from.at[0], next = from.len > 1 ? from.at[1] : 0;
		size_t n = 2;

		if (c == '~' && (next == '{' || next == '}')) {
			is_shifted = next == '{';
		} else if (c == '~' && next == '~' && !is_shifted) {
			buf_append_byte(to, '~');
		} else if (c == '~' && next == '\n') {
			is_shifted = false;
		} else if (is_shifted && is_graphic(c) && is_graphic(next)) {
			put_pair(to, from.at);
		} else {
			buf_append_byte(to, c);
			is_shifted = is_shifted && c != '\n';
			n = 1;
		}
		from = bytes_skip(from, n);
	}
}
