/*
 * FETCH, RFC 9051 §7.5.2: a table of items. What is not in it is skipped as a
 * whole. An ENVELOPE or structure that a server gets wrong costs only itself,
 * as long as its parentheses balance: the message stays readable otherwise.
 */
#include "imap/date.h"
#include "imap/reader.h"

typedef void item_fn(struct imap_reader *r, struct imap_fetch *f);

static void read_flags(struct imap_reader *r, struct imap_fetch *f)
{
	imap_read_flags(r, &f->flags);
}

static void read_uid(struct imap_reader *r, struct imap_fetch *f)
{
	f->uid = imap_read_u32(r);
	if (f->uid == 0)
		imap_fail(r, "a UID is never 0");
}

static void read_size(struct imap_reader *r, struct imap_fetch *f)
{
	f->size_bytes = imap_read_u64(r);
}

static void read_date(struct imap_reader *r, struct zoned_time *to)
{
	struct bytes text = imap_read_nstring(r);

	if (bytes_is_null(text) || !imap_date_time_parse(text, to))
		*to = (struct zoned_time){ 0 };
}

static void read_internal_date(struct imap_reader *r, struct imap_fetch *f)
{
	read_date(r, &f->internal_date);
}

static void read_save_date(struct imap_reader *r, struct imap_fetch *f)
{
	read_date(r, &f->save_date);
}

/* permsg-modsequence = "(" mod-sequence-value ")", RFC 7162 §7; Zoho sends -1 where
 * it knows none. */
static void read_modseq(struct imap_reader *r, struct imap_fetch *f)
{
	bool is_wrapped = imap_try(r, '('), is_negative = imap_try(r, '-');

	f->modseq = imap_read_u64(r);
	if (is_negative) {
		f->modseq = 0;
		f->has &= ~(unsigned)IMAP_FETCH_MODSEQ;
	}
	if (is_wrapped)
		imap_expect(r, ')', "a closing parenthesis is missing");
}

static void read_email_id(struct imap_reader *r, struct imap_fetch *f)
{
	f->email_id = imap_read_wrapped(r);
}

static void read_thread_id(struct imap_reader *r, struct imap_fetch *f)
{
	f->thread_id = imap_read_wrapped(r);
}

/* nstring (RFC 8970), or "(" algorithm SP nstring ")" of its drafts */
static void read_preview(struct imap_reader *r, struct imap_fetch *f)
{
	if (!imap_try(r, '(')) {
		f->preview = imap_read_nstring(r);
		return;
	}
	(void)imap_read_word(r);
	imap_expect_space(r);
	f->preview = imap_read_nstring(r);
	imap_expect(r, ')', "a closing parenthesis is missing");
}

static void read_gm_msgid(struct imap_reader *r, struct imap_fetch *f)
{
	f->gm_msgid = imap_read_u64(r);
}

static void read_gm_thrid(struct imap_reader *r, struct imap_fetch *f)
{
	f->gm_thrid = imap_read_u64(r);
}

static void read_gm_labels(struct imap_reader *r, struct imap_fetch *f)
{
	f->gm_labels = imap_read_astring_list(r);
}

static void note_fault(struct imap_fetch *f, size_t offset, const char *reason)
{
	if (!f->fault.reason)
		f->fault = (struct imap_parse_fault){ .offset = offset, .reason = reason };
}

/* After a fault in a nested item: leaves it out if it can be skipped whole. */
static void leave_out(struct imap_reader *r, const struct imap_reader *from, struct imap_fetch *f)
{
	struct imap_reader ahead = *from;

	if (r->err != ERR_PROTO)
		return;
	imap_skip_value(&ahead);
	if (!imap_reader_ok(&ahead) || (imap_peek(&ahead) != ' ' && imap_peek(&ahead) != ')'))
		return;
	note_fault(f, (size_t)(r->fault - r->start), r->reason);
	*r = ahead;
}

static void read_envelope(struct imap_reader *r, struct imap_fetch *f)
{
	struct imap_reader from = *r;

	f->envelope = imap_read_envelope(r);
	leave_out(r, &from, f);
}

static void read_structure(struct imap_reader *r, struct imap_fetch *f)
{
	struct imap_reader from = *r;

	f->structure = imap_read_structure(r, &f->is_structure_cut);
	leave_out(r, &from, f);
}

