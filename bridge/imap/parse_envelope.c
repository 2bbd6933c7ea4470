/* ENVELOPE, RFC 9051 §7.5.2. */
#include "imap/reader.h"

static bool at_close(const struct imap_reader *r)
{
	return imap_peek(r) == ')' || imap_peek(r) == -1;
}

/* One field of an envelope or address; null when the list ends before it. */
static struct bytes read_field(struct imap_reader *r)
{
	struct bytes s;

	imap_skip_spaces(r);
	if (at_close(r))
		return BYTES_NULL;
	s = imap_read_nstring(r);
	imap_skip_spaces(r);
	return s;
}

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
static void read_address(struct imap_reader *r, struct imap_address *a)
{
	imap_expect(r, '(', "an address is missing");
	a->name = read_field(r);
	a->route = read_field(r);
	a->mailbox = read_field(r);
	a->host = read_field(r);
	imap_expect(r, ')', "an address has more than four parts, or is not closed");
}

/* env-from = "(" 1*address ")" / nil. Also taken: (), a string, NIL among the
 * addresses, and spaces between them (Outlook). */
static void read_addresses(struct imap_reader *r, size_t *left, struct imap_address_list *l)
{
	struct imap_vec v = { 0 };
	struct imap_address *a;

	imap_skip_spaces(r);
	if (at_close(r))
		return;
	if (!imap_try(r, '(')) {
		(void)imap_read_nstring(r);
		return;
	}
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		a = imap_peek(r) == '(' ? imap_vec_add(r, &v, sizeof *a, *left, &l->is_cut) : NULL;
		if (a)
			read_address(r, a);
		else
			imap_skip_value(r);
		imap_skip_spaces(r);
	}
	*left -= v.count;
	l->at = v.at;
	l->count = v.count;
}

/* Fields may be missing at the end (QQ leaves out the Message-ID), but not too
 * many: a quote that was not escaped would give the others a wrong meaning.
 * envelope = "(" env-date SP env-subject SP env-from SP env-sender SP
 *            env-reply-to SP env-to SP env-cc SP env-bcc SP env-in-reply-to SP
 *            env-message-id ")" */
struct imap_envelope *imap_read_envelope(struct imap_reader *r)
{
	size_t left = r->limits->addresses;
	struct imap_envelope *e;

	if (imap_try_nil(r))
		return NULL;
	e = ARENA_NEW(r->mem, struct imap_envelope);
	if (!e) {
		imap_fail_with(r, ERR_TOO_BIG, "the response needs more memory than it may have");
		return NULL;
	}
	imap_expect(r, '(', "an envelope is missing");
	e->date = read_field(r);
	e->subject = read_field(r);
	read_addresses(r, &left, &e->from);
	read_addresses(r, &left, &e->sender);
	read_addresses(r, &left, &e->reply_to);
	read_addresses(r, &left, &e->to);
	read_addresses(r, &left, &e->cc);
	read_addresses(r, &left, &e->bcc);
	e->in_reply_to = read_field(r);
	e->message_id = read_field(r);
	imap_expect(r, ')', "an envelope has more than ten fields, or is not closed");
	return imap_reader_ok(r) ? e : NULL;
}
