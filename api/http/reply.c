#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "http/field.h"
#include "http/internal.h"

#define EXPOSED                                                                                    \
	"ETag, Link, Location, Retry-After, Content-Disposition, Content-Range, X-Request-Id, "    \
	"Idempotency-Replayed"

/* --- header fields ------------------------------------------------------------------------ */

static bool adds_up(const char *name)
{
	struct bytes n = bytes_of_str(name);

	return bytes_equal_str_nocase(n, "Set-Cookie") || bytes_equal_str_nocase(n, "Link") ||
	       bytes_equal_str_nocase(n, "Vary") || bytes_equal_str_nocase(n, "WWW-Authenticate");
}

static struct reply_field *find_field(const struct request *rq, const char *name)
{
	struct reply_field *f = rq->reply_fields;

	while (f && !bytes_equal_str_nocase(bytes_of_str(f->name), name))
		f = f->next;
	return f;
}

static bool is_sane(struct bytes value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < 0x20 || value.at[i] == 0x7f)
			return false;
	return true;
}

void reply_header(struct request *rq, const char *name, struct bytes value)
{
	struct reply_field *f = adds_up(name) ? NULL : find_field(rq, name);
	struct reply_field **end = &rq->reply_fields;
	const char *copy = is_sane(value) ? arena_str(rq->mem, value) : NULL;

	if (!f && copy) {
		f = ARENA_NEW(rq->mem, struct reply_field);
		while (*end)
			end = &(*end)->next;
	}
	if (!f || !copy) {
		rq->reply_fields_failed = true;
		return;
	}
	if (!f->name) {
		f->name = arena_str(rq->mem, bytes_of_str(name));
		*end = f;
	}
	f->value = copy;
}

void reply_allow(struct request *rq, const char *name, unsigned allowed)
{
	static const char *const names[HTTP_METHODS] = {
		[HTTP_GET] = "GET, HEAD", [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH",   [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
	};
	char list[80] = "";
	size_t n = 0;

	allowed |= 1u << HTTP_OPTIONS;
	for (int m = 0; m < HTTP_METHODS; m++)
		if (allowed & 1u << m)
			n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "",
					      names[m]);
	reply_header(rq, name, bytes_of_str(list));
}

void reply_disposition(struct request *rq, const char *kind, struct bytes utf8_name)
{
	struct buf b;

	buf_init(&b, 2048);
	field_write_disposition(&b, kind, utf8_name);
	reply_header(rq, "Content-Disposition", buf_bytes(&b));
	buf_done(&b);
}

static void vary_on(struct request *rq)
{
	if (rq->route && rq->route->auth == ROUTE_ACCOUNT)
		reply_header(rq, "Vary", BYTES_LIT("Authorization, Cookie"));
	if (rq->server->config.allowed_origins)
		reply_header(rq, "Vary", BYTES_LIT("Origin"));
}

static void allow_origin(struct request *rq)
{
	if (!rq->is_cors)
		return;
	reply_header(rq, "Access-Control-Allow-Origin", request_header(rq, "Origin"));
	reply_header(rq, "Access-Control-Allow-Credentials", BYTES_LIT("true"));
	reply_header(rq, "Access-Control-Expose-Headers", BYTES_LIT(EXPOSED));
}

/* What every answer has, besides what the handler set. */
void reply_complete_fields(struct request *rq)
{
	vary_on(rq);
	allow_origin(rq);
	if (!find_field(rq, "Cache-Control"))
		reply_header(rq, "Cache-Control", BYTES_LIT("private, no-cache"));
	reply_header(rq, "X-Content-Type-Options", BYTES_LIT("nosniff"));
	reply_header(rq, "X-Request-Id", request_id(rq));
	if (rq->must_close || rq->server->drain)
		reply_header(rq, "Connection", BYTES_LIT("close"));
}

/* --- giving it to MHD ------------------------------------------------------------------------ */

