#include "mime/headers.h"
#include "mime/message.h"
#include "mime/text.h"
#include "pop3/search.h"

#define SCRATCH_BYTES (96u << 20)

/* Of the decoded text of one message. */
#define TEXT_MAX_BYTES (4u << 20)

static bool fresh_scratch(struct pop3_searching *s)
{
	arena_free(s->scratch);
	s->scratch = arena_new(SCRATCH_BYTES);
	return s->scratch != NULL;
}

bool pop3_may_match(struct pop3_searching *s, const struct pop3_message *msg)
{
	const struct mail_query *q = pop3_searching_query(s);
	struct match_message m = { .size = msg->size };

	if (!fresh_scratch(s) || !pop3_message_keywords(msg, s->scratch, &m.keywords))
		return false;
	for (size_t i = 0; i < q->filter_count; i++)
		if (!match_needs(&q->filters[i]) && !match_filter(s->scratch, &q->filters[i], &m))
			return false;
	return true;
}

/* What is known of a message; `ret_headers` is where its headers go. */
static bool know(struct pop3_searching *s, const struct pop3_message *msg,
		 struct headers *ret_headers, struct match_message *ret)
{
	*ret = (struct match_message){ .size = msg->size };
	if (!pop3_message_keywords(msg, s->scratch, &ret->keywords))
		return false;
	if (bytes_is_null(msg->header))
		return true;
	if (mime_headers_decode(s->scratch, msg->header, BYTES_NULL, ret_headers) != ERR_OK)
		return false;
	ret->headers = ret_headers;
	ret->header = msg->header;
	ret->received_at = mime_received_time(msg->header).unix_s;
	ret->has_attachment = mime_looks_mixed(msg->header);
	return true;
}

static void add_row(struct pop3_searching *s, const struct pop3_message *msg,
		    const struct match_message *m)
{
	static const struct headers none;
	struct match_message known = *m;

	if (!known.headers)
		known.headers = &none;
	if (match_row_of(&s->rows[s->row_count], s->row_texts, pop3_searching_query(s)->sort,
			 msg->number, &known))
		s->row_count++;
}

enum pop3_verdict pop3_match_header(struct pop3_searching *s, const struct pop3_message *msg)
{
	const struct mail_query *q = pop3_searching_query(s);
	enum pop3_verdict verdict = POP3_YES;
	struct match_message m;
	struct headers h;

	if (!fresh_scratch(s) || !know(s, msg, &h, &m))
		return POP3_NO;
	for (size_t i = 0; i < q->filter_count; i++) {
		if (match_filter(s->scratch, &q->filters[i], &m))
			continue;
		if (!(match_needs(&q->filters[i]) & MATCH_BODY))
			return POP3_NO;
		verdict = POP3_LOOK_INSIDE;
	}
	if (verdict == POP3_YES)
		add_row(s, msg, &m);
	return verdict;
}

/* The text of all text parts, one after the other. */
static struct bytes text_of(struct pop3_searching *s)
{
	struct arena *mem = s->scratch;
	struct mime_message whole;
	struct part_view view = { 0 };
	struct body_value value;
	struct bytes section;
	struct buf text;
	struct bytes ret;

	if (mime_message_parse(mem, buf_bytes(&s->op.store->spool), &whole) != ERR_OK ||
	    !part_view_of(whole.root, mem, &view))
		return BYTES_NULL;
	buf_init(&text, TEXT_MAX_BYTES);
	for (size_t i = 0; i < view.text_count + view.html_count; i++) {
		const struct part *p =
			i < view.text_count ? view.text[i] : view.html[i - view.text_count];

		if (mime_message_section(&whole, p->part_id, &section) &&
		    mime_body_value(mem, p, section, false, TEXT_MAX_BYTES, &value) == ERR_OK) {
			buf_append(&text, value.value);
			buf_append_byte(&text, '\n');
		}
	}
	ret = arena_bytes(mem, buf_bytes(&text));
	buf_done(&text);
	return ret;
}

void pop3_match_body(struct pop3_searching *s, const struct pop3_message *msg)
{
	const struct mail_query *q = pop3_searching_query(s);
	struct match_message m;
	struct headers h;

	if (!fresh_scratch(s) || !know(s, msg, &h, &m))
		return;
	m.text = text_of(s);
	for (size_t i = 0; i < q->filter_count; i++)
		if (!match_filter(s->scratch, &q->filters[i], &m))
			return;
	add_row(s, msg, &m);
}
