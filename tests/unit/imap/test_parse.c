/* Status responses, their codes, and everything that is neither FETCH nor about
 * searching. */
#include "imap_test.h"

#include <stdio.h>

static void a_tagged_response_has_tag_status_and_text(void **state)
{
	struct imap_response r = imap_test_parse_str("a1 OK LOGIN completed");

	(void)state;
	assert_int_equal(r.kind, IMAP_TAGGED);
	assert_bytes_equal_str(r.tag, "a1");
	assert_int_equal(r.status, IMAP_OK);
	assert_int_equal(r.text.code, IMAP_CODE_NONE);
	assert_bytes_equal_str(r.text.text, "LOGIN completed");
	r = imap_test_parse_str("A.2 no");
	assert_int_equal(r.status, IMAP_NO);
	assert_int_equal(r.text.text.len, 0);
	r = imap_test_parse_str("07 BAD  two  spaces ");
	assert_int_equal(r.status, IMAP_BAD);
	assert_bytes_equal_str(r.text.text, "two  spaces ");
}

static void what_is_no_response_is_refused_with_its_position(void **state)
{
	(void)state;
	imap_test_malformed("", 0);
	imap_test_malformed("a1", 2);
	imap_test_malformed("a1 BYE see you", 3);
	imap_test_malformed("a1 PREAUTH no", 3);
	imap_test_malformed("a1 OKAY", 3);
	imap_test_malformed("Hello world", 6);
	imap_test_malformed("+OK POP3 server ready", 1);
	imap_test_malformed("*", 1);
	imap_test_malformed("* ", 2);
	imap_test_malformed("*x OK", 1);
	imap_test_malformed("* (FLAGS)", 2);
	imap_test_malformed("* 12", 4);
	imap_test_malformed("* 99999999999 EXISTS", 2);
	imap_test_malformed("* 1x EXISTS", 3);
	imap_test_malformed("* OKx\"", 5);
}

static void untagged_status_responses(void **state)
{
	struct imap_response r = imap_test_parse_str("* ok Still here");

	(void)state;
	assert_int_equal(r.kind, IMAP_UNTAGGED);
	assert_int_equal(r.status, IMAP_OK);
	assert_bytes_equal_str(r.text.text, "Still here");
	r = imap_test_parse_str("* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready");
	assert_int_equal(r.status, IMAP_PREAUTH);
	assert_int_equal(r.text.code, IMAP_CODE_CAPABILITY);
	imap_test_assert_list(&r.text.words, "IMAP4rev1|IDLE");
	r = imap_test_parse_str("* BYE");
	assert_int_equal(r.status, IMAP_BYE);
}

static void continuation_requests(void **state)
{
	struct imap_response r = imap_test_parse_str("+ idling");

	(void)state;
	assert_int_equal(r.kind, IMAP_CONTINUE);
	assert_bytes_equal_str(r.text.text, "idling");
	r = imap_test_parse_str("+");
	assert_int_equal(r.kind, IMAP_CONTINUE);
	assert_int_equal(r.text.text.len, 0);
	r = imap_test_parse_str("+ ");
	assert_int_equal(r.text.text.len, 0);
	r = imap_test_parse_str("+ PDEyMzQ1QGV4YW1wbGU+=");
	assert_bytes_equal_str(r.text.text, "PDEyMzQ1QGV4YW1wbGU+=");
}

static struct imap_text text_of(const char *response)
{
	return imap_test_parse_str(response).text;
}

static void codes_without_data(void **state)
{
	struct imap_text t;

	(void)state;
	for (int i = IMAP_CODE_OTHER + 1; i < IMAP_CODES; i++) {
		const char *name = imap_code_name((enum imap_code)i);
		char line[100];

		assert_non_null(name);
		assert_int_not_equal(name[0], '\0');
		snprintf(line, sizeof line, "a NO [%s] text", name);
		t = text_of(line);
		assert_bytes_equal_str(t.code_name, name);
		assert_true(bytes_is_null(t.code_args));
		assert_bytes_equal_str(t.text, "text");
		assert_true(t.code == (enum imap_code)i || t.code == IMAP_CODE_OTHER);
	}
	assert_int_equal(text_of("a NO [AuthenticationFailed] no").code,
			 IMAP_CODE_AUTHENTICATIONFAILED);
	assert_int_equal(text_of("a OK [READ-WRITE] ok").code, IMAP_CODE_READ_WRITE);
	assert_int_equal(text_of("a NO [OVERQUOTA]").code, IMAP_CODE_OVERQUOTA);
	assert_int_equal(text_of("* OK [CLOSED unexpected] x").code, IMAP_CODE_CLOSED);
}

