/*
 * How often one may try to log in: attempts are counted before they are made,
 * per client address and per user name, so that parallel guesses count too.
 */
#ifndef AUTH_LIMIT_H
#define AUTH_LIMIT_H

#include "state/state.h"

struct auth_limits {
	struct state *state;
	uint64_t window_ms;
	unsigned per_client, per_user; /* attempts in a window; 0: no limit */
};

/* ERR_OK: go on. ERR_DENIED: too many, come back after retry_after_s. Others:
 * the store's error. */
typedef void auth_limit_cb(void *ctx, enum err err, unsigned retry_after_s);

/* `client` is an address in text form (IPv6 counts by its /64), `user` the
 * server and user name in one. Both are copied. NULL when memory is short. */
struct op *auth_limit_attempt(const struct auth_limits *l, struct call call, struct bytes client,
			      struct bytes user, auth_limit_cb *cb, void *ctx);

#endif
