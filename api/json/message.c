#include "json/message.h"

#include "json/summary.h"

/* null where the message names none, as in RFC 8621 §4.1.4. */
static void put_language(struct json_writer *w, const struct bytes_list *l)
{
	json_key(w, "language");
	if (l->count)
		json_strings(w, l);
	else
		json_put_null(w);
}

/* What a part says of itself, without what is inside it. */
static void put_part_members(struct json_writer *w, const struct part *p)
{
	json_member_string(w, "partId", p->part_id);
	json_member_string(w, "type", p->type);
	json_member_string(w, "name", p->name);
	json_member_string(w, "charset", p->charset);
	json_member_string(w, "disposition", p->disposition);
	json_member_string(w, "cid", p->cid);
	put_language(w, &p->language);
	json_member_string(w, "location", p->location);
	json_member_u64(w, "size", p->size);
	json_member_bool(w, "isSizeExact", p->is_size_exact);
}

/* Depth is limited by PART_DEPTH_MAX where structures are parsed. The message
 * inside a message/rfc822 is not opened: RFC 8621 §4.1.4. */
static void put_tree(struct json_writer *w, const struct part *p)
{
	json_object_begin(w);
	put_part_members(w, p);
	json_key(w, "subParts");
	if (p->is_multipart) {
		json_array_begin(w);
		for (size_t i = 0; i < p->child_count; i++)
			put_tree(w, &p->children[i]);
		json_array_end(w);
	} else {
		json_put_null(w);
	}
	json_object_end(w);
}

static void put_parts(struct json_writer *w, const char *key, const struct part *const *parts,
		      size_t count)
{
	json_key(w, key);
	json_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w);
		put_part_members(w, parts[i]);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_more_headers(struct json_writer *w, const struct headers *h)
{
	json_key(w, "sender");
	json_addresses(w, &h->sender);
	json_key(w, "replyTo");
	json_addresses(w, &h->reply_to);
	json_key(w, "bcc");
	json_addresses(w, &h->bcc);
	json_key(w, "inReplyTo");
	json_strings(w, &h->in_reply_to);
	json_key(w, "references");
	json_strings(w, &h->references);
}

static void put_header_fields(struct json_writer *w, const struct message *m)
{
	json_key(w, "headers");
	if (!m->has_headers) {
		json_put_null(w);
		return;
	}
	json_array_begin(w);
	for (size_t i = 0; i < m->header_field_count; i++) {
		json_object_begin(w);
		json_member_string(w, "name", m->header_fields[i].name);
		json_member_string(w, "value", m->header_fields[i].value);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_structure(struct json_writer *w, const struct message *m)
{
	json_key(w, "bodyStructure");
	if (m->structure)
		put_tree(w, m->structure);
	else
		json_put_null(w);
	put_parts(w, "textBody", m->view.text, m->view.text_count);
	put_parts(w, "htmlBody", m->view.html, m->view.html_count);
	put_parts(w, "attachments", m->view.attachments, m->view.attachment_count);
}

static void put_body_values(struct json_writer *w, const struct message *m)
{
	json_key(w, "bodyValues");
	json_object_begin(w);
	for (size_t i = 0; i < m->body_value_count; i++) {
		const struct body_value *v = &m->body_values[i];

		json_key_bytes(w, v->part_id);
		json_object_begin(w);
		json_member_string(w, "value", v->value);
		json_member_bool(w, "isEncodingProblem", v->is_encoding_problem);
		json_member_bool(w, "isTruncated", v->is_truncated);
		json_object_end(w);
	}
	json_object_end(w);
}

void json_message(struct json_writer *w, const struct message *m)
{
	json_object_begin(w);
	json_summary_members(w, &m->summary);
	put_more_headers(w, &m->summary.headers);
	put_header_fields(w, m);
	put_structure(w, m);
	put_body_values(w, m);
	/* What sanitising did to the HTML values: none of them was sanitised. */
	json_key(w, "htmlInfo");
	json_put_null(w);
	json_object_end(w);
}
