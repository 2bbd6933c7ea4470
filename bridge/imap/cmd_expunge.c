/*
 * Removal for good: STORE \Deleted and UID EXPUNGE (RFC 9051 §6.4.9), which takes
 * exactly these. Without UIDPLUS there is only EXPUNGE, which takes whatever any
 * client has marked: it is used when SEARCH DELETED names ours and nothing else;
 * otherwise they stay marked, and are not shown.
 */
#include "imap/change.h"

static bool is_to_be_removed(const struct imap_change *ch)
{
	return !ch->is_settled;
}

static bool has_uidplus(const struct imap_changing *c)
{
	return imap_session_can(c->base.store->session, IMAP_CAP_UIDPLUS);
}

/* --- EXPUNGE where nothing else is marked ------------------------------------------------- */

static void on_expunged(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;

	(void)imap_op_answered(&c->base, NULL);
	for (size_t i = 0; i < c->count; i++) {
		if (is_to_be_removed(&c->at[i]) && c->at[i].is_there)
			c->at[i].result.expunged = reply->status == IMAP_OK;
	}
	imap_changing_finish(c);
}

static void take_deleted(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_changing *c = x->owner;
	const struct imap_numbers *n = &r->search.numbers;
	bool all_ours = true;

	if (r->kind == IMAP_SEARCH) {
		for (size_t i = 0; all_ours && i < n->count; i++) {
			const struct imap_change *ch = imap_changing_find(c, n->at[i]);

			all_ours = ch && is_to_be_removed(ch);
		}
	}
	for (size_t i = 0; r->kind == IMAP_ESEARCH && i < r->esearch.all.count; i++) {
		const struct imap_range *range = &r->esearch.all.at[i];

		for (uint64_t uid = range->first; all_ours && uid <= range->last; uid++) {
			const struct imap_change *ch = imap_changing_find(c, (uint32_t)uid);

			all_ours = ch && is_to_be_removed(ch);
		}
	}
	x->detail = all_ours ? c : NULL; /* for on_searched() */
}

static void on_searched(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;

	(void)imap_op_answered(&c->base, NULL);
	if (reply->status == IMAP_OK && x->detail)
		imap_op_send(&c->base, imap_op_command(&c->base, "EXPUNGE", on_expunged));
	if (!c->base.pending)
		imap_changing_finish(c);
}

static void search_deleted(struct imap_changing *c)
{
	struct imap_exchange *x = imap_search_command(&c->base, "UID SEARCH", "ALL", on_searched);

	if (x) {
		x->take = take_deleted;
		imap_command_word(&x->command, "DELETED");
	}
	imap_op_send(&c->base, x);
	if (!c->base.pending)
		imap_changing_finish(c);
}

/* --- STORE, a look, UID EXPUNGE --------------------------------------------------------------- */

static void answered(struct imap_changing *c)
{
	if (!imap_op_answered(&c->base, NULL))
		return;
	if (has_uidplus(c))
		imap_changing_finish(c);
	else
		search_deleted(c);
}

static void on_stored(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;
	struct fault f = imap_fault_of(reply);

	if (f.err)
		imap_changing_refuse(c, x, &f);
	answered(c);
}

/* Without the right to mark it STORE may be ignored: then nothing is removed. */
static void on_looked(struct imap_exchange *x, const struct imap_reply *reply)
{
	static const struct keywords deleted = { .system = KEYWORD_DELETED };
	struct imap_changing *c = x->owner;

	(void)reply;
	for (size_t i = x->first; i < x->last; i++) {
		struct imap_change *ch = &c->at[i];

		if (!is_to_be_removed(ch) || !ch->is_there || ch->is_marked)
			continue;
		ch->is_settled = true;
		ch->result.status = CHANGE_FAILED;
		ch->result.fault = imap_changing_ignored(c, &deleted);
	}
	answered(c);
}

/* Where there are ACLs an EXPUNGE that is not permitted may be ignored with OK: then no
 * response has taken the message out of the folder. */
static bool has_stayed(const struct imap_changing *c, uint32_t uid)
{
	const struct imap_session *s = c->base.store->session;

	return imap_session_can(s, IMAP_CAP_ACL) && imap_msgmap_has(&s->mailbox.map, uid);
}

static void on_uid_expunged(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_changing *c = x->owner;

	for (size_t i = x->first; i < x->last; i++) {
		struct imap_change *ch = &c->at[i];

		if (!is_to_be_removed(ch) || !ch->is_there)
			continue;
		ch->is_settled = true;
		ch->result.expunged = reply->status == IMAP_OK && !has_stayed(c, ch->uid);
	}
	answered(c);
}

static void send_store(struct imap_changing *c, const struct imap_chunk *chunk)
{
	const struct keywords deleted = { .system = KEYWORD_DELETED };
	struct imap_exchange *x =
		imap_changing_command(c, "UID STORE", chunk, is_to_be_removed, on_stored);

	if (x) {
		imap_command_word(&x->command, "+FLAGS.SILENT");
		imap_command_flags(&x->command, &deleted);
	}
	imap_op_send(&c->base, x);
}

void imap_changing_remove(struct imap_changing *c)
{
	struct imap_chunk chunk = { 0, 0 };

	while (!c->base.fault.err && imap_changing_chunk(c, chunk.last, is_to_be_removed, &chunk)) {
		send_store(c, &chunk);
		imap_changing_look(c, &chunk, is_to_be_removed, on_looked);
		if (has_uidplus(c))
			imap_op_send(&c->base,
				     imap_changing_command(c, "UID EXPUNGE", &chunk,
							   is_to_be_removed, on_uid_expunged));
	}
	if (!c->base.pending)
		imap_changing_finish(c);
}

static void begin(struct imap_op *op)
{
	imap_changing_begin((struct imap_changing *)op, imap_changing_remove);
}

const struct imap_verb imap_verb_expunge = {
	.size_bytes = sizeof(struct imap_changing),
	.begin = begin,
	.lost = imap_changing_lost,
};
