#include "endpoint/names.h"

#include "http/reply.h"

static void refuse(struct request *rq, const char *param, size_t max)
{
	struct problem p = problem_of("invalid-request");

	problem_add_parameter(&p, param, "invalid-value", "Up to %zu of them, with commas between.",
			      max);
	reply_problem(rq, &p);
}

bool names_read(struct request *rq, const char *param, size_t max, struct bytes **ret,
		size_t *ret_count)
{
	struct bytes rest = request_param(rq, param), name;
	struct bytes *names = ARENA_ARRAY(request_arena(rq), max, struct bytes);
	size_t count = 0;

	if (!names) {
		request_wait(rq, NULL);
		return false;
	}
	while (bytes_split(&rest, ',', &name)) {
		if (name.len == 0 || count == max) {
			refuse(rq, param, max);
			return false;
		}
		names[count++] = name;
	}
	*ret = names;
	*ret_count = count;
	return true;
}
