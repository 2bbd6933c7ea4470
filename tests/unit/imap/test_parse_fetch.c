/* FETCH items, envelopes, sections. Structures: test_parse_body.c. */
#include "imap_test.h"

static struct imap_fetch fetch_of(const char *items)
{
	struct imap_response r;
	struct buf text;

	buf_init(&text, 1000000);
	buf_append_str(&text, "* 12 FETCH ");
	buf_append_str(&text, items);
	if (imap_test_parse(buf_bytes(&text), NULL, &r, NULL) != ERR_OK)
		fail_msg("%s", items);
	buf_done(&text);
	assert_int_equal(r.kind, IMAP_FETCH);
	assert_int_equal(r.fetch.seq.n, 12);
	return r.fetch;
}

static void plain_items(void **state)
{
	struct imap_fetch f = fetch_of("(UID 5 FLAGS (\\Seen $MDNSent \\Flagged Custom) "
				       "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
				       "RFC822.SIZE 9999999999 MODSEQ (12121230956))");

	(void)state;
	assert_int_equal(f.has, IMAP_FETCH_UID | IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE |
					IMAP_FETCH_SIZE | IMAP_FETCH_MODSEQ);
	assert_int_equal(f.uid, 5);
	assert_int_equal(f.flags.system, KEYWORD_SEEN | KEYWORD_FLAGGED);
	imap_test_assert_list(&f.flags.names, "\\Seen|$MDNSent|\\Flagged|Custom");
	assert_true(f.internal_date.is_known);
	assert_int_equal(f.internal_date.unix_s, 837596665);
	assert_int_equal(f.internal_date.offset_min, -420);
	assert_true(f.size_bytes == 9999999999);
	assert_true(f.modseq == 12121230956);
	assert_null(f.fault.reason);
	f = fetch_of("(MODSEQ (-1) UID 3)");
	assert_int_equal(f.has, IMAP_FETCH_UID);
	assert_int_equal(f.modseq, 0);
}

static void items_of_extensions(void **state)
{
	struct imap_fetch f =
		fetch_of("(EMAILID (M5fd) THREADID NIL PREVIEW \"Hi \\\"all\\\"\" "
			 "SAVEDATE \" 1-Jan-2020 00:00:00 +0000\" X-GM-MSGID 1278455344230334865 "
			 "X-GM-THRID 1266894439832287888 X-GM-LABELS (\\Inbox \"\\\\Sent\" "
			 "{3}\r\na)b foo))");

	(void)state;
	assert_bytes_equal_str(f.email_id, "M5fd");
	assert_true(f.has & IMAP_FETCH_THREADID);
	assert_true(bytes_is_null(f.thread_id));
	assert_bytes_equal_str(f.preview, "Hi \"all\"");
	assert_int_equal(f.save_date.unix_s, 1577836800);
	assert_true(f.gm_msgid == 1278455344230334865);
	assert_true(f.gm_thrid == 1266894439832287888);
	imap_test_assert_list(&f.gm_labels, "\\Inbox|\\Sent|a)b|foo");
	f = fetch_of("(PREVIEW (FUZZY \"x\") SAVEDATE NIL PREVIEW NIL)");
	assert_true(bytes_is_null(f.preview));
	assert_false(f.save_date.is_known);
}

static void uidfetch_is_a_fetch_without_sequence_number(void **state)
{
	struct imap_response r = imap_test_parse_str("* 25997 UIDFETCH (FLAGS (\\Answered))");

	(void)state;
	assert_int_equal(r.kind, IMAP_FETCH);
	assert_int_equal(r.fetch.seq.n, 0);
	assert_int_equal(r.fetch.uid, 25997);
	assert_int_equal(r.fetch.has, IMAP_FETCH_UID | IMAP_FETCH_FLAGS);
}

static void dates_that_are_none_are_unknown(void **state)
{
	struct imap_fetch f = fetch_of("(INTERNALDATE \"yesterday\" UID 7)");

	(void)state;
	assert_true(f.has & IMAP_FETCH_INTERNALDATE);
	assert_false(f.internal_date.is_known);
	assert_int_equal(f.uid, 7);
}

static void spaces_may_be_too_many(void **state)
{
	(void)state;
	assert_int_equal(fetch_of("( UID  92285  )").uid, 92285);
	assert_int_equal(fetch_of("()").has, 0);
	assert_int_equal(fetch_of("(BODY[]{2}\r\nhiUID 3)").uid, 3);
}

