/*
 * APPEND (RFC 9051 §6.3.12) with APPENDUID (RFC 4315). It is not idempotent:
 * UIDNEXT is noted first, so that after a cut one can look, among what came
 * since, for exactly these bytes, and know. The same search finds the new UID on
 * servers without UIDPLUS. That the answer to it is waited for costs a round trip,
 * and a connection that had died unseen is found out before anything is in doubt.
 */
#include "imap/append.h"

/* Larger ones wait for the server's "go on": a refusal then costs no upload. */
#define ASK_FIRST_BYTES (64u << 10)
/* A header is looked through for UTF-8 up to here. */
#define HEADER_BYTES_MAX (256u << 10)

struct append {
	struct imap_finding finding; /* first member; begins with the operation */
	struct imap_noted noted;
	struct change_result result;
	bool is_all_sent;  /* the last octet was handed over: it may have happened */
	bool is_confirmed; /* it has happened */
};

static struct append *append_of(const struct imap_exchange *x)
{
	return x->owner;
}

static struct imap_op *op_of(struct append *a)
{
	return &a->finding.base;
}

static void finish(struct append *a)
{
	struct mail_request rq = op_of(a)->rq;
	struct change_result *result = ARENA_NEW(rq.call.mem, struct change_result);

	if (!result && !op_of(a)->fault.err)
		op_of(a)->fault = fault_of(ERR_NOMEM);
	if (op_of(a)->fault.err) {
		imap_op_fail(op_of(a), &op_of(a)->fault);
		return;
	}
	*result = a->result;
	rq = imap_op_finish(op_of(a));
	rq.cb.changes(rq.ctx, NULL, result, 1);
}

static void on_flagged(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct append *a = append_of(x);

	/* Whatever it says, the message is there. */
	(void)reply;
	(void)imap_op_answered(op_of(a), NULL);
	finish(a);
}

static void flag_again(struct append *a)
{
	struct imap_exchange *x = imap_op_command(op_of(a), "UID STORE", on_flagged);

	if (x) {
		imap_command_number(&x->command, a->result.new_key.uid);
		imap_command_word(&x->command, "+FLAGS.SILENT");
		imap_command_flags(&x->command, &op_of(a)->rq.arg.append.keywords);
	}
	imap_op_send(op_of(a), x);
	if (!op_of(a)->pending)
		finish(a);
}

static void on_found(struct imap_finding *f, uint32_t uid)
{
	struct append *a = (struct append *)f;

	/* It is there in any case; only its name may stay unknown. */
	f->base.fault = fault_of(ERR_OK);
	a->result.has_new_key = uid != 0;
	a->result.new_key = (struct message_key){ .kind = MESSAGE_KEY_UID, .uid = uid };
	a->result.new_key.uidvalidity = f->base.store->session->mailbox.uidvalidity;
	if (uid && f->base.rq.verb == MAIL_APPEND && f->base.rq.arg.append.keywords.system &&
	    f->base.store->session->quirks.forgets_flags)
		flag_again(a);
	else
		finish(a);
}

static void answered(struct append *a)
{
	if (op_of(a)->fault.err || a->result.has_new_key || !a->result.uidnext_before) {
		finish(a);
		return;
	}
	a->finding.source = op_of(a)->rq.arg.append.source;
	a->finding.first_uid = a->result.uidnext_before;
	a->finding.found = on_found;
	imap_finding_start(&a->finding);
}

static void on_appended(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct append *a = append_of(x);
	const struct imap_text *t = reply->text;

	(void)imap_op_answered(op_of(a), reply);
	a->is_confirmed = reply->status == IMAP_OK;
	if (a->is_confirmed && t->code == IMAP_CODE_APPENDUID && t->uids.count == 1) {
		a->result.has_new_key = true;
		a->result.new_key = (struct message_key){ .kind = MESSAGE_KEY_UID,
							  .uidvalidity = t->uidvalidity,
							  .uid = t->uids.at[0].first };
	}
	answered(a);
}

static size_t read_source(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	struct append *a = ctx;
	const struct mail_source *source = &op_of(a)->rq.arg.append.source;
	size_t n = source->read(source->ctx, offset, to, max);

	a->is_all_sent = offset + n >= source->size_bytes;
	return n;
}

