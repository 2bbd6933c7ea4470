/*
 * Sessions that were found a short while ago: whose account they lead to, so that a
 * session in use is not unsealed with every request. Holds no secret, and is believed
 * only as long as the session's record in the store is the same one.
 */
#ifndef ENDPOINT_RECALL_H
#define ENDPOINT_RECALL_H

#include "account/account.h"
#include "auth/session.h"

struct recall;

/* Room for `count`; older ones give way. NULL when memory is short. */
struct recall *recall_new(size_t count);
void recall_free(struct recall *r);

/* `key`: auth_token_key() of its token. */
void recall_add(struct recall *r, const struct hash_sha256 *key, const struct auth_session *s,
		const struct account_key *account);
/* The session without its credentials, which the account has. */
bool recall_find(struct recall *r, const struct hash_sha256 *key, uint64_t generation,
		 struct auth_session *ret, struct account_key *ret_account);

#endif
