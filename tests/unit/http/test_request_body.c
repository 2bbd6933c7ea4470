#include "http_fixture.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define HOST "Host: localhost\r\n"
#define JSON "Content-Type: application/json\r\n"
#define NOW  "GET /now HTTP/1.1\r\n" HOST "\r\n"

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

/* Sends, reads one answer, and says whether the connection lives on. */
static bool exchange(struct fixture *f, const char *request, unsigned status, const char *body)
{
	struct answer a;
	struct client c;
	bool is_alive;

	client_open(f, &c);
	client_send(&c, request);
	if (!client_read(&c, false, &a))
		fail_msg("no answer to %.200s", request);
	if (a.status != status)
		fail_msg("%u, not %u, to %.200s", a.status, status, request);
	if (status == 200)
		assert_bytes_equal_str(buf_bytes(&a.body), body);
	else
		assert_string_equal(answer_code(&a), body);
	is_alive = strcmp(answer_field(&a, "Connection"), "close") != 0;
	answer_done(&a);
	if (is_alive) {
		client_send(&c, NOW);
		assert_true(client_read(&c, false, &a));
		assert_int_equal(a.status, 200);
		answer_done(&a);
	} else {
		fixture_wait(f, (client_poll(&c), c.is_closed));
		assert_int_equal(c.in.len, 0);
	}
	client_close(&c);
	return is_alive;
}

static void bodies_come_whole(void **state)
{
	struct fixture *f = *state;

	assert_true(exchange(
		f, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 7\r\n\r\n{\"a\":1}", 200,
		"{\"a\":1}"));
	assert_true(exchange(f,
			     "POST /echo HTTP/1.1\r\n" HOST JSON
			     "Transfer-Encoding: chunked\r\n\r\n"
			     "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nTrailer: x\r\n\r\n",
			     200, "{\"a\":1}"));
	assert_true(exchange(f,
			     "POST /echo HTTP/1.1\r\n" HOST JSON
			     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			     200, ""));
	assert_true(
		exchange(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, ""));
	assert_true(exchange(f, "POST /echo HTTP/1.1\r\n" HOST "\r\n", 200, ""));
	assert_true(exchange(
		f,
		"POST /big HTTP/1.1\r\n" HOST
		"Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Length: 2\r\n\r\nhi",
		200, "hi"));
}

static void chunk_extensions_are_skipped(void **state)
{
	if (MHD_VERSION >= 0x01000000)
		skip(); /* 1.0.1 takes their LF for data, and then refuses the chunk */
	assert_true(exchange(*state,
			     "POST /echo HTTP/1.1\r\n" HOST JSON
			     "Transfer-Encoding: chunked\r\n\r\n"
			     "7;x=y;z=\"a\"\r\n{\"a\":1}\r\n0;last\r\n\r\n",
			     200, "{\"a\":1}"));
}

static void a_large_body_arrives(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;
	size_t size = 1 << 20;
	char *body = malloc(size);

	assert_non_null(body);
	for (size_t i = 0; i < size; i++)
		body[i] = (char)('a' + i % 23);
	client_open(f, &c);
	client_send(&c, "POST /big HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
			"Content-Length: 1048576\r\n\r\n");
	client_send_bytes(&c, bytes_of(body, size));
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.status, 200);
	assert_true(bytes_equal(buf_bytes(&a.body), bytes_of(body, size)));
	answer_done(&a);
	client_close(&c);
	free(body);
}

