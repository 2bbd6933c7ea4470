#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "peer.h"

static int new_loop(void **state)
{
	*state = loop_new();
	return *state ? 0 : -1;
}

static int free_loop(void **state)
{
	loop_free(*state);
	return 0;
}

/* A client's stream on one end of a pair; the test is the server on the other. */
static int pair(struct client *c, struct loop *l, size_t out_max_bytes)
{
	int p[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
	assert_int_equal(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	client_init(c, l, p[0], out_max_bytes);
	return p[1];
}

static void say(int fd, const char *s)
{
	assert_int_equal(write(fd, s, strlen(s)), (ssize_t)strlen(s));
}

/* Reads what the client has sent until it is `want`. */
static void hear(struct client *c, int fd, const char *want)
{
	char got[256];
	size_t n = 0;

	for (int i = 0; i < CLIENT_TURNS_MAX && n < strlen(want); i++) {
		ssize_t more = read(fd, got + n, strlen(want) - n);

		if (more > 0)
			n += (size_t)more;
		else
			loop_turn(c->loop, 5);
	}
	assert_bytes_equal_str(bytes_of(got, n), want);
}

static void bytes_go_both_ways(void **state)
{
	struct client c;
	int server = pair(&c, *state, 1000);

	say(server, "* OK ready\r\n");
	client_wait_text(&c, "* OK ready\r\n");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a NOOP")), ERR_OK);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("\r\n")), ERR_OK);
	assert_int_equal(stream_queued_bytes(c.stream), 8);
	assert_int_equal(c.drained, 0);
	hear(&c, server, "a NOOP\r\n");
	assert_int_equal(stream_queued_bytes(c.stream), 0);
	assert_int_equal(c.drained, 1);
	assert_false(stream_is_tls(c.stream));
	client_done(&c);
	close(server);
}

static void the_end_comes_after_the_last_words_and_once(void **state)
{
	struct client c;
	int server = pair(&c, *state, 1000);

	say(server, "* BYE\r\n");
	close(server);
	client_wait_closed(&c, ERR_NET, "closed by the server");
	assert_bytes_equal_str(buf_bytes(&c.got), "* BYE\r\n");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_NET);
	loop_turn(*state, 0);
	assert_int_equal(c.closed, 1);
	client_done(&c);
}

static void what_the_server_said_is_read_even_when_sending_to_it_fails(void **state)
{
	struct client c;
	int server = pair(&c, *state, 1000);

	c.pause = true;
	say(server, "* one\r\n");
	client_wait_text(&c, "* one\r\n");
	say(server, "* BYE\r\n");
	close(server);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a NOOP\r\n")), ERR_OK);
	for (int i = 0; i < CLIENT_TURNS_MAX && stream_queued_bytes(c.stream) > 0; i++)
		loop_turn(*state, 5);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_NET);
	assert_int_equal(c.closed, 0);
	c.pause = false;
	stream_resume(c.stream);
	client_wait_closed(&c, ERR_NET, NULL);
	assert_bytes_equal_str(buf_bytes(&c.got), "* one\r\n* BYE\r\n");
	client_done(&c);
}

static void reset_after_one_byte(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_hear(c, "x");
	peer_reset(c);
}

static void a_reset_is_told_from_an_end(void **state)
{
	struct peer *p = peer_start(NULL, reset_after_one_byte, NULL);
	struct client c;

	client_init(&c, *state, peer_connect(p), 1000);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_OK);
	client_wait_closed(&c, ERR_NET, "connection reset by the server");
	client_done(&c);
	peer_stop(p);
}

static void a_server_that_does_not_read_fills_the_queue_and_no_more(void **state)
{
	static uint8_t block[4096];
	struct client c;
	int server = pair(&c, *state, 64 * 1024);
	size_t sent = 0, heard = 0;
	enum err e = ERR_OK;

	while (!e) {
		e = stream_write(c.stream, bytes_of(block, sizeof block));
		if (!e)
			sent += sizeof block;
		loop_turn(*state, 0);
		assert_true(sent < 64 * 1024 * 1024);
	}
	assert_int_equal(e, ERR_TOO_BIG);
	assert_true(stream_queued_bytes(c.stream) <= 64 * 1024);
	for (int i = 0; i < CLIENT_TURNS_MAX && heard < sent; i++) {
		ssize_t n;

		while ((n = read(server, block, sizeof block)) > 0)
			heard += (size_t)n;
		loop_turn(*state, 1);
	}
	assert_int_equal(heard, sent);
	/* It is usable again. */
	assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_OK);
	hear(&c, server, "x");
	client_done(&c);
	close(server);
}

/* What is left to be read, up to the end of it; in *ret_errno how it ended. */
static size_t read_rest(int fd, int *ret_errno)
{
	static uint8_t block[65536];
	size_t all = 0;
	ssize_t n;

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	while ((n = read(fd, block, sizeof block)) > 0)
		all += (size_t)n;
	*ret_errno = n < 0 ? errno : 0;
	return all;
}

static void what_was_said_last_goes_out_before_an_orderly_end(void **state)
{
	struct client c;
	int server = pair(&c, *state, 1000), error;

	assert_int_equal(stream_write(c.stream, BYTES_LIT("a LOGOUT\r\n")), ERR_OK);
	stream_close(c.stream);
	c.stream = NULL;
	assert_int_equal(read_rest(server, &error), 10);
	assert_int_equal(error, 0);
	client_done(&c);
	close(server);
	server = pair(&c, *state, 1000);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a MOVE\r\n")), ERR_OK);
	stream_free(c.stream);
	c.stream = NULL;
	assert_int_equal(read_rest(server, &error), 0);
	client_done(&c);
	close(server);
	stream_close(NULL);
}

