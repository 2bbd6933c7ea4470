/*
 * What sasl.c needs of a mechanism. Two families: those of libgsasl
 * (sasl/gsasl.c) and the bearer tokens, done by hand (sasl/bearer.c). Messages
 * are base64 as in sasl.h.
 */
#ifndef SASL_EXCHANGE_H
#define SASL_EXCHANGE_H

#include "sasl/sasl.h"

struct exchange;
struct scram_salting;

struct exchange_class {
	enum err (*make)(const struct sasl_options *o, enum sasl_mechanism m, struct exchange **ret,
			 struct fault *ret_fault);
	void (*free)(struct exchange *x);
	/* Looks at a challenge before it is answered: what has to be computed first, if
	 * anything, is put into *ret, and given back to salted(). NULL: never anything. */
	enum err (*prepare)(struct exchange *x, struct bytes challenge, struct scram_salting **ret);
	void (*salted)(struct exchange *x, const struct scram_salting *salting);
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
/* Of a SCRAM password's hash; RFC 7677 recommends 4096 and more. So many keep a
 * thread busy for 40 ms; a hostile server gets no more of us. */
#define EXCHANGE_SCRAM_ITERATIONS_MAX 100000

/* Hi() of RFC 5802 §2.2: thousands of hashes. Shares nothing with anybody, so it
 * may run on any thread. */
struct scram_salting {
	bool is_sha256;
	int iterations;
	char *password; /* prepared with SASLprep; owned */
	struct buf salt;
	bool is_done;
	char hex[2 * 64 + 1]; /* the salted password, once done */
};
void scram_salt(struct scram_salting *s);
/* Wipes it as well; NULL is fine. */
void scram_salting_free(struct scram_salting *s);

/* sasl_step() in two halves; `salting` (NULL: none) has been computed in between
 * and stays the caller's. */
MUST_CHECK enum err sasl_prepare(struct sasl *s, struct bytes challenge,
				 struct scram_salting **ret);
MUST_CHECK enum err sasl_respond(struct sasl *s, struct bytes challenge,
				 const struct scram_salting *salting, struct buf *to);

/* RFC 4648 §4, strict; false: malformed, or `to` has failed. */
MUST_CHECK bool exchange_base64_decode(struct bytes text, struct buf *to);
void exchange_base64_encode(struct bytes data, struct buf *to);
/* Overwrites the content, then frees it. */
void exchange_wipe(struct buf *b);

#endif
