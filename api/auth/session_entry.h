/* What the operations on sessions share: the two entries that each one has. */
#ifndef AUTH_SESSION_ENTRY_H
#define AUTH_SESSION_ENTRY_H

#include "auth/session.h"
#include "auth/step.h"

/* "i:ACCOUNT:" and "i:ACCOUNT:ID", where the account's list is kept. */
struct bytes session_list_prefix(struct arena *mem, const char *account);
struct bytes session_list_key(struct arena *mem, const char *account, struct bytes id);
/* Where the record of a token is kept. */
struct bytes session_record_key(struct arena *mem, const struct auth_token *t);

/* Milliseconds that are left to it; 0: it has expired. */
uint64_t session_ttl_ms(const struct auth_sessions *a, const struct auth_session *s);

/* The line in the list: who changes a session first asks for it, then changes the record, then
 * the line as it was. So whatever ended meanwhile stays ended. */
struct op *session_get_entry(const struct auth_sessions *a, struct call call,
			     const struct auth_session *s, state_value_cb *cb, void *ctx);

/* Both give NULL when memory is short or sealing fails. */
struct op *session_put_record(const struct auth_sessions *a, struct call call,
			      const struct auth_session *s, const struct auth_token *t,
			      uint64_t ttl_ms, uint64_t expected, state_done_cb *cb, void *ctx);
struct op *session_put_entry(const struct auth_sessions *a, struct call call,
			     const struct auth_session *s, const struct auth_token *t,
			     uint64_t expected, state_done_cb *cb, void *ctx);

#endif
