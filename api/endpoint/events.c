/*
 * GET /v1/events: an event stream, or a long-poll. Where the client goes on from is
 * found out while the request is still one like any other, so that what goes wrong is
 * answered as a problem; then its socket is event_hub.h's. A poll that has something
 * to tell at once never gets there.
 */
#include "endpoint/endpoint.h"
#include "endpoint/event_cursor.h"
#include "endpoint/event_hub.h"
#include "endpoint/event_text.h"
#include "endpoint/names.h"
#include "endpoint/user.h"

#define WAIT_MAX_S       50
#define POLL_ENTRIES_MAX 500
#define POLL_BYTES_MAX   (1u << 20)
#define TYPES_TEXT_MAX   400
#define TICKET_TEXT_MAX  100
#define STREAM_TYPE      "text/event-stream"
#define JSON_TYPE        "application/json"

const struct param_spec list_events_params[] = {
	{ "since", PARAM_TEXT, .max = EVENT_CURSOR_BYTES },
	{ "wait", PARAM_UINT, .max = WAIT_MAX_S, .hint = "wait is 0 to 50 seconds." },
	{ "folders", PARAM_TEXT, .max = NAMES_FOLDERS_MAX * (ID_BYTES + 1) },
	{ "types", PARAM_TEXT, .max = TYPES_TEXT_MAX },
	{ "ticket", PARAM_TEXT, .max = TICKET_TEXT_MAX },
	{ 0 },
};

struct opening {
	struct request *rq;
	struct event_hub *hub;
	struct event_listener listener; /* its account is referenced and held, too */
	bool has_cursor;
	struct bytes *names; /* of folders, as asked for */
	size_t name_count;
	struct event_page page; /* of a poll, as it is read */
};

static void release(void *ctx)
{
	struct opening *o = ctx;

	account_release(o->listener.account);
	account_unref(o->listener.account);
}

/* --- what is asked for ---------------------------------------------------------- */

static bool refuse(struct request *rq, const char *param, const char *detail, struct bytes value)
{
	struct problem p = problem_of("invalid-request");

	problem_add_parameter(&p, param, "invalid-value", detail, BYTES_FMT(value));
	reply_problem(rq, &p);
	return false;
}

/* Last-Event-ID is newer than `since`, which a browser sends again at each reconnect
 * as it was at first. One that we cannot have given is a cursor that is lost. */
static bool read_cursor(struct opening *o)
{
	struct bytes last = request_header(o->rq, "Last-Event-ID");
	struct bytes since = request_param(o->rq, "since");
	bool has_last = !o->listener.is_poll && last.len > 0;

	o->has_cursor = has_last || !bytes_is_null(since);
	if (!o->has_cursor)
		return true;
	if (has_last) {
		if (!event_cursor_parse(last, &o->listener.after))
			o->listener.after = (struct state_cursor){ 0, 0 };
		return true;
	}
	return event_cursor_parse(since, &o->listener.after) ||
	       refuse(o->rq, "since", "A cursor is taken from an earlier answer%.*s.",
		      BYTES_LIT(""));
}

static bool read_form(struct opening *o)
{
	struct event_listener *l = &o->listener;
	struct bytes bad;

	l->is_poll = !request_accept_names(o->rq, STREAM_TYPE);
	l->wait_ms = request_param_uint(o->rq, "wait", 0) * 1000;
	if (l->is_poll && !request_accepts(o->rq, JSON_TYPE)) {
		struct problem p = problem_with("not-acceptable",
						"Name " STREAM_TYPE " or " JSON_TYPE " in Accept.");

		reply_problem(o->rq, &p);
		return false;
	}
	if (!event_filter_types(&l->filter, request_param(o->rq, "types"), &bad))
		return refuse(o->rq, "types", "There is no type of event \"%.*s\".", bad);
	return names_read(o->rq, "folders", NAMES_FOLDERS_MAX, &o->names, &o->name_count) &&
	       read_cursor(o);
}

static void answer_full(struct request *rq)
{
	struct problem p = problem_with("too-many-requests", "As many listen to this account's "
							     "events as may. Close a stream.");

	reply_problem(rq, &p);
}

/* --- a poll that is answered at once ----------------------------------------------- */

static void answer_page(struct opening *o, struct state_cursor cursor, bool has_more)
{
	event_page_end(&o->page, cursor, has_more);
	reply_json(o->rq, 200, &o->page.body, BYTES_NULL);
}

static void answer_cursor(struct opening *o)
{
	event_page_begin(&o->page);
	answer_page(o, o->listener.after, false);
}

/* --- listening ----------------------------------------------------------------------- */

static void set_unbuffered(struct request *rq)
{
	/* nginx would keep events back until it has a buffer full of them. */
	reply_header(rq, "X-Accel-Buffering", BYTES_LIT("no"));
}

static void listen(struct opening *o)
{
	if (!event_hub_has_room(o->hub, o->listener.account)) {
		answer_full(o->rq);
		return;
	}
	set_unbuffered(o->rq);
	if (!event_hub_take(o->hub, o->rq, &o->listener))
		request_wait(o->rq, NULL);
}

