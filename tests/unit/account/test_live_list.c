/* Pages of a folder whose state is known, without a server. */
#include "kit.h"

#include "account/live_list.h"

static bool put_summary(void *ctx, struct buf *to, const struct summary *s)
{
	(void)ctx;
	buf_printf(to, "uid %u", s->id.key.uid);
	return buf_err(to) == ERR_OK;
}

static bool put_preview(void *ctx, struct buf *to, struct bytes preview)
{
	(void)ctx;
	buf_append(to, preview);
	return buf_err(to) == ERR_OK;
}

static const struct account_codec codec = { .put_summary = put_summary,
					    .put_preview = put_preview };

static const struct folder_id inbox = { "aaaaaaaaaaaa" };
static const struct list_options plain = { 0 }, with_previews = { .preview = true };

struct live {
	struct kit kit;
	struct account *account;
	struct folder_state *state;
	struct folder_diff diff;
};

static struct mail_query query_of(enum mail_window_kind kind, uint32_t n, uint32_t limit)
{
	struct mail_query q = { .descending = true,
				.window = { .kind = kind, .position = n, .limit = limit } };

	if (kind != WINDOW_POSITION) {
		q.window.key = (struct message_key){ MESSAGE_KEY_UID, 9, n, "" };
		q.window.uidvalidity = 9;
	}
	return q;
}

/* Messages 1 to 10: even ones are seen, 10 is marked \Deleted. */
static void sync_ten(struct live *l, unsigned system_of_five)
{
	struct mail_flags flags[10];
	struct mail_sync sync = { .uidvalidity = 9,
				  .uidnext = 11,
				  .highestmodseq = 50,
				  .is_whole = true,
				  .flags = flags,
				  .count = 10 };

	for (uint32_t uid = 1; uid <= 10; uid++)
		flags[uid - 1] = (struct mail_flags){
			.uid = uid, .keywords.system = uid % 2 ? 0 : (unsigned)KEYWORD_SEEN
		};
	flags[4].keywords.system = system_of_five;
	flags[9].keywords.system = KEYWORD_DELETED;
	assert_int_equal(folder_state_sync(l->state, l->kit.mem, &sync, &l->diff), ERR_OK);
}

static void keep(struct live *l, uint32_t uid, const char *preview)
{
	struct summary s = { .id = { inbox, { MESSAGE_KEY_UID, 9, uid, "" } },
			     .preview = bytes_of_str(preview) };

	live_summary_keep(l->account, &s);
}

static int set_up(void **state)
{
	struct live *l = calloc(1, sizeof *l);
	struct account_setup setup = { .codec = &codec };

	kit_init(&l->kit);
	setup.loop = l->kit.loop;
	l->kit.hub = account_hub_new(&setup);
	l->account = kit_account(&l->kit);
	l->state = folder_state_new(0);
	sync_ten(l, 0);
	for (uint32_t uid = 1; uid <= 10; uid++)
		keep(l, uid, NULL);
	*state = l;
	return 0;
}

static int tear_down(void **state)
{
	struct live *l = *state;

	folder_state_free(l->state);
	account_unref(l->account);
	kit_done(&l->kit);
	free(l);
	return 0;
}

static bool list(struct live *l, const struct mail_query *q, const struct list_options *options,
		 struct summary_list *ret)
{
	struct live_page page;

	return live_page_find(l->state, q, options, &page) &&
	       live_page_list(l->account, &inbox, &page, options, l->kit.mem, ret);
}

static void assert_list(struct live *l, const struct mail_query *q, const char *uids,
			uint32_t position, uint32_t total, bool has_more)
{
	struct summary_list got;
	struct buf text;

	assert_true(list(l, q, &plain, &got));
	buf_init(&text, 1000);
	for (size_t i = 0; i < got.count; i++)
		buf_printf(&text, "%s%.*s", i ? "," : "",
			   BYTES_FMT(bytes_skip(got.ready[i].lasting, 4)));
	assert_bytes_equal_str(buf_bytes(&text), uids);
	assert_true(got.has_total);
	assert_int_equal(got.total, total);
	assert_int_equal(got.position, position);
	assert_int_equal(got.has_more, has_more);
	assert_int_equal(got.uidvalidity, 9);
	assert_bytes_equal_str(got.state, "s1.9.1e.b");
	buf_done(&text);
}

static void pages_by_position(void **state)
{
	struct live *l = *state;
	struct mail_query q = query_of(WINDOW_POSITION, 0, 4);

	assert_list(l, &q, "9,8,7,6", 0, 9, true);
	q.window.position = 5;
	assert_list(l, &q, "4,3,2,1", 5, 9, false);
	q.window.position = 20;
	assert_list(l, &q, "", 9, 9, false);
	q.descending = false;
	q.window.position = 1;
	assert_list(l, &q, "2,3,4,5", 1, 9, true);
}

