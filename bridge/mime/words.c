#include "mime/words.h"

#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/utf8.h"

struct word {
	struct bytes charset; /* without the language */
	uint8_t encoding;     /* 'b' or 'q' */
	struct bytes text;
	size_t len; /* of all of it */
};

static bool is_charset_char(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '?' && c != '=';
}

static bool parse_word(struct bytes b, struct word *ret)
{
	struct bytes rest = bytes_skip(b, 2), charset, language;
	size_t n = 0, end;

	if (!bytes_starts_with(b, BYTES_LIT("=?")))
		return false;
	while (n < rest.len && n <= CHARSET_NAME_MAX_BYTES && is_charset_char(rest.at[n]))
		n++;
	if (n == 0 || rest.len < n + 5 || rest.at[n] != '?' || rest.at[n + 2] != '?')
		return false;
	language = bytes_first(rest, n);
	bytes_split(&language, '*', &charset);
	ret->charset = charset;
	ret->encoding = rest.at[n + 1] | 0x20;
	if (ret->encoding != 'b' && ret->encoding != 'q')
		return false;
	rest = bytes_skip(rest, n + 3);
	end = bytes_find(rest, BYTES_LIT("?="));
	if (end == rest.len)
		return false;
	ret->text = bytes_first(rest, end);
	ret->len = (size_t)(rest.at + end + 2 - b.at);
	return true;
}

size_t mime_word_len(struct bytes b)
{
	struct word w;

	return parse_word(bytes_first(b, MIME_WORD_MAX_BYTES), &w) ? w.len : 0;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The "Q" encoding (RFC 2047 §4.2); what is no escape is text. */
static void append_q(struct buf *to, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		int high = c == '=' && i + 2 < text.len ? hex_value(text.at[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text.at[i + 2]) : -1;

		if (low >= 0) {
			buf_append_byte(to, (uint8_t)(high << 4 | low));
			i += 2;
		} else {
			buf_append_byte(to, c == '_' ? ' ' : c);
		}
	}
}

/* Neighbouring words of one charset are one text: a character may be split over
 * two of them. */
struct gathered {
	struct buf bytes; /* decoded, in charset */
	struct bytes charset;
	bool has_any;
};

static enum err gather(struct gathered *g, const struct word *w)
{
	bool is_problem;

	g->charset = w->charset;
	g->has_any = true;
	if (w->encoding == 'b')
		return mime_decode_all(PART_ENCODING_BASE64, w->text, &g->bytes, &is_problem);
	append_q(&g->bytes, w->text);
	return buf_err(&g->bytes);
}

static enum err flush(struct gathered *g, struct buf *to)
{
	struct charset_result result;
	enum err e = ERR_OK;

	if (g->has_any)
		e = charset_to_utf8(g->charset, buf_bytes(&g->bytes), false, to, &result);
	buf_reset(&g->bytes);
	g->has_any = false;
	return e;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_all_blank(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!is_blank(b.at[i]))
			return false;
	return true;
}

/* A header is made of ASCII and bytes beyond it, whatever its text part is in. */
static bool has_ascii(struct bytes charset)
{
	return !bytes_starts_with_nocase(charset, BYTES_LIT("utf")) &&
	       !bytes_starts_with_nocase(charset, BYTES_LIT("ucs")) &&
	       !bytes_starts_with_nocase(charset, BYTES_LIT("unicode"));
}

/* Text between encoded words. Some programs put ISO-2022-JP there as it is. */
static enum err append_literal(struct buf *to, struct bytes text, struct bytes charset)
{
	struct charset_result result;

	if (bytes_find(text, BYTES_LIT("\x1b$")) < text.len)
		charset = BYTES_LIT("iso-2022-jp");
	else if (utf8_valid_len(text) == text.len || !has_ascii(charset))
		charset = BYTES_NULL;
	return charset_to_utf8(charset, text, false, to, &result);
}

/* White space with a line break in it is one space; other control characters
 * are spaces too, but NUL is nothing. Works in place. */
static void tidy(struct buf *b, size_t start)
{
	uint8_t *at = b->at + b->head;
	size_t n = start;

	for (size_t i = start; i < b->len; i++) {
		uint8_t c = at[i];

		if (c == '\r' || c == '\n') {
			while (n > start && at[n - 1] == ' ')
				n--;
			while (i + 1 < b->len && is_blank(at[i + 1]))
				i++;
			at[n++] = ' ';
		} else if (c != 0) {
			at[n++] = c < 0x20 || c == 0x7f ? ' ' : c;
		}
	}
	b->len = n;
}

/* Behind the last "?=" there is no word: without this, many beginnings without
 * an end would be searched to the end each. */
static struct bytes until_last_end(struct bytes raw)
{
	size_t n = raw.len;

	while (n >= 2 && (raw.at[n - 2] != '?' || raw.at[n - 1] != '='))
		n--;
	return bytes_first(raw, n < 2 ? 0 : n);
}

/* The first encoded word in b; false when there is none. */
static bool find_word(struct bytes b, struct word *ret, size_t *ret_at)
{
	size_t at = 0;

	while ((at += bytes_find(bytes_skip(b, at), BYTES_LIT("=?"))) < b.len) {
		if (parse_word(bytes_skip(b, at), ret)) {
			*ret_at = at;
			return true;
		}
		at += 2;
	}
	return false;
}

static enum err append_decoded(struct bytes raw, struct bytes charset, struct buf *to,
			       struct gathered *g)
{
	struct bytes words = until_last_end(raw);
	enum err e = ERR_OK;
	struct word w;
	size_t at;

	while (e == ERR_OK && find_word(words, &w, &at)) {
		struct bytes before = bytes_first(words, at);

		if (!g->has_any || !is_all_blank(before)) {
			e = flush(g, to);
			if (e == ERR_OK)
				e = append_literal(to, before, charset);
		} else if (!bytes_equal_nocase(g->charset, w.charset)) {
			e = flush(g, to);
		}
		if (e == ERR_OK)
			e = gather(g, &w);
		words = bytes_skip(words, at + w.len);
		raw = bytes_skip(raw, at + w.len);
	}
	if (e == ERR_OK)
		e = flush(g, to);
	return e == ERR_OK ? append_literal(to, raw, charset) : e;
}

enum err mime_words_append(struct bytes raw, struct bytes charset, struct buf *to)
{
	size_t start = to->len;
	struct gathered g = { 0 };
	enum err e;

	buf_init(&g.bytes, mime_decoder_bound(raw.len) * 2);
	e = append_decoded(raw, charset, to, &g);
	buf_done(&g.bytes);
	if (e == ERR_OK && to->len)
		tidy(to, start);
	return e;
}

/* Nothing to decode, unfold or clean: most header text is so. */
static bool is_plain(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];

		if (c < 0x20 || c >= 0x7f || (c == '?' && i && b.at[i - 1] == '='))
			return false;
	}
	return true;
}

enum err mime_decode_text(struct arena *mem, struct bytes raw, struct bytes charset,
			  struct bytes *ret)
{
	struct bytes text = bytes_trim(raw);
	struct buf decoded;
	enum err e;

	if (is_plain(text)) {
		*ret = arena_bytes(mem, text);
		return arena_failed(mem) ? ERR_NOMEM : ERR_OK;
	}
	buf_init(&decoded, text.len * MIME_WORDS_GROWTH);
	e = mime_words_append(text, charset, &decoded);
	if (e == ERR_OK)
		*ret = arena_bytes(mem, bytes_trim(buf_bytes(&decoded)));
	buf_done(&decoded);
	return e == ERR_OK && arena_failed(mem) ? ERR_NOMEM : e;
}
