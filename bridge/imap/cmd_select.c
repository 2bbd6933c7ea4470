/* SELECT, RFC 9051 §6.3.2, with CONDSTORE where it could not be enabled before
 * (RFC 7162 §3.1.8). EXAMINE is not used: the next thing that a reader does is
 * to set a flag, and selecting once more costs a round trip. */
#include "imap/store.h"

bool imap_op_is_selected(const struct imap_op *op)
{
	return imap_same_path(imap_session_target(op->store->session), op->rq.path);
}

static void on_selected(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;
	void (*then)(struct imap_op *) = op->then;

	(void)imap_op_answered(op, reply);
	loop_task_start(op->store->loop, &op->store->pump_task);
	if (!then)
		return;
	op->then = NULL;
	if (op->fault.err)
		imap_op_fail(op, &op->fault);
	else
		then(op);
}

void imap_select_condstore(struct imap_exchange *x)
{
	if (!imap_session_can(x->session, IMAP_CAP_CONDSTORE) ||
	    imap_session_can(x->session, IMAP_CAP_ENABLE))
		return;
	imap_command_open(&x->command);
	imap_command_word(&x->command, "CONDSTORE");
	imap_command_close(&x->command);
}

static void send_select(struct imap_op *op)
{
	struct imap_exchange *x = imap_op_command(op, "SELECT", on_selected);

	if (x) {
		imap_command_mailbox(&x->command, op->rq.path);
		imap_exchange_selects(x, op->rq.path);
		imap_select_condstore(x);
	}
	imap_op_send(op, x);
}

/* The newest message that the request names; 0: none. */
static uint32_t newest_named(const struct mail_request *rq)
{
	uint32_t newest = 0;

	if (rq->verb == MAIL_STREAM)
		return rq->arg.stream.key.uid;
	if (rq->verb == MAIL_PART_SIZE)
		return rq->arg.size.key.uid;
	if (rq->verb == MAIL_SECTIONS)
		return rq->arg.sections.key.uid;
	for (size_t i = 0; rq->keys && i < rq->count; i++)
		newest = rq->keys[i].uid > newest ? rq->keys[i].uid : newest;
	return newest;
}

static void on_caught_up(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;

	(void)reply;
	(void)imap_op_answered(op, NULL);
	op->verb->begin(op);
}

bool imap_op_catch_up(struct imap_op *op)
{
	const struct imap_mailbox *m;

	if (bytes_is_null(op->rq.path) || !imap_op_is_selected(op))
		return false;
	m = &op->store->session->mailbox;
	if (!imap_same_path(m->path, op->rq.path) || !m->uidnext ||
	    newest_named(&op->rq) < m->uidnext)
		return false;
	imap_op_send(op, imap_op_command(op, "NOOP", on_caught_up));
	if (op->fault.err)
		imap_op_fail(op, &op->fault);
	return true;
}

void imap_op_select(struct imap_op *op, void (*then)(struct imap_op *op))
{
	struct imap_session *s = op->store->session;
	bool is_there = imap_op_is_selected(op);

	/* What only one in flight may bring is not certain yet. */
	if (is_there && (!then || imap_same_path(s->mailbox.path, op->rq.path))) {
		if (then)
			then(op);
		return;
	}
	op->then = then;
	send_select(op);
	if (then && op->fault.err)
		imap_op_fail(op, &op->fault);
}
