/* What the server could not look for: instants, sizes, and words in a charset that it
 * does not know. */
#include "imap/search.h"
#include "match/filter.h"
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

bool imap_local_sizes(const struct mail_query *q, uint64_t size_bytes)
{
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct mail_filter *f = &q->filters[i];

		if (f->kind == FILTER_MIN_SIZE && size_bytes < (uint64_t)f->number)
			return false;
		if (f->kind == FILTER_MAX_SIZE && size_bytes > (uint64_t)f->number)
			return false;
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

bool imap_local_is_digest(const struct mail_filter *f)
{
	return f->kind == FILTER_THREAD && bytes_equal_str(f->name, "h");
}

/* Has the server not been asked about it, and can its header tell? */
static bool is_open(const struct mail_filter *f, bool is_local_text)
{
	return imap_local_is_digest(f) || (is_local_text && !is_ascii(f->text) &&
					   f->kind != FILTER_BODY && f->kind != FILTER_HEADER);
}

bool imap_local_match(struct arena *mem, const struct mail_query *q, bool is_local_text,
		      struct bytes header)
{
	struct headers h;
	const struct match_message m = { .headers = &h, .header = header };

	if (mime_headers_decode(mem, header, BYTES_NULL, &h) != ERR_OK)
		return false;
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct mail_filter *f = &q->filters[i];

		if (is_open(f, is_local_text) && !match_filter(mem, f, &m))
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
