/*
 * What must not pass. MHD 0.9.75 takes much that another server, or a proxy in
 * front, would read differently: two lengths, a length beside chunks, two
 * hosts, bare LF, NUL, folded lines, "Content-Length : 5". Where two readers
 * disagree about where a request ends, one client can put words into another's
 * mouth (request smuggling), so all of it is refused, and the connection
 * closed.
 *
 * MHD reads in place: it turns the delimiters and the CRLF of each line into
 * NULs and leaves the bytes where they are. Going through the head once along
 * the pointers it gives shows whether it was laid out exactly as RFC 9112 §2.1
 * says. From 1.0 on MHD can be told to be strict, and lays out differently.
 */
#include "http/guard.h"
#include "http/field.h"
#include "http/internal.h"
#include "http/percent.h"

static bool refuse(struct problem *ret, const char *detail)
{
	*ret = problem_with("invalid-request", "%s", detail);
	return false;
}

/* --- the layout ----------------------------------------------------------------------- */

static bool is_zero(const uint8_t *at, size_t n)
{
	while (n > 0 && *at == 0)
		at++, n--;
	return n == 0;
}

/* name NUL *( SP / HTAB ) value NUL NUL; moves *at behind it. */
static bool field_is_laid_out(const struct request_field *f, const uint8_t **at)
{
	const uint8_t *p = f->name.at + f->name.len;

	if (f->name.at != *at || *p++ != 0)
		return false;
	while (p < f->value.at && (*p == ' ' || *p == '\t'))
		p++;
	*at = f->value.at + f->value.len + 2;
	return p == f->value.at && is_zero(f->value.at + f->value.len, 2);
}

bool guard_layout(const struct guard_head *h)
{
	const uint8_t *at = (const uint8_t *)h->version + strlen(h->version) + 2;

	if (h->uri != h->method + strlen(h->method) + 1 || h->version != h->uri + h->uri_len + 1 ||
	    !is_zero(at - 2, 2))
		return false;
	for (size_t i = 0; i < h->field_count; i++)
		if (!field_is_laid_out(&h->fields[i], &at))
			return false;
	return is_zero(at, 2) && at + 2 == (const uint8_t *)h->method + h->size;
}

/* --- the fields ------------------------------------------------------------------------ */

struct gather {
	struct request_field at[HTTP_FIELDS_MAX];
	size_t count;
	bool is_over;
};

static enum MHD_Result on_field(void *ctx, enum MHD_ValueKind kind, const char *name,
				size_t name_len, const char *value, size_t value_len)
{
	struct gather *g = ctx;

	(void)kind;
	g->is_over = g->count == HTTP_FIELDS_MAX;
	if (g->is_over)
		return MHD_NO;
	g->at[g->count++] = (struct request_field){ bytes_of(name, name_len),
						    bytes_of(value ? value : "", value_len) };
	return MHD_YES;
}

static bool is_field_value(struct bytes v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((v.at[i] < 0x20 && v.at[i] != '\t') || v.at[i] == 0x7f)
			return false;
	return true;
}

static size_t count_of(const struct request *rq, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < rq->field_count; i++)
		n += bytes_equal_str_nocase(rq->fields[i].name, name);
	return n;
}

static bool take_fields(struct request *rq, const char *method, const char *version,
			struct problem *ret)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct gather g = { .count = 0 };
	struct guard_head head;

	MHD_get_connection_values_n(rq->mhd, MHD_HEADER_KIND, on_field, &g);
	if (g.is_over || (size && size->header_size > HTTP_HEAD_MAX_BYTES)) {
		*ret = problem_with("headers-too-large",
				    "At most %d header fields and %d bytes are taken.",
				    HTTP_FIELDS_MAX, HTTP_HEAD_MAX_BYTES);
		return false;
	}
	head = (struct guard_head){ method,
				    rq->uri_at,
				    rq->uri.len,
				    version,
				    g.at,
				    g.count,
				    size ? size->header_size : 0 };
	if (MHD_VERSION < 0x01000000 && !guard_layout(&head))
		return refuse(ret, "The request's head has stray NUL, CR, LF or blanks, or a "
				   "folded line.");
	rq->fields = ARENA_ARRAY(rq->mem, g.count, struct request_field);
	if (!rq->fields) {
		*ret = problem_of("busy");
		return false;
	}
	for (size_t i = 0; i < g.count; i++) {
		if (!field_is_token(g.at[i].name) || !is_field_value(g.at[i].value))
			return refuse(ret, "A header field is malformed.");
		rq->fields[i].name = arena_bytes(rq->mem, g.at[i].name);
		rq->fields[i].value = arena_bytes(rq->mem, bytes_trim(g.at[i].value));
	}
	rq->field_count = g.count;
	return true;
}

