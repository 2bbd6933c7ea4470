#include "mime/params.h"

#include "base/buf.h"
#include "mime/charset.h"
#include "mime/param_scan.h"
#include "mime/words.h"

#define VALUE_MAX_BYTES (64 * 1024) /* of a field that is looked at */
#define TYPE_MAX_BYTES  127         /* of each half: RFC 6838 §4.2 */

static struct bytes lower_copy(struct arena *mem, struct bytes b)
{
	char *copy = arena_str(mem, b);

	if (!copy)
		return BYTES_NULL;
	for (size_t i = 0; i < b.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	return bytes_of(copy, b.len);
}

/* Undoes \" and \\ only: other backslashes are those of a Windows path. */
static struct bytes value_copy(struct arena *mem, const struct raw_param *p)
{
	uint8_t *copy = arena_alloc(mem, p->value.len + 1);
	size_t n = 0;

	for (size_t i = 0; copy && i < p->value.len; i++) {
		const uint8_t *at = p->value.at + i;

		if (p->is_quoted && at[0] == '\\' && i + 1 < p->value.len &&
		    (at[1] == '"' || at[1] == '\\'))
			copy[n++] = p->value.at[++i];
		else if (at[0] != '\r' && at[0] != '\n') /* folded in the middle */
			copy[n++] = at[0];
	}
	return copy ? bytes_of(copy, n) : BYTES_NULL;
}

static size_t count_params(struct bytes value)
{
	struct raw_param p;
	size_t n = 0;

	while (n < MIME_PARAMS_MAX && param_scan_next(&value, &p))
		n++;
	return n;
}

static enum err copy_params(struct arena *mem, struct bytes value, struct param_list *ret)
{
	size_t count = count_params(value);
	struct param_list l = { ARENA_ARRAY(mem, count, struct param), 0 };
	struct raw_param p;

	while (l.at && l.count < count && param_scan_next(&value, &p)) {
		l.at[l.count].name = lower_copy(mem, p.name);
		l.at[l.count].value = value_copy(mem, &p);
		l.count++;
	}
	if (arena_failed(mem))
		return ERR_NOMEM;
	*ret = l;
	return ERR_OK;
}

/* token of RFC 2045 §5.1 */
static size_t token_len(struct bytes b)
{
	size_t n = 0;

	while (n < b.len && n < TYPE_MAX_BYTES && b.at[n] > ' ' && b.at[n] < 0x7f &&
	       !strchr("()<>@,;:\\\"/[]?=", b.at[n]))
		n++;
	return n;
}

/* "text / plain" is text/plain, too. */
static struct bytes take_subtype(struct bytes word, struct bytes *rest)
{
	struct bytes behind = bytes_trim(*rest);

	if (word.len && word.at[0] == '/')
		return bytes_skip(word, 1);
	if (word.len == 0 && behind.len && behind.at[0] == '/') {
		*rest = bytes_skip(behind, 1);
		return param_scan_type(rest);
	}
	return BYTES_NULL;
}

static const char *default_subtype(struct bytes type)
{
	if (bytes_equal_str_nocase(type, "text"))
		return "text/plain";
	if (bytes_equal_str_nocase(type, "multipart"))
		return "multipart/mixed";
	return bytes_equal_str_nocase(type, "message") ? "message/rfc822"
						       : "application/octet-stream";
}

enum err mime_type_parse(struct arena *mem, struct bytes value, struct mime_type *ret)
{
	struct bytes rest = bytes_first(value, VALUE_MAX_BYTES);
	struct bytes word = param_scan_type(&rest), type, subtype;
	struct mime_type t = { BYTES_NULL };
	enum err e;

	if (word.len && word.at[0] == '"')
		word = bytes_skip(word, 1);
	type = bytes_first(word, token_len(word));
	subtype = take_subtype(bytes_skip(word, type.len), &rest);
	subtype = bytes_first(subtype, token_len(subtype));
	if (type.len && subtype.len)
		t.type =
			lower_copy(mem, bytes_of_str(arena_printf(mem, "%.*s/%.*s", BYTES_FMT(type),
								  BYTES_FMT(subtype))));
	else if (type.len)
		t.type = arena_bytes(mem, bytes_of_str(default_subtype(type)));
	e = copy_params(mem, rest, &t.params);
	if (e == ERR_OK)
		*ret = t;
	return e;
}

enum err mime_disposition_parse(struct arena *mem, struct bytes value, struct mime_type *ret)
{
	struct bytes rest = bytes_first(value, VALUE_MAX_BYTES);
	struct bytes word = param_scan_type(&rest);
	struct mime_type t = { BYTES_NULL };
	enum err e;