static void read_page(struct opening *o);

static void on_page(void *ctx, enum err err, const struct state_entry *entries, size_t count,
		    struct state_cursor last, bool has_more)
{
	struct opening *o = ctx;

	request_op_done(o->rq);
	if ((err && err != ERR_NOT_FOUND) || !last.epoch) {
		answer_store_away(o->rq, err);
		return;
	}
	event_page_begin(&o->page);
	if (err)
		event_page_add_reset(&o->page, o->listener.after, last);
	else
		event_page_add(&o->page, &o->listener.filter, entries, count);
	o->listener.after = last;
	if (o->page.count > 0 || (!has_more && !o->listener.wait_ms)) {
		answer_page(o, last, has_more);
		return;
	}
	buf_done(&o->page.body);
	if (has_more)
		read_page(o);
	else
		listen(o);
}

static void read_page(struct opening *o)
{
	request_wait(o->rq, state_log_read(app_of(o->rq)->state, request_call(o->rq),
					   bytes_of_str(account_id(o->listener.account)->text),
					   o->listener.after, POLL_ENTRIES_MAX, POLL_BYTES_MAX,
					   on_page, o));
}

/* --- where to begin -------------------------------------------------------------------- */

/* There is a log, and a cursor that may be in it. */
static void begin(struct opening *o)
{
	if (!o->listener.is_poll)
		listen(o);
	else if (o->has_cursor)
		read_page(o);
	else
		answer_cursor(o);
}

static void on_cursor(void *ctx, const struct fault *fault, struct state_cursor top)
{
	struct opening *o = ctx;

	request_op_done(o->rq);
	if (fault) {
		answer_fault(o->rq, fault);
		return;
	}
	if (!o->has_cursor)
		o->listener.after = top;
	begin(o);
}

static void await_watch(struct opening *o)
{
	request_wait(o->rq, account_cursor(o->listener.account, request_call(o->rq), on_cursor, o));
}

static void on_top(void *ctx, enum err err, struct state_cursor top)
{
	struct opening *o = ctx;

	(void)top;
	request_op_done(o->rq);
	if (err == ERR_OK)
		begin(o);
	else if (err == ERR_NOT_FOUND)
		await_watch(o);
	else
		answer_store_away(o->rq, err);
}

/* Who has a cursor need not wait for the mail server. */
static void find_begin(struct opening *o)
{
	struct account *a = o->listener.account;

	if (o->has_cursor)
		request_wait(o->rq, state_log_top(app_of(o->rq)->state, request_call(o->rq),
						  bytes_of_str(account_id(a)->text), on_top, o));
	else
		await_watch(o);
}

/* --- folders by name --------------------------------------------------------------------- */

static void find_folders(struct opening *o);

static void on_folder(void *ctx, const struct fault *fault, const struct folder *folder)
{
	struct opening *o = ctx;
	struct event_filter *f = &o->listener.filter;

	request_op_done(o->rq);
	if (fault) {
		answer_fault(o->rq, fault);
		return;
	}
	f->folders[f->folder_count++] = folder->id;
	find_folders(o);
}

/* Ids are taken as they are, "inbox" and the like are looked up. */
static void find_folders(struct opening *o)
{
	struct event_filter *f = &o->listener.filter;

	while (f->folder_count < o->name_count &&
	       folder_id_parse(o->names[f->folder_count], &f->folders[f->folder_count]))
		f->folder_count++;
	if (f->folder_count < o->name_count)
		request_wait(o->rq, account_get_folder(o->listener.account, request_call(o->rq),
						       o->names[f->folder_count], on_folder, o));
	else
		find_begin(o);
}

/* --- the handler --------------------------------------------------------------------------- */

static void set_fields(struct request *rq)
{
	reply_header(rq, "Cache-Control", BYTES_LIT("no-store"));
	reply_header(rq, "Vary", BYTES_LIT("Accept"));
}

void get_events(struct request *rq)
{
	struct opening *o = ARENA_NEW(request_arena(rq), struct opening);
	struct user *u = user_of(rq);

	if (!o) {
		request_wait(rq, NULL);
		return;
	}
	*o = (struct opening){ .rq = rq,
			       .hub = u->app->events,
			       .listener = { .account = u->account, .session = u->session.id } };
	set_fields(rq);
	if (!read_form(o))
		return;
	if (request_is_head(rq)) {
		set_unbuffered(rq);
		reply_bytes(rq, 200, o->listener.is_poll ? JSON_TYPE : STREAM_TYPE, BYTES_LIT(""));
		return;
	}
	if (!event_hub_has_room(o->hub, u->account)) {
		answer_full(rq);
		return;
	}
	if (o->name_count > 0 && !(o->listener.filter.folders = ARENA_ARRAY(
					   request_arena(rq), o->name_count, struct folder_id))) {
		request_wait(rq, NULL);
		return;
	}
	account_ref(u->account);
	account_hold(u->account);
	request_on_end(rq, release, o);
	find_folders(o);
}
