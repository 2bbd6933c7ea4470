/*
 * Keywords: UID STORE +FLAGS.SILENT and -FLAGS.SILENT over sets, and one UID
 * FETCH behind them that shows what came of it and which messages are there
 * (RFC 9051 §6.4.6; RFC 2180 §4.2 lets STORE fail for some of a set).
 *
 * On a condition (UNCHANGEDSINCE, RFC 7162 §3.1.3) the first STORE goes alone: it
 * changes the mod-sequence itself, and what comes behind it must know whom it left
 * out.
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

/* Did the condition hold, as far as we know? */
static bool is_open(const struct imap_change *ch)
{
	return !ch->is_settled || ch->result.fault.err != ERR_CONFLICT;
}

/* What the flags are in the end counts more than a refusal on the way. */
static void answered(struct imap_changing *c)
{
	if (!imap_op_answered(&c->base, NULL))
		return;
	for (size_t i = 0; i < c->count; i++) {
		if (!is_open(&c->at[i]))
			continue;
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

static void send_store(struct imap_changing *c, const struct imap_chunk *chunk, bool is_addition,
		       uint64_t unchanged_since,
		       void (*done)(struct imap_exchange *x, const struct imap_reply *reply))
{
	const struct keywords *k =
		is_addition ? &c->base.rq.arg.flags.add : &c->base.rq.arg.flags.remove;
	struct imap_exchange *x;

	if (is_empty(k))
		return;
	x = imap_changing_command(c, "UID STORE", chunk, is_open, done);
	if (x && unchanged_since) {
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UNCHANGEDSINCE");
		imap_command_number(&x->command, unchanged_since);
		imap_command_close(&x->command);
	}
	if (x) {
		imap_command_word(&x->command, is_addition ? "+FLAGS.SILENT" : "-FLAGS.SILENT");
		imap_command_flags(&x->command, k);
	}
	imap_op_send(&c->base, x);
}

static void store(struct imap_changing *c, bool adds, bool removes)
{
	struct imap_chunk chunk = { 0, 0 };

	while (!c->base.fault.err && imap_changing_chunk(c, chunk.last, is_open, &chunk)) {
		if (adds)
			send_store(c, &chunk, true, 0, on_stored);
		if (removes)
			send_store(c, &chunk, false, 0, on_stored);
		imap_changing_look(c, &chunk, is_open, on_looked);
	}
	if (!c->base.pending)
		imap_changing_finish(c);
}

/* --- on a condition ----------------------------------------------------------------------- */

static void settle_modified(struct imap_changing *c, const struct imap_exchange *x,
			    const struct imap_set *uids)
{
	for (size_t i = x->first; i < x->last; i++) {
		struct imap_change *ch = &c->at[i];

		for (size_t r = 0; r < uids->count && !ch->is_settled; r++) {
			if (ch->uid < uids->at[r].first || ch->uid > uids->at[r].last)
				continue;
			ch->is_settled = true;
			ch->result.status = CHANGE_FAILED;
			ch->result.fault = fault_of(ERR_CONFLICT);
		}
	}
}

static void on_first_stored(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;
	struct fault f = imap_fault_of(reply);

	if (reply->text->code == IMAP_CODE_MODIFIED)
		settle_modified(c, x, &reply->text->uids);
	if (f.err)
		imap_changing_refuse(c, x, &f);
	if (imap_op_answered(&c->base, NULL))
		store(c, false, !is_empty(&c->base.rq.arg.flags.add));
}

static void store_unchanged(struct imap_changing *c, uint64_t unchanged_since)
{
	bool adds = !is_empty(&c->base.rq.arg.flags.add);
	struct imap_chunk chunk = { 0, 0 };

	while (!c->base.fault.err && imap_changing_chunk(c, chunk.last, NULL, &chunk))
		send_store(c, &chunk, adds, unchanged_since, on_first_stored);
	if (!c->base.pending)
		imap_changing_finish(c);
}

static void go(struct imap_changing *c)
{
	if (c->base.rq.arg.flags.unchanged_since)
		store_unchanged(c, c->base.rq.arg.flags.unchanged_since);
	else
		store(c, true, true);
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
