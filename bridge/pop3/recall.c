/* What the maildrop's messages are known to be from earlier conversations. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "pop3/store.h"

#define NAME_MAX_BYTES 96

/* Values of one question, all together. */
#define RECALLED_MAX_BYTES (64u << 20)

/* A memory that is away must not hold up anybody: without it there is the server. */
#define RECALL_MS 2000

bool pop3_remembers(const struct pop3_store *st)
{
	return st->server->memory != NULL;
}

void pop3_recall_scope(struct pop3_store *st, struct bytes username)
{
	char server[300];
	struct bytes pieces[2];
	struct hash_sha256 h;

	snprintf(server, sizeof server, "%s:%u/", st->server->host, st->server->port);
	pieces[0] = bytes_of_str(server);
	pieces[1] = username;
	h = hash_sha256_of(pieces, 2);
	hash_base64url_str(st->scope, sizeof st->scope, bytes_of(h.at, 9));
}

struct names {
	struct bytes *at; /* owned; the texts are behind them */
};

static bool name_all(struct names *n, struct pop3_message *const *messages, size_t count)
{
	char *room;

	n->at = malloc(count * (sizeof(struct bytes) + NAME_MAX_BYTES) + 1);
	if (!n->at)
		return false;
	room = (char *)(n->at + count);
	for (size_t i = 0; i < count; i++, room += NAME_MAX_BYTES) {
		const struct message_key *key = &messages[i]->key;

		if (key->kind == MESSAGE_KEY_HASH)
			snprintf(room, NAME_MAX_BYTES, "h.%s-%u", key->text, key->uid);
		else
			snprintf(room, NAME_MAX_BYTES, "p.%s", key->text);
		n->at[i] = bytes_of_str(room);
	}
	return true;
}

static void on_recalled(void *ctx, enum err err, const struct bytes *values, size_t count)
{
	struct pop3_op *op = ctx;
	struct arena *mem = op->recalled_mem;

	op->recalling = NULL;
	op->recalled_mem = NULL;
	/* It may free the operation. */
	op->recalled(op, err ? NULL : values, count);
	arena_free(mem);
}

struct call pop3_recall_call(const struct pop3_op *op)
{
	uint64_t own = clock_monotonic_ms() + RECALL_MS;

	return (struct call){ .deadline_ms =
				      own < op->rq.call.deadline_ms ? own : op->rq.call.deadline_ms,
			      .cls = op->rq.call.cls };
}

bool pop3_recall(struct pop3_op *op, enum mail_memory_kind kind,
		 struct pop3_message *const *messages, size_t count,
		 void (*recalled)(struct pop3_op *op, const struct bytes *values, size_t count))
{
	const struct mail_memory *memory = op->store->server->memory;
	struct call call = pop3_recall_call(op);
	struct names names;

	if (!memory || count == 0 || !name_all(&names, messages, count))
		return false;
	call.mem = op->recalled_mem = arena_new(RECALLED_MAX_BYTES);
	op->recalled = recalled;
	if (call.mem)
		op->recalling = memory->get(memory->ctx, call, kind, bytes_of_str(op->store->scope),
					    names.at, count, on_recalled, op);
	free(names.at);
	if (!op->recalling)
		pop3_recall_stop(op);
	return op->recalling != NULL;
}

void pop3_recall_stop(struct pop3_op *op)
{
	op_cancel(op->recalling);
	op->recalling = NULL;
	arena_free(op->recalled_mem);
	op->recalled_mem = NULL;
}

static void nobody_waits(void *ctx, enum err err)
{
	(void)ctx;
	(void)err;
}

static void on_remembered(void *ctx, enum err err)
{
	struct pop3_op *op = ctx;
	mail_memory_done_cb *done = op->remembered;

	op->recalling = NULL;
	done(op, err);
}

bool pop3_remember(struct pop3_op *op, enum mail_memory_kind kind,
		   struct pop3_message *const *messages, const struct bytes *values, size_t count,
		   mail_memory_done_cb *done)
{
	const struct mail_memory *memory = op->store->server->memory;
	struct call call = { .deadline_ms = clock_monotonic_ms() + RECALL_MS };
	struct names names;
	struct op *put;

	if (!memory || count == 0 || !name_all(&names, messages, count))
		return false;
	put = memory->put(memory->ctx, call, kind, bytes_of_str(op->store->scope), names.at, values,
			  count, done ? on_remembered : nobody_waits, op);
	free(names.at);
	if (done) {
		op->remembered = done;
		op->recalling = put;
	}
	return put != NULL;
}
