#include "endpoint/keyword_patch.h"

#include <stdio.h>

static void refuse(struct problem *p, struct bytes name, const char *detail)
{
	char pointer[96];

	snprintf(pointer, sizeof pointer, "#/keywords/%.*s",
		 BYTES_FMT(bytes_first_utf8(name, sizeof pointer - 16)));
	problem_add_pointer(p, pointer, "invalid-value", "%s", detail);
}

static void take(struct request *rq, struct problem *p, const struct json_flag *f,
		 struct keywords *add, struct keywords *remove)
{
	if (!keywords_name_is_valid(f->name))
		refuse(p, f->name, "A keyword is a word like $flagged or todo.");
	else if (keywords_system_bit(f->name) == KEYWORD_DELETED)
		refuse(p, f->name, "Delete the message instead.");
	else if (!keywords_add(f->is_set ? add : remove, request_arena(rq), f->name) &&
		 !arena_failed(request_arena(rq)))
		refuse(p, f->name, "Too many keywords.");
}

bool keyword_patch_read(struct request *rq, const struct json_flags *flags, struct keywords *add,
			struct keywords *remove)
{
	struct problem p = problem_of("invalid-request");

	*add = *remove = (struct keywords){ 0 };
	for (size_t i = 0; i < flags->count; i++)
		take(rq, &p, &flags->at[i], add, remove);
	if (p.error_count == 0 && !arena_failed(request_arena(rq)))
		return true;
	if (p.error_count == 0)
		p = problem_of("busy");
	reply_problem(rq, &p);
	return false;
}
