/*
 * What sasl.c needs of a mechanism. Two families: those of libgsasl
 * (sasl/gsasl.c) and the bearer tokens, done by hand (sasl/bearer.c). Messages
 * are base64 as in sasl.h.
 */
#ifndef SASL_EXCHANGE_H
#define SASL_EXCHANGE_H

#include "sasl/sasl.h"

struct exchange;

struct exchange_class {
	enum err (*make)(const struct sasl_options *o, enum sasl_mechanism m, struct exchange **ret,
			 struct fault *ret_fault);
	void (*free)(struct exchange *x);
	/* Appends the answer; `challenge` is null when the client speaks first. */
	enum err (*step)(struct exchange *x, struct bytes challenge, struct buf *to);
	/* May the server say yes now? */
	bool (*is_complete)(const struct exchange *x);
};

/* The implementation embeds it. */
struct exchange {
	const struct exchange_class *cls;
};

extern const struct exchange_class exchange_gsasl;
extern const struct exchange_class exchange_bearer;

/* More than any honest server says. */
#define EXCHANGE_CHALLENGE_MAX_BYTES (16 * 1024)
/* Of a SCRAM password's hash; RFC 7677 recommends 4096 and more. What a server
 * asks beyond it would hold up the loop. */
#define EXCHANGE_SCRAM_ITERATIONS_MAX 100000

/* RFC 4648 §4, strict; false: malformed, or `to` has failed. */
MUST_CHECK bool exchange_base64_decode(struct bytes text, struct buf *to);
void exchange_base64_encode(struct bytes data, struct buf *to);
/* Overwrites the content, then frees it. */
void exchange_wipe(struct buf *b);

#endif