/* MHD takes it at its next call. */
void reply_set_response(struct request *rq, unsigned status, struct MHD_Response *response,
			uint64_t size)
{
	if (rq->state >= REQUEST_REPLY) {
		/* The client has gone, or a handler replied twice. */
		MHD_destroy_response(response);
		if (rq->state != REQUEST_GONE)
			log_msg(LOG_ERROR, "bug", "%s replied twice",
				rq->route ? rq->route->operation : "?");
		return;
	}
	rq->response = response;
	rq->status = status;
	rq->bytes_out = rq->is_head || size == UINT64_MAX ? 0 : size;
	rq->state = REQUEST_REPLY;
	request_resume(rq);
}

/* Memory is that short that there is nothing to answer with. */
static void drop(struct request *rq)
{
	if (rq->state < REQUEST_REPLY)
		request_gone(rq);
}

static struct MHD_Response *response_of(struct bytes body, enum MHD_ResponseMemoryMode mode)
{
	return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.at, mode);
}

/* A handler's header cannot be sent. */
static void reply_internal_instead(struct request *rq)
{
	struct problem p = problem_of("internal");

	log_msg(LOG_ERROR, "bug", "%s set a malformed header",
		rq->route ? rq->route->operation : "?");
	reply_stream_abort(rq);
	rq->stream.is_on = false;
	MHD_destroy_response(rq->response);
	rq->response = NULL;
	rq->reply_fields = NULL;
	rq->reply_fields_failed = false;
	rq->state = REQUEST_HANDLER;
	reply_problem(rq, &p);
}

enum MHD_Result reply_queue(struct request *rq)
{
	enum MHD_Result r = MHD_YES;

	if (rq->reply_fields_failed && !arena_failed(rq->mem))
		reply_internal_instead(rq);
	reply_complete_fields(rq);
	rq->state = REQUEST_SENDING;
	if (rq->reply_fields_failed)
		return MHD_NO; /* no memory */
	for (struct reply_field *f = rq->reply_fields; f && r == MHD_YES; f = f->next)
		r = MHD_add_response_header(rq->response, f->name, f->value);
	if (r == MHD_YES)
		r = MHD_queue_response(rq->mhd, rq->status, rq->response);
	if (rq->stream.is_on)
		conn_set_due(rq->conn, rq->deadline_ms);
	return r;
}

/* --- whole bodies ------------------------------------------------------------------------------
 */

static void tell_answer(struct request *rq, unsigned status, const char *type, struct bytes body)
{
	const struct reply_field *location = find_field(rq, "Location");

	if (!rq->on_answer || rq->state >= REQUEST_REPLY)
		return;
	request_tell_answer(rq, &(struct request_answer){
					.status = status,
					.type = type,
					.body = body,
					.problem_code = rq->problem_code,
					.location = bytes_of_str(location ? location->value : NULL),
				});
}

/* `body` is borrowed, copied or taken, as the mode says. */
static void reply_body(struct request *rq, unsigned status, const char *type, struct bytes body,
		       enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r;

	tell_answer(rq, status, type, body);
	r = response_of(body, mode);
	if (!r) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free((void *)(uintptr_t)body.at);
		drop(rq);
		return;
	}
	if (type)
		reply_header(rq, "Content-Type", bytes_of_str(type));
	reply_set_response(rq, status, r, body.len);
}

void reply_empty(struct request *rq, unsigned status)
{
	reply_body(rq, status, NULL, BYTES_LIT(""), MHD_RESPMEM_PERSISTENT);
}

void reply_bytes(struct request *rq, unsigned status, const char *type, struct bytes body)
{
	reply_body(rq, status, type, body, MHD_RESPMEM_MUST_COPY);
}

/* Says what the body's tag is; true when the client has it already (and is told). */
static bool reply_not_modified(struct request *rq, unsigned status, struct bytes etag)
{
	if (bytes_is_null(etag))
		return false;
	reply_header(rq, "ETag", bytes_of_str(arena_printf(rq->mem, "\"%.*s\"", BYTES_FMT(etag))));
	if (status != 200 || rq->method != HTTP_GET || request_if_none_match(rq, etag))
		return false;
	reply_empty(rq, 304);
	return true;
}

bool reply_unchanged(struct request *rq, struct bytes etag)
{
	return reply_not_modified(rq, 200, etag);
}

