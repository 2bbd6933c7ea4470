#include "mime/preview.h"

#include "base/buf.h"
#include "mime/html_text.h"
#include "mime/utf8.h"

#define HTML_TEXT_MAX_BYTES 8192
#define RULE_MIN_BYTES      3

/* What fills the lines that newsletters hide behind their preview text, and
 * other characters that show nothing. */
static bool is_invisible(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x34f || c == 0x61c ||
	       c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
	       (c >= 0x180b && c <= 0x180e) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
	       c == 0xfeff || c == 0xffa0;
}

static bool is_space(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

/* Appends the words of a line, one space between them; false when it is full. */
static bool append_words(struct buf *to, struct bytes line)
{
	bool needs_space = to->len > 0;

	while (line.len) {
		struct bytes before = line;
		uint32_t c = utf8_take(&line);
		size_t n = before.len - line.len;

		if (is_space(c)) {
			needs_space = to->len > 0;
			continue;
		}
		if (is_invisible(c))
			continue;
		if (to->max - to->len < n + needs_space)
			return false;
		if (needs_space)
			buf_append_byte(to, ' ');
		needs_space = false;
		buf_append(to, bytes_first(before, n));
	}
	return true;
}

static bool is_quoted(struct bytes line)
{
	line = bytes_trim(line);
	return line.len && line.at[0] == '>';
}

/* "-----", "=====", "* * *" */
static bool is_rule(struct bytes line)
{
	uint8_t mark = 0;
	size_t marks = 0;

	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.at[i];

		if (c == ' ' || c == '\t' || c == '\r')
			continue;
		if (!strchr("-=_*~#+.", c) || (mark && c != mark) || c == 0)
			return false;
		mark = c;
		marks++;
	}
	return marks >= RULE_MIN_BYTES;
}

/* RFC 3676 §4.3; mail programs trim the space. */
static bool is_signature(struct bytes line)
{
	return bytes_equal_str(line, "-- ") || bytes_equal_str(line, "--") ||
	       bytes_equal_str(line, "-- \r");
}

/* "On Monday Bob wrote:", if the next line that is not empty is quoted. */
static bool introduces_quote(struct bytes line, struct bytes behind)
{
	struct bytes next;

	line = bytes_trim(line);
	if (line.len == 0 || line.at[line.len - 1] != ':')
		return false;
	while (bytes_split(&behind, '\n', &next))
		if (bytes_trim(next).len)
			return is_quoted(next);
	return false;
}

static struct bytes without_quote_marks(struct bytes line)
{
	while (line.len && strchr("> \t", line.at[0]) && line.at[0])
		line = bytes_skip(line, 1);
	return line;
}

static void gather(struct buf *to, struct bytes text, bool take_quoted)
{
	struct bytes line;

	while (bytes_split(&text, '\n', &line)) {
		if (is_signature(line) && (to->len || !take_quoted))
			return;
		if (is_rule(line))
			continue;
		if (take_quoted)
			line = without_quote_marks(line);
		else if (is_quoted(line) || introduces_quote(line, text))
			continue;
		if (!append_words(to, line))
			return;
	}
}

static enum err preview_of_text(struct arena *mem, struct bytes text, struct bytes *ret)
{
	struct buf to;
	enum err e;

	buf_init(&to, MIME_PREVIEW_MAX_BYTES);
	gather(&to, text, false);
	if (to.len == 0)
		gather(&to, text, true);
	e = buf_err(&to);
	if (e == ERR_OK)
		*ret = arena_bytes(mem, to.len ? buf_bytes(&to) : BYTES_LIT(""));
	buf_done(&to);
	return e == ERR_OK && arena_failed(mem) ? ERR_NOMEM : e;
}

enum err mime_preview(struct arena *mem, struct bytes text, bool is_html, struct bytes *ret)
{
	struct buf plain;
	enum err e;

	text = bytes_first_utf8(text, MIME_PREVIEW_INPUT_BYTES);
	if (!is_html)
		return preview_of_text(mem, text, ret);
	buf_init(&plain, HTML_TEXT_MAX_BYTES);
	e = mime_html_text(text, &plain);
	if (e == ERR_OK)
		e = preview_of_text(mem, buf_bytes(&plain), ret);
	buf_done(&plain);
	return e;
}
