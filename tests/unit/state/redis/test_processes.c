/*
 * Several processes on a private Redis: who leads, how many there are of something, what they
 * say to each other; when one of them dies, sleeps, or Redis is away or comes back empty.
 */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "redis_world.h"
#include "state/redis/leases.h"
#include "state/redis/notes.h"
#include "state/redis/slots.h"

#define MANY 600 /* leases: more than go into two batches */

/* One process. On a loop of its own: it sleeps while that is not turned. */
struct party {
	struct loop *loop;
	struct redis_link *link;
	struct redis_ears *ears;
	struct redis_process process;
	struct redis_leases leases;
	struct redis_slots slots;
	struct redis_notes notes;
};

struct turn_taker {
	struct state_lease lease;
	int told;
	enum state_turn turn; /* as last told */
};

static struct redis_world *world;
static struct party *all[3];

static void turn_all(uint64_t max_wait_ms)
{
	loop_turn(world->loop, 0);
	for (size_t i = 0; i < 3; i++)
		if (all[i])
			loop_turn(all[i]->loop, max_wait_ms);
}

#define UNTIL(condition)                                                                           \
	do {                                                                                       \
		for (int until_i = 0; until_i < 3 * REDIS_TURNS_MAX && !(condition); until_i++)    \
			turn_all(2);                                                               \
		assert_true(condition);                                                            \
	} while (0)

static void start_party(size_t i, uint64_t timeout_ms)
{
	struct party *p = calloc(1, sizeof *p);
	struct redis_address a;
	struct redis_link_setup setup = {
		.address = &a,
		.timeout_ms = timeout_ms,
		.commands_max = 10000,
		.bytes_max = 16 * 1024 * 1024,
	};

	assert_non_null(p);
	assert_null(redis_address_parse(bytes_of_str(redis_world_port_url()), &a));
	p->loop = loop_new();
	setup.loop = p->loop;
	p->link = redis_link_new(&setup);
	p->ears = redis_ears_new(&setup);
	redis_address_done(&a);
	assert_int_equal(
		redis_process_init(&p->process, p->loop, p->link, p->ears, BYTES_LIT("test"), 0),
		ERR_OK);
	assert_int_equal(redis_leases_init(&p->leases, &p->process), ERR_OK);
	assert_int_equal(redis_slots_init(&p->slots, &p->process), ERR_OK);
	redis_notes_init(&p->notes, &p->process);
	all[i] = p;
	UNTIL(redis_process_is_in_touch(&p->process) && redis_ear_is_heard(&p->leases.ear));
}

static void kill_party(size_t i)
{
	struct party *p = all[i];

	if (!p)
		return;
	redis_notes_done(&p->notes);
	redis_slots_done(&p->slots);
	redis_leases_done(&p->leases);
	redis_process_done(&p->process);
	redis_ears_free(p->ears);
	redis_link_free(p->link);
	loop_free(p->loop);
	free(p);
	all[i] = NULL;
}

static int set_up(void **test_state)
{
	int rc = redis_world_set_up(test_state);

	world = *test_state;
	start_party(0, 1000);
	start_party(1, 1000);
	return rc;
}

static int tear_down(void **test_state)
{
	for (size_t i = 0; i < 3; i++)
		kill_party(i);
	return redis_world_tear_down(test_state);
}

/* --- leases ------------------------------------------------------------------- */

static void on_turn(struct state_lease *l)
{
	struct turn_taker *t = (struct turn_taker *)l;

	t->told++;
	t->turn = redis_lease_turn(l);
}

static void want(size_t i, struct turn_taker *t, const char *name)
{
	int told = t->told;

	t->lease.on_turn = on_turn;
	assert_int_equal(redis_lease_want(&all[i]->leases, bytes_of_str(name), &t->lease), ERR_OK);
	assert_int_equal(t->told, told);
	assert_int_equal(redis_lease_turn(&t->lease), STATE_TURN_UNKNOWN);
}

/* Wants it and waits for the answer. (Whoever is in line outlives the test: he is static.) */
static enum state_turn turn_of(size_t i, struct turn_taker *t, const char *name)
{
	int told = t->told;

	want(i, t, name);
	UNTIL(t->told > told);
	return t->turn;
}

