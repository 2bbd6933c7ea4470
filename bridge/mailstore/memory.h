/*
 * What a mail store may remember beyond its conversations, where the server is slow
 * to tell or does not keep it at all: supplied by whoever makes the store. What is in
 * it may be gone at any time; of headers that costs time, of keywords the marks that
 * users have set, of the record that clients have to load the maildrop anew.
 */
#ifndef MAILSTORE_MEMORY_H
#define MAILSTORE_MEMORY_H

#include "base/op.h"

enum mail_memory_kind {
	MAIL_MEMORY_HEADERS,  /* a raw header block */
	MAIL_MEMORY_KEYWORDS, /* names of the API, separated by spaces */
};

typedef void mail_memory_values_cb(void *ctx, enum err err, const struct bytes *values,
				   size_t count);
typedef void mail_memory_done_cb(void *ctx, enum err err);

/* The record of a scope; ERR_NOT_FOUND: there is none. Borrowed by the callback, maybe
 * from call.mem. */
typedef void mail_memory_record_cb(void *ctx, enum err err, struct bytes record,
				   uint64_t generation);

/* Names are unique within their scope, which is one maildrop of one server. */
struct mail_memory {
	/* Values beside the names, in call.mem, null where nothing is known. NULL: no
	 * memory. */
	struct op *(*get)(void *ctx, struct call call, enum mail_memory_kind kind,
			  struct bytes scope, const struct bytes *names, size_t count,
			  mail_memory_values_cb *cb, void *cb_ctx);
	/* Inputs are copied; a null value forgets. */
	struct op *(*put)(void *ctx, struct call call, enum mail_memory_kind kind,
			  struct bytes scope, const struct bytes *names, const struct bytes *values,
			  size_t count, mail_memory_done_cb *cb, void *cb_ctx);
	/* One record of the whole scope. It is replaced only by who has seen the latest:
	 * else ERR_CONFLICT. Generation 0: there was none. */
	struct op *(*get_record)(void *ctx, struct call call, struct bytes scope,
				 mail_memory_record_cb *cb, void *cb_ctx);
	struct op *(*put_record)(void *ctx, struct call call, struct bytes scope,
				 struct bytes record, uint64_t generation, mail_memory_done_cb *cb,
				 void *cb_ctx);
	void *ctx;
};

#endif
