#include "imap/msgmap.h"

#include <stdlib.h>

void imap_msgmap_init(struct imap_msgmap *m)
{
	*m = (struct imap_msgmap){ .base = 1 };
}

void imap_msgmap_done(struct imap_msgmap *m)
{
	free(m->uids);
	imap_msgmap_init(m);
}

static void forget_uids(struct imap_msgmap *m)
{
	m->has_forgotten = m->has_forgotten || m->len;
	m->len = m->gap = 0;
	m->base = m->exists + 1;
	m->generation++;
}

void imap_msgmap_reset(struct imap_msgmap *m)
{
	m->exists = 0;
	forget_uids(m);
	m->has_forgotten = false;
}

/* --- the gap -------------------------------------------------------------------------- */

static void move_gap(struct imap_msgmap *m, size_t to)
{
	uint32_t *uids = m->uids;

	if (m->gap && to < m->gap_at)
		memmove(uids + to + m->gap, uids + to, (m->gap_at - to) * sizeof(*uids));
	else if (m->gap && to > m->gap_at)
		memmove(uids + m->gap_at, uids + m->gap_at + m->gap,
			(to - m->gap_at) * sizeof(*uids));
	m->gap_at = to;
}

static void close_gap(struct imap_msgmap *m)
{
	move_gap(m, m->len);
	m->gap = 0;
}

static void take_out(struct imap_msgmap *m, size_t from, size_t count)
{
	if (from + count == m->gap_at)
		m->gap_at = from; /* it ends where the gap begins */
	else
		move_gap(m, from);
	m->gap += count;
	m->len -= count;
}

/* --- what the server says -------------------------------------------------------------- */

/* Room for so many and the gap. */
static bool reserve(struct imap_msgmap *m, size_t len)
{
	size_t cap = m->cap ? m->cap : 128;
	uint32_t *uids;

	if (len + m->gap <= m->cap)
		return true;
	close_gap(m);
	if (len <= m->cap)
		return true;
	if (len > IMAP_MSGMAP_MAX)
		return false;
	while (cap < len)
		cap *= 2;
	uids = realloc(m->uids, cap * sizeof(*uids));
	if (!uids)
		return false;
	m->uids = uids;
	m->cap = cap;
	return true;
}

void imap_msgmap_set_exists(struct imap_msgmap *m, uint32_t exists)
{
	size_t more;

	if (exists == m->exists)
		return;
	if (exists == UINT32_MAX)
		exists--; /* so that exists + 1 is a number, too */
	if (exists < m->exists) {
		m->exists = exists;
		forget_uids(m);
		return;
	}
	more = exists - m->exists;
	m->exists = exists;
	if (m->len && more <= IMAP_MSGMAP_MAX && reserve(m, m->len + more)) {
		if (m->gap_at == m->len)
			m->gap = 0; /* it is behind all that is left */
		memset(m->uids + m->len + m->gap, 0, more * sizeof(*m->uids));
		m->len += more;
	} else {
		m->has_forgotten = m->has_forgotten || m->len;
		m->len = m->gap = 0;
		m->base = exists + 1;
	}
}

bool imap_msgmap_fill(struct imap_msgmap *m, const uint32_t *uids, size_t count)
{
	if (count != m->exists || count > IMAP_MSGMAP_MAX || !reserve(m, count))
		return false;
	for (size_t i = 0; i < m->len; i++) {
		uint32_t uid = imap_msgmap_slot(m, i);

		if (uid && uid != uids[m->base - 1 + i])
			return false;
	}
	m->gap = 0;
	if (count)
		memcpy(m->uids, uids, count * sizeof(*uids));
	m->base = 1;
	m->len = count;
	m->has_forgotten = false;
	return true;
}

bool imap_msgmap_expunge(struct imap_msgmap *m, struct imap_seq seq)
{
	if (seq.n == 0 || seq.n > m->exists)
		return false;
	m->exists--;
	m->generation++;
	if (seq.n < m->base) {
		m->base--;
		return true;
	}
	take_out(m, seq.n - m->base, 1);
	return true;
}

uint32_t imap_msgmap_uid(const struct imap_msgmap *m, struct imap_seq seq)
{
	return seq.n >= m->base && seq.n <= m->exists ? imap_msgmap_slot(m, seq.n - m->base) : 0;
}

/* The first slot at or after `from` with a known UID; len when there is none. */
static size_t next_known(const struct imap_msgmap *m, size_t from)
{
	while (from < m->len && imap_msgmap_slot(m, from) == 0)
		from++;
	return from;
}

