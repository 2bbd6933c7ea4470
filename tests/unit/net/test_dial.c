#include "cmocka_all.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fake_net.h"
#include "net/dial.h"
#include "peer.h"

#define TURNS_MAX 4000
#define LONG_MS   60000

static int new_loop(void **state)
{
	*state = loop_new();
	fake_net_hold_slow();
	return *state ? 0 : -1;
}

static int free_loop(void **state)
{
	fake_net_let_slow_go();
	loop_free(*state);
	return 0;
}

/* One dial and what became of it. */
struct call_out {
	struct loop *loop;
	struct dialer *dialer;
	struct op *op;
	int told, fd;
	struct fault fault;
	struct call_out *cancels; /* when told */
	bool frees_dialer;
};

static void on_dialled(void *ctx, const struct fault *fault, int fd)
{
	struct call_out *x = ctx;

	x->op = NULL;
	x->told++;
	x->fd = fd;
	x->fault = fault ? *fault : fault_of(ERR_OK);
	assert_true((fd >= 0) == (fault == NULL));
	if (x->cancels && x->cancels->op) {
		op_cancel(x->cancels->op);
		x->cancels->op = NULL;
	}
	if (x->frees_dialer)
		dialer_free(x->dialer);
}

static void call_target(struct call_out *x, struct loop *l, struct dialer *d,
			const struct dial_target *target, uint64_t timeout_ms)
{
	*x = (struct call_out){ .loop = l, .dialer = d, .fd = -1 };
	x->op = dialer_connect(d, target, clock_monotonic_ms() + timeout_ms, on_dialled, x);
	assert_non_null(x->op);
	assert_int_equal(x->told, 0);
}

static void call(struct call_out *x, struct loop *l, struct dialer *d, const char *host,
		 unsigned port)
{
	call_target(x, l, d, &(struct dial_target){ .host = host, .port = (uint16_t)port },
		    LONG_MS);
}

static void wait_told(struct call_out *x)
{
	for (int i = 0; i < TURNS_MAX && !x->told; i++)
		loop_turn(x->loop, 5);
	assert_int_equal(x->told, 1);
}

static void check_failed(struct call_out *x, enum err err, const char *text)
{
	wait_told(x);
	if (x->fault.err != err || !strstr(x->fault.text, text))
		fail_msg("failed with %s \"%s\", want %s \"%s\"", err_name(x->fault.err),
			 x->fault.text, err_name(err), text);
}

static void hang_up(struct call_out *x)
{
	assert_true(x->fd >= 0);
	close(x->fd);
	x->fd = -1;
}

/* Reads the greeting that the peer's script says, and closes. */
static void check_greeted(struct call_out *x)
{
	static const char want[] = "* OK hello\r\n";
	char got[64];
	size_t n = 0;

	wait_told(x);
	if (x->fault.err)
		fail_msg("failed with %s \"%s\"", err_name(x->fault.err), x->fault.text);
	while (n < strlen(want)) {
		struct pollfd p = { .fd = x->fd, .events = POLLIN };
		ssize_t more;

		assert_int_equal(poll(&p, 1, 10000), 1);
		more = read(x->fd, got + n, sizeof got - n);
		assert_true(more > 0);
		n += (size_t)more;
	}
	assert_bytes_equal_str(bytes_of(got, n), want);
	hang_up(x);
}

static void greet(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_say(c, "* OK hello\r\n");
}

/* A port where nobody listens, and one where nobody answers. */
static int bound_port(unsigned *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

struct black_hole {
	int listener, fillers[8];
	unsigned port;
};

/* Its queue is full: the system ignores further attempts to connect. */
static void black_hole_open(struct black_hole *h)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	h->listener = bound_port(&h->port);
	assert_int_equal(listen(h->listener, 0), 0);
	a.sin_port = htons((uint16_t)h->port);
	for (size_t i = 0; i < 8; i++) {
		h->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(h->fillers[i], (struct sockaddr *)&a, sizeof a);
	}
}

static void black_hole_close(struct black_hole *h)
{
	for (size_t i = 0; i < 8; i++)
		close(h->fillers[i]);
	close(h->listener);
}

