/*
 * Copies and moves: UID COPY, UID MOVE (RFC 9051 §6.4.7, §6.4.8) over sets; a
 * move without MOVE is COPY, and when that is answered the removal of what was
 * copied: at whatever point the connection breaks, each message is somewhere.
 * COPYUID (RFC 9051 §7.1) tells where they went.
 *
 * None of this may be done twice. So one looks first, and waits for the answer: at
 * the messages, to know them again in the other folder, and at what UID comes next
 * there. A connection that had died unseen is then found out before anything is in
 * doubt, and what a cut hides afterwards can be found out as well.
 */
#include "imap/change.h"

struct transfer {
	struct imap_changing changing; /* first */
	struct imap_noted before;      /* the other folder */
	bool is_begun;                 /* something that changes was sent */
};

/* What one knows a message again by. */
#define SEEN (MAIL_FLAGS | MAIL_DATES | MAIL_HEADER_SUMMARY)

/* --- COPYUID ---------------------------------------------------------------------------- */

/* The n-th number of a set, in its own order. */
static uint32_t nth(const struct imap_set *set, uint64_t n)
{
	for (size_t i = 0; i < set->count; i++) {
		uint64_t size = (uint64_t)set->at[i].last - set->at[i].first + 1;

		if (n < size)
			return set->at[i].first + (uint32_t)n;
		n -= size;
	}
	return 0;
}

/* Where in the set a number stands; UINT64_MAX when it does not. */
static uint64_t place(const struct imap_set *set, uint32_t number)
{
	uint64_t before = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (number >= set->at[i].first && number <= set->at[i].last)
			return before + (number - set->at[i].first);
		before += (uint64_t)set->at[i].last - set->at[i].first + 1;
	}
	return UINT64_MAX;
}

/* Both sets go in the same order; a server's mistake gives no new id. */
static void see_copyuid(struct imap_changing *c, const struct imap_text *t, size_t first,
			size_t last)
{
	for (size_t i = first; i < last; i++) {
		struct imap_change *ch = &c->at[i];
		uint64_t n = place(&t->source_uids, ch->uid);
		uint32_t uid = n == UINT64_MAX ? 0 : nth(&t->uids, n);

		ch->is_named = ch->is_named || n != UINT64_MAX;
		if (!uid)
			continue;
		ch->is_there = true;
		ch->result.has_new_key = true;
		ch->result.new_key = (struct message_key){ .kind = MESSAGE_KEY_UID,
							   .uidvalidity = t->uidvalidity,
							   .uid = uid };
	}
}

/* MOVE tells it in an untagged OK, before what it removes. */
static bool wants_copyuid(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_UNTAGGED && r->text.code == IMAP_CODE_COPYUID;
}

static void take_copyuid(struct imap_exchange *x, const struct imap_response *r)
{
	see_copyuid(x->owner, &r->text, x->first, x->last);
}

/* --- the commands ------------------------------------------------------------------------ */

static bool is_move(const struct imap_changing *c)
{
	return c->base.rq.verb == MAIL_MOVE;
}

static bool has_move(const struct imap_changing *c)
{
	return imap_session_can(c->base.store->session, IMAP_CAP_MOVE);
}

/* All is answered: those that were there are copied, with MOVE also gone. */
static void settle(struct imap_changing *c)
{
	bool has_halves = is_move(c) && !has_move(c);

	for (size_t i = 0; i < c->count; i++) {
		struct imap_change *ch = &c->at[i];

		if (ch->is_settled)
			continue;
		ch->is_settled = !has_halves || !ch->is_there;
		ch->result.expunged = is_move(c) && !has_halves;
		if (!ch->is_there) {
			ch->result.status = CHANGE_NOT_FOUND;
			ch->result.fault = fault_of(ERR_NOT_FOUND);
		}
	}
	if (has_halves)
		imap_changing_remove(c);
	else
		imap_changing_finish(c);
}

/* Where COPYUID came, whom it does not name another client had removed meanwhile. */
static void settle_missed(struct imap_changing *c, const struct imap_exchange *x)
{
	bool is_told = false;

	for (size_t i = x->first; i < x->last; i++)
		is_told = is_told || c->at[i].is_named;
	for (size_t i = x->first; is_told && i < x->last; i++)
		c->at[i].is_there = c->at[i].is_named;
}

/* What a MOVE that failed half-way had told of is done all the same. */
static void settle_moved(struct imap_changing *c, const struct imap_exchange *x)
{
	for (size_t i = x->first; i < x->last; i++) {
		c->at[i].is_settled = c->at[i].result.has_new_key;
		c->at[i].result.expunged = c->at[i].is_settled;
	}
}

static void on_copied(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;
	struct fault f = imap_fault_of(reply);

	if (reply->text->code == IMAP_CODE_COPYUID)
		see_copyuid(c, reply->text, x->first, x->last);
	if (!f.err)
		settle_missed(c, x);
	if (f.err && is_move(c) && has_move(c))
		settle_moved(c, x);
	if (f.err)
		imap_changing_refuse(c, x, &f);
	if (imap_op_answered(&c->base, NULL))
		settle(c);
}

/* --- the look before ------------------------------------------------------------------- */