static void codes_with_numbers(void **state)
{
	(void)state;
	assert_int_equal(text_of("* OK [UIDNEXT 4294967295] x").number, 4294967295);
	assert_int_equal(text_of("* OK [UIDVALIDITY 1]").number, 1);
	assert_int_equal(text_of("* OK [UNSEEN 12] x").number, 12);
	assert_true(text_of("* OK [HIGHESTMODSEQ 18446744073709551615]").number == UINT64_MAX);
	assert_int_equal(text_of("* OK [UIDNEXT 4294967296] x").code, IMAP_CODE_OTHER);
	assert_int_equal(text_of("* OK [UIDNEXT x] x").code, IMAP_CODE_OTHER);
	assert_int_equal(text_of("* OK [UIDNEXT] x").code, IMAP_CODE_OTHER);
}

static void codes_with_uids(void **state)
{
	struct imap_text t = text_of("a OK [APPENDUID 38505 3955] done");

	(void)state;
	assert_int_equal(t.code, IMAP_CODE_APPENDUID);
	assert_int_equal(t.uidvalidity, 38505);
	imap_test_assert_set(&t.uids, "3955");
	t = text_of("a OK [copyuid 38505 304,319:320 3956:3958] done");
	assert_int_equal(t.code, IMAP_CODE_COPYUID);
	imap_test_assert_set(&t.source_uids, "304,319:320");
	imap_test_assert_set(&t.uids, "3956:3958");
	t = text_of("a OK [COPYUID 1 20:19,500:495 92:97,101:100] done");
	imap_test_assert_set(&t.source_uids, "19:20,495:500");
	imap_test_assert_set(&t.uids, "92:97,100:101");
	t = text_of("a OK [MODIFIED 7,9] failed");
	imap_test_assert_set(&t.uids, "7,9");
}

/* Outlook.com: the move went well, only its code makes no sense. */
static void a_malformed_code_does_not_cost_the_response(void **state)
{
	struct imap_text t = text_of("* OK [COPYUID 701  ]");

	(void)state;
	assert_int_equal(t.code, IMAP_CODE_OTHER);
	assert_bytes_equal_str(t.code_name, "COPYUID");
	assert_bytes_equal_str(t.code_args, "701  ");
	assert_int_equal(t.uids.count, 0);
	t = text_of("* OK [COPYUID 1 1:10 101:110 extra junk] bad");
	assert_int_equal(t.code, IMAP_CODE_OTHER);
	assert_bytes_equal_str(t.text, "bad");
	t = text_of("* OK [COPYUID 1 0 5] zero");
	assert_int_equal(t.code, IMAP_CODE_OTHER);
}

static void unknown_codes_are_kept_as_text(void **state)
{
	struct imap_text t = text_of("a OK [X-THING (a \"]\" b) 1] hm");

	(void)state;
	assert_int_equal(t.code, IMAP_CODE_OTHER);
	assert_bytes_equal_str(t.code_name, "X-THING");
	assert_bytes_equal_str(t.code_args, "(a \"]\" b) 1");
	assert_bytes_equal_str(t.text, "hm");
	t = text_of("a NO [REFERRAL imap://u;AUTH=*@h/x%5By%5D] try there");
	assert_int_equal(t.code, IMAP_CODE_REFERRAL);
	assert_bytes_equal_str(t.code_args, "imap://u;AUTH=*@h/x%5By%5D");
	t = text_of("* NO [METADATA LONGENTRIES 2199] x");
	assert_bytes_equal_str(t.code_args, "LONGENTRIES 2199");
}

static void a_code_may_stand_alone(void **state)
{
	struct imap_response r = imap_test_parse_str("[COPYUID 55 31 6]");

	(void)state;
	assert_int_equal(r.kind, IMAP_UNTAGGED);
	assert_int_equal(r.status, IMAP_OK);
	assert_int_equal(r.text.code, IMAP_CODE_COPYUID);
	assert_int_equal(text_of("* [UIDNEXT 7] x").number, 7);
	imap_test_malformed("[Something] else", 0);
	imap_test_malformed("* [x", 2);
}

