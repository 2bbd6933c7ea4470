/*
 * The mail store over one session: a queue of operations, each a small state
 * machine in the file of its command. Internal to imap/.
 *
 * Operations run in order. One that only reads by UID lets the next one of the
 * same kind and folder begin at once, so that they share a round trip.
 */
#ifndef IMAP_STORE_H
#define IMAP_STORE_H

#include "imap/imap_store.h"
#include "imap/session.h"
#include "mailstore/backend.h"

struct imap_op;

/* What one verb does. */
struct imap_verb {
	size_t size_bytes; /* of the struct that begins with struct imap_op */
	/* Sends the first commands. May finish the operation at once. */
	void (*begin)(struct imap_op *op);
	/* The session is lost while it runs; must finish it. NULL: it fails with the
	 * fault, ERR_UNKNOWN for a change. */
	void (*lost)(struct imap_op *op, const struct fault *fault);
	/* Frees what the operation holds outside of call.mem. NULL: nothing. */
	void (*cleanup)(struct imap_op *op);
	void (*resume)(struct imap_op *op);
	bool reads_by_uid; /* may share the wire with others of the same folder */
};

struct imap_op {
	struct op op;
	const struct imap_verb *verb;
	struct imap_store *store;
	struct imap_op *next;
	struct mail_request rq;
	struct loop_timer deadline;
	unsigned pending;                 /* commands of it that are not answered yet */
	struct fault fault;               /* the first that went wrong */
	void (*then)(struct imap_op *op); /* what comes when the step before is done */
	uint32_t status_uidnext;          /* STATUS told it, for where SELECT does not */
	bool is_running, is_doomed, is_late;
	bool has_asked; /* the server has seen something of it */
};

struct imap_store {
	struct mailstore ms;
	struct loop *loop;
	struct dialer *dialer;
	struct imap_server server;
	struct mailstore_caps caps;
	struct imap_session *session; /* NULL while not connected */
	int fd;                       /* already connected (tests); -1: dial */
	bool is_open;                 /* logged in */
	struct imap_op *first;        /* running ones, then those that wait */
	struct loop_task pump_task;
	bool *freed; /* set when a callback freed us */
	/* From NAMESPACE, owned; personal prefixes first. */
	struct arena *names_mem;
	struct imap_namespaces namespaces;
	bool has_namespaces;
};

/* For tests: over a connected socket instead of a dialled one. */
struct mailstore *imap_store_new_on_fd(struct loop *l, int fd, const struct imap_server *server);

/* --- for the operations --------------------------------------------------------- */

/* A command of this operation. NULL when memory is short: imap_op_send() deals
 * with it. */
struct imap_exchange *imap_op_command(struct imap_op *op, const char *words,
				      void (*done)(struct imap_exchange *x,
						   const struct imap_reply *reply));
/* Sends it and counts it as pending. A failure becomes op->fault. */
void imap_op_send(struct imap_op *op, struct imap_exchange *x);
/* One of them is answered; a refusal becomes op->fault unless `reply` is NULL. True
 * when nothing is pending any more. */
bool imap_op_answered(struct imap_op *op, const struct imap_reply *reply);

/* The folder of the request is selected, or SELECT is sent and the next command
 * may follow it at once. `then` runs when it is selected for certain: now, or
 * later; not at all when that fails, which finishes the operation. NULL: the
 * caller goes on by itself, and a refused SELECT becomes op->fault. */
void imap_op_select(struct imap_op *op, void (*then)(struct imap_op *op));
bool imap_op_is_selected(const struct imap_op *op);
/* Adds "(CONDSTORE)" to a SELECT where it could not be enabled before. */
void imap_select_condstore(struct imap_exchange *x);
/* A message that came through another session may not exist for this one until the
 * server has been given a chance to say so (RFC 9051 §5.2): it would be reported as
 * gone. True when the request names one newer than what is known: then NOOP was sent
 * and the operation begins with its answer. Not in one flight with it: Dovecot
 * answers NOOP and what follows from one and the same view. */
bool imap_op_catch_up(struct imap_op *op);

/* The connection stands: the greeting goes to `on_greeting` with the store as its
 * context. False when memory is short. */
bool imap_store_attach(struct imap_store *st, int fd,
		       void (*on_greeting)(void *ctx, const struct imap_response *r));
/* Gives the connection up without telling anybody. */
void imap_store_detach(struct imap_store *st);

/* The UIDs of all that is in the selected folder, in call.mem and ascending. For servers that
 * must not be asked for others (imap_quirks.guesses_uids). */
struct imap_present {
	uint32_t *at;
	size_t count;
};
/* Fills it in; then `then` runs, unless the operation fails. */
void imap_op_ask_present(struct imap_op *op, struct imap_present *to,
			 void (*then)(struct imap_op *op));
