/*
 * A token bucket: so many at once, then one more whenever an interval is over.
 * Kept as the one moment at which it will be full again (GCRA, ITU-T I.371).
 * Plain data; the clock is the caller's.
 */
#ifndef ACCOUNT_RATE_H
#define ACCOUNT_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint64_t interval_us; /* for one token; 0: no limit */
	uint64_t burst;       /* tokens in a full bucket, at least 1 */
	uint64_t full_at_us;
};

/* per_minute 0: no limit. A bucket holds `burst`, or what a second brings if that is
 * more; it begins full. */
struct rate rate_of(uint64_t per_minute, uint64_t burst);
/* 0: there is a token; else how long there will be none, in microseconds. */
uint64_t rate_wait_us(const struct rate *r, uint64_t now_us);
/* Only when there is one. */
void rate_take(struct rate *r, uint64_t now_us);
/* As if nothing had ever been taken. */
bool rate_is_full(const struct rate *r, uint64_t now_us);

#endif
