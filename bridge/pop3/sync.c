/* MAIL_SYNC: the maildrop as it was at the login, by name. */
#include "pop3/store.h"

static bool fill(struct arena *mem, const struct pop3_message *msg, struct mail_flags *ret)
{
	struct message_key *key = ARENA_NEW(mem, struct message_key);

	if (!key)
		return false;
	*key = msg->key;
	*ret = (struct mail_flags){ .key = key };
	return pop3_message_keywords(msg, mem, &ret->keywords);
}

static void begin(struct pop3_op *op)
{
	const struct pop3_maildrop *m = &op->store->drop;
	struct arena *mem = op->rq.call.mem;
	struct mail_flags *flags = ARENA_ARRAY(mem, m->count, struct mail_flags);
	struct mail_sync sync = { .is_whole = true, .flags = flags };
	struct mail_request rq;

	while (flags && sync.count < m->count && fill(mem, &m->at[sync.count], &flags[sync.count]))
		sync.count++;
	if (!flags || sync.count < m->count) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	rq = pop3_op_finish(op);
	rq.cb.sync(rq.ctx, NULL, &sync);
}

const struct pop3_verb pop3_verb_sync = { .size_bytes = sizeof(struct pop3_op), .begin = begin };