bool imap_present_has(const struct imap_present *p, uint32_t uid);

/* Logged in: tells and asks what is due once. `then` runs later, or at once. */
void imap_settle_in(struct imap_op *op, void (*then)(struct imap_op *op));

/* Takes the operation out and frees it. The caller then calls the request's
 * callback, as the last thing it does: the store may be gone afterwards. */
struct mail_request imap_op_finish(struct imap_op *op);
void imap_op_fail(struct imap_op *op, const struct fault *fault);
void imap_op_fail_with(struct imap_op *op, enum err e, const char *text);

/* Fills in store->caps from what the session has found out. */
void imap_store_set_caps(struct imap_store *st);
/* Is it the same folder? INBOX in any case is one. */
bool imap_same_path(struct bytes a, struct bytes b);

/* The verbs, by file. */
extern const struct imap_verb imap_verb_open;      /* cmd_login.c */
extern const struct imap_verb imap_verb_ping;      /* cmd_noop.c */
extern const struct imap_verb imap_verb_list;      /* cmd_list.c */
extern const struct imap_verb imap_verb_status;    /* cmd_status.c */
extern const struct imap_verb imap_verb_page;      /* cmd_query.c */
extern const struct imap_verb imap_verb_fetch;     /* cmd_fetch.c */
extern const struct imap_verb imap_verb_stream;    /* cmd_stream.c */
extern const struct imap_verb imap_verb_part_size; /* cmd_part_size.c */
extern const struct imap_verb imap_verb_sections;  /* cmd_sections.c */

/* STATUS: what comes next in a folder, before something is put into it; 0 stays
 * where the server does not say. One command of the operation more. */
struct imap_noted {
	uint32_t uidvalidity, uidnext;
};
void imap_op_note(struct imap_op *op, struct bytes path, struct imap_noted *to,
		  void (*done)(struct imap_exchange *x, const struct imap_reply *reply));

/* --- shared by commands ---------------------------------------------------------- */

/* The items of FETCH that bring what is wanted, in parentheses. */
void imap_fetch_items(struct imap_exchange *x, unsigned want);
/* Does this response carry any of it, so that it is an answer and no news? */
bool imap_fetch_answers(const struct imap_fetch *f, unsigned want);
/* Adds what a response tells to a message; strings stay those of `f`. */
void imap_fetch_item(struct mail_item *to, struct arena *mem, const struct imap_fetch *f);
void imap_keywords_of(struct keywords *to, struct arena *mem, const struct imap_flags *flags);

/* Messages to be fetched, by ascending UID. */
struct imap_item {
	struct mail_item item;
	bool is_there;   /* an answer has come */
	bool is_refused; /* the server cannot read this one */
};

struct imap_items {
	struct imap_item *at;
	size_t count;
};

/* Doubles become one. False when memory is short. */
bool imap_items_init(struct imap_items *l, struct arena *mem, const uint32_t *uids, size_t count);
struct imap_item *imap_items_find(const struct imap_items *l, uint32_t uid);

/* No command line is longer than about this (RFC 7162 §4 asks for 8192). */
#define IMAP_SET_BYTES_MAX 7000

/* How long a set becomes on the line as ascending UIDs are added to it. */
struct imap_set_length {
	size_t bytes;
	uint32_t last;
	bool is_run;
};
void imap_set_length_add(struct imap_set_length *l, uint32_t uid);

/* Fetches items[first..last) with as few commands as the limit on their length
 * allows; where one message makes the server refuse a whole set, the others are
 * still fetched. Answers go into the items. `done` runs when all is answered;
 * op->fault is set when nothing could be had at all. */
struct imap_fetching {
	struct imap_op *op;
	struct imap_items items;
	unsigned want;
	unsigned left;    /* commands that are not answered */
	unsigned retries; /* left to find the bad ones */
	bool any_came;    /* others than `items`, from the same command: set by who starts it */
	void (*done)(struct imap_fetching *f);
};
void imap_fetching_start(struct imap_fetching *f);

/* --- searching -------------------------------------------------------------------- */

/* A SEARCH whose answer is counted or listed; RETURN (...) where the server has
 * ESEARCH. Add the keys to the command of the result. */
struct imap_exchange *imap_search_command(struct imap_op *op, const char *words,
					  const char *return_option,
					  void (*done)(struct imap_exchange *x,
						       const struct imap_reply *reply));
bool imap_search_wants(const struct imap_exchange *x, const struct imap_response *r);
/* Of either kind of answer. */
uint32_t imap_search_count(const struct imap_response *r);

/* The parts of "1.2.HEADER". False when it is no section name. */
bool imap_section_parse(struct bytes name, struct imap_section *ret);
/* Is this body of this kind what was asked for under that name? */
bool imap_section_matches(const struct imap_body *b, enum imap_body_kind kind, struct bytes name);

#endif
