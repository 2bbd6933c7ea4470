#include "mime/html_text.h"

#include "mime/utf8.h"

#define TAG_MAX_BYTES 4096 /* in which quotes are minded */

struct stripper {
	struct bytes in;
	struct buf *to;
	unsigned quote_depth;
	bool at_line_start, needs_space;
	bool is_full;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void put(struct stripper *s, struct bytes b)
{
	if (s->is_full || s->to->max - s->to->len < b.len)
		s->is_full = true;
	else
		buf_append(s->to, b);
}

static void put_char(struct stripper *s, uint32_t c)
{
	uint8_t text[4];
	size_t n = utf8_encode(text, c);

	if (c < 0x80 && (is_space((uint8_t)c) || c == 0)) {
		s->needs_space = true;
		return;
	}
	if (s->at_line_start && s->quote_depth)
		put(s, BYTES_LIT("> "));
	else if (s->needs_space && !s->at_line_start)
		put(s, BYTES_LIT(" "));
	s->at_line_start = s->needs_space = false;
	put(s, bytes_of(text, n));
}

static void break_line(struct stripper *s)
{
	if (!s->at_line_start)
		put(s, BYTES_LIT("\n"));
	s->at_line_start = true;
	s->needs_space = false;
}

/* Elements whose content is not text to read. */
static bool is_hidden(struct bytes name)
{
	static const char *const hidden[] = { "style",    "script", "title",  "noscript",
					      "template", "xml",    "select", "textarea" };

	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (bytes_equal_str_nocase(name, hidden[i]))
			return true;
	return false;
}

static bool is_block(struct bytes name)
{
	static const char *const blocks[] = {
		"br",  "p",      "div",        "tr",      "li",      "ul",     "ol",    "h1", "h2",
		"h3",  "h4",     "h5",         "h6",      "table",   "hr",     "dt",    "dd", "dl",
		"pre", "center", "blockquote", "section", "article", "header", "footer"
	};

	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
		if (bytes_equal_str_nocase(name, blocks[i]))
			return true;
	return false;
}

/* Behind ">", quoted attributes minded, but not if the quote has no end nearby;
 * a tag without end takes the rest. */
static size_t tag_len(struct bytes b)
{
	uint8_t quote = 0;

	for (size_t i = 1; i < b.len && i < TAG_MAX_BYTES; i++) {
		uint8_t c = b.at[i];

		if (quote)
			quote = c == quote ? 0 : quote;
		else if ((c == '"' || c == '\'') && b.at[i - 1] == '=')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	return bytes_index(b, '>') + 1;
}

/* Leaves out an element's content: up to its end tag. */
static void skip_content(struct stripper *s, struct bytes name)
{
	while (s->in.len) {
		size_t at = bytes_find(s->in, BYTES_LIT("</"));
		struct bytes behind = bytes_skip(s->in, at + 2);

		s->in = bytes_skip(s->in, at);
		if (bytes_starts_with_nocase(behind, name))
			return;
		s->in = bytes_skip(s->in, 2);
	}
}

static void take_tag(struct stripper *s)
{
	bool is_end = s->in.len > 1 && s->in.at[1] == '/';
	struct bytes name = bytes_skip(s->in, is_end ? 2 : 1);
	size_t n = 0;

	while (n < name.len && (is_letter(name.at[n]) || (name.at[n] >= '1' && name.at[n] <= '6')))
		n++;
	name = bytes_first(name, n);
	s->in = bytes_skip(s->in, tag_len(s->in));
	if (is_block(name))
		break_line(s);
	else if (bytes_equal_str_nocase(name, "td") || bytes_equal_str_nocase(name, "th"))
		s->needs_space = true;
	if (bytes_equal_str_nocase(name, "blockquote")) {
		if (!is_end)
			s->quote_depth++;
		else if (s->quote_depth)
			s->quote_depth--;
	}
	if (!is_end && is_hidden(name))
		skip_content(s, name);
}

static void take_markup(struct stripper *s)
{
	uint8_t next = s->in.len > 1 ? s->in.at[1] : 0;

	if (bytes_starts_with(s->in, BYTES_LIT("<!--"))) {
		size_t end = bytes_find(bytes_skip(s->in, 4), BYTES_LIT("-->"));

		s->in = bytes_skip(s->in, 4 + end + 3);
	} else if (next == '!' || next == '?') {
		s->in = bytes_skip(s->in, bytes_index(s->in, '>') + 1);
	} else if (is_letter(next) || next == '/') {
		take_tag(s);
	} else {
		put_char(s, '<');
		s->in = bytes_skip(s->in, 1);
	}
}

static void take_text(struct stripper *s)
{
	uint32_t c;
	size_t n = s->in.at[0] == '&' ? html_reference(s->in, &c) : 0;

	if (n)
		s->in = bytes_skip(s->in, n);
	else
		c = utf8_take(&s->in);
	put_char(s, c);
}

enum err mime_html_text(struct bytes html, struct buf *to)
{
	struct stripper s = { .in = html, .to = to, .at_line_start = true };

	while (s.in.len && !s.is_full && buf_err(to) == ERR_OK) {
		if (s.in.at[0] == '<')
			take_markup(&s);
		else
			take_text(&s);
	}
	return buf_err(to);
}
