/*
 * What servers do that no RFC says, each with the transcript that shows it
 * (tests/transcripts/imap/). Internal to imap/.
 */
#ifndef IMAP_QUIRKS_H
#define IMAP_QUIRKS_H

#include "imap/response.h"

/* Refusals whose meaning stands in their words only. */
void imap_quirk_fault(struct fault *f, const struct imap_text *t);

#endif
