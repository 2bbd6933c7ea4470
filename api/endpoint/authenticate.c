/*
 * Who is asking: Authorization: Bearer with a session's token, Basic with the
 * mail account's own credentials, the session cookie, or a ticket. Runs before every
 * handler of a route with ROUTE_ACCOUNT.
 */
#include "auth/header.h"
#include "base/clock.h"
#include "endpoint/login.h"
#include "endpoint/recall.h"
#include "endpoint/user.h"
#include "http/server.h"

static void refuse(struct request *rq, const char *code)
{
	struct problem p = problem_of(code);

	answer_unauthorized(rq, &p);
}

/* The credentials are good (or were, when the session was made). */
static void enter(struct request *rq, struct user *u)
{
	user_attach(rq, u);
	request_dispatch(rq);
}

/* --- sessions -------------------------------------------------------------- */

static void remember_session(struct user *u)
{
	struct hash_sha256 key = auth_token_key(&u->token);
	struct account_key account = account_key(u->account);

	recall_add(u->app->recalled, &key, &u->session, &account);
}

static struct auth_credentials credentials_of(const struct account *a)
{
	struct credentials c = account_credentials(a);

	return (struct auth_credentials){ .server = account_server_name(a),
					  .username = c.username,
					  .password = c.password,
					  .access_token = c.access_token };
}

/* The usual request: of a session that has just been used. */
static bool enter_recalled(struct request *rq, struct user *u)
{
	struct auth_sessions sessions = app_auth_sessions(u->app);
	const struct app_servers *all = &u->app->servers;
	struct hash_sha256 key = auth_token_key(&u->token);
	struct account_key account;
	uint64_t generation;

	if (state_peek(u->app->state, STATE_SESSION, bytes_of(key.at, sizeof key.at),
		       &generation) != ERR_OK ||
	    !recall_find(u->app->recalled, &key, generation, &u->session, &account) ||
	    !auth_session_is_fresh(&sessions, &u->session))
		return false;
	u->account = account_find(u->app->hub, &account);
	if (!u->account)
		return false;
	u->server = all->by_name(all->ctx, account_server_name(u->account));
	if (!u->server) {
		account_unref(u->account);
		return false;
	}
	u->session.credentials = u->credentials = credentials_of(u->account);
	enter(rq, u);
	return true;
}

static void enter_session(struct request *rq, struct user *u)
{
	const struct app_servers *all = &u->app->servers;
	const struct credentials c = login_credentials(&u->session.credentials);

	/* The operator may have taken the server out of the configuration. */
	u->server = all->by_name(all->ctx, u->session.credentials.server);
	if (!u->server) {
		refuse(rq, "session-expired");
		return;
	}
	u->credentials = u->session.credentials;
	u->account = account_get(u->app->hub, &u->server->account, &c);
	if (!u->account) {
		request_wait(rq, NULL);
		return;
	}
	if (u->scheme != USER_TICKET)
		remember_session(u);
	enter(rq, u);
}

/* A user who is not attached yet. */
struct candidate {
	struct request *rq;
	struct user *user;
};

static struct candidate *candidate_new(struct request *rq, struct user *u)
{
	struct candidate *c = ARENA_NEW(request_arena(rq), struct candidate);

	if (c)
		*c = (struct candidate){ rq, u };
	return c;
}

static void on_found(void *ctx, enum err err, const struct auth_session *session)
{
	struct candidate *c = ctx;

	request_op_done(c->rq);
	if (err == ERR_NOT_FOUND || err == ERR_DENIED || err == ERR_INVALID) {
		refuse(c->rq, "session-expired");
	} else if (err != ERR_OK) {
		answer_store_away(c->rq, err);
	} else {
		c->user->session = *session;
		enter_session(c->rq, c->user);
	}
}

static void by_token(struct request *rq, struct user *u, struct bytes token)
{
	struct auth_sessions sessions = app_auth_sessions(u->app);
	struct candidate *c;

	if (!user_origin_allowed(rq, u->scheme))
		return;
	if (!auth_token_parse(token, &u->token)) {
		refuse(rq, "session-expired");
		return;
	}
	if (enter_recalled(rq, u))
		return;
	c = candidate_new(rq, u);
	request_wait(rq, c ? auth_session_find(&sessions, request_call(rq), &u->token, on_found, c)
			   : NULL);
}

