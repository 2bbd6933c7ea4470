#include "kit.h"

struct world {
	struct kit k;
	struct account *a;
};

static void begin(struct world *w)
{
	kit_init(&w->k);
	kit_start(&w->k);
	w->a = kit_account(&w->k);
	fake_add_folder(w->k.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_add_folder(w->k.server, "Work", FOLDER_ROLE_NONE);
	fake_add_folder(w->k.server, "Trash", FOLDER_ROLE_TRASH);
	fake_add_folder(w->k.server, "Junk", FOLDER_ROLE_JUNK);
	fake_add_folder(w->k.server, "up", FOLDER_ROLE_NONE)->is_selectable = false;
}

static void end(struct world *w)
{
	account_unref(w->a);
	kit_done(&w->k);
}

static void put(struct world *w, const char *folder, const char *subject, const char *more,
		int64_t received_at)
{
	char raw[400];

	snprintf(raw, sizeof raw, "From: x@example.net\r\nSubject: %s\r\n%s\r\nbody\r\n", subject,
		 more);
	fake_add_message(w->k.server, folder, bytes_of_str(raw), NULL, received_at);
}

static struct mail_query by_date(uint32_t limit)
{
	return (struct mail_query){ .sort = SORT_RECEIVED,
				    .descending = true,
				    .window.limit = limit };
}

static struct answer search(struct world *w, const struct bytes *folders, size_t count,
			    const struct mail_query *q, struct list_options o)
{
	struct answer got = { 0 };

	KIT_START(account_search(w->a, kit_call(&w->k), folders, count, q, &o, kit_on_list, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static void several_folders_make_one_list_in_order(void **state)
{
	struct mail_query q = by_date(10);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "b", "", 200);
	put(&w, "Archive", "a", "", 100);
	put(&w, "Work", "d", "", 400);
	put(&w, "INBOX", "c", "", 300);
	put(&w, "Trash", "not asked", "", 500);
	put(&w, "Junk", "not asked", "", 500);
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.list->count, 4);
	assert_int_equal(got.list->total, 4);
	assert_true(got.list->has_total);
	assert_false(got.list->has_more);
	assert_true(bytes_is_null(got.list->state));
	assert_int_equal(got.list->incomplete_count, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(got.list->at[i].headers.subject.at[0], 'd' - (int)i);
	q.descending = false;
	got = search(&w, NULL, 0, &q, (struct list_options){ .preview = true });
	assert_bytes_equal_str(got.list->at[0].headers.subject, "a");
	assert_bytes_equal_str(got.list->at[0].preview, "body");
	end(&w);
}

static void folders_can_be_named(void **state)
{
	struct bytes names[] = { BYTES_LIT("trash"), BYTES_LIT("inbox"), BYTES_LIT("trash") };
	struct bytes all[] = { BYTES_LIT("*") }, bad[] = { BYTES_LIT("drafts") };
	struct mail_query q = by_date(10);
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "i", "", 1);
	put(&w, "Trash", "t", "", 2);
	put(&w, "Work", "w", "", 3);
	assert_int_equal(search(&w, names, 3, &q, (struct list_options){ 0 }).list->count, 2);
	assert_int_equal(search(&w, all, 1, &q, (struct list_options){ 0 }).list->count, 3);
	assert_string_equal(search(&w, bad, 1, &q, (struct list_options){ 0 }).fault.code,
			    "role-not-found");
	end(&w);
}

/* Same dates everywhere, so that only folder and UID order them. */
static void walk(struct world *w, bool descending, unsigned want)
{
	struct mail_query q = by_date(3);
	struct list_options o = { 0 };
	struct message_id seen[64];
	unsigned count = 0;
	struct answer got;

	q.descending = descending;
	do {
		got = search(w, NULL, 0, &q, o);
		assert_int_equal(got.fault.err, ERR_OK);
		for (size_t i = 0; i < got.list->count; i++) {
			for (unsigned j = 0; j < count; j++)
				assert_false(message_id_equal(&seen[j], &got.list->at[i].id));
			assert_true(count < 64);
			seen[count++] = got.list->at[i].id;
		}
		q.window.kind = WINDOW_AFTER;
		q.window.key = got.list->last_id.key;
		q.window.sort_value = got.list->next_sort_value;
		o.after_folder = got.list->last_id.folder;
	} while (got.list->has_more && got.list->count);
	assert_int_equal(count, want);
}

static void a_cursor_walks_over_all_folders_without_gap_or_double(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < 24; i++) {
		const char *folders[] = { "INBOX", "Archive", "Work" };

		put(&w, folders[i % 3], "x", "", 100 + i / 6);
	}
	walk(&w, true, 24);
	walk(&w, false, 24);
	end(&w);
}

static void a_position_skips_over_all_folders(void **state)
{
	struct mail_query q = by_date(2);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < 6; i++)
		put(&w, i % 2 ? "INBOX" : "Work", "x", "", 100 + i);
	q.window.position = 3;
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.list->count, 2);
	assert_int_equal(got.list->at[0].received_at, 102);
	assert_true(got.list->has_more);
	q.window.position = 100;
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.list->count, 0);
	end(&w);
}

