/*
 * COMPRESS=DEFLATE (RFC 4978): both directions of a stream as raw deflate
 * (RFC 1951). About 75 KB each: 32 to deflate (a small window, for commands are
 * short) and 40 to inflate (the server may use the largest). What inflates to
 * absurd amounts is given up.
 */
#ifndef NET_DEFLATE_H
#define NET_DEFLATE_H

#include "base/buf.h"

/* Output beyond this much more than DEFLATE_RATIO times the input is a bomb. */
#define DEFLATE_RATIO       100
#define DEFLATE_SPARE_BYTES (64 * 1024 * 1024)

struct deflate;

struct deflate *deflate_new(void);
void deflate_free(struct deflate *d);

/* Appends what comes out; some stays inside until deflate_flush(). */
MUST_CHECK enum err deflate_write(struct deflate *d, struct bytes data, struct buf *to);
/* Completes it so that the peer can read all that was written. */
MUST_CHECK enum err deflate_flush(struct deflate *d, struct buf *to);

/* Compressed bytes from the peer; copied. */
MUST_CHECK enum err deflate_feed(struct deflate *d, struct bytes data);
/* Is there something that deflate_read() has not looked at? */
bool deflate_has_input(const struct deflate *d);
/* Up to `size` clear bytes, possibly none. ERR_PROTO: no deflate stream, or its
 * end; ERR_TOO_BIG: a bomb. */
MUST_CHECK enum err deflate_read(struct deflate *d, uint8_t *to, size_t size, size_t *ret_n);

#endif
