/*
 * libcurl as a dialer: an easy handle per dial, "http://host:port/" with
 * CONNECT_ONLY, which connects (and tunnels) and sends nothing to the target.
 * When it is through we keep a duplicate of its socket and let the handle go;
 * nothing of libcurl is left behind.
 *
 * A dial waits its turn, may look its host up first (see must_look_up()),
 * connects, and is done; then a task tells the caller, so that no callback is
 * ever entered from inside libcurl or from the starting call.
 */
#include "net/dial.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <unistd.h>

#include "net/curl_loop.h"
#include "net/lookup.h"
#include "net/public_address.h"

#define IN_FLIGHT_DEFAULT   64
#define HOST_MAX_BYTES      255
#define USER_TIMEOUT_MS     60000
#define KEEPALIVE_IDLE_S    60
#define KEEPALIVE_BETWEEN_S 15
#define KEEPALIVE_COUNT     4

enum dial_state {
	DIAL_WAITING,
	DIAL_LOOKING_UP,
	DIAL_CONNECTING,
	DIAL_DONE, /* its task will tell */
};

struct dial {
	struct op op;
	struct dialer *dialer;
	TAILQ_ENTRY(dial) link;
	enum dial_state state;
	struct loop_timer deadline;
	struct loop_task tell;
	dial_cb *cb;
	void *ctx;
	char *host, *proxy; /* proxy: NULL for none */
	uint16_t port;
	bool public_only;
	struct lookup *lookup;
	CURL *easy;
	char refused_address[INET6_ADDRSTRLEN]; /* by public_only */
	char curl_text[CURL_ERROR_SIZE];
	struct fault fault; /* the outcome: a fault or an fd */
	int fd;
};

struct dialer {
	struct loop *loop;
	struct curl_loop *curl;
	unsigned in_flight, in_flight_max;
	TAILQ_HEAD(dial_list, dial) dials; /* in the order of their start */
};

/* --- a dial's end ------------------------------------------------------------------ */

static void start_waiting(struct dialer *d);

/* Lets go of what it holds in libcurl or the resolver. */
static void leave_flight(struct dial *x)
{
	struct dialer *d = x->dialer;

	if (x->state == DIAL_LOOKING_UP || x->state == DIAL_CONNECTING)
		d->in_flight--;
	lookup_cancel(x->lookup);
	x->lookup = NULL;
	if (x->easy) {
		curl_multi_remove_handle(curl_loop_multi(d->curl), x->easy);
		curl_easy_cleanup(x->easy);
		x->easy = NULL;
	}
}

static void dial_free(struct dial *x)
{
	leave_flight(x);
	TAILQ_REMOVE(&x->dialer->dials, x, link);
	loop_timer_stop(x->dialer->loop, &x->deadline);
	loop_task_stop(&x->tell);
	if (x->fd >= 0)
		close(x->fd);
	free(x->host);
	free(x->proxy);
	free(x);
}

static void tell(struct loop_task *t)
{
	struct dial *x = (struct dial *)((char *)t - offsetof(struct dial, tell));
	struct fault fault = x->fault;
	dial_cb *cb = x->cb;
	void *ctx = x->ctx;
	int fd = x->fd;

	x->fd = -1;
	dial_free(x);
	cb(ctx, fault.err ? &fault : NULL, fd);
}

static void finish(struct dial *x, struct fault fault, int fd)
{
	struct dialer *d = x->dialer;

	leave_flight(x);
	x->state = DIAL_DONE;
	x->fault = fault;
	x->fd = fd;
	loop_timer_stop(d->loop, &x->deadline);
	loop_task_start(d->loop, &x->tell);
}

static void finish_with(struct dial *x, enum err e, const char *text)
{
	finish(x, fault_with_text(e, text), -1);
}

static void on_cancel(struct op *op)
{
	struct dial *x = (struct dial *)op;
	struct dialer *d = x->dialer;

	dial_free(x);
	start_waiting(d);
}

