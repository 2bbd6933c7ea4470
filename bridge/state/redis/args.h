/*
 * The arguments of a command or script while they are put together: copied, or borrowed
 * where they are large. An error is sticky and seen at the end.
 */
#ifndef STATE_REDIS_ARGS_H
#define STATE_REDIS_ARGS_H

#include "base/buf.h"

struct redis_args {
	size_t count;
	struct buf text; /* of what is copied, one behind the other */
	struct buf list; /* struct bytes each; without an address while it is in `text` */
};

void redis_args_init(struct redis_args *a);
void redis_args_done(struct redis_args *a);

void redis_args_add(struct redis_args *a, struct bytes arg);
void redis_args_add_str(struct redis_args *a, const char *arg);
void redis_args_add_u64(struct redis_args *a, uint64_t n);
/* The pieces one behind the other. */
void redis_args_add_pieces(struct redis_args *a, const struct bytes *pieces, size_t count);
/* What was appended to `text` since it was `before` bytes long. */
void redis_args_add_written(struct redis_args *a, size_t before);
/* Not copied: stays the caller's until the command is sent. */
void redis_args_lend(struct redis_args *a, struct bytes arg);

/* All of them; nothing can be added any more. NULL: memory is short. */
const struct bytes *redis_args_list(struct redis_args *a);

#endif
