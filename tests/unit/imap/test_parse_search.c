#include "imap_test.h"

static void assert_numbers(const struct imap_numbers *n, const char *want)
{
	struct buf text;

	buf_init(&text, 100000);
	for (size_t i = 0; i < n->count; i++) {
		buf_append_str(&text, i ? " " : "");
		buf_append_u64(&text, n->at[i]);
	}
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}

static void search_and_sort(void **state)
{
	struct imap_response r = imap_test_parse_str("* SEARCH 2 3 6 4294967295");

	(void)state;
	assert_int_equal(r.kind, IMAP_SEARCH);
	assert_numbers(&r.search.numbers, "2 3 6 4294967295");
	assert_false(r.search.has_modseq);
	r = imap_test_parse_str("* SEARCH");
	assert_int_equal(r.search.numbers.count, 0);
	r = imap_test_parse_str("* SEARCH 1 2 3 ");
	assert_numbers(&r.search.numbers, "1 2 3");
	r = imap_test_parse_str("* SEARCH 87216 87221 (MODSEQ 7667567)");
	assert_numbers(&r.search.numbers, "87216 87221");
	assert_true(r.search.has_modseq);
	assert_int_equal(r.search.modseq, 7667567);
	r = imap_test_parse_str("* SORT 5 3 4 1 2");
	assert_int_equal(r.kind, IMAP_SORT);
	assert_numbers(&r.search.numbers, "5 3 4 1 2");
	imap_test_malformed("* SEARCH 1,2", 10);
	imap_test_malformed("* SEARCH 1 x", 11);
	imap_test_malformed("* SEARCH 4294967296", 9);
}

static struct imap_esearch esearch_of(const char *response)
{
	return imap_test_parse_str(response).esearch;
}

static void extended_search(void **state)
{
	struct imap_esearch e =
		esearch_of("* ESEARCH (TAG \"a\") UID MIN 7 MAX 3800 COUNT 17 ALL 4:18,21,28 "
			   "MODSEQ 1236 X-NEW (1 (2)) X-OLD 5:7");

	(void)state;
	assert_bytes_equal_str(e.tag, "a");
	assert_true(e.is_uid);
	assert_int_equal(e.has, IMAP_ESEARCH_MIN | IMAP_ESEARCH_MAX | IMAP_ESEARCH_COUNT |
					IMAP_ESEARCH_ALL | IMAP_ESEARCH_MODSEQ);
	assert_int_equal(e.min, 7);
	assert_int_equal(e.max, 3800);
	assert_int_equal(e.count, 17);
	assert_int_equal(e.modseq, 1236);
	imap_test_assert_set(&e.all, "4:18,21,28");
	e = esearch_of("* ESEARCH (TAG a284)");
	assert_bytes_equal_str(e.tag, "a284");
	assert_int_equal(e.has, 0);
	e = esearch_of("* ESEARCH COUNT 0");
	assert_true(bytes_is_null(e.tag));
	assert_false(e.is_uid);
	assert_int_equal(e.has, IMAP_ESEARCH_COUNT);
	e = esearch_of("* ESEARCH (TAG \"x\") UID MIN 0 MAX 0 COUNT 0");
	assert_int_equal(e.has, IMAP_ESEARCH_COUNT);
	e = esearch_of("* ESEARCH (TAG \"a\") ALL 5,3,2,1 MODSEQ 1236");
	imap_test_assert_set(&e.all, "5,3,2,1");
	assert_int_equal(esearch_of("* ESEARCH").has, 0);
	imap_test_malformed("* ESEARCH (TAG \"a\") ALL", 23);
	imap_test_malformed("* ESEARCH (TAG \"a\") ALL 1,", 26);
	imap_test_malformed("* ESEARCH (TAG \"a\"", 18);
	imap_test_malformed("* ESEARCH UID MIN x", 18);
}

static void partial_results(void **state)
{
	struct imap_esearch e =
		esearch_of("* ESEARCH (TAG \"A01\") UID PARTIAL (-1:-100 200:250,252:300)");

	(void)state;
	assert_int_equal(e.has, IMAP_ESEARCH_PARTIAL);
	assert_int_equal(e.partial_first, -1);
	assert_int_equal(e.partial_last, -100);
	imap_test_assert_set(&e.partial, "200:250,252:300");
	e = esearch_of("* ESEARCH (TAG \"A04\") UID PARTIAL (24000:24500 NIL)");
	assert_int_equal(e.partial_first, 24000);
	assert_int_equal(e.partial.count, 0);
}