/* Who is marked \Deleted is not there for who does not know of the mark. */
static void settle_hidden(struct imap_changing *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct imap_change *ch = &c->at[i];
		bool is_hidden = ch->is_there && ch->result.has_keywords &&
				 ch->result.keywords.system & KEYWORD_DELETED;

		if (!is_hidden && (ch->is_there || !ch->has_looked))
			continue;
		ch->is_settled = true;
		ch->result.status = CHANGE_NOT_FOUND;
		ch->result.fault = fault_of(ERR_NOT_FOUND);
	}
}

static bool is_open(const struct imap_change *ch)
{
	return !ch->is_settled;
}

static void transfer(struct imap_changing *c)
{
	struct transfer *t = (struct transfer *)c;
	const char *words = is_move(c) && has_move(c) ? "UID MOVE" : "UID COPY";
	struct imap_chunk chunk = { 0, 0 };

	settle_hidden(c);
	for (size_t i = 0; i < c->count; i++) {
		c->at[i].result.uidvalidity_before = t->before.uidvalidity;
		c->at[i].result.uidnext_before = t->before.uidnext;
	}
	t->is_begun = true;
	while (!c->base.fault.err && imap_changing_chunk(c, chunk.last, is_open, &chunk)) {
		struct imap_exchange *x =
			imap_changing_command(c, words, &chunk, is_open, on_copied);

		if (x) {
			x->wants = wants_copyuid;
			x->take = take_copyuid;
			imap_command_mailbox(&x->command, c->base.rq.arg.to);
		}
		imap_op_send(&c->base, x);
	}
	if (!c->base.pending)
		imap_changing_finish(c);
}

static void answered(struct imap_changing *c)
{
	if (!imap_op_answered(&c->base, NULL))
		return;
	if (c->base.fault.err)
		imap_changing_finish(c);
	else
		transfer(c);
}

static void on_noted(struct imap_exchange *x, const struct imap_reply *reply)
{
	(void)reply;
	answered(x->owner);
}

static void on_looked(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;

	for (size_t i = x->first; i < x->last; i++)
		c->at[i].has_looked = reply->status == IMAP_OK;
	answered(c);
}

/* One broken message is enough for a server to refuse: then as little as possible is
 * asked. */
static void on_seen(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;

	if (reply->status != IMAP_OK)
		imap_changing_look(c, &(struct imap_chunk){ x->first, x->last }, NULL, on_looked);
	on_looked(x, reply);
}

static bool wants_seen(const struct imap_exchange *x, const struct imap_response *r)
{
	return r->kind == IMAP_FETCH && imap_fetch_answers(&r->fetch, SEEN) &&
	       imap_changing_find(x->owner, r->fetch.uid);
}

static void take_seen(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_changing *c = x->owner;
	struct arena *mem = c->base.rq.call.mem;
	struct imap_change *ch = r ? imap_changing_find(c, r->fetch.uid) : NULL;

	if (ch && !ch->seen)
		ch->seen = ARENA_NEW(mem, struct mail_item);
	if (!ch || !ch->seen) {
		c->base.fault = fault_of(ERR_NOMEM);
		return;
	}
	imap_fetch_item(ch->seen, mem, &r->fetch);
	ch->is_there = true;
	ch->result.seen = ch->seen;
	ch->result.has_keywords = true;
	ch->result.keywords = ch->seen->keywords;
}

static void look(struct imap_changing *c, const struct imap_chunk *chunk)
{
	struct imap_exchange *x;

	if (c->count > CHANGE_SEEN_MAX) {
		imap_changing_look(c, chunk, NULL, on_looked);
		return;
	}
	x = imap_changing_command(c, "UID FETCH", chunk, NULL, on_seen);
	if (x) {
		x->mem = c->base.rq.call.mem;
		x->wants = wants_seen;
		x->take = take_seen;
		imap_fetch_items(x, SEEN);
	}
	imap_op_send(&c->base, x);
}

static void go(struct imap_changing *c)
{
	const struct imap_mailbox *m = &c->base.store->session->mailbox;
	struct imap_chunk chunk = { 0, 0 };

	if (is_move(c) && m->is_read_only) {
		imap_op_fail_with(&c->base, ERR_DENIED, "the folder is read-only");
		return;
	}
	imap_op_note(&c->base, c->base.rq.arg.to, &((struct transfer *)c)->before, on_noted);
	while (!c->base.fault.err && imap_changing_chunk(c, chunk.last, NULL, &chunk))
		look(c, &chunk);
	if (!c->base.pending)
		imap_changing_finish(c);
}

static void lost(struct imap_op *op, const struct fault *fault)
{
	if (((struct transfer *)op)->is_begun)
		imap_changing_lost(op, fault);
	else
		imap_op_fail(op, fault);
}

static void begin(struct imap_op *op)
{
	imap_changing_begin((struct imap_changing *)op, go);
}

const struct imap_verb imap_verb_copy = {
	.size_bytes = sizeof(struct transfer),
	.begin = begin,
	.lost = lost,
};

const struct imap_verb imap_verb_move = {
	.size_bytes = sizeof(struct transfer),
	.begin = begin,
	.lost = lost,
};
