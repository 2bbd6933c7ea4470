#include "http/route.h"

#include "http/percent.h"

/* Cuts "/segment" off the front; false when nothing is left. */
static bool next_segment(struct bytes *path, struct bytes *ret_segment)
{
	size_t len;

	if (path->len == 0)
		return false;
	*path = bytes_skip(*path, 1);
	len = bytes_index(*path, '/');
	*ret_segment = bytes_first(*path, len);
	*path = bytes_skip(*path, len);
	return true;
}

static bool is_param(struct bytes segment)
{
	return segment.len > 2 && segment.at[0] == '{' && segment.at[segment.len - 1] == '}';
}

static bool path_matches(struct bytes pattern, struct bytes path,
			 struct bytes values[ROUTE_PARAMS_MAX])
{
	struct bytes want, have;
	size_t n = 0;

	while (next_segment(&pattern, &want)) {
		if (!next_segment(&path, &have))
			return false;
		if (!is_param(want)) {
			if (!percent_equal(have, want))
				return false;
		} else if (have.len == 0 || n == ROUTE_PARAMS_MAX) {
			return false;
		} else {
			values[n++] = have;
		}
	}
	return path.len == 0;
}

/* False: they differ before anything that could stand for something else. */
static bool may_match(const char *pattern, struct bytes path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (pattern[i] == '{' || path.at[i] == '%')
			return true;
		if (!pattern[i] || (uint8_t)pattern[i] != path.at[i])
			return false; /* it may have NULs */
	}
	return true;
}

struct route_match route_find(const struct route_table *t, enum http_method method,
			      struct bytes path)
{
	struct route_match m = { .route = NULL };

	if (path.len == 0 || path.at[0] != '/')
		return m;
	for (size_t i = 0; i < t->count; i++) {
		const struct route *r = &t->at[i];
		struct bytes values[ROUTE_PARAMS_MAX] = { BYTES_NULL };

		if (!may_match(r->path, path) || !path_matches(bytes_of_str(r->path), path, values))
			continue;
		m.allowed |= 1u << r->method;
		if (r->method != method || m.route)
			continue;
		m.route = r;
		memcpy(m.values, values, sizeof m.values);
	}
	return m;
}
