/* Every object against api-examples.md's exact shape. */
#include "json_test.h"

#include "json/folder.h"
#include "json/list.h"
#include "json/message.h"
#include "json/result.h"
#include "json/session.h"
#include "json/summary.h"

#define ONE(x)                                                                                     \
	{                                                                                          \
		&(x), 1                                                                            \
	}

static struct bytes header_ids[] = { BYTES_LIT("77aa@mail.example.net") };
static struct bytes parent_ids[] = { BYTES_LIT("3f2a9c@mail.example.net") };
static struct address bob = { BYTES_LIT("Bob Núñez"), BYTES_LIT("bob@example.net") };
static struct address ada = { BYTES_NULL, BYTES_LIT("ada@example.org") };

static struct summary summary(void)
{
	return (struct summary){
		.id = message_id("RQ2dsumWSJS7.snbj7y.7qy"),
		.thread_id = BYTES_LIT("r.M2YyYTljQG1haWwuZXhhbXBsZS5uZXQ"),
		.headers = { .from = ONE(bob),
			     .to = ONE(ada),
			     .subject = BYTES_LIT("Re: Plan"),
			     .sent_at = { true, 1795294687, 60 },
			     .message_id = { header_ids, 1 } },
		.received_at = 1795294689,
		.size = 48211,
		.keywords = { .system = KEYWORD_SEEN },
		.has_attachment = true,
		.preview = BYTES_LIT("Hi Ada, see the attached…"),
	};
}

#define SUMMARY_MEMBERS                                                                            \
	"\"id\":\"RQ2dsumWSJS7.snbj7y.7qy\",\"emailId\":null,\"folderId\":\"RQ2dsumWSJS7\","       \
	"\"threadId\":\"r.M2YyYTljQG1haWwuZXhhbXBsZS5uZXQ\","                                      \
	"\"messageId\":[\"77aa@mail.example.net\"],"                                               \
	"\"from\":[{\"name\":\"Bob Núñez\",\"email\":\"bob@example.net\"}],"                     \
	"\"to\":[{\"name\":null,\"email\":\"ada@example.org\"}],\"cc\":[],"                        \
	"\"subject\":\"Re: Plan\",\"sentAt\":\"2026-11-21T21:58:07+01:00\","                       \
	"\"receivedAt\":\"2026-11-21T20:58:09Z\",\"size\":48211,\"hasAttachment\":true,"           \
	"\"keywords\":{\"$seen\":true},\"preview\":\"Hi Ada, see the attached…\""

static void test_a_summary_has_every_member(void **state)
{
	struct summary s = summary();

	(void)state;
	EXPECT(json_summary(w, &s), "{" SUMMARY_MEMBERS "}");
}

static void test_a_summary_is_spliced_from_what_lasts(void **state)
{
	struct summary s = summary(), changed = s;
	struct written lasting = begin(), whole = begin();
	struct ready_summary ready = { .keywords = s.keywords,
				       .preview = BYTES_LIT("\"Hi Ada, see the attached…\"") };

	(void)state;
	lasting.w = json_writer_of(&lasting.buf);
	whole.w = json_writer_of(&whole.buf);
	json_summary_lasting(&lasting.w, &s);
	ready.lasting = buf_bytes(&lasting.buf);
	EXPECT(json_summary_ready(w, &ready), "{" SUMMARY_MEMBERS "}");
	changed.keywords = ready.keywords = (struct keywords){ 0 };
	changed.preview = ready.preview = BYTES_NULL;
	json_summary(&whole.w, &changed);
	buf_append_byte(&whole.buf, 0);
	EXPECT(json_summary_ready(w, &ready), (const char *)buf_bytes(&whole.buf).at);
	buf_done(&lasting.buf);
	buf_done(&whole.buf);
}

