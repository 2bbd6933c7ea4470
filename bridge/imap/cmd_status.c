/*
 * The numbers of one folder. STATUS counts messages that are marked \Deleted,
 * which are not shown and not counted here; so the folder is selected and
 * searched instead, which is one round trip as well.
 */
#include "imap/store.h"

struct status {
	struct imap_op base;
	uint32_t deleted, unread;
};

static void take_deleted(struct imap_exchange *x, const struct imap_response *r)
{
	((struct status *)x->owner)->deleted = imap_search_count(r);
}

static void take_unread(struct imap_exchange *x, const struct imap_response *r)
{
	((struct status *)x->owner)->unread = imap_search_count(r);
}

static void finish(struct status *s)
{
	const struct imap_mailbox *m = &s->base.store->session->mailbox;
	struct folder_status result = { .uidvalidity = m->uidvalidity,
					.uidnext = m->uidnext,
					.total = m->map.exists,
					.unread = s->unread,
					.highestmodseq = m->highestmodseq };
	struct mail_request rq;

	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
		return;
	}
	if (s->deleted <= result.total)
		result.total -= s->deleted;
	rq = imap_op_finish(&s->base);
	rq.cb.status(rq.ctx, NULL, &result);
}

static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct status *s = x->owner;

	if (imap_op_answered(&s->base, reply))
		finish(s);
}

static void begin(struct imap_op *op)
{
	struct imap_exchange *x;

	/* NOOP first: a search may not tell of expunged messages (RFC 9051 §7.5.1). The
	 * searches carry no sequence numbers, so they may follow it at once. */
	if (imap_op_is_selected(op))
		imap_op_send(op, imap_op_command(op, "NOOP", on_answer));
	else
		imap_op_select(op, NULL);
	x = imap_search_command(op, "SEARCH", "COUNT", on_answer);
	if (x) {
		x->take = take_deleted;
		imap_command_word(&x->command, "DELETED");
	}
	imap_op_send(op, x);
	x = imap_search_command(op, "SEARCH", "COUNT", on_answer);
	if (x) {
		x->take = take_unread;
		imap_command_word(&x->command, "UNSEEN");
		imap_command_word(&x->command, "UNDELETED");
	}
	imap_op_send(op, x);
	if (!op->pending)
		finish((struct status *)op);
}

const struct imap_verb imap_verb_status = {
	.size_bytes = sizeof(struct status),
	.begin = begin,
};
