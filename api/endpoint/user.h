/*
 * Who is asking, and answers that depend on it. The authenticator makes one
 * for every request to a route with ROUTE_ACCOUNT.
 */
#ifndef ENDPOINT_USER_H
#define ENDPOINT_USER_H

#include "auth/remember.h"
#include "auth/session.h"
#include "endpoint/app.h"
#include "http/reply.h"

enum user_scheme {
	USER_BASIC,
	USER_BEARER,
	USER_COOKIE,
	USER_TICKET, /* in the place of one of the others, for one request */
};

struct user {
	struct app *app;
	enum user_scheme scheme;
	struct account *account; /* referenced */
	const struct app_server *server;
	struct auth_credentials credentials; /* in the request's arena */
	/* With a session: */
	struct auth_session session;
	struct auth_token token;
	/* With Basic: what they are remembered by. */
	struct hash_sha256 mac;
};

#define USER_COOKIE_NAME "__Host-mailbridge"

struct user *user_of(const struct request *rq);
struct account *user_account(const struct request *rq);
bool user_has_session(const struct user *u);
/* Hands it to the request, which then releases it. */
void user_attach(struct request *rq, struct user *u);

/* 401 with the challenges: Bearer, and Basic where no browser would open its
 * dialog for it. */
void answer_unauthorized(struct request *rq, const struct problem *p);
/* A fault of the mail side. Refused credentials mean that the session's (or the
 * remembered ones) are no longer good. */
void answer_fault(struct request *rq, const struct fault *f);
/* First thing in the callback of what the request waited for; false when that failed,
 * and is answered. */
MUST_CHECK bool answer_took(struct request *rq, const struct fault *fault);
/* The store of sessions and counters cannot be asked. */
void answer_store_away(struct request *rq, enum err err);

/* "May this request change something?" of api.md §3: with a cookie, or with Basic
 * from a browser, only for an Origin that is ours or allowed. False: answered. */
bool user_origin_allowed(struct request *rq, enum user_scheme scheme);
/* The Origin header names this service or an allowed one. */
bool origin_is_ours(struct request *rq);

#endif
