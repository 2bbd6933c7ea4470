#include "peer.h"

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer_certs.h"

#define WAIT_MAX_MS 60000

struct peer {
	struct peer_options options;
	peer_script *script;
	void *ctx;
	int listen_fd;
	int stop[2]; /* a pipe: closed to end the thread */
	unsigned port;
	pthread_t thread;
	SSL_CTX *tls;
	char complaint[256];
};

struct peer_conn {
	struct peer *peer;
	int fd;
	SSL *ssl;
};

void peer_complain(struct peer_conn *c, const char *fmt, ...)
{
	va_list args;

	if (c->peer->complaint[0])
		return;
	va_start(args, fmt);
	vsnprintf(c->peer->complaint, sizeof c->peer->complaint, fmt, args);
	va_end(args);
}

/* False when nothing comes for long: the test hangs no longer than this. */
static bool wait_readable(struct peer_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->fd < 0 || (c->ssl && SSL_pending(c->ssl) > 0))
		return c->fd >= 0;
	if (poll(&p, 1, WAIT_MAX_MS) == 1)
		return true;
	peer_complain(c, "the client said nothing for long");
	return false;
}

size_t peer_read(struct peer_conn *c, void *to, size_t size)
{
	ssize_t n;

	if (!wait_readable(c))
		return 0;
	n = c->ssl ? SSL_read(c->ssl, to, (int)size) : read(c->fd, to, size);
	return n > 0 ? (size_t)n : 0;
}

void peer_say_bytes(struct peer_conn *c, struct bytes data)
{
	while (data.len > 0 && c->fd >= 0) {
		ssize_t n = c->ssl ? SSL_write(c->ssl, data.at, (int)data.len)
				   : send(c->fd, data.at, data.len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the client has gone; that is for the test to judge */
		data = bytes_skip(data, (size_t)n);
	}
}

void peer_say(struct peer_conn *c, const char *text)
{
	peer_say_bytes(c, bytes_of_str(text));
}

void peer_hear(struct peer_conn *c, const char *text)
{
	size_t want = strlen(text), n = 0, more;
	char got[1024];

	assert(want <= sizeof got);
	while (n < want && (more = peer_read(c, got + n, want - n)) > 0)
		n += more;
	if (!bytes_equal_str(bytes_of(got, n), text))
		peer_complain(c, "the server heard \"%.*s\", not \"%s\"", (int)n, got, text);
}

static int handshake(struct peer_conn *c)
{
	c->ssl = SSL_new(c->peer->tls);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_accept(c->ssl);
}

void peer_start_tls(struct peer_conn *c)
{
	if (handshake(c) != 1)
		peer_complain(c, "no TLS with the client");
}

void peer_start_tls_in_vain(struct peer_conn *c)
{
	char end;

	/* In TLS 1.3 the client's refusal comes after our half is done. */
	if (handshake(c) == 1 && SSL_read(c->ssl, &end, 1) > 0)
		peer_complain(c, "the client went on");
	SSL_free(c->ssl);
	c->ssl = NULL;
}

SSL *peer_ssl(struct peer_conn *c)
{
	return c->ssl;
}

int peer_fd(struct peer_conn *c)
{
	return c->fd;
}

void peer_hang_up(struct peer_conn *c)
{
	close(c->fd);
	c->fd = -1;
	if (c->ssl)
		SSL_set_quiet_shutdown(c->ssl, 1);
}

void peer_reset(struct peer_conn *c)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	peer_hang_up(c);
}

void peer_wait_closed(struct peer_conn *c)
{
	char rest[256];

	while (peer_read(c, rest, sizeof rest) > 0)
		;
}

static void serve(struct peer *p, int fd)
{
	struct peer_conn c = { .peer = p, .fd = fd };

	p->script(&c, p->ctx);
	if (c.ssl) {
		SSL_shutdown(c.ssl);
		SSL_free(c.ssl);
	}
	if (c.fd >= 0)
		close(c.fd);
}

static void *run(void *arg)
{
	struct peer *p = arg;
	struct pollfd ready[2] = {
		{ .fd = p->stop[0], .events = POLLIN },
		{ .fd = p->listen_fd, .events = POLLIN },
	};

	for (;;) {
		poll(ready, 2, -1);
		if (ready[1].revents)
			serve(p, accept(p->listen_fd, NULL, NULL));
		else
			return NULL;
	}
}

struct peer *peer_start(const struct peer_options *o, peer_script *script, void *ctx)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	struct peer *p = calloc(1, sizeof *p);

	assert_non_null(p);
	if (o)
		p->options = *o;
	p->script = script;
	p->ctx = ctx;
	p->tls = peer_certs_server_ctx(&p->options);
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listen_fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(p->listen_fd, 128), 0);
	assert_int_equal(getsockname(p->listen_fd, (struct sockaddr *)&a, &len), 0);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pipe(p->stop), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
	return p;
}

unsigned peer_port(const struct peer *p)
{
	return p->port;
}

int peer_connect(const struct peer *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)p->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

void peer_stop(struct peer *p)
{
	char complaint[sizeof p->complaint];

	close(p->stop[1]);
	pthread_join(p->thread, NULL);
	memcpy(complaint, p->complaint, sizeof complaint);
	close(p->stop[0]);
	close(p->listen_fd);
	SSL_CTX_free(p->tls);
	free(p);
	if (complaint[0])
		fail_msg("%s", complaint);
}
