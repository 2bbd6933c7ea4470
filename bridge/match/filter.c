#include "match/filter.h"

#include "match/fold.h"
#include "mime/headers.h"

unsigned match_needs(const struct mail_filter *f)
{
	switch (f->kind) {
	case FILTER_TEXT: return MATCH_HEADERS | MATCH_BODY;
	case FILTER_BODY: return MATCH_BODY;
	case FILTER_FROM:
	case FILTER_TO:
	case FILTER_CC:
	case FILTER_BCC:
	case FILTER_SUBJECT:
	case FILTER_HEADER:
	case FILTER_AFTER:
	case FILTER_BEFORE:
	case FILTER_THREAD: return MATCH_HEADERS;
	case FILTER_ATTACHMENT: return MATCH_STRUCTURE;
	case FILTER_MIN_SIZE:
	case FILTER_MAX_SIZE:
	case FILTER_KEYWORD:
	case FILTER_NOT_KEYWORD: break;
	}
	return 0;
}

/* One search: the needle is folded once. */
struct search {
	struct arena *mem;
	struct bytes needle;
};

static bool contains(const struct search *s, struct bytes hay)
{
	struct bytes folded = match_fold(s->mem, hay);

	return !bytes_is_null(folded) &&
	       (s->needle.len == 0 || bytes_find(folded, s->needle) < folded.len);
}

static bool any_address(const struct search *s, const struct address_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (contains(s, l->at[i].name) || contains(s, l->at[i].email))
			return true;
	}
	return false;
}

static bool in_headers(const struct search *s, const struct headers *h)
{
	return contains(s, h->subject) || any_address(s, &h->from) || any_address(s, &h->to) ||
	       any_address(s, &h->cc) || any_address(s, &h->bcc);
}

static bool in_field(const struct search *s, struct bytes name, struct bytes header)
{
	const struct bytes_list names = { &name, 1 };
	struct header_fields fields;

	if (mime_header_fields(s->mem, header, BYTES_NULL, &names, &fields) != ERR_OK)
		return false;
	for (size_t i = 0; i < fields.count; i++) {
		if (contains(s, fields.at[i].value))
			return true;
	}
	return false;
}

static bool has_id(const struct bytes_list *ids, struct bytes id)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (bytes_equal(ids->at[i], id))
			return true;
	}
	return false;
}

/* The root of the thread is too long to be its name; that is a digest. */
static bool has_digest(struct arena *mem, struct bytes digest, const struct headers *h)
{
	static const struct message_id none = { .key.uid = 0 };
	struct bytes id = message_thread_id(mem, h, &none);

	return bytes_starts_with(id, BYTES_LIT("h.")) && bytes_equal(bytes_skip(id, 2), digest);
}

/* The servers' own threads are theirs to look for. */
static bool in_thread(struct arena *mem, const struct mail_filter *f, const struct headers *h)
{
	if (bytes_equal_str(f->name, "h"))
		return has_digest(mem, f->text, h);
	return bytes_is_null(f->name) &&
	       (has_id(&h->message_id, f->text) || has_id(&h->references, f->text) ||
		has_id(&h->in_reply_to, f->text));
}

static bool matches_headers(const struct search *s, const struct mail_filter *f,
			    const struct match_message *m)
{
	const struct headers *h = m->headers;

	switch (f->kind) {
	case FILTER_FROM: return any_address(s, &h->from);
	case FILTER_TO: return any_address(s, &h->to);
	case FILTER_CC: return any_address(s, &h->cc);
	case FILTER_BCC: return any_address(s, &h->bcc);
	case FILTER_SUBJECT: return contains(s, h->subject);
	case FILTER_HEADER: return in_field(s, f->name, m->header);
	case FILTER_AFTER: return m->received_at >= f->number;
	case FILTER_BEFORE: return m->received_at < f->number;
	case FILTER_THREAD: return in_thread(s->mem, f, h);
	case FILTER_TEXT:
	case FILTER_BODY:
	case FILTER_MIN_SIZE:
	case FILTER_MAX_SIZE:
	case FILTER_KEYWORD:
	case FILTER_NOT_KEYWORD:
	case FILTER_ATTACHMENT: break;
	}
	return false;
}

bool match_filter(struct arena *mem, const struct mail_filter *f, const struct match_message *m)
{
	struct search s = { mem, match_fold(mem, f->text) };

	if (!bytes_is_null(f->text) && bytes_is_null(s.needle))
		return false;
	switch (f->kind) {
	case FILTER_MIN_SIZE: return m->size >= (uint64_t)f->number;
	case FILTER_MAX_SIZE: return m->size <= (uint64_t)f->number;
	case FILTER_KEYWORD: return keywords_has(&m->keywords, f->text);
	case FILTER_NOT_KEYWORD: return !keywords_has(&m->keywords, f->text);
	case FILTER_ATTACHMENT: return m->has_attachment == (f->number != 0);
	case FILTER_BODY: return contains(&s, m->text);
	case FILTER_TEXT:
		return (m->headers && in_headers(&s, m->headers)) || contains(&s, m->text);
	case FILTER_FROM:
	case FILTER_TO:
	case FILTER_CC:
	case FILTER_BCC:
	case FILTER_SUBJECT:
	case FILTER_HEADER:
	case FILTER_AFTER:
	case FILTER_BEFORE:
	case FILTER_THREAD: break;
	}
	return m->headers && matches_headers(&s, f, m);
}