static void test_what_a_message_lacks_is_null_or_empty(void **state)
{
	struct summary s = { .id = message_id("RQ2dsumWSJS7.1.1"), .thread_id = BYTES_LIT("m.x") };

	(void)state;
	EXPECT(json_summary(w, &s),
	       "{\"id\":\"RQ2dsumWSJS7.1.1\",\"emailId\":null,\"folderId\":\"RQ2dsumWSJS7\","
	       "\"threadId\":\"m.x\",\"messageId\":[],\"from\":[],\"to\":[],\"cc\":[],"
	       "\"subject\":null,\"sentAt\":null,\"receivedAt\":\"1970-01-01T00:00:00Z\","
	       "\"size\":0,\"hasAttachment\":false,\"keywords\":{},\"preview\":null}");
}

static void test_deleted_is_no_keyword_that_is_shown(void **state)
{
	struct bytes custom[] = { BYTES_LIT("$forwarded"), BYTES_LIT("todo") };
	struct keywords k = { .system = KEYWORD_SEEN | KEYWORD_ANSWERED | KEYWORD_FLAGGED |
					KEYWORD_DRAFT | KEYWORD_DELETED,
			      .custom = { custom, 2 } };

	(void)state;
	EXPECT(json_keywords(w, &k), "{\"$seen\":true,\"$answered\":true,\"$flagged\":true,"
				     "\"$draft\":true,\"$forwarded\":true,\"todo\":true}");
}

static struct part text_part = { .part_id = BYTES_LIT("1"),
				 .type = BYTES_LIT("text/html"),
				 .charset = BYTES_LIT("utf-8"),
				 .size = 812,
				 .is_size_exact = true };

#define TEXT_PART                                                                                  \
	"\"partId\":\"1\",\"type\":\"text/html\",\"name\":null,\"charset\":\"utf-8\","             \
	"\"disposition\":null,\"cid\":null,\"language\":null,\"location\":null,\"size\":812,"      \
	"\"isSizeExact\":true"
#define PDF_PART                                                                                   \
	"\"partId\":\"2\",\"type\":\"application/pdf\",\"name\":\"plan.pdf\",\"charset\":null,"    \
	"\"disposition\":\"attachment\",\"cid\":null,\"language\":[\"en\"],\"location\":null,"     \
	"\"size\":34120,\"isSizeExact\":false"

static void test_a_whole_message_has_structure_and_values(void **state)
{
	struct bytes english[] = { BYTES_LIT("en") };
	struct part pdf = { .part_id = BYTES_LIT("2"),
			    .type = BYTES_LIT("application/pdf"),
			    .name = BYTES_LIT("plan.pdf"),
			    .disposition = BYTES_LIT("attachment"),
			    .language = { english, 1 },
			    .size = 34120 };
	struct part children[] = { text_part, pdf };
	struct part root = { .type = BYTES_LIT("multipart/mixed"),
			     .is_multipart = true,
			     .is_size_exact = true,
			     .children = children,
			     .child_count = 2 };
	const struct part *body[] = { &children[0] }, *attached[] = { &children[1] };
	struct body_value value = { BYTES_LIT("1"), BYTES_LIT("<p>Hi"), false, true };
	struct header_field field = { BYTES_LIT("List-Id"), BYTES_LIT("<x>") };
	struct message m = { .summary = summary(),
			     .structure = &root,
			     .view = { body, body, attached, 1, 1, 1, true },
			     .body_values = &value,
			     .body_value_count = 1,
			     .has_headers = true,
			     .header_fields = &field,
			     .header_field_count = 1 };

	(void)state;
	m.summary.headers.references = m.summary.headers.in_reply_to =
		(struct bytes_list){ parent_ids, 1 };
	EXPECT(json_message(w, &m),
	       "{" SUMMARY_MEMBERS ",\"sender\":[],\"replyTo\":[],\"bcc\":[],"
	       "\"inReplyTo\":[\"3f2a9c@mail.example.net\"],"
	       "\"references\":[\"3f2a9c@mail.example.net\"],"
	       "\"headers\":[{\"name\":\"List-Id\",\"value\":\"<x>\"}],"
	       "\"bodyStructure\":{\"partId\":null,\"type\":\"multipart/mixed\",\"name\":null,"
	       "\"charset\":null,\"disposition\":null,\"cid\":null,\"language\":null,"
	       "\"location\":null,\"size\":0,\"isSizeExact\":true,\"subParts\":["
	       "{" TEXT_PART ",\"subParts\":null},{" PDF_PART ",\"subParts\":null}]},"
	       "\"textBody\":[{" TEXT_PART "}],\"htmlBody\":[{" TEXT_PART "}],"
	       "\"attachments\":[{" PDF_PART "}],"
	       "\"bodyValues\":{\"1\":{\"value\":\"<p>Hi\",\"isEncodingProblem\":false,"
	       "\"isTruncated\":true}},\"htmlInfo\":null}");
}

