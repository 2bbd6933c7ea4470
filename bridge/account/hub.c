#include "account/hub.h"

#include <stdlib.h>
#include <string.h>

#include "account/live.h"
#include "base/clock.h"
#include "base/log.h"

#define ACCOUNTS_DEFAULT             1024
#define SESSIONS_DEFAULT             3
#define QUEUE_DEFAULT                64
#define IDLE_CLOSE_DEFAULT_MS        (5 * 60 * 1000)
#define MAILDROP_IDLE_DEFAULT_MS     10000
#define MAILDROP_PATIENCE_DEFAULT_MS 8000
#define PING_DEFAULT_MS              (2 * 60 * 1000)
#define LOGIN_DEFAULT_MS             20000
#define LOGINS_DEFAULT               8
#define LOGIN_RATE_DEFAULT           3000
#define PREVIEW_DEFAULT_BYTES        1024
#define VERIFIED_DEFAULT_MS          (5 * 60 * 1000)
#define LINGER_DEFAULT_MS            (5 * 60 * 1000)
#define POLL_DEFAULT_MS              (60 * 1000)
#define CACHE_DEFAULT_BYTES          ((size_t)64 << 20)
#define FOLDERS_DEFAULT_BYTES        ((size_t)256 << 20)
#define FOLDER_DEFAULT_BYTES         ((size_t)8 << 20)
#define RETRY_DEFAULT_MS             500
#define RENEW_DEFAULT_MS             (9 * 60 * 1000)

static void on_sweep(struct loop_task *t);

static void set_defaults(struct account_limits *l)
{
	l->accounts_max = l->accounts_max ? l->accounts_max : ACCOUNTS_DEFAULT;
	l->sessions_per_account =
		l->sessions_per_account ? l->sessions_per_account : SESSIONS_DEFAULT;
	l->queue_max = l->queue_max ? l->queue_max : QUEUE_DEFAULT;
	l->maildrop_idle_ms = l->maildrop_idle_ms ? l->maildrop_idle_ms : MAILDROP_IDLE_DEFAULT_MS;
	l->maildrop_patience_ms =
		l->maildrop_patience_ms ? l->maildrop_patience_ms : MAILDROP_PATIENCE_DEFAULT_MS;
	l->idle_close_ms = l->idle_close_ms ? l->idle_close_ms : IDLE_CLOSE_DEFAULT_MS;
	l->ping_ms = l->ping_ms ? l->ping_ms : PING_DEFAULT_MS;
	l->login_timeout_ms = l->login_timeout_ms ? l->login_timeout_ms : LOGIN_DEFAULT_MS;
	l->logins_per_host = l->logins_per_host ? l->logins_per_host : LOGINS_DEFAULT;
	l->logins_per_minute = l->logins_per_minute ? l->logins_per_minute : LOGIN_RATE_DEFAULT;
	l->preview_fetch_bytes =
		l->preview_fetch_bytes ? l->preview_fetch_bytes : PREVIEW_DEFAULT_BYTES;
	l->cache_bytes = l->cache_bytes ? l->cache_bytes : CACHE_DEFAULT_BYTES;
	l->folder_bytes = l->folder_bytes ? l->folder_bytes : FOLDERS_DEFAULT_BYTES;
	l->folder_max_bytes = l->folder_max_bytes ? l->folder_max_bytes : FOLDER_DEFAULT_BYTES;
	l->credentials_ttl_ms = l->credentials_ttl_ms ? l->credentials_ttl_ms : VERIFIED_DEFAULT_MS;
	l->watch_linger_ms = l->watch_linger_ms ? l->watch_linger_ms : LINGER_DEFAULT_MS;
	l->watch_poll_ms = l->watch_poll_ms ? l->watch_poll_ms : POLL_DEFAULT_MS;
	l->watch_retry_ms = l->watch_retry_ms ? l->watch_retry_ms : RETRY_DEFAULT_MS;
	l->watch_renew_ms = l->watch_renew_ms ? l->watch_renew_ms : RENEW_DEFAULT_MS;
}

