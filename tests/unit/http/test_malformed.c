/* HTTP that must be refused, and HTTP that only looks like it. */
#include "http_fixture.h"

#include <microhttpd.h>
#include <stdio.h>

#include "base/clock.h"

#define HOST "Host: localhost\r\n"

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

struct bad {
	const char *what, *request;
	size_t len; /* 0: to the end of the text */
	unsigned status;
};

#define TEXT(s)  s, 0
#define BYTES(s) s, sizeof(s) - 1

static void refuses(struct fixture *f, const struct bad *b)
{
	struct answer a;
	struct client c;
	struct bytes all = b->len ? bytes_of(b->request, b->len) : bytes_of_str(b->request);

	client_open(f, &c);
	client_send_bytes(&c, all);
	/* The connection must not be used again: what follows could be anybody's. */
	client_send(&c, "GET /now HTTP/1.1\r\n" HOST "\r\n");
	if (!client_read(&c, false, &a))
		fail_msg("%s: closed without an answer", b->what);
	if (a.status != b->status)
		fail_msg("%s: %u, not %u", b->what, a.status, b->status);
	assert_string_equal(answer_field(&a, "Connection"), "close");
	/* From 1.0 on MHD is strict itself, in its own words. */
	if (MHD_VERSION < 0x01000000)
		assert_string_equal(answer_field(&a, "Content-Type"), "application/problem+json");
	answer_done(&a);
	fixture_wait(f, (client_poll(&c), c.is_closed));
	if (c.in.len)
		fail_msg("%s: a second answer came: %.*s", b->what, BYTES_FMT(buf_bytes(&c.in)));
	client_close(&c);
}

