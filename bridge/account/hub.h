/* Inside of account.h: what an account and the hub are made of. */
#ifndef ACCOUNT_HUB_H
#define ACCOUNT_HUB_H

#include "account/account.h"
#include "account/far.h"
#include "account/folders.h"
#include "account/pool.h"
#include "account/sizes.h"
#include "account/summary_store.h"
#include "account/turn.h"
#include "base/hash.h"
#include "cache/summary_cache.h"

/*
 * One user with one secret: the same user with another password is another
 * account object with sessions of its own, so that no password ever rides on
 * what another one opened. What they have in common is the account id.
 */
struct account {
	struct account_hub *hub;
	struct hash_sha256 key; /* HMAC under the hub's key: server, user, secret */
	struct account *next_in_bucket;
	struct account *newer, *older; /* by last use */
	unsigned refs;                 /* callers and operations */
	struct account *next_leaving;
	bool is_leaving; /* among those that the hub's sweep looks at */
	bool is_trusted; /* verified upstream, or told so by account_get() */
	uint64_t verified_until_ms;
	struct account_id id;
	char *server_name, *protocol, *secrets; /* owned */
	size_t secrets_bytes;
	struct credentials credentials; /* into secrets */
	struct pool pool;
	struct folders folders;
	struct sizes sizes;
	struct turns appends;
	bool has_caps;
	struct mailstore_caps caps;
	struct mailstore_quota quota;
	uint64_t quota_until_ms; /* 0: not asked yet */
	uint64_t cold_until_ms;  /* the store lacked what a list needed: list.c */

	struct watch *watch; /* that it holds, or held until a while ago; NULL */
	struct account *next_holder;
	unsigned holds;
	uint64_t held_until_ms; /* with no holds: watched on until then */
	bool is_held_lightly;   /* by account_used() only */
	bool is_refused;        /* its credentials were, when they were last tried */
};

/* The states of watched folders (watch_memory.c): as they are, and packed. */
struct watch_memory_list {
	struct watch_folder *newest, *oldest;
	size_t bytes;
	unsigned count;
};

struct watch_memory {
	size_t max_bytes;
	struct watch_memory_list open, packed;
	uint64_t packings, forgotten;
	struct loop_task trim;
};

struct account_hub {
	struct loop *loop;
	struct account_limits limits;
	struct account_hub_stats stats;
	struct state *state;
	struct journal *journal;
	struct account_codec codec;
	struct summary_cache cache;
	struct summary_store store;     /* behind it */
	uint8_t key[HASH_SHA256_BYTES]; /* random, of this process */
	struct hosts hosts;
	struct account **buckets;
	size_t bucket_count; /* a power of two */
	struct account *newest, *oldest;
	unsigned trusted; /* accounts that are */
	struct account *leaving;
	struct loop_task sweep;
	struct watch **watches;      /* buckets by id, as many as of accounts */
	struct live_change *changes; /* of ours under way */
	struct watch_memory memory;
	struct far far;
};

/* The account of exactly these credentials, not trusted when new, with a
 * reference; NULL when memory is short. */
struct account *hub_take(struct account_hub *h, const struct account_server *server,
			 const struct credentials *c);
/* Counts it among those that are kept; the longest unused one may have to go.
 * False when all are in use. */
MUST_CHECK bool hub_trust(struct account *a);

static inline struct account *account_of_pool(struct pool *p)
{
	return (struct account *)(void *)((char *)p - offsetof(struct account, pool));
}

#endif
