/*
 * SASL logins, the same for IMAP, POP3 and SMTP: picks the strongest mechanism
 * that both sides can do, makes the responses, checks the server's proof.
 * Texts are base64 as they travel in all three protocols; what is around them
 * ("AUTHENTICATE", "+ ", "334 ") is the protocol's own.
 *
 *	sasl_new()                      which mechanism, or why none
 *	sasl_start()                    only if the protocol sends initial responses
 *	sasl_answer() per challenge     give its result to the server
 *	sasl_finish() when it says yes  only then is the login good
 *
 * When the server says no, just sasl_free().
 */
#ifndef SASL_SASL_H
#define SASL_SASL_H

#include "base/buf.h"
#include "base/op.h"

/* Strongest first, passwords before tokens. */
enum sasl_mechanism {
	SASL_UNKNOWN,
	SASL_SCRAM_SHA_256_PLUS, /* RFC 7677, 5802; bound to the TLS channel */
	SASL_SCRAM_SHA_1_PLUS,
	SASL_SCRAM_SHA_256,
	SASL_SCRAM_SHA_1,
	SASL_CRAM_MD5,    /* RFC 2195 */
	SASL_PLAIN,       /* RFC 4616; this and all below only when `secure` */
	SASL_LOGIN,       /* draft-murchison-sasl-login */
	SASL_OAUTHBEARER, /* RFC 7628 */
	SASL_XOAUTH2,     /* Google's */
	SASL_MECHANISMS,
};

/* A set of mechanisms is an unsigned with these bits. */
#define SASL_BIT(mechanism) (1u << (mechanism))

/* "SCRAM-SHA-256", in any case; SASL_UNKNOWN for what we do not do. */
enum sasl_mechanism sasl_mechanism_of(struct bytes name);
const char *sasl_mechanism_name(enum sasl_mechanism m);

struct sasl_options {
	unsigned offered;           /* by the server, SASL_BIT()s */
	enum sasl_mechanism pinned; /* this one or none; SASL_UNKNOWN: the strongest */
	bool secure;                /* inside TLS, or the operator allows secrets in clear */

	/* From stream_channel_binding(); NULL: none, and then no -PLUS. */
	const char *binding_type;
	struct bytes binding;

	const char *service; /* "imap", "pop", "smtp" */
	const char *host;    /* of the server */
	uint16_t port;

	const char *username;
	const char *password;     /* one of these two */
	const char *access_token; /* OAuth 2.0 bearer token */
};

/* One login; owns copies of everything, wiped when it is freed. */
struct sasl;

/* ERR_UNSUPPORTED: no mechanism in common, or the pinned one is not offered;
 * ERR_DENIED: those in common would send the secret in clear; ERR_INVALID: a
 * name or secret that the mechanism cannot carry; ERR_NOMEM. `ret_fault` (may
 * be NULL) says it in words. */
MUST_CHECK enum err sasl_new(const struct sasl_options *o, struct sasl **ret,
			     struct fault *ret_fault);
void sasl_free(struct sasl *s);

enum sasl_mechanism sasl_mechanism(const struct sasl *s);

/* Appends the initial response if the mechanism has one (`*ret_any`); else the
 * server speaks first. Leave the call out where the protocol cannot carry it:
 * the first sasl_step(), with the empty challenge, then gives it. */
MUST_CHECK enum err sasl_start(struct sasl *s, struct buf *to, bool *ret_any);

/* Appends the response to a challenge; may append nothing: that is an empty
 * response. ERR_PROTO: the challenge makes no sense, give up the exchange (IMAP
 * and POP3: send "*"); ERR_AUTH: the server does not know the password either
 * (RFC 5802: its signature is wrong). `to` holds secrets in base64: wipe it. */
MUST_CHECK enum err sasl_step(struct sasl *s, struct bytes challenge, struct buf *to);

/* sasl_step() that holds up nobody: what takes long, SCRAM's hashing, is done on
 * another thread. The response lies in a buffer to which the rest of a line may be
 * appended, and which is wiped after the callback. One at a time; `s` may be freed
 * once it is cancelled. NULL when memory is short. */
struct loop;
typedef void sasl_answer_cb(void *ctx, enum err err, struct buf *response);
struct op *sasl_answer(struct sasl *s, struct loop *l, struct bytes challenge, sasl_answer_cb *cb,
		       void *ctx);

/* The server said yes: ERR_OK if the exchange was complete, ERR_PROTO if it
 * said so before having proved itself (SCRAM). */
MUST_CHECK enum err sasl_finish(const struct sasl *s);

#endif
