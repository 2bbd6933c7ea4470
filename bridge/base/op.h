/*
 * Something under way. Whoever starts an operation gets a struct op and keeps
 * it until the callback has run. The callback runs exactly once, from the
 * loop, never inside the starting call - unless op_cancel() came first: then
 * it never runs. Either way the op is gone afterwards.
 *
 * Implementations embed a struct op as their first member.
 */
#ifndef BASE_OP_H
#define BASE_OP_H

#include "base/err.h"

struct op;

struct op_class {
	void (*cancel)(struct op *op);
	void (*resume)(struct op *op); /* NULL when the operation never pauses */
};

struct op {
	const struct op_class *cls;
};

/* Ends it without its callback. What it was doing upstream is abandoned in the
 * least harmful way. NULL is fine. */
static inline void op_cancel(struct op *op)
{
	if (op)
		op->cls->cancel(op);
}

/* A data callback had answered FLOW_PAUSE; go on. */
static inline void op_resume(struct op *op)
{
	if (op && op->cls->resume)
		op->cls->resume(op);
}

/* Interactive calls go before bulk ones wherever there is a queue. */
enum call_class {
	CALL_INTERACTIVE,
	CALL_BULK,
};

struct arena;

/* What every asynchronous call needs to know about its caller. */
struct call {
	struct arena *mem;    /* results are allocated here; outlives the operation */
	uint64_t deadline_ms; /* clock_monotonic_ms(); past it the call ends with ERR_TIMEOUT */
	enum call_class cls;
};

/* What a receiver of streamed data says to each piece (the piece itself is
 * always taken). */
enum flow {
	FLOW_MORE,  /* give me the next one */
	FLOW_PAUSE, /* stop until op_resume() */
};

/* FLOW_PAUSE stops reading at once, but what was already decoded may still be
 * delivered: at most this much. */
#define FLOW_SLACK_BYTES (64 * 1024)

/* Receives a stream; bytes are borrowed until it returns. */
typedef enum flow flow_data_cb(void *ctx, struct bytes data);

#endif
