/* /v1/sessions: logging in, and the list of one's sessions. */
#include "endpoint/body.h"
#include "endpoint/endpoint.h"
#include "endpoint/event_hub.h"
#include "endpoint/login.h"
#include "endpoint/session_doc.h"
#include "endpoint/user.h"
#include "json/session.h"

#define DOC_MAX_BYTES (64 * 1024)

/* --- POST /v1/sessions ----------------------------------------------------- */

struct oauth_form {
	struct bytes access_token;
};

struct session_form {
	struct bytes username, password, server, incoming, outgoing;
	struct oauth_form oauth;
	bool has_oauth, cookie, dry_run;
};

static const struct json_member oauth_members[] = {
	{ "accessToken", JSON_KIND_TEXT, offsetof(struct oauth_form, access_token),
	  .is_required = true, .given_offset = JSON_NOT_MARKED, .max = 16384 },
	{ 0 },
};

static const struct json_member session_members[] = {
	{ "username", JSON_KIND_TEXT, offsetof(struct session_form, username), .is_required = true,
	  .given_offset = JSON_NOT_MARKED, .max = 320 },
	{ "password", JSON_KIND_TEXT, offsetof(struct session_form, password),
	  .given_offset = JSON_NOT_MARKED, .max = 1000 },
	{ "oauth", JSON_KIND_OBJECT, offsetof(struct session_form, oauth),
	  .given_offset = offsetof(struct session_form, has_oauth), .members = oauth_members },
	{ "server", JSON_KIND_TEXT, offsetof(struct session_form, server), .is_nullable = true,
	  .given_offset = JSON_NOT_MARKED, .max = 255 },
	{ "incoming", JSON_KIND_TEXT, offsetof(struct session_form, incoming), .is_nullable = true,
	  .given_offset = JSON_NOT_MARKED },
	{ "outgoing", JSON_KIND_TEXT, offsetof(struct session_form, outgoing), .is_nullable = true,
	  .given_offset = JSON_NOT_MARKED },
	{ "cookie", JSON_KIND_BOOL, offsetof(struct session_form, cookie),
	  .given_offset = JSON_NOT_MARKED },
	{ "dryRun", JSON_KIND_BOOL, offsetof(struct session_form, dry_run),
	  .given_offset = JSON_NOT_MARKED },
	{ 0 },
};

struct new_session {
	struct request *rq;
	struct session_form form;
	const struct app_server *server;
	struct auth_credentials credentials;
	struct account *account; /* referenced until the request ends */
	const struct mailstore_caps *caps;
	const struct mailstore_quota *quota;
};

static void release(void *ctx)
{
	account_unref(((struct new_session *)ctx)->account);
}

static void on_created(void *ctx, enum err err, const struct auth_session *session,
		       const struct auth_token *token)
{
	struct new_session *n = ctx;
	struct buf body;

	request_op_done(n->rq);
	if (err != ERR_OK) {
		answer_store_away(n->rq, err);
		return;
	}
	if (n->form.cookie)
		session_set_cookie(n->rq, bytes_of_str(token->text));
	reply_header(n->rq, "Location", BYTES_LIT("/v1/session"));
	buf_init(&body, DOC_MAX_BYTES);
	session_doc_write(&body,
			  &(struct session_doc){
				  .app = app_of(n->rq),
				  .account = n->account,
				  .server = n->server,
				  .session = session,
				  .caps = n->caps,
				  .quota = n->quota,
				  .has_token = true,
				  .token = n->form.cookie ? BYTES_NULL : bytes_of_str(token->text),
			  });
	reply_json(n->rq, 201, &body, BYTES_NULL);
}

static void on_caps(void *ctx, const struct fault *fault, const struct mailstore_caps *caps,
		    const struct mailstore_quota *quota)
{
	struct new_session *n = ctx;
	struct auth_sessions sessions = app_auth_sessions(app_of(n->rq));

	request_op_done(n->rq);
	if (fault) {
		answer_fault(n->rq, fault);
		return;
	}
	n->caps = caps;
	n->quota = quota;
	request_wait(n->rq, auth_session_create(&sessions, request_call(n->rq),
						account_id(n->account)->text, &n->credentials,
						on_created, n));
}

/* What the dry run found out; outgoing mail is not tested yet. */
static void answer_dry_run(struct new_session *n, const struct fault *fault)
{
	struct json_writer w;
	struct problem p;
	struct buf body;

	buf_init(&body, DOC_MAX_BYTES);
	w = json_writer_of(&body);
	json_object_begin(&w);
	json_key(&w, "incoming");
	json_object_begin(&w);
	json_member_string(&w, "server", n->server->account.name);
	json_member_string(&w, "protocol", n->server->account.protocol);
	json_member_bool(&w, "ok", fault == NULL);
	json_key(&w, "problem");
	if (fault) {
		p = problem_of_fault(fault);
		json_object_begin(&w);
		json_member_str(&w, "code", p.kind->code);
		json_member_str(&w, "detail", p.detail[0] ? p.detail : p.kind->meaning);
		json_object_end(&w);
	} else {
		json_put_null(&w);
	}
	json_object_end(&w);
	json_key(&w, "outgoing");
	json_put_null(&w);
	json_object_end(&w);
	reply_json(n->rq, 200, &body, BYTES_NULL);
}

