#include "imap/search.h"

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	static const unsigned needs[] = { [IMAP_SCAN_DATES] = IMAP_FETCH_INTERNALDATE,
					  [IMAP_SCAN_SIZES] = IMAP_FETCH_SIZE,
					  [IMAP_SCAN_STRUCTURE] = IMAP_FETCH_STRUCTURE,
					  [IMAP_SCAN_HEADERS] = IMAP_FETCH_INTERNALDATE,
					  [IMAP_SCAN_THREADS] = IMAP_FETCH_INTERNALDATE };
	const struct imap_scanning *s = x->detail;

	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.has & needs[s->what] && imap_uids_has(s->uids, r->fetch.uid);
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_scanning *s = x->detail;

	s->row(s, &r->fetch);
}

/* What a broken message hides is missing; the others are there. */
static void on_scanned(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_scanning *s = x->detail;

	(void)reply;
	(void)imap_op_answered(s->op, NULL);
	if (--s->left == 0)
		s->done(s);
}

static void add_thread_items(struct imap_exchange *x)
{
	static const struct bytes fields[] = { { (const uint8_t *)"MESSAGE-ID", 10 },
					       { (const uint8_t *)"IN-REPLY-TO", 11 },
					       { (const uint8_t *)"REFERENCES", 10 } };
	const struct imap_section roots = { .item = "BODY.PEEK",
					    .text = "HEADER.FIELDS",
					    .fields = fields,
					    .field_count = sizeof(fields) / sizeof(fields[0]) };
	struct imap_command *c = &x->command;

	imap_command_word(c, "INTERNALDATE"); /* by which the answer is known */
	if (imap_session_can(x->session, IMAP_CAP_X_GM_EXT_1)) {
		imap_command_word(c, "X-GM-THRID");
		return;
	}
	/* THREADID may be NIL. */
	if (imap_session_can(x->session, IMAP_CAP_OBJECTID))
		imap_command_word(c, "THREADID");
	imap_command_section(c, &roots);
}

static void add_items(struct imap_exchange *x, enum imap_scan_what what)
{
	struct imap_command *c = &x->command;

	if (what == IMAP_SCAN_HEADERS) {
		imap_fetch_items(x, MAIL_DATES | MAIL_HEADER_SUMMARY);
		return;
	}
	imap_command_open(c);
	imap_command_word(c, "UID");
	if (what == IMAP_SCAN_DATES)
		imap_command_word(c, "INTERNALDATE");
	else if (what == IMAP_SCAN_SIZES)
		imap_command_word(c, "RFC822.SIZE");
	else if (what == IMAP_SCAN_THREADS)
		add_thread_items(x);
	else
		imap_command_word(c, "BODYSTRUCTURE");
	imap_command_close(c);
}

static enum err add_set(struct imap_exchange *x, const struct imap_uids *uids, size_t first,
			size_t last)
{
	struct uid_set set;
	enum err e = ERR_OK;

	uid_set_init(&set, last - first);
	for (size_t i = first; i < last && e == ERR_OK; i++)
		e = uid_set_add(&set, uids->at[i], uids->at[i]);
	if (e == ERR_OK)
		imap_command_uid_set(&x->command, &set);
	uid_set_done(&set);
	return e;
}

static size_t line_end(const struct imap_uids *uids, size_t first)
{
	struct imap_set_length length = { 0 };
	size_t i = first;

	for (; i < uids->count && length.bytes < IMAP_SET_BYTES_MAX; i++)
		imap_set_length_add(&length, uids->at[i]);
	return i;
}

void imap_scanning_start(struct imap_scanning *s)
{
	size_t last;

	s->left = 0;
	for (size_t first = 0; first < s->uids->count && !s->op->fault.err; first = last) {
		struct imap_exchange *x = imap_op_command(s->op, "UID FETCH", on_scanned);

		last = line_end(s->uids, first);
		if (x) {
			x->detail = s;
			x->wants = wants;
			x->take = take;
			if (add_set(x, s->uids, first, last) != ERR_OK)
				x->command.err = ERR_NOMEM;
			add_items(x, s->what);
		}
		imap_op_send(s->op, x);
		s->left += s->op->fault.err == ERR_OK;
	}
	if (s->left == 0)
		s->done(s);
}
