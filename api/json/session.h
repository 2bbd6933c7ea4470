/* A session and its account (api-examples.md, "Session"). */
#ifndef JSON_SESSION_H
#define JSON_SESSION_H

#include "model/address.h"
#include "json/writer.h"

/* Who is asking, since when. All null under Basic authentication. */
struct json_session_life {
	struct bytes id;
	bool has_times;
	int64_t created_at, expires_at; /* unix seconds */
};

struct json_account {
	struct bytes id, username, protocol, server;
	struct bytes email; /* the one identity, or null */
	bool folders, custom_keywords, move, append, changes, send;
	const char *flags, *search, *sort, *threads; /* server, local, computed, none */
	const char *push;                            /* notify, idle, poll */
	bool has_quota;
	uint64_t quota_used_bytes, quota_limit_bytes;
};

/* What one request or list may hold. 0: the service has no such thing (null). */
struct json_limits {
	uint64_t list, action_ids, upload_bytes, message_bytes, json_bytes, streams, poll_seconds;
};

struct json_session {
	struct json_session_life life;
	struct json_account account;
	struct json_limits limits;
	bool has_token; /* the member is there; a null token writes null */
	struct bytes token;
};

void json_session(struct json_writer *w, const struct json_session *s);

/* One of GET /v1/sessions. */
void json_session_entry(struct json_writer *w, const struct json_session_life *s, bool is_current);

#endif
