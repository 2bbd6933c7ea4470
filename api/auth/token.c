#include "auth/token.h"

#include <openssl/crypto.h>

bool auth_token_new(struct auth_token *ret)
{
	struct auth_token t;

	if (!hash_random(t.secret, sizeof t.secret))
		return false;
	hash_base64url_str(t.text, sizeof t.text, bytes_of(t.secret, sizeof t.secret));
	*ret = t;
	auth_token_wipe(&t);
	return true;
}

bool auth_token_parse(struct bytes text, struct auth_token *ret)
{
	struct buf secret;
	bool ok;

	if (text.len != AUTH_TOKEN_TEXT_BYTES)
		return false;
	buf_init(&secret, AUTH_TOKEN_BYTES);
	ok = hash_base64url_decode(&secret, text) && secret.len == AUTH_TOKEN_BYTES;
	if (ok) {
		memcpy(ret->secret, buf_bytes(&secret).at, AUTH_TOKEN_BYTES);
		memcpy(ret->text, text.at, text.len);
		ret->text[text.len] = '\0';
	}
	buf_done(&secret);
	return ok;
}

struct hash_sha256 auth_token_key(const struct auth_token *t)
{
	const struct bytes secret = bytes_of(t->secret, sizeof t->secret);

	return hash_sha256_of(&secret, 1);
}

void auth_token_wipe(struct auth_token *t)
{
	OPENSSL_cleanse(t, sizeof *t);
}
