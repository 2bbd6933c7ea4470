#include "endpoint/login.h"

#include "auth/limit.h"
#include "base/log.h"
#include "endpoint/user.h"
#include "http/reply.h"

struct attempt {
	struct request *rq;
	const struct app_server *server;
	struct credentials credentials;
	login_cb *cb;
	void *ctx;
};

/* Behind the last @; null when there is none. */
static struct bytes domain_of(struct bytes username)
{
	size_t at = username.len;

	while (at > 0 && username.at[at - 1] != '@')
		at--;
	return at ? bytes_skip(username, at) : BYTES_NULL;
}

static struct bytes without_domain(struct bytes username)
{
	struct bytes domain = domain_of(username);

	return bytes_is_null(domain) ? username
				     : bytes_first(username, username.len - domain.len - 1);
}

const struct app_server *login_resolve(const struct app *app, const struct login *l,
				       struct auth_credentials *ret)
{
	const struct app_servers *all = &app->servers;
	const struct app_server *s = bytes_is_null(l->server_name)
					     ? all->by_domain(all->ctx, domain_of(l->username))
					     : all->by_name(all->ctx, l->server_name);

	if (!s)
		return NULL;
	*ret = (struct auth_credentials){
		.server = s->account.name,
		.username = s->username_is_local ? without_domain(l->username) : l->username,
		.password = l->password,
		.access_token = l->access_token,
	};
	return s;
}

struct credentials login_credentials(const struct auth_credentials *c)
{
	return (struct credentials){ .username = c->username,
				     .password = c->password,
				     .access_token = c->access_token };
}

static void on_account(void *ctx, const struct fault *fault, struct account *account)
{
	struct attempt *a = ctx;

	request_op_done(a->rq);
	a->cb(a->ctx, fault, account);
}

static void ask_server(struct attempt *a)
{
	struct app *app = app_of(a->rq);

	request_wait(a->rq, account_login(app->hub, request_call(a->rq), &a->server->account,
					  &a->credentials, on_account, a));
}

static void on_counted(void *ctx, enum err err, unsigned retry_after_s)
{
	struct attempt *a = ctx;
	struct problem p;

	request_op_done(a->rq);
	if (err == ERR_DENIED) {
		p = problem_with("too-many-requests",
				 "Too many attempts to log in. Try again after the seconds in "
				 "Retry-After.");
		p.retry_after_s = retry_after_s;
		reply_problem(a->rq, &p);
		return;
	}
	/* Counting serves to slow down guessing; that the counters are away is no
	 * reason to lock everybody out. */
	if (err != ERR_OK)
		log_msg(LOG_WARN, "login", "attempts are not counted: %s", err_name(err));
	ask_server(a);
}

static struct bytes counter_name(struct arena *mem, const struct auth_credentials *c)
{
	return bytes_of_str(
		arena_printf(mem, "%.*s/%.*s", BYTES_FMT(c->server), BYTES_FMT(c->username)));
}

void login_start(struct request *rq, const struct app_server *server,
		 const struct auth_credentials *c, login_cb *cb, void *ctx)
{
	const struct app *app = app_of(rq);
	const struct auth_limits limits = { .state = app->state,
					    .window_ms = app->logins.window_ms,
					    .per_client = app->logins.per_client,
					    .per_user = app->logins.per_user };
	struct attempt *a = ARENA_NEW(request_arena(rq), struct attempt);
	struct bytes name = counter_name(request_arena(rq), c);

	if (!a || bytes_is_null(name)) {
		request_wait(rq, NULL);
		return;
	}
	*a = (struct attempt){ rq, server, login_credentials(c), cb, ctx };
	request_wait(rq, auth_limit_attempt(&limits, request_call(rq), request_client(rq), name,
					    on_counted, a));
}
