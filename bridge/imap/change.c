#include "imap/change.h"

#include <stdlib.h>

/* --- records -------------------------------------------------------------------------- */

static int compare(const void *pa, const void *pb)
{
	const struct imap_change *a = pa, *b = pb;

	return (a->uid > b->uid) - (a->uid < b->uid);
}

struct imap_change *imap_changing_find(const struct imap_changing *c, uint32_t uid)
{
	struct imap_change key = { .uid = uid };

	return c->count ? bsearch(&key, c->at, c->count, sizeof(*c->at), compare) : NULL;
}

/* One for each distinct UID of this UIDVALIDITY. */
static bool make_records(struct imap_changing *c)
{
	const struct mail_request *rq = &c->base.rq;
	uint32_t uidvalidity = c->base.store->session->mailbox.uidvalidity;
	size_t n = 0;

	c->at = ARENA_ARRAY(rq->call.mem, rq->count, struct imap_change);
	if (!c->at)
		return false;
	for (size_t i = 0; i < rq->count; i++) {
		if (rq->keys[i].kind == MESSAGE_KEY_UID && rq->keys[i].uid &&
		    rq->keys[i].uidvalidity == uidvalidity)
			c->at[n++].uid = rq->keys[i].uid;
	}
	if (n)
		qsort(c->at, n, sizeof(*c->at), compare);
	for (size_t i = 0; i < n; i++) {
		if (c->count == 0 || c->at[c->count - 1].uid != c->at[i].uid)
			c->at[c->count++].uid = c->at[i].uid;
	}
	return true;
}

/* --- results ---------------------------------------------------------------------------- */

static struct change_result result_of(const struct imap_change *ch, const struct fault *lost)
{
	struct change_result r = { .status = CHANGE_NOT_FOUND, .fault = fault_of(ERR_NOT_FOUND) };

	if (!ch)
		return r;
	r = ch->result;
	if (ch->is_settled)
		return r;
	if (lost) {
		r.status = CHANGE_UNKNOWN;
		r.fault = *lost;
		r.fault.err = ERR_UNKNOWN;
	} else if (!ch->is_there) {
		r.status = CHANGE_NOT_FOUND;
		r.fault = fault_of(ERR_NOT_FOUND);
	}
	return r;
}

static void give_results(struct imap_changing *c, const struct fault *lost)
{
	struct mail_request rq = c->base.rq;
	struct change_result *results = ARENA_ARRAY(rq.call.mem, rq.count, struct change_result);
	uint32_t uidvalidity = 0;

	if (!results) {
		imap_op_fail_with(&c->base, ERR_NOMEM, "");
		return;
	}
	if (c->base.store->session)
		uidvalidity = c->base.store->session->mailbox.uidvalidity;
	for (size_t i = 0; i < rq.count; i++) {
		const struct imap_change *ch = imap_changing_find(c, rq.keys[i].uid);

		if (uidvalidity && rq.keys[i].uidvalidity != uidvalidity)
			ch = NULL;
		results[i] = result_of(ch, lost);
		if (rq.verb == MAIL_EXPUNGE)
			results[i].has_keywords = false;
	}
	rq = imap_op_finish(&c->base);
	rq.cb.changes(rq.ctx, NULL, results, rq.count);
}

void imap_changing_finish(struct imap_changing *c)
{
	if (c->base.fault.err)
		imap_op_fail(&c->base, &c->base.fault);
	else
		give_results(c, NULL);
}

void imap_changing_lost(struct imap_op *op, const struct fault *fault)
{
	struct imap_changing *c = (struct imap_changing *)op;

	/* Without records nothing but SELECT was sent. */
	if (c->at)
		give_results(c, fault);
	else
		imap_op_fail(op, fault);
}

/* --- the beginning ------------------------------------------------------------------------ */

/* Those that are not there have no record, and are not found. */
static void keep_present(struct imap_changing *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (imap_present_has(&c->present, c->at[i].uid))
			c->at[n++] = c->at[i];
	}
	c->count = n;
}

static void start(struct imap_op *op)
{
	struct imap_changing *c = (struct imap_changing *)op;
	bool is_made = make_records(c);

	if (is_made && op->store->session->quirks.guesses_uids)
		keep_present(c);
	if (!is_made)
		imap_op_fail_with(op, ERR_NOMEM, "");
	else if (!c->count)
		imap_changing_finish(c);
	else
		c->go(c);
}

