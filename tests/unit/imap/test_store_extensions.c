/* Extensions against servers that say what a test wants of them. */
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

/* --- BINARY ----------------------------------------------------------------------------- */

static enum err part_size(struct store_test *t, const char *part_id)
{
	struct message_key key = store_test_key(77, 5);

	(void)mailstore_part_size(t->ms, store_test_call(t), BYTES_LIT("INBOX"), &key,
				  bytes_of_str(part_id), 66, store_test_on_size, t);
	store_test_wait(t);
	return t->fault.err;
}

static enum err stream(struct store_test *t, struct mail_section section)
{
	struct message_key key = store_test_key(77, 5);

	buf_reset(&t->stream);
	(void)mailstore_stream(t->ms, store_test_call(t), BYTES_LIT("INBOX"), &key, &section,
			       store_test_on_data, store_test_on_done, t);
	store_test_wait(t);
	return t->fault.err;
}

static void the_server_decodes_what_it_can(void **state)
{
	struct mail_section range = { .section = BYTES_LIT("2"),
				      .first = 2,
				      .length = 5,
				      .whole_known = true,
				      .whole_bytes = 12,
				      .is_decoded = true };
	struct mail_section unknown = { .section = BYTES_LIT("3"), .is_decoded = true };
	struct mail_section nil = { .section = BYTES_LIT("4"), .is_decoded = true };
	struct store_test t;

	(void)state;
	open(&t, "binary");
	assert_int_equal(part_size(&t, "2"), ERR_OK);
	assert_int_equal(t.size_bytes, 48);
	assert_int_equal(stream(&t, range), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t.stream), "a\r\n\\b");
	assert_int_equal(part_size(&t, "3"), ERR_UNSUPPORTED);
	assert_int_equal(stream(&t, unknown), ERR_UNSUPPORTED);
	assert_int_equal(stream(&t, nil), ERR_UNSUPPORTED);
	nil.is_decoded = false;
	assert_int_equal(stream(&t, nil), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t.stream), "abc");
	assert_int_equal(part_size(&t, "5"), ERR_UNSUPPORTED);
	end(&t);
}

/* --- searching ------------------------------------------------------------------------- */

static enum err find(struct store_test *t, const char *path, enum mail_sort sort, unsigned want,
		     const struct mail_filter *filters, size_t count)
{
	struct mail_query q = {
		.filters = filters, .filter_count = count, .sort = sort, .window.limit = 10
	};

	return store_test_page(t, path, &q, want);
}

static size_t read_text(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	struct bytes rest = bytes_first(bytes_skip(bytes_of_str(ctx), offset), max);

	memcpy(to, rest.at, rest.len);
	return rest.len;
}

static enum err append(struct store_test *t, const char *path, const char *text)
{
	struct keywords none = { 0 };
	struct mail_source source = { strlen(text), read_text, (void *)(uintptr_t)text };

	(void)mailstore_append(t->ms, store_test_call(t), bytes_of_str(path), &source, &none, 0,
			       store_test_on_changes, t);
	store_test_wait(t);
	return t->fault.err;
}

static void everything_is_utf8_where_that_is_enabled(void **state)
{
	const struct mail_filter green = { .kind = FILTER_SUBJECT, .text = BYTES_LIT("grün") };
	struct store_test t;

	(void)state;
	open(&t, "utf8_accept");
	assert_int_equal(store_test_list(&t), ERR_OK);
	assert_int_equal(t.folders->count, 3);
	assert_bytes_equal_str(t.folders->at[1].path, "Entwürfe");
	assert_bytes_equal_str(t.folders->at[2].path, "A&B");
	assert_int_equal(find(&t, "Entwürfe", SORT_ADDED, MAIL_FLAGS, &green, 1), ERR_OK);
	store_test_assert_uids(&t, "9");
	assert_int_equal(find(&t, "Entwürfe", SORT_SUBJECT, MAIL_FLAGS, &green, 1), ERR_OK);
	store_test_assert_uids(&t, "9");
	assert_int_equal(append(&t, "Entwürfe", "Subject: grün\r\n\r\ntext\r\n"), ERR_OK);
	assert_int_equal(t.changes[0].new_key.uid, 10);
	assert_int_equal(append(&t, "Entwürfe", "Subject: gruen\r\n\r\ntäxt"), ERR_OK);
	assert_int_equal(t.changes[0].new_key.uid, 11);
	end(&t);
}

