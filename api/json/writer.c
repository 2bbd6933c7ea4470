#include "json/writer.h"

#include <assert.h>

#define LONGEST_ESCAPE 6 /* \u001f */

struct json_writer json_writer_of(struct buf *to)
{
	return (struct json_writer){ .to = to };
}

static void comma(struct json_writer *w)
{
	if (w->need_comma)
		buf_append_byte(w->to, ',');
	w->need_comma = true;
}

static void open_with(struct json_writer *w, uint8_t bracket)
{
	comma(w);
	buf_append_byte(w->to, bracket);
	w->need_comma = false;
}

static void close_with(struct json_writer *w, uint8_t bracket)
{
	buf_append_byte(w->to, bracket);
	w->need_comma = true;
}

void json_object_begin(struct json_writer *w)
{
	open_with(w, '{');
}

void json_object_end(struct json_writer *w)
{
	close_with(w, '}');
}

void json_array_begin(struct json_writer *w)
{
	open_with(w, '[');
}

void json_array_end(struct json_writer *w)
{
	close_with(w, ']');
}

void json_key(struct json_writer *w, const char *name)
{
	size_t len = strlen(name);
	uint8_t *to = buf_reserve(w->to, len + 4);
	uint8_t *start = to;

	if (!to)
		return;
	if (w->need_comma)
		*to++ = ',';
	*to++ = '"';
	memcpy(to, name, len);
	to += len;
	*to++ = '"';
	*to++ = ':';
	buf_commit(w->to, (size_t)(to - start));
	w->need_comma = false;
}

void json_key_bytes(struct json_writer *w, struct bytes name)
{
	assert(!bytes_is_null(name));
	json_put_string(w, name);
	buf_append_byte(w->to, ':');
	w->need_comma = false;
}

/* What a byte means inside a string. */
enum {
	PLAIN = 0,
	ESCAPE,    /* control character, quote, backslash */
	MULTIBYTE, /* begins a character of UTF-8, or nothing */
};

static uint8_t kind_of(uint8_t c)
{
	static const uint8_t kinds[256] = {
		[0 ... 0x1f] = ESCAPE,
		['"'] = ESCAPE,
		['\\'] = ESCAPE,
		[0x80 ... 0xff] = MULTIBYTE,
	};

	return kinds[c];
}

static void escape(struct buf *to, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char shorts[256] = {
		['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
		['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
	};
	uint8_t text[LONGEST_ESCAPE] = {
		'\\', 'u', '0', '0', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15]
	};

	if (shorts[c]) {
		text[1] = (uint8_t)shorts[c];
		buf_append(to, bytes_of(text, 2));
		return;
	}
	buf_append(to, bytes_of(text, sizeof text));
}

/* Length of the character of two to four bytes at the front (RFC 3629), 0 when
 * there is none. */
static size_t character_length(struct bytes s)
{
	uint8_t lead = s.at[0];
	uint8_t low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead < 0xc2 || lead > 0xf4 || s.len < len)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (s.at[1] < low || s.at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s.at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* U+2028 and U+2029 end a line in older JavaScript. */
static bool is_line_separator(struct bytes character)
{
	return character.len == 3 && character.at[0] == 0xe2 && character.at[1] == 0x80 &&
	       (character.at[2] == 0xa8 || character.at[2] == 0xa9);
}

/* How many bytes at the front can be copied as they are. */
static size_t safe_run(struct bytes s)
{
	size_t n = 0;

	for (;;) {
		struct bytes rest;
		size_t len;

		while (n < s.len && kind_of(s.at[n]) == PLAIN)
			n++;
		if (n == s.len || kind_of(s.at[n]) == ESCAPE)
			return n;
		rest = bytes_skip(s, n);
		len = character_length(rest);
		if (len == 0 || is_line_separator(bytes_first(rest, len)))
			return n;
		n += len;
	}
}

/* Writes what cannot be copied at the front of s; returns how many bytes it was. */
static size_t put_special(struct buf *to, struct bytes s)
{
	if (kind_of(s.at[0]) == ESCAPE) {
		escape(to, s.at[0]);
		return 1;
	}
	if (character_length(s) == 0) {
		buf_append(to, BYTES_LIT("\xef\xbf\xbd"));
		return 1;
	}
	buf_append_str(to, s.at[2] == 0xa8 ? "\\u2028" : "\\u2029");
	return 3;
}

/* The usual string in one go: nothing in it needs a second look. */
static void put_safe(struct json_writer *w, struct bytes s)
{
	uint8_t *start = buf_reserve(w->to, s.len + 3), *at = start;

	if (!at)
		return;
	if (w->need_comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, s.at, s.len);
	at += s.len;
	*at++ = '"';
	buf_commit(w->to, (size_t)(at - start));
	w->need_comma = true;
}

void json_put_string(struct json_writer *w, struct bytes s)
{
	size_t n;

	if (bytes_is_null(s)) {
		json_put_null(w);
		return;
	}
	n = safe_run(s);
	if (n == s.len) {
		put_safe(w, s);
		return;
	}
	comma(w);
	buf_append_byte(w->to, '"');
	while (s.len) {
		n = safe_run(s);
		buf_append(w->to, bytes_first(s, n));
		s = bytes_skip(s, n);
		if (s.len)
			s = bytes_skip(s, put_special(w->to, s));
	}
	buf_append_byte(w->to, '"');
}

void json_put_str(struct json_writer *w, const char *s)
{
	json_put_string(w, bytes_of_str(s));
}

void json_put_u64(struct json_writer *w, uint64_t n)
{
	comma(w);
	buf_append_u64(w->to, n);
}

void json_put_i64(struct json_writer *w, int64_t n)
{
	comma(w);
	if (n < 0)
		buf_append_byte(w->to, '-');
	buf_append_u64(w->to, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void json_put_bool(struct json_writer *w, bool b)
{
	json_put_raw(w, b ? BYTES_LIT("true") : BYTES_LIT("false"));
}

void json_put_null(struct json_writer *w)
{
	json_put_raw(w, BYTES_LIT("null"));
}

void json_put_raw(struct json_writer *w, struct bytes json)
{
	comma(w);
	buf_append(w->to, json);
}

void json_member_string(struct json_writer *w, const char *name, struct bytes s)
{
	json_key(w, name);
	json_put_string(w, s);
}

void json_member_str(struct json_writer *w, const char *name, const char *s)
{
	json_key(w, name);
	json_put_str(w, s);
}

void json_member_bool(struct json_writer *w, const char *name, bool b)
{
	json_key(w, name);
	json_put_bool(w, b);
}

void json_member_u64(struct json_writer *w, const char *name, uint64_t n)
{
	json_key(w, name);
	json_put_u64(w, n);
}

void json_member_count(struct json_writer *w, const char *name, bool is_known, uint64_t n)
{
	json_key(w, name);
	if (is_known)
		json_put_u64(w, n);
	else
		json_put_null(w);
}
