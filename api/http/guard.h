/* The layout of a request's head in libmicrohttpd's memory; see guard.c. Apart
 * for its tests. */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include "base/bytes.h"

struct request_field {
	struct bytes name, value;
};

struct guard_head {
	const char *method;
	const char *uri; /* its end and what MHD cut there are not looked at */
	size_t uri_len;
	const char *version;
	const struct request_field *fields; /* in the order they came */
	size_t field_count;
	size_t size; /* from the method to the end of the empty line */
};

bool guard_layout(const struct guard_head *h);

#endif
