#include "json/event.h"

#include "json/folder.h"
#include "json/summary.h"

static void put_folder_id(struct json_writer *w, const struct folder_id *id)
{
	json_key(w, "folderId");
	json_folder_id(w, id);
}

static void put_created(struct json_writer *w, const struct account_event *ev)
{
	put_folder_id(w, &ev->folder);
	json_key(w, "message");
	json_summary(w, ev->message);
	json_key(w, "movedFrom");
	if (ev->has_moved_from)
		json_message_id(w, &ev->moved_from);
	else
		json_put_null(w);
}

static void put_updated(struct json_writer *w, const struct account_event *ev)
{
	put_folder_id(w, &ev->folder);
	json_key(w, "updates");
	json_array_begin(w);
	for (size_t i = 0; i < ev->count; i++) {
		json_object_begin(w);
		json_key(w, "id");
		json_message_id(w, &ev->updates[i].id);
		json_key(w, "keywords");
		json_keywords(w, &ev->updates[i].keywords);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_deleted(struct json_writer *w, const struct account_event *ev)
{
	char from[ID_TEXT_MAX + 1];

	put_folder_id(w, &ev->folder);
	json_key(w, "ids");
	json_array_begin(w);
	for (size_t i = 0; i < ev->count; i++)
		json_message_id(w, &ev->ids[i]);
	json_array_end(w);
	json_key(w, "movedTo");
	json_object_begin(w);
	for (size_t i = 0; i < ev->moved_count; i++) {
		message_id_format(&ev->moved[i].from, from);
		json_key_bytes(w, bytes_of_str(from));
		json_message_id(w, &ev->moved[i].to);
	}
	json_object_end(w);
}

static void put_folder_updated(struct json_writer *w, const struct account_event *ev)
{
	static const struct folder_id none = { "" };

	json_key(w, "folder");
	json_folder(w, ev->folder_now);
	json_key(w, "previousId");
	json_folder_id(w, ev->has_previous_id ? &ev->previous_id : &none);
}

static void put_disconnected(struct json_writer *w, const struct account_event *ev)
{
	json_member_str(w, "reason", ev->reason);
	json_key(w, "retryAt");
	if (ev->retry_at)
		json_instant(w, ev->retry_at);
	else
		json_put_null(w);
}

void json_event_members(struct json_writer *w, const struct account_event *ev)
{
	json_member_str(w, "type", account_event_name(ev->type));
	json_key(w, "at");
	json_instant(w, ev->at);
	switch (ev->type) {
	case EVENT_MESSAGE_CREATED: put_created(w, ev); break;
	case EVENT_MESSAGE_UPDATED: put_updated(w, ev); break;
	case EVENT_MESSAGE_DELETED: put_deleted(w, ev); break;
	case EVENT_FOLDER_CREATED:
		json_key(w, "folder");
		json_folder(w, ev->folder_now);
		break;
	case EVENT_FOLDER_UPDATED: put_folder_updated(w, ev); break;
	case EVENT_FOLDER_DELETED: put_folder_id(w, &ev->folder); break;
	case EVENT_ACCOUNT_CONNECTED: json_member_str(w, "push", ev->push); break;
	case EVENT_ACCOUNT_DISCONNECTED: put_disconnected(w, ev); break;
	case EVENT_RESET:
		json_member_str(w, "reason", ev->reason);
		put_folder_id(w, &ev->folder);
		break;
	}
}

void json_event(struct json_writer *w, struct bytes id, struct bytes members)
{
	json_object_begin(w);
	json_member_string(w, "id", id);
	json_put_raw(w, members);
	json_object_end(w);
}