/* Connected to a socket with a small buffer that nobody reads. */
static int connect_to_deaf(int *ret_server)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 2048, fd;
	socklen_t size = sizeof a;

	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &size), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	*ret_server = accept(listener, NULL, NULL);
	assert_true(*ret_server >= 0);
	close(listener);
	return fd;
}

static void what_was_never_acknowledged_does_not_arrive_later(void **state)
{
	static uint8_t block[256 * 1024];
	struct client c;
	int server, error;

	client_init(&c, *state, connect_to_deaf(&server), sizeof block);
	assert_int_equal(stream_write(c.stream, bytes_of(block, sizeof block)), ERR_OK);
	while (stream_queued_bytes(c.stream) == sizeof block)
		loop_turn(*state, 5);
	stream_free(c.stream);
	c.stream = NULL;
	assert_true(read_rest(server, &error) < sizeof block);
	assert_int_equal(error, ECONNRESET);
	client_done(&c);
	close(server);
}

static void a_write_larger_than_the_queue_is_refused_whole(void **state)
{
	struct client c;
	int server = pair(&c, *state, 4);

	assert_int_equal(stream_write(c.stream, BYTES_LIT("12345")), ERR_TOO_BIG);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("1234")), ERR_OK);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("5")), ERR_TOO_BIG);
	hear(&c, server, "1234");
	client_done(&c);
	close(server);
}

static void nothing_is_read_while_paused(void **state)
{
	struct client c;
	int server = pair(&c, *state, 1000);

	c.pause = true;
	say(server, "one");
	client_wait_text(&c, "one");
	say(server, "two");
	for (int i = 0; i < 3; i++)
		loop_turn(*state, 0);
	assert_bytes_equal_str(buf_bytes(&c.got), "one");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_OK);
	hear(&c, server, "x");
	assert_bytes_equal_str(buf_bytes(&c.got), "one");
	stream_resume(c.stream);
	assert_bytes_equal_str(buf_bytes(&c.got), "one");
	client_wait_text(&c, "onetwo");
	client_done(&c);
	close(server);
}

/* Writes until the socket is full. */
static void fill(int fd)
{
	static char block[64 * 1024];

	while (write(fd, block, sizeof block) > 0)
		;
}

static void a_fast_server_does_not_starve_a_slow_one(void **state)
{
	struct client fast, slow;
	int fast_server = pair(&fast, *state, 1000), slow_server = pair(&slow, *state, 1000);
	int size = 4 * 1024 * 1024;
	size_t before;

	setsockopt(fast_server, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	setsockopt(fast_server, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	fill(fast_server);
	loop_turn(*state, 0);
	before = fast.got.len;
	say(slow_server, "hello");
	loop_turn(*state, 0);
	assert_bytes_equal_str(buf_bytes(&slow.got), "hello");
	/* A turn may serve it from the socket and from its task. */
	assert_true(fast.got.len - before <= 2 * 128 * 1024);
	client_done(&fast);
	client_done(&slow);
	close(fast_server);
	close(slow_server);
}

static void a_stream_can_be_freed_in_each_of_its_callbacks(void **state)
{
	static const enum client_event when[] = { CLIENT_DATA, CLIENT_CLOSED, CLIENT_DRAINED };

	for (size_t i = 0; i < sizeof when / sizeof when[0]; i++) {
		struct client c;
		int server = pair(&c, *state, 1000);

		c.free_on = when[i];
		if (when[i] == CLIENT_DATA)
			say(server, "hello");
		if (when[i] == CLIENT_DRAINED)
			assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_OK);
		if (when[i] == CLIENT_CLOSED)
			shutdown(server, SHUT_RDWR);
		client_wait_freed(&c);
		loop_turn(*state, 0);
		client_done(&c);
		close(server);
	}
}

struct tapped {
	char text[64];
	size_t n;
};

static void on_tap(void *ctx, bool outgoing, struct bytes data)
{
	struct tapped *t = ctx;

	t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%c%.*s;",
				 outgoing ? 'C' : 'S', BYTES_FMT(data));
}

static void a_tap_sees_what_passes(void **state)
{
	struct client c;
	struct tapped t = { .n = 0 };
	int server = pair(&c, *state, 1000);

	stream_set_tap(c.stream, on_tap, &t);
	say(server, "one");
	client_wait_text(&c, "one");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("two")), ERR_OK);
	hear(&c, server, "two");
	assert_string_equal(t.text, "Sone;Ctwo;");
	client_done(&c);
	close(server);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, new_loop, free_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(bytes_go_both_ways),
		ON_LOOP(the_end_comes_after_the_last_words_and_once),
		ON_LOOP(what_the_server_said_is_read_even_when_sending_to_it_fails),
		ON_LOOP(a_reset_is_told_from_an_end),
		ON_LOOP(a_server_that_does_not_read_fills_the_queue_and_no_more),
		ON_LOOP(what_was_said_last_goes_out_before_an_orderly_end),
		ON_LOOP(what_was_never_acknowledged_does_not_arrive_later),
		ON_LOOP(a_write_larger_than_the_queue_is_refused_whole),
		ON_LOOP(nothing_is_read_while_paused),
		ON_LOOP(a_fast_server_does_not_starve_a_slow_one),
		ON_LOOP(a_stream_can_be_freed_in_each_of_its_callbacks),
		ON_LOOP(a_tap_sees_what_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
