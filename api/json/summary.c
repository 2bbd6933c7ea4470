#include "json/summary.h"

void json_message_id(struct json_writer *w, const struct message_id *id)
{
	char text[ID_TEXT_MAX + 1];

	message_id_format(id, text);
	json_put_str(w, text);
}

void json_instant(struct json_writer *w, int64_t unix_s)
{
	char text[32];

	message_format_utc(unix_s, text);
	json_put_str(w, text);
}

static void put_sent_at(struct json_writer *w, const struct zoned_time *t)
{
	char text[32];

	json_key(w, "sentAt");
	if (!t->is_known) {
		json_put_null(w);
		return;
	}
	message_format_zoned(t, text);
	json_put_str(w, text);
}

void json_addresses(struct json_writer *w, const struct address_list *l)
{
	json_array_begin(w);
	for (size_t i = 0; i < l->count; i++) {
		json_object_begin(w);
		json_member_string(w, "name", l->at[i].name);
		json_member_string(w, "email", l->at[i].email);
		json_object_end(w);
	}
	json_array_end(w);
}

void json_strings(struct json_writer *w, const struct bytes_list *l)
{
	json_array_begin(w);
	for (size_t i = 0; i < l->count; i++)
		json_put_string(w, l->at[i]);
	json_array_end(w);
}

void json_keywords(struct json_writer *w, const struct keywords *k)
{
	static const unsigned shown[] = { KEYWORD_SEEN, KEYWORD_ANSWERED, KEYWORD_FLAGGED,
					  KEYWORD_DRAFT };

	json_object_begin(w);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		if (!(k->system & shown[i]))
			continue;
		json_key(w, keywords_system_name(shown[i]));
		json_put_bool(w, true);
	}
	for (size_t i = 0; i < k->custom.count; i++) {
		json_key_bytes(w, k->custom.at[i]);
		json_put_bool(w, true);
	}
	json_object_end(w);
}

static void put_identity(struct json_writer *w, const struct summary *s)
{
	json_key(w, "id");
	json_message_id(w, &s->id);
	json_member_string(w, "emailId", s->email_id);
	json_member_str(w, "folderId", s->id.folder.text);
	json_member_string(w, "threadId", s->thread_id);
	json_key(w, "messageId");
	json_strings(w, &s->headers.message_id);
}

static void put_headers(struct json_writer *w, const struct headers *h)
{
	json_key(w, "from");
	json_addresses(w, &h->from);
	json_key(w, "to");
	json_addresses(w, &h->to);
	json_key(w, "cc");
	json_addresses(w, &h->cc);
	json_member_string(w, "subject", h->subject);
	put_sent_at(w, &h->sent_at);
}

void json_summary_lasting(struct json_writer *w, const struct summary *s)
{
	put_identity(w, s);
	put_headers(w, &s->headers);
	json_key(w, "receivedAt");
	json_instant(w, s->received_at);
	json_member_u64(w, "size", s->size);
	json_member_bool(w, "hasAttachment", s->has_attachment);
}

void json_summary_members(struct json_writer *w, const struct summary *s)
{
	json_summary_lasting(w, s);
	json_key(w, "keywords");
	json_keywords(w, &s->keywords);
	json_member_string(w, "preview", s->preview);
}

static uint8_t *copy(uint8_t *to, struct bytes from)
{
	memcpy(to, from.at, from.len);
	return to + from.len;
}

/* Hot: what lists from memory consist of. */
void json_summary_ready(struct json_writer *w, const struct ready_summary *s)
{
	const struct bytes keywords = BYTES_LIT(",\"keywords\":");
	const struct bytes preview = BYTES_LIT(",\"preview\":");
	struct bytes known = bytes_is_null(s->preview) ? BYTES_LIT("null") : s->preview;
	uint8_t *start = buf_reserve(w->to, s->lasting.len + keywords.len + 2), *at = start;

	if (!start)
		return;
	if (w->need_comma)
		*at++ = ',';
	*at++ = '{';
	at = copy(copy(at, s->lasting), keywords);
	buf_commit(w->to, (size_t)(at - start));
	w->need_comma = false;
	json_keywords(w, &s->keywords);
	start = buf_reserve(w->to, preview.len + known.len + 1);
	if (!start)
		return;
	at = copy(copy(start, preview), known);
	*at++ = '}';
	buf_commit(w->to, (size_t)(at - start));
}

void json_summary(struct json_writer *w, const struct summary *s)
{
	json_object_begin(w);
	json_summary_members(w, s);
	json_object_end(w);
}
