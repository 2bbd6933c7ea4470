#include "net/tls_conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

struct tls_conn {
	SSL *ssl;
	struct tls_profile *profile;
	char *key;        /* of the session: host:port */
	char *refusal;    /* why the certificate was refused, or NULL */
	int ssl_error;    /* of what failed, SSL_get_error() */
	int sys_errno;    /* and errno then */
	unsigned long e;  /* and OpenSSL's error then */
	bool established; /* the handshake is through */
	bool over;        /* failed or closed: nothing more is sent */
};

/* --- set-up ------------------------------------------------------------------ */

/* The address's port; behind a proxy the proxy's, which does no harm: sessions
 * of one host are then only less often resumed. */
static unsigned peer_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof a;

	if (getpeername(fd, (struct sockaddr *)&a, &len) != 0)
		return 0;
	if (a.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&a)->sin_port);
	if (a.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return 0;
}

static char *session_key(const char *host, int fd)
{
	char *key;

	return asprintf(&key, "%s:%u", host, peer_port(fd)) < 0 ? NULL : key;
}

static bool expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

static void resume_session(struct tls_conn *c)
{
	SSL_SESSION *session = tls_profile_session(c->profile, c->key);

	if (!session)
		return;
	SSL_set_session(c->ssl, session); /* refused: a full handshake */
	SSL_SESSION_free(session);
}

struct tls_conn *tls_conn_new(struct tls_profile *p, int fd, const char *host)
{
	struct tls_conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	ERR_clear_error();
	c->profile = tls_profile_ref(p);
	c->key = session_key(host, fd);
	c->ssl = SSL_new(tls_profile_ctx(p));
	if (!c->key || !c->ssl)
		goto failed;
	if (SSL_set_app_data(c->ssl, c) != 1 || SSL_set_fd(c->ssl, fd) != 1 ||
	    !expect_host(c->ssl, host))
		goto failed;
	SSL_set_connect_state(c->ssl);
	resume_session(c);
	return c;
failed:
	tls_conn_free(c);
	return NULL;
}

void tls_conn_free(struct tls_conn *c)
{
	if (!c)
		return;
	if (c->ssl && c->established && !c->over) {
		ERR_clear_error();
		SSL_shutdown(c->ssl);
	}
	SSL_free(c->ssl);
	free(c->key);
	free(c->refusal);
	tls_profile_free(c->profile);
	free(c);
}

int tls_conn_on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_conn *c = SSL_get_app_data(ssl);

	tls_profile_keep_session(c->profile, c->key, session);
	return 1; /* the reference is ours now */
}

/* --- reading and writing -------------------------------------------------------- */

static enum tls_io outcome(struct tls_conn *c, int rc)
{
	int sys_errno = errno;
	int e = SSL_get_error(c->ssl, rc);

	switch (e) {
	case SSL_ERROR_NONE: return TLS_OK;
	case SSL_ERROR_WANT_READ: return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE: return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
	default: break;
	}
	c->ssl_error = e;
	c->sys_errno = sys_errno;
	c->e = ERR_peek_error();
	c->over = true;
	ERR_clear_error();
	return TLS_FAILED;
}

enum tls_io tls_conn_handshake(struct tls_conn *c)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(c->ssl);
	if (rc == 1)
		c->established = true;
	return outcome(c, rc);
}

enum tls_io tls_conn_read(struct tls_conn *c, uint8_t *to, size_t size, size_t *ret_n)
{
	size_t n = 0;
	enum tls_io io;

	ERR_clear_error();
	errno = 0;
	io = outcome(c, SSL_read_ex(c->ssl, to, size, &n));
	if (io == TLS_OK)
		*ret_n = n;
	/* SSL_MODE_RELEASE_BUFFERS alone does not let go of it (OpenSSL 3.0):
	 * 16 KiB of each idle connection. */
	if (io == TLS_WANT_READ)
		SSL_free_buffers(c->ssl);
	return io;
}

enum tls_io tls_conn_write(struct tls_conn *c, struct bytes data, size_t *ret_n)
{
	size_t n = 0;
	enum tls_io io;

	ERR_clear_error();
	errno = 0;
	io = outcome(c, SSL_write_ex(c->ssl, data.at, data.len, &n));
	if (io == TLS_OK)
		*ret_n = n;
	return io;
}

/* --- what went wrong -------------------------------------------------------------- */

static void append_name(char *to, size_t size, const unsigned char *name, int len)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s%.*s", n ? ", " : "", len, (const char *)name);
}

