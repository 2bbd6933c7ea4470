#include "account/merge.h"

#include <stdlib.h>

#include "account/summary.h"
#include "match/sort.h"

unsigned merge_wants(enum mail_sort sort)
{
	switch (sort) {
	case SORT_ADDED:
	case SORT_RECEIVED:
	case SORT_SIZE: return MAIL_DATES;
	case SORT_SENT:
	case SORT_SUBJECT:
	case SORT_FROM: break;
	}
	return MAIL_DATES | MAIL_HEADER_SUMMARY;
}

static bool reserve(struct merge *m, struct arena *mem, size_t more)
{
	size_t cap = m->cap ? m->cap : 64;
	struct merge_row *rows;

	while (cap < m->count + more)
		cap *= 2;
	if (cap == m->cap)
		return true;
	rows = ARENA_ARRAY(mem, cap, struct merge_row);
	if (!rows)
		return false;
	if (m->count)
		memcpy(rows, m->rows, m->count * sizeof *rows);
	m->rows = rows;
	m->cap = cap;
	return true;
}

static bool is_text_order(enum mail_sort sort)
{
	return sort == SORT_SUBJECT || sort == SORT_FROM;
}

static bool fill(struct merge_row *row, struct arena *mem, enum mail_sort sort,
		 const struct mail_item *item)
{
	struct part_view view;
	struct summary s;

	row->key = item->key;
	row->number = sort == SORT_SIZE ? (int64_t)item->size : item->received_at;
	if (!(merge_wants(sort) & MAIL_HEADER_SUMMARY))
		return true;
	if (!summary_of(mem, row->folder, item, &s, &view))
		return false;
	row->number = 0;
	if (is_text_order(sort))
		row->text = summary_sort_value(mem, sort, &s);
	/* As each folder sorts: a reply stands beside what it answers. */
	if (sort == SORT_SUBJECT)
		row->text = match_base_subject(row->text);
	if (!is_text_order(sort))
		row->number = s.headers.sent_at.is_known ? s.headers.sent_at.unix_s : s.received_at;
	return true;
}

void merge_add(struct merge *m, struct arena *mem, enum mail_sort sort, size_t leaf,
	       const struct folder *folder, const struct mail_page *page)
{
	if (!reserve(m, mem, page->count))
		return;
	for (size_t i = 0; i < page->count; i++) {
		struct merge_row *row = &m->rows[m->count];

		*row = (struct merge_row){ .leaf = leaf, .folder = &folder->id };
		if (!fill(row, mem, sort, &page->items[i]))
			return;
		m->count++;
	}
}

static int compare_nocase(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		int ca = a.at[i], cb = b.at[i];

		ca = ca >= 'A' && ca <= 'Z' ? ca + 32 : ca;
		cb = cb >= 'A' && cb <= 'Z' ? cb + 32 : cb;
		if (ca != cb)
			return ca < cb ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

static int ascending(const void *pa, const void *pb)
{
	const struct merge_row *a = pa, *b = pb;
	int order = (a->number > b->number) - (a->number < b->number);

	if (!order)
		order = compare_nocase(a->text, b->text);
	if (!order)
		order = strcmp(a->folder->text, b->folder->text);
	if (!order)
		order = (a->key.uid > b->key.uid) - (a->key.uid < b->key.uid);
	return order;
}

static int descending(const void *pa, const void *pb)
{
	return ascending(pb, pa);
}

void merge_sort(struct merge *m, bool is_descending)
{
	if (m->count)
		qsort(m->rows, m->count, sizeof *m->rows, is_descending ? descending : ascending);
}

struct bytes merge_sort_value(struct arena *mem, enum mail_sort sort, const struct merge_row *row)
{
	if (is_text_order(sort))
		return row->text;
	return bytes_of_str(arena_printf(mem, "%lld", (long long)row->number));
}

const char *incomplete_code(const struct fault *fault)
{
	switch (fault->err) {
	case ERR_TIMEOUT: return "upstream-timeout";
	case ERR_NET: return "upstream-unreachable";
	case ERR_TLS: return "upstream-tls-failed";
	case ERR_PROTO: return "upstream-protocol-error";
	case ERR_TOO_BIG: return "upstream-too-large";
	case ERR_BUSY: return "upstream-unavailable";
	case ERR_AUTH: return "credentials-revoked";
	case ERR_DENIED: return "permission-denied";
	case ERR_UNSUPPORTED: return "not-supported";
	case ERR_OK:
	case ERR_NOMEM:
	case ERR_INTERNAL:
	case ERR_CANCELLED:
	case ERR_NOT_FOUND:
	case ERR_EXISTS:
	case ERR_CONFLICT:
	case ERR_QUOTA:
	case ERR_INVALID:
	case ERR_REFUSED:
	case ERR_UNKNOWN: break;
	}
	return "upstream-refused";
}
