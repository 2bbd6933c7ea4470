#include "json/list.h"

#include "json/folder.h"
#include "json/summary.h"

/* What the members of ready summaries take, about: the buffer need not grow then. */
#define READY_MORE_BYTES 120

static void make_room(struct json_writer *w, const struct json_list *l)
{
	size_t n = 1024;

	for (size_t i = 0; l->ready && i < l->count; i++)
		n += l->ready[i].lasting.len + l->ready[i].preview.len + READY_MORE_BYTES;
	(void)buf_reserve(w->to, n);
}

static void put_messages(struct json_writer *w, const struct json_list *l)
{
	make_room(w, l);
	json_key(w, "messages");
	json_array_begin(w);
	for (size_t i = 0; i < l->count; i++)
		if (l->ready)
			json_summary_ready(w, &l->ready[i]);
		else
			json_summary(w, &l->messages[i]);
	json_array_end(w);
}

static void put_incomplete(struct json_writer *w, const struct json_list *l)
{
	json_key(w, "incomplete");
	json_array_begin(w);
	for (size_t i = 0; i < l->incomplete_count; i++) {
		json_object_begin(w);
		json_key(w, "folderId");
		json_folder_id(w, &l->incomplete[i].folder);
		json_member_str(w, "code", l->incomplete[i].code);
		json_object_end(w);
	}
	json_array_end(w);
}

void json_list(struct json_writer *w, const struct json_list *l)
{
	json_object_begin(w);
	put_messages(w, l);
	json_member_count(w, "total", l->has_total, l->total);
	json_member_count(w, "position", l->has_position, l->position);
	json_member_string(w, "state", l->state);
	json_member_string(w, "nextCursor", l->next_cursor);
	put_incomplete(w, l);
	json_key(w, "notFound");
	json_strings(w, &l->not_found);
	json_object_end(w);
}