static void octets_are_not_looked_at(void **state)
{
	struct bytes text = BYTES_LIT("* 1 FETCH (BODY[] {7}\r\n)\r\n\"(\0\xff UID 9)");
	struct imap_response r;

	(void)state;
	assert_int_equal(imap_test_parse(text, NULL, &r, NULL), ERR_OK);
	assert_int_equal(r.fetch.body_count, 1);
	assert_true(bytes_equal(r.fetch.bodies[0].data, BYTES_LIT(")\r\n\"(\0\xff")));
	assert_int_equal(r.fetch.bodies[0].size_bytes, 7);
	assert_int_equal(r.fetch.uid, 9);
}

static struct imap_body body_of(const char *items)
{
	struct imap_fetch f = fetch_of(items);

	assert_int_equal(f.body_count, 1);
	return f.bodies[0];
}

static void sections_are_taken_apart(void **state)
{
	struct imap_body b = body_of("(BODY[] \"x\")");

	(void)state;
	assert_int_equal(b.kind, IMAP_BODY);
	assert_int_equal(b.section.len, 0);
	assert_int_equal(b.part_id.len, 0);
	assert_int_equal(b.text, IMAP_SECTION_ALL);
	b = body_of("(BODY[1.22] \"x\")");
	assert_bytes_equal_str(b.part_id, "1.22");
	assert_int_equal(b.text, IMAP_SECTION_ALL);
	b = body_of("(body[3.header.fields.not (From \"List Id\")]<10> NIL)");
	assert_bytes_equal_str(b.section, "3.header.fields.not (From \"List Id\")");
	assert_bytes_equal_str(b.part_id, "3");
	assert_int_equal(b.text, IMAP_SECTION_FIELDS_NOT);
	imap_test_assert_list(&b.fields, "From|List Id");
	assert_true(b.has_origin);
	assert_int_equal(b.origin, 10);
	assert_true(b.is_nil);
	assert_int_equal(body_of("(BODY[HEADER] \"\")").text, IMAP_SECTION_HEADER);
	assert_int_equal(body_of("(BODY[2.TEXT]<0.100> \"\")").text, IMAP_SECTION_TEXT);
	assert_int_equal(body_of("(BODY[1.MIME] \"\")").text, IMAP_SECTION_MIME);
	assert_int_equal(body_of("(BODY[HEADER.FIELDS (Subject)] \"\")").text, IMAP_SECTION_FIELDS);
	assert_int_equal(body_of("(BODY[HEADERS] \"\")").text, IMAP_SECTION_OTHER);
	assert_int_equal(body_of("(BODY.PEEK[TEXT] \"\")").kind, IMAP_BODY);
}

static void other_names_of_sections(void **state)
{
	struct imap_body b = body_of("(BINARY[1.1]<0> ~{2}\r\nhi)");

	(void)state;
	assert_int_equal(b.kind, IMAP_BINARY);
	assert_bytes_equal_str(b.part_id, "1.1");
	assert_bytes_equal_str(b.data, "hi");
	b = body_of("(BINARY.SIZE[3] 12345)");
	assert_int_equal(b.kind, IMAP_BINARY_SIZE);
	assert_int_equal(b.size_bytes, 12345);
	assert_int_equal(body_of("(RFC822 {3}\r\nfoo)").kind, IMAP_RFC822);
	assert_int_equal(body_of("(RFC822[] {3}\r\nfoo)").kind, IMAP_RFC822);
	assert_int_equal(body_of("(RFC822.HEADER {03}\r\nfoo)").kind, IMAP_RFC822_HEADER);
	assert_bytes_equal_str(body_of("(BODY[2] )").data, "");
	b = body_of("(RFC822.TEXT NIL)");
	assert_int_equal(b.kind, IMAP_RFC822_TEXT);
	assert_true(b.is_nil);
	assert_true(bytes_is_null(b.data));
}

static void streamed_literals_are_marked(void **state)
{
	static const char text[] =
		"* 1 FETCH (BODY[1] {1000}\r\n BODY[2] {2}\r\nab BODY[3] {77}\r\n)";
	const struct imap_streamed streamed[] = { { 27, 1000 }, { sizeof text - 2, 77 } };
	struct imap_frame frame = {
		.text = bytes_of_str(text),
		.streamed = streamed,
		.streamed_count = 2,
	};
	struct imap_response r;

	(void)state;
	assert_int_equal(imap_parse(&frame, &imap_limits_default, imap_test_mem, &r, NULL), ERR_OK);
	assert_int_equal(r.fetch.body_count, 3);
	assert_true(r.fetch.bodies[0].is_streamed);
	assert_int_equal(r.fetch.bodies[0].size_bytes, 1000);
	assert_int_equal(r.fetch.bodies[0].data.len, 0);
	assert_false(r.fetch.bodies[1].is_streamed);
	assert_bytes_equal_str(r.fetch.bodies[1].data, "ab");
	assert_true(r.fetch.bodies[2].is_streamed);
	assert_int_equal(r.fetch.bodies[2].size_bytes, 77);
}