static const struct item {
	struct bytes name;
	item_fn *read;
	unsigned bit;
} items[] = {
	{ IMAP_WORD("UID"), read_uid, IMAP_FETCH_UID },
	{ IMAP_WORD("FLAGS"), read_flags, IMAP_FETCH_FLAGS },
	{ IMAP_WORD("INTERNALDATE"), read_internal_date, IMAP_FETCH_INTERNALDATE },
	{ IMAP_WORD("RFC822.SIZE"), read_size, IMAP_FETCH_SIZE },
	{ IMAP_WORD("MODSEQ"), read_modseq, IMAP_FETCH_MODSEQ },
	{ IMAP_WORD("ENVELOPE"), read_envelope, IMAP_FETCH_ENVELOPE },
	{ IMAP_WORD("BODYSTRUCTURE"), read_structure, IMAP_FETCH_STRUCTURE },
	{ IMAP_WORD("BODY"), read_structure, IMAP_FETCH_STRUCTURE },
	{ IMAP_WORD("EMAILID"), read_email_id, IMAP_FETCH_EMAILID },
	{ IMAP_WORD("THREADID"), read_thread_id, IMAP_FETCH_THREADID },
	{ IMAP_WORD("PREVIEW"), read_preview, IMAP_FETCH_PREVIEW },
	{ IMAP_WORD("SAVEDATE"), read_save_date, IMAP_FETCH_SAVEDATE },
	{ IMAP_WORD("X-GM-MSGID"), read_gm_msgid, IMAP_FETCH_GM_MSGID },
	{ IMAP_WORD("X-GM-THRID"), read_gm_thrid, IMAP_FETCH_GM_THRID },
	{ IMAP_WORD("X-GM-LABELS"), read_gm_labels, IMAP_FETCH_GM_LABELS },
};

static const struct {
	struct bytes name;
	enum imap_body_kind kind;
	bool needs_bracket;
} sections[] = {
	{ IMAP_WORD("BODY"), IMAP_BODY, true },
	{ IMAP_WORD("BODY.PEEK"), IMAP_BODY, true },
	{ IMAP_WORD("BINARY"), IMAP_BINARY, true },
	{ IMAP_WORD("BINARY.PEEK"), IMAP_BINARY, true },
	{ IMAP_WORD("BINARY.SIZE"), IMAP_BINARY_SIZE, true },
	{ IMAP_WORD("RFC822"), IMAP_RFC822, false },
	{ IMAP_WORD("RFC822.HEADER"), IMAP_RFC822_HEADER, false },
	{ IMAP_WORD("RFC822.TEXT"), IMAP_RFC822_TEXT, false },
};

static const struct item *find_item(struct bytes name)
{
	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		if (bytes_equal_nocase(name, items[i].name))
			return &items[i];
	return NULL;
}

static bool find_section(struct bytes name, bool has_bracket, enum imap_body_kind *ret)
{
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		if ((sections[i].needs_bracket && !has_bracket) ||
		    !bytes_equal_nocase(name, sections[i].name))
			continue;
		*ret = sections[i].kind;
		return true;
	}
	return false;
}

static void skip_between(struct imap_reader *r, uint8_t open, uint8_t close)
{
	if (!imap_try(r, open))
		return;
	while (imap_peek(r) != close && imap_peek(r) != -1)
		r->at++;
	imap_expect(r, close, "a section is not closed");
}

/* An item without a name of ours. Those that begin with X are somebody's own,
 * ANNOTATION is RFC 5257's, the others a sign of being out of step, though not a proof. */
static void skip_item(struct imap_reader *r, struct imap_fetch *f, struct imap_vec *unknown,
		      struct bytes name)
{
	struct bytes *to = IMAP_VEC_ADD(r, unknown, struct bytes, r->limits->items);

	if (to)
		*to = name;
	if ((name.at[0] | 32) != 'x' && !bytes_equal_str_nocase(name, "ANNOTATION"))
		note_fault(f, (size_t)(name.at - r->start), "an item that is not known");
	skip_between(r, '[', ']');
	skip_between(r, '<', '>');
	imap_skip_spaces(r);
	imap_skip_value(r);
}

static void read_item(struct imap_reader *r, struct imap_fetch *f, struct imap_vec *bodies,
		      struct imap_vec *unknown)
{
	struct bytes name = imap_read_name(r);
	bool has_bracket = imap_peek(r) == '[';
	const struct item *item = has_bracket ? NULL : find_item(name);
	enum imap_body_kind kind;
	struct imap_body *b;

	if (item) {
		imap_skip_spaces(r);
		f->has |= item->bit;
		item->read(r, f);
	} else if (find_section(name, has_bracket, &kind)) {
		b = IMAP_VEC_ADD(r, bodies, struct imap_body, r->limits->items);
		if (b)
			imap_read_section(r, kind, b);
	} else if (imap_reader_ok(r)) {
		skip_item(r, f, unknown, name);
	}
}

/* Domino puts items into parentheses of their own.
 * msg-att = "(" (msg-att-dynamic / msg-att-static)
 *           *(SP (msg-att-dynamic / msg-att-static)) ")" */
void imap_read_fetch(struct imap_reader *r, struct imap_response *out)
{
	struct imap_fetch *f = &out->fetch;
	struct imap_vec bodies = { 0 }, unknown = { 0 };
	size_t depth = 0;

	if (f->uid)
		f->has |= IMAP_FETCH_UID;
	imap_expect(r, '(', "the list of FETCH items is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && (depth || imap_peek(r) != ')')) {
		if (imap_try(r, '('))
			depth++;
		else if (depth && imap_try(r, ')'))
			depth--;
		else
			read_item(r, f, &bodies, &unknown);
		imap_skip_spaces(r);
	}
	imap_expect(r, ')', "the list of FETCH items is not closed");
	f->bodies = bodies.at;
	f->body_count = bodies.count;
	f->unknown = imap_as_bytes_list(&unknown);
}