static void on_deadline(struct loop_timer *t)
{
	struct dial *x = (struct dial *)((char *)t - offsetof(struct dial, deadline));
	struct dialer *d = x->dialer;
	char text[160];

	snprintf(text, sizeof text, "connecting to %.100s:%u took too long", x->host, x->port);
	finish_with(x, ERR_TIMEOUT, text);
	start_waiting(d);
}

/* --- the outcome --------------------------------------------------------------------- */

static void set_option(int fd, int level, int name, int value)
{
	/* What the system does not know it does without. */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static int take_socket(CURL *easy)
{
	curl_socket_t theirs = CURL_SOCKET_BAD;
	int fd;

	curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &theirs);
	if (theirs == CURL_SOCKET_BAD)
		return -1;
	fd = fcntl(theirs, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_BETWEEN_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	return fd;
}

static struct fault connect_fault(const struct dial *x)
{
	long sys_errno = 0;
	char text[160];

	if (x->refused_address[0]) {
		snprintf(text, sizeof text, "%s is not a public address", x->refused_address);
		return fault_with_text(ERR_DENIED, text);
	}
	curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &sys_errno);
	if (sys_errno == ECONNREFUSED)
		return fault_with_text(ERR_NET, "connection refused");
	if (sys_errno)
		return fault_with_text(ERR_NET, strerror((int)sys_errno));
	return fault_with_text(ERR_NET, x->curl_text);
}

static struct fault fault_of_curl(const struct dial *x, CURLcode rc)
{
	char text[160];

	switch ((int)rc) {
	case CURLE_OUT_OF_MEMORY: return fault_of(ERR_NOMEM);
	case CURLE_COULDNT_RESOLVE_HOST:
		snprintf(text, sizeof text, "the host name %.100s cannot be resolved", x->host);
		return fault_with_text(ERR_NET, text);
	case CURLE_OPERATION_TIMEDOUT: return fault_with_text(ERR_TIMEOUT, x->curl_text);
	case CURLE_URL_MALFORMAT: return fault_with_text(ERR_INVALID, x->curl_text);
	case CURLE_COULDNT_CONNECT: return connect_fault(x);
	default: break; /* proxies, mostly; curl's words are good */
	}
	return fault_with_text(ERR_NET, x->curl_text[0] ? x->curl_text : curl_easy_strerror(rc));
}

static void on_connected(void *ctx, CURL *easy, CURLcode rc)
{
	struct dialer *d = ctx;
	struct dial *x = NULL;
	int fd = -1;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&x);
	if (rc == CURLE_OK)
		fd = take_socket(easy);
	if (fd >= 0)
		finish(x, fault_of(ERR_OK), fd);
	else if (rc == CURLE_OK)
		finish_with(x, ERR_INTERNAL, "out of descriptors");
	else
		finish(x, fault_of_curl(x, rc), -1);
	start_waiting(d);
}

/* --- its beginning --------------------------------------------------------------------- */

static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct dial *x = ctx;

	(void)purpose;
	if (x->public_only && !x->proxy && !public_address(&a->addr)) {
		public_address_text(&a->addr, x->refused_address, sizeof x->refused_address);
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool set_up_easy(struct dial *x, const char *url)
{
	CURLM *multi = curl_loop_multi(x->dialer->curl);
	CURL *e = x->easy;
	bool ok = true;

	ok = ok && curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK;
	/* "" and not NULL: else libcurl takes them from the environment */
	ok = ok && curl_easy_setopt(e, CURLOPT_PROXY, x->proxy ? x->proxy : "") == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_NOPROXY, "") == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK;
	/* without it, cancelling waits for the resolver's thread */
	ok = ok && curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->curl_text) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_PRIVATE, x) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x) == CURLE_OK;
	return ok && curl_multi_add_handle(multi, e) == CURLM_OK;
}

/* `host`: its name, or the address that was looked up. */
static void connect_to(struct dial *x, const char *host)
{
	char url[HOST_MAX_BYTES + 32];

	x->state = DIAL_CONNECTING;
	snprintf(url, sizeof url, strchr(host, ':') ? "http://[%s]:%u/" : "http://%s:%u/", host,
		 x->port);
	x->easy = curl_easy_init();
	if (!x->easy || !set_up_easy(x, url))
		finish(x, fault_of(ERR_NOMEM), -1);
}