struct account_hub *account_hub_new(const struct account_setup *setup)
{
	struct account_hub *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->loop = setup->loop;
	h->limits = setup->limits;
	h->state = setup->state;
	h->journal = setup->journal;
	if (setup->codec)
		h->codec = *setup->codec;
	set_defaults(&h->limits);
	h->hosts = (struct hosts){ .loop = h->loop,
				   .logins_max = h->limits.logins_per_host,
				   .logins_per_minute = h->limits.logins_per_minute };
	h->sweep.run = on_sweep;
	h->memory.max_bytes = h->limits.folder_bytes;
	h->bucket_count = 64;
	while (h->bucket_count < h->limits.accounts_max && h->bucket_count < (1u << 16))
		h->bucket_count *= 2;
	h->buckets = calloc(h->bucket_count, sizeof *h->buckets);
	h->watches = calloc(h->bucket_count, sizeof *h->watches);
	if (!h->buckets || !h->watches || !hash_random(h->key, sizeof h->key) ||
	    summary_cache_init(&h->cache, h->limits.cache_bytes) != ERR_OK) {
		free(h->watches);
		free(h->buckets);
		free(h);
		return NULL;
	}
	far_init(&h->far, h->loop, h->state);
	summary_store_init(&h->store, &h->cache, h->loop, h->state, h->codec.version);
	return h;
}

struct account_hub_stats account_hub_stats(const struct account_hub *h)
{
	struct account_hub_stats stats = h->stats;

	stats.cached_summaries = h->cache.entries;
	stats.cached_bytes = h->cache.bytes;
	stats.cache_hits = h->cache.hits;
	stats.cache_misses = h->cache.misses;
	stats.cache_evicted = h->cache.evicted;
	stats.store_hits = h->store.found;
	stats.store_misses = h->store.missed;
	stats.store_written = h->store.written;
	stats.store_dropped = h->store.dropped;
	stats.folders_open = h->memory.open.count;
	stats.folders_packed = h->memory.packed.count;
	stats.folder_bytes = h->memory.open.bytes + h->memory.packed.bytes;
	stats.folder_packings = h->memory.packings;
	stats.folders_forgotten = h->memory.forgotten;
	return stats;
}

/* --- the table -------------------------------------------------------- */

static struct account **bucket_of(struct account_hub *h, const struct hash_sha256 *key)
{
	uint64_t n;

	memcpy(&n, key->at, sizeof n);
	return &h->buckets[n & (h->bucket_count - 1)];
}

static void list_remove(struct account *a)
{
	struct account_hub *h = a->hub;

	*(a->newer ? &a->newer->older : &h->newest) = a->older;
	*(a->older ? &a->older->newer : &h->oldest) = a->newer;
	a->newer = a->older = NULL;
}

static void list_add(struct account *a)
{
	struct account_hub *h = a->hub;

	a->older = h->newest;
	*(a->older ? &a->older->newer : &h->oldest) = a;
	h->newest = a;
}

/* Frees the memory alone. */
static void account_discard(struct account *a)
{
	if (a->secrets)
		explicit_bzero(a->secrets, a->secrets_bytes);
	free(a->secrets);
	free(a->protocol);
	free(a->server_name);
	free(a);
}

static void account_free(struct account *a)
{
	struct account_hub *h = a->hub;
	struct account **link = bucket_of(h, &a->key);

	while (*link != a)
		link = &(*link)->next_in_bucket;
	*link = a->next_in_bucket;
	list_remove(a);
	a->is_leaving = true; /* closing its sessions must not announce it again */
	h->trusted -= a->is_trusted;
	h->stats.accounts--;
	pool_done(&a->pool);
	hosts_drop(&h->hosts, a->pool.setup.host);
	folders_done(&a->folders);
	sizes_done(&a->sizes);
	account_discard(a);
}

/* What nobody uses and is not worth keeping. */
static bool is_useless(const struct account *a)
{
	return a->refs == 0 && (!a->is_trusted || !pool_is_worth_keeping(&a->pool));
}

/* Later: some function of its pool may be on the stack. */
static void leave_soon(struct account *a)
{
	struct account_hub *h = a->hub;

	if (!is_useless(a) || a->is_leaving)
		return;
	a->is_leaving = true;
	a->next_leaving = h->leaving;
	h->leaving = a;
	loop_task_start(h->loop, &h->sweep);
}

