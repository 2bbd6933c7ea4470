/* The second half of a search: its order, its window, its messages. */
#include <stdlib.h>

#include "imap/search.h"

static void fail(struct imap_searching *s, enum err e)
{
	imap_op_fail_with(&s->base, e, "");
}

/* The newest ones are kept when there are too many to be looked at. */
void imap_searching_cut(struct imap_searching *s, size_t max)
{
	if (s->uids.count <= max)
		return;
	s->is_incomplete = true;
	memmove(s->uids.at, s->uids.at + s->uids.count - max, max * sizeof(*s->uids.at));
	s->uids.count = max;
}

bool imap_searching_is_sorted(const struct imap_searching *s)
{
	const struct imap_session *session = s->base.store->session;

	if (imap_searching_query(s)->sort == SORT_SIZE && session->quirks.has_other_sizes)
		return false;
	/* FROM of RFC 5256 is the mailbox before the "@", not the name. */
	return imap_searching_query(s)->sort == SORT_FROM
		       ? imap_session_can(session, IMAP_CAP_SORT_DISPLAY)
		       : imap_session_can(session, IMAP_CAP_SORT);
}

/* The UID at a place of the page's order. */
static uint32_t uid_at(const struct imap_searching *s, size_t place)
{
	return s->uids.at[imap_searching_query(s)->descending ? s->uids.count - 1 - place : place];
}

/* --- the page --------------------------------------------------------------------------- */

static void finish(struct imap_searching *s)
{
	const struct imap_mailbox *m = &s->base.store->session->mailbox;
	struct mail_request rq = s->base.rq;
	struct mail_page page = { .uidvalidity = m->uidvalidity,
				  .uidnext = m->uidnext,
				  .highestmodseq = m->highestmodseq,
				  .total = s->is_partial ? s->total : (uint32_t)s->uids.count,
				  .position = s->is_partial ? s->position : (uint32_t)s->first,
				  .is_incomplete = s->is_incomplete };

	page.has_more = page.position + s->count < page.total;
	page.items = ARENA_ARRAY(rq.call.mem, s->count, struct mail_item);
	if (!page.items) {
		fail(s, ERR_NOMEM);
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct imap_item *item =
			imap_items_find(&s->fetching.items, uid_at(s, s->first + i));

		if (!item->is_there && !item->is_refused)
			continue; /* gone meanwhile */
		page.items[page.count] = item->item;
		page.items[page.count].is_unreadable = !item->is_there;
		page.items[page.count++].key.uidvalidity = m->uidvalidity;
	}
	rq = imap_op_finish(&s->base);
	rq.cb.page(rq.ctx, NULL, &page);
}

static void on_fetched(struct imap_fetching *f)
{
	if (f->op->fault.err)
		imap_op_fail(f->op, &f->op->fault);
	else
		finish((struct imap_searching *)f->op);
}

void imap_searching_fetch(struct imap_searching *s, size_t first)
{
	struct arena *mem = s->base.rq.call.mem;
	size_t left = s->uids.count - first;
	uint32_t *uids;

	s->first = first;
	s->count = left < imap_searching_query(s)->window.limit
			   ? left
			   : imap_searching_query(s)->window.limit;
	s->fetching = (struct imap_fetching){ .op = &s->base,
					      .want = s->base.rq.arg.read.want,
					      .done = on_fetched };
	uids = ARENA_ARRAY(mem, s->count, uint32_t);
	for (size_t i = 0; uids && i < s->count; i++)
		uids[i] = uid_at(s, first + i);
	if (!uids || !imap_items_init(&s->fetching.items, mem, uids, s->count)) {
		fail(s, ERR_NOMEM);
		return;
	}
	imap_fetching_start(&s->fetching);
	if (!s->fetching.left)
		on_fetched(&s->fetching);
}

/* --- the window ------------------------------------------------------------------------- */

/* The cursor's message is gone; so many stand before it in ascending order. */
static void begin_behind(struct imap_searching *s, size_t smaller)
{
	imap_searching_fetch(s, imap_searching_query(s)->descending ? s->uids.count - smaller
								    : smaller);
}

static void probe(struct imap_searching *s);

static bool cursor_row(struct imap_searching *s, struct match_row *ret)
{
	const struct mail_query *q = imap_searching_query(s);

	return match_row_of_cursor(ret, s->scratch, q->sort, q->window.key.uid,
				   q->window.sort_value);
}

static void on_probe_row(struct imap_scanning *sc, const struct imap_fetch *f)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;
	struct match_row row, cursor;
	size_t mid = s->low + (s->high - s->low) / 2;

	if (s->is_probed || !imap_sort_row_of(&row, s->scratch, imap_searching_query(s)->sort, f) ||
	    !cursor_row(s, &cursor))
		return;
	s->is_probed = true;
	if (match_row_compare(&row, &cursor) < 0)
		s->low = mid + 1;
	else
		s->high = mid;
}

