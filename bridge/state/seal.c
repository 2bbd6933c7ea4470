#include "state/seal.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/hash.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16

static_assert(NONCE_BYTES + TAG_BYTES == STATE_SEAL_EXTRA_BYTES, "what a seal adds");
static_assert(STATE_SEAL_KEY_BYTES == HASH_SHA256_BYTES, "HKDF-Expand is one block");

/* RFC 5869 §2 with one block of output: T(1) = HMAC(PRK, info | 0x01). */
struct state_seal_key state_seal_key_of(struct bytes operator_key, struct bytes secret,
					struct bytes purpose)
{
	struct hash_sha256 prk = hash_hmac_sha256(operator_key, secret), okm;
	struct state_seal_key k;
	uint8_t info[64];

	if (purpose.len > sizeof info - 1)
		purpose.len = sizeof info - 1;
	memcpy(info, purpose.at, purpose.len);
	info[purpose.len] = 1;
	okm = hash_hmac_sha256(bytes_of(prk.at, sizeof prk.at), bytes_of(info, purpose.len + 1));
	memcpy(k.at, okm.at, sizeof k.at);
	OPENSSL_cleanse(&prk, sizeof prk);
	OPENSSL_cleanse(&okm, sizeof okm);
	return k;
}

void state_seal_key_wipe(struct state_seal_key *k)
{
	OPENSSL_cleanse(k, sizeof *k);
}

/* Writes plain.len bytes of ciphertext and the tag to `to`. */
static bool encrypt(EVP_CIPHER_CTX *c, const struct state_seal_key *k, const uint8_t *nonce,
		    struct bytes bound, struct bytes plain, uint8_t *to)
{
	int n;

	return EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->at, nonce) == 1 &&
	       EVP_EncryptUpdate(c, NULL, &n, bound.at, (int)bound.len) == 1 &&
	       EVP_EncryptUpdate(c, to, &n, plain.at, (int)plain.len) == 1 &&
	       EVP_EncryptFinal_ex(c, to + n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, to + plain.len) == 1;
}

enum err state_seal(struct buf *to, const struct state_seal_key *k, struct bytes bound,
		    struct bytes plain)
{
	EVP_CIPHER_CTX *c;
	uint8_t *at;
	bool ok;

	if (plain.len > INT_MAX || bound.len > INT_MAX)
		return ERR_TOO_BIG;
	at = buf_reserve(to, STATE_SEAL_EXTRA_BYTES + plain.len);
	if (!at)
		return buf_err(to);
	c = EVP_CIPHER_CTX_new();
	ok = c && hash_random(at, NONCE_BYTES) && encrypt(c, k, at, bound, plain, at + NONCE_BYTES);
	EVP_CIPHER_CTX_free(c);
	if (!ok)
		return ERR_INTERNAL;
	buf_commit(to, STATE_SEAL_EXTRA_BYTES + plain.len);
	return ERR_OK;
}

static bool decrypt(EVP_CIPHER_CTX *c, const struct state_seal_key *k, struct bytes bound,
		    struct bytes sealed, uint8_t *to)
{
	size_t len = sealed.len - STATE_SEAL_EXTRA_BYTES;
	uint8_t tag[TAG_BYTES];
	int n;

	memcpy(tag, sealed.at + NONCE_BYTES + len, TAG_BYTES);
	return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->at, sealed.at) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, bound.at, (int)bound.len) == 1 &&
	       EVP_DecryptUpdate(c, to, &n, sealed.at + NONCE_BYTES, (int)len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
	       EVP_DecryptFinal_ex(c, to + n, &n) == 1;
}

enum err state_unseal(struct buf *to, const struct state_seal_key *k, struct bytes bound,
		      struct bytes sealed)
{
	EVP_CIPHER_CTX *c;
	uint8_t *at;
	bool ok;

	if (sealed.len < STATE_SEAL_EXTRA_BYTES || sealed.len > INT_MAX || bound.len > INT_MAX)
		return ERR_DENIED;
	at = buf_reserve(to, sealed.len);
	if (!at)
		return buf_err(to);
	c = EVP_CIPHER_CTX_new();
	if (!c)
		return ERR_NOMEM;
	ok = decrypt(c, k, bound, sealed, at);
	EVP_CIPHER_CTX_free(c);
	if (!ok)
		return ERR_DENIED;
	buf_commit(to, sealed.len - STATE_SEAL_EXTRA_BYTES);
	return ERR_OK;
}
