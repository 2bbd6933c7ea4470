#include "endpoint/recall.h"

#include <stdlib.h>

#define WAYS 4 /* entries that share a place of the table */

struct entry {
	struct hash_sha256 key;
	struct auth_session session; /* generation 0: free */
	struct account_key account;
	uint64_t used;
};

struct recall {
	size_t sets;
	uint64_t uses;     /* counted */
	struct entry at[]; /* sets * WAYS */
};

struct recall *recall_new(size_t count)
{
	size_t sets = count / WAYS ? count / WAYS : 1;
	struct recall *r = calloc(1, sizeof *r + sets * WAYS * sizeof *r->at);

	if (r)
		r->sets = sets;
	return r;
}

void recall_free(struct recall *r)
{
	free(r);
}

/* The key is a digest: any part of it is as good as another. */
static struct entry *set_of(struct recall *r, const struct hash_sha256 *key)
{
	uint64_t n;

	memcpy(&n, key->at, sizeof n);
	return &r->at[(n % r->sets) * WAYS];
}

static struct entry *find(struct recall *r, const struct hash_sha256 *key)
{
	struct entry *set = set_of(r, key);

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].session.generation && memcmp(&set[i].key, key, sizeof *key) == 0)
			return &set[i];
	return NULL;
}

void recall_add(struct recall *r, const struct hash_sha256 *key, const struct auth_session *s,
		const struct account_key *account)
{
	struct entry *set = set_of(r, key), *place = find(r, key);

	if (!place) {
		place = &set[0];
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].used < place->used)
				place = &set[i];
	}
	*place = (struct entry){ *key, *s, *account, ++r->uses };
	place->session.credentials = (struct auth_credentials){ 0 };
}

bool recall_find(struct recall *r, const struct hash_sha256 *key, uint64_t generation,
		 struct auth_session *ret, struct account_key *ret_account)
{
	struct entry *e = find(r, key);

	if (!e || e->session.generation != generation)
		return false;
	e->used = ++r->uses;
	*ret = e->session;
	*ret_account = e->account;
	return true;
}
