#include "pop3/spool.h"

static enum flow on_data(void *owner, uint32_t n, struct bytes data)
{
	struct pop3_op *op = owner;

	(void)n;
	buf_append(&op->store->spool, data);
	return FLOW_MORE;
}

struct fault pop3_empty_message(void)
{
	return fault_with_text(ERR_PROTO, "the server gives nothing of a message that it has");
}

static void on_done(void *owner, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct pop3_op *op = owner;
	struct pop3_store *st = op->store;
	struct pop3_message *msg = pop3_maildrop_by_number(&st->drop, n);
	struct fault f;

	if (fault)
		return;
	op->pending--;
	if (status->is_ok && msg->size && !st->spool.len && !buf_err(&st->spool)) {
		f = pop3_empty_message();
		op->spooled(op, &f);
		return;
	}
	if (status->is_ok && buf_err(&st->spool) == ERR_OK) {
		st->spooled = msg->key;
		msg->size = st->spool.len; /* LIST may have told another */
		op->spooled(op, NULL);
		return;
	}
	f = status->is_ok ? fault_of(buf_err(&st->spool))
			  : fault_from_server(pop3_status_err(status, ERR_NOT_FOUND), "pop3",
					      status->code, status->text);
	op->spooled(op, &f);
}

static const struct pop3_handler handler = { .on_data = on_data, .on_done = on_done };

void pop3_spool(struct pop3_op *op, const struct pop3_message *msg, pop3_spooled_cb *done)
{
	struct pop3_store *st = op->store;
	struct fault f;

	if (message_key_equal(&st->spooled, &msg->key)) {
		done(op, NULL);
		return;
	}
	st->spooled = (struct message_key){ .kind = MESSAGE_KEY_UID };
	buf_reset(&st->spool);
	op->spooled = done;
	f = fault_of(pop3_session_send(st->session, "RETR", msg->number, POP3_NO_NUMBER,
				       POP3_BODY_DATA, &handler, op));
	if (f.err)
		done(op, &f);
	else
		op->pending++;
}
