#include "endpoint/session_doc.h"

#include "endpoint/endpoint.h"
#include "json/session.h"

static struct json_session_life life_of(const struct session_doc *d)
{
	const struct auth_sessions sessions = app_auth_sessions(d->app);
	const struct auth_session *s = d->session;

	if (!s)
		return (struct json_session_life){ 0 };
	return (struct json_session_life){
		.id = bytes_of_str(s->id),
		.has_times = true,
		.created_at = s->created_at_ms / 1000,
		.expires_at = auth_session_expires_at_ms(&sessions, s) / 1000,
	};
}

static const char *push_name(enum mailstore_push push)
{
	switch (push) {
	case MAILSTORE_PUSH_POLL: return "poll";
	case MAILSTORE_PUSH_IDLE: return "idle";
	case MAILSTORE_PUSH_NOTIFY: return "notify";
	}
	return "poll";
}

/* The address that the user writes as: the user name, if need be with the
 * server's domain. Written into `to`. */
static struct bytes email_of(const struct session_doc *d, struct buf *to)
{
	struct bytes username = account_username(d->account);

	buf_append(to, username);
	if (bytes_index(username, '@') == username.len) {
		if (bytes_is_null(d->server->domain))
			return BYTES_NULL;
		buf_append_byte(to, '@');
		buf_append(to, d->server->domain);
	}
	return buf_err(to) ? BYTES_NULL : buf_bytes(to);
}

static const char *flags_name(enum mailstore_flags_kind kind)
{
	switch (kind) {
	case MAILSTORE_FLAGS_NONE: break;
	case MAILSTORE_FLAGS_LOCAL: return "local";
	case MAILSTORE_FLAGS_SERVER: return "server";
	}
	return "none";
}

static struct json_account account_of(const struct session_doc *d, struct bytes email)
{
	const struct mailstore_caps *c = d->caps;

	return (struct json_account){
		.id = bytes_of_str(account_id(d->account)->text),
		.username = account_username(d->account),
		.protocol = bytes_of_str(account_protocol(d->account)),
		.server = account_server_name(d->account),
		.email = email,
		.folders = c->folders,
		.custom_keywords = c->custom_keywords,
		.move = c->move,
		.append = c->append,
		.changes = c->changes,
		.flags = flags_name(c->flags),
		.search = c->search_is_local ? "local"
			  : c->search        ? "server"
					     : "none",
		.sort = c->sort     ? "server"
			: c->search ? "local"
				    : "none",
		.threads = c->is_gmail ? "server"
			   : c->search ? "computed"
				       : "none",
		.push = push_name(c->push),
		.has_quota = d->quota && d->quota->is_known,
		.quota_used_bytes = d->quota ? d->quota->used_bytes : 0,
		.quota_limit_bytes = d->quota ? d->quota->limit_bytes : 0,
	};
}

void session_doc_write(struct buf *to, const struct session_doc *d)
{
	struct json_writer w = json_writer_of(to);
	struct json_session s = { .life = life_of(d),
				  .limits = { .list = LIST_LIMIT_MAX,
					      .action_ids = ACTION_IDS_MAX,
					      .message_bytes = d->app->message_max_bytes,
					      .json_bytes = JSON_BODY_MAX_BYTES,
					      .streams = d->app->streams.per_account },
				  .has_token = d->has_token,
				  .token = d->token };
	struct buf email;

	buf_init(&email, 2000);
	s.account = account_of(d, email_of(d, &email));
	json_session(&w, &s);
	buf_done(&email);
}

void session_set_cookie(struct request *rq, struct bytes token)
{
	bool is_removal = bytes_is_null(token);
	uint64_t max_age_s = is_removal ? 0 : app_of(rq)->sessions.max_ttl_ms / 1000;
	char *value = arena_printf(request_arena(rq),
				   USER_COOKIE_NAME "=%.*s; Path=/; Max-Age=%llu; Secure; "
						    "HttpOnly; SameSite=Strict",
				   BYTES_FMT(token), (unsigned long long)max_age_s);

	if (value)
		reply_header(rq, "Set-Cookie", bytes_of_str(value));
}
