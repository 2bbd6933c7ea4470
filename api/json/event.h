/* What happens in an account (api-examples.md, "Events"). */
#ifndef JSON_EVENT_H
#define JSON_EVENT_H

#include "model/event.h"
#include "json/writer.h"

/* All members but `id`, which is the cursor in the log. No line ends among them. */
void json_event_members(struct json_writer *w, const struct account_event *ev);
/* The event as clients see it, from those members. */
void json_event(struct json_writer *w, struct bytes id, struct bytes members);

#endif
