/* What is published, against a private Redis that is cut, paused and restarted. */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/clock.h"
#include "redis_world.h"
#include "state/redis/ears.h"

struct hearing {
	struct redis_ear ear;
	int messages, gaps;
	char text[256]; /* the messages, each with a space behind */
	struct hearing *silences;
};

static void on_message(struct redis_ear *e, struct bytes message)
{
	struct hearing *h = (struct hearing *)e;
	size_t len = strlen(h->text);

	h->messages++;
	snprintf(h->text + len, sizeof h->text - len, "%.*s ", BYTES_FMT(message));
	if (!h->silences)
		return;
	redis_ears_unlisten(&h->silences->ear);
	redis_ears_unlisten(&h->ear);
}

static void on_gap(struct redis_ear *e)
{
	((struct hearing *)e)->gaps++;
}

static const struct hearing silent = {
	.ear = { .on_message = on_message, .on_gap = on_gap },
};

static struct redis_ears *ears_of(struct redis_world *w, const char *url, uint64_t timeout_ms)
{
	struct redis_address a;
	struct redis_link_setup setup = {
		.loop = w->loop,
		.address = &a,
		.timeout_ms = timeout_ms,
	};
	struct redis_ears *e;

	assert_null(redis_address_parse(bytes_of_str(url), &a));
	e = redis_ears_new(&setup);
	redis_address_done(&a);
	assert_non_null(e);
	return e;
}

static void listen_to(struct redis_world *w, struct redis_ears *e, const char *channel,
		      struct hearing *h)
{
	int gaps = h->gaps;

	assert_int_equal(redis_ears_listen(e, bytes_of_str(channel), &h->ear), ERR_OK);
	assert_int_equal(h->gaps, gaps);
	redis_world_until(w, redis_ear_is_heard(&h->ear) && h->gaps > gaps);
	assert_int_equal(h->gaps, gaps + 1);
}

static void publish(struct redis_world *w, const char *words)
{
	char command[128];

	snprintf(command, sizeof command, "PUBLISH %s", words);
	assert_int_equal(redis_world_do(w, w->link, command).err, ERR_OK);
}

/* Publishes until so many hear it. */
static void publish_until(struct redis_world *w, const char *command, long long heard_by)
{
	struct redis_said s;

	do
		s = redis_world_do(w, w->link, command);
	while (!s.err && s.integer != heard_by);
	assert_int_equal(s.err, ERR_OK);
}

static void who_listens_to_a_channel_hears_it(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_socket_url(), REDIS_LONG_MS);
	struct hearing a = silent, b = silent, other = silent;

	assert_false(redis_ears_is_up(e));
	assert_non_null(redis_ears_trouble(e));
	listen_to(w, e, "a", &a);
	listen_to(w, e, "a", &b);
	listen_to(w, e, "other", &other);
	assert_int_equal(a.gaps, 1); /* b's beginning is none of a's */
	assert_true(redis_ears_is_up(e));
	assert_null(redis_ears_trouble(e));
	publish(w, "a one");
	publish(w, "other two");
	publish(w, "nobody three");
	publish(w, "a four");
	redis_world_until(w, b.messages == 2 && a.messages == 2 && other.messages == 1);
	assert_string_equal(a.text, "one four ");
	assert_string_equal(b.text, "one four ");
	assert_string_equal(other.text, "two ");
	redis_ears_unlisten(&a.ear);
	redis_ears_unlisten(&a.ear); /* does no harm */
	assert_false(redis_ear_is_heard(&a.ear));
	publish(w, "a five");
	redis_world_until(w, b.messages == 3);
	assert_int_equal(a.messages, 2);
	redis_ears_free(e);
}

static void the_last_to_leave_ends_the_subscription(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_socket_url(), REDIS_LONG_MS);
	struct hearing a = silent, b = silent;

	listen_to(w, e, "a", &a);
	listen_to(w, e, "b", &b);
	redis_ears_unlisten(&a.ear);
	publish_until(w, "PUBLISH a x", 0);
	/* And it can be had again, at once as well. */
	listen_to(w, e, "a", &a);
	redis_ears_unlisten(&a.ear);
	assert_int_equal(redis_ears_listen(e, BYTES_LIT("a"), &a.ear), ERR_OK);
	publish_until(w, "PUBLISH a y", 1);
	redis_world_until(w, a.messages == 1);
	assert_string_equal(a.text, "y ");
	redis_ears_free(e);
}