static void test_a_message_without_structure_is_still_whole(void **state)
{
	struct message m = { .summary = summary() };

	(void)state;
	EXPECT(json_message(w, &m),
	       "{" SUMMARY_MEMBERS ",\"sender\":[],\"replyTo\":[],\"bcc\":[],\"inReplyTo\":[],"
	       "\"references\":[],\"headers\":null,\"bodyStructure\":null,\"textBody\":[],"
	       "\"htmlBody\":[],\"attachments\":[],\"bodyValues\":{},\"htmlInfo\":null}");
}

#define FOLDER_MEMBERS                                                                             \
	"\"id\":\"RQ2dsumWSJS7\",\"name\":\"Inbox\",\"parentId\":null,\"role\":\"inbox\","         \
	"\"sortOrder\":10,\"isSubscribed\":true,\"isSelectable\":true,\"totalMessages\":10020,"    \
	"\"unreadMessages\":17,\"myRights\":{\"mayReadItems\":true,\"mayAddItems\":true,"          \
	"\"mayRemoveItems\":true,\"maySetSeen\":true,\"maySetKeywords\":true,"                     \
	"\"mayCreateChild\":true,\"mayRename\":false,\"mayDelete\":false,\"maySubmit\":true}"

static void test_folders_have_every_member(void **state)
{
	struct folder f[2] = {
		{ .id = folder_id("RQ2dsumWSJS7"),
		  .name = BYTES_LIT("Inbox"),
		  .path = BYTES_LIT("INBOX"),
		  .role = FOLDER_ROLE_INBOX,
		  .sort_order = 10,
		  .is_subscribed = true,
		  .is_selectable = true,
		  .has_counts = true,
		  .total = 10020,
		  .unread = 17,
		  .rights = { true, true, true, true, true, true, false, false, true } },
		{ .id = folder_id("AAAAAAAAAAAA"),
		  .parent = folder_id("RQ2dsumWSJS7"),
		  .name = BYTES_LIT("x") },
	};
	struct folder_list l = { f, 2 };
	struct folder_id was = folder_id("pZJVMQyEU79j");

	(void)state;
	EXPECT(json_folder(w, &f[0]), "{" FOLDER_MEMBERS "}");
	EXPECT(json_folder_changed(w, &f[0], &was),
	       "{" FOLDER_MEMBERS ",\"previousId\":\"pZJVMQyEU79j\"}");
	EXPECT(json_folder_changed(w, &f[0], NULL), "{" FOLDER_MEMBERS ",\"previousId\":null}");
	EXPECT(json_folder_list(w, &l),
	       "{\"folders\":[{" FOLDER_MEMBERS "},{\"id\":\"AAAAAAAAAAAA\",\"name\":\"x\","
	       "\"parentId\":\"RQ2dsumWSJS7\",\"role\":null,\"sortOrder\":0,"
	       "\"isSubscribed\":false,\"isSelectable\":false,\"totalMessages\":null,"
	       "\"unreadMessages\":null,\"myRights\":{\"mayReadItems\":false,"
	       "\"mayAddItems\":false,\"mayRemoveItems\":false,\"maySetSeen\":false,"
	       "\"maySetKeywords\":false,\"mayCreateChild\":false,\"mayRename\":false,"
	       "\"mayDelete\":false,\"maySubmit\":false}}]}");
}

