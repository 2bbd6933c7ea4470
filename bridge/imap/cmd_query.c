/*
 * A page in added order without filters: one window by sequence number.
 *
 * On a folder that is selected this costs one round trip: the window as it was
 * when we last heard is fetched on trust, SEARCH DELETED says what is not to be
 * shown, and NOOP comes last. In this order nothing is ambiguous (RFC 9051
 * §5.5): neither FETCH nor SEARCH may bring EXPUNGE, and NOOP uses no sequence
 * numbers. When all is answered the window is computed anew; what it has that
 * was not fetched, because mail came, went, or was marked meanwhile, is fetched
 * in a further round.
 */
#include "imap/query.h"
#include "imap/quirks.h"

/* After so many the folder changes faster than we can look at it. */
#define ROUNDS_MAX 5

struct page_op {
	struct imap_op base;
	struct imap_collected got;
	unsigned rounds;
	bool is_refused;           /* FETCH said NO: look for the bad message */
	bool has_start;            /* the search for the window's key is answered */
	uint32_t below;            /* messages with UIDs below the boundary */
	uint64_t start_generation; /* of the map when it was so */
	struct imap_fetching fetching;
};

static struct page_op *page_of(const struct imap_exchange *x)
{
	return x->owner;
}

static struct imap_mailbox *mailbox_of(const struct page_op *p)
{
	return &p->base.store->session->mailbox;
}

static const struct mail_query *query_of(const struct page_op *p)
{
	return &p->base.rq.arg.read.query;
}

/* --- which window --------------------------------------------------------------------- */

/* The page begins beside this UID: the smallest that is not below. 0 for pages by
 * position. */
static uint64_t boundary(const struct mail_query *q)
{
	bool is_after = q->window.kind == WINDOW_AFTER;

	if (q->window.kind == WINDOW_POSITION)
		return 0;
	return (uint64_t)q->window.key.uid + (q->descending != is_after);
}

/* How many messages stand before the boundary; false when that must be asked. */
static bool find_start(struct page_op *p, uint32_t *ret_below)
{
	const struct imap_msgmap *map = &mailbox_of(p)->map;
	uint64_t uid = boundary(query_of(p));

	if (uid <= 1 || uid > UINT32_MAX) {
		*ret_below = uid <= 1 ? 0 : map->exists;
		return true;
	}
	if (imap_msgmap_count_below(map, (uint32_t)uid, ret_below))
		return true;
	if (!p->has_start || p->start_generation != map->generation)
		return false;
	*ret_below = p->below;
	return true;
}

static bool find_window(struct page_op *p, struct imap_window *ret)
{
	const struct imap_mailbox *m = mailbox_of(p);
	const struct mail_query *q = query_of(p);
	uint32_t below;

	if (q->window.kind == WINDOW_POSITION) {
		*ret = imap_window_at(&m->marks, m->map.exists, q->descending, q->window.position);
		return true;
	}
	if (!find_start(p, &below))
		return false;
	*ret = imap_window_from(&m->marks, m->map.exists, q->descending,
				(struct imap_seq){ q->descending ? below : below + 1 });
	return true;
}

/* --- asking ----------------------------------------------------------------------------- */

/* Answers, and news of flags of what we have. */
static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	const struct page_op *p = page_of(x);

	return r->kind == IMAP_FETCH &&
	       (imap_fetch_answers(&r->fetch, p->base.rq.arg.read.want) ||
		imap_collected_find(&p->got, imap_mailbox_uid_of(mailbox_of(p), &r->fetch)));
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct page_op *p = page_of(x);

	if (!r || !imap_collected_add(&p->got, p->base.rq.call.mem,
				      imap_mailbox_uid_of(mailbox_of(p), &r->fetch), &r->fetch))
		p->base.fault = fault_with_text(ERR_TOO_BIG, "the page is too large");
}

static void step(struct page_op *p);

static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	if (imap_op_answered(&page_of(x)->base, reply))
		step(page_of(x));
}

static void on_fetched(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct page_op *p = page_of(x);
	struct fault f = imap_fault_of(reply);
	bool is_bad = imap_quirk_is_bad_message(&f, p->got.count > 0);

	/* A window of before an EXPUNGE may be refused as well as a bad message. */
	p->is_refused = p->is_refused || is_bad;
	if (imap_op_answered(&p->base, is_bad ? NULL : reply))
		step(p);
}

