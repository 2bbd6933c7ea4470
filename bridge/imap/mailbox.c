#include "imap/mailbox.h"

#include <stdlib.h>

void imap_mailbox_init(struct imap_mailbox *m)
{
	*m = (struct imap_mailbox){ 0 };
	imap_msgmap_init(&m->map);
}

void imap_mailbox_done(struct imap_mailbox *m)
{
	free((void *)m->path.at);
	imap_msgmap_done(&m->map);
	imap_marks_done(&m->marks);
	imap_news_done(&m->news);
	imap_threads_done(&m->threads);
	imap_mailbox_init(m);
}

void imap_mailbox_close(struct imap_mailbox *m)
{
	struct imap_msgmap map = m->map;
	struct imap_marks marks = m->marks;

	free((void *)m->path.at);
	imap_news_done(&m->news);
	imap_threads_done(&m->threads);
	imap_msgmap_reset(&map);
	imap_marks_reset(&marks);
	*m = (struct imap_mailbox){ .map = map, .marks = marks };
}

bool imap_mailbox_open(struct imap_mailbox *m, struct bytes path)
{
	uint8_t *copy = malloc(path.len + 1);

	imap_mailbox_close(m);
	if (!copy)
		return false;
	if (path.len)
		memcpy(copy, path.at, path.len);
	m->path = bytes_of(copy, path.len);
	m->is_selected = m->is_selecting = true;
	return true;
}

static void see_uidvalidity(struct imap_mailbox *m, uint32_t uidvalidity)
{
	if (!m->is_selecting && uidvalidity != m->uidvalidity)
		m->news.is_lost = true;
	if (uidvalidity != m->uidvalidity)
		imap_threads_done(&m->threads);
	m->uidvalidity = uidvalidity;
}

/* Not from an untagged OK that comes by itself: what it counts may not have been told
 * yet (RFC 7162 §3.1.2). */
static void see_highestmodseq(struct imap_mailbox *m, enum imap_kind kind, uint64_t modseq)
{
	if (m->is_selecting || kind == IMAP_TAGGED)
		m->highestmodseq = modseq;
}

static void see_code(struct imap_mailbox *m, enum imap_kind kind, const struct imap_text *t)
{
	if (t->code == IMAP_CODE_UIDVALIDITY)
		see_uidvalidity(m, (uint32_t)t->number);
	else if (t->code == IMAP_CODE_UIDNEXT)
		m->uidnext = (uint32_t)t->number;
	else if (t->code == IMAP_CODE_HIGHESTMODSEQ)
		see_highestmodseq(m, kind, t->number);
	else if (t->code == IMAP_CODE_NOMODSEQ)
		m->highestmodseq = 0;
	else if (t->code == IMAP_CODE_READ_ONLY)
		m->is_read_only = true;
	else if (t->code == IMAP_CODE_READ_WRITE)
		m->is_read_only = false;
	else if (t->code == IMAP_CODE_PERMANENTFLAGS) {
		m->has_permanent_flags = true;
		m->permanent_system = t->flags.system;
		m->takes_keywords = t->flags.is_extensible;
	}
}

uint32_t imap_mailbox_uid_of(const struct imap_mailbox *m, const struct imap_fetch *f)
{
	return f->has & IMAP_FETCH_UID ? f->uid : imap_msgmap_uid(&m->map, f->seq);
}

static void see_fetch(struct imap_mailbox *m, const struct imap_fetch *f)
{
	if (f->has & IMAP_FETCH_FLAGS)
		imap_news_see_flags(&m->news, imap_mailbox_uid_of(m, f), f);
	if (f->has & IMAP_FETCH_UID) {
		imap_msgmap_set_uid(&m->map, f->seq, f->uid);
		if (m->uidnext && f->uid >= m->uidnext && f->uid < UINT32_MAX)
			m->uidnext = f->uid + 1;
	}
	if (f->has & IMAP_FETCH_FLAGS && f->seq.n <= m->map.exists &&
	    !imap_marks_set(&m->marks, f->seq, f->flags.system & KEYWORD_DELETED))
		m->has_marks = false;
}

static void see_expunge(struct imap_mailbox *m, struct imap_seq seq)
{
	imap_news_see_gone(&m->news, imap_msgmap_uid(&m->map, seq));
	if (imap_msgmap_expunge(&m->map, seq))
		imap_marks_expunge(&m->marks, seq);
}

static void vanish(struct imap_mailbox *m, const struct imap_range *r)
{
	uint32_t exists = m->map.exists, known = 0;
	struct imap_seq from, seq;

	imap_msgmap_span(&m->map, r->first, r->last, &from, &seq);
	while (seq.n > from.n) {
		uint32_t uid;

		seq.n--;
		uid = imap_msgmap_uid(&m->map, seq);
		if (!uid)
			continue;
		known++;
		imap_news_see_gone(&m->news, uid);
		imap_marks_expunge(&m->marks, seq);
	}
	imap_msgmap_vanish(&m->map, r->first, r->last);
	/* Which numbers the others had is not known. */
	if (exists - m->map.exists != known && m->marks.count) {
		imap_marks_reset(&m->marks);
		m->has_marks = false;
	}
}

static void see_vanished(struct imap_mailbox *m, const struct imap_vanished *v)
{
	for (size_t i = 0; !v->is_earlier && i < v->uids.count; i++)
		vanish(m, &v->uids.at[i]);
}

static void see_exists(struct imap_mailbox *m, uint32_t exists)
{
	if (exists > m->map.exists)
		m->news.has_grown = true;
	imap_msgmap_set_exists(&m->map, exists);
}

void imap_mailbox_see(struct imap_mailbox *m, const struct imap_response *r)
{
	if (!m->is_selected)
		return;
	if (r->kind == IMAP_UNTAGGED || r->kind == IMAP_TAGGED)
		see_code(m, r->kind, &r->text);
	else if (r->kind == IMAP_EXISTS)
		see_exists(m, r->number);
	else if (r->kind == IMAP_EXPUNGE)
		see_expunge(m, r->seq);
	else if (r->kind == IMAP_VANISHED)
		see_vanished(m, &r->vanished);
	else if (r->kind == IMAP_FETCH)
		see_fetch(m, &r->fetch);
	/* Not during SELECT, where numbers may come before EXISTS. */
	if (m->map.has_forgotten && !m->is_selecting)
		m->news.is_lost = true;
}

void imap_mailbox_see_deleted(struct imap_mailbox *m, const struct imap_response *r)
{
	const struct imap_numbers *n = &r->search.numbers;
	struct imap_range *ranges;

	if (r->kind == IMAP_ESEARCH) {
		m->has_marks = imap_marks_set_all(&m->marks, r->esearch.all.at,
						  r->esearch.all.count, m->map.exists);
		return;
	}
	ranges = calloc(n->count + 1, sizeof(*ranges));
	for (size_t i = 0; ranges && i < n->count; i++)
		ranges[i] = (struct imap_range){ n->at[i], n->at[i] };
	m->has_marks = ranges && imap_marks_set_all(&m->marks, ranges, n->count, m->map.exists);
	free(ranges);
}
