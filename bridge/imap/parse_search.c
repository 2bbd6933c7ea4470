/* What searching gives: SEARCH, SORT, ESEARCH, THREAD; and VANISHED. */
#include "imap/reader.h"

/* "SEARCH" *(SP nz-number) [SP "(MODSEQ" SP mod-sequence-value ")"], RFC 7162 §7;
 * SORT is the same, RFC 5256 §4. */
void imap_read_search(struct imap_reader *r, struct imap_response *out)
{
	imap_read_numbers(r, &out->search.numbers);
	if (!imap_try(r, '('))
		return;
	if (!bytes_equal_str_nocase(imap_read_word(r), "MODSEQ"))
		imap_fail(r, "MODSEQ is missing");
	imap_expect_space(r);
	out->search.has_modseq = true;
	out->search.modseq = imap_read_u64(r);
	imap_expect(r, ')', "a closing parenthesis is missing");
}

/* search-correlator = SP "(" "TAG" SP tag-string ")" */
static void read_correlator(struct imap_reader *r, struct imap_esearch *e)
{
	struct bytes name;

	if (!imap_try(r, '('))
		return;
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		name = imap_read_word(r);
		imap_expect_space(r);
		if (bytes_equal_str_nocase(name, "TAG"))
			e->tag = imap_read_astring(r);
		else
			imap_skip_value(r);
		imap_skip_spaces(r);
	}
	imap_skip_spaces(r);
}

/* partial-range of RFC 9394: both ends from the front, or both from the end. */
static int64_t read_partial_end(struct imap_reader *r)
{
	int64_t sign = imap_try(r, '-') ? -1 : 1;

	return sign * imap_read_u32(r);
}

/* "(" partial-range SP (sequence-set / nil) ")" */
static void read_partial(struct imap_reader *r, struct imap_esearch *e)
{
	imap_expect(r, '(', "a partial result is missing");
	e->partial_first = read_partial_end(r);
	imap_expect(r, ':', "a range is missing");
	e->partial_last = read_partial_end(r);
	imap_expect_space(r);
	if (!imap_try_nil(r))
		imap_read_set(r, &e->partial);
	imap_skip_spaces(r);
	imap_expect(r, ')', "a closing parenthesis is missing");
}

/* MIN and MAX; iCloud sends 0 where nothing was found. */
static void read_number(struct imap_reader *r, struct imap_esearch *e, unsigned bit, uint32_t *ret)
{
	*ret = imap_read_u32(r);
	if (*ret || bit == IMAP_ESEARCH_COUNT)
		e->has |= bit;
}

/* search-return-data, or that of an extension */
static void read_return_data(struct imap_reader *r, struct imap_esearch *e, struct bytes name)
{
	if (bytes_equal_str_nocase(name, "MIN")) {
		read_number(r, e, IMAP_ESEARCH_MIN, &e->min);
	} else if (bytes_equal_str_nocase(name, "MAX")) {
		read_number(r, e, IMAP_ESEARCH_MAX, &e->max);
	} else if (bytes_equal_str_nocase(name, "COUNT")) {
		read_number(r, e, IMAP_ESEARCH_COUNT, &e->count);
	} else if (bytes_equal_str_nocase(name, "ALL")) {
		e->has |= IMAP_ESEARCH_ALL;
		if (!imap_try_nil(r))
			imap_read_set(r, &e->all);
	} else if (bytes_equal_str_nocase(name, "MODSEQ")) {
		e->has |= IMAP_ESEARCH_MODSEQ;
		e->modseq = imap_read_u64(r);
	} else if (bytes_equal_str_nocase(name, "PARTIAL")) {
		e->has |= IMAP_ESEARCH_PARTIAL;
		read_partial(r, e);
	} else {
		imap_skip_value(r);
	}
}

/* "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data) */
void imap_read_esearch(struct imap_reader *r, struct imap_response *out)
{
	struct imap_esearch *e = &out->esearch;
	struct bytes name;

	read_correlator(r, e);
	while (imap_peek(r) != -1) {
		name = imap_read_word(r);
		if (bytes_equal_str_nocase(name, "UID")) {
			e->is_uid = true;
		} else {
			imap_expect_space(r);
			read_return_data(r, e, name);
		}
		if (imap_peek(r) != -1)
			imap_expect_space(r);
	}
}

#define NO_NODE UINT32_MAX

/* Parsing threads needs no recursion: what a level must remember is the node
 * that its members hang on. */
struct threads {
	struct imap_vec nodes;
	struct imap_vec levels; /* of uint32_t: the tail outside the open parenthesis */
	uint32_t tail;          /* the node that the next one is a child of */
	bool has_member;        /* in the innermost parentheses */
	bool has_nested;
};

static void add_node(struct imap_reader *r, struct threads *t, uint32_t number)
{
	struct imap_thread_node *n =
		IMAP_VEC_ADD(r, &t->nodes, struct imap_thread_node, r->limits->numbers);

	if (!n)
		return;
	*n = (struct imap_thread_node){ .number = number, .parent = t->tail };
	t->tail = (uint32_t)t->nodes.count - 1;
	t->has_member = true;
}

static void open_thread(struct imap_reader *r, struct threads *t)
{
	uint32_t *level;

	/* ((3)(5)): the common parent is not there. */
	if (t->levels.count && !t->has_member)
		add_node(r, t, 0);
	level = IMAP_VEC_ADD(r, &t->levels, uint32_t, r->limits->numbers);
	if (level)
		*level = t->tail;
	t->has_member = t->has_nested = false;
}

static void close_thread(struct imap_reader *r, struct threads *t)
{
	if (!t->levels.count || !t->has_member) {
		imap_fail(r, "an empty thread, or one that was not opened");
		return;
	}
	t->tail = ((uint32_t *)t->levels.at)[--t->levels.count];
	t->has_member = t->has_nested = true;
}

/* thread-data = "THREAD" [SP 1*thread-list]
 * thread-list = "(" (thread-members / thread-nested) ")"
 * thread-members = nz-number *(SP nz-number) [SP thread-nested]
 * thread-nested = 2*thread-list */
void imap_read_thread(struct imap_reader *r, struct imap_response *out)
{
	struct threads t = { .tail = NO_NODE };

	imap_skip_spaces(r);
	while (imap_peek(r) != -1) {
		if (imap_try(r, '('))
			open_thread(r, &t);
		else if (imap_try(r, ')'))
			close_thread(r, &t);
		else if (t.levels.count && !t.has_nested)
			add_node(r, &t, imap_read_u32(r));
		else
			imap_fail(r, "a message number outside a thread");
		imap_skip_spaces(r);
	}
	if (t.levels.count)
		imap_fail(r, "a thread is not closed");
	out->thread.at = t.nodes.at;
	out->thread.count = t.nodes.count;
}

/* expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids, RFC 7162 §7 */
void imap_read_vanished(struct imap_reader *r, struct imap_response *out)
{
	if (imap_try(r, '(')) {
		if (!bytes_equal_str_nocase(imap_read_word(r), "EARLIER"))
			imap_fail(r, "EARLIER is missing");
		imap_expect(r, ')', "a closing parenthesis is missing");
		imap_skip_spaces(r);
		out->vanished.is_earlier = true;
	}
	if (imap_peek(r) != -1)
		imap_read_set(r, &out->vanished.uids);
}
