/*
 * Messages that have come: mostly one UID FETCH of all that is behind the last one
 * known. Where they are many they are looked up first and fetched in pieces; where
 * the server refuses, the bad ones are found and told by their key alone.
 */
#include "imap/watch.h"

#define NEW_BYTES_MAX (64u << 20)

static unsigned want_of(const struct imap_watch *w)
{
	return w->base.rq.arg.watch.how.want | MAIL_FLAGS;
}

static struct imap_news *news_of(const struct imap_watch *w)
{
	return &imap_watch_mailbox(w)->news;
}

/* How many at the end of the folder have not been told. */
static uint32_t untold(const struct imap_watch *w)
{
	const struct imap_msgmap *map = &imap_watch_mailbox(w)->map;
	uint32_t n = 0;

	while (n < map->len) {
		uint32_t uid = imap_msgmap_slot(map, map->len - 1 - n);

		if (uid && uid < news_of(w)->uidnext)
			return n;
		n++;
	}
	return map->exists;
}

static bool is_there(const struct imap_watch *w, uint32_t uid)
{
	struct imap_seq from, before;

	imap_msgmap_span(&imap_watch_mailbox(w)->map, uid, uid, &from, &before);
	return from.n < before.n;
}

/* A message that goes while it is fetched comes with NIL for its header. */
static bool is_whole(const struct imap_watch *w, const struct mail_item *item)
{
	unsigned want = want_of(w);

	return item->is_unreadable ||
	       ((!(want & (MAIL_HEADER_SUMMARY | MAIL_HEADER_ALL)) || item->header.at) &&
		(!(want & MAIL_DATES) || item->received_at || item->size));
}

static void forget(struct imap_watch *w)
{
	arena_free(w->mem);
	w->mem = NULL;
	w->fresh = (struct imap_collected){ 0 };
}

void imap_watch_expect_new(struct imap_watch *w)
{
	if (!w->mem)
		w->mem = arena_new(NEW_BYTES_MAX);
}

void imap_watch_new_done(struct imap_watch *w)
{
	imap_uids_done(&w->uids);
	arena_free(w->mem);
	w->mem = NULL;
}

bool imap_watch_has_all_new(const struct imap_watch *w)
{
	uint32_t n = 0;

	for (size_t i = 0; i < w->fresh.count; i++)
		n += is_there(w, w->fresh.at[i].key.uid) && is_whole(w, &w->fresh.at[i]);
	return n && n == untold(w);
}

bool imap_watch_tell_new(struct imap_watch *w)
{
	struct mail_event ev = { .kind = MAIL_EVENT_NEW, .items = w->fresh.at };
	struct imap_collected *c = &w->fresh;
	struct arena *mem = w->mem;
	bool ok = true;

	for (size_t i = 0; i < c->count; i++) {
		struct mail_item *item = &c->at[i];

		if (!is_there(w, item->key.uid) || item->key.uid < news_of(w)->uidnext)
			continue;
		item->is_unreadable = item->is_unreadable || !is_whole(w, item);
		item->key.uidvalidity = imap_watch_mailbox(w)->uidvalidity;
		c->at[ev.count++] = *item;
	}
	w->mem = NULL;
	forget(w);
	if (w->idle) {
		imap_watch_expect_new(w);
		w->idle->mem = w->mem;
		w->idle->kept_bytes = 0;
	}
	if (ev.count && ev.items[ev.count - 1].key.uid < UINT32_MAX)
		news_of(w)->uidnext = ev.items[ev.count - 1].key.uid + 1;
	if (ev.count && !w->is_over)
		ok = imap_watch_emit(w, &ev);
	arena_free(mem);
	return ok;
}

/* --- when they have come ------------------------------------------------------------------- */

static void consider(struct imap_watch *w);

static void on_noop(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_watch *w = x->detail;

	if (imap_watch_answered(w, reply))
		consider(w);
}

static bool has_doubtful(const struct imap_watch *w)
{
	for (size_t i = 0; i < w->fresh.count; i++) {
		if (is_there(w, w->fresh.at[i].key.uid) && !is_whole(w, &w->fresh.at[i]))
			return true;
	}
	return false;
}

static void fetch_uids(struct imap_watch *w);

static void consider(struct imap_watch *w)
{
	if (has_doubtful(w) && !w->has_asked_again) {
		/* Gone by now, or is it the server that cannot? */
		w->has_asked_again = true;
		imap_watch_ask(w, imap_watch_command(w, "NOOP", on_noop));
		return;
	}
	if (!imap_watch_tell_new(w))
		return;
	if (w->next_uid < w->uids.count)
		fetch_uids(w);
	else
		imap_watch_go_on(w);
}

