/*
 * Session tokens: 32 random bytes, base64url. The store never sees one, only
 * its SHA-256.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "base/hash.h"

#define AUTH_TOKEN_BYTES      32
#define AUTH_TOKEN_TEXT_BYTES 43

struct auth_token {
	uint8_t secret[AUTH_TOKEN_BYTES];
	char text[AUTH_TOKEN_TEXT_BYTES + 1];
};

/* False when the system has no random bytes. */
MUST_CHECK bool auth_token_new(struct auth_token *ret);
/* False unless text is what auth_token_new() writes. */
MUST_CHECK bool auth_token_parse(struct bytes text, struct auth_token *ret);
/* The key it is stored under. */
struct hash_sha256 auth_token_key(const struct auth_token *t);
void auth_token_wipe(struct auth_token *t);

#endif
