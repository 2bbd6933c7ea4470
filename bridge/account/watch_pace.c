/*
 * What the server says of itself may be reason enough to leave the inbox and look, and
 * the look may find nothing: a STATUS that never agrees with what a synchronisation
 * finds, a LIST with every NOTIFY, one that always loses track. As the next watch is told
 * the same again at once, that would go on for ever, as fast as the server answers. So
 * after some such watches in a row the next ones go on for a while, longer each time.
 *
 * And a folder that the server lists but does not open is left alone until the next poll.
 */
#include "account/watch.h"

#include "base/clock.h"

/* A reason that comes so soon would have been there anyway. */
#define SOON_MS 1000
/* So many in a row for nothing are nothing special. */
#define FREE          10
#define PAUSE_MS      250
#define DOUBLINGS_MAX 16

void watch_pace_begun(struct watch *w)
{
	if (w->pace.wanted_ms) {
		bool was_soon = w->pace.wanted_ms < w->pace.begun_ms + SOON_MS;

		w->pace.in_vain = was_soon && !w->pace.has_found ? w->pace.in_vain + 1 : 0;
	}
	w->pace.begun_ms = clock_monotonic_ms();
	w->pace.wanted_ms = 0;
	w->pace.has_found = false;
}

/* Of ours, or somebody waits. */
static bool is_pressing(const struct watch *w)
{
	if (w->must_yield || watch_log_is_full(w))
		return true;
	for (size_t i = 0; i < w->folder_count; i++) {
		const struct watch_folder *f = w->folders[i];

		if (!watch_is_left_alone(f) && ((f->is_dirty && f->needs_sync) || f->untold.count))
			return true;
	}
	return false;
}

static uint64_t pause_ms(const struct watch *w)
{
	unsigned n = w->pace.in_vain > FREE ? w->pace.in_vain - FREE : 0;
	uint64_t max_ms = w->hub->limits.watch_poll_ms;
	uint64_t ms = n ? (uint64_t)PAUSE_MS << (n < DOUBLINGS_MAX ? n : DOUBLINGS_MAX) : 0;

	return ms < max_ms ? ms : max_ms;
}

bool watch_must_pause(struct watch *w)
{
	uint64_t now = clock_monotonic_ms(), due_ms = w->pace.begun_ms + pause_ms(w);

	if (is_pressing(w))
		return false;
	if (!w->pace.wanted_ms)
		w->pace.wanted_ms = now;
	if (now >= due_ms)
		return false;
	watch_wake_at(w, due_ms);
	return true;
}

/* --- folders that cannot be opened ------------------------------------------ */

void watch_folder_failed(struct watch_folder *f)
{
	f->needs_sync = f->needs_status = false;
	f->failed_until_ms = clock_monotonic_ms() + f->watch->hub->limits.watch_poll_ms;
}

bool watch_is_left_alone(const struct watch_folder *f)
{
	return f->failed_until_ms && clock_monotonic_ms() < f->failed_until_ms;
}

void watch_try_failed(struct watch *w)
{
	for (size_t i = 0; i < w->folder_count; i++) {
		struct watch_folder *f = w->folders[i];

		if (!f->failed_until_ms || watch_is_left_alone(f))
			continue;
		f->failed_until_ms = 0;
		f->needs_sync = true;
	}
}

uint64_t watch_try_failed_ms(const struct watch *w)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < w->folder_count; i++)
		if (w->folders[i]->failed_until_ms && w->folders[i]->failed_until_ms < due_ms)
			due_ms = w->folders[i]->failed_until_ms;
	return due_ms;
}