static void the_first_has_it_and_then_the_next(void **test_state)
{
	static struct turn_taker a, b, other;

	(void)test_state;
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b, "x"), STATE_TURN_THEIRS);
	assert_int_equal(turn_of(1, &other, "y"), STATE_TURN_OURS);
	assert_int_equal(redis_lease_turn(&a.lease), STATE_TURN_OURS);
	redis_lease_leave(&a.lease);
	UNTIL(b.turn == STATE_TURN_OURS);
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_THEIRS);
	/* Who wants and leaves at once leaves nothing behind. */
	redis_lease_leave(&b.lease);
	want(1, &b, "x");
	redis_lease_leave(&b.lease);
	UNTIL(a.turn == STATE_TURN_OURS);
	assert_int_equal(a.told, 3);
}

/* It asks, leaves and asks again before it has heard anything: what it hears then is old. */
static void an_old_answer_gives_nobody_the_turn(void **test_state)
{
	static struct turn_taker a, b;

	(void)test_state;
	redis_world_pause();
	want(0, &a, "x");
	for (int i = 0; i < 5; i++)
		loop_turn(all[0]->loop, 0);
	redis_lease_leave(&a.lease);
	for (int i = 0; i < 5; i++)
		loop_turn(all[0]->loop, 0);
	redis_world_resume();
	want(1, &b, "x");
	for (int i = 0; i < REDIS_TURNS_MAX && b.turn != STATE_TURN_OURS; i++)
		loop_turn(all[1]->loop, 2); /* the other one sleeps */
	assert_int_equal(b.turn, STATE_TURN_OURS);
	want(0, &a, "x");
	UNTIL(a.turn != STATE_TURN_UNKNOWN);
	assert_int_equal(a.turn, STATE_TURN_THEIRS);
	assert_int_equal(b.turn, STATE_TURN_OURS);
}

static void many_leases_change_hands(void **test_state)
{
	static struct turn_taker a[MANY], b[MANY];
	char name[16];
	int i;

	(void)test_state;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d", i);
		want(0, &a[i], name);
	}
	for (i = 0; i < MANY; i++)
		UNTIL(a[i].turn == STATE_TURN_OURS);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d", i);
		want(1, &b[i], name);
	}
	for (i = 0; i < MANY; i++)
		UNTIL(b[i].turn == STATE_TURN_THEIRS);
	for (i = 0; i < MANY; i++)
		redis_lease_leave(&a[i].lease);
	for (i = 0; i < MANY; i++)
		UNTIL(b[i].turn == STATE_TURN_OURS);
}

static void who_says_goodbye_frees_all_at_once(void **test_state)
{
	static struct turn_taker a, b;
	uint64_t begun;

	(void)test_state;
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b, "x"), STATE_TURN_THEIRS);
	begun = clock_monotonic_ms();
	redis_process_say_goodbye(&all[0]->process);
	kill_party(0);
	UNTIL(b.turn == STATE_TURN_OURS);
	print_message("taken over after a goodbye in %d ms\n", (int)(clock_monotonic_ms() - begun));
}

/* Redis was away a moment ago: but what is given up may be taken, for its owner said so. */
static void what_is_given_up_needs_no_politeness(void **test_state)
{
	static struct turn_taker a, c, b[2];

	(void)test_state;
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(0, &c, "y"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b[0], "x"), STATE_TURN_THEIRS);
	assert_int_equal(turn_of(1, &b[1], "y"), STATE_TURN_THEIRS);
	all[1]->leases.polite_until_ms = UINT64_MAX;
	redis_lease_leave(&a.lease);
	UNTIL(b[0].turn == STATE_TURN_OURS);
	redis_process_say_goodbye(&all[0]->process);
	kill_party(0);
	UNTIL(b[1].turn == STATE_TURN_OURS);
}

static void who_dies_is_followed(void **test_state)
{
	static struct turn_taker a, b, c;
	uint64_t begun;

	(void)test_state;
	start_party(2, 1000);
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b, "x"), STATE_TURN_THEIRS);
	assert_int_equal(turn_of(2, &c, "x"), STATE_TURN_THEIRS);
	begun = clock_monotonic_ms();
	kill_party(0);
	UNTIL(b.turn == STATE_TURN_OURS || c.turn == STATE_TURN_OURS);
	print_message("taken over after a death in %d ms\n", (int)(clock_monotonic_ms() - begun));
	assert_true(b.turn != c.turn);
}

