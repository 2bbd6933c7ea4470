#include "contract_search.h"

#include "cmocka_all.h"
#include "contract_calls.h"

/* --- filters ------------------------------------------------------------------------- */

/* The messages that one filter finds, in the order of arrival. */
static void assert_found(struct contract_test *t, struct mail_filter filter, const char *want)
{
	struct mail_query q = { .filters = &filter, .filter_count = 1, .window.limit = 50 };

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, want);
	assert_int_equal(t->page.total, t->page.count);
}

static void assert_count(struct contract_test *t, struct mail_filter filter, unsigned want)
{
	struct mail_query q = { .filters = &filter, .filter_count = 1, .window.limit = 50 };

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	assert_int_equal(t->page.total, want);
	assert_int_equal(t->page.count, want);
}

static struct mail_filter text_filter(enum mail_filter_kind kind, const char *text)
{
	return (struct mail_filter){ .kind = kind, .text = bytes_of_str(text) };
}

static struct mail_filter number_filter(enum mail_filter_kind kind, int64_t number)
{
	return (struct mail_filter){ .kind = kind, .number = number };
}

void filters_find_what_they_say(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 10);
	struct mail_filter header = { .kind = FILTER_HEADER,
				      .name = BYTES_LIT("X-Number"),
				      .text = BYTES_LIT("7") };

	if (contract_marks_deleted(t))
		assert_int_equal(contract_keywords(t, &keys[3], 1, "$deleted", ""), ERR_OK);
	else
		assert_int_equal(contract_expunge(t, &keys[3], 1), ERR_OK);
	assert_found(t, text_filter(FILTER_FROM, "PLAIN"), "5 10");
	assert_found(t, text_filter(FILTER_TO, "other@example.org"), "5 10");
	assert_found(t, text_filter(FILTER_SUBJECT, "number 9"), "9");
	assert_found(t, text_filter(FILTER_BODY, "but text 10"), "10");
	assert_found(t, text_filter(FILTER_TEXT, "of message 3"), "3");
	assert_found(t, text_filter(FILTER_CC, "nobody"), "");
	assert_found(t, header, "7");
	header.text = BYTES_LIT("");
	assert_found(t, header, "1 2 3 6 7 8 9");
	assert_found(t, text_filter(FILTER_KEYWORD, "$seen"), "1 3 5 7 9");
	assert_found(t, text_filter(FILTER_NOT_KEYWORD, "$seen"), "2 6 8 10");
	assert_found(t, text_filter(FILTER_KEYWORD, "nobody-has-it"), "");
	assert_found(t, text_filter(FILTER_THREAD, "contract-1@example.org"), "1 5 10");
	assert_found(t, number_filter(FILTER_ATTACHMENT, 0), "5 10");
	assert_found(t, number_filter(FILTER_ATTACHMENT, 1), "1 2 3 6 7 8 9");
	assert_found(t, number_filter(FILTER_MIN_SIZE, 1000), "10");
	assert_found(t, number_filter(FILTER_MAX_SIZE, 300), "");
}

/* Exact to the second, though SEARCH knows days only. */
void instants_are_exact(void **state)
{
	struct contract_test *t = *state;
	struct mail_filter both[2];
	struct mail_query q = { .filters = both, .filter_count = 2, .window.limit = 50 };

	(void)contract_fill(t, 6);
	assert_found(t, number_filter(FILTER_AFTER, contract_received_at(4)), "4 5 6");
	assert_found(t, number_filter(FILTER_AFTER, contract_received_at(4) + 1), "5 6");
	assert_found(t, number_filter(FILTER_BEFORE, contract_received_at(3)), "1 2");
	assert_found(t, number_filter(FILTER_AFTER, contract_received_at(900)), "");
	both[0] = number_filter(FILTER_AFTER, contract_received_at(2));
	both[1] = number_filter(FILTER_BEFORE, contract_received_at(5));
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "2 3 4");
}

void filters_are_combined_and_paged(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 9);
	const struct mail_filter both[] = { text_filter(FILTER_KEYWORD, "$seen"),
					    text_filter(FILTER_TO, "reader") };
	struct mail_query q = {
		.filters = both, .filter_count = 2, .descending = true, .window = { .limit = 2 }
	};

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "9 7");
	assert_int_equal(t->page.total, 4);
	assert_true(t->page.has_more);
	q.window.kind = WINDOW_AFTER;
	q.window.key = keys[6];
	assert_int_equal(contract_expunge(t, &keys[6], 1), ERR_OK); /* the cursor's own goes */
	if (mailstore_caps(t->ms)->has_names) {
		/* Without its number nobody knows where it was. */
		assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_CONFLICT);
		return;
	}
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "3 1");
	assert_int_equal(t->page.position, 1);
	assert_false(t->page.has_more);
	q.window.uidvalidity = keys[0].uidvalidity + 1;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_CONFLICT);
}

