/*
 * A request from its first line to its last byte, as MHD calls for it. MHD
 * calls exchange_access() first with the head alone, then with pieces of the
 * body, then once more when all is there; and after each resume again as
 * before. A reply can be queued in the first and in the last of these calls,
 * not between them, and in the first only at the price of the connection: so
 * what has no body is checked in the first and answered in the last.
 */
#include "base/clock.h"
#include "base/log.h"
#include "http/field.h"
#include "http/internal.h"
#include "http/percent.h"

#define BODY_BYTES_PER_MS 8 /* a body that comes faster than this never is late */

/* --- the body ------------------------------------------------------------------------------ */

static bool has_body(const struct request *rq)
{
	return rq->is_chunked || rq->body_announced > 0;
}

uint64_t exchange_body_due(const struct request *rq)
{
	return rq->body_since_ms + rq->server->config.body_timeout_ms +
	       rq->body_received / BODY_BYTES_PER_MS;
}

static void await_body(struct request *rq)
{
	rq->body_since_ms = clock_monotonic_ms();
	conn_set_due(rq->conn, exchange_body_due(rq));
}

/* A reply in mid-body cannot go through MHD. */
static enum MHD_Result answer_past_mhd(struct request *rq)
{
	struct problem too_large = problem_of("too-large");

	conn_send_problem(rq->conn, rq->problem ? rq->problem : &too_large);
	rq->must_linger = true;
	return MHD_NO;
}

static void reply_code(struct request *rq, const char *code)
{
	struct problem p = problem_of(code);

	reply_problem(rq, &p);
}

static void reply_too_large(struct request *rq)
{
	struct problem p = problem_with("too-large", "The body may have at most %zu bytes here.",
					rq->route->body_max);

	reply_problem(rq, &p);
}

static enum MHD_Result take_body(struct request *rq, struct bytes piece)
{
	enum err e;

	rq->body_received += piece.len;
	if (rq->state == REQUEST_BODY) {
		buf_append(&rq->body, piece);
		e = buf_err(&rq->body);
		if (!e)
			return MHD_YES;
		buf_done(&rq->body);
		rq->body_received = 0; /* from here on: what is thrown away */
		if (e == ERR_NOMEM)
			reply_code(rq, "busy");
		else
			reply_too_large(rq);
		rq->state = REQUEST_DISCARD;
	}
	return rq->body_received > HTTP_DISCARD_MAX_BYTES ? answer_past_mhd(rq) : MHD_YES;
}

/* --- the head -------------------------------------------------------------------------------- */

static bool find_method(const char *name, enum http_method *ret)
{
	static const char *const names[HTTP_METHODS] = {
		[HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
	};

	if (strcmp(name, "HEAD") == 0)
		name = "GET";
	for (int m = 0; m < HTTP_METHODS; m++) {
		if (strcmp(names[m], name) == 0) {
			*ret = (enum http_method)m;
			return true;
		}
	}
	return false;
}

/* The client's own id if it is sane, so that both logs have the same. */
static void take_id(struct request *rq)
{
	struct bytes id = request_header(rq, "X-Request-Id");

	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '_' || c == '.' || c == '-'))
			return;
	}
	if (id.len >= 1 && id.len <= 64)
		snprintf(rq->id, sizeof rq->id, "%.*s", BYTES_FMT(id));
}

static void take_cors(struct request *rq)
{
	const char *const *origins = rq->server->config.allowed_origins;
	struct bytes origin = request_header(rq, "Origin");

	for (; origins && *origins && !rq->is_cors; origins++)
		rq->is_cors = bytes_equal_str(origin, *origins);
}

/* OPTIONS of a path that exists, or of the whole server. */
static void reply_options(struct request *rq, unsigned allowed)
{
	reply_allow(rq, "Allow", allowed);
	if (rq->is_cors && !bytes_is_null(request_header(rq, "Access-Control-Request-Method"))) {
		reply_allow(rq, "Access-Control-Allow-Methods", allowed);
		reply_header(rq, "Access-Control-Allow-Headers",
			     BYTES_LIT("Authorization, Content-Type, If-Match, If-None-Match, "
				       "Idempotency-Key, Last-Event-ID, Range, X-Request-Id"));
		reply_header(rq, "Access-Control-Max-Age", BYTES_LIT("600"));
	}
	reply_empty(rq, 204);
}

static void reply_not_found(struct request *rq)
{
	struct problem p = problem_of("not-found");

	if (rq->path.len > 1 && rq->path.at[rq->path.len - 1] == '/')
		p = problem_with("not-found", "There is nothing at this path. Paths do not end "
					      "with a slash.");
	reply_problem(rq, &p);
}

