/*
 * A mail store on an IMAP server. What main.c and tools need to make one; all
 * else goes through mailstore.h.
 */
#ifndef IMAP_IMAP_STORE_H
#define IMAP_IMAP_STORE_H

#include "imap/limits.h"
#include "mailstore/mailstore.h"
#include "net/dial.h"
#include "net/stream.h"
#include "net/tls.h"

enum imap_tls {
	IMAP_TLS_IMPLICIT, /* port 993 */
	IMAP_TLS_STARTTLS, /* required: a server that does not offer it is refused */
	IMAP_TLS_NONE,
};

/* Strings and the profile are borrowed for the life of the store. */
struct imap_server {
	const char *host; /* name or address, no brackets */
	uint16_t port;
	enum imap_tls tls;
	struct tls_profile *tls_profile;  /* NULL only with IMAP_TLS_NONE */
	const char *proxy;                /* as in struct dial_target, or NULL */
	bool public_only;                 /* as in struct dial_target */
	bool allow_cleartext_login;       /* passwords without TLS */
	const char *sasl_mechanism;       /* "PLAIN", "LOGIN" (the command where it is no
					   * mechanism), ...; NULL: the strongest offered */
	const char *id_name, *id_version; /* sent with ID (RFC 2971); NULL: defaults */
	bool compress;                    /* COMPRESS=DEFLATE where offered: 300 KB a session */
	const struct imap_limits *limits; /* NULL: imap_limits_default */
	stream_tap_cb *tap;               /* sees the conversation in clear, or NULL */
	void *tap_ctx;
};

/* A closed store: mailstore_open() connects. `server` is copied. NULL when memory
 * is short. */
struct mailstore *imap_store_new(struct loop *l, struct dialer *d,
				 const struct imap_server *server);

#endif
