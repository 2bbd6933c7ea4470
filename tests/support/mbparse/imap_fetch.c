/* FETCH as JSON; parts under the names of the API. */
#include "json.h"

static json_t *of_addresses(const struct imap_address_list *l)
{
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < l->count; i++) {
		o = json_object();
		json_object_set_new(o, "name", json_of_bytes(l->at[i].name));
		json_object_set_new(o, "route", json_of_bytes(l->at[i].route));
		json_object_set_new(o, "mailbox", json_of_bytes(l->at[i].mailbox));
		json_object_set_new(o, "host", json_of_bytes(l->at[i].host));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *of_envelope(const struct imap_envelope *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "date", json_of_bytes(e->date));
	json_object_set_new(o, "subject", json_of_bytes(e->subject));
	json_object_set_new(o, "from", of_addresses(&e->from));
	json_object_set_new(o, "sender", of_addresses(&e->sender));
	json_object_set_new(o, "replyTo", of_addresses(&e->reply_to));
	json_object_set_new(o, "to", of_addresses(&e->to));
	json_object_set_new(o, "cc", of_addresses(&e->cc));
	json_object_set_new(o, "bcc", of_addresses(&e->bcc));
	json_object_set_new(o, "inReplyTo", json_of_bytes(e->in_reply_to));
	json_object_set_new(o, "messageId", json_of_bytes(e->message_id));
	return o;
}

static json_t *of_params(const struct param_list *l)
{
	json_t *o = json_object();
	char *name;

	for (size_t i = 0; i < l->count; i++) {
		name = bytes_dup_str(l->at[i].name);
		if (name)
			json_object_set_new(o, name, json_of_bytes(l->at[i].value));
		free(name);
	}
	return o;
}

static const char *encoding_name(const struct part *p)
{
	if (!p->is_encoding_known)
		return "unknown";
	switch (p->encoding) {
	case PART_ENCODING_IDENTITY: break;
	case PART_ENCODING_BASE64: return "base64";
	case PART_ENCODING_QUOTED_PRINTABLE: return "quoted-printable";
	case PART_ENCODING_UUENCODE: return "uuencode";
	}
	return "identity";
}

static void set_if_there(json_t *o, const char *key, struct bytes b)
{
	if (!bytes_is_null(b))
		json_object_set_new(o, key, json_of_bytes(b));
}

static json_t *of_part(const struct part *p)
{
	json_t *o = json_object(), *children;

	json_object_set_new(o, "partId", json_of_bytes(p->part_id));
	json_object_set_new(o, "type", json_of_bytes(p->type));
	json_object_set_new(o, "parameters", of_params(&p->params));
	if (!p->is_multipart) {
		json_object_set_new(o, "encoding", json_string(encoding_name(p)));
		json_object_set_new(o, "encodedSize", json_of_u64(p->encoded_size));
	}
	set_if_there(o, "disposition", p->disposition);
	if (p->disposition_params.count)
		json_object_set_new(o, "dispositionParameters", of_params(&p->disposition_params));
	set_if_there(o, "cid", p->cid);
	if (p->language.count)
		json_object_set_new(o, "language", json_of_bytes_list(&p->language));
	set_if_there(o, "location", p->location);
	set_if_there(o, "description", p->description);
	if (p->is_multipart) {
		children = json_array();
		for (size_t i = 0; i < p->child_count; i++)
			json_array_append_new(children, of_part(&p->children[i]));
		json_object_set_new(o, "subParts", children);
	}
	if (p->message_body)
		json_object_set_new(o, "message", of_part(p->message_body));
	return o;
}

static json_t *of_body(const struct imap_body *b)
{
	static const char *const names[] = {
		[IMAP_BODY] = "BODY",
		[IMAP_BINARY] = "BINARY",
		[IMAP_BINARY_SIZE] = "BINARY.SIZE",
		[IMAP_RFC822] = "RFC822",
		[IMAP_RFC822_HEADER] = "RFC822.HEADER",
		[IMAP_RFC822_TEXT] = "RFC822.TEXT",
	};
	json_t *o = json_object();

	json_object_set_new(o, "item", json_string(names[b->kind]));
	json_object_set_new(o, "section", json_of_bytes(b->section));
	if (b->has_origin)
		json_object_set_new(o, "origin", json_integer(b->origin));
	json_object_set_new(o, "size", json_of_u64(b->size_bytes));
	if (b->kind != IMAP_BINARY_SIZE)
		json_object_set_new(o, "data", json_of_bytes(b->data));
	return o;
}

static void set_ids(json_t *o, const struct imap_fetch *f)
{
	if (f->has & IMAP_FETCH_EMAILID)
		json_object_set_new(o, "EMAILID", json_of_bytes(f->email_id));
	if (f->has & IMAP_FETCH_THREADID)
		json_object_set_new(o, "THREADID", json_of_bytes(f->thread_id));
	if (f->has & IMAP_FETCH_GM_MSGID)
		json_object_set_new(o, "X-GM-MSGID", json_of_u64(f->gm_msgid));
	if (f->has & IMAP_FETCH_GM_THRID)
		json_object_set_new(o, "X-GM-THRID", json_of_u64(f->gm_thrid));
	if (f->has & IMAP_FETCH_GM_LABELS)
		json_object_set_new(o, "X-GM-LABELS", json_of_bytes_list(&f->gm_labels));
}

static void set_basics(json_t *o, const struct imap_fetch *f)
{
	if (f->seq.n)
		json_object_set_new(o, "seq", json_integer(f->seq.n));
	if (f->has & IMAP_FETCH_UID)
		json_object_set_new(o, "UID", json_integer(f->uid));
	if (f->has & IMAP_FETCH_FLAGS)
		json_object_set_new(o, "FLAGS", json_of_flags(&f->flags));
	if (f->has & IMAP_FETCH_INTERNALDATE)
		json_object_set_new(o, "INTERNALDATE", json_of_time(&f->internal_date));
	if (f->has & IMAP_FETCH_SIZE)
		json_object_set_new(o, "RFC822.SIZE", json_of_u64(f->size_bytes));
	if (f->has & IMAP_FETCH_MODSEQ)
		json_object_set_new(o, "MODSEQ", json_of_u64(f->modseq));
	if (f->has & IMAP_FETCH_PREVIEW)
		json_object_set_new(o, "PREVIEW", json_of_bytes(f->preview));
	if (f->has & IMAP_FETCH_SAVEDATE)
		json_object_set_new(o, "SAVEDATE", json_of_time(&f->save_date));
}

json_t *json_of_fetch(const struct imap_fetch *f)
{
	json_t *o = json_object(), *bodies = json_array();

	set_basics(o, f);
	set_ids(o, f);
	if (f->envelope)
		json_object_set_new(o, "ENVELOPE", of_envelope(f->envelope));
	if (f->has & IMAP_FETCH_STRUCTURE)
		json_object_set_new(o, "BODYSTRUCTURE",
				    f->structure ? of_part(f->structure) : json_null());
	for (size_t i = 0; i < f->body_count; i++)
		json_array_append_new(bodies, of_body(&f->bodies[i]));
	if (f->body_count)
		json_object_set(o, "sections", bodies);
	json_decref(bodies);
	if (f->unknown.count)
		json_object_set_new(o, "unknown", json_of_bytes_list(&f->unknown));
	return o;
}
