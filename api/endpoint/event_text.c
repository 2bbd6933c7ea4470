#include "endpoint/event_text.h"

#include "account/account.h"
#include "base/clock.h"
#include "endpoint/event_cursor.h"
#include "json/event.h"

#define PAGE_MAX_BYTES    (64u << 20) /* a page of the log, or one event larger than that */
#define MEMBERS_MAX_BYTES 1024

static void put_event(struct json_writer *w, struct state_cursor at, struct bytes members)
{
	char id[EVENT_CURSOR_BYTES];

	event_cursor_format(at, id);
	json_event(w, bytes_of_str(id), members);
}

void event_text_mark(struct buf *to, struct state_cursor at)
{
	char id[EVENT_CURSOR_BYTES];

	event_cursor_format(at, id);
	buf_printf(to, "id: %s\n\n", id);
}

void event_text_block(struct buf *to, enum account_event_type type, struct state_cursor at,
		      struct bytes members)
{
	struct json_writer w = json_writer_of(to);
	char id[EVENT_CURSOR_BYTES];

	event_cursor_format(at, id);
	buf_printf(to, "event: %s\nid: %s\ndata: ", account_event_name(type), id);
	json_event(&w, bytes_of_str(id), members);
	buf_append_str(to, "\n\n");
}

/* --- reset ------------------------------------------------------------------- */

/* A cursor from beyond the end is of a log that no longer exists. */
static const char *reset_reason(struct state_cursor after, struct state_cursor top)
{
	bool is_older = after.epoch && state_cursor_compare(after, top) < 0;

	return is_older ? "log-expired" : "log-lost";
}

static void put_reset_members(struct buf *to, struct state_cursor after, struct state_cursor top)
{
	struct json_writer w = json_writer_of(to);

	json_event_members(&w, &(struct account_event){ .type = EVENT_RESET,
							.at = clock_wall_ms() / 1000,
							.reason = reset_reason(after, top) });
}

void event_text_reset(struct buf *to, struct state_cursor after, struct state_cursor top)
{
	struct buf members;

	buf_init(&members, MEMBERS_MAX_BYTES);
	put_reset_members(&members, after, top);
	event_text_block(to, EVENT_RESET, top, buf_bytes(&members));
	buf_done(&members);
}

/* --- pages --------------------------------------------------------------------- */

void event_page_begin(struct event_page *p)
{
	buf_init(&p->body, PAGE_MAX_BYTES);
	p->w = json_writer_of(&p->body);
	p->count = 0;
	json_object_begin(&p->w);
	json_key(&p->w, "events");
	json_array_begin(&p->w);
}

void event_page_add(struct event_page *p, const struct event_filter *f,
		    const struct state_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum account_event_type type;
		struct folder_id folder;
		struct bytes members;

		if (!account_entry_parse(entries[i].data, &type, &folder, &members) ||
		    !event_filter_passes(f, type, &folder))
			continue;
		put_event(&p->w, entries[i].at, members);
		p->count++;
	}
}

void event_page_add_reset(struct event_page *p, struct state_cursor after, struct state_cursor top)
{
	struct buf members;

	buf_init(&members, MEMBERS_MAX_BYTES);
	put_reset_members(&members, after, top);
	put_event(&p->w, top, buf_bytes(&members));
	buf_done(&members);
	p->count++;
}

void event_page_end(struct event_page *p, struct state_cursor cursor, bool has_more)
{
	char id[EVENT_CURSOR_BYTES];

	event_cursor_format(cursor, id);
	json_array_end(&p->w);
	json_member_str(&p->w, "cursor", id);
	json_member_bool(&p->w, "hasMore", has_more);
	json_object_end(&p->w);
}
