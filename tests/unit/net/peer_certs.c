#include "peer_certs.h"

#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_S (24 * 60 * 60)

struct pair {
	EVP_PKEY *key;
	X509 *cert;
};

static struct pair ca, leaves[PEER_CERTS];
static char ca_path[] = "/tmp/mailbridge-test-ca-XXXXXX";
static char client_cert_path[] = "/tmp/mailbridge-test-cert-XXXXXX";
static char client_key_path[] = "/tmp/mailbridge-test-key-XXXXXX";

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

/* `names`: the subjectAltName; NULL makes a CA. `issuer` NULL: self-signed. */
static struct pair make(const char *cn, const char *names, long from_s, long until_s,
			const struct pair *issuer)
{
	static long serial;
	struct pair p = { .key = EVP_EC_gen("P-256"), .cert = X509_new() };
	const struct pair *by = issuer ? issuer : &p;
	X509_NAME *name = X509_get_subject_name(p.cert);

	X509_set_version(p.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), until_s);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(p.cert, X509_get_subject_name(by->cert));
	X509_set_pubkey(p.cert, p.key);
	add_extension(p.cert, by->cert, NID_basic_constraints, names ? "CA:FALSE" : "CA:TRUE");
	if (names)
		add_extension(p.cert, by->cert, NID_subject_alt_name, names);
	assert_true(X509_sign(p.cert, by->key, EVP_sha256()) > 0);
	return p;
}

static void pair_free(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
}

static void clean_up(void)
{
	unlink(ca_path);
	unlink(client_cert_path);
	unlink(client_key_path);
	pair_free(&ca);
	for (int i = 0; i < PEER_CERTS; i++)
		pair_free(&leaves[i]);
}

static FILE *new_file(char *path)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	return fdopen(fd, "w");
}

static void write_cert(char *path, X509 *cert)
{
	FILE *f = new_file(path);

	PEM_write_X509(f, cert);
	fclose(f);
}

static void write_key(char *path, EVP_PKEY *key)
{
	FILE *f = new_file(path);

	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

static void make_all(void)
{
	static const char names[] = "DNS:localhost,DNS:good.test,IP:127.0.0.1";

	if (ca.cert)
		return;
	ca = make("Test CA", NULL, -DAY_S, DAY_S, NULL);
	leaves[PEER_CERT_GOOD] = make("good", names, -DAY_S, DAY_S, &ca);
	leaves[PEER_CERT_EXPIRED] = make("expired", names, -2 * DAY_S, -DAY_S, &ca);
	leaves[PEER_CERT_WRONG_HOST] = make("wrong", "DNS:wrong.test", -DAY_S, DAY_S, &ca);
	leaves[PEER_CERT_SELF_SIGNED] = make("self", names, -DAY_S, DAY_S, NULL);
	leaves[PEER_CERT_NO_HOST] = make("client", "email:ada@example.org", -DAY_S, DAY_S, &ca);
	write_cert(ca_path, ca.cert);
	write_cert(client_cert_path, leaves[PEER_CERT_NO_HOST].cert);
	write_key(client_key_path, leaves[PEER_CERT_NO_HOST].key);
	atexit(clean_up);
}

const char *peer_ca_file(void)
{
	make_all();
	return ca_path;
}

const char *peer_client_cert_file(void)
{
	make_all();
	return client_cert_path;
}

const char *peer_client_key_file(void)
{
	make_all();
	return client_key_path;
}

SSL_CTX *peer_certs_server_ctx(const struct peer_options *o)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	make_all();
	assert_int_equal(SSL_CTX_use_certificate(ctx, leaves[o->cert].cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, leaves[o->cert].key), 1);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"test", 4);
	if (o->tls_version_max)
		SSL_CTX_set_max_proto_version(ctx, o->tls_version_max);
	if (o->tls_version_max && o->tls_version_max < TLS1_2_VERSION) {
		SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
		SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0");
	}
	if (o->asks_client_cert) {
		SSL_CTX_load_verify_locations(ctx, ca_path, NULL);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return ctx;
}
