/*
 * UID FETCH of many messages. Sets are split so that no line gets too long.
 * When one broken message makes the server refuse a command, what did not come
 * is asked for again in halves until the broken one stands alone.
 */
#include "imap/quirks.h"
#include "imap/store.h"

/* For each bad message about log2(n) of them are spent. */
#define RETRIES_MAX 200

/* One command: items[first..last). Packed into exchange->number and ->range. */
static void send_range(struct imap_fetching *f, size_t first, size_t last);

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	const struct imap_fetching *f = x->detail;
	const struct imap_item *i;

	if (r->kind != IMAP_FETCH)
		return false;
	/* Answers, and news of what has come. */
	i = imap_items_find(&f->items, imap_mailbox_uid_of(&x->session->mailbox, &r->fetch));
	return i && (i->is_there || imap_fetch_answers(&r->fetch, f->want));
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_fetching *f = x->detail;
	struct imap_item *i;

	if (!r) {
		f->op->fault = fault_with_text(ERR_TOO_BIG, "the messages are too large together");
		return;
	}
	i = imap_items_find(&f->items, imap_mailbox_uid_of(&x->session->mailbox, &r->fetch));
	i->is_there = true;
	i->item.key.uidvalidity = x->session->mailbox.uidvalidity;
	imap_fetch_item(&i->item, f->op->rq.call.mem, &r->fetch);
}

/* The server refused this range: what has not come is asked for in halves. */
static void halve(struct imap_fetching *f, size_t first, size_t last)
{
	while (first < last && f->items.at[first].is_there)
		first++;
	while (last > first && f->items.at[last - 1].is_there)
		last--;
	if (last - first == 1) {
		f->items.at[first].is_refused = true;
	} else if (first < last && f->retries > 1) {
		f->retries -= 2;
		send_range(f, first, first + (last - first) / 2);
		send_range(f, first + (last - first) / 2, last);
	}
}

static bool any_there(const struct imap_fetching *f)
{
	for (size_t i = 0; i < f->items.count; i++) {
		if (f->items.at[i].is_there)
			return true;
	}
	return false;
}

static void on_done(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_fetching *f = x->detail;
	struct fault refused = imap_fault_of(reply);
	bool is_bad = imap_quirk_is_bad_message(&refused, f->any_came || any_there(f));

	(void)imap_op_answered(f->op, NULL);
	f->left--;
	if (is_bad && !f->op->fault.err)
		halve(f, x->first, x->last);
	else if (refused.err && !f->op->fault.err)
		f->op->fault = refused;
	if (f->left)
		return;
	if (is_bad && f->items.count > 1 && !f->any_came && !any_there(f) && !f->op->fault.err)
		f->op->fault = refused;
	f->done(f);
}

static void send_range(struct imap_fetching *f, size_t first, size_t last)
{
	struct imap_exchange *x = imap_op_command(f->op, "UID FETCH", on_done);
	struct uid_set set;
	enum err e = ERR_OK;

	uid_set_init(&set, last - first);
	for (size_t i = first; i < last && e == ERR_OK; i++) {
		if (!f->items.at[i].is_there)
			e = uid_set_add(&set, f->items.at[i].item.key.uid,
					f->items.at[i].item.key.uid);
	}
	if (x && e == ERR_OK) {
		x->mem = f->op->rq.call.mem;
		x->wants = wants;
		x->take = take;
		x->detail = f;
		x->first = first;
		x->last = last;
		imap_command_uid_set(&x->command, &set);
		imap_fetch_items(x, f->want);
	}
	uid_set_done(&set);
	imap_op_send(f->op, x);
	if (!f->op->fault.err)
		f->left++;
}

/* How far from `first` one line reaches. */
static size_t line_end(const struct imap_fetching *f, size_t first)
{
	struct imap_set_length length = { 0 };
	size_t i = first;

	for (; i < f->items.count && length.bytes < IMAP_SET_BYTES_MAX; i++)
		imap_set_length_add(&length, f->items.at[i].item.key.uid);
	return i;
}

void imap_fetching_start(struct imap_fetching *f)
{
	f->retries = RETRIES_MAX;
	for (size_t first = 0; first < f->items.count && !f->op->fault.err;) {
		size_t last = line_end(f, first);

		send_range(f, first, last);
		first = last;
	}
}
