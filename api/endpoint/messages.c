/* Lists of messages: of a folder, of all folders, of a thread. */
#include "account/account.h"
#include "endpoint/endpoint.h"
#include "endpoint/filters.h"
#include "endpoint/list.h"
#include "endpoint/names.h"
#include "endpoint/user.h"

#define CURSOR_TEXT_MAX 6000
#define IDS_MAX         100
#define IDS_TEXT_MAX    (IDS_MAX * (ID_TEXT_MAX + 1))

/* clang-format off */
#define SORTS_ANYWHERE                                                             \
	"receivedAt,-receivedAt,sentAt,-sentAt,size,-size,subject,-subject,from,-from"

const struct param_spec list_folder_messages_params[] = {
	{ "sort", PARAM_ENUM, .choices = "added,-added," SORTS_ANYWHERE },
	{ "limit", PARAM_UINT, .min = 1, .max = LIST_LIMIT_MAX, .hint = "limit is 1 to 500." },
	{ "cursor", PARAM_TEXT, .max = CURSOR_TEXT_MAX },
	{ "position", PARAM_UINT, .max = UINT32_MAX },
	{ "anchor", PARAM_TEXT, .max = ID_TEXT_MAX },
	{ "preview", PARAM_BOOL },
	{ "collapseThreads", PARAM_BOOL },
	FILTER_PARAMS,
	{ 0 },
};

const struct param_spec list_messages_params[] = {
	{ "ids", PARAM_TEXT, .max = IDS_TEXT_MAX },
	{ "folders", PARAM_TEXT, .max = NAMES_FOLDERS_MAX * (ID_BYTES + 1) },
	{ "sort", PARAM_ENUM, .choices = SORTS_ANYWHERE },
	{ "limit", PARAM_UINT, .min = 1, .max = LIST_LIMIT_MAX, .hint = "limit is 1 to 500." },
	{ "cursor", PARAM_TEXT, .max = CURSOR_TEXT_MAX },
	{ "preview", PARAM_BOOL },
	{ "collapseThreads", PARAM_BOOL },
	FILTER_PARAMS,
	{ 0 },
};

const struct param_spec get_thread_params[] = {
	{ "limit", PARAM_UINT, .min = 1, .max = LIST_LIMIT_MAX, .hint = "limit is 1 to 500." },
	{ "cursor", PARAM_TEXT, .max = CURSOR_TEXT_MAX },
	{ "preview", PARAM_BOOL },
	{ 0 },
};
/* clang-format on */

struct listing {
	struct request *rq;
	struct list_query query;
	struct list_options options;
	struct bytes *names; /* of folders or messages, by comma in the request */
	size_t name_count;
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

static struct listing *listing_new(struct request *rq)
{
	struct listing *l = ARENA_NEW(request_arena(rq), struct listing);

	if (!l) {
		request_wait(rq, NULL);
		return NULL;
	}
	l->rq = rq;
	l->options.preview = request_param_bool(rq, "preview", false);
	l->options.collapse_threads = request_param_bool(rq, "collapseThreads", false);
	return l;
}

/* --- GET /v1/folders/{folderId}/messages ------------------------------------ */

void get_folder_messages(struct request *rq)
{
	struct listing *l = listing_new(rq);
	struct account *a = user_account(rq);
	struct bytes folder = request_path_param(rq, "folderId");
	struct summary_list list;

	if (!l || !list_query_read(rq, account_id(a)->text, "-added", &l->query))
		return;
	/* A front end; whoever comes with Basic may never come back. */
	if (user_has_session(user_of(rq)))
		account_used(a);
	if (account_list_now(a, request_arena(rq), folder, &l->query.mail, &l->options, &list))
		answer_list(rq, &list, &l->query);
	else
		request_wait(rq, account_list_messages(a, request_call(rq), folder, &l->query.mail,
						       &l->options, on_listed, l));
}

/* --- GET /v1/messages ------------------------------------------------------- */

static void refuse(struct request *rq, const char *name, const char *detail)
{
	struct problem p = problem_of("invalid-request");

	problem_add_parameter(&p, name, "invalid-value", "%s", detail);
	reply_problem(rq, &p);
}

/* With ids nothing is searched, so nothing else can be asked but previews. */
static bool stands_alone(struct request *rq)
{
	const struct param_spec *p = request_route(rq)->params;

	for (; p->name; p++) {
		if (strcmp(p->name, "ids") == 0 || strcmp(p->name, "preview") == 0 ||
		    !request_has_param(rq, p->name))
			continue;
		refuse(rq, p->name, "Not together with ids.");
		return false;
	}
	return true;
}

static void get_by_ids(struct listing *l)
{
	struct request *rq = l->rq;

	if (stands_alone(rq) && names_read(rq, "ids", IDS_MAX, &l->names, &l->name_count))
		request_wait(rq, account_get_summaries(user_account(rq), request_call(rq), l->names,
						       l->name_count, &l->options, on_listed, l));
}

static void search(struct listing *l)
{
	struct request *rq = l->rq;

	l->options.after_folder = l->query.cursor_folder;
	request_set_bulk(rq);
	request_wait(rq, account_search(user_account(rq), request_call(rq), l->names, l->name_count,
					&l->query.mail, &l->options, on_listed, l));
}

void get_messages(struct request *rq)
{
	struct listing *l = listing_new(rq);

	if (!l)
		return;
	if (request_has_param(rq, "ids"))
		get_by_ids(l);
	else if (names_read(rq, "folders", NAMES_FOLDERS_MAX, &l->names, &l->name_count) &&
		 list_query_read(rq, account_id(user_account(rq))->text, "-receivedAt", &l->query))
		search(l);
}

/* --- GET /v1/threads/{threadId} --------------------------------------------- */

/* A message without Message-ID is a thread of its own: "m." and its id. */
static void get_lone_message(struct listing *l, struct bytes id)
{
	struct request *rq = l->rq;

	l->names = ARENA_NEW(request_arena(rq), struct bytes);
	if (!l->names) {
		request_wait(rq, NULL);
		return;
	}
	*l->names = id;
	request_wait(rq, account_get_summaries(user_account(rq), request_call(rq), l->names, 1,
					       &l->options, on_listed, l));
}

static void search_thread(struct listing *l, struct bytes thread_id)
{
	struct mail_filter *f = ARENA_NEW(request_arena(l->rq), struct mail_filter);
	struct problem p = problem_of("not-found");

	if (!f) {
		request_wait(l->rq, NULL);
	} else if (!filters_thread(thread_id, request_arena(l->rq), f)) {
		reply_problem(l->rq, &p);
	} else {
		l->query.mail.filters = f;
		l->query.mail.filter_count = 1;
		search(l);
	}
}

void get_thread(struct request *rq)
{
	struct bytes id = request_path_param(rq, "threadId");
	struct listing *l = listing_new(rq);

	if (!l || !list_query_read(rq, account_id(user_account(rq))->text, "receivedAt", &l->query))
		return;
	if (bytes_starts_with(id, BYTES_LIT("m.")))
		get_lone_message(l, bytes_skip(id, 2));
	else
		search_thread(l, id);
}
