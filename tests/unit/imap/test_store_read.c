#include "store_test.h"

static void open(struct store_test *t, const char *script)
{
	store_test_begin(t, script, NULL);
	assert_int_equal(store_test_open(t), ERR_OK);
}

static void end(struct store_test *t)
{
	assert_true(script_is_done(t->script));
	store_test_end(t);
}

static void assert_folder(const struct folder *f, const char *path, const char *name,
			  bool is_subscribed, bool has_counts, uint32_t total)
{
	assert_bytes_equal_str(f->path, path);
	assert_bytes_equal_str(f->name, name);
	assert_int_equal(f->is_subscribed, is_subscribed);
	assert_int_equal(f->has_counts, has_counts);
	assert_int_equal(f->total, total);
}

static void lists_folders_of_an_old_server(void **state)
{
	struct store_test t;

	(void)state;
	open(&t, "list_plain");
	assert_int_equal(store_test_list(&t), ERR_OK);
	assert_int_equal(t.folders->count, 5);
	assert_folder(&t.folders->at[0], "INBOX", "INBOX", true, true, 5);
	assert_int_equal(t.folders->at[0].unread, 2);
	assert_int_equal(t.folders->at[0].role, FOLDER_ROLE_INBOX);
	assert_folder(&t.folders->at[1], "INBOX.Sent", "Sent", false, false, 0);
	assert_folder(&t.folders->at[2], "INBOX.Work", "Work", false, false, 0);
	assert_false(t.folders->at[2].is_selectable);
	assert_folder(&t.folders->at[3], "INBOX.Entwürfe", "Entwürfe", true, true, 7);
	assert_folder(&t.folders->at[4], "INBOX.A (b)", "A (b)", false, true, 1);
	end(&t);
}

static void lists_folders_in_one_round_trip(void **state)
{
	struct store_test t;

	(void)state;
	open(&t, "list_extended");
	assert_int_equal(store_test_list(&t), ERR_OK);
	assert_int_equal(t.folders->count, 4);
	assert_folder(&t.folders->at[0], "INBOX", "INBOX", true, true, 5);
	assert_int_equal(t.folders->at[1].role, FOLDER_ROLE_SENT);
	assert_folder(&t.folders->at[3], "Shared/Team", "Team", false, true, 9);
	assert_int_equal(t.folders->at[3].name_space, FOLDER_SHARED);
	assert_int_equal(t.folders->at[1].name_space, FOLDER_PERSONAL);
	end(&t);
}

static void pages_stay_right_while_mail_comes_and_goes(void **state)
{
	const struct mail_query q = { .descending = true, .window.limit = 3 };
	struct store_test t;

	(void)state;
	open(&t, "page");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS | MAIL_DATES), ERR_OK);
		store_test_assert_uids(&t, "55 40 30");
		assert_int_equal(t.page.total, 5);
		assert_int_equal(t.page.uidvalidity, 77);
		assert_true(t.page.has_more);
		assert_int_equal(t.page.items[2].keywords.system, KEYWORD_SEEN);
		assert_int_equal(t.page.items[2].size, 300);
		assert_int_equal(t.page.items[2].received_at, 1767225630);
	}
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS | MAIL_DATES), ERR_OK);
	store_test_assert_uids(&t, "60 55 30");
	assert_int_equal(t.page.items[1].keywords.system, KEYWORD_SEEN);
	assert_int_equal(t.page.total, 5);
	end(&t);
}

static void marks_that_are_not_certain_are_asked_again(void **state)
{
	const struct mail_query q = { .descending = true, .window.limit = 3 };
	struct store_test t;

	(void)state;
	open(&t, "page_vanished");
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS | MAIL_DATES), ERR_OK);
	store_test_assert_uids(&t, "55 40 30");
	assert_int_equal(t.page.total, 5);
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS | MAIL_DATES), ERR_OK);
	store_test_assert_uids(&t, "55 30 20");
	assert_int_equal(t.page.total, 3);
	end(&t);
}

static void a_page_behind_a_message_is_found(void **state)
{
	struct mail_query q = { .descending = true,
				.window = { .kind = WINDOW_AFTER, .limit = 2, .uidvalidity = 77 } };
	struct store_test t;

	(void)state;
	q.window.key = store_test_key(77, 40);
	open(&t, "page_after");
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "30 20");
	assert_int_equal(t.page.position, 3);
	q.window.key.uid = 20;
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "10");
	assert_int_equal(t.page.position, 4);
	assert_int_equal(t.page.total, 5);
	assert_false(t.page.has_more);
	end(&t);
}

static void a_page_is_found_where_no_uid_can_be_searched_for(void **state)
{
	struct mail_query q = { .descending = true,
				.window = { .kind = WINDOW_AFTER, .limit = 2, .uidvalidity = 77 } };
	struct store_test t;

	(void)state;
	q.window.key = store_test_key(77, 40);
	open(&t, "page_after_mailutils");
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "30 20");
	assert_int_equal(t.page.position, 3);
	end(&t);
}

