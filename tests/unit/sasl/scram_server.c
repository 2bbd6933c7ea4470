#include "scram_server.h"

#include "cmocka_all.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sasl/exchange.h"

#define DIGEST_MAX 32

static const EVP_MD *md_of(const struct scram_server *s)
{
	return s->sha256 ? EVP_sha256() : EVP_sha1();
}

static size_t digest_bytes(const struct scram_server *s)
{
	return s->sha256 ? 32 : 20;
}

static void hmac(const struct scram_server *s, const uint8_t *key, const char *text, uint8_t *to)
{
	HMAC(md_of(s), key, (int)digest_bytes(s), (const uint8_t *)text, strlen(text), to, NULL);
}

void scram_server_first(struct scram_server *s, struct bytes client_first, struct buf *to)
{
	struct bytes header = bytes_first(client_first, strlen(s->gs2_header));
	struct bytes nonce;

	assert_bytes_equal_str(header, s->gs2_header);
	client_first = bytes_skip(client_first, header.len);
	snprintf(s->first_bare, sizeof s->first_bare, "%.*s", BYTES_FMT(client_first));
	assert_non_null(client_first.at);
	nonce = bytes_skip(client_first, bytes_find(client_first, BYTES_LIT(",r=")) + 3);
	assert_true(nonce.len > 0);
	snprintf(s->server_first, sizeof s->server_first, "r=%.*s%s,s=%s,i=%d", BYTES_FMT(nonce),
		 s->server_nonce, s->salt, s->iterations);
	buf_append_str(to, s->server_first);
}

static void salt_password(const struct scram_server *s, uint8_t *to)
{
	struct buf salt;

	buf_init(&salt, 100);
	assert_true(exchange_base64_decode(bytes_of_str(s->salt), &salt));
	PKCS5_PBKDF2_HMAC(s->password, (int)strlen(s->password), salt.at, (int)salt.len,
			  s->iterations, md_of(s), (int)digest_bytes(s), to);
	buf_done(&salt);
}

static void check_binding(const struct scram_server *s, struct bytes client_final)
{
	struct bytes c;
	struct buf want, text;

	assert_true(bytes_starts_with(client_final, BYTES_LIT("c=")));
	client_final = bytes_skip(client_final, 2);
	assert_true(bytes_split(&client_final, ',', &c));
	buf_init(&want, 1000);
	buf_init(&text, 1000);
	buf_append_str(&want, s->gs2_header);
	if (s->gs2_header[0] == 'p')
		buf_append(&want, s->binding);
	exchange_base64_encode(buf_bytes(&want), &text);
	assert_true(bytes_equal(buf_bytes(&text), c));
	buf_done(&want);
	buf_done(&text);
}

static void check_proof(const struct scram_server *s, const uint8_t *salted, const char *message,
			struct bytes proof_text)
{
	uint8_t client_key[DIGEST_MAX], stored_key[DIGEST_MAX], signature[DIGEST_MAX];
	struct buf proof;

	hmac(s, salted, "Client Key", client_key);
	EVP_Digest(client_key, digest_bytes(s), stored_key, NULL, md_of(s), NULL);
	hmac(s, stored_key, message, signature);
	buf_init(&proof, 100);
	assert_true(exchange_base64_decode(proof_text, &proof));
	assert_int_equal(proof.len, digest_bytes(s));
	for (size_t i = 0; i < proof.len; i++)
		assert_int_equal(proof.at[i], client_key[i] ^ signature[i]);
	buf_done(&proof);
}

void scram_server_final(struct scram_server *s, struct bytes client_final, struct buf *to)
{
	size_t proof_at = bytes_find(client_final, BYTES_LIT(",p="));
	uint8_t salted[DIGEST_MAX], server_key[DIGEST_MAX], signature[DIGEST_MAX];
	char message[1024];

	check_binding(s, client_final);
	snprintf(message, sizeof message, "%s,%s,%.*s", s->first_bare, s->server_first,
		 BYTES_FMT(bytes_first(client_final, proof_at)));
	salt_password(s, salted);
	check_proof(s, salted, message, bytes_skip(client_final, proof_at + 3));
	hmac(s, salted, "Server Key", server_key);
	hmac(s, server_key, message, signature);
	buf_append_str(to, "v=");
	exchange_base64_encode(bytes_of(signature, digest_bytes(s)), to);
}
