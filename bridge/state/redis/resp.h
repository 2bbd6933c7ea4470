/*
 * Commands as Redis reads them: an array of bulk strings (RESP2). Replies are read by
 * hiredis, see conn.h.
 */
#ifndef STATE_REDIS_RESP_H
#define STATE_REDIS_RESP_H

#include "base/buf.h"

/* Begins a command of `count` arguments, its name among them. */
void resp_begin(struct buf *to, size_t count);
void resp_args(struct buf *to, const struct bytes *args, size_t count);
void resp_arg_u64(struct buf *to, uint64_t n);

#endif
