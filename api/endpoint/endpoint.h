/*
 * The handlers that api/routes.c names, one file per resource, with the tables
 * of their query parameters.
 */
#ifndef ENDPOINT_ENDPOINT_H
#define ENDPOINT_ENDPOINT_H

#include "http/route.h"

#define JSON_BODY_MAX_BYTES (1 << 20)
#define LIST_LIMIT_MAX      500
#define LIST_LIMIT_DEFAULT  50
#define ACTION_IDS_MAX      5000
#define MESSAGE_BODY_BYTES  (64 << 20) /* what is let in at all; app.message_max_bytes is less */
#define BULK_TIMEOUT_MS     (5 * 60 * 1000)

/* sessions.c */
void post_sessions(struct request *rq);
void get_sessions(struct request *rq);
void delete_session_by_id(struct request *rq);

/* session.c */
void get_session(struct request *rq);
void delete_session(struct request *rq);
void post_session_refresh(struct request *rq);

/* folders.c */
void get_folders(struct request *rq);
void get_folder(struct request *rq);

/* folder_edit.c */
extern const struct param_spec empty_folder_params[];
void post_folders(struct request *rq);
void patch_folder(struct request *rq);
void delete_folder(struct request *rq);
void post_folder_empty(struct request *rq);

/* messages.c */
extern const struct param_spec list_folder_messages_params[];
extern const struct param_spec list_messages_params[];
extern const struct param_spec get_thread_params[];
void get_folder_messages(struct request *rq);
void get_messages(struct request *rq);
void get_thread(struct request *rq);

/* changes.c */
extern const struct param_spec list_changes_params[];
void get_folder_changes(struct request *rq);

/* message.c */
extern const struct param_spec get_message_params[];
void get_message(struct request *rq);

/* message_edit.c */
extern const struct param_spec delete_message_params[];
void patch_message(struct request *rq);
void delete_message(struct request *rq);

/* actions.c */
void post_actions(struct request *rq);

/* append.c */
extern const struct param_spec append_message_params[];
void post_messages(struct request *rq);

/* parts.c */
void get_raw(struct request *rq);
void get_part(struct request *rq);
void get_part_message(struct request *rq);

/* events.c */
extern const struct param_spec list_events_params[];
void get_events(struct request *rq);

/* tickets.c */
void post_ticket(struct request *rq);

/* about.c */
void get_health_live(struct request *rq);
void get_health_ready(struct request *rq);
void get_openapi_json(struct request *rq);
void get_openapi_yaml(struct request *rq);
void get_problem(struct request *rq);

/* metrics.c */
void get_metrics(struct request *rq);
void get_public_metrics(struct request *rq);

/* static.c */
void get_root(struct request *rq);
void get_docs(struct request *rq);
void get_static(struct request *rq);

#endif
