#include "mime/address_parse.h"

#include "base/buf.h"
#include "mime/address_everyday.h"
#include "mime/words.h"

#define BREAK 0 /* in `bare`: white space that separates words; never in `value` */

/*
 * One pass over the value. What an address consists of is gathered twice, for
 * only its end tells what it was: `phrase` is the display name in case a "<"
 * comes, `bare` the words as written in case none comes.
 */
struct parser {
	struct arena *mem;
	struct bytes charset;
	struct address_list *list;
	struct bytes in; /* what is left */
	struct buf phrase, bare;
	struct bytes comment; /* the last one, raw, without parentheses */
	bool is_quoted;       /* a quoted string is part of the phrase */
	bool needs_space;     /* white space was seen since the last word */
	bool follows_angle;   /* nothing but junk is expected before the separator */
	/* What has no end in this value: looked for once only. */
	bool no_quote, no_comment;
	enum err err;
};

static void reset(struct parser *p)
{
	buf_reset(&p->phrase);
	buf_reset(&p->bare);
	p->comment = BYTES_NULL;
	p->is_quoted = p->needs_space = p->follows_angle = false;
}

static void note(struct parser *p, enum err e)
{
	if (p->err == ERR_OK)
		p->err = e;
}

/* The array grows at powers of two: its capacity follows from the count. */
static struct address *new_address(struct parser *p)
{
	struct address_list *l = p->list;
	struct address *grown;

	if (l->count >= MIME_ADDRESSES_MAX)
		return NULL;
	if ((l->count & (l->count - 1)) == 0) {
		grown = ARENA_ARRAY(p->mem, l->count ? l->count * 2 : 1, struct address);
		if (!grown) {
			note(p, ERR_NOMEM);
			return NULL;
		}
		if (l->count)
			memcpy(grown, l->at, l->count * sizeof *grown);
		l->at = grown;
	}
	return &l->at[l->count++];
}

static void add_as_it_is(struct parser *p, struct bytes name, struct bytes email)
{
	struct address *to = new_address(p);

	if (!to)
		return;
	if (name.len)
		to->name = arena_bytes(p->mem, name);
	to->email = arena_bytes(p->mem, email);
	if (arena_failed(p->mem)) {
		p->list->count--;
		note(p, ERR_NOMEM);
	}
}

static void add(struct parser *p, struct bytes name, struct bytes email)
{
	struct address a = { BYTES_NULL, BYTES_NULL };
	struct address *to;

	note(p, mime_decode_text(p->mem, name, p->charset, &a.name));
	note(p, mime_decode_text(p->mem, email, p->charset, &a.email));
	if (a.name.len == 0)
		a.name = BYTES_NULL;
	if (a.email.len == 0)
		a.email = BYTES_NULL;
	if ((a.name.len || a.email.len) && p->err == ERR_OK && (to = new_address(p)))
		*to = a;
}

/* Does white space between these two separate words? "joe @ example . org" is one. */
static bool separates(uint8_t before, uint8_t behind)
{
	return before != '@' && before != '.' && behind != '@' && behind != '.';
}

static void put(struct parser *p, struct bytes phrase, struct bytes bare)
{
	uint8_t first = bare.len ? bare.at[0] : 0;

	if (p->needs_space && p->bare.len) {
		struct bytes so_far = buf_bytes(&p->bare);

		if (p->phrase.len)
			buf_append_byte(&p->phrase, ' ');
		if (separates(so_far.at[so_far.len - 1], first))
			buf_append_byte(&p->bare, BREAK);
	}
	p->needs_space = false;
	buf_append(&p->phrase, phrase);
	buf_append(&p->bare, bare);
}

/* Length of the quoted string at the front of `in`, 0 if it has no end. */
static size_t quoted_len(struct parser *p, struct bytes in)
{
	size_t i = 1;

	if (p->no_quote)
		return 0;
	while (i < in.len && in.at[i] != '"')
		i += in.at[i] == '\\' ? 2 : 1;
	p->no_quote = i >= in.len;
	return p->no_quote ? 0 : i + 1;
}

static void unescape(struct buf *to, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] == '\\' && i + 1 < b.len)
			i++;
		buf_append_byte(to, b.at[i]);
	}
}

static void take_quoted(struct parser *p)
{
	size_t n = quoted_len(p, p->in);
	struct bytes inside;
	struct buf text;

	if (n == 0) {
		p->in = bytes_skip(p->in, 1);
		return;
	}
	inside = bytes_of(p->in.at + 1, n - 2);
	buf_init(&text, n);
	unescape(&text, inside);
	note(p, buf_err(&text));
	put(p, buf_bytes(&text), bytes_first(p->in, n));
	buf_done(&text);
	p->is_quoted = true;
	p->in = bytes_skip(p->in, n);
}