static void who_slept_knows_before_he_does_anything(void **test_state)
{
	static struct turn_taker a, b;
	struct party *sleeper = all[0];

	(void)test_state;
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b, "x"), STATE_TURN_THEIRS);
	all[0] = NULL;
	UNTIL(b.turn == STATE_TURN_OURS);
	/* It has not turned its loop yet. */
	assert_int_equal(redis_lease_turn(&a.lease), STATE_TURN_UNKNOWN);
	assert_int_equal(a.turn, STATE_TURN_OURS);
	all[0] = sleeper;
	UNTIL(a.turn == STATE_TURN_THEIRS);
	assert_int_equal(redis_lease_turn(&b.lease), STATE_TURN_OURS);
	redis_lease_leave(&b.lease);
	UNTIL(a.turn == STATE_TURN_OURS);
}

static void while_redis_is_away_all_stays_as_it_is(void **test_state)
{
	static struct turn_taker a, b, late;
	uint64_t end;

	(void)test_state;
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b, "x"), STATE_TURN_THEIRS);
	redis_world_pause();
	UNTIL(!redis_process_is_in_touch(&all[0]->process) &&
	      !redis_process_is_in_touch(&all[1]->process));
	want(0, &late, "late");
	/* Far longer than a heartbeat lives. */
	for (end = clock_monotonic_ms() + 3500; clock_monotonic_ms() < end;) {
		turn_all(10);
		assert_int_equal(redis_lease_turn(&a.lease), STATE_TURN_OURS);
		assert_int_equal(redis_lease_turn(&b.lease), STATE_TURN_THEIRS);
		assert_int_equal(redis_lease_turn(&late.lease), STATE_TURN_UNKNOWN);
	}
	redis_world_resume();
	UNTIL(redis_process_is_in_touch(&all[0]->process) &&
	      redis_process_is_in_touch(&all[1]->process) && late.turn == STATE_TURN_OURS);
	UNTIL(a.turn != b.turn && a.turn != STATE_TURN_UNKNOWN && b.turn != STATE_TURN_UNKNOWN);
}

static void an_empty_redis_is_led_again(void **test_state)
{
	static struct turn_taker a, b;

	(void)test_state;
	assert_int_equal(turn_of(0, &a, "x"), STATE_TURN_OURS);
	assert_int_equal(turn_of(1, &b, "x"), STATE_TURN_THEIRS);
	redis_world_stop();
	UNTIL(!redis_process_is_in_touch(&all[0]->process) &&
	      !redis_process_is_in_touch(&all[1]->process));
	redis_world_start();
	UNTIL(redis_process_is_in_touch(&all[0]->process) &&
	      redis_process_is_in_touch(&all[1]->process));
	UNTIL(redis_world_do(world, world->link, "EXISTS test:lease:x").integer == 1);
	/* Who had it has gone on, and has it again. */
	assert_int_equal(redis_lease_turn(&a.lease), STATE_TURN_OURS);
	assert_int_equal(redis_lease_turn(&b.lease), STATE_TURN_THEIRS);
	/* And so is one that was emptied while it was there. */
	assert_int_equal(redis_world_do(world, world->link, "FLUSHALL").err, ERR_OK);
	UNTIL(redis_world_do(world, world->link, "EXISTS test:lease:x").integer == 1);
	UNTIL(a.turn != b.turn);
}

/* --- slots -------------------------------------------------------------------- */

struct answer {
	int told;
	enum err err;
};

static void on_answer(void *ctx, enum err err)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
}

static struct op *begin_take(size_t i, const char *name, unsigned max, struct answer *a)
{
	*a = (struct answer){ 0 };
	return redis_slot_take(&all[i]->slots, redis_process_call(), bytes_of_str(name), max,
			       on_answer, a);
}

static enum err take(size_t i, const char *name, unsigned max)
{
	struct answer a;

	assert_non_null(begin_take(i, name, max, &a));
	assert_int_equal(a.told, 0);
	UNTIL(a.told);
	return a.err;
}

/* Until there is one. */
static void take_in_time(size_t i, const char *name, unsigned max)
{
	uint64_t end = clock_monotonic_ms() + REDIS_LONG_MS;
	enum err err;

	do
		err = take(i, name, max);
	while (err == ERR_BUSY && clock_monotonic_ms() < end);
	assert_int_equal(err, ERR_OK);
}

static void give(size_t i, const char *name)
{
	redis_slot_give(&all[i]->slots, bytes_of_str(name));
}

static void slots_are_counted_over_all(void **test_state)
{
	(void)test_state;
	assert_int_equal(take(0, "s", 3), ERR_OK);
	assert_int_equal(take(1, "s", 3), ERR_OK);
	assert_int_equal(take(0, "s", 3), ERR_OK);
	assert_int_equal(take(0, "s", 3), ERR_BUSY);
	assert_int_equal(take(1, "s", 3), ERR_BUSY);
	assert_int_equal(take(1, "other", 1), ERR_OK);
	assert_int_equal(take(1, "s", 4), ERR_OK);
	give(0, "s");
	assert_int_equal(take(0, "s", 4), ERR_OK);
	assert_int_equal(take(0, "s", 4), ERR_BUSY);
	give(0, "nothing"); /* does no harm */
}

