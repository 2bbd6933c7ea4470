/* Inside of session.c, command.c, answer.c and login.c. */
#ifndef POP3_SESSION_INSIDE_H
#define POP3_SESSION_INSIDE_H

#include "pop3/session.h"
#include "sasl/sasl.h"

#define POP3_OUT_MAX_BYTES (256 * 1024)

struct pop3_command {
	struct pop3_command *next;
	struct buf text;
	enum pop3_body body;
	const struct pop3_handler *on; /* NULL: forgotten */
	void *owner;
	uint32_t n;
	uint64_t body_bytes;
	bool is_sent, is_answered, is_barrier;
};

struct pop3_session {
	struct loop *loop;
	struct dialer *dialer;
	const struct pop3_server *server;
	struct op *dial;
	struct stream *stream;
	struct pop3_reader reader;
	struct buf held; /* bytes that came while the head command was paused */
	struct loop_timer silence;
	struct loop_task feed_task; /* goes on with what is held */

	struct pop3_command *head, **tail; /* unanswered, in order */
	struct pop3_command *unsent;       /* first of them not yet sent */
	unsigned in_flight;

	bool is_greeted, is_open, is_ended, is_paused;
	bool says_goodbye; /* and that is still to go out */
	bool is_securing;  /* STLS was said: nothing in clear is taken any more */
	unsigned busy;     /* callbacks of ours on the stack */
	bool is_dying;     /* free at the end of the outermost one */

	/* The login. */
	struct pop3_caps caps;
	struct bytes username, password, token;
	struct buf timestamp; /* of the greeting, for APOP */
	struct sasl *sasl;
	struct op *answer; /* to a challenge, being made */
	bool is_caps_final;
	pop3_opened_cb *opened;
	void *opened_ctx;

	pop3_opened_cb *on_end;
	void *on_end_ctx;
};

/* command.c */
void pop3_command_free(struct pop3_command *c);
/* Sends what may be sent, and minds the silence of the server. */
void pop3_session_pump(struct pop3_session *s);

/* answer.c: one event of the reader; false when nothing more can be done with
 * `in` now. */
bool pop3_session_take(struct pop3_session *s, struct bytes *in);

/* login.c: the greeting has come, or TLS stands after STLS. */
void pop3_login_begin(struct pop3_session *s);
/* session.c: the login has ended. */
void pop3_session_opened(struct pop3_session *s);
void pop3_session_start_tls(struct pop3_session *s, void (*on_secured)(void *ctx));

#endif
