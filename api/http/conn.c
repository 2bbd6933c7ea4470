/*
 * What MHD calls a connection, seen by the clock. MHD's own time-out counts
 * inactivity, so a client that sends a byte now and then could hold a
 * connection for ever: here the head and the body have their deadlines.
 *
 * Whether a client that is silent between two requests has begun the next one
 * is not visible from outside of MHD; the kernel knows when the last bytes came
 * (TCP_INFO), and is asked when the time is over, never per request.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/internal.h"

/* --- time ------------------------------------------------------------------------------ */

void conn_set_due(struct conn *c, uint64_t due_ms)
{
	c->due_ms = due_ms;
	if (loop_timer_is_on(&c->timer) && c->timer.due_ms <= due_ms)
		return;
	if (!loop_timer_start_at(c->server->loop, &c->timer, due_ms))
		conn_end(c); /* no memory: better without this client than without a limit */
}

void conn_idle(struct conn *c)
{
	c->rq = NULL;
	c->has_begun = false;
	c->idle_since_ms = c->idle_checked_ms = clock_monotonic_ms();
	conn_set_due(c, c->idle_since_ms + c->server->config.header_timeout_ms);
}

void conn_end(struct conn *c)
{
	c->is_ended = true;
	(void)shutdown(c->fd, SHUT_RDWR);
}

void conn_send_problem(struct conn *c, const struct problem *p)
{
	struct buf out;

	buf_init(&out, HTTP_POOL_BYTES);
	reply_write_raw(&out, c->server, c->rq, p);
	if (!buf_err(&out))
		(void)send(c->fd, buf_bytes(&out).at, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (c->rq) {
		c->rq->status = p->kind->status;
		c->rq->problem_code = p->kind->code;
		c->rq->bytes_out = out.len;
	}
	buf_done(&out);
}

void conn_end_with(struct conn *c, const struct problem *p)
{
	conn_send_problem(c, p);
	conn_end(c);
}

/* Has any part of a request come that MHD has not told us about? On a new
 * connection: anything at all. Later: since the time; the kernel counts in
 * ticks of a few ms, and the last request's own end must not count. */
static bool had_input(const struct conn *c, uint64_t since_ms)
{
	struct tcp_info info = { .tcpi_bytes_received = 0 };
	socklen_t len = sizeof info;

	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return true;
	if (!c->had_request)
		return info.tcpi_bytes_received > 0;
	return clock_monotonic_ms() - info.tcpi_last_data_recv > since_ms + 10;
}

static void on_idle_due(struct conn *c, uint64_t now)
{
	const struct http_config *config = &c->server->config;
	uint64_t end = c->idle_since_ms + config->idle_timeout_ms;
	uint64_t next = now + config->header_timeout_ms;

	if (had_input(c, c->idle_checked_ms)) {
		/* A head has begun since the last look: now its time runs. */
		c->has_begun = true;
		conn_set_due(c, next);
	} else if (now >= end || !c->had_request) {
		conn_end(c);
	} else {
		c->idle_checked_ms = now;
		conn_set_due(c, next < end ? next : end);
	}
}

static void on_head_due(struct conn *c, uint64_t now)
{
	struct problem late = problem_of("request-timeout");

	if (c->rq || c->has_begun || (!c->had_request && had_input(c, 0)))
		conn_end_with(c, &late);
	else
		on_idle_due(c, now);
}

static void on_body_due(struct conn *c, uint64_t now)
{
	struct problem late = problem_of("request-timeout");
	uint64_t due = exchange_body_due(c->rq);

	if (due > now) {
		conn_set_due(c, due);
		return;
	}
	/* The answer that only waited for the body's end, or that it is too slow. */
	conn_end_with(c, c->rq->problem ? c->rq->problem : &late);
}

static void on_due(struct loop_timer *t)
{
	struct conn *c = RING_ENTRY(t, struct conn, timer);
	uint64_t now = clock_monotonic_ms();

	if (c->is_ended)
		return;
	if (c->due_ms > now) {
		conn_set_due(c, c->due_ms);
		return;
	}
	switch (c->rq ? c->rq->state : REQUEST_HEAD) {
	case REQUEST_HEAD: on_head_due(c, now); break;
	case REQUEST_BODY:
	case REQUEST_DISCARD: on_body_due(c, now); break;
	case REQUEST_AUTH:
	case REQUEST_HANDLER:
	case REQUEST_SENDING: request_deadline(c->rq); break;
	case REQUEST_CHECKED:
	case REQUEST_REPLY:
	case REQUEST_TAKEN:
	case REQUEST_GONE: break;
	}
}

/* --- begin and end ------------------------------------------------------------------------ */

static struct proxy_address address_of(const struct sockaddr *sa)
{
	struct proxy_address a = { { [10] = 0xff, [11] = 0xff } };

	if (sa->sa_family == AF_INET)
		memcpy(a.at + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(a.at, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	return a;
}

static struct conn *conn_new(struct http_server *s, struct MHD_Connection *mhd)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->server = s;
	c->mhd = mhd;
	c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	c->peer = address_of(
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	c->timer.fire = on_due;
	ring_append(&s->conns, &c->all);
	s->stats.connections_open++;
	conn_idle(c);
	return c;
}

/* MHD drops a connection without a word when it cannot make sense of the first
 * request line: there was input, no answer, and the client is still there. */
static bool was_gibberish(const struct conn *c)
{
	struct tcp_info info = { .tcpi_bytes_received = 0 };
	socklen_t len = sizeof info;
	char one;

	return !c->had_request && !c->is_ended && c->server->drain < DRAIN_ENDING &&
	       recv(c->fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) != 0 &&
	       getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_bytes_received > 0 && info.tcpi_bytes_sent == 0;
}

static void conn_free(struct conn *c)
{
	if (was_gibberish(c)) {
		struct problem p = problem_with("invalid-request",
						"The request line is not that of HTTP/1.1.");

		conn_end_with(c, &p);
	}
	c->server->stats.connections_open--;
	/* MHD may have refused others because of this one. */
	server_touch(c->server);
	loop_timer_stop(c->server->loop, &c->timer);
	ring_remove(&c->all);
	free(c);
}

void conn_notify(void *server, struct MHD_Connection *mhd, void **conn,
		 enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*conn = conn_new(server, mhd);
	else if (*conn)
		conn_free(*conn);
}