/* The slot of the smallest known UID that is >= uid; len when there is none. */
static size_t lower_bound(const struct imap_msgmap *m, uint32_t uid)
{
	size_t low = 0, high = m->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		size_t known = next_known(m, mid);

		if (known < high && imap_msgmap_slot(m, known) < uid)
			low = known + 1;
		else
			high = mid;
	}
	return next_known(m, low);
}

bool imap_msgmap_has(const struct imap_msgmap *m, uint32_t uid)
{
	size_t at = lower_bound(m, uid);

	return at < m->len && imap_msgmap_slot(m, at) == uid;
}

bool imap_msgmap_count_below(const struct imap_msgmap *m, uint32_t uid, uint32_t *ret)
{
	size_t at = lower_bound(m, uid);
	uint32_t count = m->base - 1 + (uint32_t)at;

	/* Certain when it is itself there, or the one right before is known. */
	if (at == m->len || imap_msgmap_slot(m, at) != uid) {
		if (at == 0 ? m->base != 1 : imap_msgmap_slot(m, at - 1) == 0)
			return false;
	}
	*ret = count;
	return true;
}

void imap_msgmap_span(const struct imap_msgmap *m, uint32_t first, uint32_t last,
		      struct imap_seq *ret_from, struct imap_seq *ret_before)
{
	size_t from = lower_bound(m, first);
	size_t before = last < UINT32_MAX ? lower_bound(m, last + 1) : m->len;

	ret_from->n = m->base + (uint32_t)from;
	ret_before->n = m->base + (uint32_t)before;
}

/* The UIDs around a slot leave room for this one? */
static bool fits(const struct imap_msgmap *m, size_t at, uint32_t uid)
{
	size_t next = next_known(m, at + 1);
	size_t i = at;

	if (next < m->len && imap_msgmap_slot(m, next) <= uid)
		return false;
	while (i > 0 && imap_msgmap_slot(m, i - 1) == 0)
		i--;
	return i == 0 || imap_msgmap_slot(m, i - 1) < uid;
}

/* Makes the array reach down to seq. */
static bool extend_down(struct imap_msgmap *m, uint32_t seq)
{
	size_t more = m->base - seq;

	close_gap(m);
	if (more > IMAP_MSGMAP_MAX || !reserve(m, m->len + more))
		return false;
	memmove(m->uids + more, m->uids, m->len * sizeof(*m->uids));
	memset(m->uids, 0, more * sizeof(*m->uids));
	m->len += more;
	m->base = seq;
	return true;
}

void imap_msgmap_set_uid(struct imap_msgmap *m, struct imap_seq seq, uint32_t uid)
{
	size_t at;

	if (seq.n == 0 || seq.n > m->exists || uid == 0)
		return;
	if (seq.n < m->base && !extend_down(m, seq.n))
		return;
	at = seq.n - m->base;
	if (imap_msgmap_slot(m, at) == uid)
		return;
	if (imap_msgmap_slot(m, at) != 0 || !fits(m, at, uid)) {
		/* It renumbered without a word: nothing that we know holds. */
		forget_uids(m);
		return;
	}
	m->uids[at < m->gap_at ? at : at + m->gap] = uid;
}

static size_t take(size_t *wanted, size_t available)
{
	size_t n = *wanted < available ? *wanted : available;

	*wanted -= n;
	return n;
}

void imap_msgmap_vanish(struct imap_msgmap *m, uint32_t first, uint32_t last)
{
	size_t wanted = (size_t)last - first + 1;
	size_t low = lower_bound(m, first);
	size_t high = last < UINT32_MAX ? lower_bound(m, last + 1) : m->len;
	size_t known_end = high, start = low;

	while (known_end > low && imap_msgmap_slot(m, known_end - 1) == 0)
		known_end--;
	while (start > 0 && imap_msgmap_slot(m, start - 1) == 0)
		start--;
	/* All up to the last known one in the range are in it for certain; what is
	 * still missing must be among the unknown ones around. */
	(void)take(&wanted, known_end - low);
	low -= take(&wanted, low - start);
	known_end += take(&wanted, high - known_end);

	uint32_t below = start == 0 ? (uint32_t)take(&wanted, m->base - 1) : 0;

	take_out(m, low, known_end - low);
	m->base -= below;
	m->exists = m->base + (uint32_t)m->len - 1;
	m->generation++;
}
