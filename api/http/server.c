#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "http/internal.h"

#define ROUNDS_MAX 8 /* of MHD_run() per turn, before others get theirs */

/* --- turns ------------------------------------------------------------------------------- */

void server_touch(struct http_server *s)
{
	s->dirty = true;
	/* Whoever calls from outside of a turn must not wait for the next event. */
	loop_task_start(s->loop, &s->again);
}

static void on_again(struct loop_task *t)
{
	(void)t; /* that it ran made the turn happen */
}

static void on_wake(struct loop_timer *t)
{
	server_touch(RING_ENTRY(t, struct http_server, wake));
}

static void on_epoll(void *ctx, unsigned events)
{
	struct http_server *s = ctx;

	if (events & LOOP_ERROR)
		loop_watch_set(s->epoll, LOOP_READABLE);
	server_touch(s);
}

/* In external mode MHD wakes nobody: it must run after each resume, and again
 * while it says so, for it takes the events of its sockets only once. */
static void on_turn_end(void *ctx)
{
	struct http_server *s = ctx;
	MHD_UNSIGNED_LONG_LONG wait_ms;
	unsigned rounds = 0;
	bool has_wait;

	if (!s->mhd || !s->dirty)
		return;
	do {
		s->dirty = false;
		MHD_run(s->mhd);
		has_wait = MHD_get_timeout(s->mhd, &wait_ms) == MHD_YES;
		s->dirty |= has_wait && wait_ms == 0;
	} while (s->dirty && ++rounds < ROUNDS_MAX);
	if (s->dirty)
		server_touch(s);
	else if (has_wait && !loop_timer_is_on(&s->wake) &&
		 !loop_timer_start(s->loop, &s->wake, wait_ms))
		server_touch(s);
}

/* --- begin ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static void on_mhd_log(void *ctx, const char *fmt,
							     va_list args)
{
	char text[512];

	if (MHD_VERSION < 0x01000000 && strstr(fmt, "Content-Length"))
		exchange_bad_length(ctx, strstr(fmt, "Too large") != NULL);
	if (!log_enabled(LOG_DEBUG))
		return;
	vsnprintf(text, sizeof text, fmt, args);
	log_msg(LOG_DEBUG, "libmicrohttpd", "%s", text);
}

static bool take_config(struct http_server *s, const struct http_config *config,
			struct fault *ret_fault)
{
	size_t n = 0;

	s->config = *config;
	while (config->trusted_proxies && config->trusted_proxies[n])
		n++;
	s->trusted.at = calloc(n + 1, sizeof *s->trusted.at);
	if (!s->trusted.at) {
		*ret_fault = fault_of(ERR_NOMEM);
		return false;
	}
	for (; s->trusted.count < n; s->trusted.count++) {
		const char *text = config->trusted_proxies[s->trusted.count];

		if (proxy_parse_net(bytes_of_str(text), &s->trusted.at[s->trusted.count]))
			continue;
		*ret_fault = fault_with_text(ERR_INVALID, text);
		return false;
	}
	return true;
}

static bool make_id_prefix(struct http_server *s, struct fault *ret_fault)
{
	uint8_t random[3];

	if (!hash_random(random, sizeof random)) {
		*ret_fault = fault_of(ERR_INTERNAL);
		return false;
	}
	hash_base64url_str(s->id_prefix, sizeof s->id_prefix, bytes_of(random, sizeof random));
	memcpy(s->id_prefix + 4, "-", 2);
	return true;
}

static bool make_counts(struct http_server *s, struct fault *ret_fault)
{
	s->by_route = calloc(s->routes.count + 1, sizeof *s->by_route);
	if (!s->by_route) {
		*ret_fault = fault_of(ERR_NOMEM);
		return false;
	}
	for (size_t i = 0; i < s->routes.count; i++)
		s->by_route[i].operation = s->routes.at[i].operation;
	s->by_route[s->routes.count].operation = "";
	return true;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return 0;
	return ntohs(a.sin6_port); /* at the same place in sockaddr_in */
}

