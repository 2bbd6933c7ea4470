/* MAIL_QUERY in maildrop order: one window, whose header blocks are fetched in
 * one go. */
#include <stdlib.h>

#include "pop3/store.h"

struct query_op {
	struct pop3_op op;
	struct pop3_message **window;
	size_t count;
	uint32_t position;
};

static void on_headers_ready(struct pop3_op *op)
{
	struct query_op *q = (struct query_op *)op;
	struct arena *mem = op->rq.call.mem;
	struct mail_page page = { .total = (uint32_t)op->store->drop.count,
				  .position = q->position,
				  .epoch = op->store->journal.epoch,
				  .highestmodseq = op->store->journal.modseq };
	struct mail_request rq;

	page.items = ARENA_ARRAY(mem, q->count, struct mail_item);
	if (!page.items) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < q->count; i++)
		if (!q->window[i]->is_unreadable)
			page.items[page.count++] =
				pop3_item_of(mem, q->window[i], op->rq.arg.read.want);
	page.has_more = q->position + q->count < page.total;
	rq = pop3_op_finish(op);
	rq.cb.page(rq.ctx, NULL, &page);
}

/* Where the window begins; false when its key is not there any more. */
static bool find_start(struct query_op *q, uint32_t *ret)
{
	const struct mail_query *query = &q->op.rq.arg.read.query;
	struct pop3_maildrop *m = &q->op.store->drop;
	struct pop3_message *msg;
	uint32_t at;

	if (query->window.kind == WINDOW_POSITION) {
		*ret = query->window.position;
		return true;
	}
	msg = pop3_maildrop_find(m, &query->window.key);
	if (!msg)
		return false;
	at = (uint32_t)(msg - m->at);
	if (query->descending)
		at = (uint32_t)m->count - 1 - at;
	*ret = query->window.kind == WINDOW_AFTER ? at + 1 : at;
	return true;
}

static void begin(struct pop3_op *op)
{
	struct query_op *q = (struct query_op *)op;
	const struct mail_query *query = &op->rq.arg.read.query;
	struct pop3_maildrop *m = &op->store->drop;
	const unsigned needs_header = MAIL_DATES | MAIL_HEADER_SUMMARY | MAIL_HEADER_ALL;
	uint32_t start;

	if (query->filter_count || query->sort != SORT_ADDED) {
		pop3_op_fail_with(op, ERR_UNSUPPORTED, "POP3 lists in order of arrival only");
		return;
	}
	if (!find_start(q, &start)) {
		/* Without the message nobody knows where it was. */
		pop3_op_fail_with(
			op, query->window.kind == WINDOW_ANCHOR ? ERR_NOT_FOUND : ERR_CONFLICT,
			"the message the list went on from is gone");
		return;
	}
	q->position = start;
	q->window = calloc(query->window.limit + 1, sizeof *q->window);
	if (!q->window) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	for (size_t i = start; i < m->count && q->count < query->window.limit; i++)
		q->window[q->count++] = &m->at[query->descending ? m->count - 1 - i : i];
	if (op->rq.arg.read.want & needs_header)
		pop3_op_want_headers(op, q->window, q->count);
	else
		on_headers_ready(op);
}

static void cleanup(struct pop3_op *op)
{
	free(((struct query_op *)op)->window);
}

const struct pop3_verb pop3_verb_query = {
	.size_bytes = sizeof(struct query_op),
	.begin = begin,
	.headers_ready = on_headers_ready,
	.cleanup = cleanup,
};
