#include "account/host.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

#define AWAY_BASE_MS 5000
#define AWAY_MAX_MS  60000

static struct host *host_new(struct bytes key, unsigned logins_max)
{
	struct host *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->key = bytes_dup_str(key);
	if (!h->key) {
		free(h);
		return NULL;
	}
	h->logins_max = logins_max;
	h->last = &h->first;
	return h;
}

struct host *hosts_take(struct hosts *all, struct bytes key)
{
	struct host *h = all->first;

	while (h && !bytes_equal_str(key, h->key))
		h = h->next;
	if (!h) {
		h = host_new(key, all->logins_max);
		if (!h)
			return NULL;
		h->next = all->first;
		all->first = h;
	}
	h->refs++;
	return h;
}

/* Frees those nobody uses that are not left alone beyond now_ms. */
static void forget_unused(struct hosts *all, uint64_t now_ms)
{
	struct host **link = &all->first;

	while (*link) {
		struct host *h = *link;

		if (h->refs == 0 && now_ms >= h->closed_until_ms) {
			*link = h->next;
			free(h->key);
			free(h);
		} else {
			link = &h->next;
		}
	}
}

/* A host that fails is remembered after its last account has gone: else every
 * new login would start from zero. */
void hosts_drop(struct hosts *all, struct host *h)
{
	h->refs--;
	forget_unused(all, clock_monotonic_ms());
}

void hosts_done(struct hosts *all)
{
	forget_unused(all, UINT64_MAX);
}

static void waiter_join(struct host *h, struct host_waiter *w)
{
	if (w->prev)
		return;
	w->next = NULL;
	w->prev = h->last;
	*h->last = w;
	h->last = &w->next;
}

void host_waiter_leave(struct host *h, struct host_waiter *w)
{
	if (!w->prev)
		return;
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		h->last = w->prev;
	w->prev = NULL;
}

/* 0 unless the host is left alone. */
static uint64_t away_ms(const struct host *h)
{
	uint64_t now = clock_monotonic_ms();

	return now < h->closed_until_ms ? h->closed_until_ms - now : 0;
}

static bool has_slot(const struct host *h)
{
	/* After failures one looks whether it is back. */
	return h->logins < (h->failures >= HOST_FAILURES_MAX ? 1 : h->logins_max);
}

enum host_answer host_login_begin(struct host *h, struct host_waiter *w, uint64_t *ret_wait_ms)
{
	uint64_t away = away_ms(h);

	if (away) {
		host_waiter_leave(h, w);
		*ret_wait_ms = away;
		return HOST_AWAY;
	}
	if (!has_slot(h)) {
		waiter_join(h, w);
		return HOST_WAIT;
	}
	host_waiter_leave(h, w);
	h->logins++;
	return HOST_GO;
}

/* Did the host itself fail, rather than refuse this one user? */
static bool is_failure_of_host(enum err how)
{
	return how == ERR_NET || how == ERR_TIMEOUT || how == ERR_TLS || how == ERR_PROTO;
}

static void leave_alone(struct host *h)
{
	uint64_t ms =
		host_backoff_ms(h->failures - HOST_FAILURES_MAX + 1, AWAY_BASE_MS, AWAY_MAX_MS);
	struct log_line l;

	h->closed_until_ms = clock_monotonic_ms() + ms;
	log_begin(&l, LOG_WARN, "host-left-alone");
	log_field_str(&l, "host", h->key);
	log_field_u64(&l, "failures", h->failures);
	log_field_u64(&l, "ms", ms);
	log_end(&l);
}

static void note_outcome(struct host *h, enum err how)
{
	if (is_failure_of_host(how)) {
		h->failures++;
		if (h->failures >= HOST_FAILURES_MAX)
			leave_alone(h);
	} else if (how != ERR_CANCELLED && how != ERR_NOMEM && how != ERR_INTERNAL) {
		h->failures = 0;
		h->closed_until_ms = 0;
	}
}

void host_login_end(struct host *h, enum err how)
{
	h->logins--;
	note_outcome(h, how);
	/* When the host is left alone all in line have to hear of it. */
	while (h->first && (away_ms(h) || has_slot(h))) {
		struct host_waiter *w = h->first;

		host_waiter_leave(h, w);
		w->go(w);
	}
}

uint64_t host_backoff_ms(unsigned attempt, uint64_t base_ms, uint64_t max_ms)
{
	uint64_t full = base_ms;
	uint16_t dice = 0;

	while (attempt-- > 1 && full < max_ms)
		full *= 2;
	if (full > max_ms)
		full = max_ms;
	if (!hash_random((uint8_t *)&dice, sizeof dice))
		dice = UINT16_MAX / 2;
	return full / 2 + full / 2 * dice / UINT16_MAX;
}
