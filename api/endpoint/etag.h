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

#endif
