/*
 * MAIL_EXPUNGE: DELE for each message, then QUIT, whose +OK alone commits them
 * (RFC 1939 §6). Cut before the QUIT nothing is gone; cut behind it nobody
 * knows, and the results say so.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "pop3/store.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

struct expunge_op {
	struct pop3_op op;
	struct change_result *results; /* in call.mem, request order */
	struct loop_timer wait;        /* for LOGIN-DELAY */
	bool has_deleted, has_quit, is_over;
};

static void finish(struct expunge_op *e)
{
	struct change_result *results = e->results;
	struct mail_request rq;

	e->is_over = true;
	rq = pop3_op_finish(&e->op);
	rq.cb.changes(rq.ctx, NULL, results, rq.count);
}

/* What was to be done becomes this. */
static void set_all(struct expunge_op *e, enum change_status status, const struct fault *fault)
{
	for (size_t i = 0; i < e->op.rq.count; i++) {
		struct change_result *r = &e->results[i];

		if (r->status != CHANGE_DONE)
			continue;
		r->status = status;
		r->expunged = status == CHANGE_DONE;
		if (fault)
			r->fault = *fault;
	}
}

/* What was remembered of those that are gone. */
static void forget(struct expunge_op *e)
{
	size_t count = e->op.rq.count, n = 0;
	struct pop3_message **gone = calloc(count + 1, sizeof *gone);
	struct bytes *nothing = calloc(count + 1, sizeof *nothing);

	for (size_t i = 0; gone && i < count; i++)
		if (e->results[i].status == CHANGE_DONE)
			gone[n++] = pop3_maildrop_find(&e->op.store->drop, &e->op.rq.keys[i]);
	if (gone && nothing) {
		(void)pop3_remember(&e->op, MAIL_MEMORY_HEADERS, gone, nothing, n, NULL);
		(void)pop3_remember(&e->op, MAIL_MEMORY_KEYWORDS, gone, nothing, n, NULL);
	}
	free(nothing);
	free(gone);
}

static void on_quit(void *owner, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct expunge_op *e = owner;
	struct pop3_session *session = e->op.store->session;
	struct fault closed = fault_with_text(ERR_NET, "closed after the deletion"), f;

	(void)n;
	if (fault)
		return;
	if (status->is_ok) {
		set_all(e, CHANGE_DONE, NULL);
		forget(e);
	} else {
		/* "Some deleted messages not removed": which ones it does not say. */
		f = fault_from_server(ERR_UNKNOWN, "pop3", status->code, status->text);
		set_all(e, CHANGE_UNKNOWN, &f);
	}
	e->op.store->is_open = false;
	finish(e);
	pop3_session_fail(session, &closed);
}

static const struct pop3_handler quit_handler = { .on_done = on_quit };

static void quit(struct expunge_op *e)
{
	enum err err = pop3_session_send(e->op.store->session, "QUIT", POP3_NO_NUMBER,
					 POP3_NO_NUMBER, POP3_BODY_NONE, &quit_handler, e);

	if (err) {
		pop3_op_fail_with(&e->op, err, "");
		return;
	}
	e->has_quit = true;
	e->op.pending = 1;
}

static void on_wait(struct loop_timer *t)
{
	quit(container_of(t, struct expunge_op, wait));
}

/* After QUIT the server may refuse logins for LOGIN-DELAY seconds since the last
 * one (RFC 2449 §6.5): stay that long, as far as the caller has time. */
static void quit_in_time(struct expunge_op *e)
{
	struct pop3_store *st = e->op.store;
	uint64_t now = clock_monotonic_ms();
	uint64_t due = st->opened_ms + pop3_session_caps(st->session)->login_delay_s * 1000;
	uint64_t latest = e->op.rq.call.deadline_ms;

	latest = latest > now ? now + (latest - now) / 2 : now;
	if (due > latest)
		due = latest;
	if (due <= now)
		quit(e);
	else if (!loop_timer_start_at(st->loop, &e->wait, due))
		pop3_op_fail_with(&e->op, ERR_NOMEM, "");
}

static void on_dele(void *owner, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct expunge_op *e = owner;
	struct pop3_message *msg = pop3_maildrop_by_number(&e->op.store->drop, n);

	if (fault)
		return;
	for (size_t i = 0; !status->is_ok && i < e->op.rq.count; i++) {
		struct change_result *r = &e->results[i];

		if (r->status != CHANGE_DONE || !message_key_equal(&e->op.rq.keys[i], &msg->key))
			continue;
		r->status = CHANGE_FAILED;
		r->fault = fault_from_server(pop3_status_err(status, ERR_REFUSED), "pop3",
					     status->code, status->text);
	}
	e->has_deleted = e->has_deleted || status->is_ok;
	if (--e->op.pending)
		return;
	if (e->has_deleted)
		quit_in_time(e);
	else
		finish(e);
}

static const struct pop3_handler dele_handler = { .on_done = on_dele };

static void begin(struct pop3_op *op)
{
	struct expunge_op *e = (struct expunge_op *)op;
	struct pop3_store *st = op->store;

	e->wait.fire = on_wait;
	e->results = ARENA_ARRAY(op->rq.call.mem, op->rq.count, struct change_result);
	if (!e->results) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < op->rq.count; i++) {
		struct pop3_message *msg = pop3_maildrop_find(&st->drop, &op->rq.keys[i]);

		e->results[i].status = msg ? CHANGE_DONE : CHANGE_NOT_FOUND;
		if (!msg)
			continue;
		if (pop3_session_send(st->session, "DELE", msg->number, POP3_NO_NUMBER,
				      POP3_BODY_NONE, &dele_handler, e)) {
			pop3_op_fail_with(op, ERR_NOMEM, "");
			return;
		}
		op->pending++;
	}
	if (op->pending == 0)
		finish(e);
}

static void lost(struct pop3_op *op, const struct fault *fault)
{
	struct expunge_op *e = (struct expunge_op *)op;

	set_all(e, e->has_quit ? CHANGE_UNKNOWN : CHANGE_FAILED, fault);
	finish(e);
}

static void cleanup(struct pop3_op *op)
{
	struct expunge_op *e = (struct expunge_op *)op;
	struct fault f = fault_with_text(ERR_CANCELLED, "given up");

	loop_timer_stop(op->store->loop, &e->wait);
	/* Given up half-way: a QUIT of anybody else must not commit it. */
	if (!e->is_over && op->is_running && op->store->session)
		pop3_session_fail(op->store->session, &f);
}

const struct pop3_verb pop3_verb_expunge = {
	.size_bytes = sizeof(struct expunge_op),
	.begin = begin,
	.lost = lost,
	.cleanup = cleanup,
};
