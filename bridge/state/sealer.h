/*
 * Sealing of what is kept in bulk: one key per owner (HKDF of the operator's key and
 * the owner), of which those used lately are kept ready, so that a value costs its
 * cipher and nothing besides. The operator can read what is sealed so; who has only
 * the store cannot, and who has one owner's key has no other's.
 */
#ifndef STATE_SEALER_H
#define STATE_SEALER_H

#include "state/seal.h"

/* What a value grows by; one byte says how it is kept. */
#define STATE_SEALER_EXTRA_BYTES (1 + STATE_SEAL_EXTRA_BYTES)

struct state_sealer;

/* With a null key values are kept as they are, after a byte that says so: what is
 * sealed is never taken for clear text, nor the other way round, when the operator
 * changes his mind. NULL: memory or the cipher is short. */
struct state_sealer *state_sealer_new(struct bytes operator_key, struct bytes purpose);
void state_sealer_free(struct state_sealer *s);

/* Appends; `bound` as with state_seal(). ERR_INTERNAL, ERR_NOMEM, or the buffer's error. */
MUST_CHECK enum err state_sealer_seal(struct state_sealer *s, struct bytes owner,
				      struct bytes bound, struct bytes plain, struct buf *to);
/* Appends. ERR_DENIED when it is not what was sealed for this owner and `bound`. */
MUST_CHECK enum err state_sealer_unseal(struct state_sealer *s, struct bytes owner,
					struct bytes bound, struct bytes sealed, struct buf *to);

#endif
