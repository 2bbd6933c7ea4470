/*
 * Entity tags of messages: one part for the keywords, which If-Match of PATCH
 * and DELETE is about, and one for the representation.
 */
#ifndef ENDPOINT_ETAG_H
#define ENDPOINT_ETAG_H

#include "model/keywords.h"

#define ETAG_MESSAGE_MAX 32

void etag_of_message(const struct keywords *k, struct bytes representation,
		     char to[ETAG_MESSAGE_MAX]);
/* Does an If-Match field list a tag of a message with these keywords? */
bool etag_names_keywords(struct bytes if_match, const struct keywords *k);

#endif