static void slots_of_the_dead_are_free(void **test_state)
{
	(void)test_state;
	assert_int_equal(take(0, "s", 1), ERR_OK);
	assert_int_equal(take(1, "s", 1), ERR_BUSY);
	kill_party(0);
	take_in_time(1, "s", 1);
}

static void who_does_not_wait_for_a_slot_has_none(void **test_state)
{
	struct answer a;

	(void)test_state;
	op_cancel(begin_take(0, "s", 1, &a));
	take_in_time(1, "s", 1);
	assert_int_equal(a.told, 0);
}

static void slots_are_taken_without_redis_and_written_later(void **test_state)
{
	(void)test_state;
	assert_int_equal(take(0, "s", 2), ERR_OK);
	assert_int_equal(take(1, "s", 2), ERR_OK);
	redis_world_stop();
	UNTIL(!redis_process_is_in_touch(&all[0]->process) &&
	      !redis_process_is_in_touch(&all[1]->process));
	assert_int_equal(take(0, "s", 2), ERR_NET);
	give(1, "s");
	redis_world_start();
	UNTIL(redis_process_is_in_touch(&all[0]->process) &&
	      redis_process_is_in_touch(&all[1]->process));
	UNTIL(redis_world_do(world, world->link, "HLEN test:slot:s").integer == 1);
	assert_int_equal(take(1, "s", 2), ERR_BUSY);
	give(0, "s");
	assert_int_equal(take(1, "s", 2), ERR_OK);
	assert_int_equal(take(1, "s", 2), ERR_BUSY);
}

/* --- notes -------------------------------------------------------------------- */

struct hearer {
	struct state_ear ear;
	int told;
	char text[64];
};

static void on_note(struct state_ear *e, struct bytes note)
{
	struct hearer *h = (struct hearer *)e;

	h->told++;
	snprintf(h->text, sizeof h->text, "%.*s", BYTES_FMT(note));
}

static void say_until(size_t i, const char *name, const char *note, const struct hearer *h)
{
	for (int n = 0; n < REDIS_TURNS_MAX && strcmp(h->text, note) != 0; n++) {
		redis_notes_say(&all[i]->notes, bytes_of_str(name), bytes_of_str(note));
		turn_all(5);
	}
	assert_string_equal(h->text, note);
}

static void others_hear_what_one_says(void **test_state)
{
	static struct hearer own, a, b, other;

	(void)test_state;
	own.ear.on_note = a.ear.on_note = b.ear.on_note = other.ear.on_note = on_note;
	start_party(2, 1000);
	assert_int_equal(redis_notes_hear(&all[0]->notes, BYTES_LIT("n"), &own.ear), ERR_OK);
	assert_int_equal(redis_notes_hear(&all[1]->notes, BYTES_LIT("n"), &a.ear), ERR_OK);
	assert_int_equal(redis_notes_hear(&all[2]->notes, BYTES_LIT("n"), &b.ear), ERR_OK);
	assert_int_equal(redis_notes_hear(&all[1]->notes, BYTES_LIT("m"), &other.ear), ERR_OK);
	say_until(1, "n", "first", &own);
	say_until(0, "n", "one", &a);
	say_until(0, "n", "two", &b);
	assert_string_equal(own.text, "first");
	assert_int_equal(other.told, 0);
	UNTIL(strcmp(a.text, "two") == 0);
	redis_notes_unhear(&a.ear);
	say_until(0, "n", "three", &b);
	assert_string_equal(a.text, "two");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_has_it_and_then_the_next),
		TEST(an_old_answer_gives_nobody_the_turn),
		TEST(many_leases_change_hands),
		TEST(who_says_goodbye_frees_all_at_once),
		TEST(what_is_given_up_needs_no_politeness),
		TEST(who_dies_is_followed),
		TEST(who_slept_knows_before_he_does_anything),
		TEST(while_redis_is_away_all_stays_as_it_is),
		TEST(an_empty_redis_is_led_again),
		TEST(slots_are_counted_over_all),
		TEST(slots_of_the_dead_are_free),
		TEST(who_does_not_wait_for_a_slot_has_none),
		TEST(slots_are_taken_without_redis_and_written_later),
		TEST(others_hear_what_one_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
