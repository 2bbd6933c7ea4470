/* What has changed in a folder since a baseline: RFC 7162, or all flags. */
#include "imap/syncing.h"

struct sync {
	struct imap_op base;
	struct imap_syncing syncing;
};

static void on_synced(struct imap_syncing *s)
{
	struct sync *op = (struct sync *)s->op;
	struct mail_sync result = { .uidvalidity = s->uidvalidity,
				    .uidnext = s->uidnext,
				    .highestmodseq = s->highestmodseq,
				    .is_whole = s->is_whole,
				    .flags = s->flags,
				    .count = s->count };
	struct mail_request rq;
	struct uid_set gone;

	uid_set_init(&gone, IMAP_MSGMAP_MAX);
	if (!op->base.fault.err && !s->is_whole)
		op->base.fault = fault_of(imap_syncing_gone(s, &gone));
	if (op->base.fault.err) {
		uid_set_done(&gone);
		imap_op_fail(&op->base, &op->base.fault);
		return;
	}
	result.gone = &gone;
	rq = imap_op_finish(&op->base);
	rq.cb.sync(rq.ctx, NULL, &result);
	uid_set_done(&gone);
}

static void begin(struct imap_op *op)
{
	struct imap_syncing *s = &((struct sync *)op)->syncing;

	*s = (struct imap_syncing){
		.op = op, .since = &op->rq.arg.since, .wants_flags = true, .done = on_synced
	};
	imap_syncing_start(s);
}

static void cleanup(struct imap_op *op)
{
	imap_syncing_done(&((struct sync *)op)->syncing);
}

const struct imap_verb imap_verb_sync = {
	.size_bytes = sizeof(struct sync),
	.begin = begin,
	.cleanup = cleanup,
};
