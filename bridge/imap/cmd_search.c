/*
 * A page of a filtered or sorted folder: UID SEARCH or UID SORT (RFC 5256), then
 * what the server cannot do is done here within limits, then the page is fetched
 * by UID. In steps, each a function: ask, refine (instants, charset,
 * attachments), sort, find the window, fetch.
 *
 * Orders are always asked for ascending and turned around here: the server's
 * REVERSE leaves messages of the same value in ascending order, and a page
 * behind a cursor could then miss some.
 */
#include <stdlib.h>

#include "imap/search.h"

#define SCRATCH_BYTES (64u << 20)

static struct imap_searching *search_of(const struct imap_exchange *x)
{
	return x->owner;
}

static void cleanup(struct imap_op *op)
{
	struct imap_searching *s = (struct imap_searching *)op;

	imap_uids_done(&s->uids);
	imap_uids_done(&s->uncertain);
	imap_uids_done(&s->kept);
	imap_uids_done(&s->sorted);
	free(s->rows);
	arena_free(s->scratch);
}

static void fail(struct imap_searching *s, enum err e)
{
	imap_op_fail_with(&s->base, e, "");
}

/* --- refining ----------------------------------------------------------------------------------
 */

static void refine(struct imap_searching *s);

static void keep(struct imap_searching *s, uint32_t uid)
{
	s->kept.at[s->kept.count++] = uid;
}

static void on_refine_row(struct imap_scanning *sc, const struct imap_fetch *f)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;
	const struct mail_query *q = imap_searching_query(s);
	struct mail_item item = { 0 };
	bool ok = false;

	if (s->kept.count == sc->uids->count)
		return;
	if (sc->what == IMAP_SCAN_DATES) {
		ok = imap_local_dates(q, f->internal_date.unix_s);
	} else if (sc->what == IMAP_SCAN_SIZES) {
		ok = imap_local_sizes(q, f->size_bytes);
	} else if (sc->what == IMAP_SCAN_STRUCTURE) {
		ok = imap_local_attachment(s->scratch, q, f->structure);
	} else {
		imap_fetch_item(&item, s->scratch, f);
		ok = imap_local_match(s->scratch, q, s->matches_text, item.header);
	}
	if (ok)
		keep(s, f->uid);
}

/* Out of `uids` goes what was looked at and is not kept. */
static void drop_refused(struct imap_searching *s, const struct imap_uids *looked_at)
{
	size_t n = 0;

	imap_uids_sort(&s->kept);
	for (size_t i = 0; i < s->uids.count; i++) {
		uint32_t uid = s->uids.at[i];

		if (!imap_uids_has(looked_at, uid) || imap_uids_has(&s->kept, uid))
			s->uids.at[n++] = uid;
	}
	s->uids.count = n;
}

static void on_refined(struct imap_scanning *sc)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;

	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
		return;
	}
	drop_refused(s, sc->uids);
	if (sc->uids == &s->sorted)
		imap_uids_done(&s->sorted);
	refine(s);
}

static void look(struct imap_searching *s, const struct imap_uids *uids, enum imap_scan_what what)
{
	imap_uids_done(&s->kept);
	s->kept.at = calloc(uids->count + 1, sizeof(*s->kept.at));
	if (!s->kept.at) {
		fail(s, ERR_NOMEM);
		return;
	}
	s->scanning = (struct imap_scanning){
		.op = &s->base, .uids = uids, .what = what, .row = on_refine_row, .done = on_refined
	};
	imap_scanning_start(&s->scanning);
}

/* `uids` may be in the server's order, and is looked at by UID. */
static bool make_sorted(struct imap_searching *s)
{
	imap_uids_done(&s->sorted);
	s->sorted.at = calloc(s->uids.count + 1, sizeof(*s->sorted.at));
	if (!s->sorted.at)
		return false;
	if (s->uids.count)
		memcpy(s->sorted.at, s->uids.at, s->uids.count * sizeof(*s->sorted.at));
	s->sorted.count = s->uids.count;
	imap_uids_sort(&s->sorted);
	return true;
}

