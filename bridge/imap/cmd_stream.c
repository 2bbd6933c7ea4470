/*
 * One section as a stream: a single UID FETCH whose literal is handed on piece
 * by piece; while the receiver pauses, the socket is not read. A section that
 * ends before its announced size is asked for once more from there: some servers
 * cut long literals, others announce sizes that never were right. Decoded by the
 * server where that is wanted: BINARY.PEEK (RFC 3516), which it may refuse.
 */
#include "imap/store.h"

#define SILENCE_MS 60000

struct stream_op {
	struct imap_op base;
	uint64_t given; /* to the receiver, from section.first on */
	uint64_t asked; /* `given` when the current command was sent */
	uint64_t skip;  /* octets before what was asked for: a server that ignored <origin> */
	bool is_found, is_paused;
	bool is_answered; /* complete, but the receiver pauses */
	struct loop_task judge_task;
};

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

static struct stream_op *stream_of(const struct imap_exchange *x)
{
	return x->owner;
}

static const struct mail_section *section_of(const struct stream_op *s)
{
	return &s->base.rq.arg.stream.section;
}

/* How many octets are to come in all; UINT64_MAX when nobody knows. */
static uint64_t expected(const struct stream_op *s)
{
	const struct mail_section *sec = section_of(s);
	uint64_t rest = UINT64_MAX;

	if (sec->whole_known)
		rest = sec->whole_bytes > sec->first ? sec->whole_bytes - sec->first : 0;
	return sec->length && sec->length < rest ? sec->length : rest;
}

/* The server speaks: it may be silent again for a while. */
static void heard(struct stream_op *s)
{
	struct loop *l = s->base.store->loop;

	if (s->is_paused)
		loop_timer_stop(l, &s->base.deadline);
	else if (!loop_timer_start(l, &s->base.deadline, SILENCE_MS))
		s->base.fault = fault_of(ERR_NOMEM);
}

static enum flow give(struct stream_op *s, struct bytes data)
{
	const struct mail_section *sec = section_of(s);
	size_t skip = s->skip < data.len ? (size_t)s->skip : data.len;

	s->skip -= skip;
	data = bytes_skip(data, skip);
	if (sec->length && data.len > sec->length - s->given)
		data.len = (size_t)(sec->length - s->given);
	if (!data.len)
		return FLOW_MORE;
	s->given += data.len;
	/* The receiver may cancel: nothing of *s is touched afterwards then. */
	return s->base.rq.arg.stream.on_data(s->base.rq.ctx, data);
}

/* --- one command ------------------------------------------------------------------- */

static enum imap_body_kind kind_of(const struct stream_op *s)
{
	return section_of(s)->is_decoded ? IMAP_BINARY : IMAP_BODY;
}

/* "... BODY[1.2]<100> {2000}": whether it is about our section. */
static bool names_section(const struct stream_op *s, struct bytes so_far, bool *ret_has_origin)
{
	struct bytes item = section_of(s)->is_decoded ? BYTES_LIT("BINARY[") : BYTES_LIT("BODY[");
	struct bytes name = section_of(s)->section;
	size_t at = bytes_find(so_far, item);
	struct bytes rest = bytes_skip(so_far, at + item.len);

	if (at == so_far.len || rest.len <= name.len || rest.at[name.len] != ']' ||
	    !bytes_equal_nocase(bytes_first(rest, name.len), name))
		return false;
	*ret_has_origin = rest.len > name.len + 1 && rest.at[name.len + 1] == '<';
	return true;
}

static void begin_data(struct stream_op *s, bool has_origin)
{
	s->is_found = true;
	s->skip = has_origin ? 0 : section_of(s)->first + s->asked;
}

static bool on_literal(struct imap_exchange *x, struct bytes so_far, uint64_t size_bytes)
{
	struct stream_op *s = stream_of(x);
	bool has_origin;

	(void)size_bytes;
	if (!names_section(s, so_far, &has_origin) ||
	    x->session->mailbox.uidvalidity != s->base.rq.arg.stream.key.uidvalidity)
		return false;
	begin_data(s, has_origin);
	return true;
}

static enum flow on_data(struct imap_exchange *x, struct bytes data, uint64_t left_bytes)
{
	struct stream_op *s = stream_of(x);
	enum flow flow = give(s, data);