static void unknown_items_are_skipped_whole(void **state)
{
	struct imap_fetch f =
		fetch_of("(X-A (1 (\"(\" {2}\r\n)) NIL)) X-B[1.2 (a)]<3> \"v\" UID 3 X-C 7)");

	(void)state;
	assert_int_equal(f.uid, 3);
	imap_test_assert_list(&f.unknown, "X-A|X-B|X-C");
	assert_null(f.fault.reason);
	f = fetch_of("(UID 3 NEWS (1 2) FLAGS (a))");
	imap_test_assert_list(&f.unknown, "NEWS");
	assert_int_equal(f.fault.offset, 18);
	assert_non_null(f.fault.reason);
	imap_test_assert_list(&f.flags.names, "a");
}

static void faults_are_told_with_their_position(void **state)
{
	(void)state;
	imap_test_malformed("* 1 FETCH", 9);
	imap_test_malformed("* 1 FETCH UID 3", 10);
	imap_test_malformed("* 1 FETCH (UID 3", 16);
	imap_test_malformed("* 1 FETCH (UID 3) x", 18);
	imap_test_malformed("* 1 FETCH (UID 0)", 16);
	imap_test_malformed("* 1 FETCH (UID)", 14);
	imap_test_malformed("* 0 FETCH (UID 3)", 9);
	imap_test_malformed("* FETCH (UID 3)", 7);
	imap_test_malformed("* 1 FETCH (FLAGS \\Seen)", 17);
	imap_test_malformed("* 1 FETCH (BODY[] hello)", 18);
	imap_test_malformed("* 1 FETCH (BODY[1 \"x\")", 18);
	imap_test_malformed("* 1 FETCH (BODY[] {5}\r\nabc)", 23);
	imap_test_malformed("* 1 FETCH (BODY[] {5)\r\nabc)", 20);
	imap_test_malformed("* 1 FETCH (BODY[] {}\r\nabc)", 19);
	imap_test_malformed("* 1 FETCH (BODY[] \"abc)", 23);
	imap_test_malformed("* 1 FETCH (BODY[] \"a {1}\r\n\")", 25);
	imap_test_malformed("* 1 FETCH (MODSEQ (7)", 21);
	imap_test_malformed("* 1 FETCH (X-A (1)", 18);
	imap_test_malformed("* 1 FETCH (X-A))", 14);
	imap_test_malformed("* 1 FETCH ((UID 3)", 18);
	imap_test_malformed("* 1 FETCH (RFC822.SIZE -1)", 23);
	imap_test_malformed("* 1 FETCH (\"UID\" 3)", 11);
}

static void envelopes(void **state)
{
	struct imap_envelope *e = fetch_of("(ENVELOPE (\"Wed, 17 Jul 1996\" \"a \\\"b\\\"\" "
					   "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
					   "NIL ((NIL NIL \"x\" \"y\")) "
					   "((NIL \"@r:\" \"imap\" \"h\")(NIL NIL \"grp\" NIL)(NIL "
					   "NIL NIL NIL)) () NIL "
					   "NIL {5}\r\n<B\r\n>))")
					  .envelope;

	(void)state;
	assert_non_null(e);
	assert_bytes_equal_str(e->date, "Wed, 17 Jul 1996");
	assert_bytes_equal_str(e->subject, "a \"b\"");
	assert_int_equal(e->from.count, 1);
	assert_bytes_equal_str(e->from.at[0].name, "Terry Gray");
	assert_true(bytes_is_null(e->from.at[0].route));
	assert_bytes_equal_str(e->from.at[0].mailbox, "gray");
	assert_bytes_equal_str(e->from.at[0].host, "cac.washington.edu");
	assert_int_equal(e->sender.count, 0);
	assert_int_equal(e->reply_to.count, 1);
	assert_int_equal(e->to.count, 3);
	assert_bytes_equal_str(e->to.at[0].route, "@r:");
	assert_true(bytes_is_null(e->to.at[1].host));
	assert_int_equal(e->cc.count, 0);
	assert_true(bytes_is_null(e->in_reply_to));
	assert_bytes_equal_str(e->message_id, "<B\r\n>");
}

