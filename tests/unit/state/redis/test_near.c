/* Knowing without asking that a session has not changed. */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/clock.h"
#include "redis_world.h"
#include "state/redis/near.h"
#include "state/redis/redis.h"
#include "state/share.h"

#define CHANNEL "test:changed"
#define KEY     BYTES_LIT("k")
#define HOUR_MS UINT64_C(3600000)

struct near_world {
	struct redis_world *w;
	struct redis_link *link;
	struct redis_ears *ears;
	struct redis_near near;
};

/* With short time-outs: an ear that is heard. */
static void begin(struct near_world *n, struct redis_world *w, uint64_t grace_ms, size_t max)
{
	struct redis_address a;
	struct redis_link_setup link = {
		.loop = w->loop,
		.address = &a,
		.timeout_ms = 200,
		.commands_max = 100,
		.bytes_max = 1024 * 1024,
	};
	struct redis_near_setup near = {
		.loop = w->loop,
		.channel = BYTES_LIT(CHANNEL),
		.timeout_ms = 200,
		.grace_ms = grace_ms,
		.max = max,
	};

	n->w = w;
	assert_null(redis_address_parse(bytes_of_str(redis_world_socket_url()), &a));
	near.link = n->link = redis_link_new(&link);
	near.ears = n->ears = redis_ears_new(&link);
	redis_address_done(&a);
	assert_non_null(n->link);
	assert_non_null(n->ears);
	assert_int_equal(redis_near_init(&n->near, &near), ERR_OK);
	redis_world_until(w, redis_ear_is_heard(&n->near.ear) && redis_link_is_up(n->link));
}

static void end(struct near_world *n)
{
	redis_near_done(&n->near);
	redis_ears_free(n->ears);
	redis_link_free(n->link);
}

static void learn(struct near_world *n, struct bytes key, uint64_t generation, uint64_t left_ms)
{
	redis_near_learn(&n->near, key, redis_near_ask(&n->near, key), generation, left_ms);
}

static bool knows(struct near_world *n, struct bytes key)
{
	uint64_t generation = 0;
	enum err err = redis_near_peek(&n->near, key, &generation);

	assert_true(err == ERR_OK || (err == ERR_UNSUPPORTED && generation == 0));
	return err == ERR_OK;
}

static void what_was_read_is_known_until_it_is_changed(void **test_state)
{
	struct near_world n;
	uint64_t generation = 0;

	begin(&n, *test_state, HOUR_MS, 100);
	assert_false(knows(&n, KEY));
	learn(&n, KEY, 7, HOUR_MS);
	assert_int_equal(redis_near_peek(&n.near, KEY, &generation), ERR_OK);
	assert_int_equal(generation, 7);
	assert_false(knows(&n, BYTES_LIT("other")));
	redis_world_do(n.w, n.w->link, "PUBLISH " CHANNEL " other");
	learn(&n, KEY, 8, HOUR_MS);
	assert_int_equal(redis_near_peek(&n.near, KEY, &generation), ERR_OK);
	assert_int_equal(generation, 8);
	redis_world_do(n.w, n.w->link, "PUBLISH " CHANNEL " k");
	redis_world_until(n.w, !knows(&n, KEY));
	end(&n);
}

static void what_changes_while_it_is_read_is_not_known(void **test_state)
{
	struct near_world n;
	struct redis_near_ticket t;
	uint32_t before;

	begin(&n, *test_state, HOUR_MS, 100);
	t = redis_near_ask(&n.near, KEY);
	redis_near_forget(&n.near, KEY); /* by us */
	redis_near_learn(&n.near, KEY, t, 7, HOUR_MS);
	assert_false(knows(&n, KEY));
	/* By others, before the reply comes. */
	t = redis_near_ask(&n.near, KEY);
	before = t.changes;
	redis_world_do(n.w, n.w->link, "PUBLISH " CHANNEL " k");
	redis_world_until(n.w, redis_near_ask(&n.near, KEY).changes != before);
	redis_near_learn(&n.near, KEY, t, 7, HOUR_MS);
	assert_false(knows(&n, KEY));
	learn(&n, KEY, 8, HOUR_MS);
	assert_true(knows(&n, KEY));
	end(&n);
}

static void what_expires_is_not_known(void **test_state)
{
	struct near_world n;

	begin(&n, *test_state, HOUR_MS, 100);
	learn(&n, KEY, 7, 50);
	redis_world_until(n.w, !knows(&n, KEY));
	learn(&n, KEY, 7, 0);
	assert_false(knows(&n, KEY));
	end(&n);
}