static void on_probed(struct imap_scanning *sc)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;

	/* That one is gone as well: its place is as good as another. */
	if (!s->is_probed)
		s->low++;
	if (s->base.fault.err)
		imap_op_fail(&s->base, &s->base.fault);
	else
		probe(s);
}

/* The server knows the order but not the values: one message is asked for at a
 * time until the cursor's place is found. */
static void probe(struct imap_searching *s)
{
	if (s->low >= s->high) {
		begin_behind(s, s->low);
		return;
	}
	s->is_probed = false;
	s->kept.at[0] = s->uids.at[s->low + (s->high - s->low) / 2];
	s->scanning =
		(struct imap_scanning){ .op = &s->base,
					.uids = &s->kept,
					.what = imap_sort_needs(imap_searching_query(s)->sort),
					.row = on_probe_row,
					.done = on_probed };
	imap_scanning_start(&s->scanning);
}

static void start_probing(struct imap_searching *s)
{
	imap_uids_done(&s->kept);
	s->kept.at = calloc(1, sizeof(*s->kept.at));
	if (!s->kept.at) {
		fail(s, ERR_NOMEM);
		return;
	}
	s->kept.count = 1;
	s->low = 0;
	s->high = s->uids.count;
	probe(s);
}

/* How many of the rows that were sorted here stand before the cursor. */
static size_t rows_before(const struct imap_searching *s, const struct match_row *cursor)
{
	size_t low = 0, high = s->row_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (match_row_compare(&s->rows[mid], cursor) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void find_gone(struct imap_searching *s)
{
	const struct mail_query *q = imap_searching_query(s);
	struct match_row cursor;

	if (q->window.kind == WINDOW_ANCHOR)
		fail(s, ERR_NOT_FOUND);
	else if (q->sort == SORT_ADDED)
		begin_behind(s, imap_uids_place(&s->uids, q->window.key.uid));
	else if (!cursor_row(s, &cursor))
		fail(s, ERR_INVALID);
	else if (s->rows)
		begin_behind(s, rows_before(s, &cursor));
	else
		start_probing(s);
}

static void find_window(struct imap_searching *s)
{
	const struct mail_window *w = &imap_searching_query(s)->window;

	if (w->kind == WINDOW_POSITION) {
		imap_searching_fetch(s, w->position < s->uids.count ? w->position : s->uids.count);
		return;
	}
	for (size_t i = 0; i < s->uids.count; i++) {
		if (uid_at(s, i) == w->key.uid) {
			imap_searching_fetch(s, w->kind == WINDOW_AFTER ? i + 1 : i);
			return;
		}
	}
	find_gone(s);
}

/* --- sorting here --------------------------------------------------------------------------- */

/* Everything is there and in its order. */
static void ordered(struct imap_searching *s)
{
	if (imap_searching_query(s)->collapse_threads)
		imap_searching_collapse(s, find_window);
	else
		find_window(s);
}

static void on_sort_row(struct imap_scanning *sc, const struct imap_fetch *f)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;

	if (s->row_count < s->uids.count &&
	    imap_sort_row_of(&s->rows[s->row_count], s->scratch, imap_searching_query(s)->sort, f))
		s->row_count++;
}

static void on_sorted(struct imap_scanning *sc)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;

	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
		return;
	}
	qsort(s->rows, s->row_count, sizeof(*s->rows), match_row_compare);
	s->is_incomplete = s->is_incomplete || s->row_count < s->uids.count;
	s->uids.count = 0;
	for (size_t i = 0; i < s->row_count; i++) {
		if (i && s->rows[i].place == s->rows[i - 1].place)
			continue;
		s->rows[s->uids.count] = s->rows[i];
		s->uids.at[s->uids.count++] = s->rows[i].place;
	}
	s->row_count = s->uids.count;
	ordered(s);
}

void imap_searching_page(struct imap_searching *s)
{
	const struct mail_query *q = imap_searching_query(s);

	if (q->sort == SORT_ADDED || imap_searching_is_sorted(s)) {
		ordered(s);
		return;
	}
	imap_searching_cut(s, imap_sort_needs(q->sort) == IMAP_SCAN_HEADERS ? IMAP_SCAN_HEADERS_MAX
									    : IMAP_SCAN_DATES_MAX);
	s->rows = calloc(s->uids.count + 1, sizeof(*s->rows));
	if (!s->rows) {
		fail(s, ERR_NOMEM);
		return;
	}
	s->scanning = (struct imap_scanning){ .op = &s->base,
					      .uids = &s->uids,
					      .what = imap_sort_needs(q->sort),
					      .row = on_sort_row,
					      .done = on_sorted };
	imap_scanning_start(&s->scanning);
}
