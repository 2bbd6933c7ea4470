/*
 * What is behind a mail store. Every operation of mailstore.h arrives here as
 * one request, so that a protocol implements a queue of requests and not
 * twenty entry points, and so that failing one is the same for all of them.
 */
#ifndef MAILSTORE_BACKEND_H
#define MAILSTORE_BACKEND_H

#include "mailstore/mailstore.h"

enum mail_verb {
	MAIL_OPEN,
	MAIL_PING,
	MAIL_LIST_FOLDERS,
	MAIL_STATUS,
	MAIL_CHANGE_FOLDER,
	MAIL_QUOTA,
	MAIL_QUERY,
	MAIL_FETCH,
	MAIL_STREAM,
	MAIL_PART_SIZE,
	MAIL_SECTIONS,
	MAIL_SET_KEYWORDS,
	MAIL_COPY,
	MAIL_MOVE,
	MAIL_EXPUNGE,
	MAIL_APPEND,
	MAIL_FIND,
	MAIL_SYNC,
	MAIL_WATCH,
	MAIL_VERBS,
};

/* One operation. Plain data: copied by value; what the pointers point at is
 * borrowed until the callback has run or op_cancel() was called. */
struct mail_request {
	enum mail_verb verb;
	struct call call;
	struct bytes path; /* the folder; null for those that concern none */
	const struct message_key *keys;
	size_t count; /* of keys, or of section_names */
	union {
		const struct credentials *credentials; /* MAIL_OPEN */
		struct {                               /* MAIL_CHANGE_FOLDER */
			enum folder_change_kind kind;
			struct bytes new_path;
		} change;
		struct { /* MAIL_QUERY, MAIL_FETCH */
			unsigned want;
			struct mail_query query;
		} read;
		struct { /* MAIL_STREAM */
			struct message_key key;
			struct mail_section section;
			flow_data_cb *on_data;
		} stream;
		struct { /* MAIL_PART_SIZE */
			struct message_key key;
			struct bytes part_id;
			uint64_t encoded_bytes;
		} size;
		bool is_glance; /* MAIL_STATUS */
		struct {        /* MAIL_SECTIONS */
			struct message_key key;
			const struct bytes *names;
			uint64_t max_bytes;
		} sections;
		struct { /* MAIL_SET_KEYWORDS */
			struct keywords add, remove;
			uint64_t unchanged_since;
		} flags;
		struct bytes to; /* MAIL_COPY, MAIL_MOVE */
		struct {         /* MAIL_APPEND */
			struct mail_source source;
			struct keywords keywords;
			int64_t received_at;
		} append;
		struct { /* MAIL_FIND */
			struct mail_source source;
			uint32_t first_uid;
		} find;
		struct mail_baseline since; /* MAIL_SYNC */
		struct {                    /* MAIL_WATCH */
			struct mail_watch how;
			mailstore_event_cb *on_event;
		} watch;
	} arg;
	union {
		mailstore_done_cb *done;
		mailstore_folders_cb *folders;
		mailstore_status_cb *status;
		mailstore_quota_cb *quota;
		mailstore_page_cb *page;
		mailstore_items_cb *items;
		mailstore_size_cb *size;
		mailstore_sections_cb *sections;
		mailstore_changes_cb *changes;
		mailstore_sync_cb *sync;
	} cb;
	void *ctx;
};

/* Calls the request's callback with the fault and without results. */
void mail_request_fail(const struct mail_request *rq, const struct fault *fault);
/* Does this request change something on the server, so that a cut in the midst
 * of it is ERR_UNKNOWN? */
bool mail_request_is_change(const struct mail_request *rq);

struct mailstore_class {
	/* Queues the request. NULL when memory is short. */
	struct op *(*start)(struct mailstore *ms, const struct mail_request *rq);
	const struct mailstore_caps *(*caps)(const struct mailstore *ms);
	bool (*is_open)(const struct mailstore *ms);
	struct bytes (*selected)(const struct mailstore *ms);
	void (*free)(struct mailstore *ms);
};

/* The base of every implementation: its first member. */
struct mailstore {
	const struct mailstore_class *cls;
	mailstore_done_cb *on_end; /* may be NULL */
	void *on_end_ctx;
};

#endif
