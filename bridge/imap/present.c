/* Which messages are there at all, for servers that must not be asked for others. */
#include <stdlib.h>

#include "imap/store.h"

static int compare(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

bool imap_present_has(const struct imap_present *p, uint32_t uid)
{
	return p->count && bsearch(&uid, p->at, p->count, sizeof(*p->at), compare);
}

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	return r->kind == IMAP_SEARCH && !x->has_taken;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_op *op = x->owner;
	struct imap_present *p = x->detail;
	const struct imap_numbers *n = &r->search.numbers;

	p->at = ARENA_ARRAY(op->rq.call.mem, n->count, uint32_t);
	if (!p->at) {
		op->fault = fault_of(ERR_NOMEM);
		return;
	}
	for (; p->count < n->count; p->count++)
		p->at[p->count] = n->at[p->count];
	if (p->count)
		qsort(p->at, p->count, sizeof(*p->at), compare);
}

static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;
	void (*then)(struct imap_op * op) = op->then;

	op->then = NULL;
	(void)imap_op_answered(op, reply);
	if (op->fault.err)
		imap_op_fail(op, &op->fault);
	else
		then(op);
}

void imap_op_ask_present(struct imap_op *op, struct imap_present *to,
			 void (*then)(struct imap_op *op))
{
	struct imap_exchange *x = imap_op_command(op, "UID SEARCH", on_answer);

	*to = (struct imap_present){ 0 };
	if (x) {
		x->wants = wants;
		x->take = take;
		x->detail = to;
		x->is_lonely = true;
		imap_command_word(&x->command, "ALL");
	}
	op->then = then;
	imap_op_send(op, x);
	if (op->fault.err)
		imap_op_fail(op, &op->fault);
}