static void on_looked_up(void *ctx, const struct fault *fault, const char *address)
{
	struct dial *x = ctx;
	struct dialer *d = x->dialer;

	x->lookup = NULL;
	if (fault)
		finish(x, *fault, -1);
	else
		connect_to(x, address);
	start_waiting(d);
}

/* A proxy would resolve the name out of our sight: choose the address here. */
static bool must_look_up(const struct dial *x)
{
	return x->public_only && x->proxy;
}

static void start_waiting(struct dialer *d)
{
	struct dial *x, *next;

	for (x = TAILQ_FIRST(&d->dials); x && d->in_flight < d->in_flight_max; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->state != DIAL_WAITING)
			continue;
		d->in_flight++;
		if (!must_look_up(x)) {
			connect_to(x, x->host);
			continue;
		}
		x->state = DIAL_LOOKING_UP;
		x->lookup = lookup_start(d->loop, x->host, on_looked_up, x);
		if (!x->lookup)
			finish(x, fault_of(ERR_NOMEM), -1);
	}
}

/* It becomes a part of a URL. */
static bool host_is_sane(const char *host)
{
	size_t n = 0;

	for (; host[n]; n++) {
		unsigned char c = (unsigned char)host[n];

		if (c < 0x80 && !isalnum(c) && !strchr(".-_:", c))
			return false;
	}
	return n > 0 && n <= HOST_MAX_BYTES;
}

static bool proxy_is_known(const char *proxy)
{
	static const char *const schemes[] = { "http://", "socks5://", "socks5h://", "socks4://",
					       "socks4a://" };

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strncasecmp(proxy, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

static struct dial *dial_new(struct dialer *d, const struct dial_target *target)
{
	static const struct op_class cls = { .cancel = on_cancel };
	struct dial *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	*x = (struct dial){
		.op.cls = &cls,
		.dialer = d,
		.fd = -1,
		.deadline.fire = on_deadline,
		.tell.run = tell,
		.host = strdup(target->host),
		.proxy = target->proxy ? strdup(target->proxy) : NULL,
		.port = target->port,
		.public_only = target->public_only,
	};
	TAILQ_INSERT_TAIL(&d->dials, x, link);
	if (x->host && (x->proxy || !target->proxy))
		return x;
	dial_free(x);
	return NULL;
}

struct op *dialer_connect(struct dialer *d, const struct dial_target *target, uint64_t deadline_ms,
			  dial_cb *cb, void *ctx)
{
	struct dial *x = dial_new(d, target);

	if (!x)
		return NULL;
	x->cb = cb;
	x->ctx = ctx;
	if (!loop_timer_start_at(d->loop, &x->deadline, deadline_ms)) {
		dial_free(x);
		return NULL;
	}
	if (!host_is_sane(x->host) || x->port == 0)
		finish_with(x, ERR_INVALID, "not a host name and port");
	else if (x->proxy && !proxy_is_known(x->proxy))
		finish_with(x, ERR_INVALID, "not a proxy of a known kind (http, socks4, socks5)");
	else
		start_waiting(d);
	return &x->op;
}

/* --- the dialer ------------------------------------------------------------------------- */

struct dialer *dialer_new(struct loop *l, const struct dial_options *o)
{
	struct dialer *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = l;
	d->in_flight_max = o && o->max_in_flight ? o->max_in_flight : IN_FLIGHT_DEFAULT;
	TAILQ_INIT(&d->dials);
	d->curl = curl_loop_new(l, on_connected, d);
	if (d->curl)
		return d;
	free(d);
	return NULL;
}

void dialer_free(struct dialer *d)
{
	struct dial *x;

	if (!d)
		return;
	while ((x = TAILQ_FIRST(&d->dials)))
		dial_free(x);
	curl_loop_free(d->curl);
	free(d);
}
