#include "imap/reader.h"

enum { WORD_END = 1, NAME_END = 2, QUOTED_STOP = 4, LOWER_CHANGES = 8 };

/* What ends what; everything else, 8-bit characters too, is part of it. */
static const uint8_t classes[256] = {
	[0] = WORD_END | NAME_END | QUOTED_STOP,
	['\n'] = WORD_END | NAME_END | QUOTED_STOP,
	['\r'] = WORD_END | NAME_END,
	[' '] = WORD_END | NAME_END,
	['('] = WORD_END | NAME_END,
	[')'] = WORD_END | NAME_END,
	['"'] = WORD_END | NAME_END | QUOTED_STOP,
	['\\'] = QUOTED_STOP,
	['['] = NAME_END,
	[']'] = NAME_END,
	['<'] = NAME_END,
	['A' ... 'Z'] = LOWER_CHANGES,
};

void imap_fail_with(struct imap_reader *r, enum err err, const char *reason)
{
	if (r->err)
		return;
	r->err = err;
	r->fault = r->at;
	r->reason = reason;
}

void imap_fail(struct imap_reader *r, const char *reason)
{
	imap_fail_with(r, ERR_PROTO, reason);
}

static void fail_memory(struct imap_reader *r)
{
	imap_fail_with(r, ERR_TOO_BIG, "the response needs more memory than it may have");
}

void *imap_vec_add(struct imap_reader *r, struct imap_vec *v, size_t size, size_t max, bool *cut)
{
	void *more;

	if (r->err)
		return NULL;
	if (v->count == max) {
		if (cut)
			*cut = true;
		else
			imap_fail_with(r, ERR_TOO_BIG, "a list has too many elements");
		return NULL;
	}
	if (v->count == v->cap) {
		more = arena_array(r->mem, v->cap ? v->cap * 2 : 4, size);
		if (!more) {
			fail_memory(r);
			return NULL;
		}
		if (v->count)
			memcpy(more, v->at, v->count * size);
		v->at = more;
		v->cap = v->cap ? v->cap * 2 : 4;
	}
	return (uint8_t *)v->at + v->count++ * size;
}

void imap_expect(struct imap_reader *r, uint8_t c, const char *reason)
{
	if (!imap_try(r, c))
		imap_fail(r, reason);
}

void imap_expect_space(struct imap_reader *r)
{
	imap_expect(r, ' ', "a space is missing");
	imap_skip_spaces(r);
}

void imap_expect_end(struct imap_reader *r)
{
	imap_skip_spaces(r);
	if (r->at != r->end)
		imap_fail(r, "there is more than belongs to the response");
}

/* The first byte of that class, or the end. (Bytes may alias the reader, so loops
 * over them keep their cursor in a variable.) */
static const uint8_t *find_class(const uint8_t *at, const uint8_t *end, uint8_t class)
{
	while (at < end && !(classes[*at] & class))
		at++;
	return at;
}

static struct bytes read_until(struct imap_reader *r, uint8_t end_class)
{
	const uint8_t *from = r->at;

	if (r->err)
		return BYTES_NULL;
	r->at = find_class(from, r->end, end_class);
	if (r->at == from) {
		imap_fail(r, "a word is missing");
		return BYTES_NULL;
	}
	return bytes_of(from, (size_t)(r->at - from));
}

struct bytes imap_read_word(struct imap_reader *r)
{
	return read_until(r, WORD_END);
}

struct bytes imap_read_name(struct imap_reader *r)
{
	return read_until(r, NAME_END);
}

bool imap_try_nil(struct imap_reader *r)
{
	const uint8_t *at = r->at;

	if (r->err || r->end - at < 3 || (at[0] | 32) != 'n' || (at[1] | 32) != 'i' ||
	    (at[2] | 32) != 'l' || (r->end - at > 3 && !(classes[at[3]] & WORD_END)))
		return false;
	r->at += 3;
	return true;
}

static uint64_t read_number(struct imap_reader *r, uint64_t max)
{
	const uint8_t *from = r->at, *at = from;
	uint64_t n;

	if (r->err)
		return 0;
	while (at < r->end && *at >= '0' && *at <= '9')
		at++;
	r->at = at;
	if (r->at == from) {
		imap_fail(r, "a number is missing");
		return 0;
	}
	if (!bytes_to_u64(bytes_of(from, (size_t)(r->at - from)), max, &n)) {
		r->at = from;
		imap_fail(r, "a number is too large");
		return 0;
	}
	return n;
}

