#include "http/problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "json/writer.h"

/* In the order of their status; codes are stable, words may be improved. */
static const struct problem_kind kinds[] = {
	{ "invalid-request", 400, "Invalid request",
	  "Something in the request is malformed or unknown. Correct what `errors` names." },
	{ "invalid-json", 400, "Invalid JSON",
	  "The body is not well-formed JSON (RFC 8259) in UTF-8, or not an object." },
	{ "invalid-cursor", 400, "Invalid cursor",
	  "The cursor was not given out for this folder, these filters and this order. Start "
	  "again without a cursor." },

	{ "authentication-required", 401, "Authentication required",
	  "Log in: send Authorization: Bearer with a session's token, or Basic with the mail "
	  "account's user name and password." },
	{ "invalid-credentials", 401, "Invalid credentials",
	  "The mail server refused the user name or the password." },
	{ "session-expired", 401, "Session expired",
	  "The session's token is unknown or no longer valid. Log in again." },
	{ "credentials-revoked", 401, "Credentials revoked",
	  "The mail server no longer accepts the credentials of this session; the password may "
	  "have been changed. Log in again." },
	{ "invalid-ticket", 401, "Invalid ticket",
	  "The ticket was used, has expired or was never given. Take a new one with POST "
	  "/v1/events/tickets, and go on with ?since= from the last event's id." },

	{ "permission-denied", 403, "Permission denied",
	  "The mail server's access rights do not allow this." },
	{ "origin-not-allowed", 403, "Origin not allowed",
	  "A web page of another origin may not change anything here with a cookie. The operator "
	  "can add its origin to allowed_origins." },
	{ "server-not-allowed", 403, "Server not allowed",
	  "The operator does not let users choose this mail server. Name a configured one." },

	{ "not-found", 404, "Not found", "There is nothing at this path." },
	{ "folder-not-found", 404, "Folder not found",
	  "The account has no such folder; it may have been renamed or deleted. List the folders "
	  "again." },
	{ "role-not-found", 404, "No folder with this role",
	  "The account has no folder with this role. Name the folder by its id, or create one." },
	{ "message-not-found", 404, "Message not found",
	  "The message is no longer there; reload the list." },
	{ "part-not-found", 404, "Part not found",
	  "The message has no part with this number. Take partId from bodyStructure." },
	{ "session-not-found", 404, "Session not found",
	  "You have no session with this id; it may have ended." },

	{ "method-not-allowed", 405, "Method not allowed",
	  "This path does not know the method; Allow lists those that it knows." },
	{ "not-acceptable", 406, "Not acceptable",
	  "None of the media types in Accept can be given here. Leave Accept out, or add */*." },
	{ "request-timeout", 408, "Request timeout",
	  "The request did not arrive completely in time. Send it again." },

	{ "conflict", 409, "Conflict",
	  "The thing has changed meanwhile. Load it again, then decide." },
	{ "cursor-expired", 409, "Cursor expired",
	  "The mail server has renumbered the folder. Start again without a cursor." },
	{ "cannot-calculate-changes", 409, "Cannot calculate changes",
	  "Too much has happened since this state, or it is unknown. List the folder again." },
	{ "already-exists", 409, "Already exists", "The name is taken. Choose another one." },
	{ "folder-exists", 409, "Folder exists",
	  "A folder of this name is already there. Choose another name." },
	{ "folder-not-empty", 409, "Folder not empty",
	  "The folder still has folders inside. Move or delete these first." },
	{ "folder-protected", 409, "Folder protected",
	  "INBOX and folders that the mail server guards cannot be renamed or deleted." },
	{ "draft-replaced", 409, "Draft replaced",
	  "The draft was replaced or deleted by another client; nothing was changed." },
	{ "request-in-progress", 409, "Request in progress",
	  "A request with this Idempotency-Key is still running. Ask again later." },

	{ "precondition-failed", 412, "Precondition failed",
	  "The thing no longer has the ETag that If-Match names. Load it again." },
	{ "too-large", 413, "Too large", "The body is over the limit." },
	{ "uri-too-long", 414, "URI too long", "The path and query are over the limit." },
	{ "unsupported-media-type", 415, "Unsupported media type",
	  "The body's Content-Type or Content-Encoding is not taken here." },
	{ "range-not-satisfiable", 416, "Range not satisfiable",
	  "The range begins behind the end; Content-Range says how long it is." },

	{ "not-supported", 422, "Not supported",
	  "This account or its mail server cannot do that; the session's capabilities say what "
	  "it can." },
	{ "unknown-server", 422, "Unknown server",
	  "No mail server is configured for this address or under this name." },
	{ "invalid-folder-name", 422, "Invalid folder name",
	  "The mail server does not take such a name; the hierarchy's delimiter must not be in "
	  "it." },
	{ "upstream-refused", 422, "Refused by the mail server",
	  "The mail server said no; upstream.text has its words." },
	{ "recipients-refused", 422, "Recipients refused",
	  "The mail server accepted none of the recipients; nothing was sent." },
	{ "idempotency-key-reused", 422, "Idempotency-Key reused",
	  "This Idempotency-Key was used with another body. Take a new one." },

	{ "too-many-requests", 429, "Too many requests",
	  "Slow down: try again after the seconds in Retry-After." },
	{ "headers-too-large", 431, "Header fields too large",
	  "The header fields are over the limit." },

	{ "internal", 500, "Internal error",
	  "Something went wrong on our side. The log has more under requestId." },
	{ "not-implemented", 501, "Not implemented", "No path here knows this method." },

	{ "upstream-protocol-error", 502, "Mail server broke the protocol",
	  "The mail server's answer could not be understood; the connection was given up." },
	{ "upstream-unreachable", 502, "Mail server unreachable",
	  "The mail server cannot be reached, or the connection was lost. Try again later." },
	{ "upstream-tls-failed", 502, "No secure connection to the mail server",
	  "The mail server's certificate is not valid for it, or the TLS handshake failed. "
	  "Trying again does not help; the operator of the server has to look at it." },
	{ "upstream-too-large", 502, "Answer of the mail server too large",
	  "The mail server's answer is over a limit of ours." },
	{ "upstream-unavailable", 503, "Mail server unavailable",
	  "The mail server cannot do this just now (locked, limited or under maintenance). Try "
	  "again after the seconds in Retry-After." },
	{ "busy", 503, "Busy",
	  "Too much is going on here. Try again after the seconds in Retry-After." },
	{ "server-stopping", 503, "Server stopping",
	  "This server is about to stop. Try again after the seconds in Retry-After." },
	{ "not-ready", 503, "Not ready",
	  "The service runs but cannot do its work yet; detail says what is missing." },
	{ "upstream-timeout", 504, "Mail server too slow",
	  "The mail server did not answer in time. Try again later." },
	{ "deadline-exceeded", 504, "Deadline exceeded",
	  "The answer took too long and was given up. Ask for less, or try again." },
	{ "outcome-unknown", 504, "Outcome unknown",
	  "The connection was lost before the mail server confirmed; it may have been done. "
	  "Look before you try again." },
	{ "over-quota", 507, "Mailbox full", "Free space in the mailbox, then try again." },
};

