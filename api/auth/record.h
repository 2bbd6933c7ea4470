/*
 * A session as the store keeps it: who it belongs to and until when in clear,
 * the credentials sealed under the operator's key and the token.
 */
#ifndef AUTH_RECORD_H
#define AUTH_RECORD_H

#include "auth/token.h"
#include "base/arena.h"

#define AUTH_ID_BYTES 12 /* of accounts and of sessions: base64url */

/* What one logs in upstream with. */
struct auth_credentials {
	struct bytes server;   /* name of the server's configuration */
	struct bytes username; /* as the server knows it */
	struct bytes password; /* null with a token */
	struct bytes access_token;
};

struct auth_session {
	char id[AUTH_ID_BYTES + 1];
	char account[AUTH_ID_BYTES + 1];
	/* Unix milliseconds. */
	int64_t created_at_ms;
	int64_t verified_at_ms; /* last login upstream: max_ttl_ms counts from here */
	int64_t touched_at_ms;  /* coarse: idle_ttl_ms counts from here */
	bool is_retired;        /* a refresh has replaced this token */
	uint64_t generation;    /* of the record it was read from; not in it */
	struct auth_credentials credentials;
};

/* What it is kept as: one never opens as the other. */
enum auth_record_kind {
	AUTH_RECORD_SESSION,
	AUTH_RECORD_TICKET, /* session.h, ticket.h */
};

/* Appends the record; credentials sealed under `token`. */
MUST_CHECK enum err auth_record_write(struct buf *to, enum auth_record_kind kind,
				      const struct auth_session *s, struct bytes operator_key,
				      const struct auth_token *token);
/* Strings are copied into mem. ERR_DENIED when it does not open (another
 * operator key, or changed), ERR_INVALID when it is no record at all. */
MUST_CHECK enum err auth_record_read(struct bytes record, enum auth_record_kind kind,
				     struct bytes operator_key, const struct auth_token *token,
				     struct arena *mem, struct auth_session *ret);

/* The entry in the account's list of sessions: no secrets. */
struct auth_session_entry {
	char id[AUTH_ID_BYTES + 1];
	uint8_t key[HASH_SHA256_BYTES]; /* of the record */
	int64_t created_at_ms, expires_at_ms;
};

void auth_entry_write(struct buf *to, const struct auth_session_entry *e);
MUST_CHECK enum err auth_entry_read(struct bytes entry, struct auth_session_entry *ret);

#endif