static void expect_is_answered_with_100(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;

	client_open(f, &c);
	client_send(&c, "POST /echo HTTP/1.1\r\n" HOST JSON
			"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	fixture_wait(f, (client_poll(&c), c.in.len >= 25));
	assert_bytes_equal_str(buf_bytes(&c.in), "HTTP/1.1 100 Continue\r\n\r\n");
	buf_consume(&c.in, c.in.len);
	client_send(&c, "{}");
	assert_true(client_read(&c, false, &a));
	assert_bytes_equal_str(buf_bytes(&a.body), "{}");
	answer_done(&a);
	client_close(&c);
}

/* The client never sends a byte of its body. */
static void too_large_is_said_at_once(void **state)
{
	struct fixture *f = *state;

	assert_false(exchange(f, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 1001\r\n\r\n",
			      413, "too-large"));
	assert_false(exchange(f,
			      "POST /echo HTTP/1.1\r\n" HOST JSON
			      "Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n",
			      413, "too-large"));
}

static void the_answer_is_seen_though_the_client_goes_on_sending(void **state)
{
	struct fixture *f = *state;
	static char body[300000];
	struct answer a;
	struct client c;

	memset(body, 'x', sizeof body);
	client_open(f, &c);
	client_send(&c, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 300000\r\n\r\n");
	client_send_bytes(&c, bytes_of(body, sizeof body));
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.status, 413);
	answer_done(&a);
	client_close(&c);
}

static void append_chunk(struct buf *b, size_t size)
{
	buf_printf(b, "%zx\r\n", size);
	memset(buf_reserve(b, size), 'x', size);
	buf_commit(b, size);
	buf_append_str(b, "\r\n");
}

static void chunks_over_the_limit(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_append_str(&b,
		       "POST /echo HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n");
	append_chunk(&b, 600);
	append_chunk(&b, 600);
	buf_append_str(&b, "0\r\n\r\n");
	buf_append_byte(&b, 0);
	/* A little more is let in, and the connection lives. */
	assert_true(exchange(f, (const char *)b.at, 413, "too-large"));
	/* Much more is not. */
	buf_reset(&b);
	buf_append_str(&b,
		       "POST /echo HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 20; i++)
		append_chunk(&b, 10000);
	buf_append_byte(&b, 0);
	assert_false(exchange(f, (const char *)b.at, 413, "too-large"));
	buf_done(&b);
}

static void types_are_checked(void **state)
{
	struct fixture *f = *state;

	assert_true(exchange(f,
			     "POST /echo HTTP/1.1\r\n" HOST
			     "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
			     415, "unsupported-media-type"));
	assert_true(exchange(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 415,
			     "unsupported-media-type"));
	assert_true(exchange(f,
			     "POST /echo HTTP/1.1\r\n" HOST JSON
			     "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
			     415, "unsupported-media-type"));
	assert_true(exchange(
		f,
		"POST /echo HTTP/1.1\r\n" HOST
		"Content-Type: application/json; charset=latin1\r\nContent-Length: 2\r\n\r\n{}",
		415, "unsupported-media-type"));
	assert_true(exchange(f, "GET /now HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}",
			     400, "invalid-request"));
	assert_true(exchange(f,
			     "GET /now HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
			     "2\r\n{}\r\n0\r\n\r\n",
			     400, "invalid-request"));
}

static void strangers_bodies_are_not_kept(void **state)
{
	struct fixture *f = *state;

	assert_true(exchange(f,
			     "POST /private HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}",
			     401, "invalid-credentials"));
	assert_false(exchange(f,
			      "POST /private HTTP/1.1\r\n" HOST JSON "Expect: 100-continue\r\n"
			      "Content-Length: 2\r\n\r\n",
			      401, "invalid-credentials"));
	assert_true(exchange(f,
			     "POST /private HTTP/1.1\r\n" HOST JSON "Authorization: Bearer good\r\n"
			     "Content-Length: 2\r\n\r\n{}",
			     200, "{}"));
	assert_true(exchange(f,
			     "POST /private HTTP/1.1\r\n" HOST JSON "Authorization: Bearer slow\r\n"
			     "Content-Length: 2\r\n\r\n{}",
			     200, "{}"));
	assert_true(exchange(f,
			     "POST /private HTTP/1.1\r\n" HOST JSON "Authorization: Bearer slow\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			     200, "{}"));
	assert_true(exchange(f, "POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}",
			     404, "not-found"));
	assert_true(exchange(f, "DELETE /now HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 405,
			     "method-not-allowed"));
}

static void malformed_chunks(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;

	client_open(f, &c);
	client_send(&c, "POST /echo HTTP/1.1\r\n" HOST JSON
			"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n");
	assert_true(client_read(&c, false, &a)); /* MHD's own words */
	assert_int_equal(a.status, 400);
	answer_done(&a);
	client_close(&c);
	fixture_wait(f, http_server_stats(f->server).requests_open == 0);
}

static void clients_that_leave_in_mid_body(void **state)
{
	struct fixture *f = *state;
	struct client c;

	client_open(f, &c);
	client_send(&c, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 100\r\n\r\n{");
	fixture_wait(f, http_server_stats(f->server).requests_open == 1);
	client_close(&c);
	fixture_wait(f, http_server_stats(f->server).requests_open == 0);
	client_open(f, &c);
	client_send(&c, "POST /private HTTP/1.1\r\n" HOST JSON
			"Authorization: Bearer slow\r\nContent-Length: 100\r\n\r\n{");
	fixture_wait(f, f->started == 1);
	client_close(&c);
	fixture_wait(f, http_server_stats(f->server).requests_open == 0);
	assert_int_equal(f->released, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		SERVER_TEST(bodies_come_whole),
		SERVER_TEST(chunk_extensions_are_skipped),
		SERVER_TEST(a_large_body_arrives),
		SERVER_TEST(expect_is_answered_with_100),
		SERVER_TEST(too_large_is_said_at_once),
		SERVER_TEST(the_answer_is_seen_though_the_client_goes_on_sending),
		SERVER_TEST(chunks_over_the_limit),
		SERVER_TEST(types_are_checked),
		SERVER_TEST(strangers_bodies_are_not_kept),
		SERVER_TEST(malformed_chunks),
		SERVER_TEST(clients_that_leave_in_mid_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
