/* Messages by their keys: UID FETCH behind SELECT, in one round trip. */
#include "imap/store.h"

struct fetch {
	struct imap_op base;
	struct imap_fetching fetching;
	struct imap_present present; /* asked for where the server guesses UIDs */
};

static bool asked_for(const struct mail_request *rq, uint32_t uidvalidity, uint32_t uid)
{
	for (size_t i = 0; i < rq->count; i++) {
		if (rq->keys[i].uid == uid && rq->keys[i].uidvalidity == uidvalidity)
			return true;
	}
	return false;
}

/* Mostly all keys are of one UIDVALIDITY: that is looked at once. */
static bool all_of(const struct mail_request *rq, uint32_t uidvalidity)
{
	for (size_t i = 0; i < rq->count; i++) {
		if (rq->keys[i].uidvalidity != uidvalidity)
			return false;
	}
	return true;
}

static void finish(struct fetch *f)
{
	struct imap_items *items = &f->fetching.items;
	uint32_t uidvalidity = f->base.store->session->mailbox.uidvalidity;
	struct mail_request rq = f->base.rq;
	struct mail_item *result = ARENA_ARRAY(rq.call.mem, items->count, struct mail_item);
	bool is_simple = all_of(&rq, uidvalidity);
	size_t n = 0;

	if (f->base.fault.err || !result) {
		imap_op_fail(&f->base, f->base.fault.err ? &f->base.fault
							 : &(struct fault){ .err = ERR_NOMEM });
		return;
	}
	for (size_t i = 0; i < items->count; i++) {
		struct mail_item *item = &items->at[i].item;

		if (items->at[i].is_there && !(item->keywords.system & KEYWORD_DELETED) &&
		    (is_simple || asked_for(&rq, uidvalidity, item->key.uid)))
			result[n++] = *item;
	}
	rq = imap_op_finish(&f->base);
	rq.cb.items(rq.ctx, NULL, result, n);
}

static void on_fetched(struct imap_fetching *fetching)
{
	finish((struct fetch *)fetching->op);
}

static void start(struct imap_op *op)
{
	struct fetch *f = (struct fetch *)op;

	imap_fetching_start(&f->fetching);
	if (!f->fetching.left)
		finish(f);
}

static void start_with_present(struct imap_op *op)
{
	struct fetch *f = (struct fetch *)op;
	struct imap_items *items = &f->fetching.items;
	size_t n = 0;

	for (size_t i = 0; i < items->count; i++) {
		if (imap_present_has(&f->present, items->at[i].item.key.uid))
			items->at[n++] = items->at[i];
	}
	items->count = n;
	start(op);
}

static void ask_present(struct imap_op *op)
{
	imap_op_ask_present(op, &((struct fetch *)op)->present, start_with_present);
}

/* Whether a folder has mod-sequences its SELECT tells. */
static bool must_know(const struct imap_op *op)
{
	return op->rq.arg.read.want & MAIL_MODSEQ &&
	       imap_session_can(op->store->session, IMAP_CAP_CONDSTORE);
}

static void begin(struct imap_op *op)
{
	struct fetch *f = (struct fetch *)op;
	uint32_t *uids = ARENA_ARRAY(op->rq.call.mem, op->rq.count, uint32_t);
	size_t n = 0;

	for (size_t i = 0; uids && i < op->rq.count; i++) {
		if (op->rq.keys[i].kind == MESSAGE_KEY_UID && op->rq.keys[i].uid)
			uids[n++] = op->rq.keys[i].uid;
	}
	if (!uids || !imap_items_init(&f->fetching.items, op->rq.call.mem, uids, n)) {
		imap_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	f->fetching.op = op;
	f->fetching.want = op->rq.arg.read.want;
	f->fetching.done = on_fetched;
	if (op->store->session->quirks.guesses_uids) {
		imap_op_select(op, ask_present);
		return;
	}
	if (must_know(op)) {
		imap_op_select(op, start);
		return;
	}
	imap_op_select(op, NULL);
	start(op);
}

const struct imap_verb imap_verb_fetch = {
	.size_bytes = sizeof(struct fetch),
	.begin = begin,
	.reads_by_uid = true,
};
