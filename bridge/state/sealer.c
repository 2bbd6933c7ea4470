#include "state/sealer.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/hash.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16
/* Owners whose keys are ready, at about 1.5 KiB each; and nonces drawn at a time, for
 * asking the generator costs as much as sealing a small value. */
#define SLOTS  128
#define NONCES 64

static_assert(NONCE_BYTES + TAG_BYTES == STATE_SEAL_EXTRA_BYTES, "the same as seal.h");

enum how {
	HOW_CLEAR = 0,
	HOW_SEALED = 1, /* nonce, AES-256-GCM, tag */
};

/* The cipher of one owner, its key in it. */
struct slot {
	struct bytes owner; /* owned; null: free */
	EVP_CIPHER_CTX *cipher;
};

struct state_sealer {
	struct bytes key, purpose; /* owned; key null: nothing is sealed */
	EVP_CIPHER *aes;
	struct slot slots[SLOTS];
	uint8_t nonces[NONCES][NONCE_BYTES];
	unsigned nonces_left;
};

static struct bytes dup(struct bytes b)
{
	uint8_t *copy = malloc(b.len + 1);

	if (copy && b.len)
		memcpy(copy, b.at, b.len);
	return bytes_of(copy, copy ? b.len : 0);
}

struct state_sealer *state_sealer_new(struct bytes operator_key, struct bytes purpose)
{
	struct state_sealer *s = calloc(1, sizeof *s);

	if (!s || bytes_is_null(operator_key))
		return s;
	s->key = dup(operator_key);
	s->purpose = dup(purpose);
	s->aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (bytes_is_null(s->key) || bytes_is_null(s->purpose) || !s->aes) {
		state_sealer_free(s);
		return NULL;
	}
	return s;
}

static void slot_done(struct slot *slot)
{
	free((void *)slot->owner.at);
	EVP_CIPHER_CTX_free(slot->cipher);
}

void state_sealer_free(struct state_sealer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		slot_done(&s->slots[i]);
	EVP_CIPHER_free(s->aes);
	if (s->key.len)
		OPENSSL_cleanse((void *)s->key.at, s->key.len);
	free((void *)s->key.at);
	free((void *)s->purpose.at);
	free(s);
}

/* --- keys ------------------------------------------------------------- */

/* FNV-1a. Whoever makes owners collide makes their keys be derived again. */
static struct slot *slot_of(struct state_sealer *s, struct bytes owner)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < owner.len; i++)
		h = (h ^ owner.at[i]) * 16777619u;
	return &s->slots[(h ^ h >> 16) % SLOTS];
}

/* Makes the slot the owner's. */
static bool take_slot(struct state_sealer *s, struct slot *slot, struct bytes owner)
{
	struct state_seal_key k;
	bool ok;

	free((void *)slot->owner.at);
	slot->owner = BYTES_NULL;
	if (!slot->cipher)
		slot->cipher = EVP_CIPHER_CTX_new();
	if (!slot->cipher)
		return false;
	k = state_seal_key_of(s->key, owner, s->purpose);
	ok = EVP_EncryptInit_ex2(slot->cipher, s->aes, k.at, NULL, NULL) == 1;
	state_seal_key_wipe(&k);
	if (ok)
		slot->owner = dup(owner);
	return !bytes_is_null(slot->owner);
}

/* NULL: memory is short. */
static EVP_CIPHER_CTX *cipher_of(struct state_sealer *s, struct bytes owner)
{
	struct slot *slot = slot_of(s, owner);

	if (bytes_is_null(slot->owner) || !bytes_equal(slot->owner, owner))
		if (!take_slot(s, slot, owner))
			return NULL;
	return slot->cipher;
}

static bool take_nonce(struct state_sealer *s, uint8_t *to)
{
	if (!s->nonces_left) {
		if (!hash_random(s->nonces[0], sizeof s->nonces))
			return false;
		s->nonces_left = NONCES;
	}
	memcpy(to, s->nonces[--s->nonces_left], NONCE_BYTES);
	return true;
}

