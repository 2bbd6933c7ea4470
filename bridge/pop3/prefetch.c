/*
 * Header blocks that nobody has asked for yet, fetched into the memory while there is
 * nothing else to do, newest first: searches and further pages then find them there.
 * An operation of our own, in pieces that a request behind it hardly notices.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "pop3/store.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

#define BATCH_MESSAGES   50
#define MESSAGES_MAX     5000 /* of one conversation */
#define PAUSE_MS         200
#define BATCH_TIMEOUT_MS 30000

struct prefetch_op {
	struct pop3_op op;
	struct pop3_message *batch[BATCH_MESSAGES];
};

static void nobody_waits(void *ctx, const struct fault *fault)
{
	(void)ctx;
	(void)fault;
}

static void on_headers_ready(struct pop3_op *op)
{
	(void)pop3_op_finish(op);
}

static void begin(struct pop3_op *op)
{
	struct prefetch_op *p = (struct prefetch_op *)op;
	struct pop3_store *st = op->store;
	size_t n = 0;

	while (n < BATCH_MESSAGES && st->prefetched < st->drop.count)
		p->batch[n++] = &st->drop.at[st->drop.count - ++st->prefetched];
	pop3_op_want_headers(op, p->batch, n);
}

static const struct pop3_verb prefetch = {
	.size_bytes = sizeof(struct prefetch_op),
	.begin = begin,
	.headers_ready = on_headers_ready,
};

static void on_idle(struct loop_timer *t)
{
	struct pop3_store *st = container_of(t, struct pop3_store, idle);
	struct mail_request rq = {
		.verb = MAIL_PING,
		.call = { .deadline_ms = clock_monotonic_ms() + BATCH_TIMEOUT_MS,
			  .cls = CALL_BULK },
		.cb.done = nobody_waits,
	};

	/* Without memory it is left. */
	if (!st->first)
		(void)pop3_op_start(st, &prefetch, &rq);
}

void pop3_prefetch_soon(struct pop3_store *st)
{
	if (st->first || !st->is_open || !pop3_remembers(st) || st->has_no_top ||
	    st->prefetched >= st->drop.count || st->prefetched >= MESSAGES_MAX)
		return;
	st->idle.fire = on_idle;
	(void)!loop_timer_start_at(st->loop, &st->idle, clock_monotonic_ms() + PAUSE_MS);
}

bool pop3_is_prefetch(const struct pop3_op *op)
{
	return op->verb == &prefetch;
}
