/* PATCH and DELETE /v1/messages/{messageId} */
#include "endpoint/body.h"
#include "endpoint/endpoint.h"
#include "endpoint/etag.h"
#include "endpoint/keyword_patch.h"
#include "endpoint/result.h"
#include "endpoint/user.h"

const struct param_spec delete_message_params[] = {
	{ "permanent", PARAM_BOOL },
	{ 0 },
};

struct message_form {
	struct json_flags keywords;
	struct bytes folder;
	bool has_keywords, has_folder;
};

static const struct json_member message_members[] = {
	{ "keywords", JSON_KIND_FLAGS, offsetof(struct message_form, keywords),
	  .given_offset = offsetof(struct message_form, has_keywords), .max = KEYWORDS_MAX },
	{ "folderId", JSON_KIND_TEXT, offsetof(struct message_form, folder),
	  .given_offset = offsetof(struct message_form, has_folder) },
	{ 0 },
};

struct edit {
	struct request *rq;
	struct action action;
	struct bytes id;
	struct keywords seen; /* what If-Match is compared with */
	struct list_options options;
};

static void on_acted(void *ctx, const struct fault *fault, const struct message_result *results,
		     size_t count)
{
	struct edit *e = ctx;
	struct problem p = problem_of("message-not-found");

	request_op_done(e->rq);
	if (fault)
		answer_fault(e->rq, fault);
	else if (count == 0)
		reply_problem(e->rq, &p);
	else
		answer_result(e->rq, 200, &results[0]);
}

static void act(struct edit *e)
{
	request_wait(e->rq, account_act(user_account(e->rq), request_call(e->rq), &e->action,
					&e->id, 1, on_acted, e));
}

/* The tag names the keywords that the client saw: are they still these? */
static void compare(struct edit *e)
{
	struct problem p = problem_of("precondition-failed");

	if (!etag_names_keywords(request_header(e->rq, "If-Match"), &e->seen)) {
		reply_problem(e->rq, &p);
		return;
	}
	e->action.expected = &e->seen;
	act(e);
}

static void on_summary(void *ctx, const struct fault *fault, const struct summary_list *list)
{
	struct edit *e = ctx;
	struct problem p = problem_of("message-not-found");

	request_op_done(e->rq);
	if (fault) {
		answer_fault(e->rq, fault);
		return;
	}
	if (list->count == 0) {
		reply_problem(e->rq, &p);
		return;
	}
	e->seen = list->ready ? list->ready[0].keywords : list->at[0].keywords;
	compare(e);
}

static void start(struct edit *e)
{
	struct bytes if_match = request_header(e->rq, "If-Match");

	if (bytes_is_null(if_match) || bytes_equal_str(if_match, "*"))
		act(e);
	else if (account_keywords_now(user_account(e->rq), request_arena(e->rq), e->id, &e->seen))
		compare(e);
	else
		request_wait(e->rq, account_get_summaries(user_account(e->rq), request_call(e->rq),
							  &e->id, 1, &e->options, on_summary, e));
}

static struct edit *edit_new(struct request *rq)
{
	struct edit *e = ARENA_NEW(request_arena(rq), struct edit);

	if (!e) {
		request_wait(rq, NULL);
		return NULL;
	}
	e->rq = rq;
	e->id = request_path_param(rq, "messageId");
	return e;
}

void patch_message(struct request *rq)
{
	struct edit *e = edit_new(rq);
	struct message_form f = { 0 };

	if (!e || !body_read(rq, message_members, &f) ||
	    !keyword_patch_read(rq, &f.keywords, &e->action.add, &e->action.remove))
		return;
	if (!f.has_folder && f.keywords.count == 0) {
		body_refuse(rq, "#", "missing-member", "Give keywords, folderId or both.");
		return;
	}
	e->action.kind = f.has_folder ? ACTION_MOVE : ACTION_FLAG;
	e->action.folder = f.folder;
	start(e);
}

void delete_message(struct request *rq)
{
	struct edit *e = edit_new(rq);

	if (!e)
		return;
	e->action.kind = ACTION_DELETE;
	e->action.permanent = request_param_bool(rq, "permanent", false);
	start(e);
}
