#include "pop3/store.h"

#include <stdlib.h>

#include "base/clock.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

/* Header blocks in memory beyond one operation. */
#define HEADERS_KEPT_BYTES (8u << 20)

static struct pop3_store *store_of(const struct mailstore *ms)
{
	return (struct pop3_store *)ms;
}

bool pop3_is_inbox(struct bytes path)
{
	return bytes_equal_str_nocase(path, "INBOX");
}

/* --- the queue -------------------------------------------------------------------- */

static const struct pop3_verb *verb_of(const struct mail_request *rq)
{
	switch (rq->verb) {
	case MAIL_OPEN: return &pop3_verb_open;
	case MAIL_PING:
	case MAIL_LIST_FOLDERS:
	case MAIL_STATUS: return &pop3_verb_simple;
	case MAIL_QUERY:
		return rq->arg.read.query.filter_count || rq->arg.read.query.sort != SORT_ADDED
			       ? &pop3_verb_search
			       : &pop3_verb_query;
	case MAIL_FETCH: return &pop3_verb_fetch;
	case MAIL_STREAM:
	case MAIL_SECTIONS: return &pop3_verb_content;
	case MAIL_EXPUNGE: return &pop3_verb_expunge;
	case MAIL_SYNC: return &pop3_verb_sync;
	case MAIL_SET_KEYWORDS: return &pop3_verb_keywords;
	case MAIL_CHANGE_FOLDER:
	case MAIL_QUOTA:
	case MAIL_PART_SIZE:
	case MAIL_COPY:
	case MAIL_MOVE:
	case MAIL_APPEND:
	case MAIL_FIND:
	case MAIL_WATCH:
	case MAIL_VERBS: break;
	}
	return NULL;
}

static void begin_unsupported(struct pop3_op *op)
{
	pop3_op_fail_with(op, ERR_UNSUPPORTED, "POP3 cannot do this");
}

static const struct pop3_verb unsupported = { .size_bytes = sizeof(struct pop3_op),
					      .begin = begin_unsupported };

/* Begins the next one, as the last thing it does. */
static void on_pump(struct loop_task *t)
{
	struct pop3_store *st = container_of(t, struct pop3_store, pump_task);
	struct pop3_op *op = st->first;

	if (!op || op->is_running)
		return;
	op->is_running = true;
	if (op->verb == &unsupported)
		op->verb->begin(op);
	else if (!st->is_open && op->rq.verb != MAIL_OPEN)
		pop3_op_fail_with(op, ERR_NET, "the connection is not open");
	else if (!bytes_is_null(op->rq.path) && !pop3_is_inbox(op->rq.path))
		pop3_op_fail_with(op, ERR_NOT_FOUND, "POP3 has the INBOX only");
	else if (pop3_wants_settling(st, &op->rq))
		pop3_settle(op);
	else
		op->verb->begin(op);
}

static void drop(struct pop3_op *op)
{
	struct pop3_store *st = op->store;
	struct pop3_op **at = &st->first;

	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	loop_timer_stop(st->loop, &op->deadline);
	if (st->session)
		pop3_session_forget(st->session, op);
	if (op->verb->cleanup)
		op->verb->cleanup(op);
	pop3_recall_stop(op);
	buf_done(&op->header);
	free(op);
	pop3_maildrop_trim(&st->drop, HEADERS_KEPT_BYTES);
	if (st->first)
		loop_task_start(st->loop, &st->pump_task);
	else
		pop3_prefetch_soon(st);
}

struct mail_request pop3_op_finish(struct pop3_op *op)
{
	struct mail_request rq = op->rq;

	drop(op);
	return rq;
}

void pop3_op_fail(struct pop3_op *op, const struct fault *fault)
{
	struct fault copy = *fault; /* it may be the operation's own */
	struct mail_request rq = pop3_op_finish(op);

	mail_request_fail(&rq, &copy);
}

void pop3_op_fail_with(struct pop3_op *op, enum err err, const char *text)
{
	struct fault f = fault_with_text(err, text);

	pop3_op_fail(op, &f);
}

