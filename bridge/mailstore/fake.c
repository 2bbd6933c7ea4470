#include "mailstore/fake.h"

#include <stdlib.h>

#include "mailstore/fake_server.h"

static struct fake_session *session_of(const struct mailstore *ms)
{
	return (struct fake_session *)ms;
}

/* --- running ------------------------------------------------------------------ */

void fake_session_kick(struct fake_session *s)
{
	struct fake_op *op = s->first;

	if (!op || op->paused || s->server->script[op->rq.verb].held)
		return;
	if (!loop_timer_start(s->server->loop, &s->step, op->streaming ? 0 : s->server->delay_ms))
		abort();
}

/* Takes the operation out of the queue; the caller answers and frees it. */
static void unlink_op(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct fake_op **at = &s->first;

	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	loop_timer_stop(s->server->loop, &op->deadline);
	loop_timer_stop(s->server->loop, &op->poll);
	loop_timer_stop(s->server->loop, &s->step);
	fake_session_kick(s);
}

static void free_op(struct fake_op *op)
{
	unlink_op(op);
	if (op->freed)
		*op->freed = true;
	free(op->told);
	free(op);
}

static void finish(struct fake_op *op, const struct fault *fault)
{
	struct mail_request rq = op->rq;

	free_op(op);
	if (fault || rq.verb == MAIL_OPEN || rq.verb == MAIL_PING || rq.verb == MAIL_STREAM)
		mail_request_fail(&rq, fault);
}

/* A lost connection: those under way are told, then the owner. */
void fake_session_end(struct fake_session *s, const struct fault *fault)
{
	bool freed = false, was_open = s->open;

	s->open = false;
	s->selected = BYTES_NULL;
	s->view.is_valid = false;
	s->server->open -= was_open;
	s->freed = &freed;
	while (!freed && s->first)
		finish(s->first, fault);
	if (freed)
		return;
	s->freed = NULL;
	if (was_open && s->ms.on_end)
		s->ms.on_end(s->ms.on_end_ctx, fault);
}

static bool ends_session(enum err e)
{
	return e == ERR_NET || e == ERR_TLS || e == ERR_PROTO || e == ERR_TIMEOUT ||
	       e == ERR_TOO_BIG || e == ERR_UNKNOWN;
}

static bool takes_fault(struct fake_server *s, enum mail_verb verb, struct fault *ret)
{
	struct fake_script *sc = &s->script[verb];

	if (!sc->fault_count)
		return false;
	*ret = sc->faults[0];
	memmove(sc->faults, sc->faults + 1, --sc->fault_count * sizeof(*sc->faults));
	return true;
}

static bool is_supported(const struct mailstore_caps *c, enum mail_verb verb)
{
	switch (verb) {
	case MAIL_CHANGE_FOLDER: return c->folders;
	case MAIL_COPY:
	case MAIL_MOVE: return c->move;
	case MAIL_APPEND: return c->append;
	case MAIL_SET_KEYWORDS: return c->flags == MAILSTORE_FLAGS_SERVER;
	case MAIL_OPEN:
	case MAIL_PING:
	case MAIL_LIST_FOLDERS:
	case MAIL_STATUS:
	case MAIL_QUOTA:
	case MAIL_QUERY:
	case MAIL_FETCH:
	case MAIL_STREAM:
	case MAIL_PART_SIZE:
	case MAIL_SECTIONS:
	case MAIL_EXPUNGE:
	case MAIL_FIND:
	case MAIL_VERBS: break;
	case MAIL_SYNC:
	case MAIL_WATCH: return c->flags == MAILSTORE_FLAGS_SERVER;
	}
	return true;
}

static bool is_right(const struct fake_server *s, const struct credentials *c)
{
	for (size_t i = 0; i < s->user_count; i++) {
		const struct fake_user *u = &s->users[i];

		if (!bytes_equal(u->name, c->username))
			continue;
		return bytes_is_null(c->access_token) ? bytes_equal(u->password, c->password)
						      : bytes_equal(u->token, c->access_token);
	}
	return false;
}

static void run_open(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct fault refused = fault_from_server(ERR_AUTH, s->server->caps.protocol,
						 BYTES_LIT("AUTHENTICATIONFAILED"),
						 BYTES_LIT("Authentication failed."));

	if (!is_right(s->server, op->rq.arg.credentials)) {
		finish(op, &refused);
		return;
	}
	s->open = true;
	if (++s->server->open > s->server->peak)
		s->server->peak = s->server->open;
	finish(op, NULL);
}

