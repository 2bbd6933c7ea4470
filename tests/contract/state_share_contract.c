/*
 * What several processes on one store agree on (share.h): what every store does, and, where
 * there can be another process, what the two of them do.
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/clock.h"
#include "state/share.h"
#include "state_world.h"

#define NAME BYTES_LIT("8g6DTYgsdCRr")

/* The test turns until it holds. */
#define UNTIL(w, condition)                                                                        \
	do {                                                                                       \
		for (int until_i = 0; until_i < WORLD_TURNS_MAX && !(condition); until_i++)        \
			loop_turn((w)->loop, 5);                                                   \
		assert_true(condition);                                                            \
	} while (0)

/* --- leases ------------------------------------------------------------------- */

struct taker {
	struct state_lease l;
	int told;
};

static void on_turn(struct state_lease *l)
{
	((struct taker *)l)->told++;
}

static void want(struct state *s, struct taker *t)
{
	int told = t->told;

	t->l.on_turn = on_turn;
	assert_int_equal(state_lease_want(s, NAME, &t->l), ERR_OK);
	assert_int_equal(t->told, told);
	assert_int_equal(state_lease_turn(&t->l), STATE_TURN_UNKNOWN);
}

static void a_lease_that_nobody_has_is_ours(void **test_state)
{
	struct world *w = *test_state;
	struct taker t = { 0 };

	assert_int_equal(state_lease_turn(&t.l), STATE_TURN_UNKNOWN);
	want(w->state, &t);
	UNTIL(w, t.told);
	assert_int_equal(t.told, 1);
	assert_int_equal(state_lease_turn(&t.l), STATE_TURN_OURS);
	state_lease_leave(&t.l);
	assert_int_equal(state_lease_turn(&t.l), STATE_TURN_UNKNOWN);
	state_lease_leave(&t.l); /* does no harm */
	want(w->state, &t);
	UNTIL(w, t.told == 2);
	assert_int_equal(state_lease_turn(&t.l), STATE_TURN_OURS);
	state_lease_leave(&t.l);
}

static void who_leaves_is_not_told(void **test_state)
{
	struct world *w = *test_state;
	struct taker t = { 0 }, other = { 0 };

	want(w->state, &t);
	state_lease_leave(&t.l);
	/* One that is asked for later is told; so was the first one, if it ever is. */
	want(w->state, &other);
	UNTIL(w, other.told);
	assert_int_equal(t.told, 0);
	state_lease_leave(&other.l);
}

static void of_two_processes_one_has_it(void **test_state)
{
	struct world *w = *test_state;
	struct state *second = world_another(w);
	struct taker a = { 0 }, b = { 0 };

	if (!second)
		skip();
	want(w->state, &a);
	UNTIL(w, a.told);
	want(second, &b);
	UNTIL(w, b.told);
	assert_int_equal(state_lease_turn(&a.l), STATE_TURN_OURS);
	assert_int_equal(state_lease_turn(&b.l), STATE_TURN_THEIRS);
	state_lease_leave(&a.l);
	UNTIL(w, state_lease_turn(&b.l) == STATE_TURN_OURS);
	want(w->state, &a);
	UNTIL(w, state_lease_turn(&a.l) == STATE_TURN_THEIRS);
	/* Who ends frees what he has. */
	state_free(second);
	assert_int_equal(state_lease_turn(&b.l), STATE_TURN_UNKNOWN);
	state_lease_leave(&b.l);
	UNTIL(w, state_lease_turn(&a.l) == STATE_TURN_OURS);
	state_lease_leave(&a.l);
}

/* --- slots -------------------------------------------------------------------- */

struct answer {
	int told;
	enum err err;
};

static void on_taken(void *ctx, enum err err)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
}

static enum err take(struct world *w, struct state *s, unsigned max)
{
	struct answer a = { 0 };

	world_wait(w, &a.told, state_slot_take(s, world_call(w), NAME, max, on_taken, &a));
	return a.err;
}

