/* RFC 2231 and what is written instead of it. */
#include "base/buf.h"
#include "mime/charset.h"
#include "mime/params.h"
#include "mime/words.h"

/* One piece of "name*0*=..." */
struct piece {
	struct bytes value;
	bool is_extended; /* percent-encoded */
};

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void append_percent(struct buf *to, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		int high = b.at[i] == '%' && i + 2 < b.len ? hex_value(b.at[i + 1]) : -1;
		int low = high >= 0 ? hex_value(b.at[i + 2]) : -1;

		if (low >= 0) {
			buf_append_byte(to, (uint8_t)(high << 4 | low));
			i += 2;
		} else {
			buf_append_byte(to, b.at[i]);
		}
	}
}

/* Is `param` "NAME*INDEX" or "NAME*INDEX*"? */
static bool is_piece(struct bytes param, struct bytes name, unsigned index, bool *ret_extended)
{
	struct bytes rest = bytes_skip(param, name.len + 1);
	uint64_t n;

	if (!bytes_starts_with_nocase(param, name) || param.len < name.len + 2 ||
	    param.at[name.len] != '*')
		return false;
	*ret_extended = rest.at[rest.len - 1] == '*';
	if (*ret_extended)
		rest.len--;
	return bytes_to_u64(rest, MIME_PARAMS_MAX, &n) && n == index;
}

static bool find_piece(const struct param_list *l, struct bytes name, unsigned index,
		       struct piece *ret)
{
	for (size_t i = 0; i < l->count; i++) {
		if (is_piece(l->at[i].name, name, index, &ret->is_extended)) {
			ret->value = l->at[i].value;
			return true;
		}
	}
	return false;
}

/* Cuts charset'language' off the front. Without it the charset is unknown. */
static struct bytes take_charset(struct bytes *value)
{
	struct bytes rest = *value, charset, language;

	if (!bytes_split(&rest, '\'', &charset) || bytes_is_null(rest) ||
	    !bytes_split(&rest, '\'', &language) || bytes_is_null(rest) ||
	    charset.len > CHARSET_NAME_MAX_BYTES)
		return BYTES_NULL;
	*value = rest;
	return charset;
}

/* `named` is the charset the value itself names, null if none: then, and where
 * somebody put encoded words into the pieces all the same, it is text like any
 * other. */
static enum err finish(struct arena *mem, struct bytes decoded, struct bytes named,
		       struct bytes charset, struct bytes *ret)
{
	struct charset_result result;
	struct buf text;
	enum err e;

	if (named.len == 0)
		return mime_decode_text(mem, decoded, charset, ret);
	buf_init(&text, decoded.len * MIME_WORDS_GROWTH);
	e = charset_to_utf8(named, decoded, false, &text, &result);
	if (e == ERR_OK)
		e = mime_decode_text(mem, buf_bytes(&text), BYTES_NULL, ret);
	buf_done(&text);
	return e;
}

static enum err join_pieces(struct arena *mem, const struct param_list *l, struct bytes name,
			    unsigned first, struct bytes charset, struct bytes *ret)
{
	struct bytes named = BYTES_NULL;
	struct buf joined;
	struct piece p;
	size_t total = 0;
	enum err e;

	for (unsigned i = first; find_piece(l, name, i, &p); i++)
		total += p.value.len;
	buf_init(&joined, total);
	for (unsigned i = first; find_piece(l, name, i, &p); i++) {
		if (i == first && p.is_extended)
			named = take_charset(&p.value);
		if (p.is_extended)
			append_percent(&joined, p.value);
		else
			buf_append(&joined, p.value);
	}
	e = buf_err(&joined);
	if (e == ERR_OK)
		e = finish(mem, buf_bytes(&joined), named, charset, ret);
	buf_done(&joined);
	return e;
}

static enum err decode_extended(struct arena *mem, struct bytes value, struct bytes charset,
				struct bytes *ret)
{
	struct bytes named = take_charset(&value);
	struct buf decoded;
	enum err e;

	buf_init(&decoded, value.len);
	append_percent(&decoded, value);
	e = buf_err(&decoded);
	if (e == ERR_OK)
		e = finish(mem, buf_bytes(&decoded), named, charset, ret);
	buf_done(&decoded);
	return e;
}

enum err mime_param_decode(struct arena *mem, const struct param_list *params, const char *name,
			   struct bytes charset, struct bytes *ret)
{
	struct bytes wanted = bytes_of_str(name), plain = part_param(params, name);
	struct piece p;

	/* Counted from 0 (RFC 2231 §3); some begin with 1. */
	for (unsigned first = 0; first < 2; first++)
		if (find_piece(params, wanted, first, &p))
			return join_pieces(mem, params, wanted, first, charset, ret);
	for (size_t i = 0; i < params->count; i++) {
		struct bytes param = params->at[i].name;

		if (param.len == wanted.len + 1 && param.at[wanted.len] == '*' &&
		    bytes_starts_with_nocase(param, wanted))
			return decode_extended(mem, params->at[i].value, charset, ret);
	}
	return mime_decode_text(mem, plain, charset, ret);
}
