#include "account/again.h"

#include "base/clock.h"

#define LOOKS_MAX      4
#define FIRST_PAUSE_MS 200 /* doubles */
#define MARGIN_MS      250 /* to answer in */
#define RESERVE_MS     10000

static void on_timer(struct loop_timer *t)
{
	struct again *a = (struct again *)(void *)((char *)t - offsetof(struct again, timer));

	a->look(a);
}

void again_init(struct again *a, struct loop *loop, uint64_t deadline_ms,
		void (*look)(struct again *a))
{
	*a = (struct again){ .loop = loop, .look = look };
	a->deadline_ms = deadline_ms > MARGIN_MS ? deadline_ms - MARGIN_MS : 0;
	a->timer.fire = on_timer;
}

bool again_later(struct again *a)
{
	uint64_t pause_ms = (uint64_t)FIRST_PAUSE_MS << a->looks;

	if (++a->looks >= LOOKS_MAX || clock_monotonic_ms() + pause_ms >= a->deadline_ms)
		return false;
	return loop_timer_start(a->loop, &a->timer, pause_ms);
}

void again_stop(struct again *a)
{
	if (a->loop)
		loop_timer_stop(a->loop, &a->timer);
}

uint64_t again_deadline_before(uint64_t deadline_ms)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t left = deadline_ms > now ? deadline_ms - now : 0;

	return deadline_ms - (left / 3 < RESERVE_MS ? left / 3 : RESERVE_MS);
}