static void test_the_envelope_of_a_list_has_every_member(void **state)
{
	struct summary s = summary();
	struct bytes gone[] = { BYTES_LIT("RQ2dsumWSJS7.1.9") };
	struct json_incomplete cut[] = { { folder_id("AAAAAAAAAAAA"), "limit" },
					 { { "" }, "upstream-timeout" } };
	struct json_list full = { .messages = &s,
				  .count = 1,
				  .has_total = true,
				  .total = 10020,
				  .has_position = true,
				  .state = BYTES_LIT("s1.snbj7y.4f2.7qz"),
				  .next_cursor = BYTES_LIT("c1.Zm9v"),
				  .incomplete = cut,
				  .incomplete_count = 2,
				  .not_found = { gone, 1 } };
	struct json_list empty = { 0 };

	(void)state;
	EXPECT(json_list(w, &full),
	       "{\"messages\":[{" SUMMARY_MEMBERS "}],\"total\":10020,\"position\":0,"
	       "\"state\":\"s1.snbj7y.4f2.7qz\",\"nextCursor\":\"c1.Zm9v\",\"incomplete\":["
	       "{\"folderId\":\"AAAAAAAAAAAA\",\"code\":\"limit\"},"
	       "{\"folderId\":null,\"code\":\"upstream-timeout\"}],"
	       "\"notFound\":[\"RQ2dsumWSJS7.1.9\"]}");
	EXPECT(json_list(w, &empty),
	       "{\"messages\":[],\"total\":null,\"position\":null,\"state\":null,"
	       "\"nextCursor\":null,\"incomplete\":[],\"notFound\":[]}");
}

static struct json_session session(void)
{
	return (struct json_session){
		.life = { BYTES_LIT("Zk3vQ0aP1xYb"), true, 1795291200, 1795377600 },
		.account = { .id = BYTES_LIT("8g6DTYgsdCRr"),
			     .username = BYTES_LIT("ada@example.org"),
			     .protocol = BYTES_LIT("imap"),
			     .server = BYTES_LIT("example.org"),
			     .email = BYTES_LIT("ada@example.org"),
			     .folders = true,
			     .flags = "server",
			     .custom_keywords = true,
			     .move = true,
			     .append = true,
			     .search = "server",
			     .sort = "server",
			     .threads = "computed",
			     .changes = true,
			     .send = true,
			     .push = "notify",
			     .has_quota = true,
			     .quota_used_bytes = 104857600,
			     .quota_limit_bytes = 1073741824 },
		.limits = { 500, 5000, 52428800, 26214400, 1048576, 8, 0 },
	};
}

#define SESSION_LIFE                                                                               \
	"\"id\":\"Zk3vQ0aP1xYb\",\"createdAt\":\"2026-11-21T20:00:00Z\","                          \
	"\"expiresAt\":\"2026-11-22T20:00:00Z\""
#define SESSION_ACCOUNT                                                                            \
	"\"account\":{\"id\":\"8g6DTYgsdCRr\",\"username\":\"ada@example.org\","                   \
	"\"protocol\":\"imap\",\"server\":\"example.org\","                                        \
	"\"identities\":[{\"name\":null,\"email\":\"ada@example.org\"}],"                          \
	"\"capabilities\":{\"folders\":true,\"flags\":\"server\",\"customKeywords\":true,"         \
	"\"move\":true,\"append\":true,\"search\":\"server\",\"sort\":\"server\","                 \
	"\"threads\":\"computed\",\"changes\":true,\"send\":true,\"push\":\"notify\"},"            \
	"\"quota\":{\"used\":104857600,\"hardLimit\":1073741824},"                                 \
	"\"limits\":{\"listLimit\":500,\"actionIds\":5000,\"uploadBytes\":52428800,"               \
	"\"messageBytes\":26214400,\"jsonBytes\":1048576,\"streams\":8,\"pollSeconds\":null}}"

