/*
 * A whole message as bytes, understood as an IMAP server would: the tree of
 * parts with the same section numbers and the sizes of BODYSTRUCTURE, and the
 * bytes of every section. This is what POP3 accounts and `mbparse mime` read
 * messages with; with IMAP the server does it.
 *
 * Line ends may be CRLF or LF; sizes count CRLF as IMAP does. One pass, linear in
 * the size whatever the message contains: nesting beyond PART_DEPTH_MAX becomes a
 * part without children, parts beyond PARTS_MAX are left out.
 *
 * Malformed messages: a header block without a single field is body; a multipart
 * in which no part begins is text (servers show nothing then); lines in a header
 * that are no fields are passed over.
 */
#ifndef MIME_MESSAGE_H
#define MIME_MESSAGE_H

#include "model/part.h"

struct mime_message {
	struct part *root;   /* with names and charsets decoded */
	struct bytes header; /* of the message, with the empty line at its end */
	struct mime_section *sections;
	size_t section_count;
};

/* All memory is mem's, but for header and sections, which borrow from `message`.
 * ERR_NOMEM; ERR_INVALID when there is not a single byte. */
MUST_CHECK enum err mime_message_parse(struct arena *mem, struct bytes message,
				       struct mime_message *ret);

/* The bytes of a section as in BODY[...]: "HEADER", "TEXT", "1", "1.2.MIME",
 * "2.HEADER", "2.TEXT"; "" is the whole message. Line ends are as they came.
 * False when there is no such section. */
bool mime_message_section(const struct mime_message *m, struct bytes section, struct bytes *ret);

#endif