/* --- values ----------------------------------------------------------- */

static bool encrypt(EVP_CIPHER_CTX *c, const uint8_t *nonce, struct bytes bound, struct bytes plain,
		    uint8_t *to)
{
	int n;

	return EVP_EncryptInit_ex2(c, NULL, NULL, nonce, NULL) == 1 &&
	       EVP_EncryptUpdate(c, NULL, &n, bound.at, (int)bound.len) == 1 &&
	       EVP_EncryptUpdate(c, to, &n, plain.at, (int)plain.len) == 1 &&
	       EVP_EncryptFinal_ex(c, to + n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, to + plain.len) == 1;
}

static enum err keep_clear(struct bytes plain, struct buf *to)
{
	uint8_t *at = buf_reserve(to, 1 + plain.len);

	if (!at)
		return buf_err(to);
	at[0] = HOW_CLEAR;
	if (plain.len)
		memcpy(at + 1, plain.at, plain.len);
	buf_commit(to, 1 + plain.len);
	return ERR_OK;
}

enum err state_sealer_seal(struct state_sealer *s, struct bytes owner, struct bytes bound,
			   struct bytes plain, struct buf *to)
{
	EVP_CIPHER_CTX *c;
	uint8_t *at;

	if (bytes_is_null(s->key))
		return keep_clear(plain, to);
	if (plain.len > INT_MAX || bound.len > INT_MAX)
		return ERR_TOO_BIG;
	at = buf_reserve(to, STATE_SEALER_EXTRA_BYTES + plain.len);
	if (!at)
		return buf_err(to);
	c = cipher_of(s, owner);
	if (!c)
		return ERR_NOMEM;
	at[0] = HOW_SEALED;
	if (!take_nonce(s, at + 1) || !encrypt(c, at + 1, bound, plain, at + 1 + NONCE_BYTES))
		return ERR_INTERNAL;
	buf_commit(to, STATE_SEALER_EXTRA_BYTES + plain.len);
	return ERR_OK;
}

static bool decrypt(EVP_CIPHER_CTX *c, struct bytes bound, struct bytes sealed, uint8_t *to)
{
	size_t len = sealed.len - STATE_SEAL_EXTRA_BYTES;
	uint8_t tag[TAG_BYTES];
	int n;

	memcpy(tag, sealed.at + NONCE_BYTES + len, TAG_BYTES);
	return EVP_DecryptInit_ex2(c, NULL, NULL, sealed.at, NULL) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, bound.at, (int)bound.len) == 1 &&
	       EVP_DecryptUpdate(c, to, &n, sealed.at + NONCE_BYTES, (int)len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
	       EVP_DecryptFinal_ex(c, to + n, &n) == 1;
}

static enum err open_clear(struct bytes value, struct buf *to)
{
	if (!value.len || value.at[0] != HOW_CLEAR)
		return ERR_DENIED;
	buf_append(to, bytes_skip(value, 1));
	return buf_err(to);
}

enum err state_sealer_unseal(struct state_sealer *s, struct bytes owner, struct bytes bound,
			     struct bytes sealed, struct buf *to)
{
	EVP_CIPHER_CTX *c;
	uint8_t *at;

	if (bytes_is_null(s->key))
		return open_clear(sealed, to);
	if (sealed.len < STATE_SEALER_EXTRA_BYTES || sealed.len > INT_MAX || bound.len > INT_MAX ||
	    sealed.at[0] != HOW_SEALED)
		return ERR_DENIED;
	at = buf_reserve(to, sealed.len);
	if (!at)
		return buf_err(to);
	c = cipher_of(s, owner);
	if (!c)
		return ERR_NOMEM;
	if (!decrypt(c, bound, bytes_skip(sealed, 1), at))
		return ERR_DENIED;
	buf_commit(to, sealed.len - STATE_SEALER_EXTRA_BYTES);
	return ERR_OK;
}
