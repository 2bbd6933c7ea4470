/* MAIL_OPEN: log in, then LIST and UIDL in one go, then the header blocks that
 * are needed to tell messages apart where the UIDL does not. */
#include <stdlib.h>

#include "base/clock.h"
#include "pop3/store.h"

struct open_op {
	struct pop3_op op;
	bool has_uidl;
	struct pop3_message **nameless;
	struct pop3_message **all; /* whose keywords are recalled, RECALL_BATCH at a time */
	size_t recalled;
};

#define RECALL_BATCH 1000

/* Telling messages apart by their headers means fetching these. */
#define NAMELESS_MAX 20000

static void fail(struct open_op *o, enum err err, const char *text)
{
	struct fault f = fault_with_text(err, text);

	pop3_session_fail(o->op.store->session, &f);
}

/* An hour is as long as we believe. */
static uint64_t login_delay_s(const struct pop3_store *st)
{
	uint64_t s = pop3_session_caps(st->session)->login_delay_s;

	return s < 3600 ? s : 3600;
}

static void finish(struct open_op *o)
{
	struct pop3_store *st = o->op.store;
	struct mail_request rq;

	st->caps = (struct mailstore_caps){ .protocol = "pop3",
					    .uid_expunge = true,
					    .has_names = true,
					    .search = true,
					    .search_is_local = true,
					    .custom_keywords = pop3_remembers(st),
					    .changes = pop3_remembers(st),
					    .flags = pop3_remembers(st) ? MAILSTORE_FLAGS_LOCAL
									: MAILSTORE_FLAGS_NONE,
					    .push = MAILSTORE_PUSH_POLL,
					    .counts_in_list = true,
					    .login_delay_s = login_delay_s(st),
					    .sizes_are_estimates = true,
					    .sessions_max = POP3_SESSIONS_MAX };
	st->is_open = true;
	rq = pop3_op_finish(&o->op);
	rq.cb.done(rq.ctx, NULL);
}

static void recall_keywords(struct open_op *o);

static void on_keywords(struct pop3_op *op, const struct bytes *values, size_t count)
{
	struct open_op *o = (struct open_op *)op;

	op->store->lacks_keywords |= !values;
	for (size_t i = 0; values && i < count; i++)
		if (!bytes_is_null(values[i]) &&
		    pop3_message_set_keywords(o->all[o->recalled + i], values[i])) {
			fail(o, ERR_NOMEM, "");
			return;
		}
	o->recalled += RECALL_BATCH;
	recall_keywords(o);
}

/* A memory that is away leaves them all unread for now. */
static void recall_keywords(struct open_op *o)
{
	size_t left = o->op.store->drop.count - o->recalled;

	if (o->recalled >= o->op.store->drop.count ||
	    !pop3_recall(&o->op, MAIL_MEMORY_KEYWORDS, o->all + o->recalled,
			 left < RECALL_BATCH ? left : RECALL_BATCH, on_keywords))
		finish(o);
}

