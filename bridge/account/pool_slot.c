/*
 * The slots of an account's sessions, where several processes share their state: one is
 * taken before a login, and given back with the session. When all are taken, a note asks
 * the others for one, who say when they have let a session go:
 *
 *	yield	close a session, if nobody there needs it
 *	yield!	there is none at all here, for a while: close the next one that is given
 *		back, and one that only watches
 *	free	one was given back
 *
 * What a note cannot do, asking again in time does: notes may get lost.
 */
#include "account/pool.h"

#include "base/clock.h"

#define TAKE_TIMEOUT_MS 2000
#define RETRY_MS        250
/* Somebody of ours has let go of a session just now. */
#define RETRY_SOON_MS 1
/* So long a wish of another process counts; it asks again. */
#define WANTED_MS 2000
/* Who gave one away does not take it back at once. */
#define POLITE_MS 300
#define YIELD     "yield"
#define YIELD_NOW "yield!"
#define FREE      "free"

static void say(struct pool *p, const char *note)
{
	state_say(p->setup.shared, p->setup.slots, bytes_of_str(note));
}

/* --- taking one ------------------------------------------------------- */

static bool has_live(const struct pool *p)
{
	return pool_opening(p) < p->count;
}

static void wait_until(struct pool *p, uint64_t at_ms)
{
	p->slot.at_ms = at_ms;
	pool_wake_at(p, at_ms);
}

/* Those who wait go on waiting: one of the other sessions will do, or one comes free. */
static void was_refused(struct pool *p)
{
	bool has_gone = false;

	p->setup.stats->slots_refused++;
	if (has_live(p)) {
		say(p, YIELD);
		if (pool_has_requests(p))
			pool_ask_to_yield(p); /* as where the limit is ours alone */
	} else {
		has_gone = p->setup.events->on_limit(p);
		if (!has_gone)
			say(p, p->slot.refusals++ ? YIELD_NOW : YIELD);
	}
	wait_until(p, clock_monotonic_ms() + (has_gone ? RETRY_SOON_MS : RETRY_MS));
}

static void on_slot(void *ctx, enum err err)
{
	struct session *s = ctx;
	struct pool *p = s->pool;

	s->op = NULL;
	if (err == ERR_BUSY) {
		session_drop(s);
		was_refused(p);
		return;
	}
	/* Without the store each process has its own limit. */
	s->has_slot = err == ERR_OK || err == ERR_NET || err == ERR_TIMEOUT;
	p->slot.refusals = 0;
	session_login(s);
}

static void on_note(struct state_ear *e, struct bytes note);

static void begin_to_hear(struct pool *p)
{
	if (p->slot.hears)
		return;
	p->slot.ear = (struct state_ear){ .on_note = on_note };
	p->slot.hears = state_hear(p->setup.shared, p->setup.slots, &p->slot.ear) == ERR_OK;
}

struct op *session_take_slot(struct session *s)
{
	struct pool *p = s->pool;
	struct call call = { .mem = s->mem, .deadline_ms = clock_monotonic_ms() + TAKE_TIMEOUT_MS };

	begin_to_hear(p);
	return state_slot_take(p->setup.shared, call, p->setup.slots, pool_limit_at_most(p),
			       on_slot, s);
}

bool pool_must_wait_for_slot(struct pool *p)
{
	if (clock_monotonic_ms() >= p->slot.at_ms)
		return false;
	pool_wake_at(p, p->slot.at_ms);
	return true;
}

void pool_ask_for_slot(struct pool *p)
{
	if (p->setup.shared && !has_live(p))
		say(p, YIELD_NOW);
}

/* --- giving one back ---------------------------------------------------- */

static bool is_wanted(const struct pool *p)
{
	return p->slot.wanted_at_ms && clock_monotonic_ms() < p->slot.wanted_at_ms + WANTED_MS;
}

static void give_all(struct pool *p)
{
	loop_task_stop(&p->slot.giving);
	for (; p->slot.to_give; p->slot.to_give--)
		state_slot_give(p->setup.shared, p->setup.slots);
	if (p->slot.is_awaited)
		say(p, FREE);
	p->slot.is_awaited = false;
}

static void on_giving(struct loop_task *t)
{
	give_all((struct pool *)(void *)((char *)t - offsetof(struct pool, slot.giving)));
}

/* Later: a session whose code is on the stack is still connected. */
void pool_give_slot(struct pool *p)
{
	p->slot.to_give++;
	if (is_wanted(p)) { /* one is enough */
		p->slot.is_awaited = true;
		p->slot.is_urgent = false;
		p->slot.wanted_at_ms = 0;
	}
	p->slot.giving.run = on_giving;
	loop_task_start(p->setup.loop, &p->slot.giving);
}

/* The only one is kept while somebody here waits for it, unless it is urgent. */
bool pool_must_give_slot(struct pool *p)
{
	if (!is_wanted(p) || (p->waiting && p->count < 2 && !p->slot.is_urgent))
		return false;
	if (p->waiting)
		wait_until(p, clock_monotonic_ms() + POLITE_MS);
	return true;
}

static struct session *longest_idle(const struct pool *p)
{
	struct session *best = NULL;

	for (unsigned i = 0; i < p->count; i++) {
		struct session *s = p->sessions[i];

		if (s->state == SESSION_IDLE && (!best || s->used_ms < best->used_ms))
			best = s;
	}
	return best;
}

static void yield(struct pool *p, bool is_urgent)
{
	struct session *s = longest_idle(p);

	p->slot.wanted_at_ms = clock_monotonic_ms();
	p->slot.is_urgent = is_urgent;
	if (s)
		session_drop(s);
	else if (is_urgent)
		p->setup.events->on_wanted(p);
}

static void on_note(struct state_ear *e, struct bytes note)
{
	struct pool *p = (struct pool *)(void *)((char *)e - offsetof(struct pool, slot.ear));

	if (bytes_equal_str(note, YIELD)) {
		yield(p, false);
	} else if (bytes_equal_str(note, YIELD_NOW)) {
		yield(p, true);
	} else if (bytes_equal_str(note, FREE) && p->waiting) {
		p->slot.at_ms = 0;
		pool_dispatch(p);
	}
}

void pool_slot_done(struct pool *p)
{
	if (p->slot.hears)
		state_unhear(&p->slot.ear);
	p->slot.hears = false;
	give_all(p);
}
