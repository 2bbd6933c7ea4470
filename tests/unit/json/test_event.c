/* Events against api-examples.md's exact shapes. */
#include "json_test.h"

#include "json/event.h"
#include "json/folder.h"
#include "json/summary.h"

#define INBOX "RQ2dsumWSJS7"

static struct account_event event(enum account_event_type type)
{
	return (struct account_event){ .type = type, .at = 1795294690, .folder = folder_id(INBOX) };
}

#define AT "\"at\":\"2026-11-21T20:58:10Z\""

static void messages_that_come_are_whole(void **state)
{
	struct summary s = { .id = message_id(INBOX ".snbj7y.7qy"),
			     .thread_id = BYTES_LIT("m.x"),
			     .headers = { .subject = BYTES_LIT("two\r\nlines") } };
	struct account_event ev = event(EVENT_MESSAGE_CREATED);
	struct written want = begin();

	(void)state;
	ev.message = &s;
	want.w = json_writer_of(&want.buf);
	buf_append_str(&want.buf, "\"type\":\"message.created\"," AT ",\"folderId\":\"" INBOX
				  "\",\"message\":");
	json_summary(&want.w, &s);
	buf_append_str(&want.buf, ",\"movedFrom\":null");
	buf_append_byte(&want.buf, 0);
	EXPECT(json_event_members(w, &ev), (const char *)buf_bytes(&want.buf).at);
	/* An event is one line, whatever a message says. */
	assert_int_equal(bytes_index(buf_bytes(&want.buf), '\n'), want.buf.len);
	assert_int_equal(bytes_index(buf_bytes(&want.buf), '\r'), want.buf.len);
	buf_done(&want.buf);
}

static void where_it_came_from_is_said(void **state)
{
	struct summary s = { .id = message_id(INBOX ".1.2"), .thread_id = BYTES_LIT("m.x") };
	struct account_event ev = event(EVENT_MESSAGE_CREATED);
	struct written t = begin();

	(void)state;
	ev.message = &s;
	ev.has_moved_from = true;
	ev.moved_from = message_id("pZJVMQyEU79j.1.9");
	t.w = json_writer_of(&t.buf);
	json_event_members(&t.w, &ev);
	assert_true(bytes_ends_with(buf_bytes(&t.buf),
				    BYTES_LIT("},\"movedFrom\":\"pZJVMQyEU79j.1.9\"")));
	buf_done(&t.buf);
}

static void changes_of_messages_come_in_batches(void **state)
{
	const struct message_update updates[] = {
		{ message_id(INBOX ".snbj7y.7qy"),
		  { .system = KEYWORD_SEEN | KEYWORD_FLAGGED | KEYWORD_DELETED } },
		{ message_id(INBOX ".snbj7y.7qz"), { 0 } },
	};
	const struct message_id ids[] = { message_id(INBOX ".snbj7y.7qy"),
					  message_id(INBOX ".snbj7y.7qz") };
	const struct message_moved moved = { ids[0], message_id("pZJVMQyEU79j.snbj7y.av") };
	struct account_event ev = event(EVENT_MESSAGE_UPDATED);

	(void)state;
	ev.updates = updates;
	ev.count = 2;
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"message.updated\"," AT ",\"folderId\":\"" INBOX "\",\"updates\":["
	       "{\"id\":\"" INBOX ".snbj7y.7qy\",\"keywords\":{\"$seen\":true,\"$flagged\":true}},"
	       "{\"id\":\"" INBOX ".snbj7y.7qz\",\"keywords\":{}}]");
	ev = event(EVENT_MESSAGE_DELETED);
	ev.ids = ids;
	ev.count = 2;
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"message.deleted\"," AT ",\"folderId\":\"" INBOX "\",\"ids\":["
	       "\"" INBOX ".snbj7y.7qy\",\"" INBOX ".snbj7y.7qz\"],\"movedTo\":{}");
	ev.moved = &moved;
	ev.moved_count = 1;
	ev.count = 1;
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"message.deleted\"," AT ",\"folderId\":\"" INBOX "\",\"ids\":["
	       "\"" INBOX ".snbj7y.7qy\"],\"movedTo\":{\"" INBOX
	       ".snbj7y.7qy\":\"pZJVMQyEU79j.snbj7y.av\"}");
}

static void check_folder(struct account_event ev, const char *before, const char *behind)
{
	struct folder f = { .id = folder_id(INBOX), .name = BYTES_LIT("x") };
	struct written want = begin();

	ev.folder_now = &f;
	want.w = json_writer_of(&want.buf);
	buf_append_str(&want.buf, before);
	json_folder(&want.w, &f);
	buf_append_str(&want.buf, behind);
	buf_append_byte(&want.buf, 0);
	EXPECT(json_event_members(w, &ev), (const char *)buf_bytes(&want.buf).at);
	buf_done(&want.buf);
}

static void folders_come_change_and_go(void **state)
{
	struct account_event ev = event(EVENT_FOLDER_UPDATED);

	(void)state;
	check_folder(event(EVENT_FOLDER_CREATED),
		     "\"type\":\"folder.created\"," AT ",\"folder\":", "");
	check_folder(ev, "\"type\":\"folder.updated\"," AT ",\"folder\":", ",\"previousId\":null");
	ev.has_previous_id = true;
	ev.previous_id = folder_id("pZJVMQyEU79j");
	check_folder(ev, "\"type\":\"folder.updated\"," AT ",\"folder\":",
		     ",\"previousId\":\"pZJVMQyEU79j\"");
	ev = event(EVENT_FOLDER_DELETED);
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"folder.deleted\"," AT ",\"folderId\":\"" INBOX "\"");
}

static void accounts_come_and_go(void **state)
{
	struct account_event ev = event(EVENT_ACCOUNT_CONNECTED);

	(void)state;
	ev.push = "notify";
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"account.connected\"," AT ",\"push\":\"notify\"");
	ev = event(EVENT_ACCOUNT_DISCONNECTED);
	ev.reason = "upstream-unreachable";
	ev.retry_at = 1795294702;
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"account.disconnected\"," AT ",\"reason\":\"upstream-unreachable\","
	       "\"retryAt\":\"2026-11-21T20:58:22Z\"");
	ev.reason = "credentials-refused";
	ev.retry_at = 0;
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"account.disconnected\"," AT ",\"reason\":\"credentials-refused\","
	       "\"retryAt\":null");
}

static void a_reset_concerns_a_folder_or_all(void **state)
{
	struct account_event ev = event(EVENT_RESET);

	(void)state;
	ev.reason = "uidvalidity-changed";
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"reset\"," AT ",\"reason\":\"uidvalidity-changed\",\"folderId\":\"" INBOX
	       "\"");
	ev.folder = (struct folder_id){ "" };
	ev.reason = "log-expired";
	EXPECT(json_event_members(w, &ev),
	       "\"type\":\"reset\"," AT ",\"reason\":\"log-expired\",\"folderId\":null");
}

static void the_log_adds_the_id(void **state)
{
	(void)state;
	EXPECT(json_event(w, BYTES_LIT("k7.1-0"), BYTES_LIT("\"type\":\"x\"")),
	       "{\"id\":\"k7.1-0\",\"type\":\"x\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_that_come_are_whole),
		cmocka_unit_test(where_it_came_from_is_said),
		cmocka_unit_test(changes_of_messages_come_in_batches),
		cmocka_unit_test(folders_come_change_and_go),
		cmocka_unit_test(accounts_come_and_go),
		cmocka_unit_test(a_reset_concerns_a_folder_or_all),
		cmocka_unit_test(the_log_adds_the_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
