/*
 * What the endpoints need to know of the process. main fills one struct app
 * before the server starts (app_defaults(), then its configuration, then
 * app_start()) and hands it to http_server_new() together with
 * app_authenticate(); handlers find it with app_of().
 */
#ifndef ENDPOINT_APP_H
#define ENDPOINT_APP_H

#include "account/account.h"
#include "auth/ticket.h"
#include "http/request.h"
#include "state/state.h"

struct auth_remember;
struct event_hub;
struct http_server;
struct idempotency;
struct journal;
struct recall;
struct loop;

/* One server that users may log in to. */
struct app_server {
	struct account_server account;
	bool username_is_local; /* username=%n: it knows its users without their domain */
	struct bytes domain;    /* for the address of users who log in without one, or null */
};

/* Both answer NULL when there is none; what they give lives as long as the app. */
struct app_servers {
	const struct app_server *(*by_name)(void *ctx, struct bytes name);
	/* Null domain: the server for user names that have none. */
	const struct app_server *(*by_domain)(void *ctx, struct bytes domain);
	void *ctx;
};

#define APP_OPERATOR_KEY_BYTES 32

struct app_session_limits {
	uint64_t idle_ttl_ms;  /* a session nobody uses ends after this; default 24 h */
	uint64_t max_ttl_ms;   /* and any session after this; default 30 days */
	uint64_t old_token_ms; /* the old token's life after a refresh; default 60 s */
	unsigned per_account;  /* default 50 */
	uint64_t basic_ttl_ms; /* Basic credentials once verified pass for so long; default 5 min */
	size_t basic_remembered; /* as many of them; default 4096 */
};

/* Login attempts, told apart from guessing only by their number. 0: no limit. */
struct app_login_limits {
	uint64_t window_ms;  /* default 10 min */
	unsigned per_client; /* address (IPv6: /64); default 100 */
	unsigned per_user;   /* default 20 */
};

struct app_ticket_limits {
	uint64_t ttl_ms;     /* default 30 s */
	unsigned per_minute; /* of one account; default 60 */
};

struct app_event_limits {
	uint64_t heartbeat_ms; /* default 15 s */
	unsigned per_account;  /* streams and polls that wait, at the same time; default 20 */
};

/* What GET /metrics says beside what the parts count themselves. */
struct app_limit {
	const char *name;
	uint64_t value;
};

struct app {
	/* Set by main. */
	struct loop *loop;
	struct account_hub *hub;
	struct state *state;
	struct journal *journal; /* NULL: none */
	struct idempotency *idempotency;
	struct app_servers servers;
	/* From the configuration, or random (then sessions end with the process). */
	uint8_t operator_key[APP_OPERATOR_KEY_BYTES];
	struct app_session_limits sessions;
	struct app_login_limits logins;
	struct app_ticket_limits tickets;
	struct app_event_limits streams;
	uint64_t message_max_bytes; /* POST /v1/messages; default 25 MiB, most 64 MiB */
	/* The origin that users see ("https://mail.example.org"), without a slash at
	 * the end; null: what the request says. */
	struct bytes base_url;
	/* Origins besides our own that may use a session cookie; NULL-ended, or NULL. */
	const char *const *allowed_origins;
	/* What keeps the process from working ("The state store is away."), else
	 * NULL; may be NULL itself. */
	const char *(*trouble)(void *ctx);
	void *trouble_ctx;
	const struct app_limit *limits; /* ended by one without a name; or NULL */
	bool serves_metrics;            /* on the port of the API */
	const struct http_server *http; /* once there is one */

	/* Its own. */
	struct auth_remember *remembered;
	struct event_hub *events;
	struct recall *recalled;
};

/* Everything zero but the limits. */
void app_defaults(struct app *app);
/* After main has filled it; ERR_NOMEM. */
MUST_CHECK enum err app_start(struct app *app);
/* After the server has stopped. */
void app_stop(struct app *app);

/* The app that the request's server was made with. */
struct app *app_of(const struct request *rq);
struct auth_sessions app_auth_sessions(const struct app *app);
struct auth_tickets app_auth_tickets(const struct app *app);

/* The http_authenticate_fn; its context is the struct app. */
void app_authenticate(struct request *rq, void *app);

#endif