/* The names that the certificate is for, as many as fit. */
static void certificate_names(X509 *cert, char *to, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int last;

	to[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		char address[INET6_ADDRSTRLEN] = "";

		if (name->type == GEN_DNS)
			append_name(to, size, ASN1_STRING_get0_data(name->d.dNSName),
				    ASN1_STRING_length(name->d.dNSName));
		if (name->type != GEN_IPADD)
			continue;
		inet_ntop(ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6,
			  ASN1_STRING_get0_data(name->d.iPAddress), address, sizeof address);
		append_name(to, size, (unsigned char *)address, (int)strlen(address));
	}
	GENERAL_NAMES_free(names);
	last = X509_NAME_get_index_by_NID(X509_get_subject_name(cert), NID_commonName, -1);
	if (!to[0] && last >= 0) {
		ASN1_STRING *cn = X509_NAME_ENTRY_get_data(
			X509_NAME_get_entry(X509_get_subject_name(cert), last));

		append_name(to, size, ASN1_STRING_get0_data(cn), ASN1_STRING_length(cn));
	}
}

int tls_conn_on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_conn *c = SSL_get_app_data(ssl);
	int why = X509_STORE_CTX_get_error(store);
	char text[256], names[160];

	if (ok || c->refusal)
		return ok;
	if (why == X509_V_ERR_HOSTNAME_MISMATCH || why == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		certificate_names(X509_STORE_CTX_get0_cert(store), names, sizeof names);
		snprintf(text, sizeof text, "hostname mismatch: the certificate is for %s",
			 names[0] ? names : "no host at all");
	} else {
		snprintf(text, sizeof text, "%s", X509_verify_cert_error_string(why));
	}
	c->refusal = strdup(text);
	return 0;
}

/* "tlsv13 alert certificate required" */
static struct fault alert_fault(const char *reason)
{
	const char *alert = strstr(reason, "alert ");
	char text[128];

	snprintf(text, sizeof text, "the server refused: TLS alert \"%s\"",
		 alert ? alert + strlen("alert ") : reason);
	return fault_with_text(ERR_TLS, text);
}

static struct fault library_fault(const struct tls_conn *c)
{
	int reason = ERR_GET_REASON(c->e);
	const char *text = ERR_reason_error_string(c->e);

	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_HTTP_REQUEST:
		if (!c->established)
			return fault_with_text(ERR_TLS, "the server does not speak TLS here");
		break;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return fault_with_text(ERR_TLS, "the server offers no TLS version that is "
						"allowed here");
	default: break;
	}
	if (!text)
		text = "TLS failed";
	return reason > SSL_AD_REASON_OFFSET ? alert_fault(text) : fault_with_text(ERR_TLS, text);
}

/* SSL_ERROR_SSL for one that OpenSSL 3 takes for a truncation attack. */
static bool was_cut_off(const struct tls_conn *c)
{
	if (c->ssl_error == SSL_ERROR_SYSCALL)
		return c->e == 0 && c->sys_errno == 0;
	return ERR_GET_LIB(c->e) == ERR_LIB_SSL &&
	       ERR_GET_REASON(c->e) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

struct fault tls_conn_fault(const struct tls_conn *c)
{
	if (c->refusal)
		return fault_with_text(ERR_TLS, c->refusal);
	if (was_cut_off(c))
		return c->established ? fault_with_text(ERR_PROTO,
							"the server cut the connection off without "
							"TLS close_notify")
				      : fault_with_text(ERR_NET, "the server closed the connection "
								 "during the TLS handshake");
	if (c->ssl_error == SSL_ERROR_SYSCALL)
		return fault_with_text(ERR_NET, strerror(c->sys_errno));
	return library_fault(c);
}

/* --- channel binding ------------------------------------------------------------------ */

/* RFC 5929 §3: the first Finished message, which a resuming server sends. */
static bool tls_unique(SSL *ssl, struct buf *ret)
{
	uint8_t finished[64];
	size_t n = SSL_session_reused(ssl) ? SSL_get_peer_finished(ssl, finished, sizeof finished)
					   : SSL_get_finished(ssl, finished, sizeof finished);

	/* Without the extended master secret two connections can be given the
	 * same one (RFC 7627). */
	if (n == 0 || n > sizeof finished || SSL_get_extms_support(ssl) != 1)
		return false;
	buf_append(ret, bytes_of(finished, n));
	return buf_err(ret) == ERR_OK;
}

/* RFC 9266 §2. */
static bool tls_exporter(SSL *ssl, struct buf *ret)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	uint8_t key[32];

	if (SSL_export_keying_material(ssl, key, sizeof key, label, sizeof label - 1,
				       (const unsigned char *)"", 0, 1) != 1)
		return false;
	buf_append(ret, bytes_of(key, sizeof key));
	return buf_err(ret) == ERR_OK;
}

bool tls_conn_binding(struct tls_conn *c, struct buf *ret, const char **ret_type)
{
	bool is_new = SSL_version(c->ssl) >= TLS1_3_VERSION;

	if (!c->established || c->over)
		return false;
	if (!(is_new ? tls_exporter(c->ssl, ret) : tls_unique(c->ssl, ret)))
		return false;
	*ret_type = is_new ? "tls-exporter" : "tls-unique";
	return true;
}
