/* Events as they go out: blocks of an event stream (the WHATWG's "server-sent
 * events"), and the answer of a long-poll (api-examples.md, "Long-poll"). */
#ifndef ENDPOINT_EVENT_TEXT_H
#define ENDPOINT_EVENT_TEXT_H

#include "base/buf.h"
#include "endpoint/event_filter.h"
#include "state/state.h"
#include "json/writer.h"

/* "event: TYPE", "id: CURSOR", "data: {…}". */
void event_text_block(struct buf *to, enum account_event_type type, struct state_cursor at,
		      struct bytes members);
/* A block that moves the client's Last-Event-ID and is no event to it. */
void event_text_mark(struct buf *to, struct state_cursor at);
/* `reset` of everything: nothing of what came after `after` is known any more; the log
 * ends at `top`. */
void event_text_reset(struct buf *to, struct state_cursor after, struct state_cursor top);

/* {"events":[…],"cursor":…,"hasMore":…} */
struct event_page {
	struct buf body;
	struct json_writer w;
	size_t count;
};

void event_page_begin(struct event_page *p);
/* What of the entries passes. */
void event_page_add(struct event_page *p, const struct event_filter *f,
		    const struct state_entry *entries, size_t count);
void event_page_add_reset(struct event_page *p, struct state_cursor after, struct state_cursor top);
/* The body is complete; buf_done() is the caller's. */
void event_page_end(struct event_page *p, struct state_cursor cursor, bool has_more);

#endif
