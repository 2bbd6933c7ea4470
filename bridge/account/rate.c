#include "account/rate.h"

#define MINUTE_US UINT64_C(60000000)

struct rate rate_of(uint64_t per_minute, uint64_t burst)
{
	uint64_t per_second = per_minute / 60;
	struct rate r = { .burst = burst > per_second ? burst : per_second };

	if (per_minute)
		r.interval_us = MINUTE_US / per_minute;
	if (!r.burst)
		r.burst = 1;
	return r;
}

uint64_t rate_wait_us(const struct rate *r, uint64_t now_us)
{
	uint64_t missing_us = rate_is_full(r, now_us) ? 0 : r->full_at_us - now_us;
	uint64_t spare_us = (r->burst - 1) * r->interval_us;

	return missing_us > spare_us ? missing_us - spare_us : 0;
}

void rate_take(struct rate *r, uint64_t now_us)
{
	if (rate_is_full(r, now_us))
		r->full_at_us = now_us;
	r->full_at_us += r->interval_us;
}

bool rate_is_full(const struct rate *r, uint64_t now_us)
{
	return now_us >= r->full_at_us;
}
