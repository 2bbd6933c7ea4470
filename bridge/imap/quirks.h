/*
 * What servers do that no RFC says, each with the dialogue that shows it
 * (tests/transcripts/imap/dialogue/). Internal to imap/.
 */
#ifndef IMAP_QUIRKS_H
#define IMAP_QUIRKS_H

#include "imap/response.h"

/* Refusals whose meaning stands in their words only. */
void imap_quirk_fault(struct fault *f, const struct imap_text *t);

/* Is this answer to a FETCH about one bad message of those asked for, rather than about
 * the server? Some of them came (`any_came`) before it. */
bool imap_quirk_is_bad_message(const struct fault *refused, bool any_came);

/* Was AUTHENTICATE refused only for its initial response, which the server had said it
 * takes (SASL-IR)? */
bool imap_quirk_wants_no_initial_response(enum imap_status status, const struct imap_text *t);

#endif
