/* MAIL_FETCH: what is known of messages; the structure needs the whole message,
 * which is fetched when one message is asked for. */
#include <stdlib.h>

#include "mime/headers.h"
#include "mime/message.h"
#include "pop3/spool.h"
#include "pop3/store.h"

struct fetch_op {
	struct pop3_op op;
	struct pop3_message **messages;
	size_t count;
};

struct mail_item pop3_item_of(struct arena *mem, const struct pop3_message *msg, unsigned want)
{
	struct mail_item item = { .key = msg->key };

	/* On no memory the arena has failed, which the caller sees. */
	if (want & MAIL_FLAGS)
		(void)!pop3_message_keywords(msg, mem, &item.keywords);
	if (want & MAIL_MODSEQ)
		item.modseq = msg->modseq;
	if (want & MAIL_DATES) {
		item.size = msg->size;
		item.received_at = mime_received_time(msg->header).unix_s;
	}
	if (want & (MAIL_HEADER_SUMMARY | MAIL_HEADER_ALL))
		item.header = arena_bytes(mem, msg->header);
	return item;
}

static void finish(struct fetch_op *f, struct part *structure)
{
	struct arena *mem = f->op.rq.call.mem;
	struct mail_item *items = ARENA_ARRAY(mem, f->count, struct mail_item);
	struct mail_request rq;
	size_t count = 0;

	if (!items) {
		pop3_op_fail_with(&f->op, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < f->count; i++) {
		if (f->messages[i]->is_unreadable)
			continue;
		items[count] = pop3_item_of(mem, f->messages[i], f->op.rq.arg.read.want);
		items[count++].structure = structure;
	}
	rq = pop3_op_finish(&f->op);
	rq.cb.items(rq.ctx, NULL, items, count);
}

static void on_spooled(struct pop3_op *op, const struct fault *fault)
{
	struct fetch_op *f = (struct fetch_op *)op;
	struct mime_message parsed = { .root = NULL };
	struct bytes whole = buf_bytes(&op->store->spool);
	enum err err = ERR_OK;

	if (fault) {
		pop3_op_fail(op, fault);
		return;
	}
	if (bytes_is_null(f->messages[0]->header))
		err = pop3_message_set_header(&op->store->drop, f->messages[0],
					      pop3_header_of(whole));
	if (!err)
		err = mime_message_parse(op->rq.call.mem, whole, &parsed);
	if (err == ERR_NOMEM)
		pop3_op_fail_with(op, err, "");
	else
		finish(f, parsed.root);
}

static void on_headers_ready(struct pop3_op *op)
{
	finish((struct fetch_op *)op, NULL);
}

static void begin(struct pop3_op *op)
{
	struct fetch_op *f = (struct fetch_op *)op;

	f->messages = calloc(op->rq.count + 1, sizeof *f->messages);
	if (!f->messages) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < op->rq.count; i++) {
		struct pop3_message *msg = pop3_maildrop_find(&op->store->drop, &op->rq.keys[i]);

		if (msg)
			f->messages[f->count++] = msg;
	}
	if (f->count == 1 && op->rq.count == 1 && (op->rq.arg.read.want & MAIL_STRUCTURE))
		pop3_spool(op, f->messages[0], on_spooled);
	else
		pop3_op_want_headers(op, f->messages, f->count);
}

static void cleanup(struct pop3_op *op)
{
	free(((struct fetch_op *)op)->messages);
}

const struct pop3_verb pop3_verb_fetch = {
	.size_bytes = sizeof(struct fetch_op),
	.begin = begin,
	.headers_ready = on_headers_ready,
	.cleanup = cleanup,
};