static void on_deadline(struct loop_timer *t)
{
	struct pop3_op *op = container_of(t, struct pop3_op, deadline);
	struct pop3_session *session = op->store->session;
	struct fault f = fault_with_text(ERR_TIMEOUT, "the mail server did not answer in time");

	if (op->is_running && op->pending && session)
		pop3_session_fail(session, &f);
	else
		pop3_op_fail(op, &f);
}

static void cancel_op(struct op *op)
{
	drop((struct pop3_op *)op);
}

static void resume_op(struct op *base)
{
	struct pop3_op *op = (struct pop3_op *)base;

	if (op->verb->resume)
		op->verb->resume(op);
}

static const struct op_class op_class = { .cancel = cancel_op, .resume = resume_op };

struct op *pop3_op_start(struct pop3_store *st, const struct pop3_verb *verb,
			 const struct mail_request *rq)
{
	struct pop3_op *op = calloc(1, verb->size_bytes), **at = &st->first;

	if (!op)
		return NULL;
	op->op.cls = &op_class;
	op->verb = verb;
	op->store = st;
	op->rq = *rq;
	op->deadline.fire = on_deadline;
	buf_init(&op->header, POP3_HEADER_MAX_BYTES);
	if (!loop_timer_start_at(st->loop, &op->deadline, rq->call.deadline_ms)) {
		free(op);
		return NULL;
	}
	while (*at)
		at = &(*at)->next;
	*at = op;
	loop_task_start(st->loop, &st->pump_task);
	return &op->op;
}

static struct op *start(struct mailstore *ms, const struct mail_request *rq)
{
	const struct pop3_verb *verb = verb_of(rq);

	return pop3_op_start(store_of(ms), verb ? verb : &unsupported, rq);
}

/* --- the class ----------------------------------------------------------------------- */

static const struct mailstore_caps *get_caps(const struct mailstore *ms)
{
	return &store_of(ms)->caps;
}

static bool is_open(const struct mailstore *ms)
{
	return store_of(ms)->is_open;
}

static struct bytes selected(const struct mailstore *ms)
{
	return store_of(ms)->is_open ? BYTES_LIT("INBOX") : BYTES_NULL;
}

static void on_end_task(struct loop_task *t)
{
	struct pop3_store *st = container_of(t, struct pop3_store, end_task);
	mailstore_done_cb *on_end = st->ms.on_end;

	st->ms.on_end = NULL;
	if (on_end)
		on_end(st->ms.on_end_ctx, &st->end_fault);
}

void pop3_store_ended(struct pop3_store *st, const struct fault *fault)
{
	bool was_open = st->is_open;
	struct pop3_op *op;
	struct fault f = *fault;

	st->is_open = false;
	st->end_fault = f;
	if (was_open)
		loop_task_start(st->loop, &st->end_task);
	/* The one that runs is told now; the others by the pump, for after a
	 * callback there may be nothing left of us. */
	op = st->first;
	if (!op || !op->is_running)
		return;
	if (op->verb->lost)
		op->verb->lost(op, &f);
	else
		pop3_op_fail(op, &f);
}

static void store_free(struct mailstore *ms)
{
	struct pop3_store *st = store_of(ms);

	if (st->first && pop3_is_prefetch(st->first))
		drop(st->first);
	loop_timer_stop(st->loop, &st->idle);
	if (st->is_open)
		pop3_session_say_goodbye(st->session);
	pop3_session_free(st->session);
	pop3_maildrop_done(&st->drop);
	pop3_journal_done(&st->journal);
	buf_done(&st->spool);
	loop_task_stop(&st->pump_task);
	loop_task_stop(&st->end_task);
	free(st);
}

static const struct mailstore_class store_class = {
	.start = start,
	.caps = get_caps,
	.is_open = is_open,
	.selected = selected,
	.free = store_free,
};

struct mailstore *pop3_store_new(struct loop *l, struct dialer *d, const struct pop3_server *server)
{
	struct pop3_store *st = calloc(1, sizeof *st);

	if (!st)
		return NULL;
	*st = (struct pop3_store){ .ms.cls = &store_class,
				   .loop = l,
				   .dialer = d,
				   .server = server,
				   .pump_task.run = on_pump,
				   .end_task.run = on_end_task };
	pop3_maildrop_init(&st->drop);
	buf_init(&st->spool, server->message_max_bytes);
	return &st->ms;
}
