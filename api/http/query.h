/* Query strings: cut, decoded, and checked against what a route knows. Pure. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "base/arena.h"
#include "http/problem.h"
#include "http/route.h"

struct query_value {
	struct bytes name, value; /* decoded; value is empty without "=" */
};

struct query {
	const struct query_value *at;
	size_t count;
};

#define QUERY_VALUES_MAX 200

/* `raw` is what follows the "?", or null; + is a space. ERR_INVALID: malformed
 * encoding or UTF-8, control characters; ERR_TOO_BIG: too many; ERR_NOMEM. */
MUST_CHECK enum err query_parse(struct arena *a, struct bytes raw, struct query *ret);

/* Names every unknown, double and malformed parameter in p's errors. */
void query_check(const struct query *q, const struct param_spec *specs, struct problem *p);

/* The n-th value of the name; null behind the last. */
struct bytes query_find(const struct query *q, const char *name, size_t n);

bool query_to_bool(struct bytes value, bool *ret);
/* date-time of RFC 3339 §5.6; milliseconds since 1970, digits below are cut. */
bool query_to_instant(struct bytes value, int64_t *ret_ms);

#endif
