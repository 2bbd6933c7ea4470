#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <threads.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Looking an algorithm up costs more than hashing some hundred bytes with it. */
static EVP_MD *sha256;
static once_flag sha256_once = ONCE_FLAG_INIT;

static void fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *the_sha256(void)
{
	call_once(&sha256_once, fetch_sha256);
	return sha256 ? sha256 : EVP_sha256();
}

/* libcrypto fails here only when memory is gone; a wrong digest would be an
 * identity mixed up, so there is nothing left to do but stop. */
static void digest(const EVP_MD *kind, const struct bytes *pieces, size_t count, uint8_t *to)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, kind, NULL))
		abort();
	for (size_t i = 0; i < count; i++)
		if (!EVP_DigestUpdate(ctx, pieces[i].at, pieces[i].len))
			abort();
	if (!EVP_DigestFinal_ex(ctx, to, NULL))
		abort();
	EVP_MD_CTX_free(ctx);
}

struct hash_sha256 hash_sha256_of(const struct bytes *pieces, size_t count)
{
	struct hash_sha256 out;

	digest(the_sha256(), pieces, count, out.at);
	return out;
}

static void to_hex(const uint8_t *from, size_t n, char *to)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = hex[from[i] >> 4];
		to[2 * i + 1] = hex[from[i] & 15];
	}
	to[2 * n] = '\0';
}

void hash_md5_hex(const struct bytes *pieces, size_t count, char to[HASH_MD5_HEX_BYTES])
{
	uint8_t out[16];

	digest(EVP_md5(), pieces, count, out);
	to_hex(out, sizeof out, to);
}

void hash_sha1_hex(struct bytes data, char to[HASH_SHA1_HEX_BYTES])
{
	uint8_t out[20];

	digest(EVP_sha1(), &data, 1, out);
	to_hex(out, sizeof out, to);
}

struct hash_sha256 hash_hmac_sha256(struct bytes key, struct bytes data)
{
	struct hash_sha256 out;
	unsigned len = sizeof out.at;

	assert(key.len <= INT32_MAX);
	if (!HMAC(EVP_sha256(), key.at, (int)key.len, data.at, data.len, out.at, &len))
		abort();
	return out;
}

bool hash_random(uint8_t *to, size_t n)
{
	return n <= INT32_MAX && RAND_bytes(to, (int)n) == 1;
}

static size_t encode3(char to[4], struct bytes from)
{
	uint32_t v = (uint32_t)from.at[0] << 16;

	if (from.len > 1)
		v |= (uint32_t)from.at[1] << 8;
	if (from.len > 2)
		v |= from.at[2];
	for (int i = 0; i < 4; i++)
		to[i] = alphabet[v >> (18 - 6 * i) & 63];
	return from.len > 2 ? 4 : from.len + 1;
}

void hash_base64url(struct buf *to, struct bytes from)
{
	char quad[4];

	for (; from.len; from = bytes_skip(from, 3))
		buf_append(to, bytes_of(quad, encode3(quad, from)));
}

void hash_base64url_str(char *to, size_t size, struct bytes from)
{
	char quad[4];
	size_t n = 0;

	for (; from.len; from = bytes_skip(from, 3)) {
		size_t k = encode3(quad, from);

		assert(n + k < size);
		memcpy(to + n, quad, k);
		n += k;
	}
	to[n] = '\0';
}

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool hash_base64url_decode(struct buf *to, struct bytes from)
{
	while (from.len) {
		size_t n = from.len < 4 ? from.len : 4;
		uint32_t v = 0;
		uint8_t out[3];

		if (n == 1)
			return false;
		for (size_t i = 0; i < 4; i++) {
			int six = i < n ? value_of(from.at[i]) : 0;

			if (six < 0)
				return false;
			v = v << 6 | (uint32_t)six;
		}
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
		if ((n == 2 && (out[1] || out[2])) || (n == 3 && out[2]))
			return false;
		buf_append(to, bytes_of(out, n - 1));
		from = bytes_skip(from, n);
	}
	return buf_err(to) == ERR_OK;
}
