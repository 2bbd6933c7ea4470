/*
 * The numbers of one folder. STATUS counts messages that are marked \Deleted,
 * which are not shown and not counted here; so the folder is selected and
 * searched instead, which is one round trip as well. A glance does without.
 */
#include "imap/store.h"

struct status {
	struct imap_op base;
	uint32_t deleted, unread;
	struct folder_status seen; /* of a glance */
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

/* --- a glance ------------------------------------------------------------------------------ */

#define NEEDED                                                                                     \
	(IMAP_STATUS_MESSAGES | IMAP_STATUS_UNSEEN | IMAP_STATUS_UIDNEXT | IMAP_STATUS_UIDVALIDITY)

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_STATUS && (r->folder.has & NEEDED) == NEEDED;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct status *s = x->owner;

	s->seen = (struct folder_status){ .uidvalidity = r->folder.uidvalidity,
					  .uidnext = r->folder.uidnext,
					  .total = r->folder.messages,
					  .unread = r->folder.unseen,
					  .highestmodseq = r->folder.highestmodseq };
}

static void on_glanced(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct status *s = x->owner;
	struct fault silent = fault_with_text(ERR_PROTO, "STATUS without what was asked for");
	struct folder_status seen = s->seen;
	struct mail_request rq;

	if (!imap_op_answered(&s->base, reply))
		return;
	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
	} else if (!seen.uidvalidity) {
		imap_op_fail(&s->base, &silent);
	} else {
		rq = imap_op_finish(&s->base);
		rq.cb.status(rq.ctx, NULL, &seen);
	}
}

static void glance(struct imap_op *op)
{
	struct imap_exchange *x = imap_op_command(op, "STATUS", on_glanced);

	if (x) {
		x->wants = wants;
		x->take = take;
		imap_command_mailbox(&x->command, op->rq.path);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "MESSAGES");
		imap_command_word(&x->command, "UNSEEN");
		imap_command_word(&x->command, "UIDNEXT");
		imap_command_word(&x->command, "UIDVALIDITY");
		if (imap_session_can(op->store->session, IMAP_CAP_CONDSTORE))
			imap_command_word(&x->command, "HIGHESTMODSEQ");
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
	if (!op->pending)
		imap_op_fail(op, &op->fault);
}

/* --- asked --------------------------------------------------------------------------------- */

static void begin(struct imap_op *op)
{
	struct imap_exchange *x;

	if (op->rq.arg.is_glance) {
		glance(op);
		return;
	}
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
