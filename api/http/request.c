#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/field.h"
#include "http/internal.h"
#include "http/percent.h"

#define REQUEST_TIMEOUT_MAX_MS (60 * 60 * 1000)
#define ANSWER_MS              250

/* --- what the client asks ------------------------------------------------------------ */

enum http_method request_method(const struct request *rq)
{
	return rq->method;
}

const struct route *request_route(const struct request *rq)
{
	return rq->route;
}

struct bytes request_id(const struct request *rq)
{
	return bytes_of_str(rq->id);
}

struct bytes request_path_param(const struct request *rq, const char *name)
{
	struct bytes rest = bytes_of_str(rq->route->path), part;
	size_t n = 0;

	while (bytes_split(&rest, '/', &part)) {
		if (part.len < 3 || part.at[0] != '{')
			continue;
		if (bytes_equal_str(bytes_of(part.at + 1, part.len - 2), name))
			return rq->path_values[n];
		n++;
	}
	return BYTES_NULL;
}

struct bytes request_param(const struct request *rq, const char *name)
{
	return query_find(&rq->query, name, 0);
}

struct bytes request_param_nth(const struct request *rq, const char *name, size_t n)
{
	return query_find(&rq->query, name, n);
}

bool request_has_param(const struct request *rq, const char *name)
{
	return !bytes_is_null(request_param(rq, name));
}

bool request_param_bool(const struct request *rq, const char *name, bool otherwise)
{
	bool value;

	return query_to_bool(request_param(rq, name), &value) ? value : otherwise;
}

uint64_t request_param_uint(const struct request *rq, const char *name, uint64_t otherwise)
{
	uint64_t value;

	return bytes_to_u64(request_param(rq, name), UINT64_MAX, &value) ? value : otherwise;
}

int64_t request_param_instant(const struct request *rq, const char *name, int64_t otherwise)
{
	int64_t ms;

	return query_to_instant(request_param(rq, name), &ms) ? ms : otherwise;
}

struct bytes request_header(const struct request *rq, const char *name)
{
	for (size_t i = 0; i < rq->field_count; i++)
		if (bytes_equal_str_nocase(rq->fields[i].name, name))
			return rq->fields[i].value;
	return BYTES_NULL;
}

struct bytes request_header_list(const struct request *rq, const char *name)
{
	struct bytes list = BYTES_NULL;

	for (size_t i = 0; i < rq->field_count; i++) {
		struct bytes value = rq->fields[i].value;

		if (!bytes_equal_str_nocase(rq->fields[i].name, name))
			continue;
		list = bytes_is_null(list)
			       ? value
			       : bytes_of_str(arena_printf(rq->mem, "%.*s, %.*s", BYTES_FMT(list),
							   BYTES_FMT(value)));
	}
	return list;
}

bool request_accepts(const struct request *rq, const char *type)
{
	return field_accepts(request_header_list(rq, "Accept"), type);
}

bool request_accept_names(const struct request *rq, const char *type)
{
	return field_accept_names(request_header_list(rq, "Accept"), type);
}

struct bytes request_cookie(const struct request *rq, const char *name)
{
	for (size_t i = 0; i < rq->field_count; i++) {
		struct bytes value;

		if (!bytes_equal_str_nocase(rq->fields[i].name, "Cookie"))
			continue;
		value = field_find_cookie(rq->fields[i].value, bytes_of_str(name));
		if (!bytes_is_null(value))
			return value;
	}
	return BYTES_NULL;
}

struct bytes request_body(const struct request *rq)
{
	return buf_bytes(&rq->body);
}

bool request_is_head(const struct request *rq)
{
	return rq->is_head;
}

bool request_range(const struct request *rq, struct reply_range *ret)
{
	return field_parse_range(request_header(rq, "Range"), ret);
}

bool request_if_match(const struct request *rq, struct bytes etag)
{
	struct bytes list = request_header_list(rq, "If-Match");

	return bytes_is_null(list) || field_has_etag(list, etag, false);
}

bool request_if_none_match(const struct request *rq, struct bytes etag)
{
	struct bytes list = request_header_list(rq, "If-None-Match");

	return bytes_is_null(list) || !field_has_etag(list, etag, true);
}

bool request_if_range(const struct request *rq, struct bytes etag)
{
	struct bytes tag = request_header(rq, "If-Range");

	/* "*" is not a tag, and dates are not offered as Last-Modified. */
	return bytes_is_null(tag) ||
	       (!bytes_equal_str(tag, "*") && field_has_etag(tag, etag, false));
}

