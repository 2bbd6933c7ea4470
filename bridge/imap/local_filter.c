/* What the server could not look for: instants, and words in a charset that it
 * does not know. */
#include "imap/search.h"
#include "mime/headers.h"

bool imap_local_dates(const struct mail_query *q, int64_t received_at)
{
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct mail_filter *f = &q->filters[i];

		if (f->kind == FILTER_AFTER && received_at < f->number)
			return false;
		if (f->kind == FILTER_BEFORE && received_at >= f->number)
			return false;
	}
	return true;
}

static bool contains(struct bytes hay, struct bytes needle)
{
	for (size_t i = 0; i + needle.len <= hay.len; i++) {
		if (bytes_equal_nocase(bytes_of(hay.at + i, needle.len), needle))
			return true;
	}
	return false;
}

static bool any_contains(const struct address_list *l, struct bytes needle)
{
	for (size_t i = 0; i < l->count; i++) {
		if (contains(l->at[i].name, needle) || contains(l->at[i].email, needle))
			return true;
	}
	return false;
}

static bool matches(const struct headers *h, const struct mail_filter *f)
{
	switch (f->kind) {
	case FILTER_FROM: return any_contains(&h->from, f->text);
	case FILTER_TO: return any_contains(&h->to, f->text);
	case FILTER_CC: return any_contains(&h->cc, f->text);
	case FILTER_BCC: return any_contains(&h->bcc, f->text);
	case FILTER_SUBJECT: return contains(h->subject, f->text);
	case FILTER_TEXT:
		return contains(h->subject, f->text) || any_contains(&h->from, f->text) ||
		       any_contains(&h->to, f->text) || any_contains(&h->cc, f->text);
	case FILTER_BODY:
	case FILTER_HEADER:
	case FILTER_AFTER:
	case FILTER_BEFORE:
	case FILTER_MIN_SIZE:
	case FILTER_MAX_SIZE:
	case FILTER_KEYWORD:
	case FILTER_NOT_KEYWORD:
	case FILTER_ATTACHMENT:
	case FILTER_THREAD: break;
	}
	return true;
}

static bool is_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] >= 0x80)
			return false;
	}
	return true;
}

bool imap_local_match(struct arena *mem, const struct mail_query *q, struct bytes header)
{
	struct headers h;

	if (mime_headers_decode(mem, header, BYTES_NULL, &h) != ERR_OK)
		return false;
	for (size_t i = 0; i < q->filter_count; i++) {
		if (!is_ascii(q->filters[i].text) && !matches(&h, &q->filters[i]))
			return false;
	}
	return true;
}

bool imap_local_is_partial(const struct mail_query *q)
{
	for (size_t i = 0; i < q->filter_count; i++) {
		if (!is_ascii(q->filters[i].text) &&
		    (q->filters[i].kind == FILTER_BODY || q->filters[i].kind == FILTER_TEXT ||
		     q->filters[i].kind == FILTER_HEADER))
			return true;
	}
	return false;
}

bool imap_local_attachment(struct arena *mem, const struct mail_query *q,
			   const struct part *structure)
{
	struct part_view view = { 0 };

	if (structure && !part_view_of(structure, mem, &view))
		return false;
	for (size_t i = 0; i < q->filter_count; i++) {
		if (q->filters[i].kind == FILTER_ATTACHMENT &&
		    (q->filters[i].number != 0) != view.has_attachment)
			return false;
	}
	return true;
}
