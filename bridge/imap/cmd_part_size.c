/* BINARY.SIZE: how large a part is once it is decoded (RFC 3516 §4.2). */
#include "imap/store.h"

struct part_size {
	struct imap_op base;
	bool is_known;
	uint64_t size_bytes;
};

static struct part_size *part_size_of(const struct imap_exchange *x)
{
	return x->owner;
}

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.uid == part_size_of(x)->base.rq.arg.size.key.uid && r->fetch.body_count;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct part_size *p = part_size_of(x);

	for (size_t i = 0; i < r->fetch.body_count; i++) {
		const struct imap_body *b = &r->fetch.bodies[i];

		if (!imap_section_matches(b, IMAP_BINARY_SIZE, p->base.rq.arg.size.part_id))
			continue;
		p->is_known = true;
		p->size_bytes = b->size_bytes;
	}
}

static void finish(struct part_size *p)
{
	const struct imap_mailbox *m = &p->base.store->session->mailbox;
	uint64_t size_bytes = p->size_bytes;
	struct mail_request rq;

	if (!p->base.fault.err && p->base.rq.arg.size.key.uidvalidity != m->uidvalidity)
		p->base.fault = fault_of(ERR_NOT_FOUND);
	/* A code for a broken encoding there is none: Dovecot says PARSE. */
	if (p->base.fault.err == ERR_REFUSED || (!p->base.fault.err && !p->is_known))
		p->base.fault.err = ERR_UNSUPPORTED;
	if (p->base.fault.err) {
		imap_op_fail(&p->base, &p->base.fault);
		return;
	}
	rq = imap_op_finish(&p->base);
	rq.cb.size(rq.ctx, NULL, size_bytes);
}

static void on_fetched(struct imap_exchange *x, const struct imap_reply *reply)
{
	if (imap_op_answered(&part_size_of(x)->base, reply))
		finish(part_size_of(x));
}

static void begin(struct imap_op *op)
{
	struct imap_section section;
	struct imap_exchange *x;

	if (!op->store->caps.decodes) {
		imap_op_fail_with(op, ERR_UNSUPPORTED, "the server does not decode");
		return;
	}
	imap_op_select(op, NULL);
	x = imap_op_command(op, "UID FETCH", on_fetched);
	if (x && !imap_section_parse(op->rq.arg.size.part_id, &section)) {
		x->command.err = ERR_INVALID;
	} else if (x) {
		section.item = "BINARY.SIZE";
		x->wants = wants;
		x->take = take;
		imap_command_number(&x->command, op->rq.arg.size.key.uid);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_section(&x->command, &section);
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
	if (!op->pending)
		finish((struct part_size *)op);
}

const struct imap_verb imap_verb_part_size = {
	.size_bytes = sizeof(struct part_size),
	.begin = begin,
	.reads_by_uid = true,
};