/* Length and encoding, RFC 9112 §6.1 and §6.2. */
static bool check_body(struct request *rq, struct problem *ret)
{
	size_t lengths = count_of(rq, "Content-Length"),
	       codings = count_of(rq, "Transfer-Encoding");
	struct bytes length = request_header(rq, "Content-Length");

	if (lengths > 1)
		return refuse(ret, "Content-Length was given more than once.");
	if (lengths && codings)
		return refuse(ret, "Content-Length and Transfer-Encoding exclude each other.");
	if (codings > 1 || (codings && rq->is_http_1_0))
		return refuse(ret, "Transfer-Encoding is malformed.");
	rq->is_chunked = codings == 1;
	if (codings && !bytes_equal_str_nocase(request_header(rq, "Transfer-Encoding"), "chunked"))
		return refuse(ret, "Only chunked is known as Transfer-Encoding.");
	if (lengths && !bytes_to_u64(length, UINT64_MAX - 1, &rq->body_announced))
		return refuse(ret, "Content-Length is malformed.");
	return true;
}

static bool check_fields(struct request *rq, struct problem *ret)
{
	size_t hosts = count_of(rq, "Host");

	if (hosts > 1 || (hosts == 0 && !rq->is_http_1_0))
		return refuse(ret, "Exactly one Host is needed.");
	if (hosts && !field_is_host(request_header(rq, "Host")))
		return refuse(ret, "Host is malformed.");
	rq->expects_continue = bytes_equal_str_nocase(request_header(rq, "Expect"), "100-continue");
	return check_body(rq, ret);
}

/* --- the request line -------------------------------------------------------------------- */

/* absolute-form (RFC 9112 §3.2.2): its authority must be what Host says. */
static bool take_absolute(struct request *rq, struct bytes *rest)
{
	struct bytes authority;

	if (bytes_starts_with_nocase(*rest, BYTES_LIT("http://")))
		*rest = bytes_skip(*rest, 7);
	else if (bytes_starts_with_nocase(*rest, BYTES_LIT("https://")))
		*rest = bytes_skip(*rest, 8);
	else
		return false;
	authority = bytes_first(*rest, bytes_index(*rest, '/'));
	*rest = bytes_skip(*rest, authority.len);
	return bytes_equal_nocase(authority, request_header(rq, "Host"));
}

static bool has_only_uri_bytes(struct bytes uri)
{
	for (size_t i = 0; i < uri.len; i++)
		if (uri.at[i] <= 0x20 || uri.at[i] == 0x7f || uri.at[i] == '#')
			return false;
	return true;
}

static bool take_uri(struct request *rq, struct problem *ret)
{
	struct bytes rest = rq->uri, checked;
	enum err e;

	if (rest.len > HTTP_URI_MAX_BYTES) {
		*ret = problem_with("uri-too-long", "At most %d bytes are taken.",
				    HTTP_URI_MAX_BYTES);
		return false;
	}
	if (!has_only_uri_bytes(rest))
		return refuse(ret, "The path has blanks or control characters.");
	if (!(bytes_equal_str(rest, "*") && strcmp(rq->method_name, "OPTIONS") == 0) &&
	    (rest.len == 0 || rest.at[0] != '/') && !take_absolute(rq, &rest))
		return refuse(ret, "The request's target must be a path that begins with /.");
	bytes_split(&rest, '?', &rq->path);
	checked = percent_decode_arena(rq->mem, rq->path, false);
	if (bytes_is_null(checked))
		return refuse(ret, "The path has malformed percent-encoding or is not UTF-8.");
	e = query_parse(rq->mem, rest, &rq->query);
	if (e == ERR_TOO_BIG)
		return refuse(ret, "Too many query parameters.");
	if (e)
		return refuse(ret, "The query has malformed percent-encoding or is not UTF-8.");
	return true;
}

bool guard_check(struct request *rq, const char *method, const char *version, struct problem *ret)
{
	rq->method_name = arena_str(rq->mem, bytes_of_str(method));
	rq->is_head = strcmp(method, "HEAD") == 0;
	rq->is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
	return take_fields(rq, method, version, ret) && check_fields(rq, ret) && take_uri(rq, ret);
}
