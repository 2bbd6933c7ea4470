#include "mailstore/fake.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mailstore/fake_data.h"
#include "net/loop.h"

#define USERS_MAX  16
#define FAULTS_MAX 16

struct fake_script {
	struct fault faults[FAULTS_MAX]; /* the first one is next */
	size_t fault_count;
	bool held;
	unsigned calls, cancels;
};

struct fake_user {
	struct bytes name, password, token;
};

struct fake_server {
	struct loop *loop;
	struct fake_data data;
	struct mailstore_caps caps;
	struct fake_user users[USERS_MAX];
	size_t user_count;
	struct fake_script script[MAIL_VERBS];
	uint64_t delay_ms;
	size_t chunk_bytes;
	struct fake_session *sessions;
	unsigned open, peak;
};

struct fake_op {
	struct op op;
	struct fake_session *session;
	struct fake_op *next;
	struct mail_request rq;
	struct loop_timer deadline;
	struct bytes stream; /* what is still to be given, once streaming */
	bool streaming, paused;
};

/* One conversation. Its operations run one after the other. */
struct fake_session {
	struct mailstore ms;
	struct fake_server *server;
	struct fake_session *next;
	struct fake_op *first;
	struct loop_timer step;
	bool open;
	struct bytes selected; /* in the server's memory */
	bool *freed;           /* set when a callback freed us */
};

static struct fake_session *session_of(const struct mailstore *ms)
{
	return (struct fake_session *)ms;
}

/* --- running ------------------------------------------------------------------ */

static void kick(struct fake_session *s)
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
	loop_timer_stop(s->server->loop, &s->step);
	kick(s);
}

static void finish(struct fake_op *op, const struct fault *fault)
{
	struct mail_request rq = op->rq;

	unlink_op(op);
	free(op);
	if (fault || rq.verb == MAIL_OPEN || rq.verb == MAIL_PING || rq.verb == MAIL_STREAM)
		mail_request_fail(&rq, fault);
}