#define KIND_COUNT    (sizeof kinds / sizeof kinds[0])
#define RETRY_AFTER_S 5

const struct problem_kind *problem_kinds(size_t *ret_count)
{
	*ret_count = KIND_COUNT;
	return kinds;
}

const struct problem_kind *problem_kind_find(struct bytes code)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (bytes_equal_str(code, kinds[i].code))
			return &kinds[i];
	return NULL;
}

struct problem problem_of(const char *code)
{
	struct problem p = { .kind = problem_kind_find(bytes_of_str(code)) };

	assert(p.kind);
	if (p.kind->status == 503 || p.kind->status == 429)
		p.retry_after_s = RETRY_AFTER_S;
	return p;
}

/* vsnprintf that never leaves half a character behind. */
__attribute__((format(printf, 3, 0))) static void print_utf8(char *to, size_t size, const char *fmt,
							     va_list args)
{
	int n = vsnprintf(to, size, fmt, args);

	if (n > 0 && (size_t)n >= size)
		to[bytes_first_utf8(bytes_of(to, size - 1), size - 2).len] = '\0';
}

static void put_utf8(char *to, size_t size, const char *s)
{
	struct bytes b = bytes_first_utf8(bytes_of_str(s), size - 1);

	memcpy(to, b.at, b.len);
	to[b.len] = '\0';
}

__attribute__((format(printf, 2, 3))) static void print_detail(struct problem *p, const char *fmt,
							       ...)
{
	va_list args;

	va_start(args, fmt);
	print_utf8(p->detail, sizeof p->detail, fmt, args);
	va_end(args);
}

