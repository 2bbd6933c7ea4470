#include "account/summary.h"

#include "mime/headers.h"
#include "mime/params.h"

/* The charset that raw 8-bit header text is probably in: that of the text. */
static struct bytes text_charset(const struct part_view *view)
{
	return view->text_count ? view->text[0]->charset : BYTES_NULL;
}

static bool read_structure(struct arena *mem, struct part *root, struct part_view *view)
{
	if (!root)
		return true;
	return mime_decode_part_names(mem, root) == ERR_OK && part_view_of(root, mem, view);
}

/* The server's own thread id where it has one, else the root of the references. */
static struct bytes thread_id(struct arena *mem, const struct mail_item *item,
			      const struct summary *s)
{
	return bytes_is_null(item->thread_id) ? message_thread_id(mem, &s->headers, &s->id)
					      : item->thread_id;
}

bool summary_of(struct arena *mem, const struct folder_id *folder, const struct mail_item *item,
		struct summary *ret, struct part_view *ret_view)
{
	struct summary s = { .id = { *folder, item->key },
			     .email_id = item->email_id,
			     .received_at = item->received_at,
			     .size = item->size,
			     .keywords = item->keywords,
			     .preview = item->preview };
	struct part_view view = { 0 };

	if (!read_structure(mem, item->structure, &view))
		return false;
	if (mime_headers_decode(mem, item->header, text_charset(&view), &s.headers) != ERR_OK)
		return false;
	s.has_attachment = item->structure ? view.has_attachment : mime_looks_mixed(item->header);
	s.thread_id = thread_id(mem, item, &s);
	if (bytes_is_null(s.thread_id))
		return false;
	*ret = s;
	*ret_view = view;
	return true;
}

static struct bytes sender_name(const struct headers *h)
{
	const struct address *first = h->from.count ? &h->from.at[0] : NULL;

	if (!first)
		return BYTES_LIT("");
	return bytes_is_null(first->name) ? first->email : first->name;
}

static struct bytes number_text(struct arena *mem, int64_t n)
{
	return bytes_of_str(arena_printf(mem, "%lld", (long long)n));
}

struct bytes summary_sort_value(struct arena *mem, enum mail_sort sort, const struct summary *s)
{
	const struct zoned_time *sent = &s->headers.sent_at;

	switch (sort) {
	case SORT_ADDED: break;
	case SORT_RECEIVED: return number_text(mem, s->received_at);
	case SORT_SENT: return number_text(mem, sent->is_known ? sent->unix_s : s->received_at);
	case SORT_SIZE: return number_text(mem, (int64_t)s->size);
	case SORT_SUBJECT:
		return bytes_is_null(s->headers.subject) ? BYTES_LIT("") : s->headers.subject;
	case SORT_FROM: return sender_name(&s->headers);
	}
	return BYTES_NULL;
}

void summary_list_collapse(struct summary_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		bool is_first = true;

		for (size_t j = 0; j < kept; j++)
			is_first = is_first && !bytes_equal(l->at[j].thread_id, l->at[i].thread_id);
		if (is_first)
			l->at[kept++] = l->at[i];
	}
	l->count = kept;
}
