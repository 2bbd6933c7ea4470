#include "imap/store.h"

#include <stdlib.h>
#include <unistd.h>

#include "imap/append.h"
#include "imap/search.h"
#include "imap/syncing.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

static struct imap_store *store_of(const struct mailstore *ms)
{
	return (struct imap_store *)ms;
}

bool imap_same_path(struct bytes a, struct bytes b)
{
	if (bytes_equal_str_nocase(a, "INBOX"))
		return bytes_equal_str_nocase(b, "INBOX");
	return bytes_equal(a, b);
}

/* --- the queue -------------------------------------------------------------------- */

static const struct imap_verb *verb_of(const struct mail_request *rq)
{
	switch (rq->verb) {
	case MAIL_OPEN: return &imap_verb_open;
	case MAIL_PING: return &imap_verb_ping;
	case MAIL_LIST_FOLDERS: return &imap_verb_list;
	case MAIL_STATUS: return &imap_verb_status;
	case MAIL_QUERY:
		return rq->arg.read.query.filter_count || rq->arg.read.query.sort != SORT_ADDED ||
				       rq->arg.read.query.collapse_threads
			       ? &imap_verb_search
			       : &imap_verb_page;
	case MAIL_FETCH: return &imap_verb_fetch;
	case MAIL_STREAM: return &imap_verb_stream;
	case MAIL_PART_SIZE: return &imap_verb_part_size;
	case MAIL_SECTIONS: return &imap_verb_sections;
	case MAIL_CHANGE_FOLDER: return &imap_verb_change_folder;
	case MAIL_QUOTA: return &imap_verb_quota;
	case MAIL_SET_KEYWORDS: return &imap_verb_set_keywords;
	case MAIL_COPY: return &imap_verb_copy;
	case MAIL_MOVE: return &imap_verb_move;
	case MAIL_EXPUNGE: return &imap_verb_expunge;
	case MAIL_APPEND: return &imap_verb_append;
	case MAIL_FIND: return &imap_verb_find;
	case MAIL_SYNC: return &imap_verb_sync;
	case MAIL_WATCH: return &imap_verb_watch;
	case MAIL_VERBS: break;
	}
	return NULL;
}

/* May it begin while `running` (NULL: nothing) is under way? */
static bool may_begin(const struct imap_op *op, const struct imap_op *running)
{
	const struct imap_session *s = op->store->session;

	if (!running)
		return true;
	return s && op->verb->reads_by_uid && running->verb->reads_by_uid &&
	       imap_same_path(op->rq.path, s->mailbox.path) &&
	       imap_same_path(op->rq.path, imap_session_target(s));
}

/* Begins the next one that may, as the last thing it does. */
static void on_pump(struct loop_task *t)
{
	struct imap_store *st = container_of(t, struct imap_store, pump_task);
	struct imap_op *running = NULL, *op = st->first;

	while (op && op->is_running) {
		running = op;
		op = op->next;
	}
	if (!op || !may_begin(op, running))
		return;
	if (op->next)
		loop_task_start(st->loop, &st->pump_task);
	op->is_running = true;
	if (!st->is_open && op->rq.verb != MAIL_OPEN)
		imap_op_fail_with(op, ERR_NET, "the connection is not open");
	else if (!imap_op_catch_up(op))
		op->verb->begin(op);
}

static void unlink_op(struct imap_op *op)
{
	struct imap_op **at = &op->store->first;

	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
}

/* Frees it without a word. */
static void drop(struct imap_op *op)
{
	struct imap_store *st = op->store;

	unlink_op(op);
	loop_timer_stop(st->loop, &op->deadline);
	if (st->session)
		imap_session_abandon(st->session, op);
	if (op->verb->cleanup)
		op->verb->cleanup(op);
	free(op);
	if (st->first)
		loop_task_start(st->loop, &st->pump_task);
}

struct mail_request imap_op_finish(struct imap_op *op)
{
	struct mail_request rq = op->rq;

	drop(op);
	return rq;
}

void imap_op_fail(struct imap_op *op, const struct fault *fault)
{
	struct fault copy = *fault; /* it may be the operation's own */
	struct mail_request rq = imap_op_finish(op);

	mail_request_fail(&rq, &copy);
}

void imap_op_fail_with(struct imap_op *op, enum err e, const char *text)
{
	struct fault f = fault_with_text(e, text);

	imap_op_fail(op, &f);
}

static void on_deadline(struct loop_timer *t)
{
	struct imap_op *op = container_of(t, struct imap_op, deadline);
	struct fault f = fault_with_text(ERR_TIMEOUT, "the mail server did not answer in time");

	op->is_late = true;
	if (op->has_asked && op->store->session)
		imap_session_end(op->store->session, &f);
	else
		imap_op_fail(op, &f);
}

/* --- commands of operations --------------------------------------------------------- */