static const struct bad smuggling[] = {
	{ "no host", TEXT("GET /now HTTP/1.1\r\n\r\n"), 400 },
	{ "two hosts", TEXT("GET /now HTTP/1.1\r\n" HOST "Host: b\r\n\r\n"), 400 },
	{ "the same host twice", TEXT("GET /now HTTP/1.1\r\n" HOST HOST "\r\n"), 400 },
	{ "malformed host", TEXT("GET /now HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
	{ "host with user", TEXT("GET /now HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400 },
	{ "empty host", TEXT("GET /now HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
	{ "two lengths",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
	  400 },
	{ "the same length twice",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
	  400 },
	{ "length and chunks",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST
	       "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	  400 },
	{ "chunks and length",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST
	       "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
	  400 },
	{ "another coding", TEXT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n"),
	  400 },
	{ "two codings",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
	  400 },
	{ "coding twice",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	  400 },
	{ "identity", TEXT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"),
	  400 },
	{ "chunks in 1.0",
	  TEXT("POST /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400 },
	{ "bare LF", TEXT("GET /now HTTP/1.1\nHost: a\n\n"), 400 },
	{ "bare LF behind the request line", TEXT("GET /now HTTP/1.1\n" HOST "\r\n"), 400 },
	{ "bare LF behind a field", TEXT("GET /now HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), 400 },
	{ "bare LF at the end", TEXT("GET /now HTTP/1.1\r\nHost: a\r\n\n"), 400 },
	{ "two bare LF at the end", TEXT("GET /now HTTP/1.1\r\nHost: a\n\n"), 400 },
	{ "bare CR in a value", TEXT("GET /now HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), 400 },
	{ "NUL in a value", BYTES("GET /now HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), 400 },
	{ "NUL at a value's end", BYTES("GET /now HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n"), 400 },
	{ "NUL begins a line", BYTES("GET /now HTTP/1.1\r\n" HOST "\0Content-Length: 5\r\n\r\n"),
	  400 },
	{ "NUL in the path", BYTES("GET /now\0x HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "control in a value", TEXT("GET /now HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"), 400 },
	{ "blank before the colon",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\n{}"), 400 },
	{ "tab before the colon", TEXT("GET /now HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n"), 400 },
	{ "no name", TEXT("GET /now HTTP/1.1\r\n" HOST ": a\r\n\r\n"), 400 },
	{ "odd name", TEXT("GET /now HTTP/1.1\r\n" HOST "X(y): a\r\n\r\n"), 400 },
	{ "folded line", TEXT("GET /now HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), 400 },
	{ "folded name", TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Leng: 5\r\n th\r\n\r\n{}"),
	  400 },
	{ "%00 in the path", TEXT("GET /now%00x HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "%00 in the query", TEXT("GET /later?ms=1%00 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "%0a in the path", TEXT("GET /items/%0a/b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "bad encoding", TEXT("GET /items/%zz/b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "bad encoding at the end", TEXT("GET /items/a/% HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "bad encoding in the query", TEXT("GET /later?a=%4 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "bad UTF-8 in the path", TEXT("GET /items/%ff/b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "bad UTF-8 in the query", TEXT("GET /later?a=%c0%af HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "raw bad UTF-8", TEXT("GET /items/\xff/b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "control in the path", TEXT("GET /now\x01 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "blank in the path", TEXT("GET /now x HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "two blanks", TEXT("GET  /now HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "fragment", TEXT("GET /now#x HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "no slash", TEXT("GET now HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "star", TEXT("GET * HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "another authority", TEXT("GET http://b/now HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a tunnel", TEXT("CONNECT localhost:1 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "unknown method", TEXT("BREW /now HTTP/1.1\r\n" HOST "\r\n"), 501 },
	{ "small method", TEXT("get /now HTTP/1.1\r\n" HOST "\r\n"), 501 },
	{ "malformed length", TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2x\r\n\r\n{}"),
	  400 },
	{ "negative length", TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: -2\r\n\r\n{}"),
	  400 },
	{ "huge length",
	  TEXT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n{}"),
	  413 },
	{ "no words", TEXT("HELO\r\n\r\n"), 400 },
	{ "binary", BYTES("\x16\x03\x01\x02\x00\x01\n\n\r\n\r\n"), 400 },
};

static void what_two_readers_may_read_differently_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof smuggling / sizeof smuggling[0]; i++)
		refuses(*state, &smuggling[i]);
}

/* MHD answers these itself, before any callback: right, but not in our words. */
static void what_mhd_refuses_itself(void **state)
{
	const struct bad cases[] = {
		{ "no colon", TEXT("GET /now HTTP/1.1\r\n" HOST "X\r\n\r\n"), 400 },
		{ "HTTP/2", TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505 },
		{ "HTTP/0.9", TEXT("GET /now\r\n\r\n"), 400 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct answer a;
		struct client c;

		client_open(*state, &c);
		client_send(&c, cases[i].request);
		if (!client_read(&c, false, &a))
			fail_msg("%s: closed without an answer", cases[i].what);
		if (a.status != cases[i].status)
			fail_msg("%s: %u, not %u", cases[i].what, a.status, cases[i].status);
		fixture_wait((struct fixture *)*state, (client_poll(&c), c.is_closed));
		if (c.in.len)
			fail_msg("%s: more came: %.*s", cases[i].what, BYTES_FMT(buf_bytes(&c.in)));
		answer_done(&a);
		client_close(&c);
	}
}

static void passes(struct fixture *f, const char *what, const char *request)
{
	struct answer a;

	ask(f, request, &a);
	if (a.status != 200)
		fail_msg("%s: %u", what, a.status);
	answer_done(&a);
}

static void what_is_unusual_but_right_passes(void **state)
{
	struct fixture *f = *state;

	passes(f, "no blank behind the colon", "GET /now HTTP/1.1\r\nHost:localhost\r\n\r\n");
	passes(f, "blanks around a value", "GET /now HTTP/1.1\r\nHost: \t localhost\t \r\n\r\n");
	passes(f, "empty value", "GET /now HTTP/1.1\r\n" HOST "X:\r\n\r\n");
	passes(f, "empty value with a blank", "GET /now HTTP/1.1\r\n" HOST "X: \r\n\r\n");
	passes(f, "Latin-1 in a value", "GET /now HTTP/1.1\r\n" HOST "X: gr\xf6\xdf\r\n\r\n");
	passes(f, "port in host", "GET /now HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
	passes(f, "absolute form", "GET HTTP://LOCALHOST/now HTTP/1.1\r\n" HOST "\r\n");
	passes(f, "HTTP/1.0 without host", "GET /now HTTP/1.0\r\n\r\n");
	passes(f, "length 0", "GET /now HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
	passes(f, "raw UTF-8", "GET /items/gr\xc3\xb6\xc3\x9f/b HTTP/1.1\r\n" HOST "\r\n");
	passes(f, "empty query", "GET /now? HTTP/1.1\r\n" HOST "\r\n");
	passes(f, "a line before the request", "\r\nGET /now HTTP/1.1\r\n" HOST "\r\n");
	passes(f, "any cookie", "GET /now HTTP/1.1\r\n" HOST "Cookie: =;;,\"a=b\r\n\r\n");
}

/* The same verdict however the bytes come. */
static void slices_change_nothing(void **state)
{
	const char *const requests[] = {
		"GET /items/a/b HTTP/1.1\r\n" HOST "X: y\r\n\r\n",
		"GET /now HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
		"GET /now HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n",
	};
	const unsigned status[] = { 200, 400, 400 };
	struct fixture *f = *state;

	for (size_t i = 0; i < 3; i++) {
		for (size_t cut = 1; cut < strlen(requests[i]); cut++) {
			struct answer a;
			struct client c;

			client_open(f, &c);
			client_send_bytes(&c, bytes_of(requests[i], cut));
			loop_turn(f->loop, 1);
			loop_turn(f->loop, 1);
			client_send(&c, requests[i] + cut);
			assert_true(client_read(&c, false, &a));
			assert_int_equal(a.status, status[i]);
			answer_done(&a);
			client_close(&c);
		}
	}
}

static void long_request(struct fixture *f, size_t path, size_t field, unsigned status,
			 const char *code)
{
	static char text[64 * 1024];
	struct answer a;
	int n = 0;

	n += snprintf(text + n, sizeof text - (size_t)n, "GET /");
	memset(text + n, 'p', path);
	n += (int)path;
	n += snprintf(text + n, sizeof text - (size_t)n, " HTTP/1.1\r\n" HOST "X: ");
	memset(text + n, 'v', field);
	n += (int)field;
	snprintf(text + n, sizeof text - (size_t)n, "\r\n\r\n");
	ask(f, text, &a);
	assert_int_equal(a.status, status);
	if (code)
		assert_string_equal(answer_code(&a), code);
	answer_done(&a);
}

static void long_heads_are_refused(void **state)
{
	struct fixture *f = *state;
	static char text[64 * 1024];
	struct answer a;
	int n;

	long_request(f, 8000, 10, 404, "not-found");
	long_request(f, 8300, 10, 414, "uri-too-long");
	long_request(f, 20000, 10, 414, NULL);
	long_request(f, 10, 8000, 404, "not-found");
	long_request(f, 10, 13000, 431, "headers-too-large");
	long_request(f, 10, 40000, 431, NULL);
	n = snprintf(text, sizeof text, "GET /now HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 101; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "X: 1\r\n");
	snprintf(text + n, sizeof text - (size_t)n, "\r\n");
	ask(f, text, &a);
	assert_int_equal(a.status, 431);
	assert_string_equal(answer_code(&a), "headers-too-large");
	answer_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		SERVER_TEST(what_two_readers_may_read_differently_is_refused),
		SERVER_TEST(what_mhd_refuses_itself),
		SERVER_TEST(what_is_unusual_but_right_passes),
		SERVER_TEST(slices_change_nothing),
		SERVER_TEST(long_heads_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
