/*
 * Summaries in the state, where that is shared: what one process has read of a message,
 * another one, or this one after a restart, need not ask the mail server for. In memory
 * is what is in use (summary_cache.h); this is what stands behind it.
 *
 * Writing happens in the background, reading has little time: without the store it is
 * as it would be without any.
 */
#ifndef ACCOUNT_SUMMARY_STORE_H
#define ACCOUNT_SUMMARY_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "cache/summary_cache.h"
#include "net/loop.h"
#include "state/share.h"

/* A list waits so long for the store at most. */
#define SUMMARY_FILL_MS 250

struct summary_store {
	struct summary_cache *cache;
	uint64_t found, missed; /* asked of the store */
	uint64_t written, dropped;
	/* Private. */
	struct loop *loop;
	struct state *state; /* NULL: nobody shares it */
	uint8_t codec;
	uint64_t away_until_ms;
	struct buf waiting; /* keys and values, one after the other */
	struct buf lengths; /* uint32_t each */
	struct loop_task task;
	struct op *writing;
	struct arena *mem; /* of that */
};

/* `state` may be NULL. `codec`: the version of the bytes' form. */
void summary_store_init(struct summary_store *s, struct summary_cache *cache, struct loop *l,
			struct state *state, uint8_t codec);
/* Nothing may be being filled. */
void summary_store_done(struct summary_store *s);

/* Writes it some time later; with too much of that waiting it is left out. */
void summary_store_put(struct summary_store *s, const struct folder_id *folder,
		       uint32_t uidvalidity, uint32_t uid, const struct summary_bytes *b);

/* Bringing summaries from the store into memory. Embedded in its owner. */
struct summary_fill {
	void *owner;
	void (*done)(struct summary_fill *f);
	/* Private. */
	struct summary_store *store;
	struct bytes *names;
	struct op *op;
};

/* `owner` and `done` are set; done() comes later, with whatever there was in
 * SUMMARY_FILL_MS. `call` is the owner's; those of the ids are asked for that name
 * UIDs. False: there is nothing to wait for, and
 * done() does not come. */
MUST_CHECK bool summary_fill_start(struct summary_fill *f, struct summary_store *s,
				   struct call call, const struct message_id *ids, size_t count);
/* Nothing happens when it was not started, or is done. */
void summary_fill_stop(struct summary_fill *f);

#endif