uint64_t imap_read_u64(struct imap_reader *r)
{
	return read_number(r, UINT64_MAX);
}

uint64_t imap_read_size(struct imap_reader *r)
{
	uint64_t n = imap_read_u64(r), power = 0;
	unsigned digits = 0;

	if (n < 10 && imap_try(r, '.')) {
		for (; imap_peek(r) >= '0' && imap_peek(r) <= '9' && digits < 9; digits++)
			n = n * 10 + (uint64_t)(*r->at++ - '0');
	}
	if (n < 10000000000 && (imap_try(r, 'e') || imap_try(r, 'E'))) {
		imap_try(r, '+');
		power = imap_read_u64(r);
	}
	for (; power > digits && power < 20 && n < UINT64_MAX / 10; power--)
		n *= 10;
	return n;
}

uint32_t imap_read_u32(struct imap_reader *r)
{
	return (uint32_t)read_number(r, UINT32_MAX);
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE; `from` is behind the quote. A backslash
 * before anything but a quote or another one stands for itself. */
static struct bytes unescape(struct imap_reader *r, const uint8_t *from)
{
	struct bytes raw = bytes_of(from, (size_t)(r->at - from));
	uint8_t *to = arena_alloc(r->mem, raw.len);
	size_t n = 0;

	if (!to) {
		fail_memory(r);
		return BYTES_NULL;
	}
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.at[i] == '\\' && i + 1 < raw.len &&
		    (raw.at[i + 1] == '\\' || raw.at[i + 1] == '"'))
			i++;
		to[n++] = raw.at[i];
	}
	return bytes_of(to, n);
}

/* Does the string end with the quote here? iCloud does not escape those inside
 * ("<"a"@b>", "say "hi""): what follows a true end can be no part of a string. */
static bool at_closing_quote(const struct imap_reader *r)
{
	const uint8_t *next = r->at + 1;

	if (next == r->end || !(classes[*next] & NAME_END))
		return next == r->end;
	return *next != '"' || (r->end - next > 1 && !(classes[next[1]] & NAME_END));
}

static struct bytes read_quoted(struct imap_reader *r)
{
	const uint8_t *from = ++r->at;
	bool has_escape = false;
	struct bytes s;

	for (;; r->at++) {
		r->at = find_class(r->at, r->end, QUOTED_STOP);
		if (imap_peek(r) == '"' && !at_closing_quote(r))
			continue;
		if (r->at == r->end || *r->at != '\\')
			break;
		has_escape = true;
		if (r->end - r->at > 1 && (r->at[1] == '\\' || r->at[1] == '"'))
			r->at++;
	}
	if (imap_peek(r) != '"') {
		imap_fail(r, r->at == r->end ? "a quoted string is not closed"
					     : "a line end or NUL in a quoted string");
		return BYTES_NULL;
	}
	s = has_escape ? unescape(r, from) : bytes_of(from, (size_t)(r->at - from));
	r->at++;
	return s;
}

static bool was_streamed(const struct imap_reader *r, struct imap_string *ret)
{
	size_t offset = (size_t)(r->at - r->start);

	for (size_t i = 0; i < r->streamed_count; i++) {
		if (r->streamed[i].offset != offset)
			continue;
		*ret = (struct imap_string){
			.data = bytes_of(r->at, 0),
			.is_streamed = true,
			.size_bytes = r->streamed[i].size_bytes,
		};
		return true;
	}
	return false;
}

/* literal = "{" number64 ["+"] "}" CRLF *CHAR8 */
static void read_literal(struct imap_reader *r, struct imap_string *ret)
{
	uint64_t n;

	imap_try(r, '~');
	imap_expect(r, '{', "a string is missing");
	n = imap_read_u64(r);
	imap_try(r, '+');
	imap_expect(r, '}', "a literal's length is not closed");
	imap_try(r, '\r');
	imap_expect(r, '\n', "a literal's length is not followed by a line end");
	if (r->err || was_streamed(r, ret))
		return;
	if (n > (uint64_t)(r->end - r->at)) {
		imap_fail(r, "a literal is longer than the response");
		return;
	}
	*ret = (struct imap_string){ .data = bytes_of(r->at, (size_t)n), .size_bytes = n };
	r->at += n;
}