/* --- who asks --------------------------------------------------------------------------- */

static struct proxy_view look(struct request *rq)
{
	struct proxy_fields fields = { .for_ = BYTES_NULL };

	if (rq->server->trusted.count) {
		fields.forwarded = request_header_list(rq, "Forwarded");
		fields.for_ = request_header_list(rq, "X-Forwarded-For");
		fields.proto = request_header_list(rq, "X-Forwarded-Proto");
		fields.host = request_header_list(rq, "X-Forwarded-Host");
	}
	return proxy_look(&rq->server->trusted, &rq->conn->peer, &fields);
}

struct bytes request_origin(struct request *rq)
{
	struct proxy_view v;
	struct bytes host;

	if (!bytes_is_null(rq->origin))
		return rq->origin;
	if (rq->server->config.public_url)
		return rq->origin = bytes_of_str(rq->server->config.public_url);
	v = look(rq);
	host = bytes_is_null(v.host) ? request_header(rq, "Host") : v.host;
	if (!field_is_host(host))
		return BYTES_LIT(""); /* HTTP/1.0, or refused by the guard */
	return rq->origin = bytes_of_str(arena_printf(
		       rq->mem, "%s://%.*s", v.is_https ? "https" : "http", BYTES_FMT(host)));
}

struct bytes request_client(struct request *rq)
{
	struct proxy_view v = look(rq);
	char *text = arena_alloc(rq->mem, PROXY_ADDRESS_TEXT);

	if (!text)
		return BYTES_LIT("");
	proxy_write_address(&v.client, text);
	return bytes_of_str(text);
}

bool request_is_from_browser(const struct request *rq)
{
	return !bytes_is_null(request_header(rq, "Origin")) ||
	       !bytes_is_null(request_header(rq, "Sec-Fetch-Site"));
}

void request_set_user(struct request *rq, void *user, void (*release)(void *user))
{
	if (rq->release_user)
		rq->release_user(rq->user);
	rq->user = user;
	rq->release_user = release;
}

void *request_user(const struct request *rq)
{
	return rq->user;
}

void *request_app(const struct request *rq)
{
	return rq->server->auth_ctx;
}

void request_set_log_account(struct request *rq, const char *id)
{
	rq->account = arena_str(rq->mem, bytes_of_str(id));
}

void request_on_end(struct request *rq, void (*fn)(void *ctx), void *ctx)
{
	rq->on_end = fn;
	rq->on_end_ctx = ctx;
}

void request_on_answer(struct request *rq, void (*fn)(void *ctx, const struct request_answer *a),
		       void *ctx)
{
	rq->on_answer = fn;
	rq->on_answer_ctx = ctx;
}

void request_tell_answer(struct request *rq, const struct request_answer *a)
{
	void (*fn)(void *ctx, const struct request_answer *a) = rq->on_answer;

	rq->on_answer = NULL;
	if (fn)
		fn(rq->on_answer_ctx, a);
}

void request_outlive_client(struct request *rq)
{
	rq->outlives_client = true;
}

/* --- life --------------------------------------------------------------------------------- */

struct arena *request_arena(struct request *rq)
{
	return rq->mem;
}

/* Who is called shall be able to say what was too slow, and give up what does not
 * answer, before the client is told that it took too long. */
static uint64_t call_deadline_ms(const struct request *rq)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t left = rq->deadline_ms > now ? rq->deadline_ms - now : 0;

	return rq->deadline_ms - (left / 8 < ANSWER_MS ? left / 8 : ANSWER_MS);
}

struct call request_call(struct request *rq)
{
	return (struct call){ .mem = rq->mem,
			      .deadline_ms = call_deadline_ms(rq),
			      .cls = rq->is_bulk ? CALL_BULK : CALL_INTERACTIVE };
}

void request_set_bulk(struct request *rq)
{
	rq->is_bulk = true;
}

void request_extend_deadline(struct request *rq, uint64_t from_now_ms)
{
	uint64_t max = rq->server->config.request_timeout_max_ms;

	if (!max)
		max = REQUEST_TIMEOUT_MAX_MS;
	rq->deadline_ms = clock_monotonic_ms() + (from_now_ms < max ? from_now_ms : max);
	conn_set_due(rq->conn, rq->deadline_ms);
}

struct request *request_new(struct conn *c, const char *uri)
{
	struct arena *mem = arena_new(HTTP_ARENA_MAX_BYTES);
	struct request *rq = mem ? ARENA_NEW(mem, struct request) : NULL;

