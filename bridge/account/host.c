#include "account/host.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

#define AWAY_BASE_MS 5000
#define AWAY_MAX_MS  60000

static void on_refill(struct loop_timer *t);

static struct host *host_new(const struct hosts *all, struct bytes key)
{
	struct host *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->key = bytes_dup_str(key);
	if (!h->key) {
		free(h);
		return NULL;
	}
	h->loop = all->loop;
	h->logins_max = all->logins_max;
	h->rate = rate_of(all->logins_per_minute, all->logins_max);
	h->refill.fire = on_refill;
	h->last = &h->first;
	return h;
}

struct host *hosts_take(struct hosts *all, struct bytes key)
{
	struct host *h = all->first;

	while (h && !bytes_equal_str(key, h->key))
		h = h->next;
	if (!h) {
		h = host_new(all, key);
		if (!h)
			return NULL;
		h->next = all->first;
		all->first = h;
	}
	h->refs++;
	return h;
}

/* Frees those nobody uses about which there is nothing to be remembered at `now_us`. */
static void forget_unused(struct hosts *all, uint64_t now_us)
{
	struct host **link = &all->first;

	while (*link) {
		struct host *h = *link;

		if (h->refs == 0 && now_us / 1000 >= h->closed_until_ms &&
		    rate_is_full(&h->rate, now_us)) {
			*link = h->next;
			loop_timer_stop(h->loop, &h->refill);
			free(h->key);
			free(h);
		} else {
			link = &h->next;
		}
	}
}

/* A host that fails, or where many log in, is remembered after its last account has
 * gone: else every new login would start from zero. */
void hosts_drop(struct hosts *all, struct host *h)
{
	h->refs--;
	forget_unused(all, clock_monotonic_us());
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

/* The line moves by itself when a login ends; the rate has to be looked at in time. */
static void await_refill(struct host *h)
{
	uint64_t wait_us = rate_wait_us(&h->rate, clock_monotonic_us());

	if (!h->first || !has_slot(h) || loop_timer_is_on(&h->refill))
		return;
	/* Without memory the next login to end looks again. */
	(void)!loop_timer_start(h->loop, &h->refill, (wait_us + 999) / 1000);
}

static bool may_begin(const struct host *h, const struct host_waiter *w)
{
	bool is_overtaking = h->first && h->first != w && !h->is_calling;

	return has_slot(h) && !is_overtaking && !rate_wait_us(&h->rate, clock_monotonic_us());
}

enum host_answer host_login_begin(struct host *h, struct host_waiter *w, uint64_t *ret_wait_ms)
{
	uint64_t away = away_ms(h);

	if (away) {
		host_waiter_leave(h, w);
		*ret_wait_ms = away;
		return HOST_AWAY;
	}
	if (!may_begin(h, w)) {
		waiter_join(h, w);
		await_refill(h);
		return HOST_WAIT;
	}
	host_waiter_leave(h, w);
	h->logins++;
	rate_take(&h->rate, clock_monotonic_us());
	return HOST_GO;
}

/* Those in line whose turn it is; all of them when the host is left alone, for they
 * have to hear of it. */
static void call_waiters(struct host *h)
{
	bool was_calling = h->is_calling;

	h->is_calling = true;
	while (h->first && (away_ms(h) || may_begin(h, h->first))) {
		struct host_waiter *w = h->first;

		host_waiter_leave(h, w);
		w->go(w);
	}
	h->is_calling = was_calling;
	await_refill(h);
}

static void on_refill(struct loop_timer *t)
{
	call_waiters((struct host *)(void *)((char *)t - offsetof(struct host, refill)));
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
	call_waiters(h);
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
