/* Streamed replies: exact, in bounded memory, and never whole when they are not. */
#include "http_fixture.h"

#include <stdio.h>

#include "base/clock.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	fixture_start(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_done(*state);
	return 0;
}

static void streams(struct fixture *f, const char *path, size_t size)
{
	struct answer a;
	struct client c;
	char request[200];

	client_open(f, &c);
	for (int i = 0; i < 2; i++) {
		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
		client_send(&c, request);
		assert_true(client_read(&c, false, &a));
		assert_int_equal(a.status, 200);
		assert_false(a.is_cut);
		assert_int_equal(a.body.len, size);
		answer_done(&a);
	}
	client_close(&c);
	assert_int_equal(f->cancelled, 0);
	f->started = 0;
}

static void of_known_and_unknown_size(void **state)
{
	struct fixture *f = *state;

	streams(f, "/flood?size=1", 1);
	streams(f, "/flood?size=8192", 8192);
	streams(f, "/flood?size=8192&slowEnd=true", 8192);
	streams(f, "/flood?size=3000000", 3000000);
	streams(f, "/flood?size=1&known=false", 1);
	streams(f, "/flood?size=0&known=false", 0);
	streams(f, "/flood?size=0&known=false&slowEnd=true", 0);
	streams(f, "/flood?size=3000000&known=false", 3000000);
}

static void http_1_0_gets_no_chunks(void **state)
{
	struct answer a;

	ask(*state, "GET /flood?size=100000&known=false HTTP/1.0\r\n\r\n", &a);
	assert_string_equal(answer_field(&a, "Transfer-Encoding"), "");
	assert_int_equal(a.body.len, 100000);
	answer_done(&a);
}

static void the_giver_waits_for_a_slow_client(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;

	client_open(f, &c);
	client_send(&c, GET("/flood?size=30000000"));
	/* Nothing is read: the sockets fill, then the giver is told to pause. */
	fixture_wait(f, f->pauses == 1);
	for (int i = 0; i < 20; i++)
		loop_turn(f->loop, 1);
	assert_int_equal(f->pauses, f->drains + 1);
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.body.len, 30000000);
	assert_true(f->pauses > 1);
	assert_int_equal(f->pauses, f->drains);
	answer_done(&a);
	client_close(&c);
}

static void is_cut(struct fixture *f, const char *request)
{
	struct answer a;
	struct client c;

	client_open(f, &c);
	client_send(&c, request);
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.status, 200);
	if (!a.is_cut)
		fail_msg("%s looks whole", request);
	answer_done(&a);
	fixture_wait(f, (client_poll(&c), c.is_closed));
	client_close(&c);
}

static void truncation_shows(void **state)
{
	struct fixture *f = *state;

	is_cut(f, GET("/flood?size=1000&cut=true"));
	is_cut(f, GET("/flood?size=1000&known=false&cut=true"));
	is_cut(f, GET("/flood?size=1000000&cut=true"));
	is_cut(f, GET("/flood?size=0&known=false&cut=true"));
	/* Fewer bytes than announced, though the giver says that it was all. */
	is_cut(f, GET("/flood?size=1000&more=1"));
}

static void head_fetches_nothing(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;

	client_open(f, &c);
	client_send(&c, "HEAD /flood?size=3000000 HTTP/1.1\r\nHost: x\r\n\r\n" GET("/now"));
	assert_true(client_read(&c, true, &a));
	assert_string_equal(answer_field(&a, "Content-Length"), "3000000");
	answer_done(&a);
	assert_true(client_read(&c, false, &a));
	assert_bytes_equal_str(buf_bytes(&a.body), "{\"now\":true}\n");
	answer_done(&a);
	client_close(&c);
	assert_int_equal(f->cancelled, 1);
}

static void a_client_that_leaves_ends_the_giver(void **state)
{
	struct fixture *f = *state;
	struct client c;

	client_open(f, &c);
	client_send(&c, GET("/flood?size=100000000"));
	fixture_wait(f, f->pauses == 1);
	client_close(&c);
	fixture_wait(f, f->cancelled == 1);
	/* And one whose giver has nothing just now. */
	client_open(f, &c);
	client_send(&c, GET("/flood?size=10&slowEnd=true"));
	fixture_wait(f, f->started == 2);
	client_close(&c);
	fixture_wait(f, http_server_stats(f->server).requests_open == 0);
}

static void a_transfer_that_takes_too_long_is_cut(void **state)
{
	struct fixture f;
	struct client c;

	(void)state;
	fixture_init(&f);
	f.config.request_timeout_ms = 100;
	fixture_start(&f);
	client_open(&f, &c);
	client_send(&c, GET("/flood?size=100000000"));
	fixture_wait(&f, f.cancelled == 1);
	/* What had been sent comes, then the end. */
	fixture_wait(&f, (client_poll(&c), buf_reset(&c.in), c.is_closed));
	client_close(&c);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		SERVER_TEST(of_known_and_unknown_size),
		SERVER_TEST(http_1_0_gets_no_chunks),
		SERVER_TEST(the_giver_waits_for_a_slow_client),
		SERVER_TEST(truncation_shows),
		SERVER_TEST(head_fetches_nothing),
		SERVER_TEST(a_client_that_leaves_ends_the_giver),
		cmocka_unit_test(a_transfer_that_takes_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