/* The headers that tell messages apart. */
static void on_headers_ready(struct pop3_op *op)
{
	struct open_op *o = (struct open_op *)op;
	struct pop3_maildrop *m = &op->store->drop;
	enum err err = pop3_maildrop_finish_keys(m);

	o->all = calloc(m->count + 1, sizeof *o->all);
	if (err || !o->all) {
		pop3_op_fail_with(op, err ? err : ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < m->count; i++)
		o->all[i] = &m->at[i];
	recall_keywords(o);
}

/* LIST and UIDL are through. */
static void name_messages(struct open_op *o)
{
	struct pop3_maildrop *m = &o->op.store->drop;
	size_t nameless = 0, n = 0;

	if (pop3_maildrop_begin_keys(m, &nameless)) {
		fail(o, ERR_NOMEM, "");
		return;
	}
	if (nameless > NAMELESS_MAX) {
		fail(o, ERR_TOO_BIG, "the server has no UIDL and too many messages to compare");
		return;
	}
	o->nameless = calloc(nameless + 1, sizeof *o->nameless);
	if (!o->nameless) {
		fail(o, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < m->count; i++)
		if (!m->at[i].key.text[0])
			o->nameless[n++] = &m->at[i];
	pop3_op_want_headers(&o->op, o->nameless, nameless);
}

static void answered(struct open_op *o)
{
	if (--o->op.pending == 0)
		name_messages(o);
}

static void on_list_line(void *owner, uint32_t n, struct bytes line)
{
	struct open_op *o = owner;
	uint32_t number;
	uint64_t size;
	enum err err;

	(void)n;
	if (!pop3_listing_parse(line, &number, &size)) {
		fail(o, ERR_PROTO, "LIST is malformed");
		return;
	}
	err = pop3_maildrop_add(&o->op.store->drop, number, size);
	if (err)
		fail(o, err,
		     err == ERR_PROTO     ? "LIST is out of order"
		     : err == ERR_TOO_BIG ? "the maildrop has too many messages"
					  : "");
}

static void on_list_done(void *owner, uint32_t n, const struct pop3_status *status,
			 const struct fault *fault)
{
	struct open_op *o = owner;
	struct fault f;

	(void)n;
	if (fault)
		return;
	if (status->is_ok) {
		answered(o);
		return;
	}
	f = fault_from_server(pop3_status_err(status, ERR_REFUSED), "pop3", status->code,
			      status->text);
	pop3_session_fail(o->op.store->session, &f);
}

static void on_uidl_line(void *owner, uint32_t n, struct bytes line)
{
	struct open_op *o = owner;
	struct bytes uidl;
	uint32_t number;

	(void)n;
	/* A line that cannot be read leaves its message without a UIDL. */
	if (pop3_uidl_parse(line, &number, &uidl) &&
	    pop3_maildrop_set_uidl(&o->op.store->drop, number, uidl))
		fail(o, ERR_NOMEM, "");
}

/* -ERR: a server without UIDL (RFC 1939 leaves it optional). */
static void on_uidl_done(void *owner, uint32_t n, const struct pop3_status *status,
			 const struct fault *fault)
{
	(void)n;
	(void)status;
	if (!fault)
		answered(owner);
}

static const struct pop3_handler list_handler = { .on_line = on_list_line,
						  .on_done = on_list_done };
static const struct pop3_handler uidl_handler = { .on_line = on_uidl_line,
						  .on_done = on_uidl_done };

static void on_logged_in(void *ctx, const struct fault *fault)
{
	struct open_op *o = ctx;
	struct pop3_store *st = o->op.store;
	const struct pop3_caps *caps = pop3_session_caps(st->session);
	enum err err;

	if (fault) {
		pop3_op_fail(&o->op, fault);
		return;
	}
	st->opened_ms = clock_monotonic_ms();
	st->has_no_top = caps->is_known && !caps->top;
	o->op.pending = 2;
	err = pop3_session_send(st->session, "LIST", POP3_NO_NUMBER, POP3_NO_NUMBER,
				POP3_BODY_LINES, &list_handler, o);
	if (!err)
		err = pop3_session_send(st->session, "UIDL", POP3_NO_NUMBER, POP3_NO_NUMBER,
					POP3_BODY_LINES, &uidl_handler, o);
	if (err)
		fail(o, err, "");
}

static void on_session_end(void *ctx, const struct fault *fault)
{
	pop3_store_ended(ctx, fault);
}

static void begin(struct pop3_op *op)
{
	struct pop3_store *st = op->store;
	const struct credentials *c = op->rq.arg.credentials;

	st->session = pop3_session_new(st->loop, st->dialer, st->server);
	if (!st->session) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	pop3_recall_scope(st, c->username);
	op->pending = 1; /* a deadline now is the server's */
	pop3_session_on_end(st->session, on_session_end, st);
	pop3_session_open(st->session, c->username, c->password, c->access_token, on_logged_in, op);
}

static void cleanup(struct pop3_op *op)
{
	struct pop3_store *st = op->store;

	free(((struct open_op *)op)->nameless);
	free(((struct open_op *)op)->all);
	if (!st->is_open) {
		/* Cancelled or failed: the session must not call back any more. */
		pop3_session_free(st->session);
		st->session = NULL;
	}
}

const struct pop3_verb pop3_verb_open = {
	.size_bytes = sizeof(struct open_op),
	.begin = begin,
	.headers_ready = on_headers_ready,
	.cleanup = cleanup,
};
