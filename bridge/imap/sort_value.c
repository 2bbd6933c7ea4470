/* Rows to sort by (match/sort.h) out of what FETCH brings. */
#include "imap/search.h"
#include "mime/headers.h"

bool imap_sort_row_of(struct match_row *row, struct arena *mem, enum mail_sort sort,
		      const struct imap_fetch *f)
{
	struct headers headers = { 0 };
	struct mail_item item = { 0 };
	struct match_message m = { .headers = &headers,
				   .received_at = f->internal_date.unix_s,
				   .size = f->size_bytes };

	if (match_sort_needs_headers(sort)) {
		imap_fetch_item(&item, mem, f);
		if (mime_headers_decode(mem, item.header, BYTES_NULL, &headers) != ERR_OK)
			return false;
	}
	return match_row_of(row, mem, sort, f->uid, &m);
}

enum imap_scan_what imap_sort_needs(enum mail_sort sort)
{
	if (match_sort_needs_headers(sort))
		return IMAP_SCAN_HEADERS;
	return sort == SORT_SIZE ? IMAP_SCAN_SIZES : IMAP_SCAN_DATES;
}
