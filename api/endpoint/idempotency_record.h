/*
 * What is kept under an Idempotency-Key, in the store and in the journal:
 *
 *	record = version state process print created until status location type body
 *
 * version, state: 1 byte; process: 16; print: 32; created, until: unix milliseconds, 8 each;
 * status: 2; location, type: a length of 2 bytes and so many more; body: the rest. Numbers
 * are little-endian. Unless it is done everything behind `until` is empty.
 */
#ifndef ENDPOINT_IDEMPOTENCY_RECORD_H
#define ENDPOINT_IDEMPOTENCY_RECORD_H

#include "base/buf.h"

#define IDEMPOTENCY_PROCESS_BYTES 16
#define IDEMPOTENCY_PRINT_BYTES   32
#define IDEMPOTENCY_RECORD_MAX    (64 * 1024)

enum idempotency_state { /* as they are written */
			 IDEMPOTENCY_RUNNING = 1,
			 IDEMPOTENCY_DONE = 2,    /* with its answer */
			 IDEMPOTENCY_UNKNOWN = 3, /* it may have been done */
};

struct idempotency_record {
	enum idempotency_state state;
	uint8_t process[IDEMPOTENCY_PROCESS_BYTES]; /* who runs or ran it */
	uint8_t print[IDEMPOTENCY_PRINT_BYTES];     /* digest of what was asked */
	int64_t created_ms, until_ms;               /* running: it has ended by then */
	unsigned status;
	struct bytes location, type, body; /* null location: none */
};

void idempotency_record_write(struct buf *to, const struct idempotency_record *r);
/* Borrows; false for what is damaged or of another version. */
MUST_CHECK bool idempotency_record_read(struct bytes from, struct idempotency_record *ret);

#endif