/* What of the plan is left to be looked at, and in how many messages at most. */
static bool next_look(struct imap_searching *s, enum imap_scan_what *what, size_t *max)
{
	struct imap_search_plan *plan = &s->plan;

	if (plan->has_sizes) {
		plan->has_sizes = false;
		*what = IMAP_SCAN_SIZES;
		*max = IMAP_SCAN_DATES_MAX;
	} else if (plan->is_local_text || plan->has_digest) {
		s->matches_text = plan->is_local_text;
		plan->is_local_text = plan->has_digest = false;
		*what = IMAP_SCAN_HEADERS;
		*max = IMAP_SCAN_HEADERS_MAX;
	} else if (plan->has_attachment) {
		plan->has_attachment = false;
		*what = IMAP_SCAN_STRUCTURE;
		*max = IMAP_SCAN_STRUCTURES_MAX;
	} else {
		return false;
	}
	return true;
}

/* Each kind once, the cheap ones first. */
static void refine(struct imap_searching *s)
{
	enum imap_scan_what what;
	size_t max;

	if (s->plan.has_dates) {
		s->plan.has_dates = false;
		look(s, &s->uncertain, IMAP_SCAN_DATES);
		return;
	}
	if (!next_look(s, &what, &max)) {
		imap_searching_page(s);
		return;
	}
	imap_searching_cut(s, max);
	if (make_sorted(s))
		look(s, &s->sorted, what);
	else
		fail(s, ERR_NOMEM);
}

/* --- asking
 * ------------------------------------------------------------------------------------------ */

static void ask(struct imap_searching *s);

/* ESEARCH may put UIDs into its ranges that do not exist: then its own count
 * tells, and the old answer is asked for. */
static void take_found(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_searching *s = search_of(x);

	if (!imap_uids_take(&s->uids, r, IMAP_UIDS_MAX) ||
	    (r->kind == IMAP_ESEARCH && r->esearch.has & IMAP_ESEARCH_COUNT &&
	     r->esearch.count != s->uids.count))
		s->is_bad = true;
}

static void take_uncertain(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_searching *s = search_of(x);

	if (!imap_uids_take(&s->uncertain, r, IMAP_UIDS_MAX))
		s->is_bad = true;
	imap_uids_sort(&s->uncertain);
}

static bool wants_sort(const struct imap_exchange *x, const struct imap_response *r)
{
	return r->kind == IMAP_SORT && !x->has_taken;
}

/* All answered: again in another way, or on. */
static void judge(struct imap_searching *s)
{
	const struct mail_query *q = imap_searching_query(s);

	if (!s->base.fault.err && q->window.uidvalidity &&
	    q->window.uidvalidity != s->base.store->session->mailbox.uidvalidity)
		s->base.fault = fault_of(ERR_CONFLICT);
	if (s->base.fault.err) {
		imap_op_fail(&s->base, &s->base.fault);
	} else if (s->is_charset_refused) {
		s->is_charset_refused = false;
		s->base.store->session->refuses_charset = true;
		s->plan.is_local_text = true;
		s->is_incomplete = imap_local_is_partial(q);
		ask(s);
	} else if (s->is_bad && !s->is_plain) {
		s->is_bad = false;
		s->is_plain = true;
		ask(s);
	} else if (s->is_bad) {
		imap_op_fail_with(&s->base, ERR_TOO_BIG, "too many messages match");
	} else {
		if (q->sort == SORT_ADDED || !imap_searching_is_sorted(s))
			imap_uids_sort(&s->uids);
		refine(s);
	}
}

static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_searching *s = search_of(x);

	if (!imap_op_answered(&s->base, reply))
		return;
	if (s->is_partial)
		imap_searching_judge_partial(s);
	else
		judge(s);
}

/* "NO [BADCHARSET]", or what Exchange says instead of a code. */
static bool is_about_charset(const struct imap_searching *s, const struct imap_reply *reply)
{
	return s->plan.is_utf8 && !s->plan.is_local_text && reply->status != IMAP_OK &&
	       (reply->text->code == IMAP_CODE_BADCHARSET ||
		bytes_find(reply->text->text, BYTES_LIT("harset")) < reply->text->text.len ||
		bytes_find(reply->text->text, BYTES_LIT("CHARSET")) < reply->text->text.len);
}

