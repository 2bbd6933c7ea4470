#include "pop3/search.h"

#include <stdlib.h>

#include "base/clock.h"
#include "pop3/spool.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

/* Headers asked for together, and of one search from the server: the next one finds
 * these in the memory and goes on. */
#define BATCH_MESSAGES 200
#define HEADERS_MAX    5000

/* What is read whole of one search. */
#define BODIES_MAX       500
#define BODIES_MAX_BYTES (64u << 20)

#define ROW_TEXTS_BYTES (64u << 20)

static void look_on(struct pop3_searching *s);

static void fail(struct pop3_searching *s, enum err err, const char *text)
{
	pop3_op_fail_with(&s->op, err, text);
}

/* --- the page ---------------------------------------------------------------------------- */

static void finish(struct pop3_searching *s)
{
	struct arena *mem = s->op.rq.call.mem;
	struct mail_page page = { .total = (uint32_t)s->row_count,
				  .position = s->position,
				  .epoch = s->op.store->journal.epoch,
				  .highestmodseq = s->op.store->journal.modseq,
				  .has_more = s->position + s->page_count < s->row_count,
				  .is_incomplete = s->is_incomplete };
	struct mail_request rq;

	page.items = ARENA_ARRAY(mem, s->page_count, struct mail_item);
	if (!page.items) {
		fail(s, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < s->page_count; i++)
		if (!s->page[i]->is_unreadable)
			page.items[page.count++] =
				pop3_item_of(mem, s->page[i], s->op.rq.arg.read.want);
	rq = pop3_op_finish(&s->op);
	rq.cb.page(rq.ctx, NULL, &page);
}

/* The rows are ascending; the n-th as the query wants them. */
static const struct match_row *row_at(const struct pop3_searching *s, size_t n)
{
	return &s->rows[pop3_searching_query(s)->descending ? s->row_count - 1 - n : n];
}

/* The first row behind the cursor, whose message may be gone: its value says where it
 * was, among equal ones only its number would. */
static bool find_behind(struct pop3_searching *s, size_t *ret)
{
	const struct mail_query *q = pop3_searching_query(s);
	const struct pop3_message *msg = pop3_maildrop_find(&s->op.store->drop, &q->window.key);
	struct match_row cursor;
	size_t n = 0;

	if (!msg ||
	    !match_row_of_cursor(&cursor, s->row_texts, q->sort, msg->number, q->window.sort_value))
		return false;
	while (n < s->row_count) {
		int order = match_row_compare(row_at(s, n), &cursor);

		if (q->descending ? order < 0 : order > 0)
			break;
		n++;
	}
	*ret = n;
	return true;
}

static bool find_anchor(struct pop3_searching *s, size_t *ret)
{
	const struct pop3_message *msg =
		pop3_maildrop_find(&s->op.store->drop, &pop3_searching_query(s)->window.key);

	for (size_t n = 0; msg && n < s->row_count; n++) {
		if (row_at(s, n)->place == msg->number) {
			*ret = n;
			return true;
		}
	}
	return false;
}

static void show(struct pop3_searching *s)
{
	const struct mail_window *w = &pop3_searching_query(s)->window;
	size_t first = w->position;

	if (arena_failed(s->row_texts)) {
		fail(s, ERR_NOMEM, "");
		return;
	}
	if (s->row_count)
		qsort(s->rows, s->row_count, sizeof *s->rows, match_row_compare);
	if (w->kind == WINDOW_AFTER && !find_behind(s, &first)) {
		fail(s, ERR_CONFLICT, "the message the list went on from is gone");
		return;
	}
	if (w->kind == WINDOW_ANCHOR && !find_anchor(s, &first)) {
		fail(s, ERR_NOT_FOUND, "");
		return;
	}
	s->page = calloc(w->limit + 1, sizeof *s->page);
	if (!s->page) {
		fail(s, ERR_NOMEM, "");
		return;
	}
	s->position = (uint32_t)first;
	for (size_t n = first; n < s->row_count && s->page_count < w->limit; n++)
		s->page[s->page_count++] =
			pop3_maildrop_by_number(&s->op.store->drop, row_at(s, n)->place);
	s->is_paging = true;
	pop3_op_want_headers(&s->op, s->page, s->page_count);
}

/* --- looking ----------------------------------------------------------------------------- */

static void on_spooled(struct pop3_op *op, const struct fault *fault)
{
	struct pop3_searching *s = (struct pop3_searching *)op;

	/* One that cannot be read is not found. */
	if (!fault)
		pop3_match_body(s, s->candidates[s->batch_first + s->in_batch]);
	s->in_batch++;
	look_on(s);
}

static bool is_enough_read(struct pop3_searching *s, const struct pop3_message *msg)
{
	if (s->bodies < BODIES_MAX && s->body_bytes + msg->size <= BODIES_MAX_BYTES) {
		s->bodies++;
		s->body_bytes += msg->size;
		return false;
	}
	return true;
}

static void on_next_batch(struct loop_task *t)
{
	struct pop3_searching *s = container_of(t, struct pop3_searching, next);
	size_t left;

	s->batch_first += s->batch_count;
	s->in_batch = 0;
	left = s->candidate_count - s->batch_first;
	s->batch_count = left < BATCH_MESSAGES ? left : BATCH_MESSAGES;
	if (s->batch_count &&
	    (s->op.asked_headers >= HEADERS_MAX || clock_monotonic_ms() >= s->stop_ms)) {
		s->is_incomplete = true;
		s->batch_count = 0;
	}
	if (s->batch_count == 0)
		show(s);
	else if (s->needs & (MATCH_HEADERS | MATCH_STRUCTURE))
		pop3_op_want_headers(&s->op, s->candidates + s->batch_first, s->batch_count);
	else
		look_on(s);
}

/* Through the batch, up to one whose body must be fetched. */
static void look_on(struct pop3_searching *s)
{
	for (; s->in_batch < s->batch_count; s->in_batch++) {
		struct pop3_message *msg = s->candidates[s->batch_first + s->in_batch];

		if (msg->is_unreadable || pop3_match_header(s, msg) != POP3_LOOK_INSIDE)
			continue;
		if (is_enough_read(s, msg) || clock_monotonic_ms() >= s->stop_ms) {
			s->is_incomplete = true;
			continue;
		}
		pop3_spool(&s->op, msg, on_spooled);
		return;
	}
	loop_task_start(s->op.store->loop, &s->next);
}

static void on_headers_ready(struct pop3_op *op)
{
	struct pop3_searching *s = (struct pop3_searching *)op;

	if (s->is_paging)
		finish(s);
	else
		look_on(s);
}

static void begin(struct pop3_op *op)
{
	struct pop3_searching *s = (struct pop3_searching *)op;
	const struct mail_query *q = pop3_searching_query(s);
	struct pop3_maildrop *m = &op->store->drop;
	uint64_t now = clock_monotonic_ms(), latest = op->rq.call.deadline_ms;

	s->next.run = on_next_batch;
	s->stop_ms = latest > now ? now + (latest - now) / 2 : now;
	s->needs = q->sort == SORT_ADDED || q->sort == SORT_SIZE ? 0 : MATCH_HEADERS;
	for (size_t i = 0; i < q->filter_count; i++)
		s->needs |= match_needs(&q->filters[i]);
	s->candidates = calloc(m->count + 1, sizeof *s->candidates);
	s->rows = calloc(m->count + 1, sizeof *s->rows);
	s->row_texts = arena_new(ROW_TEXTS_BYTES);
	if (!s->candidates || !s->rows || !s->row_texts) {
		fail(s, ERR_NOMEM, "");
		return;
	}
	for (size_t i = m->count; i-- > 0;)
		if (pop3_may_match(s, &m->at[i]))
			s->candidates[s->candidate_count++] = &m->at[i];
	loop_task_start(op->store->loop, &s->next);
}

static void cleanup(struct pop3_op *op)
{
	struct pop3_searching *s = (struct pop3_searching *)op;

	loop_task_stop(&s->next);
	free(s->candidates);
	free(s->rows);
	free(s->page);
	arena_free(s->scratch);
	arena_free(s->row_texts);
}

const struct pop3_verb pop3_verb_search = {
	.size_bytes = sizeof(struct pop3_searching),
	.begin = begin,
	.headers_ready = on_headers_ready,
	.cleanup = cleanup,
};
