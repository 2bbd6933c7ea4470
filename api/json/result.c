#include "json/result.h"

#include "json/summary.h"

static void put_id(struct json_writer *w, const struct message_id *id)
{
	json_key(w, "id");
	if (id)
		json_message_id(w, id);
	else
		json_put_null(w);
}

static void put_members(struct json_writer *w, const struct json_result *r)
{
	json_member_string(w, "previousId", r->previous_id);
	put_id(w, r->id);
	json_member_str(w, "folderId", r->folder ? r->folder->text : NULL);
	json_key(w, "keywords");
	if (r->keywords)
		json_keywords(w, r->keywords);
	else
		json_put_null(w);
	json_key(w, "expunged");
	if (r->has_expunged)
		json_put_bool(w, r->expunged);
	else
		json_put_null(w);
}

void json_result(struct json_writer *w, const struct json_result *r)
{
	json_object_begin(w);
	put_members(w, r);
	json_object_end(w);
}

static void put_problem(struct json_writer *w, const struct json_result_status *s)
{
	json_key(w, "problem");
	if (!s->problem_code) {
		json_put_null(w);
		return;
	}
	json_object_begin(w);
	json_member_str(w, "code", s->problem_code);
	json_member_str(w, "detail", s->problem_detail);
	json_object_end(w);
}

void json_result_with_status(struct json_writer *w, const struct json_result *r,
			     const struct json_result_status *s)
{
	json_object_begin(w);
	put_members(w, r);
	json_member_str(w, "status", s->status);
	put_problem(w, s);
	json_object_end(w);
}
