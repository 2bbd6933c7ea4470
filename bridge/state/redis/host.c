#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/dial.h"
#include "net/tls.h"
#include "state/redis/conn.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   10000

static bool copy_str(const char *from, char **ret)
{
	*ret = from ? strdup(from) : NULL;
	return !from || *ret;
}

static bool copy_address(const struct redis_address *from, struct redis_address *to)
{
	*to = (struct redis_address){ .port = from->port,
				      .db = from->db,
				      .has_tls = from->has_tls };
	return copy_str(from->host, &to->host) && copy_str(from->path, &to->path) &&
	       copy_str(from->user, &to->user) && copy_str(from->password, &to->password);
}

enum err redis_host_init(struct redis_host *h, struct loop *l, const struct redis_address *address,
			 uint64_t timeout_ms)
{
	struct tls_options tls = { 0 };
	struct fault fault = fault_of(ERR_NOMEM);
	bool is_whole;

	*h = (struct redis_host){ .loop = l, .timeout_ms = timeout_ms };
	is_whole = copy_address(address, &h->address);
	if (is_whole && h->address.host) {
		h->dialer = dialer_new(l, &(struct dial_options){ 0 });
		is_whole = h->dialer != NULL;
	}
	if (is_whole && h->address.has_tls) {
		h->tls = tls_profile_new(&tls, &fault);
		is_whole = h->tls != NULL;
	}
	if (is_whole)
		return ERR_OK;
	redis_host_done(h);
	return fault.err;
}

void redis_host_done(struct redis_host *h)
{
	if (h->dialer)
		dialer_free(h->dialer);
	if (h->tls)
		tls_profile_free(h->tls);
	redis_address_done(&h->address);
	*h = (struct redis_host){ 0 };
}

uint64_t redis_backoff_ms(unsigned failures)
{
	uint64_t wait_ms = BACKOFF_FIRST_MS;
	uint32_t random = 0;

	while (failures-- > 1 && wait_ms < BACKOFF_MAX_MS)
		wait_ms *= 2;
	if (wait_ms > BACKOFF_MAX_MS)
		wait_ms = BACKOFF_MAX_MS;
	if (!hash_random((uint8_t *)&random, sizeof random))
		random = (uint32_t)clock_monotonic_us();
	return wait_ms / 2 + random % (wait_ms / 2 + 1);
}
