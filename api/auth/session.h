/*
 * Sessions in the store. Two entries each: the record under the token's SHA-256
 * and, so that a user can see and end them, a line under the account's prefix.
 * Expiry slides: a session in use is written again now and then, never on
 * every request.
 *
 * Operations follow op.h; results live in call.mem, arguments are copied
 * unless said otherwise.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/record.h"
#include "state/state.h"

struct auth_sessions {
	struct state *state;
	struct bytes operator_key;
	uint64_t idle_ttl_ms, max_ttl_ms;
	uint64_t old_token_ms; /* life of a token after its refresh */
	unsigned per_account;  /* most sessions; the oldest one ends for a new one */
};

/* Until when it lasts if nobody uses it any more. */
int64_t auth_session_expires_at_ms(const struct auth_sessions *a, const struct auth_session *s);

/* ERR_NOT_FOUND: no such session, or it has expired; ERR_DENIED: made under
 * another operator key; else the store's error. */
typedef void auth_session_cb(void *ctx, enum err err, const struct auth_session *session);
struct op *auth_session_find(const struct auth_sessions *a, struct call call,
			     const struct auth_token *token, auth_session_cb *cb, void *ctx);

/* Has neither expired nor to be written again soon: it may be used without
 * auth_session_find() while its record is of the same generation. */
bool auth_session_is_fresh(const struct auth_sessions *a, const struct auth_session *s);

/* `token` is what the client gets; wiped with the arena's memory only, so hand
 * it on at once. */
typedef void auth_session_made_cb(void *ctx, enum err err, const struct auth_session *session,
				  const struct auth_token *token);
/* The credentials (borrowed until the callback) have just been verified. */
struct op *auth_session_create(const struct auth_sessions *a, struct call call, const char *account,
			       const struct auth_credentials *c, auth_session_made_cb *cb,
			       void *ctx);
/* The same session under a new token: the old one goes on for old_token_ms. ERR_CONFLICT: it
 * has one already; ERR_NOT_FOUND: it was ended meanwhile. */
struct op *auth_session_refresh(const struct auth_sessions *a, struct call call,
				const struct auth_session *session, const struct auth_token *old,
				auth_session_made_cb *cb, void *ctx);

typedef void auth_session_done_cb(void *ctx, enum err err);
/* Is it still there? ERR_NOT_FOUND: it has ended or expired. Does not keep it alive. */
struct op *auth_session_check(const struct auth_sessions *a, struct call call, const char *account,
			      const char *id, auth_session_done_cb *cb, void *ctx);

typedef void auth_session_list_cb(void *ctx, enum err err, const struct auth_session_entry *entries,
				  size_t count);
struct op *auth_session_list(const struct auth_sessions *a, struct call call, const char *account,
			     auth_session_list_cb *cb, void *ctx);

/* Ends a session of the account. `token` may be NULL; with it the session ends
 * even if its line in the list was lost. ERR_NOT_FOUND: it has none of that id. */
struct op *auth_session_end(const struct auth_sessions *a, struct call call, const char *account,
			    struct bytes id, const struct auth_token *token,
			    auth_session_done_cb *cb, void *ctx);

#endif