static unsigned mhd_timeout_s(const struct http_config *config)
{
	/* A backstop for clients that do not read their answers; what is exact is
	 * conn.c's. */
	return (unsigned)(config->idle_timeout_ms / 1000) + 2;
}

/* Half of the descriptors are for clients. Without any left MHD would try to
 * accept in every turn, for ever. */
static unsigned connections_that_fit(unsigned wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 >= wanted)
		return wanted;
	log_msg(LOG_WARN, "descriptors", "only %llu: %llu connections are taken, not %u",
		(unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_cur / 2, wanted);
	return (unsigned)(limit.rlim_cur / 2);
}

static struct MHD_Daemon *start_mhd(struct http_server *s, int fd)
{
	unsigned flags =
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG;
	unsigned per_client = s->trusted.count ? 0 : s->config.connections_per_client;

	/* Strictness is the guard's with 0.9.75, which is strict in silence (it
	 * closes); 1.0 looks better than the guard can. */
	return MHD_start_daemon(
		flags, 0, NULL, NULL, exchange_access, s, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, s,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, exchange_line, s,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		conn_notify, s, MHD_OPTION_CONNECTION_TIMEOUT, mhd_timeout_s(&s->config),
		MHD_OPTION_CONNECTION_LIMIT, s->config.connections_max,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_client, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT,
		MHD_VERSION < 0x01000000 ? 0 : 1, MHD_OPTION_END);
}

static bool start(struct http_server *s, struct fault *ret_fault)
{
	int fd = http_listen(s->config.listen, ret_fault), epoll;

	if (fd < 0)
		return false;
	s->port = port_of(fd);
	s->config.connections_max = connections_that_fit(s->config.connections_max);
	s->mhd = start_mhd(s, fd);
	if (!s->mhd) {
		close(fd);
		*ret_fault = fault_with_text(ERR_INTERNAL, "libmicrohttpd does not start");
		return false;
	}
	epoll = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	s->epoll = loop_watch_new(s->loop, epoll, LOOP_READABLE, on_epoll, s);
	if (!s->epoll) {
		*ret_fault = fault_of(ERR_NOMEM);
		return false;
	}
	server_touch(s); /* the first run makes it listen */
	return true;
}

