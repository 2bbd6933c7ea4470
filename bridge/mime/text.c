#include "mime/text.h"

#include "base/buf.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/utf8.h"

#define META_WITHIN_BYTES    1024 /* HTML §4.2.5.4: a charset stands in there */
#define UTF8_CHARS_MIN       12   /* from which on text must be UTF-8 if it can be */
#define FIRST_LINE_MAX_BYTES 1024
#define TAG_MAX_BYTES        1024 /* what may be dropped so as not to cut a tag */
/* No encoding with line breaks makes more than this of a byte of UTF-8. */
#define ENCODED_PER_BYTE 4
#define ENCODED_MIN_READ (64 * 1024)

static size_t find_nocase(struct bytes b, const char *lower)
{
	struct bytes word = bytes_of_str(lower);

	for (size_t i = 0; i + word.len <= b.len; i++)
		if (bytes_starts_with_nocase(bytes_skip(b, i), word))
			return i;
	return b.len;
}

static bool is_name_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c && strchr("-_.:", c));
}

struct bytes mime_html_charset(struct bytes html)
{
	struct bytes b = bytes_first(html, META_WITHIN_BYTES);
	size_t n = 0;

	b = bytes_skip(b, find_nocase(b, "<meta"));
	b = bytes_skip(b, find_nocase(b, "charset"));
	b = bytes_skip(b, 7);
	while (b.len && strchr(" \t\r\n=\"'", b.at[0]) && b.at[0])
		b = bytes_skip(b, 1);
	while (n < b.len && is_name_char(b.at[n]))
		n++;
	return n ? bytes_first(b, n) : BYTES_NULL;
}

/* ESC $ B and its like; ASCII and UTF-8 text has no ESC. */
static bool looks_like_iso2022jp(struct bytes b)
{
	for (size_t at; (at = bytes_index(b, 0x1b)) < b.len; b = bytes_skip(b, at + 1)) {
		struct bytes behind = bytes_skip(b, at + 1);

		if (bytes_starts_with(behind, BYTES_LIT("$B")) ||
		    bytes_starts_with(behind, BYTES_LIT("$@")) ||
		    bytes_starts_with(behind, BYTES_LIT("(J")))
			return true;
	}
	return false;
}

/* Is this UTF-8 under another name? So many characters in a row are it by
 * accident neither in a single-byte nor in a double-byte charset. */
static bool is_mislabelled(struct bytes name, struct bytes decoded)
{
	size_t count = 0;

	if (bytes_starts_with(name, BYTES_LIT("utf")) || utf8_valid_len(decoded) < decoded.len)
		return false;
	for (size_t i = 0; i < decoded.len && count < UTF8_CHARS_MIN; i++)
		count += decoded.at[i] >= 0xc0;
	return count == UTF8_CHARS_MIN;
}

static bool declares_charset(const struct part *part)
{
	return part->charset.len && !bytes_equal_str(part->charset, "us-ascii");
}

static struct bytes charset_for(const struct part *part, struct bytes decoded)
{
	struct bytes named = BYTES_NULL;

	if (declares_charset(part))
		return is_mislabelled(part->charset, decoded) ? BYTES_LIT("utf-8") : part->charset;
	if (looks_like_iso2022jp(decoded))
		return BYTES_LIT("iso-2022-jp");
	if (bytes_equal_str(part->type, "text/html") && utf8_valid_len(decoded) < decoded.len)
		named = mime_html_charset(decoded);
	return charset_is_known(named) ? named : part->charset;
}

/* In place. */
static void crlf_to_lf(struct buf *b)
{
	uint8_t *at = b->at + b->head;
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		if (at[i] != '\r' || i + 1 == b->len || at[i + 1] != '\n')
			at[n++] = at[i];
	b->len = n;
}

/* HTML that ends inside a tag loses that tag. */
static struct bytes without_cut_tag(struct bytes html)
{
	size_t n = html.len;

	while (n && html.len - n < TAG_MAX_BYTES && html.at[n - 1] != '>') {
		n--;
		if (html.at[n] == '<')
			return bytes_first(html, n);
	}
	return html;
}

static size_t count_cr(struct bytes b)
{
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++)
		n += b.at[i] == '\r';
	return n;
}

/* The result is *ret but for the part id and the encoding's own problems. */
static enum err convert(struct arena *mem, const struct part *part, struct bytes decoded,
			bool is_cut, size_t max, struct body_value *ret)
{
	struct bytes charset = charset_for(part, decoded);
	struct charset_result result;
	struct bytes text;
	struct buf utf8;
	enum err e;

	buf_init(&utf8, max + count_cr(decoded));
	e = charset_to_utf8(charset, decoded, is_cut, &utf8, &result);
	if (e != ERR_OK) {
		buf_done(&utf8);
		return e;
	}
	if (utf8.len)
		crlf_to_lf(&utf8);
	text = bytes_first_utf8(buf_bytes(&utf8), max);
	ret->is_encoding_problem = result.is_problem ||
				   (part->charset.len && !charset_is_known(part->charset)) ||
				   (declares_charset(part) && !bytes_equal(charset, part->charset));
	ret->is_truncated = is_cut || result.is_truncated || text.len < utf8.len;
	if (ret->is_truncated && bytes_equal_str(part->type, "text/html"))
		text = without_cut_tag(text);
	ret->value = arena_bytes(mem, text.at ? text : BYTES_LIT(""));
	buf_done(&utf8);
	return bytes_is_null(ret->value) ? ERR_NOMEM : ERR_OK;
}

/* Says it is base64, but is text: in its first line there is a blank between
 * words, or what no encoder writes, and what it decodes to is no UTF-8. */
static bool is_plain_after_all(const struct part *part, struct bytes encoded, struct bytes decoded)
{
	struct bytes line = bytes_trim(bytes_first(encoded, FIRST_LINE_MAX_BYTES));
	bool has_stranger = false;

	if (part->encoding != PART_ENCODING_BASE64 || utf8_valid_len(decoded) == decoded.len)
		return false;
	line = bytes_trim(bytes_first(line, bytes_index(line, '\n')));
	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.at[i];

		if (c >= 0x80 || c == 0)
			return false;
		has_stranger |= c == ' ' || strchr("?.,;:!\"'()<>-", c) != NULL;
	}
	return has_stranger;
}

enum err mime_body_value(struct arena *mem, const struct part *part, struct bytes encoded,
			 bool is_cut, uint64_t max_bytes, struct body_value *ret)
{
	size_t max = max_bytes < SIZE_MAX / 8 ? (size_t)max_bytes : SIZE_MAX / 8;
	size_t enough = max * ENCODED_PER_BYTE + ENCODED_MIN_READ;
	struct body_value v = { .part_id = part->part_id };
	bool is_problem = false;
	struct buf decoded;
	enum err e;

	if (encoded.len > enough) {
		encoded = bytes_first(encoded, enough);
		is_cut = true;
	}
	buf_init(&decoded, mime_decoder_bound(encoded.len) * 2);
	e = mime_decode_all(part->encoding, encoded, &decoded, &is_problem);
	if (e == ERR_OK)
		e = convert(mem, part,
			    is_problem && is_plain_after_all(part, encoded, buf_bytes(&decoded))
				    ? encoded
				    : buf_bytes(&decoded),
			    is_cut, max, &v);
	buf_done(&decoded);
	if (e != ERR_OK)
		return e;
	/* Where we cut it ourselves, the end of the encoding is missing, of course. */
	v.is_encoding_problem |= (is_problem && !is_cut) || !part->is_encoding_known;
	*ret = v;
	return ERR_OK;
}
