/*
 * Many requests over several connections, each suspended and resumed in
 * another way, without one that stalls: in external mode a resume that is
 * forgotten, or an event of an edge-triggered socket taken only half, shows as
 * a request that is never answered.
 */
#include "http_fixture.h"

#include <stdio.h>

#include "base/clock.h"

#define CONNECTIONS 16
#define REQUESTS    20000

static const char *const requests[] = {
	"GET /now HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /later HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /later?ms=1 HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer slow\r\n\r\n",
	("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	 "Content-Length: 13\r\n\r\n{\"now\":true}\n"),
	"GET /flood?size=13 HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /flood?size=13&known=false HTTP/1.1\r\nHost: x\r\n\r\n",
};

#define KINDS (sizeof requests / sizeof requests[0])

static void many_requests_without_a_stall(void **state)
{
	struct client c[CONNECTIONS];
	struct answer a;
	struct fixture f;
	unsigned n = 0;

	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		client_open(&f, &c[i]);
		/* Two in the pipe at any time. */
		client_send(&c[i], requests[i % KINDS]);
		client_send(&c[i], requests[(i + 1) % KINDS]);
	}
	for (; n < REQUESTS; n++) {
		struct client *one = &c[n % CONNECTIONS];

		assert_true(client_read(one, false, &a));
		assert_int_equal(a.status, 200);
		assert_int_equal(a.body.len, 13);
		answer_done(&a);
		client_send(one, requests[(n + n / CONNECTIONS) % KINDS]);
	}
	for (unsigned i = 0; i < CONNECTIONS; i++)
		client_close(&c[i]);
	fixture_wait(&f, http_server_stats(f.server).connections_open == 0);
	assert_true(http_server_stats(f.server).requests >= REQUESTS);
	assert_int_equal(http_server_stats(f.server).requests_open, 0);
	fixture_done(&f);
}

/* As many as there may be come and go; who has to wait is let in after them. */
static void more_connections_than_allowed(void **state)
{
	struct client c[60];
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.config.connections_max = 20;
	fixture_start(&f);
	for (size_t i = 0; i < 60; i++) {
		client_open(&f, &c[i]);
		client_send(&c[i], requests[1]);
	}
	for (size_t i = 0; i < 60; i++) {
		assert_true(client_read(&c[i], false, &a));
		assert_int_equal(a.status, 200);
		answer_done(&a);
		client_close(&c[i]);
	}
	assert_true(http_server_stats(f.server).connections_open <= 20);
	fixture_done(&f);
}

/* Waiting costs nothing: the loop sleeps while there is nothing to do. */
static void waiting_does_not_spin(void **state)
{
	struct client idle, never, full;
	struct answer a;
	struct fixture f;
	uint64_t end_ms;
	unsigned turns = 0;

	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	client_open(&f, &idle);
	client_send(&idle, requests[0]);
	assert_true(client_read(&idle, false, &a));
	answer_done(&a);
	client_open(&f, &never);
	client_send(&never, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
	client_open(&f, &full);
	client_send(&full, "GET /flood?size=100000000 HTTP/1.1\r\nHost: x\r\n\r\n");
	/* Until all buffers are full. */
	fixture_wait(&f, f.started == 2 && f.pauses > 1);
	for (unsigned before = 0; before != f.pauses;) {
		before = f.pauses;
		for (int i = 0; i < 50; i++)
			loop_turn(f.loop, 1);
	}
	end_ms = clock_monotonic_ms() + 400;
	for (; clock_monotonic_ms() < end_ms; turns++)
		loop_turn(f.loop, 100);
	if (turns > 40)
		fail_msg("%u turns with nothing to do", turns);
	client_close(&idle);
	client_close(&never);
	client_close(&full);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_requests_without_a_stall),
		cmocka_unit_test(more_connections_than_allowed),
		cmocka_unit_test(waiting_does_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