static void envelopes_as_servers_send_them(void **state)
{
	/* Outlook: spaces between addresses. */
	struct imap_envelope *e = fetch_of("(ENVELOPE (NIL NIL NIL NIL NIL ((\"a\" NIL \"b\" "
					   "\"c\") (\"d\" NIL \"e\" \"f\")) "
					   "\"\" NIL NIL NIL) UID 2)")
					  .envelope;

	(void)state;
	assert_int_equal(e->to.count, 2);
	assert_int_equal(e->cc.count, 0);
	/* Fields left out, NIL for an address, 8-bit text. */
	e = fetch_of("(ENVELOPE (NIL \"\xe9t\xe9\" ((NIL NIL \"a\")NIL(NIL NIL \"b\" \"c\"))))")
		    .envelope;
	assert_bytes_equal_str(e->subject, "\xe9t\xe9");
	assert_int_equal(e->from.count, 2);
	assert_bytes_equal_str(e->from.at[1].mailbox, "b");
	assert_true(bytes_is_null(e->message_id));
	e = fetch_of("(ENVELOPE (1 2 3 4 5 6 7 8 9 <id>))").envelope;
	assert_bytes_equal_str(e->message_id, "<id>");
	assert_null(fetch_of("(ENVELOPE NIL)").envelope);
	/* iCloud: quotes inside are not escaped. */
	e = fetch_of("(ENVELOPE (NIL \"say \"hi\"\" NIL NIL NIL NIL NIL NIL \"<\"x\"@y>\" "
		     "\"<\"a\"@b>\"))")
		    .envelope;
	assert_bytes_equal_str(e->subject, "say \"hi\"");
	assert_bytes_equal_str(e->in_reply_to, "<\"x\"@y>");
	assert_bytes_equal_str(e->message_id, "<\"a\"@b>");
	assert_int_equal(fetch_of("(UID 5 (ENVELOPE (NIL)) (FLAGS (x) ))").has,
			 IMAP_FETCH_UID | IMAP_FETCH_ENVELOPE | IMAP_FETCH_FLAGS);
}

static void a_malformed_envelope_costs_only_itself(void **state)
{
	struct imap_fetch f = fetch_of("(UID 4 ENVELOPE (NIL (NIL) NIL) FLAGS (x))");

	(void)state;
	assert_null(f.envelope);
	assert_int_equal(f.uid, 4);
	imap_test_assert_list(&f.flags.names, "x");
	assert_int_equal(f.fault.offset, 32);
	/* Where a quote cannot be guessed, no field gets another one's value. */
	f = fetch_of("(ENVELOPE (NIL \"a \" b \" c\" NIL NIL NIL NIL NIL NIL NIL \"<i>\") UID 4)");
	assert_null(f.envelope);
	assert_non_null(f.fault.reason);
	assert_int_equal(f.uid, 4);
	imap_test_malformed("* 1 FETCH (ENVELOPE (NIL (NIL) \"open) FLAGS (x))", 25);
}

static void addresses_are_cut_at_the_limit(void **state)
{
	struct imap_limits limits = imap_limits_default;
	struct imap_response r;

	(void)state;
	limits.addresses = 3;
	assert_int_equal(
		imap_test_parse(BYTES_LIT("* 1 FETCH (ENVELOPE (NIL NIL "
					  "((\"1\" 1 1 1)(2 2 2 2)) NIL NIL "
					  "((3 3 3 3)(4 4 (4) 4)(5 5 5 5)) NIL NIL NIL x) UID 6)"),
				&limits, &r, NULL),
		ERR_OK);
	assert_int_equal(r.fetch.envelope->from.count, 2);
	assert_false(r.fetch.envelope->from.is_cut);
	assert_int_equal(r.fetch.envelope->to.count, 1);
	assert_true(r.fetch.envelope->to.is_cut);
	assert_bytes_equal_str(r.fetch.envelope->message_id, "x");
	assert_int_equal(r.fetch.uid, 6);
}

static void items_have_a_limit(void **state)
{
	struct imap_limits limits = imap_limits_default;
	struct imap_response r;

	(void)state;
	limits.items = 2;
	assert_int_equal(
		imap_test_parse(BYTES_LIT("* 1 FETCH (BODY[1] NIL BODY[2] NIL BODY[3] NIL)"),
				&limits, &r, NULL),
		ERR_TOO_BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(plain_items),
		imap_test(items_of_extensions),
		imap_test(uidfetch_is_a_fetch_without_sequence_number),
		imap_test(dates_that_are_none_are_unknown),
		imap_test(spaces_may_be_too_many),
		imap_test(octets_are_not_looked_at),
		imap_test(sections_are_taken_apart),
		imap_test(other_names_of_sections),
		imap_test(streamed_literals_are_marked),
		imap_test(unknown_items_are_skipped_whole),
		imap_test(faults_are_told_with_their_position),
		imap_test(envelopes),
		imap_test(envelopes_as_servers_send_them),
		imap_test(a_malformed_envelope_costs_only_itself),
		imap_test(addresses_are_cut_at_the_limit),
		imap_test(items_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