static bool is_literal_next(const struct imap_reader *r)
{
	return imap_peek(r) == '{' ||
	       (imap_peek(r) == '~' && r->end - r->at > 1 && r->at[1] == '{');
}

void imap_read_any_string(struct imap_reader *r, struct imap_string *ret)
{
	*ret = (struct imap_string){ 0 };
	if (imap_peek(r) == '"')
		ret->data = read_quoted(r);
	else if (is_literal_next(r))
		read_literal(r, ret);
	else if (!imap_try_nil(r))
		ret->data = imap_read_word(r);
	if (!ret->is_streamed)
		ret->size_bytes = ret->data.len;
}

struct bytes imap_read_nstring(struct imap_reader *r)
{
	struct imap_string s;

	imap_read_any_string(r, &s);
	if (s.is_streamed)
		imap_fail(r, "a literal was streamed that had to be kept");
	return s.data;
}

struct bytes imap_read_astring(struct imap_reader *r)
{
	if (imap_peek(r) == '"' || is_literal_next(r))
		return imap_read_nstring(r);
	return imap_read_word(r);
}

struct bytes imap_read_wrapped(struct imap_reader *r)
{
	struct bytes s;

	if (!imap_try(r, '('))
		return imap_read_nstring(r);
	imap_skip_spaces(r);
	s = imap_read_nstring(r);
	imap_skip_spaces(r);
	imap_expect(r, ')', "a closing parenthesis is missing");
	return s;
}

static void skip_scalar(struct imap_reader *r)
{
	struct imap_string s;

	if (imap_peek(r) == '"' || is_literal_next(r))
		imap_read_any_string(r, &s);
	else
		imap_read_word(r);
}

void imap_skip_value(struct imap_reader *r)
{
	size_t depth = 0;

	do {
		imap_skip_spaces(r);
		if (imap_try(r, '('))
			depth++;
		else if (depth && imap_try(r, ')'))
			depth--;
		else
			skip_scalar(r);
	} while (depth && imap_reader_ok(r));
}

struct bytes_list imap_as_bytes_list(const struct imap_vec *v)
{
	return (struct bytes_list){ .at = v->at, .count = v->count };
}

struct bytes_list imap_read_words(struct imap_reader *r)
{
	struct imap_vec v = { 0 };
	struct bytes *word;

	imap_skip_spaces(r);
	while (imap_peek(r) != -1) {
		word = IMAP_VEC_ADD(r, &v, struct bytes, r->limits->items);
		if (word)
			*word = imap_read_word(r);
		imap_skip_spaces(r);
	}
	return imap_as_bytes_list(&v);
}

struct bytes_list imap_read_astring_list(struct imap_reader *r)
{
	struct imap_vec v = { 0 };
	struct bytes *s;

	if (imap_try_nil(r))
		return (struct bytes_list){ 0 };
	imap_expect(r, '(', "a list is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		s = IMAP_VEC_ADD(r, &v, struct bytes, r->limits->items);
		if (s)
			*s = imap_read_astring(r);
		imap_skip_spaces(r);
	}
	return imap_as_bytes_list(&v);
}

char imap_read_delimiter(struct imap_reader *r)
{
	struct bytes s = imap_read_nstring(r);

	if (s.len > 1)
		imap_fail(r, "a hierarchy delimiter is longer than one character");
	return imap_reader_ok(r) && s.len ? (char)s.at[0] : 0;
}

struct bytes imap_lower(struct imap_reader *r, struct bytes b)
{
	uint8_t any = 0, *to;

	for (size_t i = 0; i < b.len; i++)
		any |= classes[b.at[i]];
	if (!(any & LOWER_CHANGES))
		return b;
	to = arena_alloc(r->mem, b.len);
	if (!to) {
		fail_memory(r);
		return BYTES_NULL;
	}
	for (size_t i = 0; i < b.len; i++)
		to[i] = (uint8_t)(classes[b.at[i]] & LOWER_CHANGES ? b.at[i] | 32 : b.at[i]);
	return bytes_of(to, b.len);
}
