/*
 * The HTTP server: libmicrohttpd in external epoll mode on our loop; its only
 * user. Guards against what MHD lets through (request smuggling, slow headers),
 * finds the route, reads the body, runs the authenticator, then the handler.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/request.h"
#include "net/loop.h"

struct http_server;

/* Its strings are borrowed for the server's life. */
struct http_config {
	const char *listen; /* "127.0.0.1:8080", "[::1]:0" (0: any free port) */
	/* Taken-over sockets (http/stream.h) may be as many again. */
	unsigned connections_max;
	/* Of one address; 0: any number. Not with trusted_proxies: all would be theirs. */
	unsigned connections_per_client;
	uint64_t
		header_timeout_ms; /* from accept or the previous answer's end to the last header */
	uint64_t body_timeout_ms;
	uint64_t idle_timeout_ms;
	uint64_t request_timeout_ms;     /* a handler's deadline */
	uint64_t request_timeout_max_ms; /* of request_extend_deadline(); 0: one hour */
	uint64_t drain_timeout_ms;       /* of a graceful stop */
	const char *const
		*allowed_origins; /* CORS; "https://app.example.org"; NULL-ended or NULL */
	const char *const
		*trusted_proxies; /* addresses or CIDR blocks whose Forwarded headers count */
	const char *public_url;   /* the origin as clients see it, whatever they say; or NULL */
};

/* Looks at the request's credentials; ends with request_dispatch() or a reply.
 * May wait (request_wait) in between. */
typedef void http_authenticate_fn(struct request *rq, void *ctx);

struct http_server *http_server_new(struct loop *l, const struct http_config *config,
				    const struct route_table *routes, http_authenticate_fn *auth,
				    void *auth_ctx, struct fault *ret_fault);
/* The port it listens on. */
uint16_t http_server_port(const struct http_server *s);
/* Runs the route's handler: the authenticator found the user. */
void request_dispatch(struct request *rq);
/* Stops taking new connections, answers what is under way, then calls done.
 * architecture.md §2 has the order that MHD wants. */
void http_server_stop(struct http_server *s, void (*done)(void *ctx), void *ctx);
void http_server_free(struct http_server *s);

struct http_stats {
	uint64_t requests, connections_open, requests_open, streams_open;
};
struct http_stats http_server_stats(const struct http_server *s);

#define HTTP_STATUS_CLASSES 6

struct http_route_stats {
	const char *operation; /* "": no route */
	/* By the first digit of their status; 0: the client did not wait. */
	uint64_t answers[HTTP_STATUS_CLASSES];
	uint64_t us; /* until the last byte was out; of streams not counted */
};
/* By route, the last one of what has none. */
const struct http_route_stats *http_server_routes(const struct http_server *s, size_t *ret_count);

#endif
