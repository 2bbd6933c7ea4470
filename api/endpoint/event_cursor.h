/*
 * Cursors of the event feed: "e1." epoch "-" sequence number, both in base 36. What
 * looks like one but was never given, or is no longer good, is for the log to say.
 */
#ifndef ENDPOINT_EVENT_CURSOR_H
#define ENDPOINT_EVENT_CURSOR_H

#include "state/state.h"

#define EVENT_CURSOR_BYTES 32 /* with the NUL */

void event_cursor_format(struct state_cursor c, char to[EVENT_CURSOR_BYTES]);
/* False unless text is exactly what event_cursor_format() writes. */
MUST_CHECK bool event_cursor_parse(struct bytes text, struct state_cursor *ret);

#endif