/* --- tickets ---------------------------------------------------------------- */

static void on_spent(void *ctx, enum err err, const struct auth_session *whose)
{
	struct candidate *c = ctx;

	request_op_done(c->rq);
	if (err == ERR_NOT_FOUND || err == ERR_DENIED || err == ERR_INVALID) {
		refuse(c->rq, "invalid-ticket");
	} else if (err != ERR_OK) {
		answer_store_away(c->rq, err);
	} else {
		c->user->session = *whose;
		enter_session(c->rq, c->user);
	}
}

static void by_ticket(struct request *rq, struct user *u)
{
	struct auth_tickets tickets = app_auth_tickets(u->app);
	struct candidate *c = candidate_new(rq, u);

	u->scheme = USER_TICKET;
	if (!auth_token_parse(request_param(rq, "ticket"), &u->token))
		refuse(rq, "invalid-ticket");
	else
		request_wait(rq, c ? auth_ticket_spend(&tickets, request_call(rq), &u->token,
						       on_spent, c)
				   : NULL);
}

/* --- Basic ----------------------------------------------------------------- */

static void on_login(void *ctx, const struct fault *fault, struct account *account)
{
	struct candidate *c = ctx;

	if (fault) {
		answer_fault(c->rq, fault);
		return;
	}
	auth_remember_add(c->user->app->remembered, &c->user->mac, clock_monotonic_ms());
	c->user->account = account;
	enter(c->rq, c->user);
}

/* Verified a short while ago: neither asked upstream nor counted again. */
static bool enter_remembered(struct request *rq, struct user *u)
{
	const struct credentials c = login_credentials(&u->credentials);

	if (!auth_remember_has(u->app->remembered, &u->mac, clock_monotonic_ms()))
		return false;
	u->account = account_get(u->app->hub, &u->server->account, &c);
	if (!u->account)
		return false;
	enter(rq, u);
	return true;
}

static void by_password(struct request *rq, struct user *u, const struct auth_header *h)
{
	const struct login l = { .username = h->username, .password = h->password };
	struct candidate *c = candidate_new(rq, u);
	struct problem p;

	if (!user_origin_allowed(rq, USER_BASIC))
		return;
	u->server = login_resolve(u->app, &l, &u->credentials);
	if (!u->server) {
		p = problem_of("unknown-server");
		reply_problem(rq, &p);
		return;
	}
	u->mac = auth_remember_mac(u->app->remembered, u->credentials.server,
				   u->credentials.username, u->credentials.password);
	if (enter_remembered(rq, u))
		return;
	if (c)
		login_start(rq, u->server, &u->credentials, on_login, c);
	else
		request_wait(rq, NULL);
}

/* --- which of them --------------------------------------------------------- */

static void by_cookie(struct request *rq, struct user *u)
{
	struct bytes token = request_cookie(rq, USER_COOKIE_NAME);

	u->scheme = USER_COOKIE;
	if (bytes_is_null(token))
		refuse(rq, "authentication-required");
	else
		by_token(rq, u, token);
}

static void by_header(struct request *rq, struct user *u)
{
	struct auth_header h;
	enum err err =
		auth_header_parse(request_header(rq, "Authorization"), request_arena(rq), &h);

	if (err != ERR_OK) {
		refuse(rq, "authentication-required");
		return;
	}
	switch (h.scheme) {
	case AUTH_SCHEME_NONE: by_cookie(rq, u); break;
	case AUTH_SCHEME_BEARER:
		u->scheme = USER_BEARER;
		by_token(rq, u, h.token);
		break;
	case AUTH_SCHEME_BASIC:
		u->scheme = USER_BASIC;
		by_password(rq, u, &h);
		break;
	}
}

void app_authenticate(struct request *rq, void *app)
{
	struct user *u = ARENA_NEW(request_arena(rq), struct user);

	if (!u) {
		request_wait(rq, NULL);
		return;
	}
	u->app = app;
	/* Only routes that take one have such a parameter. */
	if (request_has_param(rq, "ticket"))
		by_ticket(rq, u);
	else
		by_header(rq, u);
}
