/*
 * response-data, response-tagged and continue-req of RFC 9051 §9: tells what
 * kind of response it is and hands it to the parser of that kind.
 */
#include "imap/reader.h"

typedef void read_fn(struct imap_reader *r, struct imap_response *out);

enum number_use {
	NO_NUMBER,
	COUNT, /* EXISTS, RECENT */
	SEQ,   /* FETCH, EXPUNGE */
	UID,   /* UIDFETCH */
};

static const struct kind {
	struct bytes name;
	read_fn *read; /* what follows the name and a space; NULL: nothing follows */
	enum imap_kind kind;
	enum number_use number;
} kinds[] = {
	{ IMAP_WORD("FETCH"), imap_read_fetch, IMAP_FETCH, SEQ },
	{ IMAP_WORD("EXISTS"), NULL, IMAP_EXISTS, COUNT },
	{ IMAP_WORD("EXPUNGE"), NULL, IMAP_EXPUNGE, SEQ },
	{ IMAP_WORD("EXPUNGED"), NULL, IMAP_EXPUNGE, SEQ }, /* mailutils */
	{ IMAP_WORD("RECENT"), NULL, IMAP_RECENT, COUNT },
	{ IMAP_WORD("UIDFETCH"), imap_read_fetch, IMAP_FETCH, UID },
	{ IMAP_WORD("LIST"), imap_read_list, IMAP_LIST, NO_NUMBER },
	{ IMAP_WORD("STATUS"), imap_read_status, IMAP_STATUS, NO_NUMBER },
	{ IMAP_WORD("SEARCH"), imap_read_search, IMAP_SEARCH, NO_NUMBER },
	{ IMAP_WORD("ESEARCH"), imap_read_esearch, IMAP_ESEARCH, NO_NUMBER },
	{ IMAP_WORD("VANISHED"), imap_read_vanished, IMAP_VANISHED, NO_NUMBER },
	{ IMAP_WORD("FLAGS"), imap_read_flags_response, IMAP_FLAGS, NO_NUMBER },
	{ IMAP_WORD("CAPABILITY"), imap_read_capability, IMAP_CAPABILITY, NO_NUMBER },
	{ IMAP_WORD("ENABLED"), imap_read_capability, IMAP_ENABLED, NO_NUMBER },
	{ IMAP_WORD("LSUB"), imap_read_list, IMAP_LSUB, NO_NUMBER },
	{ IMAP_WORD("XLIST"), imap_read_list, IMAP_XLIST, NO_NUMBER },
	{ IMAP_WORD("SORT"), imap_read_search, IMAP_SORT, NO_NUMBER },
	{ IMAP_WORD("THREAD"), imap_read_thread, IMAP_THREAD, NO_NUMBER },
	{ IMAP_WORD("NAMESPACE"), imap_read_namespace, IMAP_NAMESPACE, NO_NUMBER },
	{ IMAP_WORD("ID"), imap_read_id, IMAP_ID, NO_NUMBER },
	{ IMAP_WORD("QUOTA"), imap_read_quota, IMAP_QUOTA, NO_NUMBER },
	{ IMAP_WORD("QUOTAROOT"), imap_read_quota_root, IMAP_QUOTAROOT, NO_NUMBER },
	{ IMAP_WORD("ACL"), imap_read_acl, IMAP_ACL, NO_NUMBER },
	{ IMAP_WORD("MYRIGHTS"), imap_read_my_rights, IMAP_MYRIGHTS, NO_NUMBER },
	{ IMAP_WORD("LISTRIGHTS"), imap_read_list_rights, IMAP_LISTRIGHTS, NO_NUMBER },
};