/* Until there is one. */
static void take_in_time(struct world *w, struct state *s, unsigned max)
{
	uint64_t end = clock_monotonic_ms() + WORLD_LONG_MS;
	enum err err;

	do
		err = take(w, s, max);
	while (err == ERR_BUSY && clock_monotonic_ms() < end);
	assert_int_equal(err, ERR_OK);
}

static void a_free_slot_is_taken_and_given_back(void **test_state)
{
	struct world *w = *test_state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(w, w->state, 1), ERR_OK);
		state_slot_give(w->state, NAME);
	}
}

static void a_cancelled_take_takes_nothing(void **test_state)
{
	struct world *w = *test_state;
	struct answer a = { 0 };

	op_cancel(state_slot_take(w->state, world_call(w), NAME, 1, on_taken, &a));
	take_in_time(w, w->state, 1);
	assert_int_equal(a.told, 0);
}

static void slots_are_counted_over_both(void **test_state)
{
	struct world *w = *test_state;
	struct state *second = world_another(w);

	if (!second)
		skip();
	assert_int_equal(take(w, w->state, 2), ERR_OK);
	assert_int_equal(take(w, second, 2), ERR_OK);
	assert_int_equal(take(w, second, 2), ERR_BUSY);
	assert_int_equal(take(w, w->state, 2), ERR_BUSY);
	state_slot_give(second, NAME);
	assert_int_equal(take(w, second, 2), ERR_OK);
	/* Who ends gives back what he has. */
	state_free(second);
	take_in_time(w, w->state, 2);
	assert_int_equal(take(w, w->state, 2), ERR_BUSY);
}

/* --- notes -------------------------------------------------------------------- */

struct hearer {
	struct state_ear e;
	int told;
	char text[64];
};

static void on_note(struct state_ear *e, struct bytes note)
{
	struct hearer *h = (struct hearer *)e;

	h->told++;
	snprintf(h->text, sizeof h->text, "%.*s", BYTES_FMT(note));
}

/* Some may get lost while they begin to hear. */
static void say_until_heard(struct world *w, struct state *s, const char *note,
			    const struct hearer *h)
{
	for (int i = 0; i < WORLD_TURNS_MAX && strcmp(h->text, note) != 0; i++) {
		state_say(s, NAME, bytes_of_str(note));
		loop_turn(w->loop, 5);
	}
	assert_string_equal(h->text, note);
}

static void nobody_hears_himself(void **test_state)
{
	struct world *w = *test_state;
	struct state *second = world_another(w);
	struct hearer own = { .e.on_note = on_note }, theirs = own;

	assert_true(state_is_shared(w->state) == (second != NULL));
	assert_int_equal(state_hear(w->state, NAME, &own.e), ERR_OK);
	state_say(w->state, NAME, BYTES_LIT("to nobody"));
	if (second) {
		assert_int_equal(state_hear(second, NAME, &theirs.e), ERR_OK);
		say_until_heard(w, w->state, "one", &theirs);
		say_until_heard(w, second, "two", &own);
		assert_string_equal(theirs.text, "one");
		state_unhear(&theirs.e);
		state_free(second);
	} else {
		loop_turn(w->loop, 5);
		assert_int_equal(own.told, 0);
	}
	state_unhear(&own.e);
	state_unhear(&own.e); /* does no harm */
}

#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int state_share_contract_run(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(a_lease_that_nobody_has_is_ours),
		CONTRACT(who_leaves_is_not_told),
		CONTRACT(of_two_processes_one_has_it),
		CONTRACT(a_free_slot_is_taken_and_given_back),
		CONTRACT(a_cancelled_take_takes_nothing),
		CONTRACT(slots_are_counted_over_both),
		CONTRACT(nobody_hears_himself),
	};

	return cmocka_run_group_tests_name("state share contract", tests, NULL, NULL);
}
