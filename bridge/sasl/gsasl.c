/*
 * The mechanisms of libgsasl. All they may ask for is set beforehand, so there
 * are no callbacks. One library context serves the process; libgsasl keeps no
 * secret in it.
 */
#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "sasl/exchange.h"

struct gsasl_exchange {
	struct exchange exchange;
	Gsasl_session *session;
	bool is_scram;
	bool is_sha256; /* of SCRAM */
	bool complete;
	bool refused; /* SCRAM: the server has said why in the exchange */
	bool is_over; /* and that was answered */
};

static Gsasl *library(void)
{
	static Gsasl *context;

	if (!context && gsasl_init(&context) != GSASL_OK)
		context = NULL;
	return context;
}

static enum err err_of(int rc)
{
	switch (rc) {
	case GSASL_OK:
	case GSASL_NEEDS_MORE: return ERR_OK;
	case GSASL_MALLOC_ERROR: return ERR_NOMEM;
	case GSASL_UNKNOWN_MECHANISM: return ERR_UNSUPPORTED;
	case GSASL_SASLPREP_ERROR: return ERR_INVALID;
	case GSASL_AUTHENTICATION_ERROR: return ERR_AUTH;
	default: return ERR_PROTO;
	}
}

static bool is_scram(enum sasl_mechanism m)
{
	return m >= SASL_SCRAM_SHA_256_PLUS && m <= SASL_SCRAM_SHA_1;
}

/* Without -PLUS the binding is not mentioned: SCRAM's "y" ("I could have bound, but
 * you did not offer to", RFC 5802 §6) would unmask who cuts the offer out, but
 * libgsasl 2.2.0 fails to write it. */
static bool is_bound(enum sasl_mechanism m)
{
	return m == SASL_SCRAM_SHA_256_PLUS || m == SASL_SCRAM_SHA_1_PLUS;
}

static int set_binding(Gsasl_session *session, const struct sasl_options *o)
{
	Gsasl_property p = strcmp(o->binding_type, "tls-exporter") == 0 ? GSASL_CB_TLS_EXPORTER
									: GSASL_CB_TLS_UNIQUE;
	char *text = NULL;
	int rc = gsasl_base64_to((const char *)o->binding.at, o->binding.len, &text, NULL);

	if (rc == GSASL_OK)
		rc = gsasl_property_set(session, p, text);
	gsasl_free(text);
	return rc;
}

static int begin(struct gsasl_exchange *g, const struct sasl_options *o, enum sasl_mechanism m)
{
	Gsasl *context = library();
	int rc;

	if (!context)
		return GSASL_MALLOC_ERROR;
	rc = gsasl_client_start(context, sasl_mechanism_name(m), &g->session);
	if (rc == GSASL_OK)
		rc = gsasl_property_set(g->session, GSASL_AUTHID, o->username);
	if (rc == GSASL_OK)
		rc = gsasl_property_set(g->session, GSASL_PASSWORD, o->password);
	if (rc == GSASL_OK && is_bound(m))
		rc = set_binding(g->session, o);
	return rc;
}

/* libgsasl frees its copy as it is. */
static void wipe_property(Gsasl_session *session, Gsasl_property p)
{
	const char *value = gsasl_property_fast(session, p);

	if (value)
		explicit_bzero((void *)(uintptr_t)value, strlen(value));
}

static void gsasl_exchange_free(struct exchange *x)
{
	struct gsasl_exchange *g = (struct gsasl_exchange *)x;

	if (g->session) {
		wipe_property(g->session, GSASL_PASSWORD);
		wipe_property(g->session, GSASL_SCRAM_SALTED_PASSWORD);
		gsasl_finish(g->session);
	}
	free(g);
}

static enum err gsasl_make(const struct sasl_options *o, enum sasl_mechanism m,
			   struct exchange **ret, struct fault *ret_fault)
{
	struct gsasl_exchange *g = calloc(1, sizeof *g);
	int rc;

	if (!g)
		return ERR_NOMEM;
	g->exchange.cls = &exchange_gsasl;
	g->is_scram = is_scram(m);
	g->is_sha256 = m == SASL_SCRAM_SHA_256_PLUS || m == SASL_SCRAM_SHA_256;
	rc = begin(g, o, m);
	if (rc == GSASL_OK) {
		*ret = &g->exchange;
		return ERR_OK;
	}
	*ret_fault = fault_with_text(err_of(rc), gsasl_strerror(rc));
	gsasl_exchange_free(&g->exchange);
	return err_of(rc);
}

/* server-first-message = nonce "," salt "," iteration-count (RFC 5802 §7). False:
 * more iterations than we do. Other messages have neither and pass. */
