/* MAIL_SYNC: the maildrop as it was at the login, by name; or what of it the journal says
 * is different. */
#include "pop3/store.h"

static bool fill(struct arena *mem, const struct pop3_message *msg, bool is_numbered,
		 struct mail_flags *ret)
{
	struct message_key *key = ARENA_NEW(mem, struct message_key);

	if (!key)
		return false;
	*key = msg->key;
	*ret = (struct mail_flags){ .key = key };
	if (is_numbered) {
		ret->modseq = msg->modseq;
		ret->added = msg->added;
	}
	return pop3_message_keywords(msg, mem, &ret->keywords);
}

/* Those that are numbered above; 0: all of them, without their numbers. */
static bool take_messages(struct pop3_op *op, uint64_t above, struct mail_sync *to)
{
	const struct pop3_maildrop *m = &op->store->drop;
	struct arena *mem = op->rq.call.mem;
	struct mail_flags *flags = ARENA_ARRAY(mem, m->count, struct mail_flags);

	for (size_t i = 0; flags && i < m->count; i++) {
		if (above && m->at[i].modseq <= above)
			continue;
		if (!fill(mem, &m->at[i], above != 0, &flags[to->count]))
			return false;
		to->count++;
	}
	to->flags = flags;
	return flags != NULL;
}

static bool take_gone(struct pop3_op *op, uint64_t above, struct mail_sync *to)
{
	const struct pop3_journal *j = &op->store->journal;
	struct message_key *keys = ARENA_ARRAY(op->rq.call.mem, j->gone_count, struct message_key);

	for (size_t i = 0; keys && i < j->gone_count; i++)
		if (j->gone[i].modseq > above)
			keys[to->gone_key_count++] = j->gone[i].key;
	to->gone_keys = keys;
	return keys != NULL;
}

static void begin(struct pop3_op *op)
{
	const struct mail_baseline *since = &op->rq.arg.since;
	const struct pop3_journal *j = &op->store->journal;
	bool is_known = since->only_changes && since->highestmodseq &&
			pop3_journal_reaches(j, since->epoch, since->highestmodseq);
	struct mail_sync sync = { .is_whole = !is_known };
	struct mail_request rq;
	bool ok;

	ok = take_messages(op, is_known ? since->highestmodseq : 0, &sync);
	if (ok && is_known) {
		sync.epoch = j->epoch;
		sync.highestmodseq = j->modseq;
		ok = take_gone(op, since->highestmodseq, &sync);
	}
	if (!ok) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	rq = pop3_op_finish(op);
	rq.cb.sync(rq.ctx, NULL, &sync);
}

const struct pop3_verb pop3_verb_sync = { .size_bytes = sizeof(struct pop3_op), .begin = begin };
