/*
 * The other side, for tests: a server on a port of its own whose script runs on
 * a thread and may block, with TLS and certificates made on the spot.
 *
 * A script cannot fail the test itself (it is on another thread): what went
 * wrong is kept and peer_stop() fails with it.
 */
#ifndef UNIT_NET_PEER_H
#define UNIT_NET_PEER_H

#include <openssl/ssl.h>

#include "base/bytes.h"

enum peer_cert {
	PEER_CERT_GOOD,       /* for localhost, good.test and 127.0.0.1, by the CA of the tests */
	PEER_CERT_EXPIRED,    /* the same, but yesterday's */
	PEER_CERT_WRONG_HOST, /* for wrong.test */
	PEER_CERT_SELF_SIGNED,
	PEER_CERT_NO_HOST, /* of the CA, for a person named "client" */
	PEER_CERTS,
};

/* A PEM file with the CA of the tests, written when first asked for and removed
 * at exit. */
const char *peer_ca_file(void);
/* PEM files with a certificate by that CA and its key. */
const char *peer_client_cert_file(void);
const char *peer_client_key_file(void);

struct peer;
struct peer_conn;

/* Serves one connection; what it leaves open is closed behind it (in TLS:
 * with close_notify). */
typedef void peer_script(struct peer_conn *c, void *ctx);

struct peer_options {
	enum peer_cert cert;
	int tls_version_max;   /* TLS1_2_VERSION ...; 0: the newest */
	bool asks_client_cert; /* and insists */
};

/* Listens on 127.0.0.1 and serves connections one after the other. `o` may be
 * NULL. */
struct peer *peer_start(const struct peer_options *o, peer_script *script, void *ctx);
unsigned peer_port(const struct peer *p);
/* A blocking connect from the test's side. */
int peer_connect(const struct peer *p);
/* Waits for the script to end; fails the test if the script had complaints. */
void peer_stop(struct peer *p);

/* --- within scripts ---------------------------------------------------------- */

void peer_say(struct peer_conn *c, const char *text);
void peer_say_bytes(struct peer_conn *c, struct bytes data);
/* Reads exactly as much and complains unless it is that. */
void peer_hear(struct peer_conn *c, const char *text);
/* Reads what comes, at most size; 0 at the end. */
size_t peer_read(struct peer_conn *c, void *to, size_t size);
/* Complains when the handshake fails, unless it must. */
void peer_start_tls(struct peer_conn *c);
void peer_start_tls_in_vain(struct peer_conn *c);
SSL *peer_ssl(struct peer_conn *c);
int peer_fd(struct peer_conn *c);
/* Closes the socket without close_notify. */
void peer_hang_up(struct peer_conn *c);
/* Makes the client see a reset. */
void peer_reset(struct peer_conn *c);
/* Waits until the client has closed. */
void peer_wait_closed(struct peer_conn *c);
__attribute__((format(printf, 2, 3))) void peer_complain(struct peer_conn *c, const char *fmt, ...);

#endif
