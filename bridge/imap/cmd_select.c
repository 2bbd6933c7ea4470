/* SELECT, RFC 9051 §6.3.2, with CONDSTORE where it could not be enabled before
 * (RFC 7162 §3.1.8). EXAMINE is not used: the next thing that a reader does is
 * to set a flag, and selecting once more costs a round trip. All it would spare is
 * \Recent, which IMAP4rev2 has no more; nothing read here marks anything as seen. */
#include "imap/store.h"

bool imap_op_is_selected(const struct imap_op *op)
{
	struct bytes target = imap_session_target(op->store->session);

	return !bytes_is_null(target) && imap_same_path(target, op->rq.path);
}

static void on_selected(struct imap_exchange *x, const struct imap_reply *reply)
{
	static const struct fault out_of_order = {
		.err = ERR_PROTO, .text = "the server answered SELECT after what needs it"
	};
	struct imap_op *op = x->owner;
	struct imap_mailbox *m = &x->session->mailbox;
	void (*then)(struct imap_op *) = op->then;

	if (reply->status == IMAP_OK && !m->uidnext) {
		x->session->quirks.no_uidnext = true;
		m->uidnext = op->status_uidnext;
	}
	(void)imap_op_answered(op, reply);
	loop_task_start(op->store->loop, &op->store->pump_task);
	if (!then) {
		/* Nothing is to come any more: what was to follow could not be sent. */
		if (!op->pending)
			imap_op_fail(op, op->fault.err ? &op->fault : &out_of_order);
		return;
	}
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

static bool wants_status(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_STATUS;
}

static void take_status(struct imap_exchange *x, const struct imap_response *r)
{
	((struct imap_op *)x->owner)->status_uidnext = r->folder.uidnext;
}

static void on_status(struct imap_exchange *x, const struct imap_reply *reply)
{
	(void)reply; /* what there is to say SELECT will say */
	(void)imap_op_answered(x->owner, NULL);
}

/* Of mail that comes in between UIDNEXT is a lower bound, as it always is. */
static void ask_uidnext(struct imap_op *op)
{
	struct imap_exchange *x = imap_op_command(op, "STATUS", on_status);

	if (x) {
		x->wants = wants_status;
		x->take = take_status;
		imap_command_mailbox(&x->command, op->rq.path);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UIDNEXT");
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
}

static void send_select(struct imap_op *op)
{
	struct imap_exchange *x;

	if (op->store->session->quirks.no_uidnext)
		ask_uidnext(op);
	x = imap_op_command(op, "SELECT", on_selected);
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

/* Has the server told of it, or of a newer one, or is it just about to? */
static bool is_known(const struct imap_mailbox *m, uint32_t uid)
{
	bool is_being_selected = m->uidvalidity == 0;

	return is_being_selected || uid < m->uidnext || imap_msgmap_has(&m->map, uid);
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
	uint32_t newest;

	if (bytes_is_null(op->rq.path) || !imap_op_is_selected(op))
		return false;
	m = &op->store->session->mailbox;
	newest = newest_named(&op->rq);
	if (!imap_same_path(m->path, op->rq.path) || !newest || is_known(m, newest))
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