static void run_stream(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct bytes piece = bytes_first(op->stream, s->server->chunk_bytes);
	bool freed = false;
	enum flow flow;

	if (!piece.len) {
		finish(op, NULL);
		return;
	}
	op->stream = bytes_skip(op->stream, piece.len);
	op->freed = &freed;
	flow = op->rq.arg.stream.on_data(op->rq.ctx, piece);
	if (freed) /* cancelled by its receiver */
		return;
	op->freed = NULL;
	op->paused = flow == FLOW_PAUSE;
	fake_session_kick(s);
}

static void begin_stream(struct fake_op *op)
{
	const struct mail_section *sec = &op->rq.arg.stream.section;
	const struct message_key *key = &op->rq.arg.stream.key;
	struct fake_data *d = &op->session->server->data;
	struct fake_folder *f = fake_data_find(d, op->rq.path);
	struct fake_message *m = f ? fake_folder_find(f, key->uid) : NULL;
	struct fault gone = fault_of(ERR_NOT_FOUND);
	struct bytes b = BYTES_NULL;

	if (m && key->uidvalidity == f->uidvalidity && !(m->keywords.system & KEYWORD_DELETED))
		b = fake_section(d->mem, m->raw, sec->section);
	if (bytes_is_null(b)) {
		finish(op, &gone);
		return;
	}
	b = bytes_skip(b, sec->first);
	op->stream = sec->length ? bytes_first(b, sec->length) : b;
	op->streaming = true;
	run_stream(op);
}

/* As a server does it: a folder stays selected until another one is. */
static void select_folder(struct fake_session *s, const struct mail_request *rq)
{
	struct fake_data *d = &s->server->data;
	const struct fake_folder *f;

	if (bytes_is_null(rq->path) || rq->verb == MAIL_STATUS || rq->verb == MAIL_APPEND ||
	    rq->verb == MAIL_CHANGE_FOLDER)
		return;
	f = fake_data_find(d, rq->path);
	if (!f)
		return;
	s->selected = f->info.path;
	if (s->view.is_valid && &d->folders[s->view.folder] != f)
		s->view.is_valid = false;
}

static void begin_watch(struct fake_op *op)
{
	struct fake_folder *f = fake_data_find(&op->session->server->data, op->rq.path);
	struct fault missing = fault_of(ERR_NOT_FOUND);

	if (f && f->info.is_selectable)
		fake_watch_begin(op);
	else
		finish(op, &missing);
}

static void run(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct mail_request rq = op->rq;

	s->server->data.uid_expunge = s->server->caps.uid_expunge;
	s->server->data.has_modseqs = s->server->caps.changes;
	select_folder(s, &rq);
	if (mail_request_is_change(&rq))
		fake_server_changed(s->server);
	if (rq.verb == MAIL_OPEN) {
		run_open(op);
	} else if (rq.verb == MAIL_PING) {
		finish(op, NULL);
	} else if (rq.verb == MAIL_STREAM) {
		begin_stream(op);
	} else if (rq.verb == MAIL_WATCH) {
		begin_watch(op);
	} else if (rq.verb == MAIL_SYNC) {
		finish(op, NULL);
		fake_run_sync(s, &rq);
	} else if (rq.verb == MAIL_QUOTA) {
		finish(op, NULL);
		rq.cb.quota(rq.ctx, NULL, &(struct mailstore_quota){ true, 1000, 1000000 });
	} else {
		finish(op, NULL);
		if (mail_request_is_change(&rq))
			fake_run_change(&s->server->data, &rq);
		else
			fake_run_read(&s->server->data, &rq);
	}
}

/* The receiver of results that the connection never brought back. */
static void on_lost_changes(void *ctx, const struct fault *fault,
			    const struct change_result *results, size_t count)
{
	(void)ctx;
	(void)fault;
	(void)results;
	(void)count;
}

static void on_lost_done(void *ctx, const struct fault *fault)
{
	(void)ctx;
	(void)fault;
}

/* The server does it, and then the connection breaks before it can say so. */
static void run_and_lose(struct fake_op *op, const struct fault *fault)
{
	struct fake_session *s = op->session;
	struct mail_request rq = op->rq, lost = op->rq;
	size_t count = rq.verb == MAIL_APPEND ? 1 : rq.count;
	struct change_result *results = ARENA_ARRAY(rq.call.mem, count, struct change_result);
	struct fault net = fault_with_text(ERR_NET, "closed by the server");
	bool freed = false;

	for (size_t i = 0; results && i < count; i++)
		results[i] = (struct change_result){ CHANGE_UNKNOWN, .fault = *fault };
	if (results && rq.verb != MAIL_CHANGE_FOLDER)
		fake_look_before(&s->server->data, &rq, results);
	if (rq.verb == MAIL_CHANGE_FOLDER)
		lost.cb.done = on_lost_done;
	else
		lost.cb.changes = on_lost_changes;
	if (strcmp(fault->text, FAKE_NOT_DONE) != 0) {
		fake_server_changed(s->server);
		fake_run_change(&s->server->data, &lost);
	}
	finish(op, NULL);
	s->freed = &freed;
	if (rq.verb == MAIL_CHANGE_FOLDER)
		rq.cb.done(rq.ctx, fault);
	else
		rq.cb.changes(rq.ctx, NULL, results, count);
	if (!freed)
		fake_session_end(s, &net);
}

