#include "endpoint/app.h"

#include "auth/remember.h"
#include "endpoint/endpoint.h"
#include "endpoint/event_hub.h"
#include "endpoint/recall.h"

#define SESSIONS_RECALLED 4096

#define SECOND_MS ((uint64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

void app_defaults(struct app *app)
{
	*app = (struct app){
		.sessions = { .idle_ttl_ms = 24 * HOUR_MS,
			      .max_ttl_ms = 30 * DAY_MS,
			      .old_token_ms = 60 * SECOND_MS,
			      .per_account = 50,
			      .basic_ttl_ms = 5 * MINUTE_MS,
			      .basic_remembered = 4096 },
		.logins = { .window_ms = 10 * MINUTE_MS, .per_client = 100, .per_user = 20 },
		.tickets = { .ttl_ms = 30 * SECOND_MS, .per_minute = 60 },
		.streams = { .heartbeat_ms = 15 * SECOND_MS, .per_account = 20 },
		.message_max_bytes = 25 << 20,
	};
}

enum err app_start(struct app *app)
{
	if (app->message_max_bytes > MESSAGE_BODY_BYTES)
		app->message_max_bytes = MESSAGE_BODY_BYTES;
	app->remembered =
		auth_remember_new(app->sessions.basic_remembered, app->sessions.basic_ttl_ms);
	app->recalled = recall_new(SESSIONS_RECALLED);
	app->events =
		event_hub_new(&(struct event_hub_setup){ .loop = app->loop,
							 .state = app->state,
							 .sessions = app_auth_sessions(app),
							 .heartbeat_ms = app->streams.heartbeat_ms,
							 .per_account = app->streams.per_account });
	return app->remembered && app->recalled && app->events ? ERR_OK : ERR_NOMEM;
}

void app_stop(struct app *app)
{
	event_hub_free(app->events);
	auth_remember_free(app->remembered);
	app->events = NULL;
	app->remembered = NULL;
	recall_free(app->recalled);
	app->recalled = NULL;
}

struct app *app_of(const struct request *rq)
{
	return request_app(rq);
}

struct auth_sessions app_auth_sessions(const struct app *app)
{
	return (struct auth_sessions){
		.state = app->state,
		.operator_key = bytes_of(app->operator_key, sizeof app->operator_key),
		.idle_ttl_ms = app->sessions.idle_ttl_ms,
		.max_ttl_ms = app->sessions.max_ttl_ms,
		.old_token_ms = app->sessions.old_token_ms,
		.per_account = app->sessions.per_account,
	};
}

struct auth_tickets app_auth_tickets(const struct app *app)
{
	return (struct auth_tickets){ .sessions = app_auth_sessions(app),
				      .ttl_ms = app->tickets.ttl_ms,
				      .per_minute = app->tickets.per_minute };
}
