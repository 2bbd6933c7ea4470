/*
 * Writes what passes over a stream as a transcript, for bug reports and tests:
 * `./dev record` makes one, unit tests play it. What is private is replaced
 * before it is written.
 *
 * A transcript is lines of text, each one of
 *
 *	S: text     the server sent text and CRLF
 *	S- text     the server sent text and no line end; \r, \n, \\ are escapes
 *	C: text     the client sent text and CRLF
 *	C~ text     the client sent a line that began with text; the rest is secret
 *	C- N        the client sent a literal of N octets
 *	X:          the connection was closed
 *	# text      a remark
 *
 * Replaced by as many x's: quoted strings and literals in FETCH responses (but
 * for dates, the well-known words of BODYSTRUCTURE, line ends, and the names of
 * header fields), messages in POP3, what a server says in a SASL exchange, and
 * everywhere the texts that are to be hidden. Left out: the arguments of LOGIN,
 * AUTHENTICATE, USER, PASS, APOP and AUTH, and the client's side of a SASL
 * exchange. Folder names, flags and search terms stay: read it before you give
 * it away.
 */
#ifndef NET_TAP_H
#define NET_TAP_H

#include "base/bytes.h"

enum tap_protocol {
	TAP_IMAP,
	TAP_POP3,
};

/* Text to be added to the transcript. */
typedef void tap_write_cb(void *ctx, struct bytes text);

struct tap;

/* `hide` (NULL: nothing) is replaced wherever the server says it: the user's
 * name. NULL when memory is short. */
struct tap *tap_new(enum tap_protocol protocol, const char *hide, tap_write_cb *write, void *ctx);
/* Writes what was begun. NULL is fine. */
void tap_free(struct tap *t);

/* A stream_tap_cb. */
void tap_data(void *tap, bool outgoing, struct bytes data);
void tap_closed(struct tap *t);

#endif
