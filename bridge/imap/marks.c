#include "imap/marks.h"

#include <stdlib.h>

void imap_marks_done(struct imap_marks *k)
{
	free(k->runs);
	*k = (struct imap_marks){ 0 };
}

void imap_marks_reset(struct imap_marks *k)
{
	k->count = 0;
	k->total = 0;
}

static bool reserve(struct imap_marks *k, size_t count)
{
	struct imap_range *runs;

	if (count <= k->cap)
		return true;
	runs = reallocarray(k->runs, count, sizeof(*runs));
	if (!runs)
		return false;
	k->runs = runs;
	k->cap = count;
	return true;
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct imap_range *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

/* Cuts off what is above exists, merges what touches, counts. */
static void normalise(struct imap_marks *k, uint32_t exists)
{
	size_t n = 0;

	for (size_t i = 0; i < k->count; i++) {
		struct imap_range r = k->runs[i];

		if (r.first == 0 || r.first > exists)
			continue;
		if (r.last > exists)
			r.last = exists;
		if (n == 0 || r.first > k->runs[n - 1].last + 1)
			k->runs[n++] = r;
		else if (r.last > k->runs[n - 1].last)
			k->runs[n - 1].last = r.last;
	}
	k->count = n;
	k->total = 0;
	for (size_t i = 0; i < n; i++)
		k->total += k->runs[i].last - k->runs[i].first + 1;
}

bool imap_marks_set_all(struct imap_marks *k, const struct imap_range *ranges, size_t count,
			uint32_t exists)
{
	imap_marks_reset(k);
	if (!count)
		return true;
	if (!reserve(k, count))
		return false;
	memcpy(k->runs, ranges, count * sizeof(*ranges));
	k->count = count;
	qsort(k->runs, count, sizeof(*k->runs), compare_ranges);
	normalise(k, exists);
	return true;
}

/* The first run that ends at or behind seq. */
static size_t run_at(const struct imap_marks *k, uint32_t seq)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (k->runs[mid].last < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool imap_marks_has(const struct imap_marks *k, struct imap_seq seq)
{
	size_t i = run_at(k, seq.n);

	return i < k->count && k->runs[i].first <= seq.n;
}

static void insert_run(struct imap_marks *k, size_t at, struct imap_range r)
{
	memmove(k->runs + at + 1, k->runs + at, (k->count - at) * sizeof(*k->runs));
	k->runs[at] = r;
	k->count++;
}

static void remove_run(struct imap_marks *k, size_t at)
{
	k->count--;
	memmove(k->runs + at, k->runs + at + 1, (k->count - at) * sizeof(*k->runs));
}

/* Takes seq out of the run that has it. */
static void split(struct imap_marks *k, size_t at, uint32_t seq)
{
	struct imap_range r = k->runs[at];

	if (r.first == r.last) {
		remove_run(k, at);
	} else if (r.first == seq) {
		k->runs[at].first++;
	} else {
		k->runs[at].last = seq - 1;
		if (r.last != seq)
			insert_run(k, at + 1, (struct imap_range){ seq + 1, r.last });
	}
}

bool imap_marks_set(struct imap_marks *k, struct imap_seq seq, bool is_marked)
{
	size_t at = run_at(k, seq.n);

	if (imap_marks_has(k, seq) == is_marked || seq.n == 0)
		return true;
	if (!reserve(k, k->count + 1))
		return false;
	if (is_marked)
		insert_run(k, at, (struct imap_range){ seq.n, seq.n });
	else
		split(k, at, seq.n);
	normalise(k, UINT32_MAX - 1);
	return true;
}

void imap_marks_expunge(struct imap_marks *k, struct imap_seq seq)
{
	size_t i = run_at(k, seq.n);

	if (i < k->count && k->runs[i].first <= seq.n) {
		if (k->runs[i].first == k->runs[i].last)
			remove_run(k, i);
		else
			k->runs[i++].last--;
	}
	for (; i < k->count; i++) {
		k->runs[i].first--;
		k->runs[i].last--;
	}
	normalise(k, UINT32_MAX - 1);
}

uint32_t imap_marks_below(const struct imap_marks *k, struct imap_seq seq)
{
	uint32_t n = 0;

	for (size_t i = 0; i < k->count && k->runs[i].first < seq.n; i++) {
		uint32_t last = k->runs[i].last < seq.n ? k->runs[i].last : seq.n - 1;

		n += last - k->runs[i].first + 1;
	}
	return n;
}

/* --- windows ------------------------------------------------------------------------ */

/* The n-th unmarked number, from 0, counted upwards; there must be so many. */
static struct imap_seq nth(const struct imap_marks *k, uint32_t n)
{
	uint32_t seq = n + 1;

	for (size_t i = 0; i < k->count && k->runs[i].first <= seq; i++)
		seq += k->runs[i].last - k->runs[i].first + 1;
	return (struct imap_seq){ seq };
}

static uint32_t total(const struct imap_marks *k, uint32_t exists)
{
	return exists - imap_marks_below(k, (struct imap_seq){ exists + 1 });
}

struct imap_window imap_window_at(const struct imap_marks *k, uint32_t exists, bool descending,
				  uint32_t position)
{
	struct imap_window w = { .total = total(k, exists), .descending = descending };

	w.position = position < w.total ? position : w.total;
	if (position < w.total)
		w.first = nth(k, descending ? w.total - 1 - position : position);
	return w;
}

struct imap_seq imap_window_next(const struct imap_marks *k, uint32_t exists, bool descending,
				 struct imap_seq seq)
{
	size_t i;

	if (descending ? seq.n <= 1 : seq.n >= exists)
		return (struct imap_seq){ 0 };
	seq.n += descending ? -1u : 1u;
	i = run_at(k, seq.n);
	if (i == k->count || k->runs[i].first > seq.n)
		return seq;
	seq.n = descending ? k->runs[i].first - 1 : k->runs[i].last + 1;
	return seq.n > exists ? (struct imap_seq){ 0 } : seq;
}

struct imap_window imap_window_from(const struct imap_marks *k, uint32_t exists, bool descending,
				    struct imap_seq seq)
{
	struct imap_window w = { .total = total(k, exists), .descending = descending };
	uint32_t below;

	if (descending && seq.n > exists)
		seq.n = exists;
	if (!descending && seq.n == 0)
		seq.n = 1;
	if (seq.n == 0 || seq.n > exists) {
		w.position = w.total;
		return w;
	}
	w.first = imap_marks_has(k, seq) ? imap_window_next(k, exists, descending, seq) : seq;
	if (w.first.n == 0) {
		w.position = w.total;
		return w;
	}
	below = w.first.n - 1 - imap_marks_below(k, w.first);
	w.position = descending ? w.total - 1 - below : below;
	return w;
}
