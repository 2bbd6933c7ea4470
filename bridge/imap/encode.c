#include "imap/encode.h"

#include <stdlib.h>
#include <string.h>

#include "imap/encode_internal.h"
#include "imap/name.h"

#define DEFAULT_MAX_BYTES (1024 * 1024)
/* Longer strings go as literals: servers limit their line length. */
#define QUOTED_MAX_BYTES 1000
/* RFC 7888 §5 */
#define LITERAL_MINUS_MAX_BYTES 4096
/* A large literal waits even where it need not: the server can then refuse it
 * (quota, size, rights) before it has travelled. */
#define STREAM_WAITS_ABOVE_BYTES (64 * 1024)

struct imap_command_mark {
	size_t at; /* in the text */
	enum imap_segment_kind kind;
	uint64_t stream_bytes;
};

void imap_command_init(struct imap_command *c, const struct imap_encoding *how)
{
	*c = (struct imap_command){ .how = *how };
	buf_init(&c->text, how->max_bytes ? how->max_bytes : DEFAULT_MAX_BYTES);
}

void imap_command_done(struct imap_command *c)
{
	if (c->text.at)
		explicit_bzero(c->text.at, c->text.cap);
	buf_done(&c->text);
	free(c->marks);
	*c = (struct imap_command){ 0 };
}

void imap_command_fail(struct imap_command *c, enum err err)
{
	if (!c->err)
		c->err = err;
}

void imap_command_put_more(struct imap_command *c, struct bytes more)
{
	if (!c->err)
		buf_append(&c->text, more);
}

void imap_command_put(struct imap_command *c, struct bytes token)
{
	if (c->needs_space)
		imap_command_put_more(c, BYTES_LIT(" "));
	imap_command_put_more(c, token);
	c->needs_space = true;
}

static void mark(struct imap_command *c, enum imap_segment_kind kind, uint64_t stream_bytes)
{
	struct imap_command_mark *more;

	if (c->err)
		return;
	if (c->mark_count == c->mark_cap) {
		c->mark_cap = c->mark_cap ? c->mark_cap * 2 : 4;
		more = reallocarray(c->marks, c->mark_cap, sizeof *more);
		if (!more) {
			imap_command_fail(c, ERR_NOMEM);
			return;
		}
		c->marks = more;
	}
	c->marks[c->mark_count++] = (struct imap_command_mark){
		.at = c->text.len,
		.kind = kind,
		.stream_bytes = stream_bytes,
	};
}

/* --- strings --------------------------------------------------------------- */

/* ATOM-CHAR = <any CHAR except ( ) { SP CTL % * " \ ]> */
static bool is_atom_char(uint8_t b)
{
	return b > 0x20 && b < 0x7f && !strchr("(){%*\"\\]", b);
}

bool imap_is_atom(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!is_atom_char(b.at[i]))
			return false;
	return b.len != 0;
}

/* astring = 1*ASTRING-CHAR / string, where ASTRING-CHAR allows "]" too. */
static bool can_be_bare(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_atom_char(s.at[i]) && s.at[i] != ']')
			return false;
	return s.len != 0 && s.len <= QUOTED_MAX_BYTES && !bytes_equal_str_nocase(s, "NIL");
}

static bool can_be_quoted(const struct imap_command *c, struct bytes s)
{
	bool has_8bit = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
		has_8bit |= s.at[i] >= 0x80;
	}
	if (s.len > QUOTED_MAX_BYTES)
		return false;
	return !has_8bit || (c->how.is_utf8 && bytes_is_utf8(s));
}

static void put_quoted(struct imap_command *c, struct bytes s)
{
	imap_command_put_more(c, BYTES_LIT("\""));
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '"' || s.at[i] == '\\')
			imap_command_put_more(c, BYTES_LIT("\\"));
		imap_command_put_more(c, bytes_of(s.at + i, 1));
	}
	imap_command_put_more(c, BYTES_LIT("\""));
}

static bool must_wait(const struct imap_command *c, uint64_t size_bytes)
{
	switch (c->how.literals) {
	case IMAP_LITERALS_SYNC: return true;
	case IMAP_LITERALS_MINUS: return size_bytes > LITERAL_MINUS_MAX_BYTES;
	case IMAP_LITERALS_PLUS: return size_bytes > STREAM_WAITS_ABOVE_BYTES;
	}
	return true;
}

