#include "endpoint/list.h"

#include "endpoint/cursor.h"
#include "endpoint/user.h"
#include "http/percent.h"
#include "http/reply.h"
#include "json/list.h"

#define LIST_MAX_BYTES (16 << 20)
#define LINK_MAX_BYTES (12 * 1024)

/* --- Link ------------------------------------------------------------------ */

/* The path of the route with its {names} filled in again. */
static void put_path(struct buf *to, const struct request *rq)
{
	struct bytes rest = bytes_of_str(request_route(rq)->path), plain, name;
	char text[32];

	while (bytes_split(&rest, '{', &plain)) {
		buf_append(to, plain);
		if (!bytes_split(&rest, '}', &name) || name.len >= sizeof text)
			return;
		memcpy(text, name.at, name.len);
		text[name.len] = '\0';
		percent_encode(to, request_path_param(rq, text));
	}
}

static void put_param(struct buf *to, const char *name, struct bytes value, bool *is_first)
{
	buf_append_byte(to, *is_first ? '?' : '&');
	buf_append_str(to, name);
	buf_append_byte(to, '=');
	percent_encode(to, value);
	*is_first = false;
}

/* All that was asked, but for the place, which the cursor takes over. */
static void put_query(struct buf *to, const struct request *rq, struct bytes cursor)
{
	const struct param_spec *p = request_route(rq)->params;
	bool is_first = true;
	struct bytes value;

	for (; p && p->name; p++) {
		if (strcmp(p->name, "cursor") == 0 || strcmp(p->name, "position") == 0 ||
		    strcmp(p->name, "anchor") == 0)
			continue;
		for (size_t n = 0; !bytes_is_null(value = request_param_nth(rq, p->name, n)); n++)
			put_param(to, p->name, value, &is_first);
	}
	put_param(to, "cursor", cursor, &is_first);
}

static void link_next(struct request *rq, struct bytes cursor)
{
	struct buf link;

	buf_init(&link, LINK_MAX_BYTES);
	buf_append_byte(&link, '<');
	put_path(&link, rq);
	put_query(&link, rq, cursor);
	buf_append_str(&link, ">; rel=\"next\"");
	/* Too long for a header field: the envelope has the cursor. */
	if (buf_err(&link) == ERR_OK)
		reply_header(rq, "Link", buf_bytes(&link));
	buf_done(&link);
}

/* --- envelope -------------------------------------------------------------- */

static struct bytes next_cursor(struct request *rq, const struct summary_list *list,
				const struct list_query *q)
{
	struct cursor c;

	if (!q || !list->has_more || list->count == 0)
		return BYTES_NULL;
	c = (struct cursor){ .id = list->last_id, .sort_value = list->next_sort_value };
	return cursor_format(request_arena(rq), &q->list, &c);
}

/* Null when memory is short: the buffer then says so. */
static const struct json_incomplete *incomplete_of(struct request *rq,
						   const struct summary_list *list)
{
	struct json_incomplete *to =
		ARENA_ARRAY(request_arena(rq), list->incomplete_count, struct json_incomplete);

	for (size_t i = 0; to && i < list->incomplete_count; i++)
		to[i] = (struct json_incomplete){ list->incomplete[i].folder,
						  list->incomplete[i].code };
	return to;
}

void answer_list(struct request *rq, const struct summary_list *list, const struct list_query *q)
{
	struct bytes tag = bytes_of_str(list->tag);
	struct json_list doc = {
		.messages = list->at,
		.ready = list->ready,
		.count = list->count,
		.has_total = list->has_total,
		.total = list->total,
		.has_position = list->has_total && !bytes_is_null(list->state),
		.position = list->position,
		.state = list->state,
		.incomplete = incomplete_of(rq, list),
		.incomplete_count = list->incomplete_count,
		.not_found = list->not_found,
	};
	struct json_writer w;
	struct buf body;

	if (tag.len && reply_unchanged(rq, tag))
		return;
	doc.next_cursor = next_cursor(rq, list, q);
	if (arena_failed(request_arena(rq))) {
		request_wait(rq, NULL);
		return;
	}
	if (!bytes_is_null(doc.next_cursor))
		link_next(rq, doc.next_cursor);
	buf_init(&body, LIST_MAX_BYTES);
	w = json_writer_of(&body);
	json_list(&w, &doc);
	if (tag.len)
		reply_json(rq, 200, &body, tag);
	else
		reply_json_tagged(rq, 200, &body);
}

void answer_list_fault(struct request *rq, const struct fault *f, const struct list_query *q)
{
	struct problem p;

	if (f->err == ERR_CONFLICT && q->has_cursor)
		p = problem_of("cursor-expired");
	else if (q->has_anchor &&
		 (f->err == ERR_CONFLICT || (f->err == ERR_NOT_FOUND && f->code[0] == '\0')))
		p = problem_of("message-not-found");
	else {
		answer_fault(rq, f);
		return;
	}
	reply_problem(rq, &p);
}
