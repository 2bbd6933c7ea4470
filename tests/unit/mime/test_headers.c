#include "cmocka_all.h"

#include "exact.h"

#include "base/buf.h"
#include "mime/headers.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static struct headers decode(const char *block)
{
	struct headers h;

	assert_int_equal(mime_headers_decode(mem, exact(block), BYTES_NULL, &h), ERR_OK);
	return h;
}

static void an_everyday_header_is_understood(void **state)
{
	struct headers h = decode("Received: from a by b; Sat, 21 Nov 2026 20:58:09 +0000\r\n"
				  "From: Bob <bob@example.net>\r\n"
				  "Sender: s@x\r\nReply-To: r@x\r\n"
				  "To: ada@example.org,\r\n\t\"Eve\" <eve@x>\r\n"
				  "Cc: c@x\r\nBcc: b@x\r\n"
				  "Subject: Re: Plan\r\n"
				  "Date: Sat, 21 Nov 2026 21:58:07 +0100\r\n"
				  "Message-ID: <77aa@mail.example.net>\r\n"
				  "In-Reply-To: <3f2a9c@mail.example.net>\r\n"
				  "References: <1@x>\r\n <3f2a9c@mail.example.net>\r\n\r\n");

	(void)state;
	assert_int_equal(h.from.count, 1);
	assert_bytes_equal_str(h.from.at[0].name, "Bob");
	assert_bytes_equal_str(h.from.at[0].email, "bob@example.net");
	assert_int_equal(h.to.count, 2);
	assert_bytes_equal_str(h.to.at[1].email, "eve@x");
	assert_bytes_equal_str(h.sender.at[0].email, "s@x");
	assert_bytes_equal_str(h.reply_to.at[0].email, "r@x");
	assert_bytes_equal_str(h.cc.at[0].email, "c@x");
	assert_bytes_equal_str(h.bcc.at[0].email, "b@x");
	assert_bytes_equal_str(h.subject, "Re: Plan");
	assert_true(h.sent_at.is_known);
	assert_true(h.sent_at.unix_s == 1795294687);
	assert_int_equal(h.sent_at.offset_min, 60);
	assert_bytes_equal_str(h.message_id.at[0], "77aa@mail.example.net");
	assert_bytes_equal_str(h.in_reply_to.at[0], "3f2a9c@mail.example.net");
	assert_int_equal(h.references.count, 2);
	assert_bytes_equal_str(h.references.at[0], "1@x");
}

static void what_is_absent_is_null_or_empty(void **state)
{
	struct headers h = decode("X-Other: 1\r\n\r\n");

	(void)state;
	assert_int_equal(h.from.count, 0);
	assert_true(bytes_is_null(h.subject));
	assert_false(h.sent_at.is_known);
	assert_int_equal(h.message_id.count, 0);
	h = decode("Subject:\r\nDate: nonsense\r\n");
	assert_false(bytes_is_null(h.subject));
	assert_int_equal(h.subject.len, 0);
	assert_false(h.sent_at.is_known);
	h = decode("");
	assert_true(bytes_is_null(h.subject));
}

static void fields_that_stand_twice(void **state)
{
	struct headers h = decode("To: a@x\nSubject: one\nTo: b@x\nSubject: two\nDate: nonsense\n"
				  "Date: Sat, 21 Nov 2026 20:58:07 +0000\n");

	(void)state;
	assert_int_equal(h.to.count, 2);
	assert_bytes_equal_str(h.subject, "one");
	assert_true(h.sent_at.is_known);
}

static void broken_blocks_lose_only_what_is_broken(void **state)
{
	struct headers h = decode("From bob@x Mon Jan  1 00:00:00 2024\n"
				  "no field at all\n"
				  "From: a@x\r\n"
				  "Sub ject: no name\n"
				  " and its continuation\n"
				  "sUBJECT \t: here\r\r\n"
				  "\tand there\n"
				  " \n"
				  "To: b@x\n"
				  "\n"
				  "Cc: body@x\n");

	(void)state;
	assert_bytes_equal_str(h.from.at[0].email, "a@x");
	assert_bytes_equal_str(h.subject, "here and there");
	assert_bytes_equal_str(h.to.at[0].email, "b@x");
	assert_int_equal(h.cc.count, 0);
}

