/* Which events a client wants: folders= and types= of GET /v1/events. */
#ifndef ENDPOINT_EVENT_FILTER_H
#define ENDPOINT_EVENT_FILTER_H

#include "model/event.h"

#define EVENT_FILTER_FOLDERS_MAX 100

struct event_filter {
	unsigned types;            /* bits by account_event_type; 0: all */
	struct folder_id *folders; /* NULL: all; whose they are says who has it */
	size_t folder_count;
};

/* Reads "message.created,folder.deleted" into filter->types; false: there is no such
 * type, and *ret_bad names it. */
MUST_CHECK bool event_filter_types(struct event_filter *f, struct bytes types,
				   struct bytes *ret_bad);
/* An event of the account itself, and `reset`, pass every filter. `folder` "": none. */
bool event_filter_passes(const struct event_filter *f, enum account_event_type type,
			 const struct folder_id *folder);

#endif