/* A lost connection: those under way are told, then the owner. */
static void end_session(struct fake_session *s, const struct fault *fault)
{
	bool freed = false, was_open = s->open;

	s->open = false;
	s->selected = BYTES_NULL;
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
	case MAIL_SECTIONS:
	case MAIL_EXPUNGE:
	case MAIL_VERBS: break;
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
	s->freed = &freed;
	flow = op->rq.arg.stream.on_data(op->rq.ctx, piece);
	if (freed)
		return;
	s->freed = NULL;
	if (s->first != op) /* cancelled by its receiver */
		return;
	op->paused = flow == FLOW_PAUSE;
	kick(s);
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

static void run(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct mail_request rq = op->rq;

	if (!bytes_is_null(rq.path) && rq.verb != MAIL_STATUS && rq.verb != MAIL_APPEND &&
	    rq.verb != MAIL_CHANGE_FOLDER && fake_data_find(&s->server->data, rq.path))
		s->selected = fake_data_find(&s->server->data, rq.path)->info.path;
	if (rq.verb == MAIL_OPEN) {
		run_open(op);
	} else if (rq.verb == MAIL_PING) {
		finish(op, NULL);
	} else if (rq.verb == MAIL_STREAM) {
		begin_stream(op);
	} else if (rq.verb == MAIL_QUOTA) {
		finish(op, NULL);
		rq.cb.quota(rq.ctx, NULL, &(struct mailstore_quota){ true, 1000, 1000000 });
	} else {
		finish(op, NULL);
		s->server->data.uid_expunge = s->server->caps.uid_expunge;
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

	if (rq.verb == MAIL_CHANGE_FOLDER)
		lost.cb.done = on_lost_done;
	else
		lost.cb.changes = on_lost_changes;
	fake_run_change(&s->server->data, &lost);
	for (size_t i = 0; results && i < count; i++)
		results[i] = (struct change_result){ CHANGE_UNKNOWN, .fault = *fault };

	finish(op, NULL);
	s->freed = &freed;
	if (rq.verb == MAIL_CHANGE_FOLDER)
		rq.cb.done(rq.ctx, fault);
	else
		rq.cb.changes(rq.ctx, NULL, results, count);
	if (!freed)
		end_session(s, &net);
}

static void fail(struct fake_op *op, const struct fault *fault)
{
	if (fault->err == ERR_UNKNOWN && mail_request_is_change(&op->rq))
		run_and_lose(op, fault);
	else if (ends_session(fault->err))
		end_session(op->session, fault);
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
		end_session(op->session, &fault);
	else
		finish(op, &fault);
}

/* --- the mail store ----------------------------------------------------------- */

static void cancel(struct op *o)
{
	struct fake_op *op = (struct fake_op *)o;

	op->session->server->script[op->rq.verb].cancels++;
	unlink_op(op);
	free(op);
}

static void resume(struct op *o)
{
	struct fake_op *op = (struct fake_op *)o;

	op->paused = false;
	if (op->session->first == op)
		kick(op->session);
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
		kick(s);
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

/* --- the server ---------------------------------------------------------------- */

struct fake_server *fake_server_new(struct loop *l)
{
	struct fake_server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->loop = l;
	s->chunk_bytes = 16 * 1024;
	s->data.mem = arena_new(FAKE_MEM_MAX);
	s->caps = (struct mailstore_caps){ .protocol = "imap",
					   .folders = true,
					   .move = true,
					   .append = true,
					   .search = true,
					   .sort = true,
					   .custom_keywords = true,
					   .uid_expunge = true,
					   .counts_in_list = true,
					   .flags = MAILSTORE_FLAGS_SERVER };
	fake_add_folder(s, "INBOX", FOLDER_ROLE_INBOX);
	return s;
}

void fake_server_free(struct fake_server *s)
{
	if (!s)
		return;
	fake_data_done(&s->data);
	free(s);
}

struct mailstore_caps *fake_server_caps(struct fake_server *s)
{
	return &s->caps;
}

void fake_add_user(struct fake_server *s, const char *username, const char *password,
		   const char *token)
{
	struct arena *mem = s->data.mem;
	struct fake_user u = { arena_bytes(mem, bytes_of_str(username)),
			       arena_bytes(mem, bytes_of_str(password)),
			       arena_bytes(mem, bytes_of_str(token)) };

	for (size_t i = 0; i < s->user_count; i++) {
		if (bytes_equal(s->users[i].name, u.name)) {
			s->users[i] = u;
			return;
		}
	}
	if (s->user_count < USERS_MAX)
		s->users[s->user_count++] = u;
}

struct folder *fake_add_folder(struct fake_server *s, const char *path, enum folder_role role)
{
	struct fake_folder *f = fake_data_find(&s->data, bytes_of_str(path));

	if (!f)
		f = fake_data_add_folder(&s->data, bytes_of_str(path));
	f->info.role = role;
	return &f->info;
}

void fake_set_uidvalidity(struct fake_server *s, const char *path, uint32_t uidvalidity)
{
	fake_data_find(&s->data, bytes_of_str(path))->uidvalidity = uidvalidity;
}

static struct keywords parse_keywords(struct fake_server *s, const char *text)
{
	struct keywords k = { 0 };
	struct bytes rest = bytes_of_str(text), name;

	while (bytes_split(&rest, ' ', &name)) {
		unsigned bit = keywords_system_bit(name);

		k.system |= bit;
		if (!bit && name.len)
			fake_add_keyword(&k, s->data.mem, name);
	}
	return k;
}

uint32_t fake_add_message(struct fake_server *s, const char *path, struct bytes raw,
			  const char *keywords, int64_t received_at)
{
	struct keywords k = parse_keywords(s, keywords);

	return fake_folder_add(&s->data, fake_data_find(&s->data, bytes_of_str(path)), raw, &k,
			       received_at);
}

void fake_set_message_keywords(struct fake_server *s, const char *path, uint32_t uid,
			       const char *keywords)
{
	struct fake_folder *f = fake_data_find(&s->data, bytes_of_str(path));
	struct fake_message *m = fake_folder_find(f, uid);

	m->keywords = parse_keywords(s, keywords);
	m->modseq = ++f->modseq;
}

void fake_remove_message(struct fake_server *s, const char *path, uint32_t uid)
{
	fake_folder_remove(fake_data_find(&s->data, bytes_of_str(path)), uid);
}

void fake_fail_next(struct fake_server *s, enum mail_verb verb, const struct fault *fault)
{
	struct fake_script *sc = &s->script[verb];

	if (sc->fault_count < FAULTS_MAX)
		sc->faults[sc->fault_count++] = *fault;
}

void fake_hold(struct fake_server *s, enum mail_verb verb)
{
	s->script[verb].held = true;
	for (struct fake_session *se = s->sessions; se; se = se->next) {
		if (se->first && se->first->rq.verb == verb)
			loop_timer_stop(s->loop, &se->step);
	}
}

void fake_release(struct fake_server *s, enum mail_verb verb)
{
	s->script[verb].held = false;
	for (struct fake_session *se = s->sessions; se; se = se->next)
		kick(se);
}

void fake_set_delay(struct fake_server *s, uint64_t delay_ms)
{
	s->delay_ms = delay_ms;
}

void fake_set_chunk(struct fake_server *s, size_t bytes)
{
	s->chunk_bytes = bytes;
}

void fake_hide_structure(struct fake_server *s)
{
	s->data.hides_structure = true;
}

void fake_drop_all(struct fake_server *s)
{
	struct fault fault = fault_with_text(ERR_NET, "closed by the server");
	struct fake_session *se = s->sessions;

	/* Callbacks may free any of them: begin anew after each. */
	while (se) {
		bool lost = se->open;

		if (lost)
			end_session(se, &fault);
		se = lost ? s->sessions : se->next;
	}
}

unsigned fake_calls(const struct fake_server *s, enum mail_verb verb)
{
	return s->script[verb].calls;
}

unsigned fake_cancels(const struct fake_server *s, enum mail_verb verb)
{
	return s->script[verb].cancels;
}

unsigned fake_sessions_open(const struct fake_server *s)
{
	return s->open;
}

unsigned fake_sessions_peak(const struct fake_server *s)
{
	return s->peak;
}