struct problem problem_with(const char *code, const char *fmt, ...)
{
	struct problem p = problem_of(code);
	va_list args;

	va_start(args, fmt);
	print_utf8(p.detail, sizeof p.detail, fmt, args);
	va_end(args);
	return p;
}

__attribute__((format(printf, 5, 0))) static void add_error(struct problem *p, bool is_pointer,
							    const char *where, const char *code,
							    const char *fmt, va_list args)
{
	struct problem_error *e;

	if (p->error_count == PROBLEM_ERRORS_MAX)
		return;
	e = &p->errors[p->error_count++];
	e->is_pointer = is_pointer;
	put_utf8(e->where, sizeof e->where, where);
	put_utf8(e->code, sizeof e->code, code);
	print_utf8(e->detail, sizeof e->detail, fmt, args);
}

void problem_add_parameter(struct problem *p, const char *parameter, const char *code,
			   const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_error(p, false, parameter, code, fmt, args);
	va_end(args);
}

void problem_add_pointer(struct problem *p, const char *pointer, const char *code, const char *fmt,
			 ...)
{
	va_list args;

	va_start(args, fmt);
	add_error(p, true, pointer, code, fmt, args);
	va_end(args);
}

/* --- what the mail side says ------------------------------------------------ */

/* Response codes, whatever the engine made of them otherwise: RFC 5530, RFC 9051
 * §7.1, RFC 3206, RFC 2449 §8. */
static const struct {
	const char *code;
	const char *problem;
} upstream_codes[] = {
	{ "AUTHENTICATIONFAILED", "invalid-credentials" },
	{ "EXPIRED", "invalid-credentials" },
	{ "AUTH", "invalid-credentials" },
	{ "AUTHORIZATIONFAILED", "permission-denied" },
	{ "NOPERM", "permission-denied" },
	{ "CONTACTADMIN", "permission-denied" },
	{ "NONEXISTENT", "not-found" },
	{ "TRYCREATE", "folder-not-found" },
	{ "ALREADYEXISTS", "already-exists" },
	{ "HASCHILDREN", "folder-not-empty" },
	{ "EXPUNGEISSUED", "conflict" },
	{ "OVERQUOTA", "over-quota" },
	{ "TOOBIG", "too-large" },
	{ "CANNOT", "not-supported" },
	{ "BADCHARSET", "not-supported" },
	{ "UNKNOWN-CTE", "not-supported" },
	{ "UNAVAILABLE", "upstream-unavailable" },
	{ "INUSE", "upstream-unavailable" },
	{ "IN-USE", "upstream-unavailable" },
	{ "LIMIT", "upstream-unavailable" },
	{ "LOGIN-DELAY", "upstream-unavailable" },
	{ "SYS/TEMP", "upstream-unavailable" },
	{ "SERVERBUG", "upstream-protocol-error" },
};

static const char *code_of_upstream(const struct fault *f)
{
	if (f->protocol[0] == '\0')
		return NULL;
	for (size_t i = 0; i < sizeof upstream_codes / sizeof upstream_codes[0]; i++)
		if (bytes_equal_str_nocase(bytes_of_str(f->code), upstream_codes[i].code))
			return upstream_codes[i].problem;
	return NULL;
}

static const char *code_of_err(const struct fault *f)
{
	switch (f->err) {
	case ERR_OK:
	case ERR_INTERNAL:
	case ERR_CANCELLED: return "internal";
	case ERR_NOMEM: return "busy";
	case ERR_TIMEOUT: return "upstream-timeout";
	case ERR_NET: return "upstream-unreachable";
	case ERR_TLS: return "upstream-tls-failed";
	case ERR_PROTO: return "upstream-protocol-error";
	case ERR_TOO_BIG: return "upstream-too-large";
	case ERR_AUTH: return "invalid-credentials";
	case ERR_DENIED: return "permission-denied";
	case ERR_NOT_FOUND: return "not-found";
	case ERR_EXISTS: return "already-exists";
	case ERR_CONFLICT: return "conflict";
	case ERR_QUOTA: return "over-quota";
	case ERR_BUSY: return f->protocol[0] ? "upstream-unavailable" : "busy";
	case ERR_UNSUPPORTED: return "not-supported";
	case ERR_INVALID: return "invalid-request";
	case ERR_REFUSED: return "upstream-refused";
	case ERR_UNKNOWN: return "outcome-unknown";
	}
	return "internal";
}

