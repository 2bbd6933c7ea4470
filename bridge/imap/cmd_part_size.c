/* BINARY.SIZE: how large a part is once it is decoded (RFC 3516 §4.2); and the ends of
 * it as it is encoded, to see whether that can be. */
#include "imap/base64_fit.h"
#include "imap/store.h"

struct part_size {
	struct imap_op base;
	bool is_known;
	uint64_t size_bytes;
	struct bytes head, tail; /* in call.mem */
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

static uint64_t encoded_bytes(const struct part_size *p)
{
	return p->base.rq.arg.size.encoded_bytes;
}

static uint64_t tail_origin(const struct part_size *p)
{
	uint64_t n = encoded_bytes(p);

	return n > IMAP_BASE64_TAIL_BYTES ? n - IMAP_BASE64_TAIL_BYTES : 0;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct part_size *p = part_size_of(x);
	struct bytes part_id = p->base.rq.arg.size.part_id;

	for (size_t i = 0; r && i < r->fetch.body_count; i++) {
		const struct imap_body *b = &r->fetch.bodies[i];

		if (imap_section_matches(b, IMAP_BINARY_SIZE, part_id)) {
			p->is_known = true;
			p->size_bytes = b->size_bytes;
		} else if (imap_section_matches(b, IMAP_BODY, part_id) && b->has_origin) {
			if (b->origin == 0)
				p->head = bytes_first(b->data, IMAP_BASE64_HEAD_BYTES);
			if (b->origin == tail_origin(p))
				p->tail = bytes_first(b->data, IMAP_BASE64_TAIL_BYTES);
		}
	}
}

static bool is_certain(const struct part_size *p)
{
	return p->is_known && imap_base64_fits(encoded_bytes(p), p->size_bytes, p->head, p->tail);
}

static void finish(struct part_size *p)
{
	const struct imap_mailbox *m = &p->base.store->session->mailbox;
	uint64_t size_bytes = p->size_bytes;
	struct mail_request rq;

	if (!p->base.fault.err && p->base.rq.arg.size.key.uidvalidity != m->uidvalidity)
		p->base.fault = fault_of(ERR_NOT_FOUND);
	/* A code for a broken encoding there is none: Dovecot says PARSE. */
	if (p->base.fault.err == ERR_REFUSED || (!p->base.fault.err && !is_certain(p)))
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

static void add_items(struct part_size *p, struct imap_command *c, struct imap_section *section)
{
	uint64_t origin = tail_origin(p);

	imap_command_open(c);
	imap_command_word(c, "UID");
	section->item = "BODY.PEEK";
	section->count = IMAP_BASE64_HEAD_BYTES;
	imap_command_section(c, section);
	if (origin) {
		section->first = origin;
		section->count = IMAP_BASE64_TAIL_BYTES;
		imap_command_section(c, section);
	}
	section->item = "BINARY.SIZE";
	section->first = section->count = 0;
	imap_command_section(c, section);
	imap_command_close(c);
}

static void begin(struct imap_op *op)
{
	struct part_size *p = (struct part_size *)op;
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
		x->mem = op->rq.call.mem;
		x->wants = wants;
		x->take = take;
		imap_command_number(&x->command, op->rq.arg.size.key.uid);
		add_items(p, &x->command, &section);
	}
	imap_op_send(op, x);
	if (!op->pending)
		finish(p);
}

const struct imap_verb imap_verb_part_size = {
	.size_bytes = sizeof(struct part_size),
	.begin = begin,
	.reads_by_uid = true,
};
