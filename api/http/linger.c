/*
 * The last seconds of a connection whose request was not read to its end: a
 * close with unread input would make the kernel throw away the answer that is
 * on its way. The socket is kept, what still comes is read and forgotten.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/internal.h"

#define LINGERS_MAX      256
#define LINGER_MS        2000
#define LINGER_MAX_BYTES (1024 * 1024)

struct lingerer {
	struct ring all;
	struct http_server *server;
	int fd;
	struct loop_watch *watch;
	struct loop_timer timer;
	size_t left_bytes;
};

static void linger_end(struct lingerer *g)
{
	loop_timer_stop(g->server->loop, &g->timer);
	loop_watch_free(g->watch);
	close(g->fd);
	ring_remove(&g->all);
	g->server->linger_count--;
	free(g);
}

static void on_linger_timer(struct loop_timer *t)
{
	linger_end(RING_ENTRY(t, struct lingerer, timer));
}

static void on_linger_input(void *ctx, unsigned events)
{
	struct lingerer *g = ctx;
	char waste[16 * 1024];
	ssize_t n = recv(g->fd, waste, sizeof waste, MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (size_t)n > g->left_bytes)
		linger_end(g);
	else
		g->left_bytes -= (size_t)n;
}

void linger_start(struct http_server *s, int fd)
{
	int copy = s->linger_count < LINGERS_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	struct lingerer *g = copy >= 0 ? calloc(1, sizeof *g) : NULL;

	if (!g) {
		if (copy >= 0)
			close(copy);
		return;
	}
	g->server = s;
	g->fd = copy;
	g->left_bytes = LINGER_MAX_BYTES;
	g->timer.fire = on_linger_timer;
	ring_append(&s->lingers, &g->all);
	s->linger_count++;
	(void)shutdown(copy, SHUT_WR);
	g->watch = loop_watch_new(s->loop, copy, LOOP_READABLE, on_linger_input, g);
	if (!g->watch || !loop_timer_start(s->loop, &g->timer, LINGER_MS))
		linger_end(g);
}

void linger_end_all(struct http_server *s)
{
	while (!ring_is_empty(&s->lingers))
		linger_end(RING_ENTRY(s->lingers.next, struct lingerer, all));
}
