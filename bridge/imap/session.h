/*
 * One IMAP connection (RFC 9051, falling back to RFC 3501): commands out in
 * order, responses in, matched by tag; and what the responses say about the
 * selected folder. Runs on its loop's thread. Internal to imap/.
 *
 * Commands may be sent behind one another without waiting. Who does so keeps
 * RFC 9051 §5.5: a command with sequence numbers never goes behind one that
 * may bring EXPUNGE. And servers execute them in order, but may well send the
 * tagged answers in another one (Dovecot does).
 *
 * The session ends once: by imap_session_end(), a lost connection, BYE, or data
 * that is no IMAP. Every exchange is then dropped without a word, and on_end()
 * is called from the loop.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "imap/capability.h"
#include "imap/encode.h"
#include "imap/mailbox.h"
#include "imap/quirks.h"
#include "mailstore/mailstore.h"
#include "net/loop.h"
#include "net/stream.h"

/* No command of ours is longer, octets that are streamed not counted. */
#define IMAP_COMMAND_MAX (128u << 10)

struct imap_session;

/* What the server said to a command. Borrowed by the callback. */
struct imap_reply {
	enum imap_status status; /* IMAP_OK, IMAP_NO or IMAP_BAD */
	const struct imap_text *text;
};

/* One command and its answer. Made by imap_exchange_new(), given away with
 * imap_exchange_send(); the session frees it when the answer is complete. */
struct imap_exchange {
	/* The owner's, to be set before sending. */
	void *owner;  /* NULL: abandoned, the answer is swallowed */
	void *detail; /* what this one is about, and which part of it */
	size_t first, last;
	struct arena *mem; /* the data it wants is made here; NULL: it lives for the call only */
	/* Is this untagged data an answer to it? NULL: nothing is. */
	bool (*wants)(const struct imap_exchange *x, const struct imap_response *r);
	void (*take)(struct imap_exchange *x, const struct imap_response *r);
	/* The tagged response. May free the session. */
	void (*done)(struct imap_exchange *x, const struct imap_reply *reply);
	/* All commands before it are complete, and of a SELECT the folder has become the
	 * session's; NULL if nobody cares. */
	void (*on_turn)(struct imap_exchange *x);
	/* "+ text" that is not about a literal of ours; NULL: then it is an error. */
	void (*on_continue)(struct imap_exchange *x, struct bytes text);
	/* A literal of more than a few KB begins; `so_far` is the response up to it. True:
	 * its octets go to on_data. NULL or false: up to limits.literal_kept_bytes
	 * are kept as usual, what is larger is skipped. */
	bool (*on_literal)(struct imap_exchange *x, struct bytes so_far, uint64_t size_bytes);
	enum flow (*on_data)(struct imap_exchange *x, struct bytes data, uint64_t left_bytes);
	uint64_t keep_bytes;       /* of one literal, instead of limits.literal_kept_bytes */
	struct mail_source source; /* of literals that are streamed out */
	struct bytes select_path;  /* SELECT: the folder, owned; see imap_exchange_selects() */
	/* The answer carries no tag (SEARCH without ESEARCH): it is not sent while
	 * another such one is in flight, for servers may run them side by side. */
	bool is_lonely;
	/* IDLE (RFC 2177): nothing goes behind it until it is answered. */
	bool is_idle;
	/* Of what it wants, what is to be kept in mem; NULL: all. */
	bool (*keeps)(const struct imap_exchange *x, const struct imap_response *r);
	bool has_taken; /* for owners whose answer is one response */

	struct imap_command command;

	/* The session's own. */
	struct imap_session *session;
	struct imap_exchange *next;
	char tag[16];
	size_t segment;      /* the next one to be written */
	uint64_t streamed;   /* octets of it, when it is a streamed one */
	uint64_t kept_bytes; /* of its answer so far */
	bool may_go_on;      /* the "+" has come */
	bool is_begun;       /* something of it was written */
	bool had_turn;       /* on_turn was called */
	uint64_t give_up_ms; /* its owner has left: the answer must have come by then */
	bool is_idling;      /* IDLE: the "+" has come */
	bool is_leaving;     /* IDLE: DONE is sent, or will be as soon as the "+" has come */
};

struct imap_session_limits {
	struct imap_limits wire;
	uint64_t literal_kept_bytes; /* of one literal that nobody streams */
	uint64_t answer_kept_bytes;  /* of all responses to one command */
	uint64_t drain_bytes;        /* of an answer that nobody wants any more */
	uint64_t drain_ms;
	uint64_t question_ms; /* a watch waits so long for each answer */
	size_t out_bytes;     /* queued towards the server */
};

