/* The parse behind message.h: entities (RFC 2045 §2.4) with offsets, before they
 * get their numbers. */
#ifndef MIME_ENTITY_H
#define MIME_ENTITY_H

#include "model/part.h"

struct entity {
	struct part part;         /* what its header says; sizes and numbers not yet */
	size_t header, body, end; /* offsets: header block, body, behind the body */
	struct entity *parent;    /* multipart, or the part that this message is in */
	struct entity *first, *last, *next;
	size_t child_count;
	struct entity *message; /* the message inside a message/rfc822 */
	struct bytes boundary;  /* null: nothing to look for (any more) */
	unsigned depth;
};

static inline bool entity_is_multipart(const struct entity *e)
{
	return e->first != NULL;
}

/* The root; in mem. NULL when memory is short. */
struct entity *entity_parse(struct arena *mem, struct bytes message, size_t *ret_count);

#endif