static void fail(struct fake_op *op, const struct fault *fault)
{
	if (fault->err == ERR_UNKNOWN && mail_request_is_change(&op->rq))
		run_and_lose(op, fault);
	else if (ends_session(fault->err))
		fake_session_end(op->session, fault);
	else
		finish(op, fault);
}

static void on_step(struct loop_timer *t)
{
	struct fake_session *s =
		(struct fake_session *)((char *)t - offsetof(struct fake_session, step));
	struct fake_op *op = s->first;
	struct fault closed = fault_with_text(ERR_NET, "the conversation is not open");
	struct fault unsupported = fault_of(ERR_UNSUPPORTED), scripted;

	if (op->streaming)
		run_stream(op);
	else if (op->is_watching)
		fake_watch_step(op);
	else if (!s->open && op->rq.verb != MAIL_OPEN)
		finish(op, &closed);
	else if (takes_fault(s->server, op->rq.verb, &scripted))
		fail(op, &scripted);
	else if (!is_supported(&s->server->caps, op->rq.verb))
		finish(op, &unsupported);
	else
		run(op);
}

/* As with a real server: one that had been asked ends the conversation. */
static void on_deadline(struct loop_timer *t)
{
	struct fake_op *op = (struct fake_op *)((char *)t - offsetof(struct fake_op, deadline));
	struct fault fault = fault_of(ERR_TIMEOUT);

	if (op->session->first == op)
		fake_session_end(op->session, &fault);
	else
		finish(op, &fault);
}

void fake_end_watches(struct fake_server *s, const struct fault *fault)
{
	struct fake_session *se = s->sessions;

	/* Callbacks may free any of them: begin anew after each. */
	while (se) {
		bool ends = se->first && se->first->is_watching;

		if (ends)
			fail(se->first, fault);
		se = ends ? s->sessions : se->next;
	}
}

/* --- the mail store ----------------------------------------------------------- */

static void cancel(struct op *o)
{
	struct fake_op *op = (struct fake_op *)o;

	op->session->server->script[op->rq.verb].cancels++;
	free_op(op);
}

static void resume(struct op *o)
{
	struct fake_op *op = (struct fake_op *)o;

	op->paused = false;
	if (op->rq.verb == MAIL_WATCH)
		fake_watch_look(op);
	else if (op->session->first == op)
		fake_session_kick(op->session);
}

static const struct op_class op_class = { cancel, resume };

static struct op *start(struct mailstore *ms, const struct mail_request *rq)
{
	struct fake_session *s = session_of(ms);
	struct fake_op *op = calloc(1, sizeof(*op)), **at = &s->first;

	if (!op)
		return NULL;
	*op = (struct fake_op){ .op.cls = &op_class, .session = s, .rq = *rq };
	op->deadline.fire = on_deadline;
	if (!loop_timer_start_at(s->server->loop, &op->deadline, rq->call.deadline_ms)) {
		free(op);
		return NULL;
	}
	while (*at)
		at = &(*at)->next;
	*at = op;
	s->server->script[rq->verb].calls++;
	if (s->first == op)
		fake_session_kick(s);
	return &op->op;
}

static const struct mailstore_caps *caps(const struct mailstore *ms)
{
	return &session_of(ms)->server->caps;
}

static bool is_open(const struct mailstore *ms)
{
	return session_of(ms)->open;
}

static struct bytes selected(const struct mailstore *ms)
{
	return session_of(ms)->selected;
}

static void free_session(struct mailstore *ms)
{
	struct fake_session *s = session_of(ms), **at = &s->server->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	while (s->first)
		cancel(&s->first->op);
	loop_timer_stop(s->server->loop, &s->step);
	s->server->open -= s->open;
	if (s->freed)
		*s->freed = true;
	free(s);
}

static const struct mailstore_class class = { start, caps, is_open, selected, free_session };

struct mailstore *fake_server_connect(struct fake_server *server)
{
	struct fake_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ms.cls = &class;
	s->server = server;
	s->step.fire = on_step;
	s->next = server->sessions;
	server->sessions = s;
	return &s->ms;
}