static void on_sweep(struct loop_task *t)
{
	struct account_hub *h =
		(struct account_hub *)(void *)((char *)t - offsetof(struct account_hub, sweep));
	struct account *a = h->leaving, *next;

	for (h->leaving = NULL; a; a = next) {
		next = a->next_leaving;
		a->is_leaving = false;
		if (is_useless(a))
			account_free(a);
	}
}

void account_hub_free(struct account_hub *h)
{
	if (!h)
		return;
	live_done(h);
	while (h->oldest)
		account_free(h->oldest);
	loop_task_stop(&h->sweep); /* closing sessions started it */
	loop_task_stop(&h->memory.trim);
	hosts_done(&h->hosts);
	far_done(&h->far);
	summary_store_done(&h->store);
	summary_cache_done(&h->cache);
	explicit_bzero(h->key, sizeof h->key);
	free(h->watches);
	free(h->buckets);
	free(h);
}

/* --- what the pool tells ---------------------------------------------- */

/* What an operator wants to see; never the server's words, which might quote. */
static void log_failure(const struct account *a, const struct fault *fault)
{
	struct log_line l;

	log_begin(&l, LOG_INFO, "login-failed");
	log_field_str(&l, "account", a->id.text);
	log_field_str(&l, "server", a->server_name);
	log_field_str(&l, "error", err_name(fault->err));
	log_field_str(&l, "code", fault->code);
	log_end(&l);
}

static void on_login(struct pool *p, const struct fault *fault, const struct mailstore_caps *caps)
{
	struct account *a = account_of_pool(p);

	if (!fault) {
		a->verified_until_ms = clock_monotonic_ms() + a->hub->limits.credentials_ttl_ms;
		a->caps = *caps;
		a->has_caps = true;
		live_logged_in(a);
		return;
	}
	log_failure(a, fault);
	if (fault->err == ERR_AUTH)
		a->verified_until_ms = 0;
}

static bool on_limit(struct pool *p)
{
	struct account *mine = account_of_pool(p);
	unsigned closed = 0;

	for (struct account *a = mine->hub->newest; a; a = a->older) {
		if (a == mine || strcmp(a->id.text, mine->id.text) != 0)
			continue;
		closed += pool_close_idle(&a->pool);
		closed += !closed && live_make_room(a);
	}
	return closed > 0;
}

static void on_empty(struct pool *p)
{
	leave_soon(account_of_pool(p));
}

static void on_wanted(struct pool *p)
{
	(void)live_make_room(account_of_pool(p));
}

static const struct pool_events pool_events = { on_login, on_limit, on_wanted, on_empty };

/* --- one account ------------------------------------------------------ */

static struct hash_sha256 key_of(struct account_hub *h, const struct account_server *server,
				 const struct credentials *c)
{
	const struct bytes parts[] = { server->name, server->protocol, server->incoming_key,
				       c->username,  c->password,      c->access_token };
	uint8_t lengths[sizeof parts / sizeof *parts][9];
	struct bytes pieces[2 * (sizeof parts / sizeof *parts)];
	struct hash_sha256 inner;

	/* Lengths and "is there" go in as well: no two sets of parts look alike. */
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		uint64_t n = parts[i].len;

		memcpy(lengths[i], &n, sizeof n);
		lengths[i][8] = bytes_is_null(parts[i]);
		pieces[2 * i] = bytes_of(lengths[i], sizeof lengths[i]);
		pieces[2 * i + 1] = parts[i];
	}
	inner = hash_sha256_of(pieces, sizeof pieces / sizeof *pieces);
	return hash_hmac_sha256(bytes_of(h->key, sizeof h->key),
				bytes_of(inner.at, sizeof inner.at));
}

/* The part before the "@" may be case-sensitive, the domain never is. */
static struct account_id id_of(const struct account_server *server, struct bytes username)
{
	struct account_id id = { "" };
	char *canonical = bytes_dup_str(username);
	size_t at = bytes_index(username, '@');

	if (!canonical)
		return id;
	for (char *c = canonical + at; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	id = account_id_of(server->protocol, server->name, bytes_of_str(canonical));
	free(canonical);
	return id;
}

static struct bytes put_secret(char **at, struct bytes b)
{
	struct bytes copy = bytes_of(*at, b.len);

