/*
 * A mail store on a POP3 server. What main.c needs to make one; all else goes
 * through mailstore.h, where it is said what POP3 can do.
 *
 * One folder, INBOX, as it was when the conversation was opened: POP3 shows a
 * maildrop once per login, and nobody else may have it meanwhile. A deletion is
 * committed by QUIT and so ends the conversation.
 */
#ifndef POP3_POP3_STORE_H
#define POP3_POP3_STORE_H

#include "mailstore/mailstore.h"
#include "pop3/session.h"

/* Of one maildrop at a time. */
#define POP3_SESSIONS_MAX 1

/* A closed store: mailstore_open() connects. `server` is borrowed. NULL when
 * memory is short. */
struct mailstore *pop3_store_new(struct loop *l, struct dialer *d,
				 const struct pop3_server *server);

#endif
