#include "match/sort.h"

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

struct bytes match_base_subject(struct bytes subject)
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

static struct bytes first_sender(const struct headers *h)
{
	if (h->from.count == 0)
		return BYTES_LIT("");
	return bytes_is_null(h->from.at[0].name) ? h->from.at[0].email : h->from.at[0].name;
}

bool match_sort_needs_headers(enum mail_sort sort)
{
	return sort == SORT_SENT || sort == SORT_SUBJECT || sort == SORT_FROM;
}

bool match_row_of(struct match_row *row, struct arena *mem, enum mail_sort sort, uint32_t place,
		  const struct match_message *m)
{
	const struct headers *h = m->headers;

	*row = (struct match_row){ .place = place, .text = BYTES_LIT("") };
	switch (sort) {
	case SORT_ADDED: break;
	case SORT_RECEIVED: row->number = m->received_at; break;
	case SORT_SENT:
		row->number = h->sent_at.is_known ? h->sent_at.unix_s : m->received_at;
		break;
	case SORT_SIZE: row->number = (int64_t)(m->size <= INT64_MAX ? m->size : INT64_MAX); break;
	case SORT_SUBJECT: row->text = lower(mem, match_base_subject(h->subject)); break;
	case SORT_FROM: row->text = lower(mem, first_sender(h)); break;
	}
	return !bytes_is_null(row->text);
}

bool match_row_of_cursor(struct match_row *row, struct arena *mem, enum mail_sort sort,
			 uint32_t place, struct bytes value)
{
	bool is_negative = value.len && value.at[0] == '-';
	uint64_t n = 0;

	*row = (struct match_row){ .place = place, .text = BYTES_LIT("") };
	if (sort == SORT_SUBJECT || sort == SORT_FROM) {
		row->text = lower(mem, sort == SORT_SUBJECT ? match_base_subject(value) : value);
		return !bytes_is_null(row->text);
	}
	if (sort != SORT_ADDED && !bytes_to_u64(bytes_skip(value, is_negative), INT64_MAX, &n))
		return false;
	row->number = is_negative ? -(int64_t)n : (int64_t)n;
	return true;
}

int match_row_compare(const void *pa, const void *pb)
{
	const struct match_row *a = pa, *b = pb;
	int order = (a->number > b->number) - (a->number < b->number);

	if (!order)
		order = bytes_compare(a->text, b->text);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}
