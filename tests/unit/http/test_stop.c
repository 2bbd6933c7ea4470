#include "http_fixture.h"

#include <stdio.h>

#include "base/clock.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void on_stopped(void *ctx)
{
	((struct fixture *)ctx)->is_stopped = true;
}

static void answered(struct client *c, unsigned status)
{
	struct answer a;

	assert_true(client_read(c, false, &a));
	assert_int_equal(a.status, status);
	assert_string_equal(answer_field(&a, "Connection"), "close");
	answer_done(&a);
	client_close(c);
}

static void an_idle_server_stops_at_once(void **state)
{
	struct fixture f;
	struct answer a;
	struct client c;

	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	client_open(&f, &c);
	client_send(&c, GET("/now"));
	assert_true(client_read(&c, false, &a));
	answer_done(&a);
	/* Open connections without a request, and half a request, hold nothing up. */
	client_send(&c, "GET /now HT");
	http_server_stop(f.server, on_stopped, &f);
	fixture_wait(&f, f.is_stopped);
	client_close(&c);
	fixture_done(&f);
}

static void what_is_under_way_is_answered(void **state)
{
	struct fixture f;
	struct client waiting, late;

	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	client_open(&f, &late);
	client_send(&late, GET("/now"));
	fixture_wait(&f, (client_poll(&late), late.in.len > 0));
	buf_reset(&late.in);
	client_open(&f, &waiting);
	client_send(&waiting, GET("/later?ms=100"));
	fixture_wait(&f, f.started == 1);
	http_server_stop(f.server, on_stopped, &f);
	/* New requests on old connections are sent away. */
	client_send(&late, GET("/now"));
	answered(&late, 503);
	assert_false(f.is_stopped);
	answered(&waiting, 200);
	fixture_wait(&f, f.is_stopped);
	assert_int_equal(f.cancelled, 0);
	fixture_done(&f);
}

static void nobody_new_is_let_in(void **state)
{
	struct fixture f;
	struct client waiting;
	char where[40];
	struct http_config config;
	struct http_server *second;
	struct fault fault;
	struct route_table none = { NULL, 0 };

	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	client_open(&f, &waiting);
	client_send(&waiting, GET("/never"));
	fixture_wait(&f, f.started == 1);
	http_server_stop(f.server, on_stopped, &f);
	/* The port is free for the next process at once. */
	config = f.config;
	snprintf(where, sizeof where, "127.0.0.1:%u", http_server_port(f.server));
	config.listen = where;
	second = http_server_new(f.loop, &config, &none, NULL, NULL, &fault);
	assert_non_null(second);
	http_server_free(second);
	client_close(&waiting);
	fixture_done(&f);
}

static void what_takes_too_long_is_ended(void **state)
{
	struct fixture f;
	struct client never, flood, slow, body;

	(void)state;
	fixture_init(&f);
	f.config.drain_timeout_ms = 50;
	fixture_start(&f);
	client_open(&f, &never);
	client_send(&never, GET("/never"));
	client_open(&f, &slow);
	client_send(&slow,
		    "GET /private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n" GET(
			    "/never"));
	client_open(&f, &flood);
	client_send(&flood, GET("/flood?size=100000000"));
	client_open(&f, &body);
	client_send(&body, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			   "Content-Length: 5\r\n\r\n{");
	fixture_wait(&f, f.started == 3 && f.pauses == 1 &&
				 http_server_stats(f.server).requests_open == 4);
	http_server_stop(f.server, on_stopped, &f);
	fixture_wait(&f, f.is_stopped);
	answered(&never, 503);
	assert_int_equal(f.cancelled, 3);
	assert_int_equal(f.ended, 2);
	client_close(&slow);
	client_close(&flood);
	client_close(&body);
	fixture_done(&f);
}

static void free_without_a_stop(void **state)
{
	struct fixture f;
	struct client c, d, e;

	(void)state;
	fixture_init(&f);
	fixture_start(&f);
	client_open(&f, &c);
	client_send(&c, GET("/never"));
	client_open(&f, &d);
	client_send(&d, GET("/flood?size=100000000"));
	client_open(&f, &e);
	client_send(&e, GET("/events"));
	fixture_wait(&f, f.started == 2 && f.pauses == 1 && f.stream);
	fixture_done(&f);
	assert_int_equal(f.cancelled, 2);
	assert_int_equal(f.stream_end, HTTP_STREAM_STOPPING);
	client_close(&c);
	client_close(&d);
	client_close(&e);
}

static void faults_at_the_start(void **state)
{
	const char *const bad[] = { "nonsense",        "127.0.0.1",      "127.0.0.1:x",
				    "127.0.0.1:65536", "192.0.2.1:8080", "[::1:80" };
	static const char *const proxies[] = { "10.0.0.0/8", "proxy", NULL };
	struct fixture f;
	struct route_table none = { NULL, 0 };
	struct fault fault;

	(void)state;
	fixture_init(&f);
	f.loop = loop_new();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		f.config.listen = bad[i];
		if (http_server_new(f.loop, &f.config, &none, NULL, NULL, &fault))
			fail_msg("listens on %s", bad[i]);
		assert_true(strlen(fault.text) > 10);
	}
	f.config.listen = "127.0.0.1:0";
	f.config.trusted_proxies = proxies;
	assert_null(http_server_new(f.loop, &f.config, &none, NULL, NULL, &fault));
	assert_int_equal(fault.err, ERR_INVALID);
	loop_free(f.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_server_stops_at_once),
		cmocka_unit_test(what_is_under_way_is_answered),
		cmocka_unit_test(nobody_new_is_let_in),
		cmocka_unit_test(what_takes_too_long_is_ended),
		cmocka_unit_test(free_without_a_stop),
		cmocka_unit_test(faults_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