static void eight_bit_text_goes_by_the_content_type(void **state)
{
	struct headers h = decode(
		"Subject: \xcf\xf0\xe8\nContent-Type: text/plain; charset=\"windows-1251\"\n");

	(void)state;
	assert_bytes_equal_str(h.subject, "При");
	h = decode("Subject: \xfc\n");
	assert_bytes_equal_str(h.subject, "ü");
	assert_int_equal(mime_headers_decode(mem, BYTES_LIT("Subject: \xf0\xd2\xc9\n"),
					     BYTES_LIT("koi8-r"), &h),
			 ERR_OK);
	assert_bytes_equal_str(h.subject, "При");
}

static void check_ids(const char *value, const char *want)
{
	struct bytes_list ids;
	struct buf got;

	assert_int_equal(mime_ids_parse(mem, exact(value), &ids), ERR_OK);
	buf_init(&got, 4096);
	for (size_t i = 0; i < ids.count; i++)
		buf_printf(&got, "%s%.*s", i ? "|" : "", BYTES_FMT(ids.at[i]));
	if (!bytes_equal_str(buf_bytes(&got), want))
		fail_msg("%s: got %.*s, want %s", value, BYTES_FMT(buf_bytes(&got)), want);
	buf_done(&got);
}

static void ids_are_what_is_in_brackets(void **state)
{
	(void)state;
	check_ids("<a@b>", "a@b");
	check_ids("<a@b><c@d>\r\n\t<e@f>", "a@b|c@d|e@f");
	check_ids("Your message of \"Mon\" <a@b>", "a@b");
	check_ids("<no-at>", "no-at");
	check_ids("<a\r\n b@c>", "ab@c");
	check_ids("<a@b <c@d>", "a@b|c@d");
	check_ids("<unclosed@x", "unclosed@x");
	check_ids("<> <  >", "");
}

static void ids_without_brackets_need_an_at_sign(void **state)
{
	(void)state;
	check_ids("a@b", "a@b");
	check_ids("a@b, c@d", "a@b|c@d");
	check_ids("Your message", "");
	check_ids("", "");
}

static void of_many_references_the_first_and_the_last_are_kept(void **state)
{
	struct bytes_list ids;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "<%d@x> ", i);
	assert_int_equal(mime_ids_parse(mem, buf_bytes(&text), &ids), ERR_OK);
	assert_int_equal(ids.count, MIME_REFERENCES_MAX);
	assert_bytes_equal_str(ids.at[0], "0@x");
	assert_bytes_equal_str(ids.at[MIME_REFERENCES_MAX - 1], "999@x");
	buf_done(&text);
}

static void fields_are_listed_in_order_or_by_name(void **state)
{
	static const char block[] = "X-One: =?utf-8?q?=C3=A4?=\r\nList-Id: <l.x>\r\n"
				    "x-one: two\r\n lines\r\n\r\nbody";
	struct bytes wanted[] = { BYTES_LIT("list-id"), BYTES_LIT("X-ONE") };
	struct bytes_list names = { wanted, 1 };
	struct header_fields all, some;

	(void)state;
	assert_int_equal(mime_header_fields(mem, bytes_of_str(block), BYTES_NULL, NULL, &all),
			 ERR_OK);
	assert_int_equal(all.count, 3);
	assert_bytes_equal_str(all.at[0].name, "X-One");
	assert_bytes_equal_str(all.at[0].value, "ä");
	assert_bytes_equal_str(all.at[2].value, "two lines");
	assert_int_equal(mime_header_fields(mem, bytes_of_str(block), BYTES_NULL, &names, &some),
			 ERR_OK);
	assert_int_equal(some.count, 1);
	assert_bytes_equal_str(some.at[0].value, "<l.x>");
	names.count = 2;
	assert_int_equal(mime_header_fields(mem, bytes_of_str(block), BYTES_NULL, &names, &some),
			 ERR_OK);
	assert_int_equal(some.count, 3);
	assert_bytes_equal_str(mime_fields_find(bytes_of_str(block), "LIST-ID"), " <l.x>");
	assert_true(bytes_is_null(mime_fields_find(bytes_of_str(block), "List")));
}

