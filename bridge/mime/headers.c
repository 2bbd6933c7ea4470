#include "mime/headers.h"

#include "mime/address_parse.h"
#include "mime/date.h"
#include "mime/params.h"
#include "mime/words.h"

enum field {
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_SUBJECT,
	FIELD_DATE,
	FIELD_MESSAGE_ID,
	FIELD_IN_REPLY_TO,
	FIELD_REFERENCES,
	FIELDS,
};

static const struct {
	const char *name;
	size_t len;
} names[FIELDS] = {
	[FIELD_FROM] = { "from", 4 },
	[FIELD_SENDER] = { "sender", 6 },
	[FIELD_REPLY_TO] = { "reply-to", 8 },
	[FIELD_TO] = { "to", 2 },
	[FIELD_CC] = { "cc", 2 },
	[FIELD_BCC] = { "bcc", 3 },
	[FIELD_SUBJECT] = { "subject", 7 },
	[FIELD_DATE] = { "date", 4 },
	[FIELD_MESSAGE_ID] = { "message-id", 10 },
	[FIELD_IN_REPLY_TO] = { "in-reply-to", 11 },
	[FIELD_REFERENCES] = { "references", 10 },
};

/* FIELDS when it is none of them. */
static enum field field_of(struct bytes name)
{
	for (unsigned i = 0; i < FIELDS; i++)
		if (name.len == names[i].len && (name.at[0] | 0x20) == names[i].name[0] &&
		    bytes_equal_nocase(name, bytes_of(names[i].name, names[i].len)))
			return (enum field)i;
	return FIELDS;
}

struct state {
	struct arena *mem;
	struct bytes charset;
	struct headers *to;
};

static enum err take_field(struct state *s, enum field field, struct bytes value)
{
	struct headers *h = s->to;

	switch (field) {
	case FIELD_FROM: return mime_addresses_append(s->mem, value, s->charset, &h->from);
	case FIELD_SENDER: return mime_addresses_append(s->mem, value, s->charset, &h->sender);
	case FIELD_REPLY_TO: return mime_addresses_append(s->mem, value, s->charset, &h->reply_to);
	case FIELD_TO: return mime_addresses_append(s->mem, value, s->charset, &h->to);
	case FIELD_CC: return mime_addresses_append(s->mem, value, s->charset, &h->cc);
	case FIELD_BCC: return mime_addresses_append(s->mem, value, s->charset, &h->bcc);
	case FIELD_SUBJECT:
		if (!bytes_is_null(h->subject))
			return ERR_OK;
		return mime_decode_text(s->mem, value, s->charset, &h->subject);
	case FIELD_DATE:
		if (!h->sent_at.is_known)
			h->sent_at = mime_date_parse(value);
		return ERR_OK;
	case FIELD_MESSAGE_ID:
		return h->message_id.count ? ERR_OK : mime_ids_parse(s->mem, value, &h->message_id);
	case FIELD_IN_REPLY_TO:
		return h->in_reply_to.count ? ERR_OK
					    : mime_ids_parse(s->mem, value, &h->in_reply_to);
	case FIELD_REFERENCES:
		return h->references.count ? ERR_OK : mime_ids_parse(s->mem, value, &h->references);
	case FIELDS: break;
	}
	return ERR_OK;
}

static bool is_ascii(struct bytes b)
{
	uint8_t all = 0;

	for (size_t i = 0; i < b.len; i++)
		all |= b.at[i];
	return all < 0x80;
}

/* What raw 8-bit text of this block is in. */
static struct bytes charset_for(struct bytes block, struct bytes charset)
{
	if (charset.len || is_ascii(block))
		return charset;
	return mime_type_charset(mime_fields_find(block, "content-type"));
}

enum err mime_headers_decode(struct arena *mem, struct bytes block, struct bytes charset,
			     struct headers *ret)
{
	struct headers h = { 0 };
	struct state s = { mem, charset_for(block, charset), &h };
	struct mime_fields fields = mime_fields_of(block);
	struct mime_field field;
	enum err e = ERR_OK;

	while (e == ERR_OK && mime_fields_next(&fields, &field))
		e = take_field(&s, field_of(field.name), field.value);
	if (e == ERR_OK)
		*ret = h;
	return e;
}

/* The date stands behind the last ";" (RFC 5321 §4.4). */
static struct zoned_time received_date(struct bytes value)
{
	size_t n = value.len;

	while (n && value.at[n - 1] != ';')
		n--;
	return n ? mime_date_parse(bytes_skip(value, n)) : (struct zoned_time){ 0 };
}

bool mime_looks_mixed(struct bytes block)
{
	struct bytes type = bytes_trim(mime_fields_find(block, "Content-Type"));

	return bytes_starts_with_nocase(type, BYTES_LIT("multipart/mixed"));
}

struct zoned_time mime_received_time(struct bytes block)
{
	struct zoned_time t = received_date(mime_fields_find(block, "received"));

	return t.is_known ? t : mime_date_parse(mime_fields_find(block, "date"));
}

static bool is_wanted(const struct bytes_list *wanted, struct bytes name)
{
	for (size_t i = 0; wanted && i < wanted->count; i++)
		if (bytes_equal_nocase(wanted->at[i], name))
			return true;
	return !wanted;
}

static size_t count_fields(struct bytes block, const struct bytes_list *wanted)
{
	struct mime_fields fields = mime_fields_of(block);
	struct mime_field field;
	size_t n = 0;

	while (n < MIME_FIELDS_MAX && mime_fields_next(&fields, &field))
		n += is_wanted(wanted, field.name);
	return n;
}

enum err mime_header_fields(struct arena *mem, struct bytes block, struct bytes charset,
			    const struct bytes_list *wanted, struct header_fields *ret)
{
	size_t count = count_fields(block, wanted);
	struct header_fields list = { ARENA_ARRAY(mem, count, struct header_field), 0 };
	struct mime_fields fields = mime_fields_of(block);
	struct mime_field field;
	enum err e = list.at ? ERR_OK : ERR_NOMEM;

	charset = charset_for(block, charset);
	while (e == ERR_OK && list.count < count && mime_fields_next(&fields, &field)) {
		struct header_field *to = &list.at[list.count];

		if (!is_wanted(wanted, field.name))
			continue;
		to->name = arena_bytes(mem, field.name);
		e = mime_decode_text(mem, field.value, charset, &to->value);
		if (bytes_is_null(to->name))
			e = ERR_NOMEM;
		list.count++;
	}
	if (e == ERR_OK)
		*ret = list;
	return e;
}