static void the_longest_unused_gives_way(void **test_state)
{
	struct near_world n;

	begin(&n, *test_state, HOUR_MS, 2);
	learn(&n, BYTES_LIT("a"), 1, HOUR_MS);
	learn(&n, BYTES_LIT("b"), 1, HOUR_MS);
	assert_true(knows(&n, BYTES_LIT("a")));
	learn(&n, BYTES_LIT("c"), 1, HOUR_MS);
	assert_true(knows(&n, BYTES_LIT("a")));
	assert_false(knows(&n, BYTES_LIT("b")));
	assert_true(knows(&n, BYTES_LIT("c")));
	end(&n);
}

static void nothing_is_known_while_changes_are_not_heard(void **test_state)
{
	struct near_world n;
	struct redis_near_ticket t;

	begin(&n, *test_state, HOUR_MS, 100);
	learn(&n, KEY, 7, HOUR_MS);
	t = redis_near_ask(&n.near, KEY);
	redis_world_do(n.w, n.w->link, "CLIENT KILL TYPE pubsub");
	redis_world_until(n.w, !redis_ear_is_heard(&n.near.ear));
	assert_true(redis_link_is_up(n.link));
	assert_false(knows(&n, KEY));
	learn(&n, BYTES_LIT("new"), 7, HOUR_MS);
	redis_world_until(n.w, redis_ear_is_heard(&n.near.ear));
	/* Nor what was known before, or asked for. */
	assert_false(knows(&n, KEY));
	assert_false(knows(&n, BYTES_LIT("new")));
	redis_near_learn(&n.near, KEY, t, 7, HOUR_MS);
	assert_false(knows(&n, KEY));
	learn(&n, KEY, 8, HOUR_MS);
	assert_true(knows(&n, KEY));
	end(&n);
}

static void sessions_in_use_go_on_while_redis_is_away(void **test_state)
{
	struct near_world n;

	begin(&n, *test_state, HOUR_MS, 100);
	learn(&n, KEY, 7, HOUR_MS);
	redis_world_stop();
	redis_world_until(n.w, !redis_link_is_up(n.link) && !redis_ear_is_heard(&n.near.ear));
	assert_true(knows(&n, KEY));
	learn(&n, BYTES_LIT("new"), 7, HOUR_MS);
	assert_false(knows(&n, BYTES_LIT("new")));
	redis_world_start();
	redis_world_until(n.w, redis_link_is_up(n.link) && redis_ear_is_heard(&n.near.ear));
	/* Somebody may have changed it before we heard again. */
	assert_false(knows(&n, KEY));
	end(&n);
}

static void but_not_for_ever(void **test_state)
{
	struct near_world n;

	begin(&n, *test_state, 100, 100);
	learn(&n, KEY, 7, HOUR_MS);
	redis_world_stop();
	redis_world_until(n.w, !redis_link_is_up(n.link));
	redis_world_until(n.w, !knows(&n, KEY));
	redis_world_start();
	end(&n);
}

static void what_was_known_to_the_deaf_is_not_known_when_redis_goes(void **test_state)
{
	struct near_world n;
	struct redis_world *w = *test_state;

	begin(&n, w, HOUR_MS, 100);
	learn(&n, KEY, 7, HOUR_MS);
	redis_world_do(w, w->link, "ACL SETUSER default resetchannels");
	redis_world_do(w, w->link, "CLIENT KILL TYPE pubsub");
	redis_world_until(w, n.near.deaf > 5);
	assert_true(redis_link_is_up(n.link));
	redis_world_stop();
	redis_world_until(w, !redis_link_is_up(n.link));
	assert_false(knows(&n, KEY));
	redis_world_start();
	end(&n);
}

/* --- the same through state.h --- */

struct answer {
	int told;
	enum err err;
	uint64_t generation;
};

static void on_value(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct answer *a = ctx;

	(void)value;
	*a = (struct answer){ .told = a->told + 1, .err = err, .generation = generation };
}

static void on_done(void *ctx, enum err err)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
}

static struct state *make(struct redis_world *w)
{
	struct redis_address a;
	struct state_redis_setup setup = { .loop = w->loop, .address = &a };
	struct state *s;

	assert_null(redis_address_parse(bytes_of_str(redis_world_socket_url()), &a));
	s = state_redis_new(&setup);
	redis_address_done(&a);
	assert_non_null(s);
	redis_world_until(w, !state_health(s).is_away);
	return s;
}

