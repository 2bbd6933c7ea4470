/* Answers. The request takes what it is given and logs its line when the last
 * byte is out. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "base/buf.h"
#include "base/op.h"
#include "http/problem.h"

struct request;

/* Sets a field of the answer to come; it replaces what the server would send by
 * itself (Cache-Control: private, no-cache), and an earlier call for the same
 * name except Set-Cookie, Link, Vary and WWW-Authenticate, which add up. Values
 * with control characters are refused (an internal error is answered). Name and
 * value are copied. Fields stay when the reply then is a problem. */
void reply_header(struct request *rq, const char *name, struct bytes value);

/* application/json. Takes body's content (and leaves it empty); a failed buf
 * becomes 500 or 503. With an etag (without quotes, or null) If-None-Match is
 * honoured: 304. */
void reply_json(struct request *rq, unsigned status, struct buf *body, struct bytes etag);
/* Before a body is made at all: 304, and true, when the client has what this etag
 * names. */
MUST_CHECK bool reply_unchanged(struct request *rq, struct bytes etag);
/* A strong etag over the body itself. */
void reply_json_tagged(struct request *rq, unsigned status, struct buf *body);
void reply_empty(struct request *rq, unsigned status);
/* Any other small body, copied. */
void reply_bytes(struct request *rq, unsigned status, const char *type, struct bytes body);
/* A body that outlives the process's last request (embedded files); not copied.
 * 200, or 304 when If-None-Match has the etag. */
void reply_static(struct request *rq, const char *type, struct bytes body, struct bytes etag);

/* A file of ours, in one or both codings; null where there is none. Picks by
 * Accept-Encoding: 200, 304, or 406 when only gzip is there and refused. */
struct reply_file {
	const char *type;
	struct bytes plain, gzip;
	const char *etag; /* of the plain one */
};
void reply_file(struct request *rq, const struct reply_file *f);

void reply_problem(struct request *rq, const struct problem *p);
/* problem_of_fault() and reply_problem() in one. */
void reply_fault(struct request *rq, const struct fault *f);

/* --- streamed bodies --------------------------------------------------------
 * reply_stream() sends the head; then the pieces; then the end. The stream
 * buffers a little: FLOW_PAUSE means that on_drain will be called when there is
 * room again. size UINT64_MAX: unknown (chunked). reply_stream_end(rq, false)
 * aborts the connection so that the client sees the truncation, and so does an
 * end with fewer bytes than announced. HEAD requests take no data: pieces are
 * swallowed. */
void reply_stream(struct request *rq, unsigned status, const char *type, uint64_t size,
		  void (*on_drain)(void *ctx), void *ctx);
enum flow reply_stream_data(struct request *rq, struct bytes piece);
void reply_stream_end(struct request *rq, bool complete);
/* Does the client want the head only? Then no data need be fetched. */
bool request_is_head(const struct request *rq);

/* Range header of RFC 9110 §14, one range of bytes; false: none, malformed or
 * several, which is answered as if it were not there. */
struct reply_range {
	bool is_suffix;
	uint64_t first, last; /* suffix: `first` is its length; open: last UINT64_MAX */
};
bool request_range(const struct request *rq, struct reply_range *ret);

/* If-Match / If-None-Match against a tag (without quotes). */
bool request_if_match(const struct request *rq, struct bytes etag); /* true if absent */
bool request_if_none_match(const struct request *rq,
			   struct bytes etag); /* true: changed or absent */
/* If-Range (RFC 9110 §13.1.5): may a Range be honoured for this tag? */
bool request_if_range(const struct request *rq, struct bytes etag);

/* Content-Disposition of RFC 6266: cleaned ASCII filename, then filename*. */
void reply_disposition(struct request *rq, const char *kind, struct bytes utf8_name);

#endif
