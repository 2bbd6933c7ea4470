/* /v1/session: the session that asks. */
#include "endpoint/endpoint.h"
#include "endpoint/event_hub.h"
#include "endpoint/login.h"
#include "endpoint/session_doc.h"
#include "endpoint/user.h"

#define DOC_MAX_BYTES (64 * 1024)

static struct session_doc doc_of(const struct user *u)
{
	return (struct session_doc){ .app = u->app,
				     .account = u->account,
				     .server = u->server,
				     .session = user_has_session(u) ? &u->session : NULL };
}

/* --- GET /v1/session ------------------------------------------------------- */

static void on_caps(void *ctx, const struct fault *fault, const struct mailstore_caps *caps,
		    const struct mailstore_quota *quota)
{
	struct request *rq = ctx;
	struct session_doc d = doc_of(user_of(rq));
	struct buf body;

	if (!answer_took(rq, fault))
		return;
	d.caps = caps;
	d.quota = quota;
	buf_init(&body, DOC_MAX_BYTES);
	session_doc_write(&body, &d);
	reply_json_tagged(rq, 200, &body);
}

void get_session(struct request *rq)
{
	request_wait(rq, account_capabilities(user_account(rq), request_call(rq), on_caps, rq));
}

/* --- DELETE /v1/session ---------------------------------------------------- */

/* What the browser has cached of this user must not be there for the next one. */
static void answer_logged_out(struct request *rq)
{
	reply_header(rq, "Clear-Site-Data", BYTES_LIT("\"cache\""));
	if (user_of(rq)->scheme == USER_COOKIE)
		session_set_cookie(rq, BYTES_NULL);
	reply_empty(rq, 204);
}

static void on_ended(void *ctx, enum err err)
{
	struct request *rq = ctx;
	const struct user *u = user_of(rq);

	request_op_done(rq);
	if (err != ERR_OK && err != ERR_NOT_FOUND) {
		answer_store_away(rq, err);
		return;
	}
	event_hub_end_session(u->app->events, u->session.account, bytes_of_str(u->session.id));
	answer_logged_out(rq);
}

void delete_session(struct request *rq)
{
	struct user *u = user_of(rq);
	struct auth_sessions sessions = app_auth_sessions(u->app);

	if (!user_has_session(u)) {
		auth_remember_drop(u->app->remembered, &u->mac);
		answer_logged_out(rq);
		return;
	}
	request_wait(rq, auth_session_end(&sessions, request_call(rq), u->session.account,
					  bytes_of_str(u->session.id), &u->token, on_ended, rq));
}

/* --- POST /v1/session/refresh ---------------------------------------------- */

struct refreshing {
	struct request *rq;
	struct account *account; /* referenced until the request ends */
	struct mailstore_caps caps;
	struct mailstore_quota quota;
};

static void release(void *ctx)
{
	account_unref(((struct refreshing *)ctx)->account);
}

static void answer_already_refreshed(struct request *rq)
{
	struct problem p =
		problem_with("conflict", "This token has been refreshed already: use the "
					 "token that was given for it.");

	reply_problem(rq, &p);
}

static void on_refreshed(void *ctx, enum err err, const struct auth_session *session,
			 const struct auth_token *token)
{
	struct refreshing *r = ctx;
	struct user *u = user_of(r->rq);
	struct session_doc d = doc_of(u);
	struct problem p;
	struct buf body;

	request_op_done(r->rq);
	if (err == ERR_CONFLICT) {
		answer_already_refreshed(r->rq);
		return;
	}
	if (err == ERR_NOT_FOUND) { /* it was ended meanwhile */
		p = problem_of("session-expired");
		answer_unauthorized(r->rq, &p);
		return;
	}
	if (err != ERR_OK) {
		answer_store_away(r->rq, err);
		return;
	}
	d.session = session;
	d.caps = &r->caps;
	d.quota = &r->quota;
	d.has_token = true;
	if (u->scheme == USER_COOKIE)
		session_set_cookie(r->rq, bytes_of_str(token->text));
	else
		d.token = bytes_of_str(token->text);
	buf_init(&body, DOC_MAX_BYTES);
	session_doc_write(&body, &d);
	reply_json(r->rq, 200, &body, BYTES_NULL);
}

/* The new token comes last: whatever fails before leaves the old one as it was. */
static void on_refresh_caps(void *ctx, const struct fault *fault, const struct mailstore_caps *caps,
			    const struct mailstore_quota *quota)
{
	struct refreshing *r = ctx;
	struct user *u = user_of(r->rq);
	struct auth_sessions sessions = app_auth_sessions(u->app);

	request_op_done(r->rq);
	if (fault) {
		answer_fault(r->rq, fault);
		return;
	}
	r->caps = *caps;
	if (quota)
		r->quota = *quota;
	request_wait(r->rq, auth_session_refresh(&sessions, request_call(r->rq), &u->session,
						 &u->token, on_refreshed, r));
}

static void on_verified(void *ctx, const struct fault *fault, struct account *account)
{
	struct refreshing *r = ctx;

	if (fault) {
		answer_fault(r->rq, fault);
		return;
	}
	r->account = account;
	request_on_end(r->rq, release, r);
	request_wait(r->rq, account_capabilities(account, request_call(r->rq), on_refresh_caps, r));
}

void post_session_refresh(struct request *rq)
{
	struct refreshing *r = ARENA_NEW(request_arena(rq), struct refreshing);
	struct user *u = user_of(rq);
	struct problem p;

	if (!user_has_session(u)) {
		p = problem_with("not-supported", "Basic authentication has no session to refresh: "
						  "make one with POST /v1/sessions.");
		reply_problem(rq, &p);
	} else if (u->session.is_retired) {
		answer_already_refreshed(rq);
	} else if (!r) {
		request_wait(rq, NULL);
	} else {
		r->rq = rq;
		login_start(rq, u->server, &u->credentials, on_verified, r);
	}
}
