/* MAIL_STREAM and MAIL_SECTIONS: cut out of the whole message. The message
 * itself passes through without being kept. */
#include "mime/message.h"
#include "pop3/spool.h"
#include "pop3/store.h"

/* Handed out at once of a kept message. */
#define PIECE_BYTES (16 * 1024)

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

struct content_op {
	struct pop3_op op;
	struct bytes left; /* of the section, still to be given */
	uint64_t to_skip, to_give;
	struct loop_task give_task;
	bool is_passing; /* RETR goes straight through */
	bool has_come;   /* something of it */
	bool may_be_empty;
};

static void fail_not_found(struct pop3_op *op)
{
	pop3_op_fail_with(op, ERR_NOT_FOUND, "no such message or part");
}

static void finish_stream(struct pop3_op *op)
{
	struct mail_request rq = pop3_op_finish(op);

	rq.cb.done(rq.ctx, NULL);
}

/* --- a section of the kept message ---------------------------------------------------- */

static void on_give(struct loop_task *t)
{
	struct content_op *c = container_of(t, struct content_op, give_task);
	struct bytes piece = bytes_first(c->left, PIECE_BYTES);
	enum flow flow;

	if (piece.len == 0) {
		finish_stream(&c->op);
		return;
	}
	c->left = bytes_skip(c->left, piece.len);
	/* First the next turn: the receiver may cancel us from inside. */
	loop_task_start(c->op.store->loop, &c->give_task);
	flow = c->op.rq.arg.stream.on_data(c->op.rq.ctx, piece);
	if (flow == FLOW_PAUSE)
		loop_task_stop(&c->give_task);
}

static void give_sections(struct pop3_op *op, const struct mime_message *m)
{
	struct arena *mem = op->rq.call.mem;
	struct bytes *values = ARENA_ARRAY(mem, op->rq.count, struct bytes);
	size_t count = op->rq.count;
	struct mail_request rq;

	for (size_t i = 0; values && i < count; i++)
		if (mime_message_section(m, op->rq.arg.sections.names[i], &values[i]))
			values[i] = arena_bytes(
				mem, bytes_first(values[i], op->rq.arg.sections.max_bytes));
	if (!values || arena_failed(mem)) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	rq = pop3_op_finish(op);
	rq.cb.sections(rq.ctx, NULL, values, count);
}

static void on_spooled(struct pop3_op *op, const struct fault *fault)
{
	struct content_op *c = (struct content_op *)op;
	const struct mail_section *want = &op->rq.arg.stream.section;
	struct mime_message m;
	struct bytes section;
	enum err err;

	if (fault) {
		pop3_op_fail(op, fault);
		return;
	}
	err = mime_message_parse(op->rq.call.mem, buf_bytes(&op->store->spool), &m);
	if (err == ERR_NOMEM) {
		pop3_op_fail_with(op, err, "");
	} else if (err) {
		fail_not_found(op);
	} else if (op->rq.verb == MAIL_SECTIONS) {
		give_sections(op, &m);
	} else if (!mime_message_section(&m, want->section, &section)) {
		fail_not_found(op);
	} else {
		c->left = bytes_skip(section, want->first);
		if (want->length)
			c->left = bytes_first(c->left, want->length);
		loop_task_start(op->store->loop, &c->give_task);
	}
}

/* --- the whole message, passing through ------------------------------------------------ */

static enum flow on_data(void *owner, uint32_t n, struct bytes data)
{
	struct content_op *c = owner;
	size_t skip = data.len < c->to_skip ? data.len : (size_t)c->to_skip;

	(void)n;
	c->has_come = true;
	c->to_skip -= skip;
	data = bytes_first(bytes_skip(data, skip), c->to_give);
	c->to_give -= data.len;
	return data.len ? c->op.rq.arg.stream.on_data(c->op.rq.ctx, data) : FLOW_MORE;
}

static void on_done(void *owner, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct content_op *c = owner;
	struct pop3_op *op = owner;
	struct fault f;

	(void)n;
	if (fault)
		return;
	if (status->is_ok && !c->has_come && !c->may_be_empty) {
		f = pop3_empty_message();
		pop3_op_fail(op, &f);
		return;
	}
	if (status->is_ok) {
		finish_stream(op);
		return;
	}
	f = fault_from_server(pop3_status_err(status, ERR_NOT_FOUND), "pop3", status->code,
			      status->text);
	pop3_op_fail(op, &f);
}

static const struct pop3_handler handler = { .on_data = on_data, .on_done = on_done };

static void pass_through(struct content_op *c, const struct pop3_message *msg)
{
	const struct mail_section *want = &c->op.rq.arg.stream.section;
	enum err err;

	c->is_passing = true;
	c->may_be_empty = !msg->size;
	c->to_skip = want->first;
	c->to_give = want->length ? want->length : UINT64_MAX;
	err = pop3_session_send(c->op.store->session, "RETR", msg->number, POP3_NO_NUMBER,
				POP3_BODY_DATA, &handler, c);
	if (err)
		pop3_op_fail_with(&c->op, err, "");
	else
		c->op.pending = 1;
}

static void begin(struct pop3_op *op)
{
	struct content_op *c = (struct content_op *)op;
	bool is_stream = op->rq.verb == MAIL_STREAM;
	const struct message_key *key =
		is_stream ? &op->rq.arg.stream.key : &op->rq.arg.sections.key;
	struct pop3_message *msg = pop3_maildrop_find(&op->store->drop, key);

	c->give_task.run = on_give;
	if (!msg)
		fail_not_found(op);
	else if (is_stream && op->rq.arg.stream.section.section.len == 0 &&
		 !message_key_equal(&op->store->spooled, key))
		pass_through(c, msg);
	else
		pop3_spool(op, msg, on_spooled);
}

static void resume(struct pop3_op *op)
{
	struct content_op *c = (struct content_op *)op;

	if (c->is_passing)
		pop3_session_resume(op->store->session);
	else
		loop_task_start(op->store->loop, &c->give_task);
}

static void cleanup(struct pop3_op *op)
{
	loop_task_stop(&((struct content_op *)op)->give_task);
}

const struct pop3_verb pop3_verb_content = {
	.size_bytes = sizeof(struct content_op),
	.begin = begin,
	.cleanup = cleanup,
	.resume = resume,
};