static void on_found(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_searching *s = search_of(x);

	if (is_about_charset(s, reply))
		s->is_charset_refused = true;
	if (imap_op_answered(&s->base, s->is_charset_refused ? NULL : reply))
		judge(s);
}

static struct imap_exchange *search_command(struct imap_searching *s)
{
	struct imap_exchange *x;

	if (!s->is_plain)
		return imap_search_command(&s->base, "UID SEARCH", "ALL COUNT", on_found);
	x = imap_op_command(&s->base, "UID SEARCH", on_found);
	if (x) {
		x->wants = imap_search_wants;
		x->is_lonely = true;
	}
	return x;
}

static const char *sort_word(enum mail_sort sort)
{
	switch (sort) {
	case SORT_ADDED:
	case SORT_RECEIVED: return "ARRIVAL";
	case SORT_SENT: return "DATE";
	case SORT_SIZE: return "SIZE";
	case SORT_SUBJECT: return "SUBJECT";
	case SORT_FROM: break;
	}
	return "DISPLAYFROM";
}

static struct imap_exchange *sort_command(struct imap_searching *s)
{
	struct imap_exchange *x = imap_op_command(&s->base, "UID SORT", on_found);
	bool needs_utf8;

	if (!x)
		return NULL;
	x->wants = wants_sort;
	x->is_lonely = true;
	imap_command_open(&x->command);
	imap_command_word(&x->command, sort_word(imap_searching_query(s)->sort));
	imap_command_close(&x->command);
	/* Once UTF-8 is enabled nothing else will do (RFC 6855 §3): Courier insists. */
	needs_utf8 = x->session->encoding.is_utf8 || (s->plan.is_utf8 && !s->plan.is_local_text);
	imap_command_word(&x->command, needs_utf8 ? "UTF-8" : "US-ASCII");
	return x;
}

static void send_uncertain(struct imap_searching *s)
{
	struct imap_exchange *x = imap_search_command(&s->base, "UID SEARCH", "ALL", on_found);

	if (x) {
		x->take = take_uncertain;
		imap_search_charset(x, &s->plan);
		imap_search_keys(x, imap_searching_query(s), &s->plan);
		imap_search_uncertain_days(x, imap_searching_query(s));
	}
	imap_op_send(&s->base, x);
}

static void ask(struct imap_searching *s)
{
	const struct mail_query *q = imap_searching_query(s);
	bool by_server = q->sort != SORT_ADDED && imap_searching_is_sorted(s);
	struct imap_exchange *x = by_server ? sort_command(s) : search_command(s);

	if (x) {
		x->take = take_found;
		if (!by_server)
			imap_search_charset(x, &s->plan);
		imap_search_keys(x, q, &s->plan);
	}
	imap_op_send(&s->base, x);
	if (s->plan.has_dates)
		send_uncertain(s);
	if (!s->base.pending)
		judge(s);
}

static void begin(struct imap_op *op)
{
	struct imap_searching *s = (struct imap_searching *)op;

	s->plan = imap_search_plan_of(op->store->session, imap_searching_query(s));
	if (s->plan.is_local_text)
		s->is_incomplete = imap_local_is_partial(imap_searching_query(s));
	s->scratch = arena_new(SCRATCH_BYTES);
	if (!s->scratch) {
		fail(s, ERR_NOMEM);
		return;
	}
	/* Searches by UID may follow NOOP at once. */
	if (imap_op_is_selected(op))
		imap_op_send(op, imap_op_command(op, "NOOP", on_answer));
	else
		imap_op_select(op, NULL);
	if (imap_searching_can_be_partial(s))
		imap_searching_partial(s, ask);
	else
		ask(s);
}

const struct imap_verb imap_verb_search = {
	.size_bytes = sizeof(struct imap_searching),
	.begin = begin,
	.cleanup = cleanup,
};
