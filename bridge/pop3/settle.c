/*
 * Brings the journal and its record in the memory together, before an operation whose
 * answer says where the maildrop stands. What is not in the memory is not told to
 * anybody: numbers that others do not know of would be given again.
 */
#include "base/clock.h"
#include "pop3/store.h"

#define RECORD_MAX_BYTES (32u << 20)

/* Others write, too. */
#define TRIES_MAX 5

static void ask_record(struct pop3_op *op);

bool pop3_wants_settling(const struct pop3_store *st, const struct mail_request *rq)
{
	if (!pop3_remembers(st) || st->is_settled)
		return false;
	return rq->verb == MAIL_QUERY || (rq->verb == MAIL_SYNC && rq->arg.since.only_changes) ||
	       (rq->verb == MAIL_FETCH && rq->arg.read.want & MAIL_MODSEQ) ||
	       (rq->verb == MAIL_SET_KEYWORDS && rq->arg.flags.unchanged_since);
}

static void settled(struct pop3_op *op, bool is_known)
{
	if (!is_known)
		pop3_journal_done(&op->store->journal);
	op->store->is_settled = is_known;
	op->verb->begin(op);
}

static void on_put(void *ctx, enum err err)
{
	struct pop3_op *op = ctx;

	op->recalling = NULL;
	if (err == ERR_CONFLICT && ++op->settle_tries < TRIES_MAX)
		ask_record(op);
	else
		settled(op, err == ERR_OK);
}

static void put_record(struct pop3_op *op, uint64_t generation)
{
	struct pop3_store *st = op->store;
	const struct mail_memory *memory = st->server->memory;
	struct buf record;

	buf_init(&record, RECORD_MAX_BYTES);
	pop3_journal_save(&st->journal, &st->drop, &record);
	if (!buf_err(&record))
		op->recalling = memory->put_record(memory->ctx, pop3_recall_call(op),
						   bytes_of_str(st->scope), buf_bytes(&record),
						   generation, on_put, op);
	buf_done(&record);
	if (!op->recalling)
		settled(op, false);
}

static void on_record(void *ctx, enum err err, struct bytes record, uint64_t generation)
{
	struct pop3_op *op = ctx;
	struct pop3_store *st = op->store;
	bool has_changed = true;

	if (err == ERR_NOT_FOUND)
		generation = 0;
	else if (!err)
		err = pop3_journal_load(&st->journal, &st->drop, record, &has_changed);
	op->recalling = NULL;
	pop3_recall_stop(op); /* the record may have lain in its memory */
	/* One that cannot be read is as good as none. */
	if (err == ERR_NOT_FOUND || err == ERR_PROTO)
		err = pop3_journal_begin(&st->journal, &st->drop);
	if (err || !has_changed)
		settled(op, !err);
	else
		put_record(op, generation);
}

static void ask_record(struct pop3_op *op)
{
	const struct mail_memory *memory = op->store->server->memory;
	struct call call = pop3_recall_call(op);

	call.mem = op->recalled_mem = arena_new(2 * RECORD_MAX_BYTES);
	if (call.mem)
		op->recalling = memory->get_record(memory->ctx, call,
						   bytes_of_str(op->store->scope), on_record, op);
	if (!op->recalling) {
		pop3_recall_stop(op);
		settled(op, false);
	}
}

void pop3_settle(struct pop3_op *op)
{
	/* Where they are not known, they must not seem to have changed. */
	if (op->store->lacks_keywords)
		settled(op, false);
	else
		ask_record(op);
}
