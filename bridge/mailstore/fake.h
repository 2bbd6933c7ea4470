/*
 * A mail server that lives in memory, for tests of the layers above: any
 * number of conversations with one set of folders, so that what one of them
 * changes another one sees. Faults, delays and stalls are scripted per verb.
 *
 * It behaves as an IMAP server with every extension would; what it cannot do
 * is decode: filters and sorting on header text compare the raw header.
 */
#ifndef MAILSTORE_FAKE_H
#define MAILSTORE_FAKE_H

#include "mailstore/backend.h"

struct loop;
struct fake_server;

/* NULL when memory is short. It begins with an empty INBOX and no user. */
struct fake_server *fake_server_new(struct loop *l);
/* All conversations must have been freed. */
void fake_server_free(struct fake_server *s);
/* A new conversation, closed so far: the constructor of account_server. */
struct mailstore *fake_server_connect(struct fake_server *s);

/* What mailstore_caps() will say; may be edited before a conversation opens.
 * Verbs whose capability is off answer ERR_UNSUPPORTED. */
struct mailstore_caps *fake_server_caps(struct fake_server *s);

/* --- content ---------------------------------------------------------------- */

/* token may be NULL. A second password for a name replaces the first. */
void fake_add_user(struct fake_server *s, const char *username, const char *password,
		   const char *token);
/* The folder as list_folders gives it, to be adjusted; made when missing. */
struct folder *fake_add_folder(struct fake_server *s, const char *path, enum folder_role role);
void fake_set_uidvalidity(struct fake_server *s, const char *path, uint32_t uidvalidity);
/* `raw` is copied; keywords as in "$seen $flagged todo", or NULL. Returns the UID. */
uint32_t fake_add_message(struct fake_server *s, const char *path, struct bytes raw,
			  const char *keywords, int64_t received_at);
/* As another client would do it. */
void fake_set_message_keywords(struct fake_server *s, const char *path, uint32_t uid,
			       const char *keywords);
void fake_remove_message(struct fake_server *s, const char *path, uint32_t uid);

/* --- script ----------------------------------------------------------------- */

/* The next call of this verb, whoever makes it, ends with the fault; ERR_NET,
 * ERR_TLS, ERR_PROTO, ERR_TIMEOUT and ERR_TOO_BIG end its conversation as well.
 * ERR_UNKNOWN for a change: it is done and then the connection is lost; with the
 * text FAKE_NOT_DONE it is lost before. */
#define FAKE_NOT_DONE "not done"
void fake_fail_next(struct fake_server *s, enum mail_verb verb, const struct fault *fault);
/* Calls of this verb wait (their deadline runs) until released. A watch under way
 * tells nothing and is not answered. */
void fake_hold(struct fake_server *s, enum mail_verb verb);
void fake_release(struct fake_server *s, enum mail_verb verb);
/* Every call takes at least so long. */
void fake_set_delay(struct fake_server *s, uint64_t delay_ms);
/* A silent server does not tell by itself what those that watch ought to know; it
 * answers when it is asked. */
void fake_set_silent(struct fake_server *s, bool is_silent);
/* Those that watch are told MAIL_EVENT_LOST. */
void fake_overflow(struct fake_server *s);
/* All that watch end with the fault, as with fake_fail_next(). */
void fake_end_watches(struct fake_server *s, const struct fault *fault);
/* Streams come in pieces of this size; default 16 KiB. */
void fake_set_chunk(struct fake_server *s, size_t bytes);
/* From now on no message has a structure, as with servers whose BODYSTRUCTURE fails. */
void fake_hide_structure(struct fake_server *s);
/* From now on a move copies and no more, as where the removal is a command of its own. */
void fake_set_half_moves(struct fake_server *s);
/* All open conversations are lost, as if the server had been restarted. */
void fake_drop_all(struct fake_server *s);

/* --- what happened ---------------------------------------------------------- */

/* Conversations that are watching now. */
unsigned fake_watching(const struct fake_server *s);
/* How often the verb was started, and how often it was cancelled. */
unsigned fake_calls(const struct fake_server *s, enum mail_verb verb);
unsigned fake_cancels(const struct fake_server *s, enum mail_verb verb);
/* Conversations that are open now, and the most there ever were at a time. */
unsigned fake_sessions_open(const struct fake_server *s);
unsigned fake_sessions_peak(const struct fake_server *s);

#endif