extern const struct imap_session_limits imap_session_limits_default;

struct imap_session_events {
	/* The greeting, once: OK, PREAUTH or BYE. */
	void (*on_greeting)(void *ctx, const struct imap_response *r);
	/* Later, from the loop. The owner then frees it. */
	void (*on_end)(void *ctx, const struct fault *fault);
};

/* What follows the tagged OK on the wire; set by `done` of the command. */
enum imap_upgrade {
	IMAP_UPGRADE_NONE,
	IMAP_UPGRADE_TLS,     /* nothing may follow in clear */
	IMAP_UPGRADE_DEFLATE, /* what follows is deflated */
};

struct imap_session {
	struct loop *loop;
	struct stream *stream; /* NULL once ended */
	struct imap_framer *framer;
	struct imap_session_limits limits;
	struct imap_session_events events;
	void *ctx;

	struct imap_capabilities caps;
	struct imap_quirks quirks;
	struct imap_encoding encoding; /* for new commands */
	bool is_qresync;               /* ENABLED: VANISHED comes instead of EXPUNGE */
	bool refuses_charset;          /* SEARCH with CHARSET UTF-8: not worth asking again */
	struct imap_mailbox mailbox;

	struct imap_exchange *first;  /* in flight, the oldest; then those not yet sent */
	struct imap_exchange *unsent; /* the first that is not wholly written */
	unsigned next_tag;

	bool is_greeted, is_ended;
	bool has_enabled_rev2, has_enabled_utf8; /* for good (RFC 5161 §3.1) */
	struct fault end;
	struct loop_task end_task;

	enum imap_upgrade upgrade;
	struct imap_exchange *sink; /* takes the literal that is being read; NULL: nobody */
	bool is_paused;
	struct buf pending; /* read, not yet looked at, while paused */
	struct loop_task resume_task;

	uint64_t drained;
	struct loop_timer drain_timer;

	unsigned depth; /* callbacks under way */
	bool is_freed;
};

/* Takes fd. NULL when memory is short (fd is then closed). */
struct imap_session *imap_session_new(struct loop *l, int fd, const struct imap_session_limits *lim,
				      const struct imap_session_events *events, void *ctx);
/* May be called from inside its callbacks. NULL is fine. */
void imap_session_free(struct imap_session *s);
/* The same, but what was sent before still goes out (LOGOUT). */
void imap_session_close(struct imap_session *s);
/* The first fault counts. */
void imap_session_end(struct imap_session *s, const struct fault *fault);
/* on_data had answered FLOW_PAUSE. */
void imap_session_resume(struct imap_session *s);
/* The owner's commands are no longer wanted: those not begun are taken back, of
 * the others the answer is swallowed, within limits. */
void imap_session_abandon(struct imap_session *s, const void *owner);
bool imap_session_is_quiet(const struct imap_session *s); /* nothing in flight */

static inline bool imap_session_can(const struct imap_session *s, enum imap_cap cap)
{
	return imap_capabilities_has(&s->caps, cap);
}

/* Does the server speak IMAP4rev2 with us: it knows nothing older, or it was enabled? */
bool imap_session_is_rev2(const struct imap_session *s);

/* A command for s; NULL when memory is short. `words`: "UID FETCH". */
struct imap_exchange *imap_exchange_new(struct imap_session *s, void *owner, const char *words);
/* This is a SELECT: when its turn comes the session's mailbox is this one, and none
 * if it is refused, whether its owner still cares or not. */
void imap_exchange_selects(struct imap_exchange *x, struct bytes path);
/* The folder that is selected once all commands sent have been executed; null
 * for none. */
struct bytes imap_session_target(const struct imap_session *s);
/* Ends the command and sends it as soon as may be. Takes x whatever happens; on
 * an error it was not sent. NULL x (no memory) is ERR_NOMEM. */
MUST_CHECK enum err imap_exchange_send(struct imap_exchange *x);
void imap_exchange_free(struct imap_exchange *x);
/* DONE, as soon as the server can take it. */
void imap_exchange_leave_idle(struct imap_exchange *x);

/* Inside of session: writes what may be written now; frees all exchanges. */
void imap_exchange_pump(struct imap_session *s);
void imap_exchange_on_continue(struct imap_session *s, struct bytes text);
void imap_exchange_on_tagged(struct imap_session *s, const struct imap_response *r);
void imap_exchange_drop_all(struct imap_session *s);

/* What a NO or BAD means for the caller (RFC 9051 §7.1, RFC 5530). */
struct fault imap_fault_of(const struct imap_reply *reply);
/* The same for BYE. */
struct fault imap_fault_of_bye(const struct imap_text *text);

#endif
