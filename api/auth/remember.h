/*
 * Credentials that were verified a short while ago, so that Basic
 * authentication does not ask upstream (nor count as an attempt) on every
 * request. Holds nothing but HMACs under a key of this process.
 */
#ifndef AUTH_REMEMBER_H
#define AUTH_REMEMBER_H

#include "base/hash.h"

struct auth_remember;

/* Room for `count` entries; older ones give way. NULL when memory or random
 * bytes are missing. */
struct auth_remember *auth_remember_new(size_t count, uint64_t ttl_ms);
void auth_remember_free(struct auth_remember *r);

/* What one set of credentials is known by. */
struct hash_sha256 auth_remember_mac(const struct auth_remember *r, struct bytes server,
				     struct bytes username, struct bytes password);
/* now_ms: clock_monotonic_ms(). */
void auth_remember_add(struct auth_remember *r, const struct hash_sha256 *mac, uint64_t now_ms);
bool auth_remember_has(const struct auth_remember *r, const struct hash_sha256 *mac,
		       uint64_t now_ms);
/* The server refused them meanwhile. */
void auth_remember_drop(struct auth_remember *r, const struct hash_sha256 *mac);

#endif