void reply_static(struct request *rq, const char *type, struct bytes body, struct bytes etag)
{
	if (!reply_not_modified(rq, 200, etag))
		reply_body(rq, 200, type, body, MHD_RESPMEM_PERSISTENT);
}

void reply_file(struct request *rq, const struct reply_file *f)
{
	struct bytes accept = request_header_list(rq, "Accept-Encoding");
	bool is_silent = bytes_is_null(accept), is_gzip = !bytes_is_null(f->gzip);
	struct problem p;
	char etag[80];

	/* Who says nothing takes anything (RFC 9110 §12.5.3), but may not expect it. */
	if (is_gzip &&
	    (is_silent ? !bytes_is_null(f->plain) : !field_accepts_coding(accept, "gzip")))
		is_gzip = false;
	reply_header(rq, "Vary", BYTES_LIT("Accept-Encoding"));
	if (!is_gzip && bytes_is_null(f->plain)) {
		p = problem_with("not-acceptable", "This file is there with gzip only.");
		reply_problem(rq, &p);
		return;
	}
	snprintf(etag, sizeof etag, "%s%s", f->etag, is_gzip ? "-gzip" : "");
	if (is_gzip)
		reply_header(rq, "Content-Encoding", BYTES_LIT("gzip"));
	reply_static(rq, f->type, is_gzip ? f->gzip : f->plain, bytes_of_str(etag));
}

static void reply_failed_buf(struct request *rq, struct buf *body)
{
	struct problem p = problem_of(buf_err(body) == ERR_NOMEM ? "busy" : "internal");

	if (buf_err(body) != ERR_NOMEM)
		log_msg(LOG_ERROR, "answer-too-large", "%s",
			rq->route ? rq->route->operation : "?");
	buf_done(body);
	reply_problem(rq, &p);
}

/* The content without a copy where its memory allows. */
static void reply_taken(struct request *rq, unsigned status, const char *type, struct buf *body)
{
	struct bytes content = buf_bytes(body);

	if (body->head) {
		reply_body(rq, status, type, content, MHD_RESPMEM_MUST_COPY);
		buf_done(body);
		return;
	}
	buf_init(body, body->max); /* the memory is the answer's */
	reply_body(rq, status, type, content, MHD_RESPMEM_MUST_FREE);
}

void reply_json(struct request *rq, unsigned status, struct buf *body, struct bytes etag)
{
	if (!bytes_ends_with(buf_bytes(body), BYTES_LIT("\n")))
		buf_append_byte(body, '\n');
	if (buf_err(body))
		reply_failed_buf(rq, body);
	else if (reply_not_modified(rq, status, etag))
		buf_done(body);
	else
		reply_taken(rq, status, "application/json", body);
}

void reply_json_tagged(struct request *rq, unsigned status, struct buf *body)
{
	struct bytes content = buf_bytes(body);
	struct hash_sha256 hash = hash_sha256_of(&content, 1);
	char tag[24];

	hash_base64url_str(tag, sizeof tag, bytes_of(hash.at, 15));
	reply_json(rq, status, body, bytes_of_str(tag));
}

void reply_problem(struct request *rq, const struct problem *p)
{
	struct problem *copy;
	struct buf body;
	char seconds[16];

	if (rq->state >= REQUEST_REPLY) {
		reply_set_response(rq, p->kind->status,
				   response_of(BYTES_NULL, MHD_RESPMEM_PERSISTENT), 0);
		return;
	}
	copy = ARENA_NEW(rq->mem, struct problem);
	if (copy)
		*copy = *p;
	rq->problem = copy;
	rq->problem_code = p->kind->code;
	snprintf(seconds, sizeof seconds, "%u", p->retry_after_s);
	if (p->retry_after_s)
		reply_header(rq, "Retry-After", bytes_of_str(seconds));
	buf_init(&body, 64 * 1024);
	problem_write(&body, p, request_origin(rq), request_id(rq));
	if (buf_err(&body)) {
		buf_done(&body);
		drop(rq);
		return;
	}
	reply_taken(rq, p->kind->status, PROBLEM_TYPE, &body);
}

void reply_fault(struct request *rq, const struct fault *f)
{
	struct problem p = problem_of_fault(f);

	reply_problem(rq, &p);
}
