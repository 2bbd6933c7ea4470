/* GETQUOTAROOT of INBOX: RFC 9208. */
#include "imap/change.h"

struct quota {
	struct imap_op base;
	struct mailstore_quota result;
};

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_QUOTA;
}

/* Of several roots the fullest one counts; STORAGE is in units of 1024 octets. */
static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct mailstore_quota *q = &((struct quota *)x->owner)->result;

	for (size_t i = 0; i < r->quota.count; i++) {
		const struct imap_quota_resource *res = &r->quota.at[i];
		uint64_t limit = res->limit <= UINT64_MAX / 1024 ? res->limit * 1024 : UINT64_MAX;

		if (!bytes_equal_str_nocase(res->name, "STORAGE") || res->limit == 0 ||
		    (q->is_known && q->limit_bytes <= limit))
			continue;
		q->is_known = true;
		q->limit_bytes = limit;
		q->used_bytes = res->usage <= UINT64_MAX / 1024 ? res->usage * 1024 : UINT64_MAX;
	}
}

static void finish(struct quota *q)
{
	struct mailstore_quota result = q->result;
	struct mail_request rq = imap_op_finish(&q->base);

	rq.cb.quota(rq.ctx, NULL, &result);
}

/* A server that refuses to tell has no quota that could be shown. */
static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct quota *q = x->owner;

	(void)reply;
	(void)imap_op_answered(&q->base, NULL);
	finish(q);
}

static void begin(struct imap_op *op)
{
	struct imap_exchange *x;

	if (!imap_session_can(op->store->session, IMAP_CAP_QUOTA)) {
		finish((struct quota *)op);
		return;
	}
	x = imap_op_command(op, "GETQUOTAROOT", on_answer);
	if (x) {
		x->wants = wants;
		x->take = take;
		imap_command_mailbox(&x->command, BYTES_LIT("INBOX"));
	}
	imap_op_send(op, x);
	if (!op->pending)
		finish((struct quota *)op);
}

const struct imap_verb imap_verb_quota = {
	.size_bytes = sizeof(struct quota),
	.begin = begin,
};
