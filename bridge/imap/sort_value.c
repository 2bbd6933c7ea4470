/*
 * What messages are sorted by where the server has no SORT, and what a cursor
 * remembers of its message: RFC 5256 §2.2 and RFC 5957 as far as one can be sure
 * of them, bytewise in lower case.
 */
#include <stdlib.h>

#include "imap/search.h"
#include "mime/headers.h"

/* --- the base subject ---------------------------------------------------------------- */

/* subj-blob: "[...]" and the spaces behind it; 0 when there is none. */
static size_t blob_bytes(struct bytes s)
{
	size_t end = bytes_index(s, ']');

	if (!s.len || s.at[0] != '[' || end == s.len ||
	    bytes_index(bytes_skip(s, 1), '[') < end - 1)
		return 0;
	for (end++; end < s.len && (s.at[end] == ' ' || s.at[end] == '\t');)
		end++;
	return end;
}

/* subj-refwd: "re", "fw" or "fwd", a blob if any, and a colon; 0: none. */
static size_t refwd_bytes(struct bytes s)
{
	static const char *const words[] = { "re", "fwd", "fw" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct bytes rest = bytes_skip(s, strlen(words[i]));

		if (!bytes_starts_with_nocase(s, bytes_of_str(words[i])))
			continue;
		while (rest.len && (rest.at[0] == ' ' || rest.at[0] == '\t'))
			rest = bytes_skip(rest, 1);
		rest = bytes_skip(rest, blob_bytes(rest));
		if (rest.len && rest.at[0] == ':')
			return (size_t)(rest.at + 1 - s.at);
	}
	return 0;
}

static bool cut_end(struct bytes *s)
{
	static const struct bytes trailer = { (const uint8_t *)"(fwd)", 5 };

	*s = bytes_trim(*s);
	if (s->len < trailer.len ||
	    !bytes_equal_nocase(bytes_skip(*s, s->len - trailer.len), trailer))
		return false;
	s->len -= trailer.len;
	return true;
}

static bool cut_front(struct bytes *s)
{
	size_t n;

	*s = bytes_trim(*s);
	n = refwd_bytes(*s);
	if (!n) {
		n = blob_bytes(*s);
		if (n == s->len)
			n = 0; /* the blob is all there is: that is the subject */
	}
	*s = bytes_skip(*s, n);
	return n > 0;
}

struct bytes imap_base_subject(struct bytes subject)
{
	struct bytes s = subject;

	for (;;) {
		while (cut_end(&s) || cut_front(&s))
			;
		/* "[fwd: ...]" */
		if (!bytes_starts_with_nocase(s, BYTES_LIT("[fwd:")) || s.at[s.len - 1] != ']')
			return bytes_trim(s);
		s = bytes_of(s.at + 5, s.len - 6);
	}
}

/* --- rows -------------------------------------------------------------------------------- */

static struct bytes lower(struct arena *mem, struct bytes b)
{
	char *to = arena_str(mem, b);

	for (size_t i = 0; to && i < b.len; i++) {
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] = (char)(to[i] | 0x20);
	}
	return bytes_of(to, to ? b.len : 0);
}

static bool read_headers(struct imap_sort_row *row, struct arena *mem, enum mail_sort sort,
			 const struct imap_fetch *f)
{
	struct mail_item item = { 0 };
	struct headers h = { 0 };
	struct bytes text = BYTES_LIT("");

	imap_fetch_item(&item, mem, f);
	if (mime_headers_decode(mem, item.header, BYTES_NULL, &h) != ERR_OK)
		return false;
	if (sort == SORT_SENT) {
		row->number = h.sent_at.is_known ? h.sent_at.unix_s : item.received_at;
		return true;
	}
	if (sort == SORT_SUBJECT)
		text = imap_base_subject(h.subject);
	else if (h.from.count)
		text = bytes_is_null(h.from.at[0].name) ? h.from.at[0].email : h.from.at[0].name;
	row->text = lower(mem, text);
	return true;
}

bool imap_sort_row_of(struct imap_sort_row *row, struct arena *mem, enum mail_sort sort,
		      const struct imap_fetch *f)
{
	*row = (struct imap_sort_row){ .uid = f->uid, .text = BYTES_LIT("") };
	switch (sort) {
	case SORT_ADDED: break;
	case SORT_RECEIVED: row->number = f->internal_date.unix_s; break;
	case SORT_SIZE:
		row->number = (int64_t)(f->size_bytes <= INT64_MAX ? f->size_bytes : INT64_MAX);
		break;
	case SORT_SENT:
	case SORT_SUBJECT:
	case SORT_FROM: return read_headers(row, mem, sort, f);
	}
	return true;
}

bool imap_sort_row_of_cursor(struct imap_sort_row *row, struct arena *mem, enum mail_sort sort,
			     const struct mail_window *w)
{
	struct bytes value = w->sort_value;
	bool is_negative = value.len && value.at[0] == '-';
	uint64_t n = 0;

	*row = (struct imap_sort_row){ .uid = w->key.uid, .text = BYTES_LIT("") };
	if (sort == SORT_SUBJECT || sort == SORT_FROM) {
		row->text = lower(mem, sort == SORT_SUBJECT ? imap_base_subject(value) : value);
		return !bytes_is_null(row->text);
	}
	if (sort != SORT_ADDED && !bytes_to_u64(bytes_skip(value, is_negative), INT64_MAX, &n))
		return false;
	row->number = is_negative ? -(int64_t)n : (int64_t)n;
	return true;
}

int imap_sort_compare(const void *pa, const void *pb)
{
	const struct imap_sort_row *a = pa, *b = pb;
	int order = (a->number > b->number) - (a->number < b->number);

	if (!order)
		order = bytes_compare(a->text, b->text);
	return order ? order : (a->uid > b->uid) - (a->uid < b->uid);
}

enum imap_scan_what imap_sort_needs(enum mail_sort sort)
{
	switch (sort) {
	case SORT_ADDED:
	case SORT_RECEIVED: return IMAP_SCAN_DATES;
	case SORT_SIZE: return IMAP_SCAN_SIZES;
	case SORT_SENT:
	case SORT_SUBJECT:
	case SORT_FROM: break;
	}
	return IMAP_SCAN_HEADERS;
}
