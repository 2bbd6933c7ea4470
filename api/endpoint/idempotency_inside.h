/* What the files behind idempotency.h share. */
#ifndef ENDPOINT_IDEMPOTENCY_INSIDE_H
#define ENDPOINT_IDEMPOTENCY_INSIDE_H

#include <sys/queue.h>

#include "base/arena.h"
#include "base/hash.h"
#include "endpoint/idempotency.h"
#include "endpoint/idempotency_record.h"
#include "net/loop.h"

#define IDEMPOTENCY_KEEP_MS  ((uint64_t)24 * 60 * 60 * 1000)
#define IDEMPOTENCY_FREE_MAX 256

/* One request that is guarded. Lives until its outcome is in the store. */
struct guarded {
	TAILQ_ENTRY(guarded) link; /* in idempotency.all */
	struct idempotency *of;
	struct request *rq; /* NULL: answered */
	void (*run)(void *ctx);
	void *ctx;
	enum journal_kind kind;
	char account[JOURNAL_ACCOUNT_MAX + 1];

	bool has_key;
	struct hash_sha256 key, print;
	size_t hashed; /* bytes of the body that are in print */
	struct op hash_op;
	struct loop_task hash_task;
	unsigned tries;

	bool is_claiming, is_claimed, is_begun;
	uint64_t generation; /* of what was found under the key */
	int64_t created_ms;
	struct journal_entry *entry;

	/* Once it is answered: on its way to the store. */
	struct buf final;
	struct arena *mem;
	struct op *op;
	struct loop_timer retry;
	uint64_t give_up_ms;
};

TAILQ_HEAD(guarded_list, guarded);

/* What the journal said of one key. */
struct restored {
	STAILQ_ENTRY(restored) link;
	struct hash_sha256 key;
	struct idempotency_record record; /* without its answer */
	size_t len;
	uint8_t text[]; /* the record as it is kept */
};

STAILQ_HEAD(restored_list, restored);

struct idempotency {
	struct loop *loop;
	struct state *state;
	struct journal *journal; /* NULL: none */
	bool is_journal_silent;  /* that it cannot be written was said */
	uint8_t process[IDEMPOTENCY_PROCESS_BYTES];
	struct guarded_list all;

	/* Keys whose claim may be in the store although nothing came of it. */
	struct hash_sha256 free_keys[IDEMPOTENCY_FREE_MAX];
	unsigned free_next;

	/* That we live, for other processes: while anything runs. */
	struct loop_timer alive;
	struct op *alive_op;
	struct arena *alive_mem; /* a put needs next to nothing */
	uint64_t alive_ms;       /* when it was last said */

	struct restored_list restoring;
	struct loop_timer restore_later;
	struct op *restore_op;
	struct arena *restore_mem;

	struct buf unknown; /* for idempotency_past() */
	struct idempotency_stats stats;
};

/* --- idempotency_keep.c: beside the requests --------------------------------------- */

/* Says that we live, unless it did a moment ago; before a claim. */
void idempotency_say_alive(struct idempotency *i);
/* Where another process would say so. */
struct bytes idempotency_alive_key(const uint8_t *process,
				   uint8_t to[1 + IDEMPOTENCY_PROCESS_BYTES]);
bool idempotency_is_restored(const struct idempotency *i);
/* What has come of g goes to the store, however long that takes; then g is freed. The record
 * is in g->final; an empty one: the key is free again. */
void idempotency_keep(struct guarded *g);
void guarded_free(struct guarded *g);

/* A claim of that key may be in the store that means nothing. */
void idempotency_note_free(struct idempotency *i, const struct hash_sha256 *key);
/* Was there one? It is forgotten. */
bool idempotency_take_free(struct idempotency *i, const struct hash_sha256 *key);

#endif
