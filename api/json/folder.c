#include "json/folder.h"

static void put_rights(struct json_writer *w, const struct folder_rights *r)
{
	json_key(w, "myRights");
	json_object_begin(w);
	json_member_bool(w, "mayReadItems", r->read_items);
	json_member_bool(w, "mayAddItems", r->add_items);
	json_member_bool(w, "mayRemoveItems", r->remove_items);
	json_member_bool(w, "maySetSeen", r->set_seen);
	json_member_bool(w, "maySetKeywords", r->set_keywords);
	json_member_bool(w, "mayCreateChild", r->create_child);
	json_member_bool(w, "mayRename", r->rename);
	json_member_bool(w, "mayDelete", r->delete);
	json_member_bool(w, "maySubmit", r->submit);
	json_object_end(w);
}

void json_folder_id(struct json_writer *w, const struct folder_id *id)
{
	json_put_str(w, id->text[0] ? id->text : NULL);
}

static void put_members(struct json_writer *w, const struct folder *f)
{
	json_member_str(w, "id", f->id.text);
	json_member_string(w, "name", f->name);
	json_key(w, "parentId");
	json_folder_id(w, &f->parent);
	json_member_str(w, "role", folder_role_name(f->role));
	json_member_u64(w, "sortOrder", f->sort_order);
	json_member_bool(w, "isSubscribed", f->is_subscribed);
	json_member_bool(w, "isSelectable", f->is_selectable);
	json_member_count(w, "totalMessages", f->has_counts, f->total);
	json_member_count(w, "unreadMessages", f->has_counts, f->unread);
	put_rights(w, &f->rights);
}

void json_folder(struct json_writer *w, const struct folder *f)
{
	json_object_begin(w);
	put_members(w, f);
	json_object_end(w);
}

void json_folder_changed(struct json_writer *w, const struct folder *f,
			 const struct folder_id *previous)
{
	json_object_begin(w);
	put_members(w, f);
	json_member_str(w, "previousId", previous ? previous->text : NULL);
	json_object_end(w);
}

void json_folder_list(struct json_writer *w, const struct folder_list *l)
{
	json_object_begin(w);
	json_key(w, "folders");
	json_array_begin(w);
	for (size_t i = 0; i < l->count; i++)
		json_folder(w, &l->at[i]);
	json_array_end(w);
	json_object_end(w);
}