	if (word.len && word.at[0] == '"')
		word = bytes_skip(word, 1);
	word = bytes_first(word, token_len(word));
	if (word.len)
		t.type = lower_copy(mem, word);
	e = copy_params(mem, rest, &t.params);
	if (e == ERR_OK)
		*ret = t;
	return e;
}

/* The charset in what a charset parameter says. */
static struct bytes charset_word(struct bytes b)
{
	size_t n = 0;

	b = bytes_trim(b);
	if (b.len && (b.at[0] == '"' || b.at[0] == '\''))
		b = bytes_skip(b, 1);
	if (bytes_starts_with_nocase(b, BYTES_LIT("charset=")))
		b = bytes_skip(b, 8); /* charset="charset=us-ascii" */
	while (n < b.len && b.at[n] > ' ' && b.at[n] < 0x7f && !strchr(";,\"'", b.at[n]))
		n++;
	return bytes_first(b, n);
}

struct bytes mime_type_charset(struct bytes value)
{
	struct bytes rest = bytes_first(value, VALUE_MAX_BYTES);
	struct raw_param p;

	param_scan_type(&rest);
	for (size_t i = 0; i < MIME_PARAMS_MAX && param_scan_next(&rest, &p); i++)
		if (bytes_equal_str_nocase(p.name, "charset"))
			return charset_word(p.value);
	return BYTES_NULL;
}

/* --- names of parts -------------------------------------------------------- */

static enum err clean_text(struct arena *mem, struct bytes *text)
{
	return mime_decode_text(mem, *text, BYTES_NULL, text);
}

/* A keyword of ours or the server's: ASCII only. */
static bool is_visible_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] <= ' ' || b.at[i] >= 0x7f)
			return false;
	return true;
}

static enum err decode_charset(struct arena *mem, struct part *p)
{
	bool is_text = bytes_starts_with(p->type, BYTES_LIT("text/"));
	struct bytes name = BYTES_NULL;
	enum err e = mime_param_decode(mem, &p->params, "charset", BYTES_NULL, &name);

	if (e != ERR_OK)
		return e;
	name = charset_word(name);
	if (name.len == 0 || name.len > CHARSET_NAME_MAX_BYTES)
		p->charset = is_text ? BYTES_LIT("us-ascii") : BYTES_NULL;
	else
		p->charset = lower_copy(mem, name);
	return ERR_OK;
}

static struct bytes without_brackets(struct bytes b)
{
	b = bytes_trim(b);
	if (b.len && b.at[0] == '<')
		b = bytes_skip(b, 1);
	if (b.len && b.at[b.len - 1] == '>')
		b.len--;
	return bytes_trim(b);
}

static enum err decode_name(struct arena *mem, struct part *p)
{
	struct bytes charset = bytes_equal_str(p->charset, "us-ascii") ? BYTES_NULL : p->charset;
	struct bytes name = BYTES_NULL;
	enum err e = mime_param_decode(mem, &p->disposition_params, "filename", charset, &name);

	if (e == ERR_OK && name.len == 0)
		e = mime_param_decode(mem, &p->params, "name", charset, &name);
	if (e == ERR_OK)
		p->name = name.len ? name : BYTES_NULL;
	return e;
}

static enum err decode_one(struct arena *mem, struct part *p)
{
	enum err e;

	if (!is_visible_ascii(p->type) || p->type.len == 0)
		p->type = BYTES_LIT("application/octet-stream");
	if (!is_visible_ascii(p->disposition))
		p->disposition = BYTES_LIT("attachment");
	e = decode_charset(mem, p);
	p->cid = without_brackets(p->cid);
	if (p->cid.len == 0)
		p->cid = BYTES_NULL;
	if (e == ERR_OK)
		e = decode_name(mem, p);
	if (e == ERR_OK)
		e = clean_text(mem, &p->cid);
	if (e == ERR_OK)
		e = clean_text(mem, &p->location);
	if (e == ERR_OK)
		e = clean_text(mem, &p->description);
	for (size_t i = 0; e == ERR_OK && i < p->language.count; i++)
		e = clean_text(mem, &p->language.at[i]);
	return e;
}

static enum err decode_below(struct arena *mem, struct part *p, unsigned depth)
{
	enum err e = decode_one(mem, p);

	if (depth >= 2 * PART_DEPTH_MAX)
		return e;
	for (size_t i = 0; e == ERR_OK && i < p->child_count; i++)
		e = decode_below(mem, &p->children[i], depth + 1);
	if (e == ERR_OK && p->message_body)
		e = decode_below(mem, p->message_body, depth + 1);
	return e;
}

enum err mime_decode_part_names(struct arena *mem, struct part *root)
{
	return decode_below(mem, root, 0);
}