static void a_bad_message_spoils_only_itself(void **state)
{
	const struct mail_query q = { .descending = true, .window.limit = 10 };
	struct store_test t;

	(void)state;
	open(&t, "page_bad_message");
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS | MAIL_STRUCTURE), ERR_OK);
	store_test_assert_uids(&t, "40 30 20 10");
	assert_true(t.page.items[1].is_unreadable);
	assert_false(t.page.items[0].is_unreadable);
	assert_non_null(t.page.items[0].structure);
	end(&t);
}

static void fetches_by_key_what_is_to_be_seen(void **state)
{
	const uint32_t uids[] = { 9, 8, 5, 7, 9 };
	struct store_test t;

	(void)state;
	open(&t, "fetch");
	assert_int_equal(store_test_fetch(&t, "INBOX", uids, 5, 77, MAIL_FLAGS | MAIL_DATES),
			 ERR_OK);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.items[0].key.uid, 7);
	assert_int_equal(t.items[0].keywords.system, KEYWORD_ANSWERED);
	assert_int_equal(t.items[0].size, 700);
	assert_int_equal(t.items[0].received_at, 1767225607);
	assert_int_equal(t.items[1].key.uid, 9);
	assert_int_equal(t.items[1].key.uidvalidity, 77);
	end(&t);
}

static void another_uidvalidity_finds_nothing(void **state)
{
	const uint32_t uids[] = { 9, 8, 5, 7 };
	struct store_test t;

	(void)state;
	open(&t, "fetch");
	assert_int_equal(store_test_fetch(&t, "INBOX", uids, 4, 78, MAIL_FLAGS | MAIL_DATES),
			 ERR_OK);
	assert_int_equal(t.count, 0);
	end(&t);
}

static void a_message_newer_than_the_session_is_asked_for(void **state)
{
	const uint32_t uids[] = { 5, 9 };
	struct store_test t;

	(void)state;
	open(&t, "fetch_newer");
	assert_int_equal(store_test_fetch(&t, "INBOX", uids, 1, 77, MAIL_FLAGS), ERR_OK);
	assert_int_equal(store_test_fetch(&t, "INBOX", uids, 2, 77, MAIL_FLAGS), ERR_OK);
	assert_int_equal(t.count, 2);
	assert_int_equal(store_test_fetch(&t, "INBOX", uids + 1, 1, 77, MAIL_FLAGS), ERR_OK);
	assert_int_equal(t.count, 1);
	end(&t);
}

static void sections_share_a_round_trip(void **state)
{
	const struct bytes first[] = { BYTES_LIT("1"), BYTES_LIT("HEADER") };
	const struct bytes second[] = { BYTES_LIT("2"), BYTES_LIT("9") };
	struct message_key five = store_test_key(77, 5), six = store_test_key(77, 6);
	struct store_test t, t2 = { 0 };

	(void)state;
	open(&t, "sections");
	t2.mem = t.mem;
	t2.timeout_ms = t.timeout_ms;
	(void)mailstore_sections(t.ms, store_test_call(&t), BYTES_LIT("INBOX"), &five, first, 2, 20,
				 store_test_on_sections, &t);
	(void)mailstore_sections(t.ms, store_test_call(&t2), BYTES_LIT("INBOX"), &six, second, 2,
				 20, store_test_on_sections, &t2);
	store_test_wait(&t);
	while (!t2.is_done)
		loop_turn(t.loop, 100);
	assert_int_equal(t.fault.err, ERR_OK);
	assert_bytes_equal_str(t.values[0], "hello");
	assert_bytes_equal_str(t.values[1], "Subject: x\r\n");
	assert_int_equal(t2.fault.err, ERR_OK);
	assert_bytes_equal_str(t2.values[0], "two");
	assert_true(bytes_is_null(t2.values[1]));
	end(&t);
}

static void start_stream(struct store_test *t, const char *section, uint64_t whole_bytes,
			 flow_data_cb *on_data)
{
	struct message_key key = store_test_key(77, 5);
	struct mail_section s = { .section = bytes_of_str(section),
				  .whole_known = whole_bytes > 0,
				  .whole_bytes = whole_bytes };

	(void)mailstore_stream(t->ms, store_test_call(t), BYTES_LIT("INBOX"), &key, &s, on_data,
			       store_test_on_done, t);
}

static void a_stream_that_is_cut_short_is_completed(void **state)
{
	struct store_test t;

	(void)state;
	open(&t, "stream");
	start_stream(&t, "2", 12, store_test_on_data);
	store_test_wait(&t);
	assert_int_equal(t.fault.err, ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t.stream), "12345678\r\n90");
	end(&t);
}

static struct op *paused_op;
static unsigned pauses;

static enum flow pause_each_time(void *ctx, struct bytes data)
{
	(void)store_test_on_data(ctx, data);
	pauses++;
	return FLOW_PAUSE;
}