static bool read_server_first(struct bytes message, struct bytes *ret_salt, int *ret_iterations)
{
	struct bytes part;
	uint64_t n;

	while (bytes_split(&message, ',', &part)) {
		if (bytes_starts_with(part, BYTES_LIT("s=")))
			*ret_salt = bytes_skip(part, 2);
		if (!bytes_starts_with(part, BYTES_LIT("i=")))
			continue;
		if (!bytes_to_u64(bytes_skip(part, 2), EXCHANGE_SCRAM_ITERATIONS_MAX, &n))
			return false;
		*ret_iterations = (int)n;
	}
	return true;
}

static char *prepared_password(const struct gsasl_exchange *g)
{
	char *prepared = NULL, *copy;

	if (gsasl_saslprep(gsasl_property_fast(g->session, GSASL_PASSWORD), GSASL_ALLOW_UNASSIGNED,
			   &prepared, NULL) != GSASL_OK)
		return NULL;
	copy = bytes_dup_str(bytes_of_str(prepared));
	explicit_bzero(prepared, strlen(prepared));
	gsasl_free(prepared);
	return copy;
}

/* NULL: what fails here libgsasl does, or refuses. */
static struct scram_salting *new_salting(const struct gsasl_exchange *g, struct bytes salt_text,
					 int iterations)
{
	struct scram_salting *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->is_sha256 = g->is_sha256;
	s->iterations = iterations;
	buf_init(&s->salt, EXCHANGE_CHALLENGE_MAX_BYTES);
	s->password = prepared_password(g);
	if (s->password && exchange_base64_decode(salt_text, &s->salt) && s->salt.len > 0)
		return s;
	scram_salting_free(s);
	return NULL;
}

/* Looks at what a SCRAM server says before libgsasl does. */
static enum err gsasl_prepare(struct exchange *x, struct bytes challenge,
			      struct scram_salting **ret)
{
	struct gsasl_exchange *g = (struct gsasl_exchange *)x;
	struct bytes salt = BYTES_NULL;
	struct buf message;
	enum err e = ERR_OK;
	int iterations = 0;

	if (!g->is_scram || g->complete || g->refused)
		return ERR_OK;
	buf_init(&message, EXCHANGE_CHALLENGE_MAX_BYTES);
	if (!exchange_base64_decode(challenge, &message) ||
	    !read_server_first(buf_bytes(&message), &salt, &iterations))
		e = ERR_PROTO;
	else if (iterations > 0 && salt.len > 0)
		*ret = new_salting(g, salt, iterations);
	else
		g->refused = bytes_starts_with(buf_bytes(&message), BYTES_LIT("e="));
	buf_done(&message);
	return e;
}

static void gsasl_salted(struct exchange *x, const struct scram_salting *salting)
{
	struct gsasl_exchange *g = (struct gsasl_exchange *)x;

	if (salting->is_done)
		gsasl_property_set(g->session, GSASL_SCRAM_SALTED_PASSWORD, salting->hex);
}

static enum err step(struct gsasl_exchange *g, const char *challenge, struct buf *to)
{
	char *answer = NULL;
	int rc = gsasl_step64(g->session, challenge, &answer);
	enum err e = err_of(rc);

	if (e == ERR_OK && answer) {
		buf_append_str(to, answer);
		e = buf_err(to);
	}
	if (answer)
		explicit_bzero(answer, strlen(answer));
	gsasl_free(answer);
	g->complete = rc == GSASL_OK;
	return e;
}

static enum err gsasl_exchange_step(struct exchange *x, struct bytes challenge, struct buf *to)
{
	struct gsasl_exchange *g = (struct gsasl_exchange *)x;
	enum err e;
	char *text;

	if (bytes_is_null(challenge))
		return step(g, NULL, to);
	if (g->complete || g->is_over)
		return ERR_PROTO;
	if (g->refused) {
		g->is_over = true;
		return ERR_OK; /* an empty answer, then comes the "no" */
	}
	if (challenge.len > 0 && memchr(challenge.at, 0, challenge.len))
		return ERR_PROTO;
	text = bytes_dup_str(challenge);
	if (!text)
		return ERR_NOMEM;
	e = step(g, text, to);
	free(text);
	return e;
}

static bool gsasl_is_complete(const struct exchange *x)
{
	return ((const struct gsasl_exchange *)x)->complete;
}

const struct exchange_class exchange_gsasl = {
	.make = gsasl_make,
	.free = gsasl_exchange_free,
	.prepare = gsasl_prepare,
	.salted = gsasl_salted,
	.step = gsasl_exchange_step,
	.is_complete = gsasl_is_complete,
};
