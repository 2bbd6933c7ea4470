/*
 * TLS towards mail servers. One profile (one SSL_CTX: the CA is loaded once)
 * serves any number of connections; sessions are resumed per host and profile.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/err.h"

struct tls_profile;

struct tls_options {
	const char *ca_file;          /* NULL: the system's */
	const char *client_cert_file; /* NULL: none */
	const char *client_key_file;
	bool allow_tls_1_0; /* for servers that know nothing else; default TLS >= 1.2 */
};

/* On failure `ret_fault` says which file and why. */
struct tls_profile *tls_profile_new(const struct tls_options *o, struct fault *ret_fault);
/* Connections keep their own reference. */
void tls_profile_free(struct tls_profile *p);

#endif
