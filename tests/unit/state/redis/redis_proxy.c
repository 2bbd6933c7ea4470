#include "redis_proxy.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

#define CONNS_MAX     32
#define OUT_MAX_BYTES (64 * 1024 * 1024)

struct side {
	struct redis_proxy *proxy;
	int fd; /* -1: the pair is free */
	struct loop_watch *watch;
	struct side *other;
	bool is_redis;
	struct buf out; /* not yet taken by it */
};

struct redis_proxy {
	struct loop *loop;
	char path[100], url[120], redis[100];
	int fd;
	struct loop_watch *watch;
	bool loses_replies, is_cut;
	struct side sides[CONNS_MAX][2];
};

static void side_close(struct side *s)
{
	if (s->fd < 0)
		return;
	loop_watch_free(s->watch);
	close(s->fd);
	s->fd = -1;
	buf_done(&s->out);
}

static void pair_close(struct side *s)
{
	side_close(s);
	side_close(s->other);
}

/* As much as the peer takes; the rest when it takes more. */
static bool flush(struct side *s)
{
	while (s->out.len > 0) {
		struct bytes out = buf_bytes(&s->out);
		ssize_t n = send(s->fd, out.at, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		buf_consume(&s->out, (size_t)n);
	}
	loop_watch_set(s->watch, LOOP_READABLE | (s->out.len ? LOOP_WRITABLE : 0));
	return true;
}

static void on_event(void *ctx, unsigned events)
{
	static char data[64 * 1024];
	struct side *s = ctx;
	ssize_t n = recv(s->fd, data, sizeof data, MSG_DONTWAIT);

	if ((events & LOOP_WRITABLE) && !flush(s)) {
		pair_close(s);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && !(s->is_redis && s->proxy->loses_replies))
		buf_append(&s->other->out, bytes_of(data, (size_t)n));
	if (n <= 0 || !flush(s->other))
		pair_close(s);
}

static int dial(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	close(fd);
	return -1;
}

static void on_connection(void *ctx, unsigned events)
{
	struct redis_proxy *p = ctx;
	int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC), i = 0;
	int redis = p->is_cut ? -1 : dial(p->redis);

	(void)events;
	if (fd < 0 || redis < 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (p->sides[i][0].fd >= 0)
		assert_true(++i < CONNS_MAX);
	p->sides[i][0].fd = fd;
	p->sides[i][1].fd = redis;
	for (int k = 0; k < 2; k++) {
		struct side *s = &p->sides[i][k];

		buf_init(&s->out, OUT_MAX_BYTES);
		s->watch = loop_watch_new(p->loop, s->fd, LOOP_READABLE, on_event, s);
		assert_non_null(s->watch);
	}
}

struct redis_proxy *redis_proxy_new(struct loop *l, unsigned number)
{
	struct redis_proxy *p = calloc(1, sizeof *p);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *redis = getenv("MAILBRIDGE_REDIS_SOCKET"),
		   *dir = getenv("MAILBRIDGE_REDIS_DIR");

	assert_non_null(p);
	assert_true(redis && dir);
	p->loop = l;
	snprintf(p->path, sizeof p->path, "%s/proxy%u.sock", dir, number);
	snprintf(p->url, sizeof p->url, "unix://%s", p->path);
	snprintf(p->redis, sizeof p->redis, "%s", redis);
	for (size_t i = 0; i < CONNS_MAX; i++) {
		for (size_t k = 0; k < 2; k++)
			p->sides[i][k] = (struct side){ .proxy = p,
							.fd = -1,
							.other = &p->sides[i][1 - k],
							.is_redis = k == 1 };
	}
	unlink(p->path);
	snprintf(un.sun_path, sizeof un.sun_path, "%s", p->path);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->fd, (struct sockaddr *)&un, sizeof un), 0);
	assert_int_equal(listen(p->fd, 16), 0);
	p->watch = loop_watch_new(l, p->fd, LOOP_READABLE, on_connection, p);
	assert_non_null(p->watch);
	return p;
}

static void close_all(struct redis_proxy *p)
{
	for (size_t i = 0; i < CONNS_MAX; i++)
		pair_close(&p->sides[i][0]);
}

void redis_proxy_free(struct redis_proxy *p)
{
	if (!p)
		return;
	close_all(p);
	loop_watch_free(p->watch);
	close(p->fd);
	unlink(p->path);
	free(p);
}

const char *redis_proxy_url(const struct redis_proxy *p)
{
	return p->url;
}

void redis_proxy_lose_replies(struct redis_proxy *p)
{
	p->loses_replies = true;
}

void redis_proxy_cut(struct redis_proxy *p)
{
	p->is_cut = true;
	close_all(p);
}

void redis_proxy_mend(struct redis_proxy *p)
{
	p->is_cut = p->loses_replies = false;
	close_all(p);
}