static void texts_that_the_server_cannot_look_for_are_looked_for_here(void **state)
{
	const struct mail_filter filters[] = {
		{ .kind = FILTER_SUBJECT, .text = BYTES_LIT("grün") },
		{ .kind = FILTER_AFTER, .number = 1767225600 }, /* 1 January 2026 */
		{ .kind = FILTER_FROM, .text = BYTES_LIT("ann") },
	};
	const struct mail_filter body = { .kind = FILTER_BODY, .text = BYTES_LIT("grün") };
	struct store_test t;

	(void)state;
	open(&t, "badcharset");
	assert_int_equal(find(&t, "INBOX", SORT_ADDED, MAIL_FLAGS, filters, 3), ERR_OK);
	store_test_assert_uids(&t, "7 9");
	assert_false(t.page.is_incomplete);
	/* It has said so once: it is not asked again. Bodies are not read for it. */
	assert_int_equal(find(&t, "INBOX", SORT_ADDED, MAIL_FLAGS, &body, 1), ERR_OK);
	assert_true(t.page.is_incomplete);
	end(&t);
}

static void a_page_can_come_without_the_rest(void **state)
{
	const struct mail_filter unseen = { .kind = FILTER_NOT_KEYWORD,
					    .text = BYTES_LIT("$seen") };
	struct mail_query q = { .filters = &unseen, .filter_count = 1, .descending = true };
	struct store_test t;

	(void)state;
	open(&t, "partial");
	q.window = (struct mail_window){ .position = 2, .limit = 2 };
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "903 900");
	assert_int_equal(t.page.total, 250);
	assert_int_equal(t.page.position, 2);
	assert_true(t.page.has_more);

	q.window = (struct mail_window){ .kind = WINDOW_AFTER,
					 .key = store_test_key(77, 900),
					 .limit = 2 };
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "891 890");
	assert_int_equal(t.page.total, 251);
	assert_int_equal(t.page.position, 5);

	q.descending = false;
	q.window.key.uid = 990;
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	assert_int_equal(t.page.count, 0);
	assert_int_equal(t.page.position, 251);
	assert_false(t.page.has_more);

	q.window = (struct mail_window){ .limit = 2 };
	assert_int_equal(store_test_page(&t, "INBOX", &q, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "5 7");
	assert_int_equal(t.page.total, 2);
	end(&t);
}