/* Fills rq->route, or replies. */
static bool take_route(struct request *rq)
{
	bool is_known = find_method(rq->method_name, &rq->method);
	struct route_match m = route_find(&rq->server->routes, rq->method, rq->path);

	if (is_known && rq->method == HTTP_OPTIONS && bytes_equal_str(rq->path, "*")) {
		reply_options(rq, ~0u);
	} else if (m.allowed == 0) {
		reply_not_found(rq);
	} else if (is_known && rq->method == HTTP_OPTIONS && !m.route) {
		reply_options(rq, m.allowed);
	} else if (!is_known && strcmp(rq->method_name, "TRACE") != 0 &&
		   strcmp(rq->method_name, "CONNECT") != 0) {
		rq->must_close = true;
		reply_code(rq, "not-implemented");
	} else if (!is_known || !m.route) {
		reply_allow(rq, "Allow", m.allowed);
		reply_code(rq, "method-not-allowed");
	} else {
		rq->route = m.route;
		for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
			rq->path_values[i] =
				bytes_is_null(m.values[i])
					? BYTES_NULL
					: percent_decode_arena(rq->mem, m.values[i], false);
	}
	return rq->route != NULL;
}

static bool check_params(struct request *rq)
{
	struct problem p =
		problem_with("invalid-request", "Correct the query parameters named in errors.");

	query_check(&rq->query, rq->route->params, &p);
	if (p.error_count)
		reply_problem(rq, &p);
	return p.error_count == 0;
}

static bool check_accept(struct request *rq)
{
	const char *offers = rq->route->answers ? rq->route->answers : "application/json";
	struct problem p;

	if (strcmp(offers, "*") == 0 || field_accepts(request_header_list(rq, "Accept"), offers))
		return true;
	p = problem_with("not-acceptable", "This path answers with %s.", offers);
	reply_problem(rq, &p);
	return false;
}

static bool check_body_type(struct request *rq)
{
	struct problem p;

	if (!has_body(rq))
		return true;
	if (rq->route->body_max == 0) {
		p = problem_with("invalid-request", "%s takes no body here.", rq->method_name);
	} else if (!bytes_is_null(request_header(rq, "Content-Encoding"))) {
		p = problem_with("unsupported-media-type", "No Content-Encoding is taken.");
	} else if (rq->route->body_types && !field_is_media_type(request_header(rq, "Content-Type"),
								 rq->route->body_types)) {
		p = problem_with("unsupported-media-type", "Content-Type must be %s.",
				 rq->route->body_types);
	} else if (rq->body_announced > rq->route->body_max) {
		rq->must_close = true; /* not a byte of it is read */
		reply_too_large(rq);
		return false;
	} else {
		return true;
	}
	reply_problem(rq, &p);
	return false;
}

static void run_handler(struct request *rq)
{
	rq->state = REQUEST_HANDLER;
	rq->deadline_ms = clock_monotonic_ms() + rq->server->config.request_timeout_ms;
	conn_set_due(rq->conn, rq->deadline_ms);
	rq->route->handle(rq);
}

void request_dispatch(struct request *rq)
{
	if (rq->state != REQUEST_AUTH)
		return;
	if (!has_body(rq)) {
		run_handler(rq);
		return;
	}
	rq->state = REQUEST_BODY;
	buf_init(&rq->body, rq->route->body_max);
	await_body(rq);
	request_resume(rq);
}

/* The first look at a complete head. */
static void begin(struct request *rq, const char *method, const char *version)
{
	struct problem p;

	ring_remove(&rq->waiting);
	if (!guard_check(rq, method, version, &p)) {
		rq->must_close = rq->must_linger = true;
		reply_problem(rq, &p);
		return;
	}
	take_id(rq);
	take_cors(rq);
	if (rq->server->drain) {
		rq->must_close = true;
		reply_code(rq, "server-stopping");
		return;
	}
	if (!take_route(rq) || !check_accept(rq) || !check_params(rq) || !check_body_type(rq))
		return;
	rq->state = REQUEST_CHECKED;
}

static void authenticate(struct request *rq)
{
	rq->state = REQUEST_AUTH;
	rq->deadline_ms = clock_monotonic_ms() + rq->server->config.request_timeout_ms;
	conn_set_due(rq->conn, rq->deadline_ms);
	if (rq->route->auth == ROUTE_ACCOUNT)
		rq->server->auth(rq, rq->server->auth_ctx);
	else
		request_dispatch(rq);
}

/* --- MHD's calls -------------------------------------------------------------------------------
 */

void *exchange_line(void *server, const char *uri, struct MHD_Connection *mhd)
{
	struct conn *c =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	struct http_server *s = server;

	if (!c)
		return NULL;
	if (c->had_request)
		conn_set_due(c, clock_monotonic_ms() + s->config.header_timeout_ms);
	return request_new(c, uri);
}

/* 0.9.75 answers a malformed Content-Length twice, head and all: the second
 * answer would be taken for that to somebody else's request. So the first goes
 * out from here, and then the socket is shut. MHD says no more than that it met
 * one; of the requests whose head it has not shown us yet, it is the one whose
 * head it has read. */
