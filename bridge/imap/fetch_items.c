/* What FETCH is asked for, and what its answer says (RFC 9051 §6.4.5, §7.5.2). */
#include <stdlib.h>

#include "imap/store.h"

#define FIELD(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1                                                \
	}

/* The fields of struct headers. */
static const struct bytes summary_fields[] = {
	FIELD("DATE"),       FIELD("SUBJECT"),     FIELD("FROM"),       FIELD("SENDER"),
	FIELD("REPLY-TO"),   FIELD("TO"),          FIELD("CC"),         FIELD("BCC"),
	FIELD("MESSAGE-ID"), FIELD("IN-REPLY-TO"), FIELD("REFERENCES"),
};

static void header_item(struct imap_command *c, unsigned want)
{
	struct imap_section s = { .item = "BODY.PEEK", .text = "HEADER" };

	if (!(want & MAIL_HEADER_ALL)) {
		s.text = "HEADER.FIELDS";
		s.fields = summary_fields;
		s.field_count = sizeof(summary_fields) / sizeof(summary_fields[0]);
	}
	imap_command_section(c, &s);
}

static void server_ids(const struct imap_session *s, struct imap_command *c)
{
	if (imap_session_can(s, IMAP_CAP_X_GM_EXT_1)) {
		imap_command_word(c, "X-GM-MSGID");
		imap_command_word(c, "X-GM-THRID");
	} else if (imap_session_can(s, IMAP_CAP_OBJECTID)) {
		imap_command_word(c, "EMAILID");
		imap_command_word(c, "THREADID");
	}
}

void imap_fetch_items(struct imap_exchange *x, unsigned want)
{
	const struct imap_session *s = x->session;
	struct imap_command *c = &x->command;

	imap_command_open(c);
	imap_command_word(c, "UID");
	imap_command_word(c, "FLAGS"); /* always: a message marked \Deleted is not shown */
	if ((want & MAIL_FLAGS) && s->mailbox.highestmodseq)
		imap_command_word(c, "MODSEQ");
	if (want & MAIL_DATES) {
		imap_command_word(c, "INTERNALDATE");
		imap_command_word(c, "RFC822.SIZE");
		server_ids(s, c);
	}
	if (want & MAIL_STRUCTURE)
		imap_command_word(c, "BODYSTRUCTURE");
	if (want & (MAIL_HEADER_SUMMARY | MAIL_HEADER_ALL))
		header_item(c, want);
	if ((want & MAIL_PREVIEW) && imap_session_can(s, IMAP_CAP_PREVIEW))
		imap_command_word(c, "PREVIEW");
	imap_command_close(c);
}

static const struct imap_body *header_of(const struct imap_fetch *f)
{
	for (size_t i = 0; i < f->body_count; i++) {
		const struct imap_body *b = &f->bodies[i];

		if (b->kind == IMAP_BODY && !b->part_id.len &&
		    (b->text == IMAP_SECTION_HEADER || b->text == IMAP_SECTION_FIELDS))
			return b;
	}
	return NULL;
}

bool imap_fetch_answers(const struct imap_fetch *f, unsigned want)
{
	if (!(f->has & IMAP_FETCH_UID))
		return false;
	if (want & (MAIL_HEADER_SUMMARY | MAIL_HEADER_ALL) && header_of(f))
		return true;
	if (want & MAIL_DATES && f->has & (IMAP_FETCH_INTERNALDATE | IMAP_FETCH_SIZE))
		return true;
	if (want & MAIL_STRUCTURE && f->has & IMAP_FETCH_STRUCTURE)
		return true;
	return !(want & ~(unsigned)(MAIL_FLAGS | MAIL_PREVIEW | MAIL_MODSEQ)) &&
	       f->has & IMAP_FETCH_FLAGS;
}

/* System flags under our names, all others as they are; beyond a limit they are
 * left out. */
void imap_keywords_of(struct keywords *to, struct arena *mem, const struct imap_flags *flags)
{
	*to = (struct keywords){ .system = flags->system };
	for (size_t i = 0; i < flags->names.count; i++) {
		struct bytes name = flags->names.at[i];

		if (name.len && name.at[0] != '\\' && keywords_name_is_valid(name) &&
		    !keywords_add(to, mem, name))
			break;
	}
}

static void take_ids(struct mail_item *to, struct arena *mem, const struct imap_fetch *f)
{
	if (f->has & IMAP_FETCH_GM_MSGID)
		to->email_id =
			bytes_of_str(arena_printf(mem, "%llu", (unsigned long long)f->gm_msgid));
	else if (f->has & IMAP_FETCH_EMAILID)
		to->email_id = f->email_id;
	if (f->has & IMAP_FETCH_GM_THRID)
		to->thread_id =
			bytes_of_str(arena_printf(mem, "g.%llu", (unsigned long long)f->gm_thrid));
	else if (f->has & IMAP_FETCH_THREADID && f->thread_id.len)
		to->thread_id = bytes_of_str(arena_printf(mem, "o.%.*s", BYTES_FMT(f->thread_id)));
}

void imap_fetch_item(struct mail_item *to, struct arena *mem, const struct imap_fetch *f)
{
	const struct imap_body *header = header_of(f);

	if (f->has & IMAP_FETCH_FLAGS)
		imap_keywords_of(&to->keywords, mem, &f->flags);
	if (f->has & IMAP_FETCH_MODSEQ)
		to->modseq = f->modseq;
	if (f->has & IMAP_FETCH_INTERNALDATE && f->internal_date.is_known)
		to->received_at = f->internal_date.unix_s;
	if (f->has & IMAP_FETCH_SIZE)
		to->size = f->size_bytes;
	if (f->structure)
		to->structure = f->structure;
	if (header && !header->is_nil && !header->is_streamed)
		to->header = header->data;
	if (f->has & IMAP_FETCH_PREVIEW)
		to->preview = f->preview;
	take_ids(to, mem, f);
}

/* --- items by UID ----------------------------------------------------------------- */

static int compare_uids(const void *pa, const void *pb)
{
	const struct imap_item *a = pa, *b = pb;

	return (a->item.key.uid > b->item.key.uid) - (a->item.key.uid < b->item.key.uid);
}

bool imap_items_init(struct imap_items *l, struct arena *mem, const uint32_t *uids, size_t count)
{
	size_t n = 0;

	*l = (struct imap_items){ .at = ARENA_ARRAY(mem, count, struct imap_item) };
	if (!l->at)
		return false;
	for (size_t i = 0; i < count; i++) {
		l->at[i].item.key = (struct message_key){ .kind = MESSAGE_KEY_UID, .uid = uids[i] };
	}
	if (count)
		qsort(l->at, count, sizeof(*l->at), compare_uids);
	for (size_t i = 0; i < count; i++) {
		if (n == 0 || l->at[n - 1].item.key.uid != l->at[i].item.key.uid)
			l->at[n++] = l->at[i];
	}
	l->count = n;
	return true;
}

struct imap_item *imap_items_find(const struct imap_items *l, uint32_t uid)
{
	struct imap_item key = { .item.key.uid = uid };

	return l->count ? bsearch(&key, l->at, l->count, sizeof(*l->at), compare_uids) : NULL;
}
