/*
 * OAuth 2.0 bearer tokens: OAUTHBEARER (RFC 7628) and Google's XOAUTH2. The one
 * message says it all. When the token is refused the server first explains in a
 * challenge; it must be answered, for only then comes the "no" with its code.
 */
#include <stdlib.h>
#include <string.h>

#include "sasl/exchange.h"

#define MESSAGE_MAX_BYTES (64 * 1024)

struct bearer {
	struct exchange exchange;
	enum sasl_mechanism mechanism;
	bool said;
	bool refused;
	struct buf message; /* in clear; a secret */
};

/* A control character would begin a new field. */
static bool is_clean(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

/* saslname (RFC 5801 §4). */
static void append_saslname(struct buf *to, const char *name)
{
	for (; *name; name++) {
		if (*name == ',')
			buf_append_str(to, "=2C");
		else if (*name == '=')
			buf_append_str(to, "=3D");
		else
			buf_append_byte(to, (uint8_t)*name);
	}
}

static void write_oauthbearer(const struct sasl_options *o, struct buf *to)
{
	buf_append_str(to, "n,a=");
	append_saslname(to, o->username);
	buf_append_str(to, ",\001host=");
	buf_append_str(to, o->host);
	buf_append_str(to, "\001port=");
	buf_append_u64(to, o->port);
	buf_append_str(to, "\001auth=Bearer ");
	buf_append_str(to, o->access_token);
	buf_append_str(to, "\001\001");
}

static void write_xoauth2(const struct sasl_options *o, struct buf *to)
{
	buf_append_str(to, "user=");
	buf_append_str(to, o->username);
	buf_append_str(to, "\001auth=Bearer ");
	buf_append_str(to, o->access_token);
	buf_append_str(to, "\001\001");
}

static void bearer_free(struct exchange *x)
{
	struct bearer *b = (struct bearer *)x;

	exchange_wipe(&b->message);
	free(b);
}

static enum err bearer_make(const struct sasl_options *o, enum sasl_mechanism m,
			    struct exchange **ret, struct fault *ret_fault)
{
	struct bearer *b;

	if (!is_clean(o->username) || !is_clean(o->access_token)) {
		*ret_fault = fault_with_text(ERR_INVALID, "control characters in the user name or "
							  "the access token");
		return ERR_INVALID;
	}
	b = calloc(1, sizeof *b);
	if (!b)
		return ERR_NOMEM;
	b->exchange.cls = &exchange_bearer;
	b->mechanism = m;
	buf_init(&b->message, MESSAGE_MAX_BYTES);
	/* At once, so that it never moves and leaves a copy behind. */
	(void)buf_reserve(&b->message,
			  strlen(o->username) * 3 + strlen(o->access_token) + strlen(o->host) + 64);
	if (m == SASL_OAUTHBEARER)
		write_oauthbearer(o, &b->message);
	else
		write_xoauth2(o, &b->message);
	if (buf_err(&b->message)) {
		enum err e = buf_err(&b->message) == ERR_TOO_BIG ? ERR_INVALID : ERR_NOMEM;

		*ret_fault =
			fault_with_text(e, e == ERR_INVALID ? "the access token is too long" : "");
		bearer_free(&b->exchange);
		return e;
	}
	*ret = &b->exchange;
	return ERR_OK;
}

static enum err bearer_step(struct exchange *x, struct bytes challenge, struct buf *to)
{
	struct bearer *b = (struct bearer *)x;

	if (!b->said) {
		b->said = true;
		exchange_base64_encode(buf_bytes(&b->message), to);
		return buf_err(to);
	}
	(void)challenge; /* the explanation, in JSON; the code of the "no" says enough */
	if (b->refused)
		return ERR_PROTO;
	b->refused = true;
	if (b->mechanism == SASL_OAUTHBEARER)
		exchange_base64_encode(BYTES_LIT("\001"), to);
	return buf_err(to);
}

static bool bearer_is_complete(const struct exchange *x)
{
	const struct bearer *b = (const struct bearer *)x;

	return b->said && !b->refused;
}

const struct exchange_class exchange_bearer = {
	.make = bearer_make,
	.free = bearer_free,
	.step = bearer_step,
	.is_complete = bearer_is_complete,
};
