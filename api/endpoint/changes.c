/* /v1/folders/{folderId}/changes: what became of a folder, for clients that keep lists. */
#include "json/changes.h"
#include "endpoint/endpoint.h"
#include "endpoint/user.h"

#define CHANGES_MAX_BYTES (32 << 20)
#define STATE_TEXT_MAX    200

const struct param_spec list_changes_params[] = {
	{ "sinceState", PARAM_TEXT, .max = STATE_TEXT_MAX },
	{ "limit", PARAM_UINT, .min = 1, .max = LIST_LIMIT_MAX, .hint = "limit is 1 to 500." },
	{ 0 },
};

static void on_changes(void *ctx, const struct fault *fault, const struct folder_changes *c)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;

	if (!answer_took(rq, fault))
		return;
	buf_init(&body, CHANGES_MAX_BYTES);
	w = json_writer_of(&body);
	json_changes(&w, &(struct json_changes){ .folder = &c->folder,
						 .old_state = c->old_state,
						 .new_state = c->new_state,
						 .has_more = c->has_more,
						 .created = c->created,
						 .updated = c->updated,
						 .destroyed = c->destroyed,
						 .created_count = c->created_count,
						 .updated_count = c->updated_count,
						 .destroyed_count = c->destroyed_count });
	reply_json(rq, 200, &body, BYTES_NULL);
}

void get_folder_changes(struct request *rq)
{
	uint32_t limit = (uint32_t)request_param_uint(rq, "limit", LIST_LIMIT_MAX);
	struct problem p = problem_of("invalid-request");

	if (!request_has_param(rq, "sinceState")) {
		problem_add_parameter(
			&p, "sinceState", "missing-parameter",
			"Give the state of a list, or the newState of earlier changes.");
		reply_problem(rq, &p);
		return;
	}
	request_wait(rq, account_folder_changes(user_account(rq), request_call(rq),
						request_path_param(rq, "folderId"),
						request_param(rq, "sinceState"), limit, on_changes,
						rq));
}
