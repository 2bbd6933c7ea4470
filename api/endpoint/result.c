#include "endpoint/result.h"

#include "endpoint/user.h"

#define RESULT_MAX_BYTES (64 * 1024)

static struct json_result doc_of(const struct message_result *r)
{
	return (struct json_result){
		.previous_id = r->previous_id,
		.id = r->has_id ? &r->id : NULL,
		.folder = r->has_folder ? &r->folder : NULL,
		.keywords = r->has_keywords ? &r->keywords : NULL,
		.has_expunged = r->has_expunged,
		.expunged = r->expunged,
	};
}

static struct problem problem_of_result(const struct message_result *r)
{
	switch (r->status) {
	case CHANGE_NOT_FOUND: return problem_of("message-not-found");
	case CHANGE_UNKNOWN: return problem_of("outcome-unknown");
	case CHANGE_DONE:
	case CHANGE_FAILED: break;
	}
	return problem_of_fault(&r->fault);
}

void answer_result(struct request *rq, unsigned status, const struct message_result *r)
{
	const struct json_result doc = doc_of(r);
	struct json_writer w;
	struct problem p;
	struct buf body;

	if (r->status == CHANGE_FAILED) {
		answer_fault(rq, &r->fault);
		return;
	}
	if (r->status != CHANGE_DONE) {
		p = problem_of_result(r);
		reply_problem(rq, &p);
		return;
	}
	buf_init(&body, RESULT_MAX_BYTES);
	w = json_writer_of(&body);
	json_result(&w, &doc);
	reply_json(rq, status, &body, BYTES_NULL);
}

void result_write(struct json_writer *w, const struct message_result *r)
{
	static const char *const names[] = {
		[CHANGE_DONE] = "done",
		[CHANGE_NOT_FOUND] = "failed",
		[CHANGE_FAILED] = "failed",
		[CHANGE_UNKNOWN] = "unknown",
	};
	const struct json_result doc = doc_of(r);
	struct json_result_status status = { .status = names[r->status] };
	struct problem p;

	if (r->status != CHANGE_DONE) {
		p = problem_of_result(r);
		status.problem_code = p.kind->code;
		status.problem_detail = p.detail[0] ? p.detail : p.kind->meaning;
	}
	json_result_with_status(w, &doc, &status);
}