/* What could be a command inside of a search is only text. */
void words_to_look_for_are_only_words(void **state)
{
	struct contract_test *t = *state;
	static const char *const words[] = {
		"\"", "\\", "\" UNSEEN", "a\r\na9 LOGOUT", "{5}", "%*("
	};

	(void)contract_fill(t, 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct mail_filter f = text_filter(FILTER_SUBJECT, words[i]);
		struct mail_query q = { .filters = &f, .filter_count = 1, .window.limit = 50 };
		enum err e = contract_query(t, &q, MAIL_SUMMARY);

		/* A server may refuse an odd word, but lives on. */
		assert_true(e == ERR_OK || e == ERR_REFUSED || e == ERR_INVALID);
		if (e == ERR_OK)
			assert_int_equal(t->page.total, 0);
		assert_true(mailstore_is_open(t->ms));
	}
	assert_int_equal(contract_ping(t), ERR_OK);
}

/* In any script; where the server does not know the charset, by ourselves. */
void words_are_found_in_any_charset(void **state)
{
	struct contract_test *t = *state;
	static const char encoded[] = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\n"
				      "Subject: =?koi8-r?B?8NLJ18XU?= number 1\r\n"
				      "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
				      "\r\nText\r\n";

	if (t->contract->is_fake)
		skip();
	assert_int_equal(contract_append(t, t->path, bytes_of_str(encoded), "", 0), ERR_OK);
	(void)contract_fill(t, 3);
	assert_count(t, text_filter(FILTER_FROM, "J\303\274rgen"), 1);
	assert_count(
		t, text_filter(FILTER_SUBJECT, "\320\237\321\200\320\270\320\262\320\265\321\202"),
		1);
	assert_count(t, text_filter(FILTER_SUBJECT, "\346\227\205\350\241\214"), 0);
}

/* --- orders ----------------------------------------------------------------------------- */

static void assert_order(struct contract_test *t, enum mail_sort sort, bool descending,
			 const char *want)
{
	struct mail_query q = { .sort = sort, .descending = descending, .window.limit = 50 };

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, want);
	assert_false(t->page.is_incomplete);
}

/* All but one are of the same size, and Courier gives equals in an order of its own. */
static void assert_order_of_sizes(struct contract_test *t)
{
	struct mail_query q = { .sort = SORT_SIZE, .descending = true, .window.limit = 50 };

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	assert_int_equal(t->page.count, 6);
	for (size_t i = 1; i < t->page.count; i++)
		assert_true(t->page.items[i].size <= t->page.items[i - 1].size);
	assert_true(t->page.items[0].size > t->page.items[1].size);
}

/* A server that nothing is appended to is not told when messages came: their Date says. */
static const char *by_arrival(const struct contract_test *t, const char *told, const char *dated)
{
	return mailstore_caps(t->ms)->append ? told : dated;
}

void orders_go_both_ways(void **state)
{
	struct contract_test *t = *state;

	/* Not in the order of their dates. */
	for (unsigned i = 0; i < 6; i++) {
		unsigned n = (i * 5 + 1) % 6 + 1; /* 2 1 6 5 4 3 */

		assert_int_equal(contract_append(t, t->path, contract_message(t, n), "",
						 contract_received_at(n)),
				 ERR_OK);
	}
	assert_order(t, SORT_RECEIVED, false, by_arrival(t, "1 2 3 4 5 6", "1 2 3 4 6 5"));
	assert_order(t, SORT_RECEIVED, true, by_arrival(t, "6 5 4 3 2 1", "5 6 4 3 2 1"));
	assert_order_of_sizes(t);
	assert_order(t, SORT_SUBJECT, false, "1 2 3 4 5 6");
	if (t->contract->is_fake)
		return;
	assert_order(t, SORT_SENT, false, "1 2 3 4 6 5");
	assert_order(t, SORT_FROM, false, "5 1 2 3 4 6");
	assert_order(t, SORT_FROM, true, "6 4 3 2 1 5");
}

void a_sorted_page_goes_on_behind_a_message_that_is_gone(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 9);
	struct mail_query q = { .sort = SORT_RECEIVED,
				.descending = true,
				.window = { .kind = WINDOW_AFTER, .limit = 3 } };

	q.window.key = keys[5]; /* 6 */
	q.window.sort_value =
		bytes_of_str(arena_printf(t->mem, "%lld", (long long)contract_received_at(6)));
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, by_arrival(t, "5 4 3", "4 3 2"));
	assert_int_equal(contract_expunge(t, &keys[5], 1), ERR_OK);
	if (mailstore_caps(t->ms)->has_names) {
		assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_CONFLICT);
		return;
	}
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "5 4 3");
	assert_int_equal(t->page.position, 3);
	q.descending = false;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "7 8 9");
	q.window.kind = WINDOW_ANCHOR;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_NOT_FOUND);
}
