/* What happens in an account (api.md §7): the entries of its event log. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "model/folder.h"
#include "model/message.h"

enum account_event_type {
	EVENT_MESSAGE_CREATED = 1,
	EVENT_MESSAGE_UPDATED,
	EVENT_MESSAGE_DELETED,
	EVENT_FOLDER_CREATED,
	EVENT_FOLDER_UPDATED,
	EVENT_FOLDER_DELETED,
	EVENT_ACCOUNT_CONNECTED,
	EVENT_ACCOUNT_DISCONNECTED,
	EVENT_RESET,
};

struct message_update {
	struct message_id id;
	struct keywords keywords; /* all it has now */
};

struct message_moved {
	struct message_id from, to;
};

#define EVENT_BATCH_MAX 500

struct account_event {
	enum account_event_type type;
	int64_t at; /* unix seconds */
	struct folder_id
		folder; /* of messages and of EVENT_FOLDER_DELETED; "": all (EVENT_RESET) */
	const struct summary *message; /* EVENT_MESSAGE_CREATED */
	bool has_moved_from;
	struct message_id moved_from;
	const struct message_update *updates; /* EVENT_MESSAGE_UPDATED */
	const struct message_id *ids;         /* EVENT_MESSAGE_DELETED */
	size_t count;                         /* of either, at most EVENT_BATCH_MAX */
	const struct message_moved *moved;    /* where some of `ids` are now */
	size_t moved_count;
	const struct folder *folder_now; /* EVENT_FOLDER_CREATED, _UPDATED */
	bool has_previous_id;
	struct folder_id previous_id;
	const char *push;   /* EVENT_ACCOUNT_CONNECTED: "notify", "idle", "poll" */
	const char *reason; /* EVENT_ACCOUNT_DISCONNECTED, EVENT_RESET */
	int64_t retry_at;   /* EVENT_ACCOUNT_DISCONNECTED; unix seconds, 0: never */
};

/* "message.created" and so on; NULL for what is none. */
const char *account_event_name(unsigned type);

#endif