	if (bytes_is_null(b))
		return b;
	memcpy(*at, b.at, b.len);
	*at += b.len + 1;
	return copy;
}

static bool copy_credentials(struct account *a, const struct credentials *c)
{
	char *at;

	a->secrets_bytes = c->username.len + c->password.len + c->access_token.len + 3;
	a->secrets = at = calloc(1, a->secrets_bytes);
	if (!at)
		return false;
	a->credentials.username = put_secret(&at, c->username);
	a->credentials.password = put_secret(&at, c->password);
	a->credentials.access_token = put_secret(&at, c->access_token);
	return true;
}

static struct account *account_new(struct account_hub *h, const struct account_server *server,
				   const struct credentials *c)
{
	struct account *a = calloc(1, sizeof *a);
	struct host *host = NULL;

	if (!a)
		return NULL;
	a->hub = h;
	a->id = id_of(server, c->username);
	a->server_name = bytes_dup_str(server->name);
	a->protocol = bytes_dup_str(server->protocol);
	if (a->id.text[0] && a->server_name && a->protocol && copy_credentials(a, c))
		host = hosts_take(&h->hosts, server->incoming_key);
	if (!host) {
		account_discard(a);
		return NULL;
	}
	pool_init(&a->pool, &(struct pool_setup){ .loop = h->loop,
						  .host = host,
						  .limits = &h->limits,
						  .stats = &h->stats,
						  .credentials = &a->credentials,
						  .connect = server->connect,
						  .connect_ctx = server->ctx,
						  .events = &pool_events,
						  .sessions_max = server->sessions_max,
						  .shared = h->far.state,
						  .slots = bytes_of_str(a->id.text) });
	return a;
}

static struct account *find(struct account_hub *h, const struct hash_sha256 *key)
{
	struct account *a = *bucket_of(h, key);

	while (a && memcmp(a->key.at, key->at, sizeof key->at) != 0)
		a = a->next_in_bucket;
	return a;
}

struct account *hub_take(struct account_hub *h, const struct account_server *server,
			 const struct credentials *c)
{
	struct hash_sha256 key = key_of(h, server, c);
	struct account **bucket = bucket_of(h, &key), *a = find(h, &key);

	if (a)
		return account_ref(a);
	a = account_new(h, server, c);
	if (!a)
		return NULL;
	a->key = key;
	a->next_in_bucket = *bucket;
	*bucket = a;
	list_add(a);
	h->stats.accounts++;
	return account_ref(a);
}

bool hub_trust(struct account *a)
{
	struct account_hub *h = a->hub;
	struct account *old = h->oldest;

	if (a->is_trusted)
		return true;
	if (h->trusted >= h->limits.accounts_max) {
		while (old && (!old->is_trusted || (old->refs && !live_let_go(old))))
			old = old->newer;
		if (!old)
			return false;
		if (!old->is_leaving)
			account_free(old);
	}
	a->is_trusted = true;
	h->trusted++;
	return true;
}

struct account *account_ref(struct account *a)
{
	a->refs++;
	list_remove(a);
	list_add(a);
	return a;
}

void account_unref(struct account *a)
{
	if (a && --a->refs == 0)
		leave_soon(a);
}

struct account *account_get(struct account_hub *h, const struct account_server *server,
			    const struct credentials *c)
{
	struct account *a = hub_take(h, server, c);

	if (a && !hub_trust(a)) {
		account_unref(a);
		return NULL;
	}
	return a;
}

struct account_key account_key(const struct account *a)
{
	return (struct account_key){ a->key };
}

struct account *account_find(struct account_hub *h, const struct account_key *key)
{
	struct account *a = find(h, &key->hash);

	return a && a->is_trusted ? account_ref(a) : NULL;
}

struct credentials account_credentials(const struct account *a)
{
	return a->credentials;
}

const struct account_id *account_id(const struct account *a)
{
	return &a->id;
}

struct bytes account_username(const struct account *a)
{
	return a->credentials.username;
}

const char *account_protocol(const struct account *a)
{
	return a->protocol;
}

struct bytes account_server_name(const struct account *a)
{
	return bytes_of_str(a->server_name);
}
