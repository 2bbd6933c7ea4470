/* What of a baseline is still there, what is gone, and what else there is. */
#include <stdlib.h>

#include "imap/syncing.h"

bool imap_syncing_know(struct imap_syncing *s)
{
	const struct uid_set *from = s->since->uids;
	struct imap_uids *to = &s->known;
	uint64_t size = uid_set_size(from);

	if (size > IMAP_MSGMAP_MAX)
		return false;
	to->at = calloc((size_t)size + 1, sizeof(*to->at));
	for (size_t i = 0; to->at && i < from->count; i++) {
		for (uint64_t uid = from->runs[i].first; uid <= from->runs[i].last; uid++)
			to->at[to->count++] = (uint32_t)uid;
	}
	return to->at != NULL;
}

bool imap_syncing_has(const struct imap_msgmap *map, uint32_t uid)
{
	struct imap_seq from, before;

	imap_msgmap_span(map, uid, uid, &from, &before);
	return from.n < before.n;
}

/* --- what has come ------------------------------------------------------------------------ */

static int compare_uids(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

/* The UIDs whose flags have come, ascending; heap, the caller's. NULL: no memory. */
static uint32_t *seen_uids(const struct imap_news *n)
{
	uint32_t *uids = calloc(n->flag_count + 1, sizeof(*uids));

	for (size_t i = 0; uids && i < n->flag_count; i++)
		uids[i] = n->flags[i].uid;
	if (uids)
		qsort(uids, n->flag_count, sizeof(*uids), compare_uids);
	return uids;
}

/* --- what QRESYNC says --------------------------------------------------------------------- */

bool imap_syncing_vanish(struct imap_syncing *s, const struct imap_set *set)
{
	size_t count = s->vanished_count + set->count;

	if (count > s->vanished_cap) {
		size_t cap = count < IMAP_MSGMAP_MAX ? count * 2 : count;
		struct imap_range *grown = NULL;

		if (count <= 2 * (size_t)IMAP_MSGMAP_MAX)
			grown = reallocarray(s->vanished, cap, sizeof(*grown));
		if (!grown)
			return false;
		s->vanished = grown;
		s->vanished_cap = cap;
	}
	if (set->count)
		memcpy(s->vanished + s->vanished_count, set->at, set->count * sizeof(*set->at));
	s->vanished_count = count;
	return true;
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct imap_range *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

static bool is_vanished(const struct imap_syncing *s, size_t *at, uint32_t uid)
{
	while (*at < s->vanished_count && s->vanished[*at].last < uid)
		++*at;
	return *at < s->vanished_count && s->vanished[*at].first <= uid;
}

/* Ranges in order and disjoint, so that one pass over both is enough. */
static void merge_vanished(struct imap_syncing *s)
{
	size_t n = 0;

	if (s->vanished_count)
		qsort(s->vanished, s->vanished_count, sizeof(*s->vanished), compare_ranges);
	for (size_t i = 0; i < s->vanished_count; i++) {
		struct imap_range r = s->vanished[i];

		if (n && r.first <= s->vanished[n - 1].last) {
			if (r.last > s->vanished[n - 1].last)
				s->vanished[n - 1].last = r.last;
		} else {
			s->vanished[n++] = r;
		}
	}
	s->vanished_count = n;
}

bool imap_syncing_fill(struct imap_syncing *s)
{
	struct imap_mailbox *m = imap_syncing_mailbox(s);
	size_t seen_count = m->news.flag_count, n = 0, i = 0, j = 0, at = 0;
	uint32_t *seen = seen_uids(&m->news);
	uint32_t *there = calloc(s->known.count + seen_count + 1, sizeof(*there));
	bool ok;

	merge_vanished(s);
	while (seen && there && (i < s->known.count || j < seen_count)) {
		bool takes_seen =
			i == s->known.count || (j < seen_count && seen[j] <= s->known.at[i]);
		uint32_t uid = takes_seen ? seen[j++] : s->known.at[i++];

		if ((takes_seen || !is_vanished(s, &at, uid)) && (!n || there[n - 1] != uid))
			there[n++] = uid;
	}
	ok = seen && there && imap_msgmap_fill(&m->map, there, n);
	free(seen);
	free(there);
	return ok;
}

/* What the server says is gone, of what was there. */
static enum err vanished_of(struct imap_syncing *s, struct uid_set *ret)
{
	enum err e = ERR_OK;

	merge_vanished(s);
	for (size_t i = 0; e == ERR_OK && i < s->vanished_count; i++) {
		struct imap_range r = s->vanished[i];

		if (r.first >= s->since->uidnext)
			break;
		if (r.last >= s->since->uidnext)
			r.last = s->since->uidnext - 1;
		e = uid_set_add(ret, r.first, r.last);
	}
	return e;
}

enum err imap_syncing_gone(struct imap_syncing *s, struct uid_set *ret)
{
	const struct imap_msgmap *map = &imap_syncing_mailbox(s)->map;
	uint32_t next = 1;
	enum err e = ERR_OK;

	if (s->since->only_changes && s->has_qresync)
		return vanished_of(s, ret);
	for (size_t i = 0; s->knows_uids && e == ERR_OK && i < s->known.count; i++) {
		if (!imap_syncing_has(map, s->known.at[i]))
			e = uid_set_add(ret, s->known.at[i], s->known.at[i]);
	}
	if (s->knows_uids)
		return e;
	/* All gaps. */
	for (size_t i = 0; e == ERR_OK && i < map->len; i++) {
		uint32_t uid = imap_msgmap_slot(map, i);

		if (uid >= s->since->uidnext)
			break;
		if (!uid)
			continue;
		if (uid > next)
			e = uid_set_add(ret, next, uid - 1);
		next = uid + 1;
	}
	if (e == ERR_OK && s->since->uidnext > next)
		e = uid_set_add(ret, next, s->since->uidnext - 1);
	return e;
}

/* --- what is missing ------------------------------------------------------------------------ */

enum err imap_syncing_missing(const struct imap_syncing *s, struct uid_set *missing)
{
	const struct imap_mailbox *m = imap_syncing_mailbox(s);
	uint32_t *uids = seen_uids(&m->news);
	struct imap_uids seen = { uids, m->news.flag_count };
	enum err e = uids ? ERR_OK : ERR_NOMEM;

	for (size_t i = 0; e == ERR_OK && i < m->map.len; i++) {
		uint32_t uid = imap_msgmap_slot(&m->map, i);
		bool was_known =
			s->knows_uids ? imap_uids_has(&s->known, uid) : uid < s->since->uidnext;

		if (uid && !was_known && !imap_uids_has(&seen, uid))
			e = uid_set_add(missing, uid, uid);
	}
	free(uids);
	return e;
}