static void filters_are_asked_of_every_folder(void **state)
{
	struct mail_filter f = { .kind = FILTER_SUBJECT, .text = BYTES_LIT("plan") };
	struct mail_query q = by_date(10);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "the plan", "", 1);
	put(&w, "Work", "a Plan", "", 2);
	put(&w, "Work", "nothing", "", 3);
	q.filters = &f;
	q.filter_count = 1;
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.list->count, 2);
	assert_int_equal(got.list->total, 2);
	end(&w);
}

static void a_thread_is_found_in_all_folders_oldest_first(void **state)
{
	struct mail_filter f = { .kind = FILTER_THREAD, .text = BYTES_LIT("root@x") };
	struct mail_query q = by_date(10);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "Re: q", "References: <root@x>\r\n", 20);
	put(&w, "Archive", "q", "Message-ID: <root@x>\r\n", 10);
	put(&w, "Work", "Re: Re: q", "In-Reply-To: <root@x>\r\n", 30);
	put(&w, "Work", "other", "Message-ID: <other@x>\r\n", 40);
	q.filters = &f;
	q.filter_count = 1;
	q.descending = false;
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.list->count, 3);
	assert_bytes_equal_str(got.list->at[0].headers.subject, "q");
	assert_bytes_equal_str(got.list->at[2].headers.subject, "Re: Re: q");
	for (size_t i = 0; i < 3; i++)
		assert_true(bytes_equal(got.list->at[i].thread_id, got.list->at[0].thread_id));
	got = search(&w, NULL, 0, &q, (struct list_options){ .collapse_threads = true });
	assert_int_equal(got.list->count, 1);
	assert_int_equal(got.list->total, 3);
	end(&w);
}

static void a_folder_that_fails_is_said_to_be_missing(void **state)
{
	struct fault no =
		fault_from_server(ERR_DENIED, "imap", BYTES_LIT("NOPERM"), BYTES_LIT("no"));
	struct mail_query q = by_date(10);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "i", "", 1);
	put(&w, "Archive", "a", "", 1);
	put(&w, "Work", "w", "", 1);
	fake_fail_next(w.k.server, MAIL_QUERY, &no);
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.list->count, 2);
	assert_false(got.list->has_total);
	assert_int_equal(got.list->incomplete_count, 1);
	assert_string_equal(got.list->incomplete[0].code, "permission-denied");
	for (int i = 0; i < 3; i++)
		fake_fail_next(w.k.server, MAIL_QUERY, &no);
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.fault.err, ERR_DENIED);
	end(&w);
}

static void an_anchor_needs_one_folder(void **state)
{
	struct mail_query q = by_date(10);
	struct world w;

	(void)state;
	begin(&w);
	q.window.kind = WINDOW_ANCHOR;
	assert_string_equal(search(&w, NULL, 0, &q, (struct list_options){ 0 }).fault.code,
			    "not-supported");
	end(&w);
}

static void a_search_works_with_one_session(void **state)
{
	struct mail_query q = by_date(10);
	struct answer got;
	struct world w;

	(void)state;
	kit_init(&w.k);
	w.k.limits.sessions_per_account = 1;
	kit_start(&w.k);
	w.a = kit_account(&w.k);
	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", i);
		fake_add_folder(w.k.server, name, FOLDER_ROLE_NONE);
		put(&w, name, "x", "", i);
	}
	got = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.list->total, 200);
	assert_int_equal(got.list->count, 10);
	assert_int_equal(got.list->at[0].received_at, 199);
	end(&w);
}

static void messages_can_be_named_one_by_one(void **state)
{
	struct mail_query q = by_date(10);
	char texts[4][ID_TEXT_MAX + 1];
	struct bytes ids[6];
	struct answer got, all;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "i", "", 1);
	put(&w, "Archive", "a", "", 2);
	put(&w, "Work", "w", "", 3);
	all = search(&w, NULL, 0, &q, (struct list_options){ 0 });
	for (size_t i = 0; i < 3; i++) {
		message_id_format(&all.list->at[2 - i].id, texts[i]);
		ids[i] = bytes_of_str(texts[i]);
	}
	ids[3] = BYTES_LIT("nonsense");
	ids[4] = BYTES_LIT("AAAAAAAAAAAA.1.1");
	ids[5] = ids[0];
	got = (struct answer){ 0 };
	KIT_START(account_get_summaries(w.a, kit_call(&w.k), ids, 6,
					&(struct list_options){ .preview = true }, kit_on_list,
					&got));
	kit_wait(&w.k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.list->count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(message_id_equal(&got.list->at[i].id, &all.list->at[2 - i].id));
	assert_int_equal(got.list->not_found.count, 2);
	assert_bytes_equal_str(got.list->not_found.at[0], "nonsense");
	assert_bytes_equal_str(got.list->at[0].preview, "body");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_folders_make_one_list_in_order),
		cmocka_unit_test(folders_can_be_named),
		cmocka_unit_test(a_cursor_walks_over_all_folders_without_gap_or_double),
		cmocka_unit_test(a_position_skips_over_all_folders),
		cmocka_unit_test(filters_are_asked_of_every_folder),
		cmocka_unit_test(a_thread_is_found_in_all_folders_oldest_first),
		cmocka_unit_test(a_folder_that_fails_is_said_to_be_missing),
		cmocka_unit_test(an_anchor_needs_one_folder),
		cmocka_unit_test(a_search_works_with_one_session),
		cmocka_unit_test(messages_can_be_named_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