static void brackets_without_a_code_are_text(void **state)
{
	struct imap_text t = text_of("a OK [Error=\"x\" Proxy=1] done");

	(void)state;
	assert_int_equal(t.code, IMAP_CODE_NONE);
	assert_true(bytes_is_null(t.code_name));
	assert_bytes_equal_str(t.text, "[Error=\"x\" Proxy=1] done");
	assert_bytes_equal_str(text_of("* OK [").text, "[");
	assert_bytes_equal_str(text_of("* OK [ALERT").text, "[ALERT");
	assert_bytes_equal_str(text_of("* OK [ALERT mind").text, "[ALERT mind");
	assert_bytes_equal_str(text_of("* OK [] x").text, "[] x");
	t = text_of("a OK [READ-WRITE] [Gmail]/Sent Mail selected.");
	assert_bytes_equal_str(t.text, "[Gmail]/Sent Mail selected.");
}

static void permanent_flags(void **state)
{
	struct imap_text t = text_of("* OK [PERMANENTFLAGS (\\Seen \\* bAR \\deleted)] x");

	(void)state;
	assert_int_equal(t.flags.system, KEYWORD_SEEN | KEYWORD_DELETED);
	assert_true(t.flags.is_extensible);
	imap_test_assert_list(&t.flags.names, "\\Seen|bAR|\\deleted");
	t = text_of("* OK [PERMANENTFLAGS ()] none");
	assert_int_equal(t.code, IMAP_CODE_PERMANENTFLAGS);
	assert_int_equal(t.flags.names.count, 0);
	/* Gmail makes keywords of label names. */
	t = text_of("* OK [PERMANENTFLAGS (OIB-Seen-[Google Mail]/Alle Nachrichten \\*)] x");
	assert_int_equal(t.code, IMAP_CODE_PERMANENTFLAGS);
	imap_test_assert_list(&t.flags.names, "OIB-Seen-[Google|Mail]/Alle|Nachrichten");
	assert_bytes_equal_str(t.text, "x");
}

static void more_codes(void **state)
{
	struct imap_text t = text_of("a NO [BADCHARSET (US-ASCII \"[x] y\")] no");

	(void)state;
	imap_test_assert_list(&t.words, "US-ASCII|[x] y");
	t = text_of("a NO [BADCHARSET] no");
	assert_int_equal(t.code, IMAP_CODE_BADCHARSET);
	t = text_of("3 OK [MAILBOXID (F22-12)] Completed");
	imap_test_assert_list(&t.words, "F22-12");
	t = text_of("* OK [CAPABILITY IMAP4rev1 1234 NIL THIS+THAT + AUTH=PLAIN] x");
	imap_test_assert_list(&t.words, "IMAP4rev1|1234|NIL|THIS+THAT|+|AUTH=PLAIN");
	assert_int_equal(text_of("* OK [NOTIFICATIONOVERFLOW] x").code,
			 IMAP_CODE_NOTIFICATIONOVERFLOW);
	assert_int_equal(text_of("* NO [UIDNOTSTICKY] x").code, IMAP_CODE_UIDNOTSTICKY);
}

static void capabilities_enabled_and_flags(void **state)
{
	struct imap_response r = imap_test_parse_str("* CAPABILITY IMAP4rev1  IDLE AUTH=PLAIN ");

	(void)state;
	assert_int_equal(r.kind, IMAP_CAPABILITY);
	imap_test_assert_list(&r.words, "IMAP4rev1|IDLE|AUTH=PLAIN");
	r = imap_test_parse_str("* ENABLED");
	assert_int_equal(r.kind, IMAP_ENABLED);
	assert_int_equal(r.words.count, 0);
	r = imap_test_parse_str("* FLAGS (\\Answered \\Recent $Junk \\*)");
	assert_int_equal(r.kind, IMAP_FLAGS);
	assert_true(r.flags.is_recent);
	assert_true(r.flags.is_extensible);
	imap_test_malformed("* FLAGS (\\Seen", 14);
	imap_test_malformed("* FLAGS \\Seen", 8);
	imap_test_malformed("* FLAGS (a) b", 12);
}