static void on_login(void *ctx, const struct fault *fault, struct account *account)
{
	struct new_session *n = ctx;

	if (!fault) {
		n->account = account;
		request_on_end(n->rq, release, n);
		request_set_log_account(n->rq, account_id(account)->text);
	}
	if (n->form.dry_run)
		answer_dry_run(n, fault);
	else if (fault)
		answer_fault(n->rq, fault);
	else
		request_wait(n->rq, account_capabilities(account, request_call(n->rq), on_caps, n));
}

static bool has_control_character(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < 0x20 || text.at[i] == 0x7f)
			return true;
	return false;
}

/* What the table of members cannot say. False: answered. */
static bool form_is_sound(struct request *rq, const struct session_form *f)
{
	struct problem p;

	if (f->username.len == 0 || has_control_character(f->username)) {
		body_refuse(rq, "#/username", "invalid-value",
			    "The user name of the mail account, without control characters.");
		return false;
	}
	if (f->has_oauth == !bytes_is_null(f->password)) {
		body_refuse(rq, "#/password", "invalid-value",
			    "Give either password or oauth, not both.");
		return false;
	}
	if (!bytes_is_null(f->incoming) || !bytes_is_null(f->outgoing)) {
		p = problem_of("server-not-allowed");
		reply_problem(rq, &p);
		return false;
	}
	return true;
}

/* A page of another origin must not log its visitor in here. */
static bool cookie_is_allowed(struct request *rq, const struct session_form *f)
{
	return !f->cookie || user_origin_allowed(rq, USER_COOKIE);
}

void post_sessions(struct request *rq)
{
	struct new_session *n = ARENA_NEW(request_arena(rq), struct new_session);
	struct login l;
	struct problem p;

	if (!n) {
		request_wait(rq, NULL);
		return;
	}
	n->rq = rq;
	if (!body_read(rq, session_members, &n->form) || !form_is_sound(rq, &n->form) ||
	    !cookie_is_allowed(rq, &n->form))
		return;
	l = (struct login){ .server_name = n->form.server,
			    .username = n->form.username,
			    .password = n->form.password,
			    .access_token = n->form.oauth.access_token };
	n->server = login_resolve(app_of(rq), &l, &n->credentials);
	if (!n->server) {
		p = problem_of("unknown-server");
		reply_problem(rq, &p);
		return;
	}
	login_start(rq, n->server, &n->credentials, on_login, n);
}

/* --- GET /v1/sessions ------------------------------------------------------ */

static void on_listed(void *ctx, enum err err, const struct auth_session_entry *entries,
		      size_t count)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;

	request_op_done(rq);
	if (err != ERR_OK) {
		answer_store_away(rq, err);
		return;
	}
	buf_init(&body, 16 * DOC_MAX_BYTES);
	w = json_writer_of(&body);
	json_object_begin(&w);
	json_key(&w, "sessions");
	json_array_begin(&w);
	for (size_t i = 0; i < count; i++) {
		const struct json_session_life life = {
			.id = bytes_of_str(entries[i].id),
			.has_times = true,
			.created_at = entries[i].created_at_ms / 1000,
			.expires_at = entries[i].expires_at_ms / 1000,
		};

		json_session_entry(&w, &life, bytes_equal_str(life.id, user_of(rq)->session.id));
	}
	json_array_end(&w);
	json_object_end(&w);
	reply_json_tagged(rq, 200, &body);
}

void get_sessions(struct request *rq)
{
	struct user *u = user_of(rq);
	struct auth_sessions sessions = app_auth_sessions(u->app);

	request_wait(rq, auth_session_list(&sessions, request_call(rq),
					   account_id(u->account)->text, on_listed, rq));
}

/* --- DELETE /v1/sessions/{id} ---------------------------------------------- */

static void on_ended(void *ctx, enum err err)
{
	struct request *rq = ctx;
	struct problem p;

	request_op_done(rq);
	if (err == ERR_NOT_FOUND) {
		p = problem_of("session-not-found");
		reply_problem(rq, &p);
	} else if (err != ERR_OK) {
		answer_store_away(rq, err);
	} else {
		event_hub_end_session(user_of(rq)->app->events, account_id(user_account(rq))->text,
				      request_path_param(rq, "sessionId"));
		reply_empty(rq, 204);
	}
}

void delete_session_by_id(struct request *rq)
{
	struct user *u = user_of(rq);
	struct auth_sessions sessions = app_auth_sessions(u->app);

	request_wait(rq, auth_session_end(&sessions, request_call(rq), account_id(u->account)->text,
					  request_path_param(rq, "sessionId"), NULL, on_ended, rq));
}
