#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "cache/summary_cache.h"

static const struct folder_id inbox = { "aaaaaaaaaaaa" }, other = { "aaaaaaaaaaab" };

static bool put(struct summary_cache *c, uint32_t uid, const char *lasting, const char *preview)
{
	struct summary_bytes b = { bytes_of_str(lasting), bytes_of_str(preview), 0 }, now;

	if (!summary_cache_put(c, &inbox, 7, uid, &b, &now))
		return false;
	assert_bytes_equal_str(now.lasting, lasting);
	return true;
}

static uint64_t assert_has(struct summary_cache *c, uint32_t uid, const char *lasting,
			   const char *preview)
{
	struct summary_bytes b;

	assert_true(summary_cache_find(c, &inbox, 7, uid, &b));
	assert_bytes_equal_str(b.lasting, lasting);
	if (preview)
		assert_bytes_equal_str(b.preview, preview);
	else
		assert_true(bytes_is_null(b.preview));
	return b.serial;
}

static void it_finds_what_was_put_under_all_of_the_key(void **state)
{
	struct summary_cache c;
	struct summary_bytes b;

	(void)state;
	assert_int_equal(summary_cache_init(&c, 1 << 20), ERR_OK);
	put(&c, 1, "one", NULL);
	put(&c, 2, "two", "");
	assert_has(&c, 1, "one", NULL);
	assert_has(&c, 2, "two", "");
	assert_false(summary_cache_find(&c, &inbox, 7, 3, &b));
	assert_false(summary_cache_find(&c, &inbox, 8, 1, &b));
	assert_false(summary_cache_find(&c, &other, 7, 1, &b));
	assert_int_equal(c.hits, 2);
	assert_int_equal(c.misses, 3);
	summary_cache_done(&c);
}

static void a_serial_tells_that_bytes_have_changed(void **state)
{
	struct summary_cache c;
	uint64_t first, second, third;

	(void)state;
	assert_int_equal(summary_cache_init(&c, 1 << 20), ERR_OK);
	assert_true(put(&c, 1, "one", NULL));
	first = assert_has(&c, 1, "one", NULL);
	assert_false(put(&c, 1, "one", NULL));
	assert_true(assert_has(&c, 1, "one", NULL) == first);
	assert_true(put(&c, 1, "one", "seen"));
	second = assert_has(&c, 1, "one", "seen");
	assert_true(second > first);
	assert_false(put(&c, 1, "one", NULL)); /* does not know it: that is no news */
	assert_true(assert_has(&c, 1, "one", "seen") == second);
	assert_true(put(&c, 1, "uno", NULL));
	third = assert_has(&c, 1, "uno", "seen");
	assert_true(third > second);
	assert_int_equal(c.entries, 1);
	summary_cache_done(&c);
}

static void the_longest_unused_goes_first(void **state)
{
	struct summary_cache c;
	struct summary_bytes b;
	char text[1000] = { 0 };

	(void)state;
	assert_int_equal(summary_cache_init(&c, 8000), ERR_OK);
	memset(text, 'x', sizeof text - 1);
	for (uint32_t uid = 1; uid <= 7; uid++)
		put(&c, uid, text, NULL);
	assert_int_equal(c.evicted, 0);
	assert_has(&c, 1, text, NULL);
	put(&c, 8, text, NULL);
	assert_int_equal(c.evicted, 1);
	assert_false(summary_cache_find(&c, &inbox, 7, 2, &b));
	assert_has(&c, 1, text, NULL);
	assert_true(c.bytes <= 8000);
	summary_cache_done(&c);
}

static void what_is_too_large_alone_is_not_kept(void **state)
{
	struct summary_cache c;
	struct summary_bytes b;
	char text[1000] = { 0 };

	(void)state;
	assert_int_equal(summary_cache_init(&c, 900), ERR_OK);
	put(&c, 1, "small", NULL);
	memset(text, 'x', sizeof text - 1);
	assert_false(put(&c, 1, text, NULL));
	assert_false(summary_cache_find(&c, &inbox, 7, 1, &b));
	assert_int_equal(c.entries, 0);
	assert_int_equal(c.bytes, 0);
	summary_cache_done(&c);
}

/* More than there are buckets, put and forgotten in many ways. */
static void it_keeps_its_counts(void **state)
{
	struct summary_cache c;
	uint64_t random = 88172645463325252;
	char text[300];

	(void)state;
	assert_int_equal(summary_cache_init(&c, 40000), ERR_OK);
	for (unsigned i = 0; i < 20000; i++) {
		struct summary_bytes b;
		uint32_t uid;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		uid = (uint32_t)(random >> 40) % 600;
		snprintf(text, sizeof text, "%u %.*s", uid, (int)(uid % 200),
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			 "x");
		if (random & 1)
			put(&c, uid, text, random & 2 ? "p" : NULL);
		else if (summary_cache_find(&c, &inbox, 7, uid, &b))
			assert_bytes_equal_str(b.lasting, text);
		assert_true(c.bytes <= 40000);
	}
	assert_true(c.entries > 150 && c.evicted > 0);
	c.max_bytes = 0;
	for (uint32_t uid = 0; uid < 600; uid++)
		put(&c, uid, "", NULL);
	assert_int_equal(c.entries, 0);
	assert_int_equal(c.bytes, 0);
	summary_cache_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_what_was_put_under_all_of_the_key),
		cmocka_unit_test(a_serial_tells_that_bytes_have_changed),
		cmocka_unit_test(the_longest_unused_goes_first),
		cmocka_unit_test(what_is_too_large_alone_is_not_kept),
		cmocka_unit_test(it_keeps_its_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