struct http_server *http_server_new(struct loop *l, const struct http_config *config,
				    const struct route_table *routes, http_authenticate_fn *auth,
				    void *auth_ctx, struct fault *ret_fault)
{
	struct http_server *s = calloc(1, sizeof *s);

	if (!s) {
		*ret_fault = fault_of(ERR_NOMEM);
		return NULL;
	}
	s->loop = l;
	s->routes = *routes;
	s->auth = auth;
	s->auth_ctx = auth_ctx;
	s->again.run = on_again;
	s->wake.fire = on_wake;
	ring_init(&s->conns);
	ring_init(&s->waiting);
	ring_init(&s->heads);
	ring_init(&s->streams);
	ring_init(&s->lingers);
	loop_set_turn_end(l, on_turn_end, s);
	if (make_counts(s, ret_fault) && take_config(s, config, ret_fault) &&
	    make_id_prefix(s, ret_fault) && start(s, ret_fault))
		return s;
	http_server_free(s);
	return NULL;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

struct http_stats http_server_stats(const struct http_server *s)
{
	return s->stats;
}

void server_count(struct http_server *s, const struct route *route, unsigned status, uint64_t us)
{
	size_t i = route ? (size_t)(route - s->routes.at) : s->routes.count;
	unsigned class = status == 499 ? 0 : status / 100;

	s->by_route[i].answers[class < HTTP_STATUS_CLASSES ? class : 0]++;
	s->by_route[i].us += us;
}

const struct http_route_stats *http_server_routes(const struct http_server *s, size_t *ret_count)
{
	*ret_count = s->routes.count + 1;
	return s->by_route;
}

/* --- end: MHD aborts the process when this is done in another order ----------------------- */

static bool is_under_way(const struct http_server *s)
{
	if (!ring_is_empty(&s->streams))
		return true;
	for (struct ring *r = s->conns.next; r != &s->conns; r = r->next) {
		const struct conn *c = RING_ENTRY(r, struct conn, all);

		if (c->rq && c->rq->state != REQUEST_HEAD)
			return true;
	}
	return false;
}

void server_check_drained(struct http_server *s)
{
	if (s->drain == DRAIN_WAITING && !is_under_way(s))
		loop_task_start(s->loop, &s->drained);
}

/* What still waits for the mail side gets its answer: the server stops. */
static void answer_waiting(struct http_server *s)
{
	struct problem p = problem_of("server-stopping");

	for (struct ring *r = s->conns.next; r != &s->conns; r = r->next) {
		struct request *rq = RING_ENTRY(r, struct conn, all)->rq;

		if (rq && rq->state == REQUEST_SENDING && rq->stream.is_on) {
			reply_stream_abort(rq);
		} else if (rq && (rq->state == REQUEST_AUTH || rq->state == REQUEST_HANDLER)) {
			request_cancel_op(rq);
			reply_problem(rq, &p);
		}
	}
}

/* Nothing may be suspended when MHD stops. */
static void stop_mhd(struct http_server *s)
{
	int fd;

	s->drain = DRAIN_ENDING;
	fd = MHD_quiesce_daemon(s->mhd);
	if (fd >= 0)
		close(fd);
	stream_abort_all(s);
	answer_waiting(s);
	for (int i = 0; i < ROUNDS_MAX; i++)
		MHD_run(s->mhd);
	for (struct ring *r = s->conns.next; r != &s->conns; r = r->next) {
		struct conn *c = RING_ENTRY(r, struct conn, all);

		if (c->rq && c->rq->is_suspended)
			request_gone(c->rq);
	}
	MHD_run(s->mhd);
	loop_watch_free(s->epoll);
	s->epoll = NULL;
	MHD_stop_daemon(s->mhd);
	s->mhd = NULL;
	linger_end_all(s);
}

static void on_drained(struct loop_task *t)
{
	struct http_server *s = RING_ENTRY(t, struct http_server, drained);

	loop_timer_stop(s->loop, &s->drain_timer);
	stop_mhd(s);
	s->drain = DRAIN_DONE;
	if (s->on_stopped)
		s->on_stopped(s->on_stopped_ctx);
}

static void on_drain_timer(struct loop_timer *t)
{
	struct http_server *s = RING_ENTRY(t, struct http_server, drain_timer);

	loop_task_start(s->loop, &s->drained);
}

void http_server_stop(struct http_server *s, void (*done)(void *ctx), void *ctx)
{
	int fd;

	if (s->drain)
		return;
	s->on_stopped = done;
	s->on_stopped_ctx = ctx;
	s->drained.run = on_drained;
	s->drain_timer.fire = on_drain_timer;
	MHD_run(s->mhd); /* what is in the listen queue is let in */
	s->drain = DRAIN_WAITING;
	fd = MHD_quiesce_daemon(s->mhd);
	if (fd >= 0)
		close(fd);
	stream_end_all(s);
	if (!loop_timer_start(s->loop, &s->drain_timer, s->config.drain_timeout_ms))
		loop_task_start(s->loop, &s->drained);
	server_check_drained(s);
	server_touch(s);
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	if (s->mhd)
		stop_mhd(s);
	loop_set_turn_end(s->loop, NULL, s);
	loop_task_stop(&s->again);
	loop_task_stop(&s->drained);
	loop_timer_stop(s->loop, &s->wake);
	loop_timer_stop(s->loop, &s->hangups);
	loop_timer_stop(s->loop, &s->drain_timer);
	free(s->trusted.at);
	free(s->by_route);
	free(s);
}
