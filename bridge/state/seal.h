/*
 * Sealing of secrets for the store: AES-256-GCM under a key that HKDF
 * (RFC 5869, SHA-256) makes of the operator's key and of a secret that only the
 * client has. Neither the store's content nor the operator's key alone opens
 * anything.
 */
#ifndef STATE_SEAL_H
#define STATE_SEAL_H

#include "base/buf.h"

#define STATE_SEAL_KEY_BYTES   32
#define STATE_SEAL_EXTRA_BYTES (12 + 16) /* nonce and tag */

struct state_seal_key {
	uint8_t at[STATE_SEAL_KEY_BYTES];
};

/* `purpose` keeps the keys of different uses apart. */
struct state_seal_key state_seal_key_of(struct bytes operator_key, struct bytes secret,
					struct bytes purpose);
void state_seal_key_wipe(struct state_seal_key *k);

/* Appends nonce, ciphertext and tag; `bound` is authenticated with it and must
 * be the same when it is opened. ERR_INTERNAL when random bytes or the cipher
 * are missing; else the buffer's error. */
MUST_CHECK enum err state_seal(struct buf *to, const struct state_seal_key *k, struct bytes bound,
			       struct bytes plain);
/* Appends the plain text; ERR_DENIED when anything was changed, or the key is
 * another one. */
MUST_CHECK enum err state_unseal(struct buf *to, const struct state_seal_key *k, struct bytes bound,
				 struct bytes sealed);

#endif