static void take_comment(struct parser *p)
{
	size_t i = 0, depth = 0;

	for (; i < p->in.len && !p->no_comment; i++) {
		if (p->in.at[i] == '\\')
			i++;
		else if (p->in.at[i] == '(')
			depth++;
		else if (p->in.at[i] == ')' && --depth == 0)
			break;
	}
	if (p->no_comment || i >= p->in.len) {
		p->no_comment = true;
		p->in = bytes_skip(p->in, 1);
		return;
	}
	p->comment = bytes_of(p->in.at + 1, i - 1);
	p->in = bytes_skip(p->in, i + 1);
	p->needs_space = true;
	/* <a@b> (John) */
	if (p->follows_angle && p->list->count && p->err == ERR_OK) {
		struct address *last = &p->list->at[p->list->count - 1];

		if (bytes_is_null(last->name))
			note(p, mime_decode_text(p->mem, p->comment, p->charset, &last->name));
		if (last->name.len == 0)
			last->name = BYTES_NULL;
	}
}

/* Length of the comment at the front, 0 if it has no end in b. */
static size_t comment_len(struct bytes b)
{
	size_t depth = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] == '\\')
			i++;
		else if (b.at[i] == '(')
			depth++;
		else if (b.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Copies without comments, words separated by BREAK. */
static void copy_words(struct buf *to, struct bytes b)
{
	bool is_quoted = false, has_space = false, no_comment = false;

	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];
		size_t n =
			c == '(' && !is_quoted && !no_comment ? comment_len(bytes_skip(b, i)) : 0;

		is_quoted ^= c == '"';
		if (n) {
			i += n - 1;
			continue;
		}
		no_comment |= c == '(';
		if (c <= ' ' && !is_quoted) {
			has_space = true;
			continue;
		}
		if (has_space && to->len && separates(to->at[to->head + to->len - 1], c))
			buf_append_byte(to, BREAK);
		has_space = false;
		buf_append_byte(to, c);
	}
}

static bool has_at(struct bytes word)
{
	return bytes_index(word, '@') < word.len && word.len > 1;
}

/* The address between angle brackets, gathered in `scratch`: without "mailto:" and
 * the route of RFC 5322 §4.4; of several words the first one with an "@". */
static struct bytes clean_angle(struct buf *scratch, struct bytes b)
{
	struct bytes words, word = BYTES_NULL;
	size_t colon;

	b = bytes_trim(b);
	if (bytes_starts_with_nocase(b, BYTES_LIT("mailto:")))
		b = bytes_skip(b, 7);
	colon = bytes_index(b, ':');
	if (b.len && b.at[0] == '@' && colon < b.len)
		b = bytes_skip(b, colon + 1);
	/* <undisclosed-recipients:;> is a group that somebody put in brackets. */
	if (colon < b.len && b.at[b.len - 1] == ';')
		return BYTES_NULL;
	copy_words(scratch, b);
	words = buf_bytes(scratch);
	while (bytes_split(&words, BREAK, &word) && !has_at(word))
		;
	return word;
}

/* Up to ">", or to what cannot be inside: the next address. */
static size_t angle_len(struct parser *p)
{
	struct bytes in = p->in;
	bool is_route = in.len > 1 && in.at[1] == '@';
	size_t i = 1;

	while (i < in.len && in.at[i] != '>' && in.at[i] != '<') {
		size_t n = in.at[i] == '"' ? quoted_len(p, bytes_skip(in, i)) : 0;

		if (in.at[i] == ',' && !is_route)
			break;
		i += n ? n : 1;
	}
	return i;
}

static struct bytes name_of_phrase(struct parser *p)
{
	return p->phrase.len ? buf_bytes(&p->phrase) : p->comment;
}

static void take_angle(struct parser *p)
{
	size_t n = angle_len(p);
	struct buf email;

	if (n == 1 && p->in.len > 1 && p->in.at[1] == '<') {
		p->in = bytes_skip(p->in, 1); /* <<a@b>> */
		return;
	}
	buf_init(&email, n);
	add(p, name_of_phrase(p), clean_angle(&email, bytes_of(p->in.at + 1, n - 1)));
	note(p, buf_err(&email));
	buf_done(&email);
	p->in = bytes_skip(p->in, n);
	if (p->in.len && p->in.at[0] == '>')
		p->in = bytes_skip(p->in, 1);
	reset(p);
	p->follows_angle = true;
}

