/* Inside of fake.h: the server, its conversations and their operations. */
#ifndef MAILSTORE_FAKE_SERVER_H
#define MAILSTORE_FAKE_SERVER_H

#include "mailstore/fake_data.h"
#include "net/loop.h"

#define USERS_MAX  16
#define FAULTS_MAX 16

struct fake_script {
	struct fault faults[FAULTS_MAX]; /* the first one is next */
	size_t fault_count;
	bool held;
	unsigned calls, cancels;
};

struct fake_user {
	struct bytes name, password, token;
};

struct fake_server {
	struct loop *loop;
	struct fake_data data;
	struct mailstore_caps caps;
	struct fake_user users[USERS_MAX];
	size_t user_count;
	struct fake_script script[MAIL_VERBS];
	uint64_t delay_ms;
	size_t chunk_bytes;
	bool is_silent;
	struct fake_session *sessions;
	unsigned open, peak;
};

struct fake_op {
	struct op op;
	struct fake_session *session;
	struct fake_op *next;
	struct mail_request rq;
	struct loop_timer deadline;
	struct bytes stream; /* what is still to be given, once streaming */
	bool streaming, paused;
	bool is_watching, is_looking, is_due, is_lost, is_over;
	struct loop_timer poll;
	uint64_t *told; /* heap: the MODSEQ of each folder as it was told */
	size_t told_count;
	uint64_t folders_version;
	bool *freed; /* set when a callback cancelled it */
};

/* What a conversation has been told about the folder that it has selected. */
struct fake_view {
	bool is_valid;
	size_t folder; /* index */
	uint32_t uidvalidity, uidnext;
	uint64_t gone_modseq, flags_modseq;
};

/* One conversation. Its operations run one after the other. */
struct fake_session {
	struct mailstore ms;
	struct fake_server *server;
	struct fake_session *next;
	struct fake_op *first;
	struct loop_timer step;
	bool open;
	struct bytes selected; /* in the server's memory */
	struct fake_view view;
	bool *freed; /* set when a callback freed us */
};

/* Runs the first operation when it is due. */
void fake_session_kick(struct fake_session *s);
/* A lost connection: those under way are told, then the owner. */
void fake_session_end(struct fake_session *s, const struct fault *fault);

/* The folder is known as it stands. */
void fake_view_set(struct fake_session *s, const struct fake_folder *f);
void fake_run_sync(struct fake_session *s, const struct mail_request *rq);
void fake_watch_begin(struct fake_op *op);
/* Tells what there is to tell. */
void fake_watch_step(struct fake_op *op);
void fake_watch_look(struct fake_op *op);
/* Something has changed or is about to: those that watch will look. */
void fake_server_changed(struct fake_server *s);

#endif
