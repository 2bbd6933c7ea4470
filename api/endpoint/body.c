#include "endpoint/body.h"

static void on_fault(void *ctx, const char *pointer, const char *code, const char *detail)
{
	problem_add_pointer(ctx, pointer, code, "%s", detail);
}

static void on_unknown(void *ctx, const char *pointer, struct bytes name, const char *const *known,
		       size_t count)
{
	const char *meant = problem_suggest(name, known, count);

	if (meant)
		problem_add_pointer(ctx, pointer, "unknown-member", "Did you mean %s?", meant);
	else
		problem_add_pointer(ctx, pointer, "unknown-member",
				    "There is no member of this name here.");
}

static void on_malformed(void *ctx, const char *detail)
{
	*(struct problem *)ctx = problem_with("invalid-json", "%s", detail);
}

bool body_read(struct request *rq, const struct json_member *members, void *ret)
{
	struct problem p = problem_of("invalid-request");
	const struct json_sink sink = { on_fault, on_unknown, on_malformed, &p };

	switch (json_read_body(request_body(rq), members, request_arena(rq), &sink, ret)) {
	case JSON_READ_OK: return true;
	case JSON_READ_FAULTS: break;
	case JSON_READ_NOMEM: p = problem_of("busy"); break;
	}
	reply_problem(rq, &p);
	return false;
}

void body_refuse(struct request *rq, const char *pointer, const char *code, const char *detail)
{
	struct problem p = problem_of("invalid-request");

	problem_add_pointer(&p, pointer, code, "%s", detail);
	reply_problem(rq, &p);
}