static uint64_t get(struct redis_world *w, struct state *s)
{
	struct answer a = { 0 };

	state_get(s, redis_world_call(w), STATE_SESSION, KEY, 0, on_value, &a);
	redis_world_until(w, a.told);
	return a.generation;
}

/* Its generation, or 0. */
static uint64_t peek(struct state *s)
{
	uint64_t generation = 0;
	enum err err = state_peek(s, STATE_SESSION, KEY, &generation);

	assert_true(err == ERR_OK || err == ERR_UNSUPPORTED);
	return generation;
}

static uint64_t get_until_known(struct redis_world *w, struct state *s)
{
	for (int i = 0; i < REDIS_TURNS_MAX && !peek(s); i++)
		get(w, s);
	assert_true(peek(s) == get(w, s));
	return peek(s);
}

static void start_put(struct redis_world *w, struct state *s, struct answer *a)
{
	*a = (struct answer){ 0 };
	state_put(s, redis_world_call(w), STATE_SESSION, KEY, BYTES_LIT("v"), HOUR_MS, STATE_ANY,
		  on_done, a);
}

static void a_peek_follows_our_own_changes_and_others(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *one = make(w), *other = make(w);
	struct bytes key = KEY, value = BYTES_LIT("many");
	uint64_t generation;
	struct answer a;

	start_put(w, one, &a);
	redis_world_until(w, a.told);
	generation = get_until_known(w, one);
	assert_true(get_until_known(w, other) == generation);
	/* Ours: from when it is started. */
	start_put(w, one, &a);
	assert_true(peek(one) == 0);
	redis_world_until(w, a.told);
	assert_true(peek(one) != generation);
	redis_world_until(w, peek(other) == 0);
	/* Theirs: several at once, deleting. */
	generation = get_until_known(w, one);
	a = (struct answer){ 0 };
	state_put_many(other, redis_world_call(w), STATE_SESSION, &key, &value, 1, HOUR_MS, on_done,
		       &a);
	redis_world_until(w, a.told && peek(one) == 0);
	get_until_known(w, one);
	a = (struct answer){ 0 };
	state_delete(other, redis_world_call(w), STATE_SESSION, KEY, on_done, &a);
	redis_world_until(w, a.told && peek(one) == 0);
	assert_true(get(w, one) == 0);
	assert_true(peek(one) == 0);
	state_free(one);
	state_free(other);
}

/* Without its line in the list nobody could end it by its id any more. */
static void what_was_in_an_emptied_redis_is_not_known(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w);
	struct answer a;

	start_put(w, s, &a);
	redis_world_until(w, a.told);
	assert_true(get_until_known(w, s) > 0);
	redis_world_do(w, w->link, "FLUSHALL");
	redis_world_until(w, peek(s) == 0);
	assert_true(get(w, s) == 0);
	state_free(s);
}

static void an_answer_from_before_a_change_is_not_believed(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w);
	struct answer got = { 0 }, a;
	uint64_t generation;

	start_put(w, s, &a);
	redis_world_until(w, a.told);
	generation = get_until_known(w, s);
	/* Asked for before it is changed, answered while the change is under way. */
	state_get(s, redis_world_call(w), STATE_SESSION, KEY, 0, on_value, &got);
	start_put(w, s, &a);
	redis_world_until(w, got.told);
	assert_true(got.generation == generation);
	assert_true(peek(s) == 0);
	redis_world_until(w, a.told);
	assert_true(peek(s) != generation);
	state_free(s);
}

#define NEAR(test) cmocka_unit_test_setup_teardown(test, redis_world_set_up, redis_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEAR(what_was_read_is_known_until_it_is_changed),
		NEAR(what_changes_while_it_is_read_is_not_known),
		NEAR(what_expires_is_not_known),
		NEAR(the_longest_unused_gives_way),
		NEAR(nothing_is_known_while_changes_are_not_heard),
		NEAR(sessions_in_use_go_on_while_redis_is_away),
		NEAR(but_not_for_ever),
		NEAR(what_was_known_to_the_deaf_is_not_known_when_redis_goes),
		NEAR(a_peek_follows_our_own_changes_and_others),
		NEAR(what_was_in_an_emptied_redis_is_not_known),
		NEAR(an_answer_from_before_a_change_is_not_believed),
	};

	return cmocka_run_group_tests_name("redis near", tests, NULL, NULL);
}