static void message_counts(void **state)
{
	struct imap_response r = imap_test_parse_str("* 0 EXISTS");

	(void)state;
	assert_int_equal(r.kind, IMAP_EXISTS);
	assert_int_equal(r.number, 0);
	r = imap_test_parse_str("* 4294967295 recent");
	assert_int_equal(r.kind, IMAP_RECENT);
	assert_int_equal(r.number, 4294967295);
	r = imap_test_parse_str("* 44 EXPUNGE");
	assert_int_equal(r.kind, IMAP_EXPUNGE);
	assert_int_equal(r.seq.n, 44);
	imap_test_malformed("* 0 EXPUNGE", 11);
	imap_test_malformed("* EXISTS", 8);
	imap_test_malformed("* 1 EXISTS 2", 11);
	imap_test_malformed("* 1 LIST () \"/\" a", 8);
}

static struct imap_list list_of(const char *response)
{
	return imap_test_parse_str(response).list;
}

static void folders_as_the_rfc_lists_them(void **state)
{
	struct imap_list l = list_of("* LIST (\\Noselect \\HasChildren) \"/\" ~/Mail/foo");

	(void)state;
	assert_int_equal(l.attributes, IMAP_LIST_NOSELECT | IMAP_LIST_HASCHILDREN);
	assert_int_equal(l.delimiter, '/');
	assert_bytes_equal_str(l.mailbox, "~/Mail/foo");
	l = list_of("* LIST () NIL \"a \\\"b\\\" \\\\c\"");
	assert_int_equal(l.delimiter, 0);
	assert_bytes_equal_str(l.mailbox, "a \"b\" \\c");
	l = list_of("* LIST (\\sent \\X) \"\\\\\" {5}\r\na\r\nb)");
	assert_int_equal(l.attributes, IMAP_LIST_SENT);
	imap_test_assert_list(&l.names, "\\sent|\\X");
	assert_int_equal(l.delimiter, '\\');
	assert_bytes_equal_str(l.mailbox, "a\r\nb)");
	l = list_of("* LIST (\\NonExistent) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\") X-Y (1 (2)) "
		    "\"OLDNAME\" (\"was [so]\"))");
	assert_int_equal(l.attributes, IMAP_LIST_NONEXISTENT | IMAP_LIST_NOSELECT);
	assert_true(l.has_childinfo);
	assert_bytes_equal_str(l.old_name, "was [so]");
	assert_int_equal(imap_test_parse_str("* LSUB () \".\" #news.x").kind, IMAP_LSUB);
	l = list_of("* XLIST (\\Inbox \\AllMail \\Spam \\Starred) \"/\" x");
	assert_int_equal(l.attributes,
			 IMAP_LIST_INBOX | IMAP_LIST_ALL | IMAP_LIST_JUNK | IMAP_LIST_FLAGGED);
}

static void folders_as_servers_list_them(void **state)
{
	struct imap_list l = list_of("* LIST (\\NoInferiors) \"/\" Sent Items ");

	(void)state;
	assert_bytes_equal_str(l.mailbox, "Sent Items");
	l = list_of("* LIST NIL / INBOX");
	assert_int_equal(l.delimiter, '/');
	l = list_of("* LIST () \"/\" [Gmail]/100%*&");
	assert_bytes_equal_str(l.mailbox, "[Gmail]/100%*&");
	l = list_of("* LIST ( \\Marked  )  \"/\"  \"\xe2\x98\x83\"");
	assert_bytes_equal_str(l.mailbox, "\xe2\x98\x83");
	l = list_of("* LIST () \"\" \"\"");
	assert_int_equal(l.delimiter, 0);
	imap_test_malformed("* LIST () \"//\" a", 14);
	imap_test_malformed("* LIST () \"/\"", 13);
	imap_test_malformed("* LIST () \"/\" \"a", 16);
	imap_test_malformed("* LIST () \"/\" \"a\" b", 18);
}

static struct imap_status_data status_of(const char *response)
{
	return imap_test_parse_str(response).folder;
}

