#include "routes.h"

#include "endpoint/endpoint.h"

#define JSON "application/json"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct route routes[] = {
	/* Sessions */
	{ HTTP_POST, "/v1/sessions", "createSession", ROUTE_PUBLIC, JSON_BODY_MAX_BYTES, JSON,
	  .handle = post_sessions },
	{ HTTP_GET, "/v1/sessions", "listSessions", ROUTE_ACCOUNT, .handle = get_sessions },
	{ HTTP_DELETE, "/v1/sessions/{sessionId}", "deleteSession", ROUTE_ACCOUNT,
	  .handle = delete_session_by_id },
	{ HTTP_GET, "/v1/session", "getSession", ROUTE_ACCOUNT, .handle = get_session },
	{ HTTP_DELETE, "/v1/session", "logOut", ROUTE_ACCOUNT, .handle = delete_session },
	{ HTTP_POST, "/v1/session/refresh", "refreshSession", ROUTE_ACCOUNT,
	  .handle = post_session_refresh },

	/* Folders */
	{ HTTP_GET, "/v1/folders", "listFolders", ROUTE_ACCOUNT, .handle = get_folders },
	{ HTTP_POST, "/v1/folders", "createFolder", ROUTE_ACCOUNT, JSON_BODY_MAX_BYTES, JSON,
	  .handle = post_folders },
	{ HTTP_GET, "/v1/folders/{folderId}", "getFolder", ROUTE_ACCOUNT, .handle = get_folder },
	{ HTTP_PATCH, "/v1/folders/{folderId}", "changeFolder", ROUTE_ACCOUNT, JSON_BODY_MAX_BYTES,
	  JSON, .handle = patch_folder },
	{ HTTP_DELETE, "/v1/folders/{folderId}", "deleteFolder", ROUTE_ACCOUNT,
	  .handle = delete_folder },
	{ HTTP_POST, "/v1/folders/{folderId}/empty", "emptyFolder", ROUTE_ACCOUNT,
	  .params = empty_folder_params, .handle = post_folder_empty },
	{ HTTP_GET, "/v1/folders/{folderId}/messages", "listFolderMessages", ROUTE_ACCOUNT,
	  .params = list_folder_messages_params, .handle = get_folder_messages },
	{ HTTP_GET, "/v1/folders/{folderId}/changes", "listFolderChanges", ROUTE_ACCOUNT,
	  .params = list_changes_params, .handle = get_folder_changes },

	/* Messages */
	{ HTTP_GET, "/v1/messages", "listMessages", ROUTE_ACCOUNT, .params = list_messages_params,
	  .handle = get_messages },
	{ HTTP_POST, "/v1/messages", "appendMessage", ROUTE_ACCOUNT, MESSAGE_BODY_BYTES,
	  "message/rfc822", append_message_params, .handle = post_messages },
	{ HTTP_POST, "/v1/messages/actions", "actOnMessages", ROUTE_ACCOUNT, JSON_BODY_MAX_BYTES,
	  JSON, .handle = post_actions },
	{ HTTP_GET, "/v1/messages/{messageId}", "getMessage", ROUTE_ACCOUNT,
	  .params = get_message_params, .handle = get_message },
	{ HTTP_PATCH, "/v1/messages/{messageId}", "changeMessage", ROUTE_ACCOUNT,
	  JSON_BODY_MAX_BYTES, JSON, .handle = patch_message },
	{ HTTP_DELETE, "/v1/messages/{messageId}", "deleteMessage", ROUTE_ACCOUNT,
	  .params = delete_message_params, .handle = delete_message },
	{ HTTP_GET, "/v1/messages/{messageId}/raw", "getRawMessage", ROUTE_ACCOUNT, .answers = "*",
	  .handle = get_raw },
	{ HTTP_GET, "/v1/messages/{messageId}/parts/{partId}", "getPart", ROUTE_ACCOUNT,
	  .answers = "*", .handle = get_part },
	{ HTTP_GET, "/v1/messages/{messageId}/parts/{partId}/message", "getPartMessage",
	  ROUTE_ACCOUNT, .answers = "*", .handle = get_part_message },

	{ HTTP_GET, "/v1/threads/{threadId}", "getThread", ROUTE_ACCOUNT,
	  .params = get_thread_params, .handle = get_thread },

	/* Events */
	{ HTTP_GET, "/v1/events", "listEvents", ROUTE_ACCOUNT, .params = list_events_params,
	  .answers = JSON ",text/event-stream", .handle = get_events },
	{ HTTP_POST, "/v1/events/tickets", "createEventTicket", ROUTE_ACCOUNT,
	  .handle = post_ticket },

	/* Service */
	{ HTTP_GET, "/health/live", "getLiveness", ROUTE_PUBLIC, .handle = get_health_live },
	{ HTTP_GET, "/health/ready", "getReadiness", ROUTE_PUBLIC, .handle = get_health_ready },
	{ HTTP_GET, "/metrics", "getMetrics", ROUTE_PUBLIC, .answers = "text/plain",
	  .handle = get_public_metrics },
	{ HTTP_GET, "/openapi.json", "getOpenapiJson", ROUTE_PUBLIC, .handle = get_openapi_json },
	{ HTTP_GET, "/openapi.yaml", "getOpenapiYaml", ROUTE_PUBLIC, .answers = "application/yaml",
	  .handle = get_openapi_yaml },
	{ HTTP_GET, "/problems/{code}", "getProblem", ROUTE_PUBLIC, .answers = "text/html",
	  .handle = get_problem },
	{ HTTP_GET, "/", "getWelcome", ROUTE_PUBLIC, .answers = "text/html", .handle = get_root },
	{ HTTP_GET, "/docs", "getDocs", ROUTE_PUBLIC, .answers = "text/html", .handle = get_docs },
	{ HTTP_GET, "/static/{file}", "getStaticFile", ROUTE_PUBLIC, .answers = "*",
	  .handle = get_static },
};

static const struct route metrics[] = {
	{ HTTP_GET, "/metrics", "getMetrics", ROUTE_PUBLIC, .answers = "*", .handle = get_metrics },
};

const struct route_table metrics_routes = { metrics, COUNT_OF(metrics) };
const struct route_table api_routes = { routes, COUNT_OF(routes) };
