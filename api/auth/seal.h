/*
 * Sealing of secrets for the store: AES-256-GCM under a key that HKDF
 * (RFC 5869, SHA-256) makes of the operator's key and of a secret that only the
 * client has. Neither the store's content nor the operator's key alone opens
 * anything.
 */
#ifndef AUTH_SEAL_H
#define AUTH_SEAL_H

#include "base/buf.h"

#define AUTH_SEAL_KEY_BYTES   32
#define AUTH_SEAL_EXTRA_BYTES (12 + 16) /* nonce and tag */

struct auth_seal_key {
	uint8_t at[AUTH_SEAL_KEY_BYTES];
};

/* `purpose` keeps the keys of different uses apart. */
struct auth_seal_key auth_seal_key_of(struct bytes operator_key, struct bytes secret,
				      struct bytes purpose);
void auth_seal_key_wipe(struct auth_seal_key *k);

/* Appends nonce, ciphertext and tag; `bound` is authenticated with it and must
 * be the same when it is opened. ERR_INTERNAL when random bytes or the cipher
 * are missing; else the buffer's error. */
MUST_CHECK enum err auth_seal(struct buf *to, const struct auth_seal_key *k, struct bytes bound,
			      struct bytes plain);
/* Appends the plain text; ERR_DENIED when anything was changed, or the key is
 * another one. */
MUST_CHECK enum err auth_unseal(struct buf *to, const struct auth_seal_key *k, struct bytes bound,
				struct bytes sealed);

#endif
