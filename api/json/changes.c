#include "json/changes.h"

#include "json/summary.h"

static void put_created(struct json_writer *w, const struct json_changes *c)
{
	json_key(w, "created");
	json_array_begin(w);
	for (size_t i = 0; i < c->created_count; i++)
		json_summary_ready(w, &c->created[i]);
	json_array_end(w);
}

static void put_updated(struct json_writer *w, const struct json_changes *c)
{
	json_key(w, "updated");
	json_array_begin(w);
	for (size_t i = 0; i < c->updated_count; i++) {
		json_object_begin(w);
		json_key(w, "id");
		json_message_id(w, &c->updated[i].id);
		json_key(w, "keywords");
		json_keywords(w, &c->updated[i].keywords);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_destroyed(struct json_writer *w, const struct json_changes *c)
{
	json_key(w, "destroyed");
	json_array_begin(w);
	for (size_t i = 0; i < c->destroyed_count; i++)
		json_message_id(w, &c->destroyed[i]);
	json_array_end(w);
}

void json_changes(struct json_writer *w, const struct json_changes *c)
{
	json_object_begin(w);
	json_member_str(w, "folderId", c->folder->text);
	json_member_string(w, "oldState", c->old_state);
	json_member_string(w, "newState", c->new_state);
	json_member_bool(w, "hasMoreChanges", c->has_more);
	put_created(w, c);
	put_updated(w, c);
	put_destroyed(w, c);
	json_object_end(w);
}
