/* POST /v1/messages/actions: one thing done to many messages. */
#include <stdio.h>

#include "endpoint/body.h"
#include "endpoint/endpoint.h"
#include "endpoint/filters.h"
#include "endpoint/keyword_patch.h"
#include "endpoint/result.h"
#include "endpoint/user.h"

#define ANSWER_MAX_BYTES (16 << 20)

struct action_form {
	struct bytes action, folder;
	struct bytes_list ids;
	struct filter_form select;
	struct json_flags keywords;
	bool permanent;
	bool has_ids, has_select, has_keywords, has_folder, has_permanent;
};

static const struct json_member action_members[] = {
	{ "action", JSON_KIND_TEXT, offsetof(struct action_form, action), .is_required = true,
	  .given_offset = JSON_NOT_MARKED, .choices = "flag,move,copy,delete" },
	{ "ids", JSON_KIND_TEXTS, offsetof(struct action_form, ids),
	  .given_offset = offsetof(struct action_form, has_ids), .max = ACTION_IDS_MAX },
	{ "select", JSON_KIND_OBJECT, offsetof(struct action_form, select),
	  .given_offset = offsetof(struct action_form, has_select), .members = filter_members },
	{ "keywords", JSON_KIND_FLAGS, offsetof(struct action_form, keywords),
	  .given_offset = offsetof(struct action_form, has_keywords), .max = KEYWORDS_MAX },
	{ "folderId", JSON_KIND_TEXT, offsetof(struct action_form, folder),
	  .given_offset = offsetof(struct action_form, has_folder) },
	{ "permanent", JSON_KIND_BOOL, offsetof(struct action_form, permanent),
	  .given_offset = offsetof(struct action_form, has_permanent) },
	{ 0 },
};

struct acting {
	struct request *rq;
	struct action_form form;
	struct action action;
	struct mail_query query;
};

/* --- the request ------------------------------------------------------------ */

static enum action_kind kind_of(struct bytes name)
{
	if (bytes_equal_str(name, "move"))
		return ACTION_MOVE;
	if (bytes_equal_str(name, "copy"))
		return ACTION_COPY;
	return bytes_equal_str(name, "delete") ? ACTION_DELETE : ACTION_FLAG;
}

/* A member that this action needs, or one that it has no use for. */
static void check_member(struct problem *p, const char *pointer, bool is_given, bool is_needed,
			 const char *actions)
{
	if (is_needed && !is_given)
		problem_add_pointer(p, pointer, "missing-member", "This action needs it.");
	else if (is_given && !is_needed)
		problem_add_pointer(p, pointer, "invalid-value", "Only for %s.", actions);
}

/* What the table of members cannot say. False: answered. */
static bool form_is_sound(struct acting *a)
{
	struct problem p = problem_of("invalid-request");
	const struct action_form *f = &a->form;
	enum action_kind kind = a->action.kind;
	bool is_transfer = kind == ACTION_MOVE || kind == ACTION_COPY;

	if (f->has_ids == f->has_select)
		problem_add_pointer(&p, "#/ids", "invalid-value", "Give either ids or select.");
	if (f->has_ids && f->ids.count == 0)
		problem_add_pointer(&p, "#/ids", "invalid-value", "At least one id.");
	check_member(&p, "#/keywords", f->keywords.count > 0, kind == ACTION_FLAG, "flag");
	check_member(&p, "#/folderId", f->has_folder, is_transfer, "move and copy");
	if (f->has_permanent && kind != ACTION_DELETE)
		check_member(&p, "#/permanent", true, false, "delete");
	if (p.error_count)
		reply_problem(a->rq, &p);
	return p.error_count == 0;
}

/* --- the answer ------------------------------------------------------------- */

struct counts {
	uint64_t done, failed, unknown;
};

static void count(struct counts *c, const struct message_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (results[i].status) {
		case CHANGE_DONE: c->done++; break;
		case CHANGE_UNKNOWN: c->unknown++; break;
		case CHANGE_NOT_FOUND:
		case CHANGE_FAILED: c->failed++; break;
		}
	}
}

static void answer(struct acting *a, struct counts c, const struct message_result *results,
		   size_t n)
{
	struct json_writer w;
	struct buf body;

	count(&c, results, n);
	buf_init(&body, ANSWER_MAX_BYTES);
	w = json_writer_of(&body);
	json_object_begin(&w);
	json_member_string(&w, "action", a->form.action);
	json_member_u64(&w, "done", c.done);
	json_member_u64(&w, "failed", c.failed);
	json_member_u64(&w, "unknown", c.unknown);
	json_key(&w, "results");
	json_array_begin(&w);
	for (size_t i = 0; i < n; i++)
		result_write(&w, &results[i]);
	json_array_end(&w);
	json_object_end(&w);
	reply_json(a->rq, 200, &body, BYTES_NULL);
}

/* --- ids -------------------------------------------------------------------- */

static void on_acted(void *ctx, const struct fault *fault, const struct message_result *results,
		     size_t n)
{
	struct acting *a = ctx;

	request_op_done(a->rq);
	if (fault)
		answer_fault(a->rq, fault);
	else
		answer(a, (struct counts){ 0 }, results, n);
}

static void act_on_ids(struct acting *a)
{
	request_wait(a->rq, account_act(user_account(a->rq), request_call(a->rq), &a->action,
					a->form.ids.at, a->form.ids.count, on_acted, a));
}

/* --- select ----------------------------------------------------------------- */

static void on_selected(void *ctx, const struct fault *fault, uint64_t done,
			const struct message_result *failures, size_t n)
{
	struct acting *a = ctx;

	request_op_done(a->rq);
	if (fault)
		answer_fault(a->rq, fault);
	else
		answer(a, (struct counts){ .done = done }, failures, n);
}

static void on_filter_fault(void *ctx, const char *name, const char *detail)
{
	char pointer[64];

	snprintf(pointer, sizeof pointer, "#/select/%s", name);
	problem_add_pointer(ctx, pointer, "invalid-value", "%s", detail);
}

static void act_on_selection(struct acting *a)
{
	struct problem p = problem_of("invalid-request");

	if (!filters_build(&a->form.select, request_arena(a->rq), &a->query, on_filter_fault, &p)) {
		if (p.error_count == 0)
			p = problem_of("busy");
		reply_problem(a->rq, &p);
		return;
	}
	request_wait(a->rq,
		     account_act_selected(user_account(a->rq), request_call(a->rq), &a->action,
					  a->form.select.folder, &a->query, on_selected, a));
}

void post_actions(struct request *rq)
{
	struct acting *a = ARENA_NEW(request_arena(rq), struct acting);

	if (!a) {
		request_wait(rq, NULL);
		return;
	}
	a->rq = rq;
	if (!body_read(rq, action_members, &a->form))
		return;
	a->action.kind = kind_of(a->form.action);
	a->action.folder = a->form.folder;
	a->action.permanent = a->form.permanent;
	if (!form_is_sound(a) ||
	    !keyword_patch_read(rq, &a->form.keywords, &a->action.add, &a->action.remove))
		return;
	if (a->form.has_select || a->form.ids.count > 1)
		request_set_bulk(rq);
	request_extend_deadline(rq, BULK_TIMEOUT_MS);
	if (a->form.has_ids)
		act_on_ids(a);
	else
		act_on_selection(a);
}
