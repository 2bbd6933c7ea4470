#include "command_reader.h"

#include <stdlib.h>

#define SECTION "BODY.PEEK["

struct reader {
	const uint8_t *at, *end;
	struct command *c;
	size_t cap;
	const char *fault;
};

static int peek(const struct reader *r)
{
	return !r->fault && r->at < r->end ? *r->at : -1;
}

static void fault(struct reader *r, const char *what)
{
	if (!r->fault)
		r->fault = what;
}

static void add(struct reader *r, int kind, struct buf *value)
{
	if (r->c->count == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->c->at = realloc(r->c->at, r->cap * sizeof *r->c->at);
	}
	r->c->at[r->c->count++] = (struct command_token){
		.kind = kind,
		.value =
			value ? bytes_dup_str(value->len ? buf_bytes(value) : BYTES_LIT("")) : NULL,
		.len = value ? value->len : 0,
	};
}

/* quoted = DQUOTE *(TEXT-CHAR but quoted-specials / "\" quoted-specials) DQUOTE */
static void read_quoted(struct reader *r)
{
	struct buf value;

	buf_init(&value, SIZE_MAX);
	for (r->at++; peek(r) != '"' && !r->fault; r->at++) {
		if (peek(r) == '\\' && r->end - r->at > 1 && r->at[1] != '"' && r->at[1] != '\\')
			fault(r, "an escape of what needs none");
		else if (peek(r) == '\\')
			r->at++;
		if (peek(r) <= 0 || peek(r) == '\r' || peek(r) == '\n')
			fault(r, "a line end, NUL or the end inside a quoted string");
		else
			buf_append_byte(&value, *r->at);
	}
	r->at++;
	add(r, COMMAND_STRING, &value);
	buf_done(&value);
}

static void read_literal(struct reader *r)
{
	struct buf value;
	size_t n = 0, digits = 0;

	for (r->at++; peek(r) >= '0' && peek(r) <= '9' && digits < 9; digits++)
		n = n * 10 + (size_t)(*r->at++ - '0');
	if (peek(r) == '+')
		r->at++;
	else
		r->c->waits++;
	if (digits == 0 || r->end - r->at < 3 || memcmp(r->at, "}\r\n", 3) != 0) {
		fault(r, "a literal's length that is none");
		return;
	}
	r->at += 3;
	if ((size_t)(r->end - r->at) < n || memchr(r->at, 0, n)) {
		fault(r, "a literal that is short or holds NUL");
		return;
	}
	buf_init(&value, SIZE_MAX);
	buf_append(&value, bytes_of(r->at, n));
	r->at += n;
	add(r, COMMAND_STRING, &value);
	buf_done(&value);
}

static void read_atom(struct reader *r)
{
	struct buf value;

	buf_init(&value, SIZE_MAX);
	while (peek(r) > 0x20 && peek(r) < 0x7f && !strchr("(){\"", peek(r))) {
		buf_append_byte(&value, *r->at++);
		if (bytes_equal_str(buf_bytes(&value), SECTION))
			break;
	}
	if (value.len == 0)
		fault(r, "a token is missing");
	add(r, COMMAND_ATOM, &value);
	buf_done(&value);
}

static void read_token(struct reader *r)
{
	/* literal8 = "~{" ... (RFC 3516) */
	if (peek(r) == '~' && r->end - r->at > 1 && r->at[1] == '{')
		r->at++;
	if (peek(r) == '"')
		read_quoted(r);
	else if (peek(r) == '{')
		read_literal(r);
	else
		read_atom(r);
}

static bool after_bracket(const struct reader *r)
{
	const struct command_token *last = &r->c->at[r->c->count - 1];

	return last->kind == COMMAND_ATOM && strcmp(last->value, SECTION) == 0;
}

/* Tokens and lists up to the end of the line. */
static void read_tokens(struct reader *r)
{
	int depth = 0;
	bool needs_token = true;

	while (!r->fault && (peek(r) != '\r' || needs_token)) {
		if (peek(r) == '(') {
			r->at++;
			depth++;
			add(r, COMMAND_OPEN, NULL);
			needs_token = peek(r) != ')';
			continue;
		}
		if (peek(r) == ')' && depth && !needs_token) {
			r->at++;
			depth--;
			add(r, COMMAND_CLOSE, NULL);
			/* Behind the fields of a section: "]<0.5>". */
			if (peek(r) == ']')
				read_atom(r);
		} else {
			read_token(r);
		}
		needs_token = peek(r) == ' ' || after_bracket(r);
		if (peek(r) == ' ')
			r->at++;
		else if (!needs_token && peek(r) != ')' && peek(r) != '\r')
			fault(r, "a space is missing");
	}
	if (depth)
		fault(r, "a list is not closed");
}

const char *command_read(struct bytes text, struct command *ret)
{
	struct reader r = { .at = text.at, .end = text.at + text.len, .c = ret };

	*ret = (struct command){ 0 };
	read_tokens(&r);
	if (!r.fault && (r.end - r.at != 2 || memcmp(r.at, "\r\n", 2) != 0))
		fault(&r, "more or less than one command");
	return r.fault;
}

void command_done(struct command *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->at[i].value);
	free(c->at);
}