/* Parents by number: "2 3 3.6 6.4" is 2, 3 and below 3 a 6 with a 4. */
static void assert_thread(const char *response, const char *want)
{
	struct imap_thread t = imap_test_parse_str(response).thread;
	struct buf text;

	buf_init(&text, 100000);
	for (size_t i = 0; i < t.count; i++) {
		buf_append_str(&text, i ? " " : "");
		if (t.at[i].parent != UINT32_MAX) {
			assert_true(t.at[i].parent < i);
			buf_append_u64(&text, t.at[t.at[i].parent].number);
			buf_append_str(&text, ".");
		}
		buf_append_u64(&text, t.at[i].number);
	}
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}

static void threads(void **state)
{
	(void)state;
	assert_thread("* THREAD (2)(3 6 (4 23)(44 7 96))", "2 3 3.6 6.4 4.23 6.44 44.7 7.96");
	assert_thread("* THREAD ((3)(5))", "0 0.3 0.5");
	assert_thread("* THREAD (1 (2)(3))((4)(5 6))(7)", "1 1.2 1.3 0 0.4 0.5 5.6 7");
	assert_thread("* THREAD", "");
	assert_thread("* THREAD ", "");
	assert_thread("* THREAD (166) (167)", "166 167");
	imap_test_malformed("* THREAD 1", 9);
	imap_test_malformed("* THREAD (1", 11);
	imap_test_malformed("* THREAD (1))", 13);
	imap_test_malformed("* THREAD ()", 11);
	imap_test_malformed("* THREAD (1 (2) 3)", 16);
	imap_test_malformed("* THREAD (1 a)", 12);
}

/* A conversation may be as deep as it is long: that must cost no stack. */
static void threads_of_any_depth(void **state)
{
	enum { DEPTH = 100000 };
	struct imap_response r;
	struct buf text;

	(void)state;
	buf_init(&text, 10000000);
	buf_append_str(&text, "* THREAD ");
	for (int i = 0; i < DEPTH; i++)
		buf_append_str(&text, "(1 (2)");
	for (int i = 0; i < DEPTH; i++)
		buf_append_str(&text, ")");
	assert_int_equal(imap_test_parse(buf_bytes(&text), NULL, &r, NULL), ERR_OK);
	assert_int_equal(r.thread.count, 2 * DEPTH);
	buf_done(&text);
}

static void vanished(void **state)
{
	struct imap_vanished v = imap_test_parse_str("* VANISHED (EARLIER) 41,43:116,118").vanished;

	(void)state;
	assert_true(v.is_earlier);
	imap_test_assert_set(&v.uids, "41,43:116,118");
	v = imap_test_parse_str("* VANISHED 405").vanished;
	assert_false(v.is_earlier);
	assert_int_equal(imap_test_parse_str("* VANISHED (EARLIER)").vanished.uids.count, 0);
	imap_test_malformed("* VANISHED (LATER) 1", 17);
	imap_test_malformed("* VANISHED 1:", 13);
	imap_test_malformed("* VANISHED 0", 11);
}

static void the_star_is_the_largest_number(void **state)
{
	struct imap_esearch e = esearch_of("* ESEARCH ALL 7:*,*:9,*");

	(void)state;
	assert_int_equal(e.all.count, 3);
	assert_int_equal(e.all.at[0].last, UINT32_MAX);
	assert_int_equal(e.all.at[1].first, 9);
	assert_int_equal(e.all.at[1].last, UINT32_MAX);
	assert_int_equal(e.all.at[2].first, UINT32_MAX);
}

static void numbers_have_a_limit(void **state)
{
	struct imap_limits limits = imap_limits_default;
	struct imap_response r;

	(void)state;
	limits.numbers = 3;
	assert_int_equal(imap_test_parse(BYTES_LIT("* SEARCH 1 2 3"), &limits, &r, NULL), ERR_OK);
	assert_int_equal(imap_test_parse(BYTES_LIT("* SEARCH 1 2 3 4"), &limits, &r, NULL),
			 ERR_TOO_BIG);
	assert_int_equal(imap_test_parse(BYTES_LIT("* VANISHED 1,3,5,7"), &limits, &r, NULL),
			 ERR_TOO_BIG);
	assert_int_equal(imap_test_parse(BYTES_LIT("* THREAD (1 2 3 4)"), &limits, &r, NULL),
			 ERR_TOO_BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(search_and_sort),
		imap_test(extended_search),
		imap_test(partial_results),
		imap_test(threads),
		imap_test(threads_of_any_depth),
		imap_test(vanished),
		imap_test(the_star_is_the_largest_number),
		imap_test(numbers_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
