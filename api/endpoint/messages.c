/* Lists of messages. */
#include "account/account.h"
#include "endpoint/endpoint.h"
#include "endpoint/list.h"
#include "endpoint/user.h"

const struct param_spec list_folder_messages_params[] = {
	{ "sort", PARAM_ENUM, .choices = "-added" },
	{ "limit", PARAM_UINT, .min = 1, .max = LIST_LIMIT_MAX, .hint = "limit is 1 to 500." },
	{ "cursor", PARAM_TEXT, .max = 6000 },
	{ "position", PARAM_UINT, .max = UINT32_MAX },
	{ 0 },
};

struct listing {
	struct request *rq;
	struct query query;
	struct list_options options;
};

static void on_listed(void *ctx, const struct fault *fault, const struct summary_list *list)
{
	struct listing *l = ctx;

	request_op_done(l->rq);
	if (fault)
		answer_list_fault(l->rq, fault, &l->query);
	else
		answer_list(l->rq, list, &l->query);
}

void get_folder_messages(struct request *rq)
{
	struct listing *l = ARENA_NEW(request_arena(rq), struct listing);
	struct account *a = user_account(rq);

	if (!l) {
		request_wait(rq, NULL);
		return;
	}
	l->rq = rq;
	if (!query_read(rq, account_id(a)->text, &l->query))
		return;
	request_wait(rq,
		     account_list_messages(a, request_call(rq), request_path_param(rq, "folderId"),
					   &l->query.mail, &l->options, on_listed, l));
}
