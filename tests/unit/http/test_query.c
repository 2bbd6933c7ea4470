#include "cmocka_all.h"

#include "http/query.h"

static const struct param_spec specs[] = {
	{ "limit", PARAM_UINT, .min = 1, .max = 500 },
	{ "position", PARAM_UINT },
	{ "cursor", PARAM_TEXT, .min = 1, .max = 10 },
	{ "text", PARAM_TEXT },
	{ "sort", PARAM_ENUM, .choices = "-added, added,size" },
	{ "unseen", PARAM_BOOL },
	{ "after", PARAM_INSTANT },
	{ "header", PARAM_TEXT, .is_repeatable = true },
	{ "maxSize", PARAM_UINT, .hint = "maxSize is a size in bytes." },
	{ NULL },
};

static struct query parsed(struct arena *a, const char *raw)
{
	struct query q;

	assert_int_equal(query_parse(a, bytes_of_str(raw), &q), ERR_OK);
	return q;
}

/* One line per error: "name code detail". */
static void check(const char *raw, const char *want)
{
	struct problem p = problem_of("invalid-request");
	struct arena *a = arena_new(65536);
	struct query q = parsed(a, raw);
	struct buf got;

	buf_init(&got, 8192);
	query_check(&q, specs, &p);
	for (size_t i = 0; i < p.error_count; i++)
		buf_printf(&got, "%s %s: %s\n", p.errors[i].where, p.errors[i].code,
			   p.errors[i].detail);
	assert_bytes_equal_str(buf_bytes(&got), want);
	buf_done(&got);
	arena_free(a);
}

static void cuts_and_decodes(void **state)
{
	struct arena *a = arena_new(65536);
	struct query q = parsed(a, "text=gr%C3%B6%C3%9fe+a%2Bb&flag&x=&&a=b=c");

	(void)state;
	assert_int_equal(q.count, 4);
	assert_bytes_equal_str(query_find(&q, "text", 0), "größe a+b");
	assert_bytes_equal_str(query_find(&q, "flag", 0), "");
	assert_bytes_equal_str(query_find(&q, "x", 0), "");
	assert_bytes_equal_str(query_find(&q, "a", 0), "b=c");
	assert_true(bytes_is_null(query_find(&q, "y", 0)));
	q = parsed(a, NULL);
	assert_int_equal(q.count, 0);
	q = parsed(a, "header=A&x=1&header=B");
	assert_bytes_equal_str(query_find(&q, "header", 1), "B");
	assert_true(bytes_is_null(query_find(&q, "header", 2)));
	arena_free(a);
}

static void refuses_malformed_encoding(void **state)
{
	const char *const bad[] = { "a=%", "%zz=1", "a=%00", "a=%ff", "text=a%0Ab", "a=%c3" };
	struct arena *a = arena_new(65536);
	struct query q;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(query_parse(a, bytes_of_str(bad[i]), &q), ERR_INVALID);
	arena_free(a);
}

static void limits_their_number(void **state)
{
	struct arena *a = arena_new(65536);
	struct query q;
	struct buf raw;

	(void)state;
	buf_init(&raw, 8192);
	for (int i = 0; i < QUERY_VALUES_MAX; i++)
		buf_append_str(&raw, "a=1&");
	assert_int_equal(query_parse(a, buf_bytes(&raw), &q), ERR_OK);
	buf_append_str(&raw, "a=1");
	assert_int_equal(query_parse(a, buf_bytes(&raw), &q), ERR_TOO_BIG);
	buf_done(&raw);
	arena_free(a);
}

static void good_values_pass(void **state)
{
	(void)state;
	check("", "");
	check("limit=1&position=0&cursor=abc&text=&sort=added&unseen=0&header=a&header=b", "");
	check("limit=500&sort=-added&unseen=true&after=2026-01-31T12:00:00%2B01:00", "");
}

static void every_fault_is_named_at_once(void **state)
{
	(void)state;
	check("limt=5&limit=501&limit=2&colour=red&unseen=yes",
	      "limt unknown-parameter: Did you mean limit?\n"
	      "limit invalid-value: limit is a number, 1 to 500.\n"
	      "limit duplicate-parameter: limit may be given only once.\n"
	      "colour unknown-parameter: This path has no such parameter.\n"
	      "unseen invalid-value: unseen is true or false.\n");
	check("limit=-1&position=x&cursor=&cursor=12345678901&sort=date&after=yesterday&maxSize=1k",
	      "limit invalid-value: limit is a number, 1 to 500.\n"
	      "position invalid-value: position is a number, at least 0.\n"
	      "cursor invalid-value: cursor must not be empty.\n"
	      "cursor invalid-value: cursor is at most 10 bytes long.\n"
	      "sort invalid-value: sort is one of: -added, added,size.\n"
	      "after invalid-value: after is an instant as 2026-01-31T12:00:00Z (write the + of "
	      "an offset as %2B).\n"
	      "maxSize invalid-value: maxSize is a size in bytes.\n");
	check("limit=1&limit=1&limit=1",
	      "limit duplicate-parameter: limit may be given only once.\n");
}

static void no_parameters_are_known(void **state)
{
	struct problem p = problem_of("invalid-request");
	struct arena *a = arena_new(65536);
	struct query q = parsed(a, "x=1");

	(void)state;
	query_check(&q, NULL, &p);
	assert_int_equal(p.error_count, 1);
	assert_string_equal(p.errors[0].detail, "This path takes no parameters.");
	arena_free(a);
}

static void instant(const char *text, int64_t want)
{
	int64_t ms = -1;

	if (!query_to_instant(bytes_of_str(text), &ms))
		fail_msg("%s was refused", text);
	assert_int_equal(ms, want);
}

static void reads_instants(void **state)
{
	const char *const bad[] = {
		"",
		"2026",
		"2026-01-31",
		"2026-01-31T12:00:00",
		"2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-01-31 12:00:00Z",
		"2026-01-31T24:00:00Z",
		"2026-01-31T12:60:00Z",
		"2026-01-31T12:00:00.Z",
		"2026-01-31T12:00:00+1:00",
		"2026-01-31T12:00:00Zx",
		"26-01-31T12:00:00Z",
		"2026-1-31T12:00:00Z",
		"-026-01-31T12:00:00Z",
	};

	(void)state;
	instant("1970-01-01T00:00:00Z", 0);
	instant("1969-12-31T23:59:59.999z", -1);
	instant("2026-11-21T20:58:09Z", 1795294689000);
	instant("2026-11-21T21:58:09+01:00", 1795294689000);
	instant("2026-11-21t15:28:09.1239-05:30", 1795294689123);
	instant("2024-02-29T00:00:00Z", 1709164800000);
	instant("2000-02-29T00:00:00Z", 951782400000);
	instant("0001-01-01T00:00:00Z", -62135596800000);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int64_t ms;

		if (query_to_instant(bytes_of_str(bad[i]), &ms))
			fail_msg("%s should have been refused", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_and_decodes),
		cmocka_unit_test(refuses_malformed_encoding),
		cmocka_unit_test(limits_their_number),
		cmocka_unit_test(good_values_pass),
		cmocka_unit_test(every_fault_is_named_at_once),
		cmocka_unit_test(no_parameters_are_known),
		cmocka_unit_test(reads_instants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
