#include "endpoint/list_query.h"

#include "endpoint/cursor.h"
#include "endpoint/endpoint.h"
#include "endpoint/filters.h"
#include "http/reply.h"

#define QUERY_MAX_BYTES (1 << 20) /* the head of a request is much smaller */

static bool refuse(struct request *rq, struct problem p)
{
	reply_problem(rq, &p);
	return false;
}

/* --- order ----------------------------------------------------------------- */

static const struct {
	const char *name;
	enum mail_sort sort;
} sorts[] = {
	{ "added", SORT_ADDED }, { "receivedAt", SORT_RECEIVED }, { "sentAt", SORT_SENT },
	{ "size", SORT_SIZE },   { "subject", SORT_SUBJECT },     { "from", SORT_FROM },
};

/* The parameter's choices were checked; `otherwise` stands where it is absent. */
static void read_sort(const struct request *rq, const char *otherwise, struct mail_query *q)
{
	struct bytes name = request_param(rq, "sort");

	if (bytes_is_null(name))
		name = bytes_of_str(otherwise);
	q->descending = name.len && name.at[0] == '-';
	name = bytes_skip(name, q->descending);
	for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
		if (bytes_equal_str(name, sorts[i].name))
			q->sort = sorts[i].sort;
}

/* --- what makes the list --------------------------------------------------- */

/* A parameter that only says which part of the list is wanted, and how. */
static bool is_window_param(const char *name)
{
	static const char *const names[] = { "limit", "cursor", "position", "anchor", "preview" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* No value has a NUL in it. */
static void add(struct buf *to, const char *name, struct bytes value)
{
	buf_append(to, bytes_of(name, strlen(name) + 1));
	buf_append(to, value);
	buf_append_byte(to, '\0');
}

/* False: no memory. */
static bool digest_of(const struct request *rq, const char *account, struct hash_sha256 *ret)
{
	const struct param_spec *p = request_route(rq)->params;
	struct bytes value;
	struct buf all;
	bool is_whole;

	buf_init(&all, QUERY_MAX_BYTES);
	add(&all, account, bytes_of_str(request_route(rq)->path));
	add(&all, "folderId", request_path_param(rq, "folderId"));
	add(&all, "threadId", request_path_param(rq, "threadId"));
	for (; p && p->name; p++) {
		if (is_window_param(p->name))
			continue;
		for (size_t n = 0; !bytes_is_null(value = request_param_nth(rq, p->name, n)); n++)
			add(&all, p->name, value);
	}
	is_whole = buf_err(&all) == ERR_OK;
	if (is_whole) {
		value = buf_bytes(&all);
		*ret = hash_sha256_of(&value, 1);
	}
	buf_done(&all);
	return is_whole;
}

/* --- window ---------------------------------------------------------------- */

static bool refuse_parameter(struct request *rq, const char *name, const char *detail)
{
	struct problem p = problem_of("invalid-request");

	problem_add_parameter(&p, name, "invalid-value", "%s", detail);
	return refuse(rq, p);
}

static void set_key(struct mail_window *w, const struct message_key *key)
{
	w->key = *key;
	w->uidvalidity = key->kind == MESSAGE_KEY_UID ? key->uidvalidity : 0;
}

static bool read_cursor(struct request *rq, struct bytes text, struct list_query *q)
{
	struct mail_window *w = &q->mail.window;
	struct cursor c;
	enum err err = cursor_parse(text, &q->list, request_arena(rq), &c);

	if (err != ERR_OK)
		return refuse(rq, problem_of(err == ERR_NOMEM ? "busy" : "invalid-cursor"));
	q->has_cursor = true;
	w->kind = WINDOW_AFTER;
	set_key(w, &c.id.key);
	w->sort_value = c.sort_value;
	q->cursor_folder = c.id.folder;
	return true;
}

/* Whether a folder named by its role is the anchor's shows when it is looked for. */
static bool read_anchor(struct request *rq, struct bytes text, struct list_query *q)
{
	struct mail_window *w = &q->mail.window;
	struct folder_id folder;
	struct message_id id;

	if (message_id_parse(text, &id) != ERR_OK ||
	    (folder_id_parse(request_path_param(rq, "folderId"), &folder) &&
	     !folder_id_equal(&folder, &id.folder)))
		return refuse(rq, problem_of("message-not-found"));
	q->has_anchor = true;
	w->kind = WINDOW_ANCHOR;
	set_key(w, &id.key);
	return true;
}

static bool read_window(struct request *rq, struct list_query *q)
{
	struct bytes cursor = request_param(rq, "cursor"), anchor = request_param(rq, "anchor");
	bool has_position = request_has_param(rq, "position");
	struct mail_window *w = &q->mail.window;

	w->limit = (uint32_t)request_param_uint(rq, "limit", LIST_LIMIT_DEFAULT);
	if (!bytes_is_null(cursor) + !bytes_is_null(anchor) + has_position > 1)
		return refuse_parameter(rq, bytes_is_null(cursor) ? "anchor" : "cursor",
					"Give one of cursor, position and anchor.");
	if (!bytes_is_null(cursor))
		return read_cursor(rq, cursor, q);
	if (!bytes_is_null(anchor))
		return read_anchor(rq, anchor, q);
	w->kind = WINDOW_POSITION;
	w->position = (uint32_t)request_param_uint(rq, "position", 0);
	return true;
}

/* --- filters --------------------------------------------------------------- */

static void on_filter_fault(void *ctx, const char *name, const char *detail)
{
	struct problem *p = ctx;

	if (!p->error_count)
		*p = problem_of("invalid-request");
	problem_add_parameter(p, name, "invalid-value", "%s", detail);
}

static bool read_filters(struct request *rq, struct mail_query *q)
{
	struct problem p = { .error_count = 0 };
	struct filter_form form;

	filters_from_params(rq, &form);
	if (filters_build(&form, request_arena(rq), q, on_filter_fault, &p))
		return true;
	return refuse(rq, p.error_count ? p : problem_of("busy"));
}

bool list_query_read(struct request *rq, const char *account, const char *sort,
		     struct list_query *ret)
{
	struct list_query q = { 0 };

	if (!digest_of(rq, account, &q.list))
		return refuse(rq, problem_of("busy"));
	read_sort(rq, sort, &q.mail);
	if (!read_window(rq, &q) || !read_filters(rq, &q.mail))
		return false;
	*ret = q;
	return true;
}
