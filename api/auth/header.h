/* The Authorization header: Bearer (RFC 6750 §2.1) and Basic (RFC 7617). */
#ifndef AUTH_HEADER_H
#define AUTH_HEADER_H

#include "base/arena.h"
#include "base/err.h"

enum auth_scheme {
	AUTH_SCHEME_NONE, /* no header */
	AUTH_SCHEME_BEARER,
	AUTH_SCHEME_BASIC,
};

#define AUTH_BASIC_MAX_BYTES 4096 /* of the encoded user name and password */

struct auth_header {
	enum auth_scheme scheme;
	struct bytes token;              /* Bearer; borrowed from the header */
	struct bytes username, password; /* Basic; UTF-8 in mem */
};

/* ERR_INVALID: another scheme, or malformed. A null header is AUTH_SCHEME_NONE. */
MUST_CHECK enum err auth_header_parse(struct bytes header, struct arena *mem,
				      struct auth_header *ret);

#endif
