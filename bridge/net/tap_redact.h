/*
 * What net/tap.h replaces, as pure functions: same length in, same length out.
 */
#ifndef NET_TAP_REDACT_H
#define NET_TAP_REDACT_H

#include "base/bytes.h"

void redact_all(uint8_t *at, size_t n);
/* Each occurrence of `secret`. */
void redact_text(uint8_t *at, size_t n, struct bytes secret);
/* Quoted strings of a line of a FETCH response, but for what is no secret. */
void redact_fetch_line(uint8_t *at, size_t n);

/* Message content that passes in pieces: line ends stay, and, in headers, the
 * names of the fields. */
struct redact_content {
	bool in_header;
	enum {
		REDACT_LINE_START,
		REDACT_NAME,
		REDACT_REST,
	} place;
};

void redact_content(struct redact_content *c, uint8_t *at, size_t n);

/* The octets of a literal that the line (without CRLF) announces; false: none. */
bool redact_literal_size(struct bytes line, uint64_t *ret_bytes);
/* Does that literal of a FETCH response begin with a message's header? */
bool redact_literal_has_header(struct bytes line);

#endif
