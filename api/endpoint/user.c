#include "endpoint/user.h"

#include "auth/token.h"

struct user *user_of(const struct request *rq)
{
	return request_user(rq);
}

struct account *user_account(const struct request *rq)
{
	return user_of(rq)->account;
}

bool user_has_session(const struct user *u)
{
	return u->session.id[0] != '\0';
}

static void release(void *user)
{
	struct user *u = user;

	account_unref(u->account);
	auth_token_wipe(&u->token);
}

void user_attach(struct request *rq, struct user *u)
{
	request_set_user(rq, u, release);
	request_set_log_account(rq, account_id(u->account)->text);
}

/* --- answers --------------------------------------------------------------- */

void answer_unauthorized(struct request *rq, const struct problem *p)
{
	reply_header(rq, "WWW-Authenticate", BYTES_LIT("Bearer realm=\"mailbridge\""));
	if (!request_is_from_browser(rq))
		reply_header(rq, "WWW-Authenticate",
			     BYTES_LIT("Basic realm=\"mailbridge\", charset=\"UTF-8\""));
	reply_problem(rq, p);
}

/* The problem of a fault, seen with who is asking. */
static struct problem problem_for(struct user *u, const struct fault *f)
{
	struct problem p = problem_of_fault(f);

	if (p.kind->status != 401 || !u)
		return p;
	if (!user_has_session(u)) {
		auth_remember_drop(u->app->remembered, &u->mac);
		return p;
	}
	p.kind = problem_kind_find(BYTES_LIT("credentials-revoked"));
	p.detail[0] = '\0';
	return p;
}

void answer_fault(struct request *rq, const struct fault *f)
{
	struct problem p = problem_for(user_of(rq), f);

	if (p.kind->status == 401)
		answer_unauthorized(rq, &p);
	else
		reply_problem(rq, &p);
}

bool answer_took(struct request *rq, const struct fault *fault)
{
	request_op_done(rq);
	if (fault)
		answer_fault(rq, fault);
	return !fault;
}

void answer_store_away(struct request *rq, enum err err)
{
	struct problem p = problem_with("busy",
					"The store of sessions cannot be asked just now "
					"(%s). Try again in a while.",
					err_name(err));

	reply_problem(rq, &p);
}

/* --- origins --------------------------------------------------------------- */

static bool is_listed(const char *const *origins, struct bytes origin)
{
	for (; origins && *origins; origins++)
		if (bytes_equal_str_nocase(origin, *origins))
			return true;
	return false;
}

bool origin_is_ours(struct request *rq)
{
	const struct app *app = app_of(rq);
	struct bytes origin = request_header(rq, "Origin");

	return !bytes_is_null(origin) && (bytes_equal_nocase(origin, request_origin(rq)) ||
					  is_listed(app->allowed_origins, origin));
}

static bool is_safe(const struct request *rq)
{
	enum http_method m = request_method(rq);

	return m == HTTP_GET || m == HTTP_OPTIONS;
}

bool user_origin_allowed(struct request *rq, enum user_scheme scheme)
{
	bool is_ambient =
		scheme == USER_COOKIE || (scheme == USER_BASIC && request_is_from_browser(rq));
	struct problem p;

	if (is_safe(rq) || !is_ambient || origin_is_ours(rq))
		return true;
	p = problem_of("origin-not-allowed");
	reply_problem(rq, &p);
	return false;
}
