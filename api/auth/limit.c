#include "auth/limit.h"

#include <arpa/inet.h>

#include "auth/step.h"
#include "base/arena.h"
#include "base/hash.h"

#define IPV6_PREFIX_BYTES 8

struct attempt {
	struct auth_step step;
	struct auth_limits limits;
	struct bytes user_key;
	auth_limit_cb *cb;
	void *ctx;
};

/* Counters are kept under hashes: the store need not know who tried. */
static struct bytes key_of(struct arena *mem, char kind, struct bytes who)
{
	const struct bytes pieces[] = { bytes_of(&kind, 1), who };
	struct hash_sha256 h = hash_sha256_of(pieces, 2);

	return arena_bytes(mem, bytes_of(h.at, sizeof h.at));
}

/* An IPv6 user has a whole /64 to try from. */
static struct bytes client_key(struct arena *mem, struct bytes client)
{
	struct in6_addr v6;
	char *text = arena_str(mem, client);

	if (text && inet_pton(AF_INET6, text, &v6) == 1)
		client = bytes_of(&v6, IPV6_PREFIX_BYTES);
	return key_of(mem, 'c', client);
}

static void end(struct attempt *a, enum err err)
{
	a->cb(a->ctx, err, err == ERR_DENIED ? (unsigned)(a->limits.window_ms / 1000) : 0);
}

static void on_user_count(void *ctx, enum err err, uint64_t sum)
{
	struct attempt *a = ctx;

	if (err == ERR_OK && a->limits.per_user && sum > a->limits.per_user)
		err = ERR_DENIED;
	end(a, err);
}

static void on_client_count(void *ctx, enum err err, uint64_t sum)
{
	struct attempt *a = ctx;

	if (err == ERR_OK && a->limits.per_client && sum > a->limits.per_client)
		err = ERR_DENIED;
	if (err == ERR_OK &&
	    !auth_step_next(&a->step,
			    state_count(a->limits.state, a->step.call, STATE_RATE, a->user_key, 1,
					a->limits.window_ms, on_user_count, a)))
		err = ERR_NOMEM;
	if (err != ERR_OK)
		end(a, err);
}

struct op *auth_limit_attempt(const struct auth_limits *l, struct call call, struct bytes client,
			      struct bytes user, auth_limit_cb *cb, void *ctx)
{
	struct attempt *a = ARENA_NEW(call.mem, struct attempt);
	struct bytes key = client_key(call.mem, client);

	if (!a || bytes_is_null(key))
		return NULL;
	*a = (struct attempt){
		.limits = *l, .user_key = key_of(call.mem, 'u', user), .cb = cb, .ctx = ctx
	};
	auth_step_init(&a->step, call);
	return auth_step_start(&a->step, state_count(l->state, call, STATE_RATE, key, 1,
						     l->window_ms, on_client_count, a));
}