static size_t count_addresses(struct bytes bare)
{
	struct bytes word;
	size_t n = 0;

	while (bytes_split(&bare, BREAK, &word))
		n += has_at(word);
	return n;
}

/* Every word with an "@" is an address; a single one has the rest as its name. */
static void add_bare_addresses(struct parser *p, size_t count)
{
	struct bytes bare = buf_bytes(&p->bare), word;
	struct buf name;

	buf_init(&name, p->bare.len);
	for (struct bytes rest = bare; count == 1 && bytes_split(&rest, BREAK, &word);) {
		if (has_at(word) || word.len == 0)
			continue;
		if (name.len)
			buf_append_byte(&name, ' ');
		buf_append(&name, word);
	}
	note(p, buf_err(&name));
	while (bytes_split(&bare, BREAK, &word))
		if (has_at(word))
			add(p, name.len ? buf_bytes(&name) : p->comment, word);
	buf_done(&name);
}

/* An address in an encoded word, where RFC 2047 §5 forbids it. */
static bool decodes_to_address(struct parser *p, struct bytes *ret)
{
	note(p, mime_decode_text(p->mem, buf_bytes(&p->phrase), p->charset, ret));
	return p->err == ERR_OK && has_at(*ret) && bytes_index(*ret, ' ') == ret->len;
}

static void end_address(struct parser *p)
{
	struct bytes bare = buf_bytes(&p->bare), decoded;
	size_t count = count_addresses(bare);

	if (count) {
		add_bare_addresses(p, count);
	} else if (p->follows_angle || p->phrase.len == 0) {
		; /* junk behind an address, or nothing */
	} else if (mime_word_len(bare) && decodes_to_address(p, &decoded)) {
		add(p, p->comment, decoded);
	} else if (p->is_quoted || mime_word_len(bare) || bytes_index(bare, BREAK) < bare.len) {
		add(p, buf_bytes(&p->phrase), BYTES_NULL);
	} else {
		add(p, p->comment, bare);
	}
	reset(p);
}

/* A group begins: what was gathered is its name. */
static void take_colon(struct parser *p)
{
	if (count_addresses(buf_bytes(&p->bare)) == 0) {
		reset(p);
	} else {
		put(p, BYTES_LIT(":"), BYTES_LIT(":"));
	}
	p->in = bytes_skip(p->in, 1);
}

static bool is_special(uint8_t c)
{
	return c <= ' ' || strchr("\"(),:;<>\\", c);
}

static void take_word(struct parser *p)
{
	size_t n = mime_word_len(p->in);

	/* An encoded word is one, whatever is in it; so is text up to the next one. */
	if (n == 0)
		do
			n++;
		while (n < p->in.len && !is_special(p->in.at[n]) &&
		       (p->in.at[n] != '=' || !mime_word_len(bytes_skip(p->in, n))));
	put(p, bytes_first(p->in, n), bytes_first(p->in, n));
	p->in = bytes_skip(p->in, n);
}

static void take_token(struct parser *p)
{
	switch (p->in.at[0]) {
	case '"': take_quoted(p); return;
	case '(': take_comment(p); return;
	case '<': take_angle(p); return;
	case ':': take_colon(p); return;
	case ',':
	case ';': end_address(p); break;
	case '>':
	case ')':
	case '\\': p->needs_space = true; break;
	default:
		if (p->in.at[0] > ' ') {
			take_word(p);
			return;
		}
		p->needs_space = true;
	}
	p->in = bytes_skip(p->in, 1);
}

/* Where an address begins: those that need no thought. */
static bool take_everyday(struct parser *p)
{
	struct everyday_address a;

	if (p->bare.len || p->is_quoted || p->follows_angle || !bytes_is_null(p->comment))
		return false;
	while (p->in.len && p->in.at[0] == ' ')
		p->in = bytes_skip(p->in, 1);
	if (!address_everyday(p->in, &a))
		return false;
	add_as_it_is(p, a.name, a.email);
	p->in = bytes_skip(p->in, a.len);
	return true;
}

enum err mime_addresses_append(struct arena *mem, struct bytes value, struct bytes charset,
			       struct address_list *list)
{
	struct parser p = { .mem = mem, .charset = charset, .list = list, .in = value };

	buf_init(&p.phrase, value.len * 2);
	buf_init(&p.bare, value.len * 2);
	while (p.in.len && p.err == ERR_OK && list->count < MIME_ADDRESSES_MAX)
		if (!take_everyday(&p) && p.in.len)
			take_token(&p);
	end_address(&p);
	note(&p, buf_err(&p.phrase));
	note(&p, buf_err(&p.bare));
	buf_done(&p.phrase);
	buf_done(&p.bare);
	return p.err;
}
