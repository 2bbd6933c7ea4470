#include <stdlib.h>

#include "imap/search.h"

void imap_uids_done(struct imap_uids *l)
{
	free(l->at);
	*l = (struct imap_uids){ 0 };
}

static uint64_t set_size(const struct imap_set *set)
{
	uint64_t n = 0;

	for (size_t i = 0; i < set->count; i++)
		n += (uint64_t)set->at[i].last - set->at[i].first + 1;
	return n;
}

static void expand(struct imap_uids *l, const struct imap_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		for (uint64_t uid = set->at[i].first; uid <= set->at[i].last; uid++)
			l->at[l->count++] = (uint32_t)uid;
	}
}

bool imap_uids_take(struct imap_uids *l, const struct imap_response *r, size_t max)
{
	bool is_set = r->kind == IMAP_ESEARCH;
	const struct imap_numbers *n = &r->search.numbers;
	uint64_t count = is_set ? set_size(&r->esearch.all) : n->count;

	imap_uids_done(l);
	if (count > max)
		return false;
	l->at = calloc((size_t)count + 1, sizeof(*l->at));
	if (!l->at)
		return false;
	if (is_set) {
		expand(l, &r->esearch.all);
	} else {
		if (n->count)
			memcpy(l->at, n->at, n->count * sizeof(*l->at));
		l->count = n->count;
	}
	return true;
}

static int compare(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static bool is_ascending(const struct imap_uids *l)
{
	for (size_t i = 1; i < l->count; i++) {
		if (l->at[i - 1] > l->at[i])
			return false;
	}
	return true;
}

void imap_uids_sort(struct imap_uids *l)
{
	/* As most servers give them; a million take a while to sort. */
	if (!is_ascending(l))
		qsort(l->at, l->count, sizeof(*l->at), compare);
}

size_t imap_uids_place(const struct imap_uids *l, uint32_t uid)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->at[mid] < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool imap_uids_has(const struct imap_uids *l, uint32_t uid)
{
	size_t at = imap_uids_place(l, uid);

	return at < l->count && l->at[at] == uid;
}