/* FETCH of what the window has and we have not; false when that is nothing. */
static bool send_fetch(struct page_op *p, const struct imap_window *w)
{
	const struct imap_mailbox *m = mailbox_of(p);
	struct imap_set set = {
		ARENA_ARRAY(p->base.rq.call.mem, query_of(p)->window.limit, struct imap_range), 0
	};
	struct imap_seq seq = w->first;
	struct imap_exchange *x;

	for (uint32_t i = 0; set.at && seq.n && i < query_of(p)->window.limit; i++) {
		if (!imap_collected_find(&p->got, imap_msgmap_uid(&m->map, seq)))
			imap_set_push(&set, seq);
		seq = imap_window_next(&m->marks, m->map.exists, w->descending, seq);
	}
	if (!set.count)
		return false;
	imap_set_ascend(&set);
	x = imap_op_command(&p->base, "FETCH", on_fetched);
	if (x) {
		x->mem = p->base.rq.call.mem;
		x->wants = wants;
		x->take = take;
		imap_command_set(&x->command, &set);
		imap_fetch_items(x, p->base.rq.arg.read.want);
	}
	imap_op_send(&p->base, x);
	return true;
}

static void take_deleted(struct imap_exchange *x, const struct imap_response *r)
{
	imap_mailbox_see_deleted(&x->session->mailbox, r);
}

static void send_search_deleted(struct page_op *p)
{
	struct imap_exchange *x = imap_search_command(&p->base, "SEARCH", "ALL", on_answer);

	if (x) {
		x->take = take_deleted;
		imap_command_word(&x->command, "DELETED");
	}
	imap_op_send(&p->base, x);
}

static void send_noop(struct page_op *p)
{
	struct imap_exchange *x = imap_op_command(&p->base, "NOOP", on_answer);

	if (x) {
		x->mem = p->base.rq.call.mem;
		x->wants = wants;
		x->take = take;
	}
	imap_op_send(&p->base, x);
}

static void take_start(struct imap_exchange *x, const struct imap_response *r)
{
	struct page_op *p = page_of(x);

	p->has_start = true;
	p->below = imap_search_max(r);
	p->start_generation = mailbox_of(p)->map.generation;
}

static void take_uids(struct imap_exchange *x, const struct imap_response *r)
{
	struct page_op *p = page_of(x);
	const struct imap_numbers *n = &r->search.numbers;

	p->below = 0;
	for (size_t i = 0; r->kind == IMAP_SEARCH && i < n->count; i++)
		p->below += n->at[i] < boundary(query_of(p));
	p->has_start = true;
	p->start_generation = mailbox_of(p)->map.generation;
}

/* The same where no UID can be named: all are counted. */
static void send_count_uids(struct page_op *p)
{
	struct imap_exchange *x = imap_search_command(&p->base, "UID SEARCH", "ALL", on_answer);

	if (x) {
		x->take = take_uids;
		imap_command_word(&x->command, "ALL");
	}
	imap_op_send(&p->base, x);
}

/* The last message below the boundary, by its sequence number. */
static void send_search_start(struct page_op *p)
{
	struct imap_exchange *x;

	if (p->base.store->session->quirks.guesses_uids) {
		send_count_uids(p);
		return;
	}
	x = imap_search_command(&p->base, "SEARCH", "MAX", on_answer);
	if (x) {
		x->take = take_start;
		imap_command_word(&x->command, "UID");
		imap_command_set(
			&x->command,
			&(struct imap_set){
				&(struct imap_range){ 1, (uint32_t)boundary(query_of(p)) - 1 },
				1 });
	}
	imap_op_send(&p->base, x);
}

/* --- the page ----------------------------------------------------------------------------- */

static void finish(struct page_op *p, const struct imap_window *w, bool is_incomplete)
{
	const struct imap_mailbox *m = mailbox_of(p);
	const struct mail_query *q = query_of(p);
	struct mail_page page = { .uidvalidity = m->uidvalidity,
				  .uidnext = m->uidnext,
				  .highestmodseq = m->highestmodseq,
				  .total = w->total,
				  .position = w->position,
				  .is_incomplete = is_incomplete };
	struct mail_request rq = p->base.rq;
	struct imap_seq seq = w->first;
	uint32_t i;

	page.items = ARENA_ARRAY(rq.call.mem, q->window.limit, struct mail_item);
	if (!page.items) {
		imap_op_fail_with(&p->base, ERR_NOMEM, "");
		return;
	}
	for (i = 0; seq.n && i < q->window.limit; i++) {
		const struct mail_item *item =
			imap_collected_find(&p->got, imap_msgmap_uid(&m->map, seq));

		if (item)
			page.items[page.count] = *item;
		if (item)
			page.items[page.count++].key.uidvalidity = m->uidvalidity;
		seq = imap_window_next(&m->marks, m->map.exists, w->descending, seq);
	}
	page.has_more = seq.n != 0;
	rq = imap_op_finish(&p->base);
	rq.cb.page(rq.ctx, NULL, &page);
}

static bool is_anchor_missing(const struct page_op *p, const struct imap_window *w)
{
	const struct mail_query *q = query_of(p);

	return q->window.kind == WINDOW_ANCHOR &&
	       (w->first.n == 0 ||
		imap_msgmap_uid(&mailbox_of(p)->map, w->first) != q->window.key.uid);
}

/* --- a message that cannot be read --------------------------------------------------------- */

