/* The bytes of summaries, which stores keep longer than a program runs. */
#include "cmocka_all.h"

#include "endpoint/event_codec.h"
#include "model/message.h"

static struct address ada = { BYTES_LIT("Ada"), BYTES_LIT("ada@example.org") };
static struct bytes message_id = BYTES_LIT("1@example.org");

static struct summary full(void)
{
	return (struct summary){
		.id = { { "aaaaaaaaaaaa" }, { MESSAGE_KEY_UID, 7, 1, "" } },
		.email_id = BYTES_LIT("e1"),
		.thread_id = BYTES_LIT("r.MQ"),
		.headers = { .from = { &ada, 1 },
			     .to = { &ada, 1 },
			     .subject = BYTES_LIT("Gr\xc3\xbc\xc3\x9f"
						  "e"),
			     .sent_at = { true, 1700000000, 60 },
			     .message_id = { &message_id, 1 } },
		.received_at = 1700000001,
		.size = 1234,
		.has_attachment = true,
	};
}

/* Whoever has to change what this expects counts VERSION up, here and in the codec. */
#define VERSION 1
static const char lasting[] =
	"\"id\":\"aaaaaaaaaaaa.7.1\",\"emailId\":\"e1\",\"folderId\":\"aaaaaaaaaaaa\",\"threadId\":"
	"\"r.MQ\","
	"\"messageId\":[\"1@example.org\"],\"from\":[{\"name\":\"Ada\",\"email\":\"ada@example."
	"org\"}],"
	"\"to\":[{\"name\":\"Ada\",\"email\":\"ada@example.org\"}],\"cc\":[],\"subject\":"
	"\"Gr\xc3\xbc\xc3\x9f"
	"e\","
	"\"sentAt\":\"2023-11-14T23:13:20+01:00\",\"receivedAt\":\"2023-11-14T22:13:21Z\","
	"\"size\":1234,\"hasAttachment\":true";

static void its_bytes_belong_to_its_version(void **state)
{
	struct summary s = full();
	struct buf b;

	(void)state;
	assert_int_equal(event_codec.version, VERSION);
	buf_init(&b, 10000);
	assert_true(event_codec.put_summary(event_codec.ctx, &b, &s));
	assert_bytes_equal_str(buf_bytes(&b), lasting);
	buf_reset(&b);
	assert_true(event_codec.put_preview(event_codec.ctx, &b, BYTES_LIT("Say \"hi\"\n")));
	assert_bytes_equal_str(buf_bytes(&b), "\"Say \\\"hi\\\"\\n\"");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_bytes_belong_to_its_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
