/*
 * One POP3 connection (RFC 1939): dials, secures, logs in, then sends commands
 * in order, pipelined where the server allows it (RFC 2449 §6.6), and hands
 * each its answer. Knows nothing of messages.
 */
#ifndef POP3_SESSION_H
#define POP3_SESSION_H

#include "base/op.h"
#include "mailstore/memory.h"
#include "net/dial.h"
#include "net/stream.h"
#include "pop3/parse.h"
#include "pop3/reader.h"

enum pop3_tls {
	POP3_TLS_IMPLICIT,
	POP3_TLS_STLS,
	POP3_TLS_NONE, /* the operator allows secrets in clear */
};

/* How to reach a server; borrowed, must outlive the session. */
struct pop3_server {
	const char *host;
	uint16_t port;
	enum pop3_tls tls;
	struct tls_profile *profile;
	const char *proxy; /* see net/dial.h */
	bool public_only;
	const char *mechanism; /* pinned: a SASL name, "APOP" or "USER"; NULL: the strongest */
	uint64_t silence_ms;   /* longest wait for any answer */
	size_t line_max_bytes; /* of a status or listing line */
	uint64_t message_max_bytes;
	/* What outlives the session; NULL: nothing does, and there are no keywords. */
	const struct mail_memory *memory;
};

struct pop3_session;

/* What happens with the commands of one owner; `n` is the command's first
 * number. All members but on_done may be NULL. */
struct pop3_handler {
	void (*on_line)(void *owner, uint32_t n, struct bytes line);      /* POP3_BODY_LINES */
	enum flow (*on_data)(void *owner, uint32_t n, struct bytes data); /* POP3_BODY_DATA */
	/* "+ challenge": answer with pop3_session_respond(). */
	void (*on_challenge)(void *owner, struct bytes challenge);
	/* The end. Either the server's word, +OK (its body is through) or -ERR, or
	 * `fault` when the connection is lost: then `status` is NULL. */
	void (*on_done)(void *owner, uint32_t n, const struct pop3_status *status,
			const struct fault *fault);
};

struct pop3_session *pop3_session_new(struct loop *l, struct dialer *d,
				      const struct pop3_server *server);
/* Without QUIT; commands under way are forgotten. May be called from inside any
 * callback of the session. NULL is fine. */
void pop3_session_free(struct pop3_session *s);

/* Connects and logs in; once per session. `password` or `token`, the other one
 * null; all borrowed until `done`. ERR_AUTH with the server's code. */
typedef void pop3_opened_cb(void *ctx, const struct fault *fault);
void pop3_session_open(struct pop3_session *s, struct bytes username, struct bytes password,
		       struct bytes token, pop3_opened_cb *done, void *ctx);
bool pop3_session_is_open(const struct pop3_session *s);
/* Valid once open: what CAPA said after the login. */
const struct pop3_caps *pop3_session_caps(const struct pop3_session *s);
/* Called once if the connection ends while open and after all commands were told. */
void pop3_session_on_end(struct pop3_session *s, pop3_opened_cb *cb, void *ctx);

/* Queues "VERB", "VERB n" or "VERB n m"; POP3_NO_NUMBER is left out. */
#define POP3_NO_NUMBER UINT32_MAX
MUST_CHECK enum err pop3_session_send(struct pop3_session *s, const char *verb, uint32_t n,
				      uint32_t m, enum pop3_body body,
				      const struct pop3_handler *on, void *owner);
/* No more callbacks to this owner. Commands not yet sent are taken back; what
 * still comes as an answer is read and dropped, but for a large rest: then the
 * connection is. */
void pop3_session_forget(struct pop3_session *s, const void *owner);
/* on_data had answered FLOW_PAUSE. */
void pop3_session_resume(struct pop3_session *s);
/* QUIT without waiting for its answer, right before pop3_session_free(). */
void pop3_session_say_goodbye(struct pop3_session *s);
/* Ends the connection; everybody waiting is told. */
void pop3_session_fail(struct pop3_session *s, const struct fault *fault);

/* For login.c: a line of text, wiped once sent; ERR_INVALID if it holds CR, LF
 * or NUL. A barrier lets nothing be sent behind it before its answer. */
MUST_CHECK enum err pop3_session_send_text(struct pop3_session *s, struct bytes text,
					   enum pop3_body body, const struct pop3_handler *on,
					   void *owner);
/* Ends the line and sends it. */
MUST_CHECK enum err pop3_session_respond(struct pop3_session *s, struct buf *line);

#endif