static void the_time_of_arrival_is_that_of_the_topmost_received(void **state)
{
	struct zoned_time t;

	(void)state;
	t = mime_received_time(
		BYTES_LIT("Received: from a (x; y)\n by b; Sat, 21 Nov 2026 20:58:09 "
			  "+0000\nReceived: c; Sat, 21 Nov 2020 00:00:00 +0000\n"
			  "Date: Sat, 21 Nov 2026 20:00:00 +0000\n"));
	assert_true(t.is_known && t.unix_s == 1795294689);
	t = mime_received_time(
		BYTES_LIT("Received: nonsense\nDate: Sat, 21 Nov 2026 20:58:07 +0000"));
	assert_true(t.is_known && t.unix_s == 1795294687);
	assert_false(mime_received_time(BYTES_LIT("Subject: x\n")).is_known);
}

/* A megabyte of each; quadratic behaviour would take minutes. */
static void hostile_blocks_take_linear_time(void **state)
{
	static const char *const patterns[] = { "a",
						"\n ",
						"a\n",
						"References: <a@b>\n",
						"To: a@b,\n",
						"<",
						"Subject: =?utf-8?q?\n",
						"Date: (((\n",
						"\r" };
	size_t n = 2 << 20;
	char *text = malloc(n);

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct arena *scratch = arena_new(512 << 20);
		struct header_fields fields;
		struct headers h;

		for (size_t i = 0; i < n; i++)
			text[i] = patterns[k][i % strlen(patterns[k])];
		assert_int_equal(mime_headers_decode(scratch, bytes_of(text, n), BYTES_NULL, &h),
				 ERR_OK);
		assert_true(h.references.count <= MIME_REFERENCES_MAX);
		assert_int_equal(
			mime_header_fields(scratch, bytes_of(text, n), BYTES_NULL, NULL, &fields),
			ERR_OK);
		assert_true(fields.count <= MIME_FIELDS_MAX);
		arena_free(scratch);
	}
	free(text);
}

static void says_so_when_memory_is_short(void **state)
{
	static const char block[] = "From: Bob <bob@example.net>\nTo: a@b\nSubject: hello\n"
				    "Message-ID: <a@b>\nReferences: <a@b> <c@d>\n";
	bool has_failed = false, has_worked = false;

	(void)state;
	/* An arena takes 4 KiB at once: fill it so that any allocation is the last one. */
	for (size_t used = 3000; used < 4096; used += 8) {
		struct arena *small = arena_new(4096);
		struct headers h = { 0 };
		enum err e;

		arena_alloc(small, used);
		e = mime_headers_decode(small, bytes_of_str(block), BYTES_NULL, &h);
		assert_true(e == ERR_OK || e == ERR_NOMEM);
		assert_true(e == ERR_OK || h.from.count == 0);
		has_failed |= e == ERR_NOMEM;
		has_worked |= e == ERR_OK;
		arena_free(small);
	}
	assert_true(has_failed && has_worked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_everyday_header_is_understood),
		cmocka_unit_test(what_is_absent_is_null_or_empty),
		cmocka_unit_test(fields_that_stand_twice),
		cmocka_unit_test(broken_blocks_lose_only_what_is_broken),
		cmocka_unit_test(eight_bit_text_goes_by_the_content_type),
		cmocka_unit_test(ids_are_what_is_in_brackets),
		cmocka_unit_test(ids_without_brackets_need_an_at_sign),
		cmocka_unit_test(of_many_references_the_first_and_the_last_are_kept),
		cmocka_unit_test(fields_are_listed_in_order_or_by_name),
		cmocka_unit_test(the_time_of_arrival_is_that_of_the_topmost_received),
		cmocka_unit_test(hostile_blocks_take_linear_time),
		cmocka_unit_test(says_so_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
