/*
 * Cuts the byte stream of an IMAP server into whole responses (RFC 9051 §7,
 * RFC 3501 §7): bytes in, in whatever slices the network made, events out. The
 * events do not depend on the slicing.
 *
 * A response ends with its line, except that a line that ends with {n}, {n+}
 * or ~{n} goes on with n octets and another line. In status responses (OK, NO,
 * BAD, BYE, PREAUTH, tagged or not) and continuation requests the text is free
 * and may end so: there the line is always the end. Empty lines between
 * responses are skipped, and a bare LF is taken for a CRLF.
 *
 * It is pulled, so its owner may stop, or free it, after any event:
 *
 *	while ((event = imap_framer_next(f, &in, &frame)) != IMAP_FRAMER_MORE)
 *		switch (event) ...
 */
#ifndef IMAP_FRAMER_H
#define IMAP_FRAMER_H

#include "base/buf.h"
#include "imap/limits.h"

enum imap_framer_event {
	IMAP_FRAMER_MORE,     /* `in` is used up, more is needed */
	IMAP_FRAMER_RESPONSE, /* `frame` is a whole response */
	IMAP_FRAMER_LITERAL,  /* a literal begins; call imap_framer_stream() to have it streamed */
	IMAP_FRAMER_DATA,     /* a piece of a streamed literal */
	IMAP_FRAMER_BAD,      /* `frame->err`; nothing follows, whatever is put in */
};

/* A literal that was streamed: it stands in the text with its header, but
 * without its octets. */
struct imap_streamed {
	size_t offset;       /* in the text, behind the header's line end */
	uint64_t size_bytes; /* as announced, and all of it was delivered */
};

/* So many per response; the literals after them are kept. */
#define IMAP_STREAMED_MAX 16

/* Everything is borrowed until the next call, or until the memory of `in` goes. */
struct imap_frame {
	struct bytes text;                    /* RESPONSE: without the last line end;
					       * LITERAL: up to and with the literal's header */
	const struct imap_streamed *streamed; /* RESPONSE, ascending */
	size_t streamed_count;
	uint64_t literal_bytes; /* LITERAL: its size; DATA: what is still to come */
	bool is_literal8;       /* LITERAL: announced by ~{ */
	struct bytes data;      /* DATA */
	uint64_t offset;        /* in the stream: where the response began; BAD: the fault */
	enum err err;           /* BAD: ERR_PROTO, ERR_TOO_BIG or ERR_NOMEM */
	const char *reason;     /* BAD: a sentence */
};

struct imap_framer;

/* NULL when memory is short. `limits` are copied. */
struct imap_framer *imap_framer_new(const struct imap_limits *limits);
void imap_framer_free(struct imap_framer *f);

/* Takes bytes from the front of `in` up to the next event. */
enum imap_framer_event imap_framer_next(struct imap_framer *f, struct bytes *in,
					struct imap_frame *ret);

/* Only directly after IMAP_FRAMER_LITERAL: its octets come as
 * IMAP_FRAMER_DATA. Without this call they are kept in the response. A literal
 * of 0 octets gives no data. */
void imap_framer_stream(struct imap_framer *f);

/* Changes limits.ask_above_bytes from the next literal on. With 0 every
 * literal but the empty ones is asked about. */
void imap_framer_ask_above(struct imap_framer *f, uint64_t bytes);

/* Is it between two responses, with nothing of the next one read? */
bool imap_framer_is_idle(const struct imap_framer *f);

#endif
