#include "net/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "net/tls_conn.h"

/* Sessions kept for resumption per profile; one per host and port. */
#define SESSIONS_MAX 256
/* Of one server: each is good for one connection, and many may be begun at once. */
#define SESSIONS_PER_KEY 32

struct tls_session {
	struct tls_session *next;
	SSL_SESSION *session;
	uint64_t kept_ms; /* since when */
	char key[];       /* host:port */
};

struct tls_profile {
	SSL_CTX *ctx;
	unsigned refs;
	struct tls_session *sessions; /* the newest first */
	size_t session_count;
};

/* "ca.pem: No such file or directory" */
static struct fault file_fault(const char *what, const char *path)
{
	unsigned long e = ERR_peek_error();
	const char *why = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e))
					      : ERR_reason_error_string(ERR_peek_last_error());
	char text[256];

	snprintf(text, sizeof text, "%s %s: %s", what, path, why ? why : "cannot be used");
	ERR_clear_error();
	return fault_with_text(ERR_INVALID, text);
}

static bool load_ca(SSL_CTX *ctx, const struct tls_options *o, struct fault *ret_fault)
{
	if (!o->ca_file)
		return SSL_CTX_set_default_verify_paths(ctx) == 1;
	if (SSL_CTX_load_verify_locations(ctx, o->ca_file, NULL) == 1)
		return true;
	*ret_fault = file_fault("CA file", o->ca_file);
	return false;
}

static bool load_client_cert(SSL_CTX *ctx, const struct tls_options *o, struct fault *ret_fault)
{
	const char *key = o->client_key_file ? o->client_key_file : o->client_cert_file;

	if (!o->client_cert_file)
		return true;
	if (SSL_CTX_use_certificate_chain_file(ctx, o->client_cert_file) != 1) {
		*ret_fault = file_fault("client certificate", o->client_cert_file);
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		*ret_fault = file_fault("client key", key);
		return false;
	}
	return true;
}

static bool allow_old(SSL_CTX *ctx)
{
	/* TLS 1.0 signs with SHA-1, which is below the default level. */
	return SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0") == 1;
}

static bool set_up(SSL_CTX *ctx, const struct tls_options *o)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A record in one read of the socket and not two. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls_conn_on_verify);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, tls_conn_on_session);
	return o->allow_tls_1_0 ? allow_old(ctx)
				: SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
}

struct tls_profile *tls_profile_new(const struct tls_options *o, struct fault *ret_fault)
{
	struct tls_profile *p = calloc(1, sizeof *p);
	struct fault f = fault_of(ERR_NOMEM);

	ERR_clear_error();
	if (p)
		p->ctx = SSL_CTX_new(TLS_client_method());
	if (!p || !p->ctx)
		goto failed;
	p->refs = 1;
	f = fault_with_text(ERR_INTERNAL, "OpenSSL cannot be set up");
	if (set_up(p->ctx, o) && load_ca(p->ctx, o, &f) && load_client_cert(p->ctx, o, &f))
		return p;
failed:
	*ret_fault = f;
	tls_profile_free(p);
	return NULL;
}

static void session_free(struct tls_session *t)
{
	SSL_SESSION_free(t->session);
	free(t);
}

void tls_profile_free(struct tls_profile *p)
{
	if (!p || --p->refs > 0)
		return;
	while (p->sessions) {
		struct tls_session *t = p->sessions;

		p->sessions = t->next;
		session_free(t);
	}
	SSL_CTX_free(p->ctx);
	free(p);
}

struct tls_profile *tls_profile_ref(struct tls_profile *p)
{
	p->refs++;
	return p;
}

SSL_CTX *tls_profile_ctx(struct tls_profile *p)
{
	return p->ctx;
}

/* Takes the entry out of the list; NULL when there is none. */
static struct tls_session *take_session(struct tls_profile *p, const char *key)
{
	for (struct tls_session **at = &p->sessions; *at; at = &(*at)->next) {
		struct tls_session *t = *at;

		if (strcmp(t->key, key) != 0)
			continue;
		*at = t->next;
		p->session_count--;
		return t;
	}
	return NULL;
}

static void push_session(struct tls_profile *p, struct tls_session *t)
{
	t->next = p->sessions;
	p->sessions = t;
	p->session_count++;
}

static void drop_oldest_session(struct tls_profile *p)
{
	struct tls_session **at = &p->sessions;

	while ((*at)->next)
		at = &(*at)->next;
	session_free(*at);
	*at = NULL;
	p->session_count--;
}

static bool is_stale(const struct tls_session *t)
{
	long life_s = SSL_SESSION_get_timeout(t->session);

	return clock_monotonic_ms() - t->kept_ms > (uint64_t)(life_s > 0 ? life_s : 0) * 1000;
}

/* A ticket of TLS 1.3 (RFC 8446 §C.4); OpenSSL takes none a second time. */
static bool is_for_once(const SSL_SESSION *session)
{
	return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

/* The older ones of this server that are too many with this one. */
static void make_room_for(struct tls_profile *p, const char *key, const SSL_SESSION *session)
{
	size_t left = is_for_once(session) ? SESSIONS_PER_KEY - 1 : 0;

	for (struct tls_session **at = &p->sessions; *at;) {
		struct tls_session *t = *at;

		if (strcmp(t->key, key) != 0 || left) {
			left -= strcmp(t->key, key) == 0;
			at = &t->next;
			continue;
		}
		*at = t->next;
		p->session_count--;
		session_free(t);
	}
}

SSL_SESSION *tls_profile_session(struct tls_profile *p, const char *key)
{
	struct tls_session *t = take_session(p, key);
	SSL_SESSION *session;

	if (!t)
		return NULL;
	if (is_stale(t)) {
		session_free(t);
		return NULL;
	}
	session = t->session;
	SSL_SESSION_up_ref(session);
	if (is_for_once(session))
		session_free(t);
	else
		push_session(p, t);
	return session;
}

void tls_profile_keep_session(struct tls_profile *p, const char *key, SSL_SESSION *session)
{
	size_t size = strlen(key) + 1;
	struct tls_session *t = malloc(sizeof *t + size);

	make_room_for(p, key, session);
	if (!t) {
		SSL_SESSION_free(session); /* the next handshake is a full one */
		return;
	}
	t->session = session;
	t->kept_ms = clock_monotonic_ms();
	memcpy(t->key, key, size);
	push_session(p, t);
	if (p->session_count > SESSIONS_MAX)
		drop_oldest_session(p);
}