	(void)left_bytes;
	if (x->owner != s) /* cancelled by its receiver */
		return FLOW_MORE;
	s->is_paused = flow == FLOW_PAUSE;
	heard(s);
	return flow;
}

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	const struct stream_op *s = stream_of(x);

	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.uid == s->base.rq.arg.stream.key.uid && r->fetch.body_count;
}

/* The whole response; what was not streamed is small and comes in one piece. */
static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct stream_op *s = stream_of(x);
	const struct imap_body *b = NULL;
	enum flow flow;

	for (size_t i = 0; i < r->fetch.body_count; i++) {
		if (imap_section_matches(&r->fetch.bodies[i], kind_of(s), section_of(s)->section))
			b = &r->fetch.bodies[i];
	}
	if (!b || b->is_nil || b->is_streamed ||
	    x->session->mailbox.uidvalidity != s->base.rq.arg.stream.key.uidvalidity)
		return;
	begin_data(s, b->has_origin);
	flow = give(s, b->data);
	if (x->owner != s)
		return;
	s->is_paused = flow == FLOW_PAUSE;
	heard(s);
}

static void send(struct stream_op *s);

static void finish(struct stream_op *s)
{
	struct mail_request rq;

	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
		return;
	}
	rq = imap_op_finish(&s->base);
	rq.cb.done(rq.ctx, NULL);
}

/* The answer is complete: all there, more to be asked for, or something is wrong. */
static void judge(struct stream_op *s)
{
	uint64_t all = expected(s), came = s->given - s->asked;

	if (!s->base.fault.err && !s->is_found)
		s->base.fault = fault_of(ERR_NOT_FOUND);
	if (s->base.fault.err || all == UINT64_MAX || s->given >= all) {
		finish(s);
	} else if (came) {
		send(s);
		if (s->base.fault.err)
			finish(s);
	} else if (s->given) {
		finish(s); /* asked for the rest, it says that there is none */
	} else {
		imap_op_fail_with(&s->base, ERR_PROTO, "the server gave nothing of a section");
	}
}

static void on_fetched(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct stream_op *s = stream_of(x);

	if (!imap_op_answered(&s->base, reply))
		return;
	/* NO [UNKNOWN-CTE], NO [PARSE], or nothing: what is asked for is there, but not so. */
	if (section_of(s)->is_decoded && !s->given &&
	    (s->base.fault.err == ERR_REFUSED || (!s->base.fault.err && !s->is_found)))
		s->base.fault.err = ERR_UNSUPPORTED;
	if (s->is_paused)
		s->is_answered = true;
	else
		judge(s);
}

static void send(struct stream_op *s)
{
	const struct mail_section *sec = section_of(s);
	struct imap_exchange *x = imap_op_command(&s->base, "UID FETCH", on_fetched);
	struct imap_section section;

	s->asked = s->given;
	if (x && !imap_section_parse(sec->section, &section)) {
		x->command.err = ERR_INVALID;
	} else if (x) {
		if (sec->is_decoded)
			section.item = "BINARY.PEEK";
		section.first = sec->first + s->given;
		if (sec->length)
			section.count = sec->length - s->given;
		else if (section.first)
			section.count = UINT32_MAX; /* RFC 9051: <first.count> needs both */
		imap_command_number(&x->command, s->base.rq.arg.stream.key.uid);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_section(&x->command, &section);
		imap_command_close(&x->command);
		x->wants = wants;
		x->take = take;
		x->on_literal = on_literal;
		x->on_data = on_data;
	}
	imap_op_send(&s->base, x);
}

static void on_judge(struct loop_task *t)
{
	judge(container_of(t, struct stream_op, judge_task));
}

static void cleanup(struct imap_op *op)
{
	loop_task_stop(&((struct stream_op *)op)->judge_task);
}

static void begin(struct imap_op *op)
{
	struct stream_op *s = (struct stream_op *)op;

	s->judge_task.run = on_judge;
	imap_op_select(op, NULL);
	send(s);
	if (!op->pending)
		finish(s);
}

static void resume(struct imap_op *op)
{
	struct stream_op *s = (struct stream_op *)op;

	if (!s->is_paused)
		return;
	s->is_paused = false;
	heard(s);
	if (op->store->session)
		imap_session_resume(op->store->session);
	if (s->is_answered) {
		s->is_answered = false;
		loop_task_start(op->store->loop, &s->judge_task);
	}
}

const struct imap_verb imap_verb_stream = {
	.size_bytes = sizeof(struct stream_op),
	.begin = begin,
	.cleanup = cleanup,
	.resume = resume,
};
