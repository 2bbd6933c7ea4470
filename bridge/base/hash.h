/*
 * Digests, random bytes and the text forms of both. A thin cover over
 * libcrypto, the only library that base uses.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/buf.h"

#define HASH_SHA256_BYTES 32

struct hash_sha256 {
	uint8_t at[HASH_SHA256_BYTES];
};

/* SHA-256 over the pieces, one after the other (FIPS 180-4). */
struct hash_sha256 hash_sha256_of(const struct bytes *pieces, size_t count);
/* HMAC-SHA-256 (RFC 2104). */
struct hash_sha256 hash_hmac_sha256(struct bytes key, struct bytes data);

#define HASH_MD5_HEX_BYTES 33 /* with the NUL */

/* MD5 over the pieces in lower-case hex: for APOP (RFC 1939 §7), nothing else. */
void hash_md5_hex(const struct bytes *pieces, size_t count, char to[HASH_MD5_HEX_BYTES]);

#define HASH_SHA1_HEX_BYTES 41 /* with the NUL */

/* SHA-1 in lower-case hex: the name that Redis gives to a script, nothing else. */
void hash_sha1_hex(struct bytes data, char to[HASH_SHA1_HEX_BYTES]);

/* Fills `to` from the system's generator; false when that fails. */
MUST_CHECK bool hash_random(uint8_t *to, size_t n);

/* base64url without padding (RFC 4648 §5). */
void hash_base64url(struct buf *to, struct bytes from);
/* Same, NUL-terminated into a fixed array; cuts nothing: `size` must be at
 * least 4 * ((n + 2) / 3) + 1. */
void hash_base64url_str(char *to, size_t size, struct bytes from);
/* Appends the decoded bytes. Padding, white space and stray bits are refused:
 * one text for one value. */
MUST_CHECK bool hash_base64url_decode(struct buf *to, struct bytes from);

#endif