static void listeners_may_go_while_they_are_told(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_socket_url(), REDIS_LONG_MS);
	struct hearing a = silent, b = silent, c = silent;

	listen_to(w, e, "x", &a);
	listen_to(w, e, "x", &c);
	listen_to(w, e, "x", &b);
	a.silences = &b;
	b.silences = &a;
	publish(w, "x one");
	publish(w, "x two");
	redis_world_until(w, c.messages == 2);
	assert_int_equal(a.messages + b.messages, 1);
	redis_ears_free(e);
	redis_ears_unlisten(&c.ear);
}

static void more_channels_than_go_into_one_command(void **test_state)
{
	static struct hearing all[1000];
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_socket_url(), REDIS_LONG_MS);
	char name[16];
	int i;

	for (i = 0; i < 1000; i++) {
		all[i] = silent;
		snprintf(name, sizeof name, "n%d", i);
		assert_int_equal(redis_ears_listen(e, bytes_of_str(name), &all[i].ear), ERR_OK);
	}
	for (i = 0; i < 1000; i++)
		redis_world_until(w, redis_ear_is_heard(&all[i].ear) && all[i].gaps == 1);
	publish(w, "n999 last");
	redis_world_until(w, all[999].messages == 1);
	redis_ears_free(e);
}

static void a_cut_is_mended_and_told(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_socket_url(), REDIS_LONG_MS);
	struct hearing a = silent;

	listen_to(w, e, "a", &a);
	assert_int_equal(redis_world_do(w, w->link, "CLIENT KILL TYPE pubsub").integer, 1);
	redis_world_until(w, a.gaps == 2);
	assert_true(redis_ear_is_heard(&a.ear));
	publish(w, "a one");
	redis_world_until(w, a.messages == 1);
	redis_ears_free(e);
}

static void silence_is_noticed(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_port_url(), 200);
	struct hearing a = silent;

	listen_to(w, e, "a", &a);
	redis_world_pause();
	redis_world_until(w, !redis_ears_is_up(e));
	assert_false(redis_ear_is_heard(&a.ear));
	assert_non_null(redis_ears_trouble(e));
	redis_world_resume();
	redis_world_until(w, redis_ear_is_heard(&a.ear));
	assert_true(a.gaps >= 2);
	redis_ears_free(e);
}

static void a_restarted_server_is_listened_to_again(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_ears *e = ears_of(w, redis_world_port_url(), REDIS_LONG_MS);
	struct hearing a = silent, b = silent;

	listen_to(w, e, "a", &a);
	redis_world_stop();
	redis_world_until(w, !redis_ears_is_up(e));
	assert_int_equal(redis_ears_listen(e, BYTES_LIT("b"), &b.ear), ERR_OK);
	redis_world_start();
	redis_world_until(w, a.gaps == 2 && b.gaps == 1);
	redis_world_until(w, redis_link_is_up(w->link));
	publish(w, "b one");
	redis_world_until(w, b.messages == 1);
	redis_ears_free(e);
}

static uint64_t connections(struct redis_world *w)
{
	struct redis_said s =
		redis_world_do(w, w->link,
			       "EVAL return\ttonumber(string.match(redis.call('INFO','stats'),"
			       "'total_connections_received:(%d+)')) 0");

	assert_int_equal(s.err, ERR_OK);
	return (uint64_t)s.integer;
}

/* A user who may not SUBSCRIBE: that does not get better by asking ten times a second. */
static void who_is_refused_tries_again_less_and_less(void **test_state)
{
	struct redis_world *w = *test_state;
	static struct hearing h;
	struct redis_ears *e;
	uint64_t before, end = clock_monotonic_ms() + 2000;
	char url[80];

	h = silent;
	redis_world_do(w, w->link, "ACL SETUSER deaf on nopass ~* +@all -subscribe");
	before = connections(w);
	snprintf(url, sizeof url, "redis://deaf:x@%s", redis_world_port_url() + 8);
	e = ears_of(w, url, 200);
	assert_int_equal(redis_ears_listen(e, BYTES_LIT("a"), &h.ear), ERR_OK);
	redis_world_until(w, connections(w) - before >= 3);
	while (clock_monotonic_ms() < end)
		loop_turn(w->loop, 5);
	assert_in_range(connections(w) - before, 3, 10);
	assert_non_null(redis_ears_trouble(e));
	redis_ears_free(e);
	redis_world_do(w, w->link, "ACL DELUSER deaf");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, redis_world_set_up, redis_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_listens_to_a_channel_hears_it),
		TEST(the_last_to_leave_ends_the_subscription),
		TEST(listeners_may_go_while_they_are_told),
		TEST(more_channels_than_go_into_one_command),
		TEST(a_cut_is_mended_and_told),
		TEST(silence_is_noticed),
		TEST(a_restarted_server_is_listened_to_again),
		TEST(who_is_refused_tries_again_less_and_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