/* Is anything of its header not ASCII (RFC 6532)? */
static bool has_utf8_header(const struct mail_source *source)
{
	uint8_t piece[4096];
	uint64_t at = 0;
	bool ends = false; /* behind a line end */

	while (at < source->size_bytes && at < HEADER_BYTES_MAX) {
		size_t n = source->read(source->ctx, at, piece, sizeof(piece));

		for (size_t i = 0; i < n; i++) {
			if (piece[i] >= 0x80)
				return true;
			if (piece[i] == '\n' && ends)
				return false;
			ends = piece[i] == '\n' || (ends && piece[i] == '\r');
		}
		if (!n)
			break;
		at += n;
	}
	return false;
}

static void add_arguments(struct append *a, struct imap_command *c)
{
	const struct mail_request *rq = &op_of(a)->rq;
	const struct keywords *k = &rq->arg.append.keywords;
	struct zoned_time t = { .is_known = true, .unix_s = rq->arg.append.received_at };

	imap_command_mailbox(c, rq->path);
	if (k->system || k->custom.count)
		imap_command_flags(c, k);
	if (t.unix_s)
		imap_command_date_time(c, &t);
	if (rq->arg.append.source.size_bytes > ASK_FIRST_BYTES)
		c->how.literals = IMAP_LITERALS_SYNC;
	/* RFC 6855 §4: else it is no message that such a server takes. */
	if (c->how.is_utf8 && imap_session_can(op_of(a)->store->session, IMAP_CAP_UTF8_ACCEPT) &&
	    has_utf8_header(&rq->arg.append.source))
		imap_command_utf8_literal_stream(c, rq->arg.append.source.size_bytes);
	else
		imap_command_literal_stream(c, rq->arg.append.source.size_bytes, false);
}

/* A server that does not tell cannot be searched afterwards, no more. */
static void on_noted(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct append *a = append_of(x);
	struct imap_op *op = op_of(a);

	(void)reply;
	(void)imap_op_answered(op, NULL);
	a->result.uidvalidity_before = a->noted.uidvalidity;
	a->result.uidnext_before = a->noted.uidnext;
	x = imap_op_command(op, "APPEND", on_appended);
	if (x) {
		x->source =
			(struct mail_source){ op->rq.arg.append.source.size_bytes, read_source, a };
		add_arguments(a, &x->command);
	}
	imap_op_send(op, x);
	if (!op->pending)
		finish(a);
}

static void begin(struct imap_op *op)
{
	struct append *a = (struct append *)op;
	const struct imap_session *s = op->store->session;
	uint64_t size_bytes = op->rq.arg.append.source.size_bytes;
	struct fault too_large = fault_with_code(ERR_TOO_BIG, "too-large");

	if (s->caps.has_append_limit && size_bytes > s->caps.append_limit_bytes) {
		imap_op_fail(op, &too_large);
		return;
	}
	imap_op_note(op, op->rq.path, &a->noted, on_noted);
	if (!op->pending)
		finish(a);
}

/* Nobody knows whether it has happened, unless the server cannot have seen all. */
static void lost(struct imap_op *op, const struct fault *fault)
{
	struct append *a = (struct append *)op;

	if (!a->is_all_sent) {
		imap_op_fail(op, fault);
		return;
	}
	if (!a->is_confirmed) {
		a->result.status = CHANGE_UNKNOWN;
		a->result.fault = *fault;
		a->result.fault.err = ERR_UNKNOWN;
	}
	finish(a);
}

const struct imap_verb imap_verb_append = {
	.size_bytes = sizeof(struct append),
	.begin = begin,
	.lost = lost,
};

/* --- mailstore_find() -------------------------------------------------------------------- */

static void on_sought(struct imap_finding *f, uint32_t uid)
{
	struct append *a = (struct append *)f;

	if (f->base.fault.err) {
		imap_op_fail(&f->base, &f->base.fault);
		return;
	}
	if (!uid) {
		a->result.status = CHANGE_NOT_FOUND;
		a->result.fault = fault_of(ERR_NOT_FOUND);
		finish(a);
		return;
	}
	on_found(f, uid);
}

static void begin_find(struct imap_op *op)
{
	struct append *a = (struct append *)op;

	a->finding.source = op->rq.arg.find.source;
	a->finding.first_uid = op->rq.arg.find.first_uid;
	a->finding.found = on_sought;
	imap_finding_start(&a->finding);
}

const struct imap_verb imap_verb_find = {
	.size_bytes = sizeof(struct append),
	.begin = begin_find,
};
