#include "auth/remember.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define WAYS 4 /* entries that share a place of the table */

struct entry {
	struct hash_sha256 mac;
	uint64_t expires_ms; /* 0: free */
};

struct auth_remember {
	uint8_t key[HASH_SHA256_BYTES];
	uint64_t ttl_ms;
	size_t sets;
	struct entry at[]; /* sets * WAYS */
};

struct auth_remember *auth_remember_new(size_t count, uint64_t ttl_ms)
{
	size_t sets = count / WAYS ? count / WAYS : 1;
	struct auth_remember *r = calloc(1, sizeof *r + sets * WAYS * sizeof *r->at);

	if (!r)
		return NULL;
	r->ttl_ms = ttl_ms;
	r->sets = sets;
	if (!hash_random(r->key, sizeof r->key)) {
		free(r);
		return NULL;
	}
	return r;
}

void auth_remember_free(struct auth_remember *r)
{
	if (!r)
		return;
	OPENSSL_cleanse(r->key, sizeof r->key);
	free(r);
}

/* Each field is hashed first, so that no two sets of credentials run together. */
struct hash_sha256 auth_remember_mac(const struct auth_remember *r, struct bytes server,
				     struct bytes username, struct bytes password)
{
	const struct bytes key = bytes_of(r->key, sizeof r->key);
	const struct bytes fields[] = { server, username, password };
	struct hash_sha256 macs[3];

	for (size_t i = 0; i < 3; i++)
		macs[i] = hash_hmac_sha256(key, fields[i]);
	return hash_hmac_sha256(key, bytes_of(macs, sizeof macs));
}

static struct entry *set_of(const struct auth_remember *r, const struct hash_sha256 *mac)
{
	uint64_t n;

	memcpy(&n, mac->at, sizeof n);
	return (struct entry *)&r->at[(n % r->sets) * WAYS];
}

static struct entry *find(const struct auth_remember *r, const struct hash_sha256 *mac)
{
	struct entry *set = set_of(r, mac);

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].expires_ms && bytes_equal_secret(bytes_of(&set[i].mac, sizeof *mac),
							    bytes_of(mac, sizeof *mac)))
			return &set[i];
	return NULL;
}

void auth_remember_add(struct auth_remember *r, const struct hash_sha256 *mac, uint64_t now_ms)
{
	struct entry *set = set_of(r, mac), *place = find(r, mac);

	for (size_t i = 0; !place && i < WAYS; i++)
		if (set[i].expires_ms <= now_ms)
			place = &set[i];
	if (!place) {
		place = &set[0];
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].expires_ms < place->expires_ms)
				place = &set[i];
	}
	*place = (struct entry){ *mac, now_ms + r->ttl_ms };
}

bool auth_remember_has(const struct auth_remember *r, const struct hash_sha256 *mac,
		       uint64_t now_ms)
{
	const struct entry *e = find(r, mac);

	return e && e->expires_ms > now_ms;
}

void auth_remember_drop(struct auth_remember *r, const struct hash_sha256 *mac)
{
	struct entry *e = find(r, mac);

	if (e)
		*e = (struct entry){ 0 };
}
