#include "mime/param_scan.h"

#define NAME_MAX_BYTES    128
#define COMMENT_MAX_BYTES 1024

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name_char(uint8_t c)
{
	return c > ' ' && c != 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static struct bytes skip_blank(struct bytes b)
{
	while (b.len && is_blank(b.at[0]))
		b = bytes_skip(b, 1);
	return b;
}

/* A comment at the front; one that is not closed or too long ends at the next ";". */
static struct bytes skip_comment(struct bytes b)
{
	size_t i = 0, depth = 0;

	for (; i < b.len && i < COMMENT_MAX_BYTES; i++) {
		if (b.at[i] == '\\')
			i++;
		else if (b.at[i] == '(')
			depth++;
		else if (b.at[i] == ')' && --depth == 0)
			return bytes_skip(b, i + 1);
	}
	return bytes_skip(b, bytes_index(b, ';'));
}

/* Length of `name =` at the front, 0 when no parameter begins here. */
static size_t name_len(struct bytes b, struct bytes *ret_name)
{
	size_t n = 0;

	while (n < b.len && n <= NAME_MAX_BYTES && is_name_char(b.at[n]))
		n++;
	*ret_name = bytes_first(b, n);
	if (n == 0 || n > NAME_MAX_BYTES)
		return 0;
	while (n < b.len && is_blank(b.at[n]))
		n++;
	return n < b.len && b.at[n] == '=' ? n + 1 : 0;
}

/* May a quoted value have ended before b? */
static bool is_behind_value(struct bytes b)
{
	struct bytes name;

	b = skip_blank(b);
	return b.len == 0 || b.at[0] == ';' || b.at[0] == '(' || name_len(b, &name);
}

/* Where the closing quote is: the first one behind which a value may end, else
 * the first one at all; b.len when there is none. */
static size_t closing_quote(struct bytes b)
{
	size_t first = b.len;

	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] == '\\' && i + 1 < b.len) {
			/* The last backslash of "C:\dir\" escapes nothing. */
			if (b.at[i + 1] != '"' || !is_behind_value(bytes_skip(b, i + 2)))
				i++;
			continue;
		}
		if (b.at[i] != '"')
			continue;
		if (first == b.len)
			first = i;
		if (is_behind_value(bytes_skip(b, i + 1)))
			return i;
	}
	return first;
}

static void take_quoted(struct bytes *value, struct raw_param *ret)
{
	struct bytes inside = bytes_skip(*value, 1);
	size_t n = closing_quote(inside);

	ret->is_quoted = true;
	if (n == inside.len) {
		n = bytes_index(inside, ';');
		ret->value = bytes_trim(bytes_first(inside, n));
		*value = bytes_skip(inside, n);
		return;
	}
	ret->value = bytes_first(inside, n);
	*value = bytes_skip(inside, n + 1);
}

/* Is this, behind an unquoted value and white space, no part of it? A comment
 * has nothing behind it; "report (1).pdf" is all a name. */
static bool ends_unquoted(struct bytes b)
{
	struct bytes name;

	if (b.len && b.at[0] == '(')
		b = skip_blank(skip_comment(b));
	else
		return b.len == 0 || name_len(b, &name);
	return b.len == 0 || b.at[0] == ';';
}

/* Up to ";", or to white space behind which a comment or a parameter begins. */
static void take_unquoted(struct bytes *value, struct raw_param *ret)
{
	size_t n = 0;

	while (n < value->len && value->at[n] != ';') {
		size_t blank = n;

		while (n < value->len && is_blank(value->at[n]))
			n++;
		if (n > blank && ends_unquoted(bytes_skip(*value, n))) {
			n = blank;
			break;
		}
		if (n == blank)
			n++;
	}
	ret->is_quoted = false;
	ret->value = bytes_trim(bytes_first(*value, n));
	*value = bytes_skip(*value, n);
}

struct bytes param_scan_type(struct bytes *value)
{
	struct bytes b = skip_blank(*value), name;
	size_t n = 0;

	while (b.len && b.at[0] == '(')
		b = skip_blank(skip_comment(b));
	*value = b;
	if (name_len(b, &name))
		return bytes_first(b, 0);
	while (n < b.len && !is_blank(b.at[n]) && b.at[n] != ';' && b.at[n] != '(')
		n++;
	*value = bytes_skip(b, n);
	return bytes_first(b, n);
}

bool param_scan_next(struct bytes *value, struct raw_param *ret)
{
	while (value->len) {
		size_t n = name_len(*value, &ret->name);

		if (n) {
			*value = skip_blank(bytes_skip(*value, n));
			if (value->len && value->at[0] == '"')
				take_quoted(value, ret);
			else
				take_unquoted(value, ret);
			return true;
		}
		if (value->at[0] == '(') {
			*value = skip_comment(*value);
			continue;
		}
		/* Junk goes by the word, so that its end is no parameter's name. */
		n = 1;
		while (is_name_char(value->at[0]) && n < value->len && is_name_char(value->at[n]))
			n++;
		*value = bytes_skip(*value, n);
	}
	return false;
}