static void pages_behind_a_cursor_that_need_not_be_there(void **state)
{
	struct live *l = *state;
	struct mail_query q = query_of(WINDOW_AFTER, 8, 3);

	assert_list(l, &q, "7,6,5", 2, 9, true);
	q = query_of(WINDOW_AFTER, 10, 3); /* not visible */
	assert_list(l, &q, "9,8,7", 0, 9, true);
	q = query_of(WINDOW_AFTER, UINT32_MAX, 3);
	assert_list(l, &q, "9,8,7", 0, 9, true);
	q.descending = false;
	assert_list(l, &q, "", 9, 9, false);
	q = query_of(WINDOW_AFTER, 8, 3);
	q.descending = false;
	assert_list(l, &q, "9", 8, 9, false);
}

static void what_is_not_there_is_for_the_server_to_say(void **state)
{
	struct live *l = *state;
	struct mail_query q = query_of(WINDOW_ANCHOR, 8, 3);
	struct summary_list got;

	assert_list(l, &q, "8,7,6", 1, 9, true);
	q.window.key.uid = 10;
	assert_false(list(l, &q, &plain, &got));
	q = query_of(WINDOW_AFTER, 8, 3);
	q.window.uidvalidity = 8;
	assert_false(list(l, &q, &plain, &got));
	q = query_of(WINDOW_POSITION, 0, 3);
	q.sort = SORT_RECEIVED;
	assert_false(list(l, &q, &plain, &got));
	q.sort = SORT_ADDED;
	assert_false(list(l, &q, &(struct list_options){ .collapse_threads = true }, &got));
	q.window.limit = LIVE_PAGE_MAX + 1;
	assert_false(list(l, &q, &plain, &got));
	q.window.limit = 3;
	assert_true(list(l, &q, &plain, &got));
	assert_false(live_page_find(NULL, &q, &plain, &(struct live_page){ 0 }));
}

static void filters_that_keywords_answer(void **state)
{
	struct live *l = *state;
	struct mail_query q = query_of(WINDOW_POSITION, 0, 3);
	struct mail_filter f[] = { { .kind = FILTER_NOT_KEYWORD, .text = BYTES_LIT("$seen") },
				   { .kind = FILTER_NOT_KEYWORD, .text = BYTES_LIT("work") } };
	struct summary_list got;

	q.filters = f;
	q.filter_count = 2;
	assert_list(l, &q, "9,7,5", 0, 5, true);
	q = query_of(WINDOW_AFTER, 7, 3);
	q.filters = f;
	q.filter_count = 2;
	assert_list(l, &q, "5,3,1", 2, 5, false);
	f[1].kind = FILTER_FROM;
	assert_false(list(l, &q, &plain, &got));
	f[1].kind = FILTER_KEYWORD;
	assert_list(l, &q, "", 0, 0, false);
}

/* A list with what is missing is none; what is missing is named. */
static void summaries_and_previews_that_are_missing(void **state)
{
	struct live *l = *state;
	struct mail_query q = query_of(WINDOW_POSITION, 0, 3);
	struct message_key *missing;
	struct summary_list got;
	struct live_page page;

	assert_false(list(l, &q, &with_previews, &got));
	keep(l, 9, "p9");
	keep(l, 7, "p7");
	assert_true(live_page_find(l->state, &q, &with_previews, &page));
	assert_int_equal(
		live_page_missing(l->account, &inbox, &page, &with_previews, l->kit.mem, &missing),
		1);
	assert_int_equal(missing[0].uid, 8);
	keep(l, 8, "p8");
	assert_true(list(l, &q, &with_previews, &got));
	assert_bytes_equal_str(got.ready[1].preview, "p8");
}

static void a_tag_names_one_list(void **state)
{
	struct live *l = *state;
	struct mail_query q = query_of(WINDOW_POSITION, 0, 5);
	struct mail_event looked = { .kind = MAIL_EVENT_LOOKED, .highestmodseq = 51 };
	struct folder_state *same = folder_state_new(0);
	struct summary_list a, b;

	assert_true(list(l, &q, &plain, &a));
	assert_true(list(l, &q, &plain, &b));
	assert_string_equal(a.tag, b.tag);
	keep(l, 9, "p9"); /* a preview came */
	assert_true(list(l, &q, &plain, &b));
	assert_string_not_equal(a.tag, b.tag);
	a = b;
	sync_ten(l, KEYWORD_FLAGGED); /* keywords changed */
	assert_true(list(l, &q, &plain, &b));
	assert_string_not_equal(a.tag, b.tag);
	a = b;
	assert_int_equal(folder_state_event(l->state, l->kit.mem, &looked, &l->diff), ERR_OK);
	assert_true(list(l, &q, &plain, &b)); /* `state` is another one */
	assert_string_not_equal(a.tag, b.tag);
	/* Another process may count to the same numbers. */
	folder_state_free(l->state);
	l->state = same;
	sync_ten(l, KEYWORD_FLAGGED);
	assert_int_equal(folder_state_event(l->state, l->kit.mem, &looked, &l->diff), ERR_OK);
	assert_true(list(l, &q, &plain, &a));
	assert_string_not_equal(a.tag, b.tag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(pages_by_position),
		TEST(pages_behind_a_cursor_that_need_not_be_there),
		TEST(what_is_not_there_is_for_the_server_to_say),
		TEST(filters_that_keywords_answer),
		TEST(summaries_and_previews_that_are_missing),
		TEST(a_tag_names_one_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
