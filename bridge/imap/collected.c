#include "imap/query.h"

/* Where uid is, or where it would go. */
static size_t position(const struct imap_collected *c, uint32_t uid)
{
	size_t low = 0, high = c->count;

	/* Servers answer in order. */
	if (c->count && c->at[c->count - 1].key.uid < uid)
		return c->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->at[mid].key.uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct mail_item *imap_collected_find(const struct imap_collected *c, uint32_t uid)
{
	size_t at = position(c, uid);

	return uid && at < c->count && c->at[at].key.uid == uid ? &c->at[at] : NULL;
}

static bool reserve(struct imap_collected *c, struct arena *mem)
{
	size_t cap = c->cap ? c->cap * 2 : 64;
	struct mail_item *grown;

	if (c->count < c->cap)
		return true;
	grown = ARENA_ARRAY(mem, cap, struct mail_item);
	if (!grown)
		return false;
	if (c->count)
		memcpy(grown, c->at, c->count * sizeof(*grown));
	c->at = grown;
	c->cap = cap;
	return true;
}

bool imap_collected_put(struct imap_collected *c, struct arena *mem, const struct mail_item *item)
{
	size_t at = position(c, item->key.uid);

	if (at < c->count && c->at[at].key.uid == item->key.uid) {
		c->at[at] = *item;
		return true;
	}
	if (!reserve(c, mem))
		return false;
	memmove(c->at + at + 1, c->at + at, (c->count - at) * sizeof(*c->at));
	c->at[at] = *item;
	c->count++;
	return true;
}

bool imap_collected_add(struct imap_collected *c, struct arena *mem, uint32_t uid,
			const struct imap_fetch *f)
{
	struct mail_item *there = imap_collected_find(c, uid);
	struct mail_item item = { .key = { .kind = MESSAGE_KEY_UID, .uid = uid } };

	if (there) {
		imap_fetch_item(there, mem, f);
		return true;
	}
	imap_fetch_item(&item, mem, f);
	return imap_collected_put(c, mem, &item);
}

void imap_set_push(struct imap_set *set, struct imap_seq seq)
{
	struct imap_range *last = set->count ? &set->at[set->count - 1] : NULL;

	if (last && last->last + 1 == seq.n)
		last->last++;
	else if (last && last->first == seq.n + 1)
		last->first--;
	else
		set->at[set->count++] = (struct imap_range){ seq.n, seq.n };
}

void imap_set_ascend(struct imap_set *set)
{
	if (set->count < 2 || set->at[0].first < set->at[1].first)
		return;
	for (size_t i = 0, j = set->count - 1; i < j; i++, j--) {
		struct imap_range r = set->at[i];

		set->at[i] = set->at[j];
		set->at[j] = r;
	}
}

uint32_t imap_search_max(const struct imap_response *r)
{
	const struct imap_numbers *n = &r->search.numbers;
	uint32_t max = 0;

	if (r->kind == IMAP_ESEARCH)
		return r->esearch.has & IMAP_ESEARCH_MAX ? r->esearch.max : 0;
	for (size_t i = 0; i < n->count; i++)
		max = n->at[i] > max ? n->at[i] : max;
	return max;
}
