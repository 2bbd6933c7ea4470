/* Some small sections of one message, in one UID FETCH. When the server refuses
 * them together each is asked for alone, and those refused are missing. */
#include "imap/store.h"

/* Whoever wants more of a section streams it. */
#define SECTION_BYTES_MAX (4u << 20)

struct sections {
	struct imap_op base;
	struct bytes *values;
	bool is_found; /* the message is there */
	bool is_split; /* each was asked for alone */
};

static struct sections *sections_of(const struct imap_exchange *x)
{
	return x->owner;
}

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	const struct mail_request *rq = &sections_of(x)->base.rq;

	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.uid == rq->arg.sections.key.uid && r->fetch.body_count;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct sections *s = sections_of(x);
	const struct mail_request *rq = &s->base.rq;

	if (!r) {
		s->base.fault = fault_with_text(ERR_TOO_BIG, "the sections are too large together");
		return;
	}
	s->is_found = !(r->fetch.flags.system & KEYWORD_DELETED);
	for (size_t i = 0; i < rq->count; i++) {
		for (size_t j = 0; j < r->fetch.body_count; j++) {
			const struct imap_body *b = &r->fetch.bodies[j];

			if (imap_section_matches(b, IMAP_BODY, rq->arg.sections.names[i]) &&
			    !b->is_nil && !b->is_streamed)
				s->values[i] = bytes_first(b->data, rq->arg.sections.max_bytes);
		}
	}
}

static void send(struct sections *s, size_t first, size_t last);

static void finish(struct sections *s)
{
	struct bytes *values = s->values;
	struct mail_request rq = s->base.rq;

	if (!s->is_found && !s->base.fault.err)
		s->base.fault = fault_of(ERR_NOT_FOUND);
	if (rq.arg.sections.key.uidvalidity != s->base.store->session->mailbox.uidvalidity)
		s->base.fault = fault_of(ERR_NOT_FOUND);
	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
		return;
	}
	rq = imap_op_finish(&s->base);
	rq.cb.sections(rq.ctx, NULL, values, rq.count);
}

static void on_fetched(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct sections *s = sections_of(x);
	struct fault refused = imap_fault_of(reply);

	(void)imap_op_answered(&s->base, NULL);
	if (refused.err == ERR_REFUSED && !s->is_split && s->base.rq.count > 1 &&
	    !s->base.fault.err) {
		s->is_split = true;
		for (size_t i = 0; i < s->base.rq.count; i++)
			send(s, i, i + 1);
	} else if (refused.err && !s->is_split && !s->base.fault.err) {
		s->base.fault = refused;
	}
	if (!s->base.pending)
		finish(s);
}

static void add_section(struct imap_exchange *x, struct bytes name, uint64_t max_bytes)
{
	struct imap_section section;

	if (!imap_section_parse(name, &section)) {
		x->command.err = ERR_INVALID;
		return;
	}
	section.count = max_bytes;
	imap_command_section(&x->command, &section);
}

static void send(struct sections *s, size_t first, size_t last)
{
	struct mail_request *rq = &s->base.rq;
	struct imap_exchange *x = imap_op_command(&s->base, "UID FETCH", on_fetched);

	if (x) {
		x->mem = rq->call.mem;
		x->wants = wants;
		x->take = take;
		x->keep_bytes = rq->arg.sections.max_bytes;
		imap_command_number(&x->command, rq->arg.sections.key.uid);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_word(&x->command, "FLAGS");
		for (size_t i = first; i < last; i++)
			add_section(x, rq->arg.sections.names[i], rq->arg.sections.max_bytes);
		imap_command_close(&x->command);
	}
	imap_op_send(&s->base, x);
}

static void begin(struct imap_op *op)
{
	struct sections *s = (struct sections *)op;

	if (op->rq.arg.sections.max_bytes > SECTION_BYTES_MAX)
		op->rq.arg.sections.max_bytes = SECTION_BYTES_MAX;
	s->values = ARENA_ARRAY(op->rq.call.mem, op->rq.count, struct bytes);
	if (!s->values) {
		imap_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	imap_op_select(op, NULL);
	send(s, 0, op->rq.count);
	if (!op->pending)
		finish(s);
}

const struct imap_verb imap_verb_sections = {
	.size_bytes = sizeof(struct sections),
	.begin = begin,
	.reads_by_uid = true,
};
