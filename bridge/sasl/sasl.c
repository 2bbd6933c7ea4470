#include "sasl/sasl.h"

#include <stdlib.h>

#include "sasl/exchange.h"

struct mechanism {
	const char *name;
	const struct exchange_class *exchange;
	bool client_first; /* has an initial response */
	bool bound;        /* -PLUS */
	bool needs_secure; /* shows the secret to whoever listens */
	bool takes_token;
};

static const struct mechanism mechanisms[SASL_MECHANISMS] = {
	[SASL_SCRAM_SHA_256_PLUS] = { "SCRAM-SHA-256-PLUS", &exchange_gsasl, .client_first = true,
				      .bound = true },
	[SASL_SCRAM_SHA_1_PLUS] = { "SCRAM-SHA-1-PLUS", &exchange_gsasl, .client_first = true,
				    .bound = true },
	[SASL_SCRAM_SHA_256] = { "SCRAM-SHA-256", &exchange_gsasl, .client_first = true },
	[SASL_SCRAM_SHA_1] = { "SCRAM-SHA-1", &exchange_gsasl, .client_first = true },
	[SASL_CRAM_MD5] = { "CRAM-MD5", &exchange_gsasl },
	[SASL_PLAIN] = { "PLAIN", &exchange_gsasl, .client_first = true, .needs_secure = true },
	[SASL_LOGIN] = { "LOGIN", &exchange_gsasl, .needs_secure = true },
	[SASL_OAUTHBEARER] = { "OAUTHBEARER", &exchange_bearer, .client_first = true,
			       .needs_secure = true, .takes_token = true },
	[SASL_XOAUTH2] = { "XOAUTH2", &exchange_bearer, .client_first = true, .needs_secure = true,
			   .takes_token = true },
};

struct sasl {
	enum sasl_mechanism mechanism;
	struct exchange *exchange;
	bool started; /* the first message has been given */
};

enum sasl_mechanism sasl_mechanism_of(struct bytes name)
{
	for (int m = SASL_UNKNOWN + 1; m < SASL_MECHANISMS; m++)
		if (bytes_equal_str_nocase(name, mechanisms[m].name))
			return (enum sasl_mechanism)m;
	return SASL_UNKNOWN;
}

const char *sasl_mechanism_name(enum sasl_mechanism m)
{
	return m > SASL_UNKNOWN && m < SASL_MECHANISMS ? mechanisms[m].name : "";
}

/* The strongest that both can do, whether or not its secret would be safe. */
static bool is_possible(const struct sasl_options *o, int m)
{
	const struct mechanism *mech = &mechanisms[m];

	if (!(o->offered & SASL_BIT(m)))
		return false;
	if (o->pinned != SASL_UNKNOWN && (int)o->pinned != m)
		return false;
	if (mech->bound && !o->binding_type)
		return false;
	return mech->takes_token ? o->access_token != NULL : o->password != NULL;
}

static enum err choose(const struct sasl_options *o, enum sasl_mechanism *ret_mechanism)
{
	enum err why = ERR_UNSUPPORTED;

	for (int m = SASL_UNKNOWN + 1; m < SASL_MECHANISMS; m++) {
		if (!is_possible(o, m))
			continue;
		if (mechanisms[m].needs_secure && !o->secure) {
			why = ERR_DENIED;
			continue;
		}
		*ret_mechanism = (enum sasl_mechanism)m;
		return ERR_OK;
	}
	return why;
}

static struct fault choice_fault(const struct sasl_options *o, enum err why)
{
	if (why == ERR_DENIED)
		return fault_with_text(why, "the server offers only logins that show the password, "
					    "and the connection is not encrypted");
	if (o->pinned != SASL_UNKNOWN)
		return fault_with_text(why, "the server does not offer the configured SASL "
					    "mechanism");
	if (o->access_token)
		return fault_with_text(why, "the server takes no OAuth 2.0 tokens");
	return fault_with_text(why, "no SASL mechanism of the server is known here");
}

enum err sasl_new(const struct sasl_options *o, struct sasl **ret, struct fault *ret_fault)
{
	struct fault ignored, *f = ret_fault ? ret_fault : &ignored;
	struct sasl *s;
	enum sasl_mechanism m;
	enum err e = choose(o, &m);

	if (e) {
		*f = choice_fault(o, e);
		return e;
	}
	*f = fault_of(ERR_NOMEM);
	s = calloc(1, sizeof *s);
	if (!s)
		return ERR_NOMEM;
	s->mechanism = m;
	e = mechanisms[m].exchange->make(o, m, &s->exchange, f);
	if (e) {
		free(s);
		return e;
	}
	*ret = s;
	return ERR_OK;
}

void sasl_free(struct sasl *s)
{
	if (!s)
		return;
	s->exchange->cls->free(s->exchange);
	free(s);
}

enum sasl_mechanism sasl_mechanism(const struct sasl *s)
{
	return s->mechanism;
}

enum err sasl_start(struct sasl *s, struct buf *to, bool *ret_any)
{
	enum err e;

	if (!mechanisms[s->mechanism].client_first) {
		*ret_any = false;
		return ERR_OK;
	}
	s->started = true;
	e = s->exchange->cls->step(s->exchange, BYTES_NULL, to);
	if (e == ERR_OK)
		*ret_any = true;
	return e;
}

/* The first challenge is then only the server's "go ahead", whatever it says (some
 * say a few words where RFC 4422 wants nothing). */
static bool is_go_ahead(const struct sasl *s)
{
	return !s->started && mechanisms[s->mechanism].client_first;
}

enum err sasl_prepare(struct sasl *s, struct bytes challenge, struct scram_salting **ret)
{
	*ret = NULL;
	if (challenge.len > EXCHANGE_CHALLENGE_MAX_BYTES)
		return ERR_PROTO;
	if (is_go_ahead(s) || !s->exchange->cls->prepare)
		return ERR_OK;
	return s->exchange->cls->prepare(s->exchange, challenge, ret);
}

enum err sasl_respond(struct sasl *s, struct bytes challenge, const struct scram_salting *salting,
		      struct buf *to)
{
	bool any;

	if (is_go_ahead(s))
		return sasl_start(s, to, &any);
	s->started = true;
	if (salting)
		s->exchange->cls->salted(s->exchange, salting);
	if (bytes_is_null(challenge))
		challenge = BYTES_LIT("");
	return s->exchange->cls->step(s->exchange, challenge, to);
}

enum err sasl_step(struct sasl *s, struct bytes challenge, struct buf *to)
{
	struct scram_salting *salting;
	enum err e = sasl_prepare(s, challenge, &salting);

	if (e != ERR_OK)
		return e;
	if (salting)
		scram_salt(salting);
	e = sasl_respond(s, challenge, salting, to);
	scram_salting_free(salting);
	return e;
}

enum err sasl_finish(const struct sasl *s)
{
	return s->exchange->cls->is_complete(s->exchange) ? ERR_OK : ERR_PROTO;
}