/* All but the refused ones have come: those stand in the page by their key alone. */
static void on_bisected(struct imap_fetching *f)
{
	struct page_op *p = (struct page_op *)f->op;

	for (size_t i = 0; i < f->items.count; i++) {
		struct imap_item *item = &f->items.at[i];

		item->item.is_unreadable = !item->is_there;
		if ((item->is_there || item->is_refused) &&
		    !imap_collected_put(&p->got, p->base.rq.call.mem, &item->item))
			p->base.fault = fault_of(ERR_NOMEM);
	}
	step(p);
}

static void bisect(struct page_op *p, const struct imap_window *w)
{
	const struct imap_mailbox *m = mailbox_of(p);
	uint32_t limit = query_of(p)->window.limit;
	uint32_t *uids = ARENA_ARRAY(p->base.rq.call.mem, limit, uint32_t);
	struct imap_seq seq = w->first;
	size_t count = 0;

	for (uint32_t i = 0; uids && seq.n && i < limit; i++) {
		uint32_t uid = imap_msgmap_uid(&m->map, seq);

		if (uid && !imap_collected_find(&p->got, uid))
			uids[count++] = uid;
		seq = imap_window_next(&m->marks, m->map.exists, w->descending, seq);
	}
	p->fetching = (struct imap_fetching){ .op = &p->base,
					      .want = p->base.rq.arg.read.want,
					      .any_came = p->got.count > 0,
					      .done = on_bisected };
	if (!uids || !imap_items_init(&p->fetching.items, p->base.rq.call.mem, uids, count)) {
		imap_op_fail_with(&p->base, ERR_NOMEM, "");
		return;
	}
	imap_fetching_start(&p->fetching);
	if (!p->fetching.left)
		on_bisected(&p->fetching);
}

static void on_uids(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct page_op *p = page_of(x);
	struct imap_window w;

	(void)imap_op_answered(&p->base, reply);
	if (p->base.fault.err)
		imap_op_fail(&p->base, &p->base.fault);
	else if (find_window(p, &w))
		bisect(p, &w);
	else
		step(p);
}

/* Only the UIDs: no broken message can make this fail. */
static void send_uids(struct page_op *p, const struct imap_window *w)
{
	const struct imap_mailbox *m = mailbox_of(p);
	struct imap_seq last = w->first, seq = w->first;
	struct imap_exchange *x = imap_op_command(&p->base, "FETCH", on_uids);

	for (uint32_t i = 0; seq.n && i < query_of(p)->window.limit; i++) {
		last = seq;
		seq = imap_window_next(&m->marks, m->map.exists, w->descending, seq);
	}
	if (x) {
		imap_command_seq_range(&x->command, w->descending ? last : w->first,
				       w->descending ? w->first : last);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_close(&x->command);
	}
	imap_op_send(&p->base, x);
}

/* --- rounds ----------------------------------------------------------------------------------- */

/* All that was asked is answered: done, or another round. */
static void step(struct page_op *p)
{
	const struct mail_query *q = query_of(p);
	struct imap_window w;

	if (!p->base.fault.err && q->window.uidvalidity &&
	    q->window.uidvalidity != mailbox_of(p)->uidvalidity)
		p->base.fault = fault_of(ERR_CONFLICT);
	if (p->base.fault.err) {
		imap_op_fail(&p->base, &p->base.fault);
	} else if (!mailbox_of(p)->has_marks && p->rounds < ROUNDS_MAX) {
		/* VANISHED without a number that we know has spoilt them. */
		p->rounds++;
		send_search_deleted(p);
	} else if (!find_window(p, &w)) {
		if (++p->rounds > ROUNDS_MAX)
			imap_op_fail_with(&p->base, ERR_BUSY, "the folder changes too fast");
		else
			send_search_start(p);
	} else if (p->rounds >= ROUNDS_MAX) {
		finish(p, &w, true);
	} else if (p->is_refused && w.first.n) {
		p->is_refused = false;
		p->rounds++;
		send_uids(p, &w);
	} else if (send_fetch(p, &w)) {
		p->rounds++;
	} else if (is_anchor_missing(p, &w)) {
		imap_op_fail_with(&p->base, ERR_NOT_FOUND, "");
	} else {
		finish(p, &w, false);
	}
}

static void begin(struct imap_op *op)
{
	struct page_op *p = (struct page_op *)op;
	struct imap_window w;

	if (imap_op_is_selected(op)) {
		if (!find_window(p, &w))
			send_search_start(p);
		else if (send_fetch(p, &w))
			p->rounds++;
		send_search_deleted(p);
		send_noop(p);
	} else {
		imap_op_select(op, NULL);
		send_search_deleted(p);
		if (query_of(p)->window.kind != WINDOW_POSITION && boundary(query_of(p)) > 1 &&
		    boundary(query_of(p)) <= UINT32_MAX)
			send_search_start(p);
	}
	if (!op->pending)
		step(p);
}

const struct imap_verb imap_verb_page = {
	.size_bytes = sizeof(struct page_op),
	.begin = begin,
};
