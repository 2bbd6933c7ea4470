#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "sasl/exchange.h"

/* OpenSSL takes a third of libgsasl's time. */
void scram_salt(struct scram_salting *s)
{
	static const char digits[] = "0123456789abcdef";
	const EVP_MD *md = s->is_sha256 ? EVP_sha256() : EVP_sha1();
	uint8_t salted[EVP_MAX_MD_SIZE];
	int n = EVP_MD_get_size(md);

	if (PKCS5_PBKDF2_HMAC(s->password, (int)strlen(s->password), s->salt.at, (int)s->salt.len,
			      s->iterations, md, n, salted) != 1)
		return;
	for (int i = 0; i < n; i++) {
		s->hex[2 * i] = digits[salted[i] >> 4];
		s->hex[2 * i + 1] = digits[salted[i] & 15];
	}
	explicit_bzero(salted, sizeof salted);
	s->is_done = true;
}

void scram_salting_free(struct scram_salting *s)
{
	if (!s)
		return;
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->password);
	explicit_bzero(s->hex, sizeof s->hex);
	buf_done(&s->salt);
	free(s);
}
