/*
 * A strict reader of IMAP commands that shares no code with the encoder: what
 * a pedantic server would see. Also used by the fuzz target.
 */
#ifndef UNIT_COMMAND_READER_H
#define UNIT_COMMAND_READER_H

#include "base/buf.h"

enum { COMMAND_ATOM, COMMAND_STRING, COMMAND_OPEN, COMMAND_CLOSE };

struct command_token {
	int kind;
	char *value; /* owned; NULL for parentheses; holds no NUL by definition */
	size_t len;
};

struct command {
	struct command_token *at;
	size_t count;
	size_t waits; /* literals that wait for a continuation */
};

/* Reads exactly one command with its CRLF and nothing behind it. NULL, or what
 * is wrong with it. Between two tokens stands exactly one space, none at the
 * inside of parentheses. Sections (BODY.PEEK[...]) become atoms up to the bracket,
 * then their tokens between COMMAND_OPEN and COMMAND_CLOSE, then an atom. */
const char *command_read(struct bytes text, struct command *ret);
void command_done(struct command *c);

#endif