static void a_paused_stream_waits(void **state)
{
	struct message_key key = store_test_key(77, 5);
	struct mail_section s = { .section = BYTES_LIT("") };
	struct store_test t;

	(void)state;
	open(&t, "stream_large");
	pauses = 0;
	paused_op = mailstore_stream(t.ms, store_test_call(&t), BYTES_LIT("INBOX"), &key, &s,
				     pause_each_time, store_test_on_done, &t);
	while (!t.is_done) {
		size_t before = t.stream.len;

		store_test_settle(&t);
		if (pauses && !t.is_done) {
			/* A pause holds: nothing comes until it is told to go on. */
			size_t now = t.stream.len;

			store_test_settle(&t);
			assert_int_equal(t.stream.len, now);
			op_resume(paused_op);
		}
		assert_true(t.stream.len >= before);
	}
	assert_int_equal(t.fault.err, ERR_OK);
	assert_int_equal(t.stream.len, 70000);
	assert_true(pauses > 1);
	(void)mailstore_ping(t.ms, store_test_call(&t), store_test_on_done, &t);
	store_test_wait(&t);
	end(&t);
}

static void a_cancelled_stream_is_drained_and_the_session_lives(void **state)
{
	struct message_key key = store_test_key(77, 5);
	struct mail_section s = { .section = BYTES_LIT("") };
	struct store_test t;

	(void)state;
	open(&t, "stream_large");
	pauses = 0;
	paused_op = mailstore_stream(t.ms, store_test_call(&t), BYTES_LIT("INBOX"), &key, &s,
				     pause_each_time, store_test_on_done, &t);
	while (!pauses)
		loop_turn(t.loop, 100);
	op_cancel(paused_op);
	(void)mailstore_ping(t.ms, store_test_call(&t), store_test_on_done, &t);
	store_test_wait(&t);
	assert_int_equal(t.fault.err, ERR_OK);
	assert_true(t.stream.len < 70000);
	assert_true(mailstore_is_open(t.ms));
	end(&t);
}

/* Every file above once more, cut off at every byte (and for long ones at some). */
static void cut_everywhere(const char *script, void (*run)(struct store_test *t))
{
	uint64_t total = 1, stride = 1;

	for (uint64_t cut = 60; cut < total || cut == 60; cut += stride) {
		struct script_faults faults = { .is_cut = true, .cut_bytes = cut };
		struct store_test t;

		store_test_begin(&t, script, &faults);
		total = script_server_bytes(t.script);
		stride = total > 5000 ? 997 : total > 1500 ? 5 : 1;
		if (store_test_open(&t) == ERR_OK) {
			run(&t);
			while (!mailstore_is_open(t.ms) && !t.has_ended)
				loop_turn(t.loop, 100);
		}
		store_test_end(&t);
	}
}

static void run_page(struct store_test *t)
{
	const struct mail_query q = { .descending = true, .window.limit = 3 };

	for (int i = 0; i < 3; i++) {
		enum err e = store_test_page(t, "INBOX", &q, MAIL_FLAGS | MAIL_DATES);

		assert_true(e == ERR_OK || e == ERR_NET);
	}
}

static void run_list(struct store_test *t)
{
	enum err e = store_test_list(t);

	assert_true(e == ERR_OK || e == ERR_NET);
}

static void run_stream(struct store_test *t)
{
	start_stream(t, "", 0, store_test_on_data);
	store_test_wait(t);
	assert_true(t->fault.err == ERR_OK || t->fault.err == ERR_NET);
	if (t->fault.err == ERR_OK)
		assert_int_equal(t->stream.len, 70000);
}

static void cuts_are_told_once_wherever_they_are(void **state)
{
	(void)state;
	cut_everywhere("page", run_page);
	cut_everywhere("list_plain", run_list);
	cut_everywhere("stream_large", run_stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_folders_of_an_old_server),
		cmocka_unit_test(lists_folders_in_one_round_trip),
		cmocka_unit_test(pages_stay_right_while_mail_comes_and_goes),
		cmocka_unit_test(marks_that_are_not_certain_are_asked_again),
		cmocka_unit_test(a_page_behind_a_message_is_found),
		cmocka_unit_test(a_page_is_found_where_no_uid_can_be_searched_for),
		cmocka_unit_test(a_bad_message_spoils_only_itself),
		cmocka_unit_test(fetches_by_key_what_is_to_be_seen),
		cmocka_unit_test(another_uidvalidity_finds_nothing),
		cmocka_unit_test(a_message_newer_than_the_session_is_asked_for),
		cmocka_unit_test(sections_share_a_round_trip),
		cmocka_unit_test(a_stream_that_is_cut_short_is_completed),
		cmocka_unit_test(a_paused_stream_waits),
		cmocka_unit_test(a_cancelled_stream_is_drained_and_the_session_lives),
		cmocka_unit_test(cuts_are_told_once_wherever_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
