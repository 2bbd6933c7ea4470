/*
 * Guards the socket take-over for the libmicrohttpd that this is built with:
 * it rests on what MHD_USE_TURBO leaves undone, not on anything documented.
 */
#include "http_fixture.h"

#include <dirent.h>
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

static void has_come(struct client *c, const char *text)
{
	struct fixture *f = c->fixture;

	fixture_wait(
		f, (client_poll(c), bytes_find(buf_bytes(&c->in), bytes_of_str(text)) < c->in.len));
}

static void open_stream(struct fixture *f, struct client *c, const char *path)
{
	char request[100];

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	client_open(f, c);
	client_send(c, request);
	f->stream = NULL;
	fixture_wait(f, f->stream != NULL);
	/* MHD lets go of it: the request is over, the connection is not. */
	fixture_wait(f, http_server_stats(f->server).requests_open == 0);
	fixture_wait(f, http_server_stats(f->server).connections_open == 0);
}

static void lives_on_without_mhd(void **state)
{
	struct fixture *f = *state;
	struct client c;

	for (int i = 0; i < 2; i++) {
		open_stream(f, &c, i ? "/events/later" : "/events");
		http_stream_head(f->stream, 200, "text/event-stream", UINT64_MAX);
		has_come(&c, "\r\n\r\n");
		assert_int_equal(strncmp((const char *)c.in.at, "HTTP/1.1 200 OK\r\nDate: ", 23),
				 0);
		has_come(&c, "\r\nContent-Type: text/event-stream\r\n");
		has_come(&c, "\r\nX-Accel-Buffering: no\r\n");
		has_come(&c, "\r\nX-Request-Id: ");
		has_come(&c, "\r\nConnection: close\r\n");
		for (int n = 0; n < 5; n++) {
			struct answer a;
			char event[40];

			snprintf(event, sizeof event, "data: %d\n\n", n);
			assert_true(http_stream_write(f->stream, bytes_of_str(event)));
			has_come(&c, event);
			/* Others are served all the while. */
			ask(f, GET("/later"), &a);
			assert_int_equal(a.status, 200);
			answer_done(&a);
		}
		http_stream_end(f->stream);
		fixture_wait(f, (client_poll(&c), c.is_closed));
		assert_int_equal(f->stream_end, -1);
		client_close(&c);
	}
}

static void answers_whole_as_well(void **state)
{
	struct fixture *f = *state;
	struct problem p = problem_of("server-stopping");
	struct answer a;
	struct client c;

	open_stream(f, &c, "/events");
	http_stream_json(f->stream, BYTES_LIT("{\"events\":[]}\n"));
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.status, 200);
	assert_bytes_equal_str(buf_bytes(&a.body), "{\"events\":[]}\n");
	answer_done(&a);
	client_close(&c);
	open_stream(f, &c, "/events");
	http_stream_problem(f->stream, &p);
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_code(&a), "server-stopping");
	answer_done(&a);
	client_close(&c);
}

static void a_hangup_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct client c;

	open_stream(f, &c, "/events");
	http_stream_head(f->stream, 200, "text/event-stream", UINT64_MAX);
	/* What a client says meanwhile does not matter. */
	client_send(&c, GET("/now"));
	loop_turn(f->loop, 20);
	loop_turn(f->loop, 20);
	assert_int_equal(f->stream_end, -1);
	client_close(&c);
	fixture_wait(f, f->stream_end == HTTP_STREAM_HANGUP);
}

static void a_client_that_does_not_read_is_dropped(void **state)
{
	static const char piece[16384] = { [0 ... 16383] = 'x' };
	struct fixture *f = *state;
	struct client c;

	open_stream(f, &c, "/events");
	http_stream_head(f->stream, 200, "text/event-stream", UINT64_MAX);
	while (f->stream && http_stream_write(f->stream, bytes_of(piece, sizeof piece)))
		assert_true(http_stream_queued_bytes(f->stream) <= 256 * 1024);
	/* The owner is told from the loop, never inside its own call. */
	assert_int_equal(f->stream_end, -1);
	fixture_wait(f, f->stream_end == HTTP_STREAM_SLOW);
	client_close(&c);
}

static void what_is_queued_is_sent_before_the_end(void **state)
{
	static const char piece[100000] = { [0 ... 99999] = 'x' };
	struct fixture *f = *state;
	struct client c;
	size_t sent = 0;

	open_stream(f, &c, "/events");
	http_stream_head(f->stream, 200, "text/plain", UINT64_MAX);
	while (http_stream_queued_bytes(f->stream) < 100000) {
		assert_true(http_stream_write(f->stream, bytes_of(piece, sizeof piece)));
		sent += sizeof piece;
	}
	http_stream_end(f->stream);
	fixture_wait(f, (client_poll(&c), c.is_closed));
	assert_true(c.in.len > sent);
	client_close(&c);
}

static void on_drain(void *ctx)
{
	((struct fixture *)ctx)->drains++;
}

/* One piece of any size, and then as it is read. */
static void who_writes_much_is_told_when_it_is_out(void **state)
{
	static char piece[8 << 20];
	struct fixture *f = *state;
	struct client c;

	open_stream(f, &c, "/events");
	http_stream_on_drain(f->stream, on_drain);
	http_stream_head(f->stream, 200, "text/event-stream", UINT64_MAX);
	f->drains = 0;
	memset(piece, 'x', sizeof piece);
	assert_true(http_stream_write(f->stream, bytes_of(piece, sizeof piece)));
	assert_true(http_stream_queued_bytes(f->stream) > 256 * 1024);
	fixture_wait(f, (client_poll(&c), f->drains == 1));
	assert_int_equal(http_stream_queued_bytes(f->stream), 0);
	fixture_wait(f, (client_poll(&c), c.in.len > sizeof piece));
	assert_int_equal(f->stream_end, -1);
	http_stream_end(f->stream);
	client_close(&c);
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void no_descriptor_is_left_behind(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;
	unsigned before;

	ask(f, GET("/now"), &a);
	answer_done(&a);
	fixture_wait(f, http_server_stats(f->server).connections_open == 0);
	before = open_descriptors();
	for (int i = 0; i < 50; i++) {
		open_stream(f, &c, "/events");
		if (i % 3 == 0)
			http_stream_abort(f->stream, HTTP_STREAM_SLOW);
		else if (i % 3 == 1)
			http_stream_json(f->stream, BYTES_LIT("{}\n"));
		client_close(&c);
		fixture_wait(f, i % 3 != 2 || f->stream_end == HTTP_STREAM_HANGUP);
	}
	fixture_wait(f, (loop_turn(f->loop, 1), open_descriptors() == before));
}

static void a_stop_lets_last_words_out(void **state)
{
	struct fixture *f = *state;
	struct client c;

	open_stream(f, &c, "/events");
	http_stream_head(f->stream, 200, "text/event-stream", UINT64_MAX);
	http_server_stop(f->server, NULL, NULL);
	assert_int_equal(f->stream_end, HTTP_STREAM_STOPPING);
	has_come(&c, "data: bye\n\n");
	fixture_wait(f, (client_poll(&c), c.is_closed));
	client_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		SERVER_TEST(lives_on_without_mhd),
		SERVER_TEST(answers_whole_as_well),
		SERVER_TEST(a_hangup_is_noticed),
		SERVER_TEST(a_client_that_does_not_read_is_dropped),
		SERVER_TEST(what_is_queued_is_sent_before_the_end),
		SERVER_TEST(who_writes_much_is_told_when_it_is_out),
		SERVER_TEST(no_descriptor_is_left_behind),
		SERVER_TEST(a_stop_lets_last_words_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
