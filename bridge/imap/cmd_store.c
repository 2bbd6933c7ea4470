/*
 * Keywords: UID STORE +FLAGS.SILENT and -FLAGS.SILENT over sets, and one UID
 * FETCH behind them that shows what came of it and which messages are there
 * (RFC 9051 §6.4.6; RFC 2180 §4.2 lets STORE fail for some of a set).
 */
#include "imap/change.h"

static void settle(struct imap_changing *c, struct imap_change *ch)
{
	const struct keywords *add = &c->base.rq.arg.flags.add;
	const struct keywords *remove = &c->base.rq.arg.flags.remove;
	const struct keywords *now = &ch->result.keywords;
	unsigned named = add->system | remove->system;
	bool ok = (now->system & add->system) == add->system && !(now->system & remove->system);

	for (size_t i = 0; ok && i < add->custom.count; i++)
		ok = keywords_has(now, add->custom.at[i]);
	for (size_t i = 0; ok && i < remove->custom.count; i++)
		ok = !keywords_has(now, remove->custom.at[i]);
	if (now->system & ~named & KEYWORD_DELETED) {
		/* Not to be seen, and so not there for who does not know of the mark. */
		ch->is_settled = true;
		ch->result.status = CHANGE_NOT_FOUND;
		ch->result.fault = fault_of(ERR_NOT_FOUND);
	} else if (ok) {
		ch->is_settled = true;
		ch->result.status = CHANGE_DONE;
		ch->result.fault = fault_of(ERR_OK);
	} else if (!ch->is_settled) {
		ch->is_settled = true;
		ch->result.status = CHANGE_FAILED;
		ch->result.fault = imap_changing_ignored(c, add);
		if (ch->result.fault.err != ERR_DENIED)
			ch->result.fault = imap_changing_ignored(c, remove);
	}
}

/* What the flags are in the end counts more than a refusal on the way. */
static void answered(struct imap_changing *c)
{
	if (!imap_op_answered(&c->base, NULL))
		return;
	for (size_t i = 0; i < c->count; i++) {
		if (c->at[i].is_there)
			settle(c, &c->at[i]);
		else if (c->at[i].has_looked)
			c->at[i].is_settled = false; /* it is not there: that is why */
	}
	imap_changing_finish(c);
}

static void on_stored(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct fault f = imap_fault_of(reply);

	if (f.err)
		imap_changing_refuse(x->owner, x, &f);
	answered(x->owner);
}

static void on_looked(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;

	for (size_t i = x->first; i < x->last; i++)
		c->at[i].has_looked = reply->status == IMAP_OK;
	answered(c);
}

static bool is_empty(const struct keywords *k)
{
	return !k->system && !k->custom.count;
}

static void send_store(struct imap_changing *c, const struct imap_chunk *chunk, const char *item,
		       const struct keywords *k)
{
	struct imap_exchange *x;

	if (is_empty(k))
		return;
	x = imap_changing_command(c, "UID STORE", chunk, NULL, on_stored);
	if (x) {
		imap_command_word(&x->command, item);
		imap_command_flags(&x->command, k);
	}
	imap_op_send(&c->base, x);
}

static void go(struct imap_changing *c)
{
	struct imap_chunk chunk = { 0, 0 };

	while (!c->base.fault.err && imap_changing_chunk(c, chunk.last, NULL, &chunk)) {
		send_store(c, &chunk, "+FLAGS.SILENT", &c->base.rq.arg.flags.add);
		send_store(c, &chunk, "-FLAGS.SILENT", &c->base.rq.arg.flags.remove);
		imap_changing_look(c, &chunk, NULL, on_looked);
	}
	if (!c->base.pending)
		imap_changing_finish(c);
}

static void begin(struct imap_op *op)
{
	imap_changing_begin((struct imap_changing *)op, go);
}

const struct imap_verb imap_verb_set_keywords = {
	.size_bytes = sizeof(struct imap_changing),
	.begin = begin,
	.lost = imap_changing_lost,
};