static void test_a_session_shows_its_token_only_when_it_is_made(void **state)
{
	struct json_session s = session();

	(void)state;
	EXPECT(json_session(w, &s), "{" SESSION_LIFE "," SESSION_ACCOUNT "}");
	s.has_token = true;
	EXPECT(json_session(w, &s), "{" SESSION_LIFE "," SESSION_ACCOUNT ",\"token\":null}");
	s.token = BYTES_LIT("t0ken");
	EXPECT(json_session(w, &s), "{" SESSION_LIFE "," SESSION_ACCOUNT ",\"token\":\"t0ken\"}");
	EXPECT(json_session_entry(w, &s.life, true), "{" SESSION_LIFE ",\"isCurrent\":true}");
}

static void test_basic_has_no_session_of_its_own(void **state)
{
	struct json_session s = session();
	struct written t = begin();

	(void)state;
	s.life = (struct json_session_life){ 0 };
	s.account.email = BYTES_NULL;
	s.account.has_quota = false;
	t.w = json_writer_of(&t.buf);
	json_session(&t.w, &s);
	assert_true(bytes_starts_with(
		buf_bytes(&t.buf),
		BYTES_LIT("{\"id\":null,\"createdAt\":null,\"expiresAt\":null,\"account\":")));
	assert_true(bytes_find(buf_bytes(&t.buf), BYTES_LIT("\"identities\":[],")) < t.buf.len);
	assert_true(bytes_find(buf_bytes(&t.buf), BYTES_LIT("\"quota\":null,")) < t.buf.len);
	buf_done(&t.buf);
}

static void test_results_tell_where_a_message_went(void **state)
{
	struct message_id now = message_id("pZJVMQyEU79j.snbj7y.av");
	struct folder_id there = folder_id("pZJVMQyEU79j");
	struct keywords seen = { .system = KEYWORD_SEEN };
	struct json_result moved = {
		BYTES_LIT("RQ2dsumWSJS7.snbj7y.7qy"), &now, &there, &seen, true, true
	};
	struct json_result lost = { .previous_id = BYTES_LIT("RQ2dsumWSJS7.snbj7y.7qx") };
	const struct json_result_status done = { .status = "done" };
	const struct json_result_status failed = {
		"failed", "message-not-found", "The message is no longer there; reload the list."
	};

	(void)state;
	EXPECT(json_result_with_status(w, &moved, &done),
	       "{\"previousId\":\"RQ2dsumWSJS7.snbj7y.7qy\",\"id\":\"pZJVMQyEU79j.snbj7y.av\","
	       "\"folderId\":\"pZJVMQyEU79j\",\"keywords\":{\"$seen\":true},\"expunged\":true,"
	       "\"status\":\"done\",\"problem\":null}");
	EXPECT(json_result_with_status(w, &lost, &failed),
	       "{\"previousId\":\"RQ2dsumWSJS7.snbj7y.7qx\",\"id\":null,\"folderId\":null,"
	       "\"keywords\":null,\"expunged\":null,\"status\":\"failed\","
	       "\"problem\":{\"code\":\"message-not-found\","
	       "\"detail\":\"The message is no longer there; reload the list.\"}}");
	EXPECT(json_result(w, &lost), "{\"previousId\":\"RQ2dsumWSJS7.snbj7y.7qx\",\"id\":null,"
				      "\"folderId\":null,\"keywords\":null,\"expunged\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_summary_has_every_member),
		cmocka_unit_test(test_a_summary_is_spliced_from_what_lasts),
		cmocka_unit_test(test_what_a_message_lacks_is_null_or_empty),
		cmocka_unit_test(test_deleted_is_no_keyword_that_is_shown),
		cmocka_unit_test(test_a_whole_message_has_structure_and_values),
		cmocka_unit_test(test_a_message_without_structure_is_still_whole),
		cmocka_unit_test(test_folders_have_every_member),
		cmocka_unit_test(test_the_envelope_of_a_list_has_every_member),
		cmocka_unit_test(test_a_session_shows_its_token_only_when_it_is_made),
		cmocka_unit_test(test_basic_has_no_session_of_its_own),
		cmocka_unit_test(test_results_tell_where_a_message_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