static const struct kind *find_kind(struct bytes name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (bytes_equal_nocase(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static bool find_status(struct bytes word, enum imap_status *ret)
{
	for (int i = IMAP_OK; i <= IMAP_PREAUTH; i++) {
		if (!bytes_equal_str_nocase(word, imap_status_name((enum imap_status)i)))
			continue;
		*ret = (enum imap_status)i;
		return true;
	}
	return false;
}

/* resp-text behind its name; some servers send neither text nor space. */
static void read_status_text(struct imap_reader *r, struct imap_response *out)
{
	if (imap_peek(r) != -1)
		imap_expect_space(r);
	imap_read_text(r, &out->text);
}

/* continue-req = "+" SP (resp-text / base64) CRLF */
static void read_continue(struct imap_reader *r, struct imap_response *out)
{
	out->kind = IMAP_CONTINUE;
	read_status_text(r, out);
}

/* response-tagged = tag SP resp-cond-state CRLF */
static void read_tagged(struct imap_reader *r, struct imap_response *out)
{
	const uint8_t *at;

	out->kind = IMAP_TAGGED;
	out->tag = imap_read_word(r);
	imap_expect_space(r);
	at = r->at;
	out->name = imap_read_word(r);
	if (imap_reader_ok(r) &&
	    (!find_status(out->name, &out->status) || out->status > IMAP_BAD)) {
		r->at = at;
		imap_fail(r, "neither an untagged response nor OK, NO or BAD behind a tag");
		return;
	}
	read_status_text(r, out);
}

static void take_number(struct imap_reader *r, struct imap_response *out, enum number_use use,
			uint32_t n)
{
	if (n == 0 && use != COUNT)
		imap_fail(r, "a message number is never 0");
	if (use == COUNT)
		out->number = n;
	else if (use == UID)
		out->fetch.uid = n;
	else if (out->kind == IMAP_FETCH)
		out->fetch.seq.n = n;
	else
		out->seq.n = n;
}

static void read_unknown(struct imap_reader *r, struct imap_response *out)
{
	out->kind = IMAP_UNKNOWN;
	if (imap_peek(r) != -1)
		imap_expect_space(r);
	out->rest = bytes_of(r->at, (size_t)(r->end - r->at));
	r->at = r->end;
}

static void read_known(struct imap_reader *r, const struct kind *k, struct imap_response *out)
{
	uint32_t n = out->number;

	if (out->has_number != (k->number != NO_NUMBER)) {
		imap_fail(r, out->has_number ? "a number before a response that has none"
					     : "the number before the response is missing");
		return;
	}
	out->has_number = false;
	out->number = 0;
	out->kind = k->kind;
	if (k->number != NO_NUMBER)
		take_number(r, out, k->number, n);
	if (k->read && imap_peek(r) != -1)
		imap_expect_space(r);
	if (k->read)
		k->read(r, out);
	imap_expect_end(r);
}

/* Exchange has left out "* OK" or "OK" before a code. Only codes that we know are
 * taken for that. */
static void read_bare_code(struct imap_reader *r, struct imap_response *out)
{
	const uint8_t *at = r->at;

	out->kind = IMAP_UNTAGGED;
	out->status = IMAP_OK;
	imap_read_text(r, &out->text);
	if (out->text.code > IMAP_CODE_OTHER || !imap_reader_ok(r))
		return;
	r->at = at;
	imap_fail(r, "a bracket where no code is");
}

/* response-data = "*" SP ... CRLF */
static void read_untagged(struct imap_reader *r, struct imap_response *out)
{
	const struct kind *k;

	imap_expect_space(r);
	if (imap_peek(r) == '[') {
		read_bare_code(r, out);
		return;
	}
	if (imap_peek(r) >= '0' && imap_peek(r) <= '9') {
		out->has_number = true;
		out->number = imap_read_u32(r);
		imap_expect_space(r);
	}
	out->name = imap_read_word(r);
	if (!imap_reader_ok(r))
		return;
	k = find_kind(out->name);
	if (k) {
		read_known(r, k, out);
	} else if (!out->has_number && find_status(out->name, &out->status)) {
		out->kind = IMAP_UNTAGGED;
		read_status_text(r, out);
	} else {
		read_unknown(r, out);
	}
}

enum err imap_parse(const struct imap_frame *frame, const struct imap_limits *limits,
		    struct arena *mem, struct imap_response *ret,
		    struct imap_parse_fault *ret_fault)
{
	struct imap_response out = { 0 };
	struct imap_reader r = {
		.at = frame->text.at,
		.end = frame->text.at + frame->text.len,
		.start = frame->text.at,
		.limits = limits,
		.mem = mem,
		.streamed = frame->streamed,
		.streamed_count = frame->streamed_count,
	};

	if (imap_try(&r, '+'))
		read_continue(&r, &out);
	else if (imap_try(&r, '*'))
		read_untagged(&r, &out);
	else if (imap_peek(&r) == '[')
		read_bare_code(&r, &out);
	else
		read_tagged(&r, &out);
	if (imap_reader_ok(&r))
		*ret = out;
	else if (ret_fault)
		*ret_fault = (struct imap_parse_fault){
			.offset = (size_t)(r.fault - r.start),
			.reason = r.reason,
		};
	return r.err;
}
