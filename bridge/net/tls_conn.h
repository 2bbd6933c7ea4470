/*
 * One TLS connection over a non-blocking socket: what net/stream.c needs of
 * OpenSSL. Nothing here waits; after TLS_FAILED or TLS_CLOSED only
 * tls_conn_fault() and tls_conn_free() make sense.
 */
#ifndef NET_TLS_CONN_H
#define NET_TLS_CONN_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/tls.h"

struct tls_conn;

enum tls_io {
	TLS_OK,
	TLS_WANT_READ,  /* call again when the socket is readable */
	TLS_WANT_WRITE, /* ... writable */
	TLS_CLOSED,     /* the peer said close_notify */
	TLS_FAILED,
};

/* `fd` stays the caller's. NULL when memory is short. */
struct tls_conn *tls_conn_new(struct tls_profile *p, int fd, const char *host);
/* Says close_notify if that still makes sense. NULL is fine. */
void tls_conn_free(struct tls_conn *c);

enum tls_io tls_conn_handshake(struct tls_conn *c);
enum tls_io tls_conn_read(struct tls_conn *c, uint8_t *to, size_t size, size_t *ret_n);
/* Takes a part; the rest must be offered again from where it stopped. */
enum tls_io tls_conn_write(struct tls_conn *c, struct bytes data, size_t *ret_n);
/* What TLS_FAILED meant. */
struct fault tls_conn_fault(const struct tls_conn *c);

bool tls_conn_binding(struct tls_conn *c, struct buf *ret, const char **ret_type);

/* --- the profile's side (net/tls.c) ---------------------------------------- */

struct tls_profile *tls_profile_ref(struct tls_profile *p);
SSL_CTX *tls_profile_ctx(struct tls_profile *p);
/* The session last seen under the key, to be freed by the caller; NULL: none
 * or too old. */
SSL_SESSION *tls_profile_session(struct tls_profile *p, const char *key);
/* Takes the session over. */
void tls_profile_keep_session(struct tls_profile *p, const char *key, SSL_SESSION *session);

/* Called by the verification: notes on the connection why a certificate was
 * refused (net/tls_conn.c). */
int tls_conn_on_verify(int ok, X509_STORE_CTX *store);
/* A session (TLS 1.3: a ticket) has arrived (net/tls_conn.c). */
int tls_conn_on_session(SSL *ssl, SSL_SESSION *session);

#endif
