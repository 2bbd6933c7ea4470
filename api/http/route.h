/* The shape of the route table (api/routes.c holds the table). */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/bytes.h"

struct request;

enum http_method {
	HTTP_GET,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHODS,
};

enum param_kind {
	PARAM_TEXT,    /* UTF-8, at most `max` bytes */
	PARAM_UINT,    /* min..max */
	PARAM_BOOL,    /* true, false, 1, 0 */
	PARAM_ENUM,    /* one of `choices` (comma-separated) */
	PARAM_INSTANT, /* RFC 3339, with its offset or Z */
};

struct param_spec {
	const char *name; /* NULL ends the array */
	enum param_kind kind;
	uint64_t min, max; /* max 0: 1000 bytes of text, UINT64_MAX for numbers */
	const char *choices;
	bool is_repeatable;
	const char *hint; /* for the error's detail: "limit is 1 to 500" */
};

enum route_auth {
	ROUTE_PUBLIC,
	ROUTE_ACCOUNT, /* the authenticator runs first */
};

struct route {
	enum http_method method;
	const char *path;      /* "/v1/folders/{id}/messages" */
	const char *operation; /* OpenAPI operationId, also the log's and the metrics' name */
	enum route_auth auth;
	size_t body_max;        /* bytes; 0: a body is refused */
	const char *body_types; /* "application/json", comma-separated; NULL with body_max 0 */
	const struct param_spec *params; /* NULL: none */
	const char *answers;             /* media types it can answer with, comma-separated; NULL:
					  * "application/json"; "*": any, Accept is not looked at.
					  * Problems are always acceptable. */
	void (*handle)(struct request *rq);
};

struct route_table {
	const struct route *at;
	size_t count;
};

#define ROUTE_PARAMS_MAX 4

/* A match of a path; values borrow from it, still percent-encoded. The letters of
 * the table's own segments may come percent-encoded, they are the same path. */
struct route_match {
	const struct route *route; /* NULL: none for this method */
	unsigned allowed;          /* bit per http_method of the path; 0: no such path */
	struct bytes values[ROUTE_PARAMS_MAX]; /* in the order of the path's {names} */
};

struct route_match route_find(const struct route_table *t, enum http_method method,
			      struct bytes path);

#endif