static void folder_status(void **state)
{
	struct imap_status_data s = status_of(
		"* STATUS \"x y\" (MESSAGES 231 RECENT 1 UIDNEXT 44292 UIDVALIDITY 7 UNSEEN 3 "
		"DELETED 4 SIZE 9999999999 HIGHESTMODSEQ 7011231777 DELETED-STORAGE 8 "
		"APPENDLIMIT 257890 MAILBOXID (F221))");

	(void)state;
	assert_bytes_equal_str(s.mailbox, "x y");
	assert_int_equal(s.has, (1 << 11) - 1);
	assert_int_equal(s.messages, 231);
	assert_int_equal(s.recent, 1);
	assert_int_equal(s.uidnext, 44292);
	assert_int_equal(s.uidvalidity, 7);
	assert_int_equal(s.unseen, 3);
	assert_int_equal(s.deleted, 4);
	assert_true(s.size_bytes == 9999999999);
	assert_true(s.highestmodseq == 7011231777);
	assert_int_equal(s.deleted_storage, 8);
	assert_int_equal(s.append_limit_bytes, 257890);
	assert_bytes_equal_str(s.mailbox_id, "F221");
	s = status_of("* STATUS INBOX (APPENDLIMIT NIL X-NEW (a (b)) X-SEQ 1:3,* UIDNEXT 2) ");
	assert_int_equal(s.has, IMAP_STATUS_UIDNEXT);
	s = status_of("* STATUS My Folder (MESSAGES 1)");
	assert_bytes_equal_str(s.mailbox, "My Folder");
	s = status_of("* STATUS INBOX ()");
	assert_int_equal(s.has, 0);
	imap_test_malformed("* STATUS INBOX (MESSAGES)", 24);
	imap_test_malformed("* STATUS INBOX (MESSAGES x)", 25);
	imap_test_malformed("* STATUS INBOX (MESSAGES 1", 26);
	imap_test_malformed("* STATUS INBOX", 14);
}

static void namespaces(void **state)
{
	struct imap_namespaces n =
		imap_test_parse_str(
			"* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"/\" \"X\" (\"A\" \"B\"))) "
			"NIL ((\"#news\" NIL))")
			.namespaces;

	(void)state;
	assert_int_equal(n.personal.count, 2);
	assert_bytes_equal_str(n.personal.at[1].prefix, "#mh/");
	assert_int_equal(n.personal.at[1].delimiter, '/');
	assert_int_equal(n.other.count, 0);
	assert_int_equal(n.shared.count, 1);
	assert_int_equal(n.shared.at[0].delimiter, 0);
	imap_test_malformed("* NAMESPACE NIL NIL", 19);
	imap_test_malformed("* NAMESPACE NIL NIL NIL NIL", 24);
}

static void identification(void **state)
{
	struct imap_pair_list id =
		imap_test_parse_str("* ID (\"name\" \"Cyrus\" \"support-url\" NIL)").id;

	(void)state;
	assert_int_equal(id.count, 2);
	assert_bytes_equal_str(id.at[0].name, "name");
	assert_bytes_equal_str(id.at[0].value, "Cyrus");
	assert_true(bytes_is_null(id.at[1].value));
	assert_int_equal(imap_test_parse_str("* ID NIL").id.count, 0);
}

static void quotas_and_rights(void **state)
{
	struct imap_response r = imap_test_parse_str("* QUOTA \"\" (STORAGE 10 512 MESSAGE 1 2)");

	(void)state;
	assert_int_equal(r.kind, IMAP_QUOTA);
	assert_int_equal(r.quota.root.len, 0);
	assert_int_equal(r.quota.count, 2);
	assert_bytes_equal_str(r.quota.at[1].name, "MESSAGE");
	assert_int_equal(r.quota.at[0].usage, 10);
	assert_int_equal(r.quota.at[0].limit, 512);
	r = imap_test_parse_str("* QUOTA \"ROOT\"");
	assert_bytes_equal_str(r.quota.root, "ROOT");
	assert_int_equal(r.quota.count, 0);
	imap_test_malformed("* QUOTA ROOT STORAGE", 13);
	r = imap_test_parse_str("* QUOTAROOT INBOX \"#user/alice\" \"\"");
	imap_test_assert_list(&r.quota_root.roots, "#user/alice|");
	r = imap_test_parse_str("* QUOTAROOT comp.mail.mime");
	assert_int_equal(r.quota_root.roots.count, 0);
	r = imap_test_parse_str("* ACL INBOX fred rwipslxetad -x \"\"");
	assert_int_equal(r.rights.acl.count, 2);
	assert_bytes_equal_str(r.rights.acl.at[0].value, "rwipslxetad");
	r = imap_test_parse_str("* MYRIGHTS \"IN BOX\" rwi");
	assert_int_equal(r.kind, IMAP_MYRIGHTS);
	assert_bytes_equal_str(r.rights.rights, "rwi");
	r = imap_test_parse_str("* LISTRIGHTS ~/Mail smith la r swicdkxte");
	assert_bytes_equal_str(r.rights.identifier, "smith");
	imap_test_assert_list(&r.rights.optional, "r|swicdkxte");
}