/* --- many, or bad ones ------------------------------------------------------------------------ */

static bool put_all(struct imap_watch *w, const struct imap_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		struct imap_item *it = &items->at[i];

		it->item.is_unreadable = it->is_refused;
		if ((it->is_there || it->is_refused) &&
		    !imap_collected_put(&w->fresh, w->mem, &it->item))
			return false;
	}
	return true;
}

static void on_fetched(struct imap_fetching *f)
{
	struct imap_watch *w = (struct imap_watch *)f->op;

	/* Nothing can be had: it has to be found out in another way. */
	if (w->base.fault.err == ERR_REFUSED) {
		w->base.fault = fault_of(ERR_OK);
		news_of(w)->is_lost = true;
	}
	if (!w->base.fault.err && !put_all(w, &f->items))
		w->base.fault = fault_of(ERR_NOMEM);
	if (w->base.fault.err)
		imap_op_fail(&w->base, &w->base.fault);
	else
		consider(w);
}

static bool begin_batch(struct imap_watch *w)
{
	forget(w);
	w->has_asked_again = false;
	w->mem = arena_new(NEW_BYTES_MAX);
	if (w->mem)
		return true;
	imap_op_fail_with(&w->base, ERR_NOMEM, "");
	return false;
}

static void fetch_uids(struct imap_watch *w)
{
	size_t left = w->uids.count - w->next_uid;
	size_t count = left < IMAP_WATCH_BATCH ? left : IMAP_WATCH_BATCH;

	if (!begin_batch(w))
		return;
	w->base.rq.call.mem = w->mem; /* where imap_fetching puts the answers */
	w->fetching =
		(struct imap_fetching){ .op = &w->base, .want = want_of(w), .done = on_fetched };
	if (!imap_items_init(&w->fetching.items, w->mem, w->uids.at + w->next_uid, count)) {
		imap_op_fail_with(&w->base, ERR_NOMEM, "");
		return;
	}
	w->next_uid += count;
	imap_watch_ask(w, NULL);
	imap_fetching_start(&w->fetching);
	if (!w->fetching.left)
		on_fetched(&w->fetching);
}

static void take_uids(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_watch *w = x->detail;

	if (!imap_uids_take(&w->uids, r, IMAP_MSGMAP_MAX))
		w->base.fault = fault_with_text(ERR_TOO_BIG, "too many messages have come");
	imap_uids_sort(&w->uids);
}

/* So that one that cannot be read has its number as well. */
static void note_uids(struct imap_watch *w)
{
	struct imap_msgmap *map = &imap_watch_mailbox(w)->map;
	size_t count = w->uids.count - w->next_uid;

	for (size_t i = 0; count == untold(w) && i < count; i++)
		imap_msgmap_set_uid(map,
				    (struct imap_seq){ map->exists - (uint32_t)(count - 1 - i) },
				    w->uids.at[w->next_uid + i]);
}

static void on_uids(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_watch *w = x->detail;
	uint32_t first = news_of(w)->uidnext;

	if (!imap_watch_answered(w, reply))
		return;
	/* "n:*" is the last message even if it is below n. */
	w->next_uid = imap_uids_place(&w->uids, first);
	note_uids(w);
	if (w->next_uid < w->uids.count)
		fetch_uids(w);
	else
		imap_watch_go_on(w);
}

static void add_range(struct imap_watch *w, struct imap_exchange *x)
{
	struct imap_range range = { news_of(w)->uidnext, UINT32_MAX };

	imap_command_set(&x->command, &(struct imap_set){ &range, 1 });
}

static void look_up(struct imap_watch *w)
{
	struct imap_exchange *x = imap_search_command(&w->base, "UID SEARCH", "ALL", on_uids);

	if (x) {
		x->detail = w;
		x->take = take_uids;
		imap_command_word(&x->command, "UID");
		add_range(w, x);
	}
	imap_watch_ask(w, x);
}

/* --- few -----------------------------------------------------------------------------------------
 */

static void on_few(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_watch *w = x->detail;
	bool is_refused = imap_fault_of(reply).err == ERR_REFUSED;

	if (!imap_watch_answered(w, is_refused ? NULL : reply))
		return;
	if (is_refused)
		look_up(w);
	else
		consider(w);
}

void imap_watch_fetch_new(struct imap_watch *w)
{
	struct imap_exchange *x;

	news_of(w)->has_grown = false;
	if (untold(w) > IMAP_WATCH_BATCH) {
		look_up(w);
		return;
	}
	if (!begin_batch(w))
		return;
	x = imap_watch_command(w, "UID FETCH", on_few);
	if (x) {
		add_range(w, x);
		imap_fetch_items(x, want_of(w));
	}
	imap_watch_ask(w, x);
}