/* --- directly ------------------------------------------------------------------- */

static int int_option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void a_socket_comes_ready_for_use(void **state)
{
	struct peer *p = peer_start(NULL, greet, NULL);
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;

	call(&x, *state, d, "127.0.0.1", peer_port(p));
	wait_told(&x);
	assert_true(x.fd >= 0);
	assert_true(fcntl(x.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(x.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(int_option(x.fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(int_option(x.fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(int_option(x.fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
	/* It is ours alone: it outlives the dialer. */
	dialer_free(d);
	check_greeted(&x);
	peer_stop(p);
}

static void names_are_resolved_and_all_addresses_tried(void **state)
{
	struct peer *p = peer_start(NULL, greet, NULL);
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;

	call(&x, *state, d, "local.test", peer_port(p));
	check_greeted(&x);
	call(&x, *state, d, "two.test", peer_port(p));
	check_greeted(&x);
	dialer_free(d);
	peer_stop(p);
}

static void the_environments_proxies_are_ignored(void **state)
{
	struct peer *p = peer_start(NULL, greet, NULL);
	struct dialer *d;
	struct call_out x;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	d = dialer_new(*state, NULL);
	call(&x, *state, d, "local.test", peer_port(p));
	check_greeted(&x);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	dialer_free(d);
	peer_stop(p);
}

static void a_taken_socket_leaves_nothing_behind_on_the_loop(void **state)
{
	struct peer *p = peer_start(NULL, greet, NULL);
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;
	bool waited = false;

	call(&x, *state, d, "127.0.0.1", peer_port(p));
	wait_told(&x);
	/* The greeting is there to be read, yet the loop has nothing to do. */
	for (int i = 0; i < 20 && !waited; i++) {
		uint64_t before = clock_monotonic_ms();

		loop_turn(*state, 20);
		waited = clock_monotonic_ms() - before >= 10;
	}
	assert_true(waited);
	check_greeted(&x);
	dialer_free(d);
	peer_stop(p);
}

static void failures_say_what_happened(void **state)
{
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;
	unsigned port;
	int fd = bound_port(&port);

	call(&x, *state, d, "local.test", port);
	check_failed(&x, ERR_NET, "connection refused");
	call(&x, *state, d, "nowhere.test", 143);
	check_failed(&x, ERR_NET, "nowhere.test cannot be resolved");
	dialer_free(d);
	close(fd);
}

static void what_is_no_host_or_port_is_refused(void **state)
{
	static const char *const bad[] = { "",       "a b",          "a/b",  "user@local.test",
					   "a?b",    "[::1]",        "a#b",  "a%b",
					   "a\r\nb", "local.test\\", "a\x7f" };
	struct dialer *d = dialer_new(*state, NULL);
	char too_long[300];
	struct call_out x;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		call(&x, *state, d, bad[i], 143);
		check_failed(&x, ERR_INVALID, "not a host name");
	}
	memset(too_long, 'a', sizeof too_long);
	too_long[sizeof too_long - 1] = '\0';
	call(&x, *state, d, too_long, 143);
	check_failed(&x, ERR_INVALID, "not a host name");
	call(&x, *state, d, "local.test", 0);
	check_failed(&x, ERR_INVALID, "not a host name and port");
	dialer_free(d);
}

/* --- deadlines, cancelling, waiting ------------------------------------------------ */

static void the_deadline_holds_at_every_stage(void **state)
{
	struct dialer *d = dialer_new(*state, &(struct dial_options){ .max_in_flight = 2 });
	struct black_hole h;
	struct call_out resolving, connecting, waiting;
	struct dial_target slow = { .host = "slow.test", .port = 143 };
	struct dial_target hole = { .host = "127.0.0.1" };

	black_hole_open(&h);
	hole.port = (uint16_t)h.port;
	call_target(&resolving, *state, d, &slow, 30);
	call_target(&connecting, *state, d, &hole, 40);
	call_target(&waiting, *state, d, &hole, 20);
	check_failed(&waiting, ERR_TIMEOUT, "took too long");
	check_failed(&resolving, ERR_TIMEOUT, "slow.test:143 took too long");
	check_failed(&connecting, ERR_TIMEOUT, "took too long");
	dialer_free(d);
	black_hole_close(&h);
}

static void a_dial_can_be_cancelled_at_every_stage(void **state)
{
	struct dialer *d = dialer_new(*state, &(struct dial_options){ .max_in_flight = 2 });
	struct peer *p = peer_start(NULL, greet, NULL);
	struct black_hole h;
	struct call_out resolving, connecting, waiting, done, after;

	black_hole_open(&h);
	call(&resolving, *state, d, "slow.test", 143);
	call(&connecting, *state, d, "127.0.0.1", h.port);
	call(&waiting, *state, d, "local.test", peer_port(p));
	call(&done, *state, d, "", 0);
	call(&after, *state, d, "local.test", peer_port(p));
	op_cancel(done.op);
	op_cancel(waiting.op);
	for (int i = 0; i < TURNS_MAX && fake_net_slow_waiting() == 0; i++)
		loop_turn(*state, 5);
	loop_turn(*state, 5);
	assert_int_equal(after.told, 0);
	op_cancel(resolving.op); /* does not wait for the resolver */
	op_cancel(connecting.op);
	check_greeted(&after);
	assert_int_equal(resolving.told + connecting.told + waiting.told + done.told, 0);
	fake_net_let_slow_go();
	loop_turn(*state, 5);
	assert_int_equal(resolving.told, 0);
	dialer_free(d);
	black_hole_close(&h);
	peer_stop(p);
}

static void of_two_dials_the_first_may_cancel_the_second(void **state)
{
	struct dialer *d = dialer_new(*state, NULL);
	struct peer *p = peer_start(NULL, greet, NULL);
	struct call_out x, y;

	call(&x, *state, d, "127.0.0.1", peer_port(p));
	call(&y, *state, d, "127.0.0.1", peer_port(p));
	x.cancels = &y;
	y.cancels = &x;
	for (int i = 0; i < TURNS_MAX && !x.told && !y.told; i++)
		loop_turn(*state, 5);
	loop_turn(*state, 5);
	assert_int_equal(x.told + y.told, 1);
	hang_up(x.told ? &x : &y);
	dialer_free(d);
	peer_stop(p);
}

static void the_dialer_can_be_freed_at_any_time(void **state)
{
	struct dialer *d = dialer_new(*state, &(struct dial_options){ .max_in_flight = 2 });
	struct peer *p = peer_start(NULL, greet, NULL);
	struct call_out resolving, x, waiting;

	call(&resolving, *state, d, "slow.test", 143);
	call(&x, *state, d, "127.0.0.1", peer_port(p));
	call(&waiting, *state, d, "slow.test", 143);
	x.frees_dialer = true;
	check_greeted(&x);
	loop_turn(*state, 5);
	assert_int_equal(resolving.told + waiting.told, 0);
	peer_stop(p);
}

static void no_more_are_in_flight_than_allowed_and_the_others_follow(void **state)
{
	enum { N = 7, MAX = 3 };
	struct dialer *d = dialer_new(*state, &(struct dial_options){ .max_in_flight = MAX });
	struct peer *p = peer_start(NULL, greet, NULL);
	struct call_out x[N];

	for (int i = 0; i < N; i++)
		call(&x[i], *state, d, "slower.test", peer_port(p));
	for (int i = 0; i < TURNS_MAX && fake_net_slower_waiting() < MAX; i++)
		loop_turn(*state, 5);
	for (int i = 0; i < 10; i++)
		loop_turn(*state, 1);
	assert_int_equal(fake_net_slower_waiting(), MAX);
	fake_net_let_slow_go();
	for (int i = 0; i < N; i++)
		check_greeted(&x[i]);
	dialer_free(d);
	peer_stop(p);
}

/* --- public addresses only ------------------------------------------------------------ */

static void call_public(struct call_out *x, struct loop *l, struct dialer *d, const char *host,
			unsigned port, const char *proxy)
{
	call_target(
		x, l, d,
		&(struct dial_target){
			.host = host, .port = (uint16_t)port, .proxy = proxy, .public_only = true },
		LONG_MS);
}

static void private_addresses_are_refused_after_resolution(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "private.test",     "local.test",
					     "::1",       "::ffff:127.0.0.1", "0x7f000001",
					     "2130706433" };
	struct dialer *d = dialer_new(*state, NULL);
	int tried = fake_net_private_tried();
	struct call_out x;

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		call_public(&x, *state, d, hosts[i], 143, NULL);
		check_failed(&x, ERR_DENIED, "is not a public address");
	}
	assert_int_equal(fake_net_private_tried(), tried);
	dialer_free(d);
}

static void public_addresses_are_let_through(void **state)
{
	struct peer *p = peer_start(NULL, greet, NULL);
	struct dialer *d = dialer_new(*state, NULL);
	int tried = fake_net_private_tried();
	struct call_out x;

	call_public(&x, *state, d, "public.test", peer_port(p), NULL);
	check_greeted(&x);
	call_public(&x, *state, d, "mixed.test", peer_port(p), NULL);
	check_greeted(&x);
	assert_int_equal(fake_net_private_tried(), tried);
	dialer_free(d);
	peer_stop(p);
}

/* --- proxies ------------------------------------------------------------------------------ */

struct proxy_seen {
	char target[300]; /* "name:port" or "1.2.3.4:port" */
	int answer;       /* SOCKS: the reply code; HTTP: the status */
};

static void read_exactly(struct peer_conn *c, uint8_t *to, size_t n)
{
	size_t more;

	for (; n > 0 && (more = peer_read(c, to, n)) > 0; n -= more)
		to += more;
	if (n > 0)
		peer_complain(c, "the client broke off");
}

static void socks_proxy(struct peer_conn *c, void *ctx)
{
	struct proxy_seen *seen = ctx;
	uint8_t at[512] = { 0 }, reply[10] = { 5, 0, 0, 1 };
	size_t n;

	read_exactly(c, at, 2);
	read_exactly(c, at + 2, at[1]);
	peer_say_bytes(c, bytes_of("\x05\x00", 2));
	read_exactly(c, at, 5);
	n = at[3] == 3 ? at[4] : 3;
	read_exactly(c, at + 5, n + 2);
	if (at[3] == 3)
		snprintf(seen->target, sizeof seen->target, "%.*s:%d", (int)n, at + 5,
			 at[5 + n] << 8 | at[6 + n]);
	else
		snprintf(seen->target, sizeof seen->target, "%d.%d.%d.%d:%d", at[4], at[5], at[6],
			 at[7], at[8] << 8 | at[9]);
	reply[1] = (uint8_t)seen->answer;
	peer_say_bytes(c, bytes_of(reply, sizeof reply));
	if (!seen->answer)
		greet(c, NULL);
}

static void http_proxy(struct peer_conn *c, void *ctx)
{
	struct proxy_seen *seen = ctx;
	char head[1024] = "", reply[128];
	size_t n = 0;

	while (!strstr(head, "\r\n\r\n") && n < sizeof head - 1) {
		read_exactly(c, (uint8_t *)head + n, 1);
		head[++n] = '\0';
	}
	n = strcspn(head + strlen("CONNECT "), " ");
	snprintf(seen->target, sizeof seen->target, "%.*s", (int)n, head + strlen("CONNECT "));
	if (seen->answer) {
		snprintf(reply, sizeof reply, "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n",
			 seen->answer);
		peer_say(c, reply);
		return;
	}
	/* The server's greeting travels with the proxy's answer. */
	peer_say(c, "HTTP/1.1 200 Connected\r\n\r\n* OK hello\r\n");
}

static void call_through(struct call_out *x, struct loop *l, struct dialer *d, const char *scheme,
			 const struct peer *proxy, const char *host)
{
	char url[64];

	snprintf(url, sizeof url, "%s://127.0.0.1:%u", scheme, peer_port(proxy));
	call_target(x, l, d, &(struct dial_target){ .host = host, .port = 993, .proxy = url },
		    LONG_MS);
}

static void a_socks_proxy_is_given_the_name(void **state)
{
	struct proxy_seen seen = { .answer = 0 };
	struct peer *p = peer_start(NULL, socks_proxy, &seen);
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;

	call_through(&x, *state, d, "socks5h", p, "mail.example.org");
	check_greeted(&x);
	assert_string_equal(seen.target, "mail.example.org:993");
	seen.answer = 5;
	call_through(&x, *state, d, "socks5h", p, "mail.example.org");
	check_failed(&x, ERR_NET, "SOCKS5");
	dialer_free(d);
	peer_stop(p);
}

static void an_http_proxy_is_asked_to_connect_and_its_bytes_are_not_lost(void **state)
{
	struct proxy_seen seen = { .answer = 0 };
	struct peer *p = peer_start(NULL, http_proxy, &seen);
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;

	call_through(&x, *state, d, "http", p, "mail.example.org");
	check_greeted(&x);
	assert_string_equal(seen.target, "mail.example.org:993");
	seen.answer = 403;
	call_through(&x, *state, d, "http", p, "mail.example.org");
	check_failed(&x, ERR_NET, "403");
	dialer_free(d);
	peer_stop(p);
}

static void proxies_of_unknown_kinds_are_refused(void **state)
{
	static const char *const bad[] = { "https://127.0.0.1:1", "127.0.0.1:1", "", "file:///x" };
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		call_target(
			&x, *state, d,
			&(struct dial_target){ .host = "local.test", .port = 143, .proxy = bad[i] },
			LONG_MS);
		check_failed(&x, ERR_INVALID, "proxy");
	}
	dialer_free(d);
}

static void behind_a_proxy_public_names_are_resolved_here(void **state)
{
	struct proxy_seen seen = { .answer = 0 };
	struct peer *p = peer_start(NULL, socks_proxy, &seen);
	struct dialer *d = dialer_new(*state, NULL);
	struct call_out x, y;
	char url[64];

	snprintf(url, sizeof url, "socks5h://127.0.0.1:%u", peer_port(p));
	call_public(&x, *state, d, "mixed.test", 993, url);
	check_greeted(&x);
	assert_string_equal(seen.target, "8.8.4.4:993");
	seen.target[0] = '\0';
	call_public(&x, *state, d, "private.test", 993, url);
	check_failed(&x, ERR_DENIED, "10.0.0.1 is not a public address");
	call_public(&x, *state, d, "nowhere.test", 993, url);
	check_failed(&x, ERR_NET, "");
	/* Cancelled, or out of time, in mid look-up. */
	call_public(&x, *state, d, "slow.test", 993, url);
	call_target(&y, *state, d,
		    &(struct dial_target){
			    .host = "slow.test", .port = 993, .proxy = url, .public_only = true },
		    20);
	check_failed(&y, ERR_TIMEOUT, "took too long");
	op_cancel(x.op);
	fake_net_let_slow_go();
	loop_turn(*state, 5);
	assert_int_equal(x.told, 0);
	assert_string_equal(seen.target, "");
	dialer_free(d);
	peer_stop(p);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, new_loop, free_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(a_socket_comes_ready_for_use),
		ON_LOOP(names_are_resolved_and_all_addresses_tried),
		ON_LOOP(the_environments_proxies_are_ignored),
		ON_LOOP(a_taken_socket_leaves_nothing_behind_on_the_loop),
		ON_LOOP(failures_say_what_happened),
		ON_LOOP(what_is_no_host_or_port_is_refused),
		ON_LOOP(the_deadline_holds_at_every_stage),
		ON_LOOP(a_dial_can_be_cancelled_at_every_stage),
		ON_LOOP(of_two_dials_the_first_may_cancel_the_second),
		ON_LOOP(the_dialer_can_be_freed_at_any_time),
		ON_LOOP(no_more_are_in_flight_than_allowed_and_the_others_follow),
		ON_LOOP(private_addresses_are_refused_after_resolution),
		ON_LOOP(public_addresses_are_let_through),
		ON_LOOP(a_socks_proxy_is_given_the_name),
		ON_LOOP(an_http_proxy_is_asked_to_connect_and_its_bytes_are_not_lost),
		ON_LOOP(proxies_of_unknown_kinds_are_refused),
		ON_LOOP(behind_a_proxy_public_names_are_resolved_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