static void unknown_responses_are_kept(void **state)
{
	struct imap_response r = imap_test_parse_str("* 86 NOOP froopy (snood");

	(void)state;
	assert_int_equal(r.kind, IMAP_UNKNOWN);
	assert_bytes_equal_str(r.name, "NOOP");
	assert_true(r.has_number);
	assert_int_equal(r.number, 86);
	assert_bytes_equal_str(r.rest, "froopy (snood");
	r = imap_test_parse_str("* METADATA \"\" (/shared/comment {3}\r\na\r\n)");
	assert_int_equal(r.kind, IMAP_UNKNOWN);
	assert_false(r.has_number);
	assert_bytes_equal_str(r.rest, "\"\" (/shared/comment {3}\r\na\r\n)");
	r = imap_test_parse_str("* X");
	assert_int_equal(r.rest.len, 0);
}

static void lists_have_limits(void **state)
{
	struct imap_limits limits = imap_limits_default;
	struct imap_parse_fault fault;
	struct imap_response r = { .kind = IMAP_KINDS };

	(void)state;
	limits.items = 3;
	limits.flags = 2;
	assert_int_equal(imap_test_parse(BYTES_LIT("* CAPABILITY a b c"), &limits, &r, &fault),
			 ERR_OK);
	r.kind = IMAP_KINDS;
	assert_int_equal(imap_test_parse(BYTES_LIT("* CAPABILITY a b c d"), &limits, &r, &fault),
			 ERR_TOO_BIG);
	assert_int_equal(fault.offset, 19);
	assert_int_equal(r.kind, IMAP_KINDS);
	assert_int_equal(
		imap_test_parse(BYTES_LIT("* OK [CAPABILITY a b c d] x"), &limits, &r, &fault),
		ERR_TOO_BIG);
	assert_int_equal(imap_test_parse(BYTES_LIT("* FLAGS (a b \\Seen d)"), &limits, &r, &fault),
			 ERR_OK);
	assert_true(r.flags.is_cut);
	assert_int_equal(r.flags.system, KEYWORD_SEEN);
	imap_test_assert_list(&r.flags.names, "a|b");
}

static void a_full_arena_is_told(void **state)
{
	struct imap_frame frame = { 0 };
	struct arena *small = arena_new(5000);
	struct imap_response r;
	struct imap_parse_fault fault;
	struct buf text;

	(void)state;
	buf_init(&text, 100000);
	buf_append_str(&text, "* CAPABILITY");
	for (int i = 0; i < 1000; i++)
		buf_append_str(&text, " word");
	frame.text = buf_bytes(&text);
	assert_int_equal(imap_parse(&frame, &imap_limits_default, small, &r, &fault), ERR_TOO_BIG);
	assert_non_null(fault.reason);
	buf_done(&text);
	arena_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(a_tagged_response_has_tag_status_and_text),
		imap_test(what_is_no_response_is_refused_with_its_position),
		imap_test(untagged_status_responses),
		imap_test(continuation_requests),
		imap_test(codes_without_data),
		imap_test(codes_with_numbers),
		imap_test(codes_with_uids),
		imap_test(a_malformed_code_does_not_cost_the_response),
		imap_test(unknown_codes_are_kept_as_text),
		imap_test(a_code_may_stand_alone),
		imap_test(brackets_without_a_code_are_text),
		imap_test(permanent_flags),
		imap_test(more_codes),
		imap_test(capabilities_enabled_and_flags),
		imap_test(message_counts),
		imap_test(folders_as_the_rfc_lists_them),
		imap_test(folders_as_servers_list_them),
		imap_test(folder_status),
		imap_test(namespaces),
		imap_test(identification),
		imap_test(quotas_and_rights),
		imap_test(unknown_responses_are_kept),
		imap_test(lists_have_limits),
		imap_test(a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