struct imap_exchange *imap_op_command(struct imap_op *op, const char *words,
				      void (*done)(struct imap_exchange *x,
						   const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_exchange_new(op->store->session, op, words);

	if (x)
		x->done = done;
	return x;
}

void imap_op_send(struct imap_op *op, struct imap_exchange *x)
{
	enum err e = imap_exchange_send(x);

	if (e == ERR_OK) {
		op->pending++;
		op->has_asked = true;
		return;
	}
	if (!op->fault.err)
		op->fault = fault_of(e);
	/* With nothing under way nobody would notice: then on_end() tells. */
	if (e == ERR_NOMEM)
		imap_session_end(op->store->session, &op->fault);
}

bool imap_op_answered(struct imap_op *op, const struct imap_reply *reply)
{
	op->pending--;
	if (reply && reply->status != IMAP_OK && !op->fault.err)
		op->fault = imap_fault_of(reply);
	return op->pending == 0;
}

/* --- the end ------------------------------------------------------------------------- */

static void lose(struct imap_op *op, const struct fault *fault)
{
	struct fault f = *fault;

	/* The server's silence towards one is a lost connection for the others. */
	if (f.err == ERR_TIMEOUT && !op->is_late)
		f = fault_with_text(ERR_NET, "given up: the mail server had stopped answering");
	if (op->is_running && op->verb->lost) {
		op->verb->lost(op, &f);
		return;
	}
	if (op->has_asked && mail_request_is_change(&op->rq))
		f.err = ERR_UNKNOWN;
	imap_op_fail(op, &f);
}

static void on_session_end(void *ctx, const struct fault *fault)
{
	struct imap_store *st = ctx;
	struct fault why = *fault;
	bool freed = false, was_open = st->is_open;

	imap_store_detach(st);
	for (struct imap_op *op = st->first; op; op = op->next)
		op->is_doomed = true;
	st->freed = &freed;
	while (!freed && st->first && st->first->is_doomed)
		lose(st->first, &why);
	if (freed)
		return;
	st->freed = NULL;
	if (was_open && st->ms.on_end)
		st->ms.on_end(st->ms.on_end_ctx, &why);
}

void imap_store_detach(struct imap_store *st)
{
	imap_session_free(st->session);
	st->session = NULL;
	st->is_open = false;
}

bool imap_store_attach(struct imap_store *st, int fd,
		       void (*on_greeting)(void *ctx, const struct imap_response *r))
{
	struct imap_session_limits limits = imap_session_limits_default;
	struct imap_session_events events = { on_greeting, on_session_end };

	limits.wire = st->server.limits ? *st->server.limits : imap_limits_default;
	st->session = imap_session_new(st->loop, fd, &limits, &events, st);
	if (st->session && st->server.tap)
		stream_set_tap(st->session->stream, st->server.tap, st->server.tap_ctx);
	return st->session != NULL;
}

/* --- the mail store ------------------------------------------------------------------- */

static void cancel(struct op *o)
{
	drop((struct imap_op *)o);
}

static void resume(struct op *o)
{
	struct imap_op *op = (struct imap_op *)o;

	if (op->verb->resume)
		op->verb->resume(op);
}

static const struct op_class op_class = { cancel, resume };

static struct op *start(struct mailstore *ms, const struct mail_request *rq)
{
	struct imap_store *st = store_of(ms);
	const struct imap_verb *verb = verb_of(rq);
	struct imap_op *op = calloc(1, verb->size_bytes), **at = &st->first;

	if (!op)
		return NULL;
	op->op.cls = &op_class;
	op->verb = verb;
	op->store = st;
	op->rq = *rq;
	op->deadline.fire = on_deadline;
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

static const struct mailstore_caps *caps(const struct mailstore *ms)
{
	return &store_of(ms)->caps;
}

static bool is_open(const struct mailstore *ms)
{
	const struct imap_store *st = store_of(ms);

	return st->is_open && !st->session->is_ended;
}

static struct bytes selected(const struct mailstore *ms)
{
	const struct imap_store *st = store_of(ms);

	return st->session ? st->session->mailbox.path : BYTES_NULL;
}

/* LOGOUT without waiting for the answer (RFC 9051 §6.1.3 lets the client close). */
static void say_goodbye(struct imap_store *st)
{
	if (st->is_open && !st->session->is_ended && !st->session->unsent)
		(void)!imap_exchange_send(imap_exchange_new(st->session, st, "LOGOUT"));
}

static void free_store(struct mailstore *ms)
{
	struct imap_store *st = store_of(ms);

	while (st->first)
		drop(st->first);
	loop_task_stop(&st->pump_task);
	if (st->session) {
		say_goodbye(st);
		imap_session_close(st->session);
	}
	arena_free(st->names_mem);
	if (st->fd >= 0)
		close(st->fd);
	if (st->freed)
		*st->freed = true;
	free(st);
}

static const struct mailstore_class class = { start, caps, is_open, selected, free_store };

struct mailstore *imap_store_new(struct loop *l, struct dialer *d, const struct imap_server *server)
{
	struct imap_store *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->ms.cls = &class;
	st->loop = l;
	st->dialer = d;
	st->fd = -1;
	st->server = *server;
	st->pump_task.run = on_pump;
	st->caps = (struct mailstore_caps){ .protocol = "imap" };
	return &st->ms;
}

struct mailstore *imap_store_new_on_fd(struct loop *l, int fd, const struct imap_server *server)
{
	struct mailstore *ms = imap_store_new(l, NULL, server);

	if (ms)
		store_of(ms)->fd = fd;
	else
		close(fd);
	return ms;
}
