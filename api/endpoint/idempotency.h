/*
 * What must not be done twice: requests with an Idempotency-Key, and what is written into
 * the journal before it is begun.
 *
 * Who comes first with a key claims it in the store, and goes on although its client may
 * leave; what it is answered is kept for 24 hours. The same key and the same request then
 * get the same answer (with Idempotency-Replayed: true), another request under it 422, and
 * 409 while the first one runs. What may have been done without anybody knowing (the
 * process died, the mail server did not tell) is 504 outcome-unknown from then on; nobody
 * tries again by himself. What certainly was not done leaves the key free.
 */
#ifndef ENDPOINT_IDEMPOTENCY_H
#define ENDPOINT_IDEMPOTENCY_H

#include "state/journal.h"
#include "state/state.h"

struct idempotency;
struct request;
struct loop;

/* NULL when memory or random bytes are short. The store outlives it. */
struct idempotency *idempotency_new(struct loop *loop, struct state *state);
/* After the last request. */
void idempotency_free(struct idempotency *i);

/* For journal_open(): what earlier processes left is logged, and, where it has a key, put
 * into the store. */
struct bytes idempotency_past(void *idempotency, const struct journal_past *past);
/* From now on intents are written into it; it outlives this. */
void idempotency_use_journal(struct idempotency *i, struct journal *j);

/* Runs run(ctx), which does what a handler does, once the request may; or answers it. Is
 * for the handler to end with: what a request needs it has checked before. */
void idempotency_guard(struct request *rq, enum journal_kind kind, void (*run)(void *ctx),
		       void *ctx);

struct idempotency_stats {
	uint64_t claims, replays, refusals, unknown; /* refusals: 409, 422 */
	unsigned running;
};
struct idempotency_stats idempotency_stats(const struct idempotency *i);

#endif