static void on_selected(struct imap_op *op)
{
	struct imap_changing *c = (struct imap_changing *)op;

	if (op->store->session->quirks.guesses_uids)
		imap_op_ask_present(op, &c->present, start);
	else
		start(op);
}

void imap_changing_begin(struct imap_changing *c, void (*go)(struct imap_changing *c))
{
	c->go = go;
	imap_op_select(&c->base, on_selected);
}

/* --- commands over chunks -------------------------------------------------------------------- */

bool imap_changing_chunk(const struct imap_changing *c, size_t from,
			 bool (*pick)(const struct imap_change *ch), struct imap_chunk *ret)
{
	struct imap_set_length length = { 0 };
	size_t i;

	while (from < c->count && pick && !pick(&c->at[from]))
		from++;
	if (from == c->count)
		return false;
	for (i = from; i < c->count && length.bytes < IMAP_SET_BYTES_MAX; i++)
		if (!pick || pick(&c->at[i]))
			imap_set_length_add(&length, c->at[i].uid);
	*ret = (struct imap_chunk){ from, i };
	return true;
}

struct imap_exchange *imap_changing_command(struct imap_changing *c, const char *words,
					    const struct imap_chunk *chunk,
					    bool (*pick)(const struct imap_change *ch),
					    void (*done)(struct imap_exchange *x,
							 const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_op_command(&c->base, words, done);
	struct uid_set set;
	enum err e = ERR_OK;

	if (!x)
		return NULL;
	uid_set_init(&set, chunk->last - chunk->first);
	for (size_t i = chunk->first; i < chunk->last && e == ERR_OK; i++) {
		if (!pick || pick(&c->at[i]))
			e = uid_set_add(&set, c->at[i].uid, c->at[i].uid);
	}
	if (e != ERR_OK)
		x->command.err = e;
	x->first = chunk->first;
	x->last = chunk->last;
	imap_command_uid_set(&x->command, &set);
	uid_set_done(&set);
	return x;
}

static bool wants_look(const struct imap_exchange *x, const struct imap_response *r)
{
	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.has & IMAP_FETCH_FLAGS && imap_changing_find(x->owner, r->fetch.uid);
}

static void take_look(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_changing *c = x->owner;
	struct imap_change *ch = imap_changing_find(c, r->fetch.uid);

	ch->is_there = true;
	ch->is_marked = r->fetch.flags.system & KEYWORD_DELETED;
	/* What is told last counts: Cyrus tells after each STORE, be it silent. But a move
	 * looks twice, and the second time it is marked \Deleted. */
	if (ch->result.has_keywords && c->base.rq.verb != MAIL_SET_KEYWORDS)
		return;
	ch->result.has_keywords = true;
	imap_keywords_of(&ch->result.keywords, c->base.rq.call.mem, &r->fetch.flags);
}

void imap_changing_look(struct imap_changing *c, const struct imap_chunk *chunk,
			bool (*pick)(const struct imap_change *ch),
			void (*done)(struct imap_exchange *x, const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_changing_command(c, "UID FETCH", chunk, pick, done);

	if (x) {
		x->wants = wants_look;
		x->take = take_look;
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_word(&x->command, "FLAGS");
		imap_command_close(&x->command);
	}
	imap_op_send(&c->base, x);
}

/* PERMANENTFLAGS are those that this user may change. Keywords go by the right "w", as
 * these system flags do. */
static bool is_permitted(const struct imap_mailbox *m, const struct keywords *k)
{
	const unsigned by_w = KEYWORD_ANSWERED | KEYWORD_FLAGGED | KEYWORD_DRAFT;

	if (!m->has_permanent_flags)
		return true;
	return !(k->system & ~m->permanent_system) &&
	       (!k->custom.count || m->takes_keywords || m->permanent_system & by_w);
}

struct fault imap_changing_ignored(const struct imap_changing *c, const struct keywords *k)
{
	const struct imap_session *s = c->base.store->session;

	if (imap_session_can(s, IMAP_CAP_ACL) && !is_permitted(&s->mailbox, k))
		return fault_with_text(ERR_DENIED, "the owner of the folder does not allow it");
	return fault_with_text(ERR_UNSUPPORTED, "the server does not keep this keyword");
}

void imap_changing_refuse(struct imap_changing *c, const struct imap_exchange *x,
			  const struct fault *fault)
{
	for (size_t i = x->first; i < x->last; i++) {
		struct imap_change *ch = &c->at[i];

		if (ch->is_settled)
			continue;
		ch->is_settled = true;
		ch->result.status = CHANGE_FAILED;
		ch->result.fault = *fault;
	}
}
