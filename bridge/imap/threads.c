#include "imap/threads.h"

#include <stdlib.h>

void imap_threads_done(struct imap_threads *t)
{
	free(t->at);
	*t = (struct imap_threads){ 0 };
}

void imap_threads_add(struct imap_threads *t, uint32_t uid, uint64_t key)
{
	size_t cap = t->cap ? t->cap * 2 : 1024;
	struct imap_threaded *grown;

	if (t->count == t->cap) {
		grown = realloc(t->at, cap * sizeof(*grown));
		if (!grown)
			return;
		t->at = grown;
		t->cap = cap;
	}
	t->at[t->count++] = (struct imap_threaded){ uid, key };
}

static int compare(const void *pa, const void *pb)
{
	const struct imap_threaded *a = pa, *b = pb;

	return (a->uid > b->uid) - (a->uid < b->uid);
}

void imap_threads_sort(struct imap_threads *t)
{
	if (t->count)
		qsort(t->at, t->count, sizeof(*t->at), compare);
}

const struct imap_threaded *imap_threads_find(const struct imap_threads *t, uint32_t uid)
{
	struct imap_threaded key = { .uid = uid };

	return t->count ? bsearch(&key, t->at, t->count, sizeof(*t->at), compare) : NULL;
}

/* --- the first of each ------------------------------------------------------------------- */

/* The keys that were met, in an open table; 0 is a free slot. */
struct met {
	uint64_t *slots;
	size_t mask;
};

/* False when it was met before. */
static bool meet(struct met *m, uint64_t key)
{
	size_t i;

	key += !key;
	for (i = (size_t)key & m->mask; m->slots[i]; i = (i + 1) & m->mask) {
		if (m->slots[i] == key)
			return false;
	}
	m->slots[i] = key;
	return true;
}

bool imap_threads_collapse(const struct imap_threads *t, const uint32_t *uids, size_t count,
			   bool is_backwards, bool *keeps)
{
	size_t slot_count = 64;
	struct met met;

	while (slot_count < 2 * count)
		slot_count *= 2;
	met = (struct met){ calloc(slot_count, sizeof(*met.slots)), slot_count - 1 };
	if (!met.slots)
		return false;
	for (size_t n = 0; n < count; n++) {
		size_t i = is_backwards ? count - 1 - n : n;
		const struct imap_threaded *thread = imap_threads_find(t, uids[i]);

		keeps[i] = !thread || meet(&met, thread->key);
	}
	free(met.slots);
	return true;
}
