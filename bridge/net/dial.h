/*
 * Opens TCP connections: libcurl resolves (off the loop), tries all addresses
 * (RFC 8305), goes through SOCKS or CONNECT proxies, and hands the socket over.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/op.h"
#include "net/loop.h"

struct dialer;

struct dial_options {
	unsigned max_in_flight; /* further dials wait their turn; default 64 */
};

struct dialer *dialer_new(struct loop *l, const struct dial_options *o);
/* Cancels what is under way. */
void dialer_free(struct dialer *d);

struct dial_target {
	const char *host; /* name or address, no brackets */
	uint16_t port;
	const char *proxy; /* "socks5h://…", "http://…"; NULL for none; https:// refused */
	bool public_only;  /* refuse private, loopback, link-local and other special
			    * addresses (RFC 6890) after DNS: ERR_DENIED */
};

/* On success `fault` is NULL and fd is connected, non-blocking, close-on-exec, TCP_NODELAY, with
 * keepalive and TCP_USER_TIMEOUT set, and the caller's. Else fd is -1:
 * ERR_NET, ERR_TIMEOUT, ERR_DENIED, ERR_INVALID. */
typedef void dial_cb(void *ctx, const struct fault *fault, int fd);

/* `target` is copied. NULL when memory is short. */
struct op *dialer_connect(struct dialer *d, const struct dial_target *target, uint64_t deadline_ms,
			  dial_cb *cb, void *ctx);

#endif