	if (!rq) {
		arena_free(mem);
		return NULL;
	}
	rq->server = c->server;
	rq->conn = c;
	rq->mhd = c->mhd;
	rq->mem = mem;
	rq->started_us = clock_monotonic_us();
	rq->uri_at = uri;
	rq->uri = arena_bytes(mem, bytes_of_str(uri));
	ring_append(&c->server->heads, &rq->waiting);
	snprintf(rq->id, sizeof rq->id, "%s%llx", c->server->id_prefix,
		 (unsigned long long)c->server->id_next++);
	c->rq = rq;
	c->server->stats.requests++;
	c->server->stats.requests_open++;
	return rq;
}

void request_free(struct request *rq)
{
	request_cancel_op(rq);
	request_tell_answer(rq, NULL);
	reply_stream_done(rq);
	ring_remove(&rq->waiting);
	loop_watch_free(rq->watch);
	if (rq->response)
		MHD_destroy_response(rq->response);
	if (rq->on_end)
		rq->on_end(rq->on_end_ctx);
	request_set_user(rq, NULL, NULL);
	buf_done(&rq->body);
	rq->server->stats.requests_open--;
	arena_free(rq->mem);
}

void request_wait(struct request *rq, struct op *op)
{
	struct problem p;

	rq->op = op;
	if (op)
		return;
	p = problem_of("busy");
	reply_problem(rq, &p);
}

void request_op_done(struct request *rq)
{
	rq->op = NULL;
}

void request_cancel_op(struct request *rq)
{
	struct op *op = rq->op;

	rq->op = NULL;
	op_cancel(op);
}

void request_gone(struct request *rq)
{
	rq->client_gone = true;
	if (rq->state == REQUEST_SENDING) {
		reply_stream_abort(rq);
		return;
	}
	rq->state = REQUEST_GONE;
	request_cancel_op(rq);
	request_resume(rq);
}

void request_deadline(struct request *rq)
{
	struct problem p = problem_of("deadline-exceeded");

	if (rq->state == REQUEST_SENDING) {
		if (rq->stream.is_on && !rq->stream.is_ended)
			reply_stream_abort(rq);
		return;
	}
	request_cancel_op(rq);
	reply_problem(rq, &p);
}

/* --- suspended ------------------------------------------------------------------------------ */

static void on_client_event(void *ctx, unsigned events)
{
	struct request *rq = ctx;

	(void)events;
	loop_watch_set(rq->watch, 0); /* it would be told again and again */
	if (rq->outlives_client)
		return;
	rq->client_gone = true;
	if (rq->is_suspended)
		request_gone(rq);
}

static void check_hangups_later(struct http_server *s)
{
	if (!loop_timer_start(s->loop, &s->hangups, HTTP_HANGUP_CHECK_MS))
		log_msg(LOG_WARN, "memory", "no timer: clients that hang up are noticed late");
}

/* Most requests are answered sooner than a watch would pay off. */
static void on_hangup_check(struct loop_timer *t)
{
	struct http_server *s = RING_ENTRY(t, struct http_server, hangups);
	uint64_t old = clock_monotonic_ms() - HTTP_HANGUP_CHECK_MS;

	while (!ring_is_empty(&s->waiting)) {
		struct request *rq = RING_ENTRY(s->waiting.next, struct request, waiting);

		if (rq->waiting_since_ms > old)
			break;
		ring_remove(&rq->waiting);
		if (!rq->watch)
			rq->watch = loop_watch_new(s->loop, rq->conn->fd, LOOP_HANGUP,
						   on_client_event, rq);
	}
	if (!ring_is_empty(&s->waiting))
		check_hangups_later(s);
}

void request_suspend(struct request *rq)
{
	struct http_server *s = rq->server;

	rq->is_suspended = true;
	MHD_suspend_connection(rq->mhd);
	if (rq->watch)
		return;
	rq->waiting_since_ms = clock_monotonic_ms();
	ring_append(&s->waiting, &rq->waiting);
	s->hangups.fire = on_hangup_check;
	if (!loop_timer_is_on(&s->hangups))
		check_hangups_later(s);
}

void request_resume(struct request *rq)
{
	if (!rq->is_suspended)
		return;
	rq->is_suspended = false;
	ring_remove(&rq->waiting);
	MHD_resume_connection(rq->mhd);
	server_touch(rq->server);
}
