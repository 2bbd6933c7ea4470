#include "model/uid_set.h"

#include <stdlib.h>

void uid_set_init(struct uid_set *s, size_t max_runs)
{
	*s = (struct uid_set){ .max_runs = max_runs };
}

void uid_set_done(struct uid_set *s)
{
	free(s->runs);
	uid_set_init(s, s->max_runs);
}

/* Index of the first run that ends at or behind uid; count when there is none. */
static size_t run_index(const struct uid_set *s, uint32_t uid)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->runs[mid].last < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Puts `count` runs in the place of `old` runs at index i. */
static enum err replace_runs(struct uid_set *s, size_t i, size_t old, const struct uid_run *runs,
			     size_t count)
{
	size_t total = s->count - old + count;

	if (total > s->max_runs && total > s->count)
		return ERR_TOO_BIG;
	if (total > s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 8;
		struct uid_run *grown = reallocarray(s->runs, cap, sizeof *grown);

		if (!grown)
			return ERR_NOMEM;
		s->runs = grown;
		s->cap = cap;
	}
	if (old != count && i + old < s->count)
		memmove(s->runs + i + count, s->runs + i + old,
			(s->count - i - old) * sizeof *s->runs);
	if (count)
		memcpy(s->runs + i, runs, count * sizeof *runs);
	s->count = total;
	return ERR_OK;
}

enum err uid_set_add(struct uid_set *s, uint32_t first, uint32_t last)
{
	struct uid_run run = { first, last };
	size_t i, end;

	if (first == 0 || first > last)
		return ERR_INVALID;
	/* Runs that touch the new one grow together with it. */
	i = run_index(s, first - 1 ? first - 1 : first);
	for (end = i; end < s->count && (last == UINT32_MAX || s->runs[end].first <= last + 1);
	     end++) {
		if (s->runs[end].first < run.first)
			run.first = s->runs[end].first;
		if (s->runs[end].last > run.last)
			run.last = s->runs[end].last;
	}
	return replace_runs(s, i, end - i, &run, 1);
}

enum err uid_set_remove(struct uid_set *s, uint32_t first, uint32_t last)
{
	struct uid_run keep[2];
	size_t i, end, kept = 0;

	if (first == 0 || first > last)
		return ERR_INVALID;
	i = run_index(s, first);
	for (end = i; end < s->count && s->runs[end].first <= last; end++) {
		if (s->runs[end].first < first)
			keep[kept++] = (struct uid_run){ s->runs[end].first, first - 1 };
		if (s->runs[end].last > last)
			keep[kept++] = (struct uid_run){ last + 1, s->runs[end].last };
	}
	return end == i ? ERR_OK : replace_runs(s, i, end - i, keep, kept);
}

bool uid_set_has(const struct uid_set *s, uint32_t uid)
{
	size_t i = run_index(s, uid);

	return uid != 0 && i < s->count && s->runs[i].first <= uid;
}

static uint64_t run_size(const struct uid_run *r)
{
	return (uint64_t)r->last - r->first + 1;
}

uint64_t uid_set_size(const struct uid_set *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += run_size(&s->runs[i]);
	return n;
}

uint32_t uid_set_nth(const struct uid_set *s, uint64_t n)
{
	for (size_t i = 0; i < s->count; i++) {
		if (n < run_size(&s->runs[i]))
			return s->runs[i].first + (uint32_t)n;
		n -= run_size(&s->runs[i]);
	}
	return 0;
}

uint64_t uid_set_rank(const struct uid_set *s, uint32_t uid)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->count && s->runs[i].first < uid; i++)
		n += s->runs[i].last < uid ? run_size(&s->runs[i]) : uid - s->runs[i].first;
	return n;
}

void uid_set_format(const struct uid_set *s, struct buf *to)
{
	for (size_t i = 0; i < s->count; i++) {
		if (i)
			buf_append_byte(to, ',');
		buf_append_u64(to, s->runs[i].first);
		if (s->runs[i].last != s->runs[i].first) {
			buf_append_byte(to, ':');
			buf_append_u64(to, s->runs[i].last);
		}
	}
}

/* uid-range = nz-number [":" nz-number], either order (RFC 9051 §9). */
static enum err parse_range(struct bytes text, struct uid_set *to)
{
	struct bytes first, last = text;
	uint64_t a, b;

	if (!bytes_split(&last, ':', &first) || !bytes_to_u64(first, UINT32_MAX, &a))
		return ERR_INVALID;
	b = a;
	if (!bytes_is_null(last) && !bytes_to_u64(last, UINT32_MAX, &b))
		return ERR_INVALID;
	return uid_set_add(to, (uint32_t)(a < b ? a : b), (uint32_t)(a < b ? b : a));
}

enum err uid_set_parse(struct uid_set *s, struct bytes text)
{
	struct uid_set parsed;
	struct bytes range;
	enum err e = text.len ? ERR_OK : ERR_INVALID;

	uid_set_init(&parsed, s->max_runs);
	while (e == ERR_OK && bytes_split(&text, ',', &range))
		e = parse_range(range, &parsed);
	if (e != ERR_OK) {
		uid_set_done(&parsed);
		return e;
	}
	uid_set_done(s);
	*s = parsed;
	return ERR_OK;
}
