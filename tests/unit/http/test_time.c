/* Clients that take their time. */
#include "http_fixture.h"

#include <stdio.h>

#include "base/clock.h"

#define NOW "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"

static void answered_and_closed(struct client *c, unsigned status)
{
	struct fixture *f = c->fixture;
	struct answer a;

	assert_true(client_read(c, false, &a));
	assert_int_equal(a.status, status);
	if (status != 200)
		assert_string_equal(answer_code(&a), "request-timeout");
	answer_done(&a);
	fixture_wait(f, (client_poll(c), c->is_closed));
	client_close(c);
}

/* A byte now and then is activity, but no request. */
static void trickle(struct client *c, const char *text)
{
	struct fixture *f = c->fixture;

	for (; *text && !c->is_closed && c->in.len == 0; text++) {
		uint64_t next_ms = clock_monotonic_ms() + 10;

		client_send_bytes(c, bytes_of(text, 1));
		fixture_wait(f, (client_poll(c), clock_monotonic_ms() >= next_ms));
	}
}

static void slow_heads_are_given_up(void **state)
{
	struct fixture f;
	struct client c;

	(void)state;
	fixture_init(&f);
	f.config.header_timeout_ms = 100;
	fixture_start(&f);
	client_open(&f, &c);
	trickle(&c,
		"GET /now HTTP/1.1\r\nHost: x\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n");
	answered_and_closed(&c, 408);
	client_open(&f, &c);
	trickle(&c, "GET /nooooooooooooooooooooooooooooooooooooooooooooooooooow HTTP/1.1\r\n");
	answered_and_closed(&c, 408);
	/* Who says nothing at all is not told anything either. */
	client_open(&f, &c);
	fixture_wait(&f, (client_poll(&c), c.is_closed));
	assert_int_equal(c.in.len, 0);
	client_close(&c);
	fixture_done(&f);
}

static void slow_heads_after_a_request_too(void **state)
{
	struct fixture f;
	struct answer a;
	struct client c;
	char head[600] = "GET /now HTTP/1.1\r\nHost: x\r\nX-Long: ";

	(void)state;
	memset(head + strlen(head), 'a', 500);
	fixture_init(&f);
	f.config.header_timeout_ms = 100;
	fixture_start(&f);
	client_open(&f, &c);
	client_send(&c, NOW);
	assert_true(client_read(&c, false, &a));
	answer_done(&a);
	trickle(&c, head);
	answered_and_closed(&c, 408);
	fixture_done(&f);
}

static void idle_connections_are_kept_for_a_while(void **state)
{
	struct fixture f;
	struct answer a;
	struct client c;
	uint64_t resume_ms;

	(void)state;
	fixture_init(&f);
	f.config.header_timeout_ms = 20;
	f.config.idle_timeout_ms = 400;
	fixture_start(&f);
	client_open(&f, &c);
	for (int i = 0; i < 3; i++) {
		client_send(&c, NOW);
		assert_true(client_read(&c, false, &a));
		assert_int_equal(a.status, 200);
		answer_done(&a);
		/* Longer than a head may take, shorter than it may be idle. */
		resume_ms = clock_monotonic_ms() + 100;
		fixture_wait(&f, clock_monotonic_ms() >= resume_ms);
	}
	client_poll(&c);
	assert_false(c.is_closed);
	fixture_wait(&f, (client_poll(&c), c.is_closed));
	assert_int_equal(c.in.len, 0);
	client_close(&c);
	fixture_done(&f);
}

static void slow_bodies_are_given_up(void **state)
{
	struct fixture f;
	struct client c;

	(void)state;
	fixture_init(&f);
	f.config.body_timeout_ms = 100;
	fixture_start(&f);
	client_open(&f, &c);
	client_send(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			"Content-Length: 500\r\n\r\n");
	trickle(&c, "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	answered_and_closed(&c, 408);
	fixture_wait(&f, http_server_stats(f.server).requests_open == 0);
	fixture_done(&f);
}

/* A client that does not read its answer is MHD's to drop, for it is inactive. */
static void answers_nobody_reads(void **state)
{
	struct fixture f;
	struct client c;

	(void)state;
	fixture_init(&f);
	f.config.idle_timeout_ms = 1;
	fixture_start(&f);
	client_open(&f, &c);
	client_send(&c, "GET /flood?size=100000000 HTTP/1.1\r\nHost: x\r\n\r\n");
	fixture_wait(&f, f.pauses == 1);
	fixture_wait(&f, http_server_stats(f.server).connections_open == 0);
	assert_int_equal(f.cancelled, 1);
	client_close(&c);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_heads_are_given_up),
		cmocka_unit_test(slow_heads_after_a_request_too),
		cmocka_unit_test(idle_connections_are_kept_for_a_while),
		cmocka_unit_test(slow_bodies_are_given_up),
		cmocka_unit_test(answers_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
