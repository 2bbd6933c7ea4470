/* Making, changing, emptying and deleting folders. */
#include <stdio.h>

#include "endpoint/body.h"
#include "endpoint/endpoint.h"
#include "endpoint/user.h"
#include "json/folder.h"

#define FOLDER_MAX_BYTES 16384
#define NAME_MAX_BYTES   255

const struct param_spec empty_folder_params[] = {
	{ "force", PARAM_BOOL },
	{ 0 },
};

/* Whether it is one that this server takes, the server decides. */
static bool name_is_sound(struct request *rq, struct bytes name)
{
	bool is_sound = name.len > 0;

	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] < 0x20 || name.at[i] == 0x7f)
			is_sound = false;
	if (!is_sound)
		body_refuse(rq, "#/name", "invalid-value", "A name without control characters.");
	return is_sound;
}

/* --- POST /v1/folders ------------------------------------------------------- */

struct new_folder_form {
	struct bytes name, parent;
};

static const struct json_member new_folder_members[] = {
	{ "name", JSON_KIND_TEXT, offsetof(struct new_folder_form, name), .is_required = true,
	  .given_offset = JSON_NOT_MARKED, .max = NAME_MAX_BYTES },
	{ "parentId", JSON_KIND_TEXT, offsetof(struct new_folder_form, parent), .is_nullable = true,
	  .given_offset = JSON_NOT_MARKED },
	{ 0 },
};

static void on_created(void *ctx, const struct fault *fault, const struct folder *folder)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;
	char location[64];

	if (!answer_took(rq, fault))
		return;
	snprintf(location, sizeof location, "/v1/folders/%s", folder->id.text);
	reply_header(rq, "Location", bytes_of_str(location));
	buf_init(&body, FOLDER_MAX_BYTES);
	w = json_writer_of(&body);
	json_folder(&w, folder);
	reply_json(rq, 201, &body, BYTES_NULL);
}

void post_folders(struct request *rq)
{
	struct new_folder_form f = { 0 };

	if (!body_read(rq, new_folder_members, &f) || !name_is_sound(rq, f.name))
		return;
	request_wait(rq, account_create_folder(user_account(rq), request_call(rq), f.name, f.parent,
					       on_created, rq));
}

/* --- PATCH /v1/folders/{folderId} ------------------------------------------- */

struct folder_form {
	struct bytes name, parent;
	bool is_subscribed;
	bool has_name, has_parent, has_subscribed;
};

static const struct json_member folder_members[] = {
	{ "name", JSON_KIND_TEXT, offsetof(struct folder_form, name),
	  .given_offset = offsetof(struct folder_form, has_name), .max = NAME_MAX_BYTES },
	{ "parentId", JSON_KIND_TEXT, offsetof(struct folder_form, parent), .is_nullable = true,
	  .given_offset = offsetof(struct folder_form, has_parent) },
	{ "isSubscribed", JSON_KIND_BOOL, offsetof(struct folder_form, is_subscribed),
	  .given_offset = offsetof(struct folder_form, has_subscribed) },
	{ 0 },
};

static void on_edited(void *ctx, const struct fault *fault, const struct folder *folder,
		      const struct folder_id *previous)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;

	if (!answer_took(rq, fault))
		return;
	buf_init(&body, FOLDER_MAX_BYTES);
	w = json_writer_of(&body);
	json_folder_changed(&w, folder, previous);
	reply_json(rq, 200, &body, BYTES_NULL);
}

void patch_folder(struct request *rq)
{
	struct folder_edit *e = ARENA_NEW(request_arena(rq), struct folder_edit);
	struct folder_form f = { 0 };

	if (!e) {
		request_wait(rq, NULL);
		return;
	}
	if (!body_read(rq, folder_members, &f))
		return;
	if (!f.has_name && !f.has_parent && !f.has_subscribed) {
		body_refuse(rq, "#", "missing-member", "Give name, parentId or isSubscribed.");
		return;
	}
	if (f.has_name && !name_is_sound(rq, f.name))
		return;
	*e = (struct folder_edit){ .name = f.name,
				   .set_parent = f.has_parent,
				   .parent = f.parent,
				   .set_subscribed = f.has_subscribed,
				   .is_subscribed = f.is_subscribed };
	request_wait(rq, account_edit_folder(user_account(rq), request_call(rq),
					     request_path_param(rq, "folderId"), e, on_edited, rq));
}

/* --- DELETE /v1/folders/{folderId} ------------------------------------------ */

static void on_deleted(void *ctx, const struct fault *fault)
{
	struct request *rq = ctx;

	request_op_done(rq);
	if (fault)
		answer_fault(rq, fault);
	else
		reply_empty(rq, 204);
}

void delete_folder(struct request *rq)
{
	request_wait(rq, account_delete_folder(user_account(rq), request_call(rq),
					       request_path_param(rq, "folderId"), on_deleted, rq));
}

/* --- POST /v1/folders/{folderId}/empty -------------------------------------- */

static void on_emptied(void *ctx, const struct fault *fault, uint64_t count)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;

	if (!answer_took(rq, fault))
		return;
	buf_init(&body, FOLDER_MAX_BYTES);
	w = json_writer_of(&body);
	json_object_begin(&w);
	json_member_u64(&w, "removed", count);
	json_object_end(&w);
	reply_json(rq, 200, &body, BYTES_NULL);
}

void post_folder_empty(struct request *rq)
{
	request_set_bulk(rq);
	request_extend_deadline(rq, BULK_TIMEOUT_MS);
	request_wait(rq,
		     account_empty_folder(user_account(rq), request_call(rq),
					  request_path_param(rq, "folderId"),
					  request_param_bool(rq, "force", false), on_emptied, rq));
}
