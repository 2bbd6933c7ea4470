#include "json/session.h"

#include "json/summary.h"

static void put_time(struct json_writer *w, const char *key, bool is_known, int64_t unix_s)
{
	json_key(w, key);
	if (is_known)
		json_instant(w, unix_s);
	else
		json_put_null(w);
}

static void put_life(struct json_writer *w, const struct json_session_life *l)
{
	json_member_string(w, "id", l->id);
	put_time(w, "createdAt", l->has_times, l->created_at);
	put_time(w, "expiresAt", l->has_times, l->expires_at);
}

static void put_identities(struct json_writer *w, struct bytes email)
{
	json_key(w, "identities");
	json_array_begin(w);
	if (!bytes_is_null(email)) {
		json_object_begin(w);
		json_member_string(w, "name", BYTES_NULL);
		json_member_string(w, "email", email);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_capabilities(struct json_writer *w, const struct json_account *a)
{
	json_key(w, "capabilities");
	json_object_begin(w);
	json_member_bool(w, "folders", a->folders);
	json_member_str(w, "flags", a->flags);
	json_member_bool(w, "customKeywords", a->custom_keywords);
	json_member_bool(w, "move", a->move);
	json_member_bool(w, "append", a->append);
	json_member_str(w, "search", a->search);
	json_member_str(w, "sort", a->sort);
	json_member_str(w, "threads", a->threads);
	json_member_bool(w, "changes", a->changes);
	json_member_bool(w, "send", a->send);
	json_member_str(w, "push", a->push);
	json_object_end(w);
}

static void put_quota(struct json_writer *w, const struct json_account *a)
{
	json_key(w, "quota");
	if (!a->has_quota) {
		json_put_null(w);
		return;
	}
	json_object_begin(w);
	json_member_u64(w, "used", a->quota_used_bytes);
	json_member_u64(w, "hardLimit", a->quota_limit_bytes);
	json_object_end(w);
}

static void put_limit(struct json_writer *w, const char *name, uint64_t n)
{
	json_member_count(w, name, n != 0, n);
}

static void put_limits(struct json_writer *w, const struct json_limits *l)
{
	json_key(w, "limits");
	json_object_begin(w);
	put_limit(w, "listLimit", l->list);
	put_limit(w, "actionIds", l->action_ids);
	put_limit(w, "uploadBytes", l->upload_bytes);
	put_limit(w, "messageBytes", l->message_bytes);
	put_limit(w, "jsonBytes", l->json_bytes);
	put_limit(w, "streams", l->streams);
	put_limit(w, "pollSeconds", l->poll_seconds);
	json_object_end(w);
}

static void put_account(struct json_writer *w, const struct json_session *s)
{
	const struct json_account *a = &s->account;

	json_key(w, "account");
	json_object_begin(w);
	json_member_string(w, "id", a->id);
	json_member_string(w, "username", a->username);
	json_member_string(w, "protocol", a->protocol);
	json_member_string(w, "server", a->server);
	put_identities(w, a->email);
	put_capabilities(w, a);
	put_quota(w, a);
	put_limits(w, &s->limits);
	json_object_end(w);
}

void json_session(struct json_writer *w, const struct json_session *s)
{
	json_object_begin(w);
	put_life(w, &s->life);
	put_account(w, s);
	if (s->has_token)
		json_member_string(w, "token", s->token);
	json_object_end(w);
}

void json_session_entry(struct json_writer *w, const struct json_session_life *s, bool is_current)
{
	json_object_begin(w);
	put_life(w, s);
	json_member_bool(w, "isCurrent", is_current);
	json_object_end(w);
}
