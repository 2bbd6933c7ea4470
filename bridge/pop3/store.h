/*
 * Inside of the POP3 mail store: a queue of operations, one at a time, over one
 * session and one maildrop. Each verb is a small machine in a file of its own.
 */
#ifndef POP3_STORE_H
#define POP3_STORE_H

#include "base/arena.h"
#include "mailstore/backend.h"
#include "pop3/journal.h"
#include "pop3/pop3_store.h"

struct pop3_op;

struct pop3_verb {
	size_t size_bytes;                 /* of the struct that begins with struct pop3_op */
	void (*begin)(struct pop3_op *op); /* may finish it at once */
	/* All headers of op->headers that could be had are there. */
	void (*headers_ready)(struct pop3_op *op);
	/* The connection is lost while it runs: must finish it. NULL: it fails. */
	void (*lost)(struct pop3_op *op, const struct fault *fault);
	void (*cleanup)(struct pop3_op *op); /* NULL: nothing is held */
	void (*resume)(struct pop3_op *op);
};

struct pop3_op {
	struct op op;
	const struct pop3_verb *verb;
	struct pop3_store *store;
	struct pop3_op *next;
	struct mail_request rq;
	struct loop_timer deadline;
	void (*spooled)(struct pop3_op *op, const struct fault *fault); /* spool.c */
	unsigned pending;  /* answers that must still come */
	struct buf header; /* of the message whose TOP is being answered */
	/* headers.c */
	struct pop3_message *const *wanted;
	size_t wanted_count;
	size_t asked_headers; /* of the server, all in all */
	/* recall.c */
	struct op *recalling;
	struct arena *recalled_mem;
	void (*recalled)(struct pop3_op *op, const struct bytes *values, size_t count);
	mail_memory_done_cb *remembered;
	unsigned settle_tries; /* settle.c */
	struct fault fault;    /* the first that went wrong */
	bool is_running;
};

struct pop3_store {
	struct mailstore ms;
	struct loop *loop;
	struct dialer *dialer;
	const struct pop3_server *server;
	struct mailstore_caps caps;
	struct pop3_session *session;
	struct pop3_maildrop drop;
	struct pop3_journal journal;
	bool is_settled;     /* it is what the memory has */
	bool lacks_keywords; /* the memory was away at the login */
	char scope[16];      /* of this maildrop in the memory */
	bool is_open;
	bool has_no_top;    /* TOP was refused once: RETR instead */
	uint64_t opened_ms; /* for LOGIN-DELAY */
	/* The last whole message that was fetched. */
	struct message_key spooled;
	struct buf spool;
	struct pop3_op *first;
	size_t prefetched; /* so many of the newest */
	struct loop_timer idle;
	struct loop_task pump_task;
	struct loop_task end_task; /* tells the owner that the conversation has ended */
	struct fault end_fault;
};

/* Queues one; NULL: no memory. */
struct op *pop3_op_start(struct pop3_store *st, const struct pop3_verb *verb,
			 const struct mail_request *rq);
/* Takes it out and frees it; the caller then calls the request's callback as
 * the last thing it does. */
struct mail_request pop3_op_finish(struct pop3_op *op);
void pop3_op_fail(struct pop3_op *op, const struct fault *fault);
void pop3_op_fail_with(struct pop3_op *op, enum err err, const char *text);

/* A header block that is longer is cut: no list needs it. */
#define POP3_HEADER_MAX_BYTES (1u << 20)

/* Gets the header blocks of these messages, as many as are not there yet, from the
 * memory or from the server, then verb->headers_ready() (later or at once). `messages`
 * is borrowed until then. */
void pop3_op_want_headers(struct pop3_op *op, struct pop3_message *const *messages, size_t count);

/* --- what is remembered of messages: recall.c ------------------------------------ */

/* Is there a memory at all? */
bool pop3_remembers(const struct pop3_store *st);
/* Whose maildrop it is: right after the login. */
void pop3_recall_scope(struct pop3_store *st, struct bytes username);
/* Asks for these; `recalled` gets the values beside them, NULL when they could not be
 * had. False: it will not be called. */
bool pop3_recall(struct pop3_op *op, enum mail_memory_kind kind,
		 struct pop3_message *const *messages, size_t count,
		 void (*recalled)(struct pop3_op *op, const struct bytes *values, size_t count));
void pop3_recall_stop(struct pop3_op *op);
/* For who asks the memory himself. */
struct call pop3_recall_call(const struct pop3_op *op);
/* Puts values (null: forget) beside messages into the memory. `done` may be NULL: nobody
 * waits for it; else it is called with op, unless pop3_recall_stop() comes first. */
bool pop3_remember(struct pop3_op *op, enum mail_memory_kind kind,
		   struct pop3_message *const *messages, const struct bytes *values, size_t count,
		   mail_memory_done_cb *done);

/* --- where the maildrop stands: settle.c ------------------------------------------ */

/* Does its answer depend on the journal, which is not up to date? */
bool pop3_wants_settling(const struct pop3_store *st, const struct mail_request *rq);
/* Then verb->begin(), maybe at once; the journal's epoch is 0 when it could not be had. */
void pop3_settle(struct pop3_op *op);

/* The conversation is over by our own doing (QUIT) or the server's. */
void pop3_store_ended(struct pop3_store *st, const struct fault *fault);

/* The header block at the beginning of a message, its empty line included. */
struct bytes pop3_header_of(struct bytes message);

extern const struct pop3_verb pop3_verb_open;     /* open.c */
extern const struct pop3_verb pop3_verb_simple;   /* simple.c: ping, folders, status */
extern const struct pop3_verb pop3_verb_query;    /* query.c */
extern const struct pop3_verb pop3_verb_fetch;    /* fetch.c */
extern const struct pop3_verb pop3_verb_content;  /* content.c: stream, sections */
extern const struct pop3_verb pop3_verb_expunge;  /* expunge.c */
extern const struct pop3_verb pop3_verb_search;   /* search.c */
extern const struct pop3_verb pop3_verb_sync;     /* sync.c */
extern const struct pop3_verb pop3_verb_keywords; /* set_keywords.c */

/* --- prefetch.c: while there is nothing to do --------------------------------------- */

void pop3_prefetch_soon(struct pop3_store *st);
bool pop3_is_prefetch(const struct pop3_op *op);

/* --- shared by query and fetch ------------------------------------------------------ */

/* What is known of a message without asking, in mem. */
struct mail_item pop3_item_of(struct arena *mem, const struct pop3_message *msg, unsigned want);
/* INBOX in any case is the one folder. */
bool pop3_is_inbox(struct bytes path);

#endif
