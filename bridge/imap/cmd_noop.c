/* NOOP, RFC 9051 §6.1.2. */
#include "imap/store.h"

static void on_done(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;
	struct mail_request rq;

	(void)imap_op_answered(op, reply);
	if (op->fault.err) {
		imap_op_fail(op, &op->fault);
		return;
	}
	rq = imap_op_finish(op);
	rq.cb.done(rq.ctx, NULL);
}

static void begin(struct imap_op *op)
{
	imap_op_send(op, imap_op_command(op, "NOOP", on_done));
	if (op->fault.err)
		imap_op_fail(op, &op->fault);
}

const struct imap_verb imap_verb_ping = {
	.size_bytes = sizeof(struct imap_op),
	.begin = begin,
};