/* ["~"] "{" number64 ["+"] "}" CRLF; what follows are its octets. */
static void put_literal_header(struct imap_command *c, uint64_t size_bytes, bool is_literal8)
{
	bool waits = must_wait(c, size_bytes);

	if (c->err)
		return;
	if (is_literal8)
		buf_append_str(&c->text, "~");
	buf_append_str(&c->text, "{");
	buf_append_u64(&c->text, size_bytes);
	buf_append_str(&c->text, waits ? "}\r\n" : "+}\r\n");
	if (waits)
		mark(c, IMAP_SEGMENT_WAIT, 0);
}

static void put_string(struct imap_command *c, struct bytes s)
{
	if (bytes_index(s, 0) < s.len)
		imap_command_fail(c, ERR_INVALID);
	if (can_be_quoted(c, s)) {
		put_quoted(c, s);
		return;
	}
	put_literal_header(c, s.len, false);
	imap_command_put_more(c, s);
}

void imap_command_put_astring(struct imap_command *c, struct bytes s)
{
	if (can_be_bare(s))
		imap_command_put_more(c, s);
	else
		put_string(c, s);
}

void imap_command_string(struct imap_command *c, struct bytes s)
{
	imap_command_put(c, BYTES_NULL);
	put_string(c, s);
}

void imap_command_astring(struct imap_command *c, struct bytes s)
{
	imap_command_put(c, BYTES_NULL);
	imap_command_put_astring(c, s);
}

void imap_command_nil(struct imap_command *c)
{
	imap_command_put(c, BYTES_LIT("NIL"));
}

void imap_command_nstring(struct imap_command *c, struct bytes s)
{
	if (bytes_is_null(s))
		imap_command_nil(c);
	else
		imap_command_string(c, s);
}

void imap_command_mailbox_raw(struct imap_command *c, struct bytes name)
{
	imap_command_astring(c, name);
}

void imap_command_mailbox(struct imap_command *c, struct bytes path)
{
	struct buf name;
	enum err err;

	buf_init(&name, c->text.max);
	err = imap_name_encode(&name, path, c->how.is_utf8);
	if (err)
		imap_command_fail(c, err);
	imap_command_mailbox_raw(c, err ? BYTES_LIT("") : buf_bytes(&name));
	buf_done(&name);
}

void imap_command_literal_stream(struct imap_command *c, uint64_t size_bytes, bool is_binary)
{
	imap_command_put(c, BYTES_NULL);
	put_literal_header(c, size_bytes, is_binary && c->how.is_binary);
	if (size_bytes)
		mark(c, IMAP_SEGMENT_STREAM, size_bytes);
}

void imap_command_utf8_literal_stream(struct imap_command *c, uint64_t size_bytes)
{
	imap_command_put(c, BYTES_LIT("UTF8"));
	imap_command_open(c);
	put_literal_header(c, size_bytes, true);
	if (size_bytes)
		mark(c, IMAP_SEGMENT_STREAM, size_bytes);
	imap_command_close(c);
}

/* --- the command ----------------------------------------------------------- */

void imap_command_begin(struct imap_command *c, struct bytes tag, const char *words)
{
	imap_command_atom(c, tag);
	if (bytes_index(tag, '+') < tag.len)
		imap_command_fail(c, ERR_INVALID);
	imap_command_word(c, words);
}

enum err imap_command_end(struct imap_command *c)
{
	if (c->depth)
		imap_command_fail(c, ERR_INTERNAL);
	if (!c->is_ended)
		imap_command_put_more(c, BYTES_LIT("\r\n"));
	c->is_ended = true;
	if (buf_err(&c->text))
		imap_command_fail(c, buf_err(&c->text));
	return c->err;
}

bool imap_command_segment(const struct imap_command *c, size_t i, struct imap_segment *ret)
{
	struct bytes text = buf_bytes(&c->text);
	size_t from = 0, to;

	for (size_t m = 0; m <= c->mark_count; m++) {
		to = m < c->mark_count ? c->marks[m].at : text.len;
		if (to > from && i-- == 0) {
			*ret = (struct imap_segment){
				.kind = IMAP_SEGMENT_SEND,
				.data = bytes_of(text.at + from, to - from),
			};
			return true;
		}
		if (m < c->mark_count && i-- == 0) {
			*ret = (struct imap_segment){
				.kind = c->marks[m].kind,
				.stream_bytes = c->marks[m].stream_bytes,
			};
			return true;
		}
		from = to;
	}
	return false;
}

bool imap_command_waits(const struct imap_command *c)
{
	for (size_t m = 0; m < c->mark_count; m++)
		if (c->marks[m].kind == IMAP_SEGMENT_WAIT)
			return true;
	return false;
}