static void gmail_has_ids_and_a_search_of_its_own(void **state)
{
	const struct mail_filter filters[] = {
		{ .kind = FILTER_TEXT, .text = BYTES_LIT("quarterly report") },
		{ .kind = FILTER_ATTACHMENT, .number = 1 },
		{ .kind = FILTER_SUBJECT, .text = BYTES_LIT("q3") },
	};
	const struct mail_filter green = { .kind = FILTER_TEXT, .text = BYTES_LIT("grün") };
	const struct mail_query oldest = { .collapse_threads = true, .window.limit = 10 };
	const struct mail_query newest = { .collapse_threads = true,
					   .descending = true,
					   .window.limit = 10 };
	const struct mail_filter thread = { .kind = FILTER_THREAD,
					    .name = BYTES_LIT("g"),
					    .text = BYTES_LIT("1278455344230334865") };
	struct store_test t;

	(void)state;
	open(&t, "gmail");
	assert_true(mailstore_caps(t.ms)->is_gmail);
	assert_int_equal(find(&t, "INBOX", SORT_ADDED, MAIL_DATES, filters, 3), ERR_OK);
	store_test_assert_uids(&t, "9");
	assert_bytes_equal_str(t.page.items[0].email_id, "1278455344230334866");
	assert_bytes_equal_str(t.page.items[0].thread_id, "g.1278455344230334865");
	assert_int_equal(find(&t, "INBOX", SORT_ADDED, MAIL_DATES, &green, 1), ERR_OK);
	assert_int_equal(find(&t, "INBOX", SORT_ADDED, MAIL_DATES, &thread, 1), ERR_OK);
	assert_int_equal(store_test_page(&t, "INBOX", &oldest, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "7 8");
	assert_int_equal(store_test_page(&t, "INBOX", &newest, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "9 8");
	assert_int_equal(t.page.total, 2);
	end(&t);
}

static void objectid_gives_ids_and_threads(void **state)
{
	const struct mail_filter thread = { .kind = FILTER_THREAD,
					    .name = BYTES_LIT("o"),
					    .text = BYTES_LIT("T4f2") };
	struct store_test t;

	(void)state;
	open(&t, "objectid");
	assert_int_equal(find(&t, "INBOX", SORT_ADDED, MAIL_DATES, &thread, 1), ERR_OK);
	store_test_assert_uids(&t, "9");
	assert_bytes_equal_str(t.page.items[0].email_id, "M9a");
	assert_bytes_equal_str(t.page.items[0].thread_id, "o.T4f2");
	end(&t);
}

/* --- IMAP4rev2 ---------------------------------------------------------------------------- */

static void a_server_that_knows_rev2_only(void **state)
{
	const struct mail_query page = { .window.limit = 10 };
	const struct mail_filter green = { .kind = FILTER_SUBJECT, .text = BYTES_LIT("grün") };
	struct store_test t;

	(void)state;
	open(&t, "rev2");
	assert_true(mailstore_caps(t.ms)->decodes);
	assert_true(mailstore_caps(t.ms)->uid_expunge);
	assert_int_equal(store_test_list(&t), ERR_OK);
	assert_int_equal(t.folders->count, 2);
	assert_int_equal(t.folders->at[0].total, 4); /* one is marked \Deleted */
	assert_true(t.folders->at[0].is_subscribed);
	assert_bytes_equal_str(t.folders->at[1].path, "Entwürfe");
	assert_int_equal(t.folders->at[1].role, FOLDER_ROLE_DRAFTS);
	assert_int_equal(store_test_page(&t, "Entwürfe", &page, MAIL_FLAGS), ERR_OK);
	store_test_assert_uids(&t, "7 9");
	assert_int_equal(find(&t, "Entwürfe", SORT_ADDED, MAIL_FLAGS, &green, 1), ERR_OK);
	store_test_assert_uids(&t, "9");
	end(&t);
}

static void rev2_is_enabled_where_both_are_offered(void **state)
{
	struct store_test t;

	(void)state;
	open(&t, "rev2_and_rev1");
	assert_int_equal(store_test_list(&t), ERR_OK);
	assert_bytes_equal_str(t.folders->at[0].path, "Entwürfe");
	end(&t);
	open(&t, "rev2_refused");
	assert_int_equal(store_test_list(&t), ERR_OK);
	assert_bytes_equal_str(t.folders->at[0].path, "Entwürfe");
	end(&t);
}

/* --- opening, and what is too large ------------------------------------------------------- */

static enum err flag(struct store_test *t, const char *path)
{
	const struct keywords flagged = { .system = KEYWORD_FLAGGED }, none = { 0 };
	struct message_key five = store_test_key(77, 5);

	(void)mailstore_set_keywords(t->ms, store_test_call(t), bytes_of_str(path), &five, 1,
				     &flagged, &none, 0, store_test_on_changes, t);
	store_test_wait(t);
	assert_int_equal(t->fault.err, ERR_OK);
	return t->changes[0].status == CHANGE_DONE ? ERR_OK : t->changes[0].fault.err;
}

static void what_was_read_can_be_flagged_at_once(void **state)
{
	const uint32_t five = 5;
	struct store_test t;

	(void)state;
	open(&t, "read_then_flag");
	assert_int_equal(store_test_fetch(&t, "INBOX", &five, 1, 77, MAIL_FLAGS), ERR_OK);
	assert_int_equal(flag(&t, "INBOX"), ERR_OK);
	assert_int_equal(flag(&t, "Public"), ERR_DENIED);
	/* APPENDLIMIT: nothing is sent of what the server would not take. */
	assert_int_equal(append(&t, "INBOX", "Subject: x\r\n\r\n"), ERR_TOO_BIG);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_decodes_what_it_can),
		cmocka_unit_test(everything_is_utf8_where_that_is_enabled),
		cmocka_unit_test(texts_that_the_server_cannot_look_for_are_looked_for_here),
		cmocka_unit_test(a_page_can_come_without_the_rest),
		cmocka_unit_test(gmail_has_ids_and_a_search_of_its_own),
		cmocka_unit_test(objectid_gives_ids_and_threads),
		cmocka_unit_test(a_server_that_knows_rev2_only),
		cmocka_unit_test(rev2_is_enabled_where_both_are_offered),
		cmocka_unit_test(what_was_read_can_be_flagged_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
