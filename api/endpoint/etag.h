/*
 * Entity tags of messages: one part for the keywords, which If-Match of PATCH
 * and DELETE is about, and one for the rest of the representation. Where a
 * message never changes but for its keywords (IMAP: RFC 9051 §2.3.1.1) the latter
 * names what was asked for, so that a tag is known before the message is read.
 */
#ifndef ENDPOINT_ETAG_H
#define ENDPOINT_ETAG_H

#include "model/keywords.h"

#define ETAG_MESSAGE_MAX 32

/* `rest`: what distinguishes the representation but for the keywords. */
void etag_of_message(const struct keywords *k, struct bytes rest, char to[ETAG_MESSAGE_MAX]);
/* Does an If-Match field list a tag of a message with these keywords? */
bool etag_names_keywords(struct bytes if_match, const struct keywords *k);

#endif