/* Does a response code say more than this error? Lost connections do not, and what is
 * only for a while is so whatever it was called (Gmail says OVERQUOTA of traffic). */
static bool is_answer(enum err e)
{
	return e != ERR_BUSY && e != ERR_NET && e != ERR_TLS && e != ERR_PROTO &&
	       e != ERR_TIMEOUT && e != ERR_NOMEM && e != ERR_INTERNAL && e != ERR_CANCELLED &&
	       e != ERR_UNKNOWN;
}

/* Where a reason given by us or by a library helps the reader: what is wrong
 * with a connection, never what went wrong inside. */
static bool is_reason_shown(enum err e)
{
	return e == ERR_NET || e == ERR_TLS || e == ERR_PROTO || e == ERR_INVALID ||
	       e == ERR_UNSUPPORTED || e == ERR_TOO_BIG || e == ERR_DENIED;
}

/* The meaning's first sentence, then the reason. */
static void print_reason(struct problem *p, const char *reason)
{
	size_t len = bytes_find(bytes_of_str(p->kind->meaning), BYTES_LIT(". "));

	if (len > 0 && p->kind->meaning[len - 1] == '.')
		len--;
	print_detail(p, "%.*s: %s", (int)len, p->kind->meaning, reason);
}

struct problem problem_of_fault(const struct fault *f)
{
	const struct problem_kind *direct = problem_kind_find(bytes_of_str(f->code));
	const char *code = is_answer(f->err) ? code_of_upstream(f) : NULL;
	struct problem p;

	if (f->protocol[0] == '\0' && direct)
		code = direct->code;
	p = problem_of(code ? code : code_of_err(f));
	if (p.retry_after_s && f->retry_after_s)
		p.retry_after_s = f->retry_after_s;
	if (f->protocol[0])
		p.upstream = *f;
	else if (f->text[0] && direct)
		snprintf(p.detail, sizeof p.detail, "%s", f->text);
	else if (f->text[0] && is_reason_shown(f->err))
		print_reason(&p, f->text);
	return p;
}

/* --- the body --------------------------------------------------------------- */

static void write_errors(struct json_writer *w, const struct problem *p)
{
	json_key(w, "errors");
	json_array_begin(w);
	for (size_t i = 0; i < p->error_count; i++) {
		const struct problem_error *e = &p->errors[i];

		json_object_begin(w);
		json_key(w, e->is_pointer ? "pointer" : "parameter");
		json_put_str(w, e->where);
		json_key(w, "code");
		json_put_str(w, e->code);
		json_key(w, "detail");
		json_put_str(w, e->detail);
		json_object_end(w);
	}
	json_array_end(w);
}

static void write_upstream(struct json_writer *w, const struct fault *f)
{
	json_key(w, "upstream");
	json_object_begin(w);
	json_key(w, "protocol");
	json_put_str(w, f->protocol);
	json_key(w, "code");
	json_put_str(w, f->code[0] ? f->code : NULL);
	json_key(w, "text");
	json_put_str(w, f->text[0] ? f->text : NULL);
	json_object_end(w);
}

static void write_type(struct json_writer *w, const char *code, struct bytes base)
{
	char type[600];

	snprintf(type, sizeof type, "%.*s/problems/%s", BYTES_FMT(bytes_first(base, 500)), code);
	json_key(w, "type");
	json_put_str(w, type);
}

void problem_write(struct buf *to, const struct problem *p, struct bytes base,
		   struct bytes request_id)
{
	struct json_writer w = json_writer_of(to);

	json_object_begin(&w);
	write_type(&w, p->kind->code, base);
	json_key(&w, "title");
	json_put_str(&w, p->kind->title);
	json_key(&w, "status");
	json_put_u64(&w, p->kind->status);
	json_key(&w, "code");
	json_put_str(&w, p->kind->code);
	json_key(&w, "detail");
	json_put_str(&w, p->detail[0] ? p->detail : p->kind->meaning);
	json_key(&w, "requestId");
	json_put_string(&w, request_id);
	if (p->error_count)
		write_errors(&w, p);
	if (p->upstream.protocol[0])
		write_upstream(&w, &p->upstream);
	json_object_end(&w);
	buf_append_byte(to, '\n');
}
