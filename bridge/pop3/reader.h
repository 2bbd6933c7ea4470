/*
 * Cuts the byte stream of a POP3 server into status lines and multi-line
 * bodies (RFC 1939 §3): bytes in, in whatever slices the network made, events
 * out, the same for every slicing. Pulled, so that its owner may stop, or free
 * it, after any event:
 *
 *	while ((event = pop3_reader_next(r, &in, &piece)) != POP3_MORE)
 *		switch (event) ...
 *
 * Only CRLF ends a line and only CRLF "." CRLF ends a body: a message with a
 * bare LF before a lone dot must not be able to end itself.
 */
#ifndef POP3_READER_H
#define POP3_READER_H

#include "base/buf.h"

enum pop3_event {
	POP3_MORE,     /* `in` is used up */
	POP3_STATUS,   /* `piece`: a status line without its CRLF; then pop3_reader_body() if one
			* follows */
	POP3_LINE,     /* `piece`: one line of a listing, unstuffed, without CRLF */
	POP3_DATA,     /* `piece`: unstuffed octets of a message, CRLF included */
	POP3_END,      /* of the body */
	POP3_TOO_LONG, /* a line over the limit; nothing follows, whatever is put in */
};

enum pop3_body {
	POP3_BODY_NONE,
	POP3_BODY_LINES,
	POP3_BODY_DATA,
};

struct pop3_reader {
	struct buf line;
	enum pop3_body body;
	enum {
		POP3_AT_START,  /* of a line of a body */
		POP3_AFTER_DOT, /* "." at its start */
		POP3_AFTER_DOT_CR,
		POP3_IN_LINE,
		POP3_AFTER_CR, /* CR in it */
	} at;
	bool is_line_given; /* `line` was the last piece */
	bool failed;
};

/* Status lines and listing lines may have this many octets; messages any. */
void pop3_reader_init(struct pop3_reader *r, size_t line_max_bytes);
void pop3_reader_done(struct pop3_reader *r);
/* After POP3_STATUS: a body of this kind follows. */
void pop3_reader_body(struct pop3_reader *r, enum pop3_body kind);
/* Moves *in behind what was used. `*ret_piece` is borrowed until the next call,
 * or until the memory of `in` goes. */
enum pop3_event pop3_reader_next(struct pop3_reader *r, struct bytes *in, struct bytes *ret_piece);

#endif
