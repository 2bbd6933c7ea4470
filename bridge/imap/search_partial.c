/*
 * A page of what the server finds, without the rest of it: PARTIAL (RFC 9394). In added
 * order, and where nothing is left to be done here. A cursor's page is the first of the
 * messages behind it; how many stand before it says a count of all.
 */
#include "imap/search.h"

static struct imap_searching *search_of(const struct imap_exchange *x)
{
	return x->owner;
}

static bool is_left_to_server(const struct imap_search_plan *plan)
{
	return !plan->has_dates && !plan->has_attachment && !plan->has_sizes && !plan->has_digest &&
	       !plan->is_local_text;
}

bool imap_searching_can_be_partial(const struct imap_searching *s)
{
	const struct imap_session *session = s->base.store->session;
	const struct mail_query *q = imap_searching_query(s);

	/* Yahoo offers it without ESEARCH, on which it rests. */
	return imap_session_can(session, IMAP_CAP_PARTIAL) &&
	       imap_session_can(session, IMAP_CAP_ESEARCH) && q->sort == SORT_ADDED &&
	       !q->collapse_threads && q->window.kind != WINDOW_ANCHOR &&
	       is_left_to_server(&s->plan);
}

/* --- the answers ------------------------------------------------------------------------- */

static void take_total(struct imap_exchange *x, const struct imap_response *r)
{
	search_of(x)->total = imap_search_count(r);
	search_of(x)->has_total = r->kind == IMAP_ESEARCH && r->esearch.has & IMAP_ESEARCH_COUNT;
}

static void take_page(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_searching *s = search_of(x);
	struct imap_response page = { .kind = IMAP_ESEARCH };

	if (r->kind != IMAP_ESEARCH || !(r->esearch.has & IMAP_ESEARCH_COUNT))
		return;
	page.esearch.all = r->esearch.partial;
	s->rest = r->esearch.count;
	s->has_page = (r->esearch.has & IMAP_ESEARCH_PARTIAL || !s->rest) &&
		      imap_uids_take(&s->uids, &page, imap_searching_query(s)->window.limit);
	imap_uids_sort(&s->uids);
}

void imap_searching_judge_partial(struct imap_searching *s)
{
	const struct mail_query *q = imap_searching_query(s);
	bool is_cursor = q->window.kind == WINDOW_AFTER;

	if (!s->base.fault.err && q->window.uidvalidity &&
	    q->window.uidvalidity != s->base.store->session->mailbox.uidvalidity)
		s->base.fault = fault_of(ERR_CONFLICT);
	if (!is_cursor)
		s->total = s->rest;
	if (s->base.fault.err && s->base.fault.err != ERR_REFUSED) {
		imap_op_fail(&s->base, &s->base.fault);
	} else if (!s->has_page || (is_cursor && (!s->has_total || s->rest > s->total))) {
		/* Refused, or not understood: all of it then. */
		s->base.fault = fault_of(ERR_OK);
		s->is_partial = false;
		s->whole(s);
	} else {
		s->position = is_cursor ? s->total - s->rest : q->window.position;
		imap_searching_fetch(s, 0);
	}
}

static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	if (imap_op_answered(&search_of(x)->base, reply))
		imap_searching_judge_partial(search_of(x));
}

/* --- the questions ----------------------------------------------------------------------- */

/* "PARTIAL -1:-50 COUNT" */
static const char *page_option(struct imap_searching *s)
{
	const struct mail_query *q = imap_searching_query(s);
	uint64_t first = q->window.kind == WINDOW_POSITION ? q->window.position : 0;
	const char *sign = q->descending ? "-" : "";

	return arena_printf(s->scratch, "PARTIAL %s%llu:%s%llu COUNT", sign,
			    (unsigned long long)first + 1, sign,
			    (unsigned long long)first + q->window.limit);
}

/* What stands behind the cursor's message; false: nothing can. */
static bool range_behind(const struct mail_query *q, struct imap_range *ret)
{
	uint32_t uid = q->window.key.uid;

	/* UINT32_MAX would be "*", which is there even when it is before the range. */
	*ret = q->descending ? (struct imap_range){ 1, uid - 1 }
			     : (struct imap_range){ uid + 1, UINT32_MAX - 1 };
	return q->descending ? uid > 1 : uid < UINT32_MAX - 1;
}

static struct imap_exchange *command(struct imap_searching *s, const char *option)
{
	struct imap_exchange *x = imap_search_command(&s->base, "UID SEARCH", option, on_answer);

	if (x) {
		imap_search_charset(x, &s->plan);
		imap_search_keys(x, imap_searching_query(s), &s->plan);
	}
	return x;
}

void imap_searching_partial(struct imap_searching *s, void (*whole)(struct imap_searching *s))
{
	const struct mail_query *q = imap_searching_query(s);
	const char *option = page_option(s);
	struct imap_exchange *x;
	struct imap_range range;
	bool is_cursor = q->window.kind == WINDOW_AFTER;

	s->is_partial = true;
	s->whole = whole;
	if (is_cursor) {
		x = command(s, "COUNT");
		if (x)
			x->take = take_total;
		imap_op_send(&s->base, x);
		s->has_page = !range_behind(q, &range);
	}
	if (option && !s->has_page) {
		x = command(s, option);
		if (x)
			x->take = take_page;
		if (x && is_cursor) {
			imap_command_word(&x->command, "UID");
			imap_command_set(&x->command, &(struct imap_set){ &range, 1 });
		}
		imap_op_send(&s->base, x);
	}
	if (!s->base.pending)
		imap_searching_judge_partial(s);
}
