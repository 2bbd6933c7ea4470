/* MAIL_SET_KEYWORDS: in the memory, for POP3 has none. */
#include <stdlib.h>

#include "pop3/store.h"

struct keywords_op {
	struct pop3_op op;
	struct change_result *results;  /* in call.mem, in the order of the request */
	struct pop3_message **messages; /* owned: those that are there */
	struct bytes *texts;            /* owned array, texts in call.mem; null: none left */
	size_t count;
};

static void finish(struct keywords_op *k)
{
	struct change_result *results = k->results;
	struct mail_request rq = pop3_op_finish(&k->op);

	rq.cb.changes(rq.ctx, NULL, results, rq.count);
}

static void on_kept(void *ctx, enum err err)
{
	struct keywords_op *k = ctx;
	size_t at = 0;

	for (size_t i = 0; i < k->op.rq.count; i++) {
		struct change_result *r = &k->results[i];

		if (r->status != CHANGE_DONE)
			continue;
		if (!err)
			err = pop3_message_set_keywords(k->messages[at], k->texts[at]);
		if (err) {
			r->status = CHANGE_FAILED;
			r->fault = fault_with_text(ERR_BUSY, "keywords cannot be kept right now");
			r->has_keywords = false;
		}
		at++;
	}
	k->op.store->is_settled = false;
	finish(k);
}

static bool apply(struct keywords_op *k, struct pop3_message *msg, struct keywords *ret)
{
	const struct keywords *add = &k->op.rq.arg.flags.add;
	const struct keywords *remove = &k->op.rq.arg.flags.remove;
	struct arena *mem = k->op.rq.call.mem;

	if (!pop3_message_keywords(msg, mem, ret))
		return false;
	ret->system = (ret->system | add->system) & ~remove->system;
	for (size_t i = 0; i < add->custom.count; i++)
		if (!keywords_add(ret, mem, add->custom.at[i]))
			return false;
	for (size_t i = 0; i < remove->custom.count; i++)
		keywords_remove(ret, remove->custom.at[i]);
	return true;
}

static bool plan(struct keywords_op *k, size_t i)
{
	struct pop3_message *msg = pop3_maildrop_find(&k->op.store->drop, &k->op.rq.keys[i]);
	uint64_t unchanged_since = k->op.rq.arg.flags.unchanged_since;
	struct change_result *r = &k->results[i];
	struct buf text;

	r->status = msg ? CHANGE_DONE : CHANGE_NOT_FOUND;
	if (!msg)
		return true;
	if (unchanged_since && msg->modseq > unchanged_since) {
		r->status = CHANGE_FAILED;
		r->fault = fault_with_text(ERR_CONFLICT, "the keywords have changed since");
		return true;
	}
	if (!apply(k, msg, &r->keywords))
		return false;
	r->has_keywords = true;
	buf_init(&text, KEYWORDS_MAX * (KEYWORD_MAX_BYTES + 1));
	pop3_keywords_format(&r->keywords, &text);
	k->messages[k->count] = msg;
	if (buf_bytes(&text).len)
		k->texts[k->count] = arena_bytes(k->op.rq.call.mem, buf_bytes(&text));
	k->count++;
	buf_done(&text);
	return !arena_failed(k->op.rq.call.mem);
}

static void begin(struct pop3_op *op)
{
	struct keywords_op *k = (struct keywords_op *)op;
	size_t count = op->rq.count;
	bool ok;

	if (!pop3_remembers(op->store)) {
		pop3_op_fail_with(op, ERR_UNSUPPORTED, "POP3 has no keywords");
		return;
	}
	k->results = ARENA_ARRAY(op->rq.call.mem, count, struct change_result);
	k->messages = calloc(count + 1, sizeof *k->messages);
	k->texts = calloc(count + 1, sizeof *k->texts);
	ok = k->results && k->messages && k->texts;
	for (size_t i = 0; ok && i < count; i++)
		ok = plan(k, i);
	if (!ok)
		pop3_op_fail_with(op, ERR_NOMEM, "");
	else if (k->count == 0)
		finish(k);
	else if (!pop3_remember(op, MAIL_MEMORY_KEYWORDS, k->messages, k->texts, k->count, on_kept))
		pop3_op_fail_with(op, ERR_NOMEM, "");
}

static void cleanup(struct pop3_op *op)
{
	struct keywords_op *k = (struct keywords_op *)op;

	free(k->messages);
	free(k->texts);
}

const struct pop3_verb pop3_verb_keywords = {
	.size_bytes = sizeof(struct keywords_op),
	.begin = begin,
	.cleanup = cleanup,
};