void exchange_bad_length(struct http_server *s, bool is_too_large)
{
	struct problem p =
		is_too_large ? problem_of("too-large")
			     : problem_with("invalid-request", "Content-Length is malformed.");

	for (struct ring *r = s->heads.next; r != &s->heads; r = r->next) {
		struct request *rq = RING_ENTRY(r, struct request, waiting);

		if (!MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE))
			continue;
		conn_end_with(rq->conn, &p);
		return;
	}
}

/* An answer is ready while a body that nobody wants is on its way. */
static enum MHD_Result answer_early(struct request *rq)
{
	bool is_small = rq->is_chunked || rq->body_announced <= HTTP_DISCARD_MAX_BYTES;

	if (is_small && !rq->expects_continue && !rq->must_close) {
		rq->state = REQUEST_DISCARD;
		await_body(rq);
		return MHD_YES;
	}
	rq->must_close = rq->must_linger = true;
	return reply_queue(rq);
}

static enum MHD_Result suspend(struct request *rq)
{
	if (rq->client_gone)
		return MHD_NO;
	request_suspend(rq);
	return MHD_YES;
}

/* What MHD is to do now; `is_whole`: the body is in, or there is none. */
static enum MHD_Result next_step(struct request *rq, bool is_whole)
{
	switch (rq->state) {
	case REQUEST_AUTH:
	case REQUEST_HANDLER: return suspend(rq);
	case REQUEST_CHECKED:
	case REQUEST_BODY: return MHD_YES;
	case REQUEST_REPLY: return is_whole ? reply_queue(rq) : answer_early(rq);
	case REQUEST_DISCARD: return is_whole ? reply_queue(rq) : answer_early(rq);
	case REQUEST_HEAD:
	case REQUEST_SENDING:
	case REQUEST_TAKEN:
	case REQUEST_GONE: return MHD_NO;
	}
	return MHD_NO;
}

enum MHD_Result exchange_access(void *server, struct MHD_Connection *mhd, const char *url,
				const char *method, const char *version, const char *upload,
				size_t *upload_size, void **ctx)
{
	struct request *rq = *ctx;
	enum MHD_Result r;

	(void)server, (void)mhd, (void)url;
	if (!rq)
		return MHD_NO; /* no memory */
	if (*upload_size) {
		struct bytes piece = bytes_of(upload, *upload_size);

		*upload_size = 0;
		return take_body(rq, piece);
	}
	if (rq->state == REQUEST_HEAD)
		begin(rq, method, version);
	/* With a body in the first call: it is not read for strangers. */
	if (rq->state == REQUEST_CHECKED && (has_body(rq) || rq->is_reading))
		authenticate(rq);
	else if (rq->state == REQUEST_BODY && rq->is_reading)
		run_handler(rq);
	r = next_step(rq, rq->is_reading);
	/* What MHD calls with next is the body, or says that it is complete. */
	rq->is_reading |= rq->state == REQUEST_CHECKED || rq->state == REQUEST_BODY ||
			  rq->state == REQUEST_DISCARD;
	return r;
}

static void log_request(const struct request *rq, unsigned status, bool is_aborted)
{
	uint64_t us = clock_monotonic_us() - rq->started_us;
	struct log_line l;

	server_count(rq->server, rq->route, status, us);
	log_begin(&l, LOG_INFO, "request");
	log_field_str(&l, "id", rq->id);
	if (rq->account)
		log_field_str(&l, "account", rq->account);
	log_field_str(&l, "op", rq->route ? rq->route->operation : "-");
	log_field_str(&l, "method", rq->method_name ? rq->method_name : "-");
	log_field_u64(&l, "status", status);
	if (rq->problem_code)
		log_field_str(&l, "problem", rq->problem_code);
	log_field_u64(&l, "bytes", rq->bytes_out);
	log_field_u64(&l, "ms", us / 1000);
	if (is_aborted)
		log_field_str(&l, "aborted", "yes");
	log_end(&l);
}

/* MHD answers by itself when it cannot read a head. */
static unsigned final_status(const struct request *rq, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *its;

	if (rq->status)
		return rq->status;
	its = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
	return its ? its->http_status : 499;
}

void exchange_completed(void *server, struct MHD_Connection *mhd, void **ctx,
			enum MHD_RequestTerminationCode why)
{
	struct request *rq = *ctx;
	struct conn *c;
	bool is_ok = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;

	if (!rq)
		return;
	c = rq->conn;
	if (rq->state != REQUEST_TAKEN)
		log_request(rq, final_status(rq, mhd), !is_ok && rq->state == REQUEST_SENDING);
	if (rq->must_linger)
		linger_start(server, c->fd);
	if (!is_ok || rq->must_close)
		c->is_ended = true;
	request_free(rq);
	*ctx = NULL;
	c->had_request = true;
	conn_idle(c);
	server_check_drained(server);
}
