#include "cmocka_all.h"

#include <stdlib.h>

#include "model/uid_set.h"

static void assert_text(const struct uid_set *s, const char *want)
{
	struct buf text;

	buf_init(&text, 4096);
	uid_set_format(s, &text);
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}

static void set_of(struct uid_set *s, const char *text)
{
	uid_set_init(s, 1000);
	assert_int_equal(uid_set_parse(s, bytes_of_str(text)), ERR_OK);
}

static void runs_that_touch_become_one(void **state)
{
	struct uid_set s;

	(void)state;
	set_of(&s, "9,1:5,20:30");
	assert_text(&s, "1:5,9,20:30");
	assert_int_equal(uid_set_add(&s, 6, 8), ERR_OK);
	assert_text(&s, "1:9,20:30");
	assert_int_equal(uid_set_add(&s, 10, 19), ERR_OK);
	assert_text(&s, "1:30");
	uid_set_done(&s);
}

static void works_up_to_the_highest_uid(void **state)
{
	struct uid_set s;

	(void)state;
	set_of(&s, "4294967295");
	assert_int_equal(uid_set_add(&s, 4294967290, 4294967294), ERR_OK);
	assert_text(&s, "4294967290:4294967295");
	assert_int_equal(uid_set_add(&s, 1, 4294967295), ERR_OK);
	assert_true(uid_set_size(&s) == 4294967295);
	assert_int_equal(uid_set_remove(&s, 4294967295, 4294967295), ERR_OK);
	assert_text(&s, "1:4294967294");
	uid_set_done(&s);
}

static void removing_splits_and_shortens(void **state)
{
	struct uid_set s;

	(void)state;
	set_of(&s, "1:10,20:30");
	assert_int_equal(uid_set_remove(&s, 5, 5), ERR_OK);
	assert_text(&s, "1:4,6:10,20:30");
	assert_int_equal(uid_set_remove(&s, 4, 25), ERR_OK);
	assert_text(&s, "1:3,26:30");
	assert_int_equal(uid_set_remove(&s, 10, 20), ERR_OK);
	assert_text(&s, "1:3,26:30");
	assert_int_equal(uid_set_remove(&s, 1, 100), ERR_OK);
	assert_text(&s, "");
	uid_set_done(&s);
}

static void positions_and_members_fit_each_other(void **state)
{
	struct uid_set s;

	(void)state;
	set_of(&s, "3:5,9,20:21");
	assert_true(uid_set_size(&s) == 6);
	for (uint64_t i = 0; i < 6; i++) {
		uint32_t uid = uid_set_nth(&s, i);

		assert_true(uid_set_has(&s, uid));
		assert_true(uid_set_rank(&s, uid) == i);
	}
	assert_int_equal(uid_set_nth(&s, 6), 0);
	assert_false(uid_set_has(&s, 0));
	assert_false(uid_set_has(&s, 8));
	assert_true(uid_set_rank(&s, 8) == 3);
	assert_true(uid_set_rank(&s, 100) == 6);
	uid_set_done(&s);
}

static void the_limit_holds_and_leaves_the_set_alone(void **state)
{
	struct uid_set s;

	(void)state;
	uid_set_init(&s, 2);
	assert_int_equal(uid_set_add(&s, 1, 3), ERR_OK);
	assert_int_equal(uid_set_add(&s, 10, 12), ERR_OK);
	assert_int_equal(uid_set_add(&s, 20, 20), ERR_TOO_BIG);
	assert_int_equal(uid_set_remove(&s, 2, 2), ERR_TOO_BIG);
	assert_text(&s, "1:3,10:12");
	assert_int_equal(uid_set_add(&s, 4, 9), ERR_OK);
	assert_text(&s, "1:12");
	assert_int_equal(uid_set_parse(&s, BYTES_LIT("1,3,5")), ERR_TOO_BIG);
	assert_text(&s, "1:12");
	uid_set_done(&s);
}

static void malformed_texts_are_refused(void **state)
{
	static const char *const bad[] = { "",      ",",          "1,", "0",  "1:0", "*", "1:*",
					   "1:2:3", "4294967296", "a",  "1 ", "-1",  ":5" };
	struct uid_set s;

	(void)state;
	set_of(&s, "7");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (uid_set_parse(&s, bytes_of_str(bad[i])) != ERR_INVALID)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_text(&s, "7");
	assert_int_equal(uid_set_add(&s, 0, 5), ERR_INVALID);
	assert_int_equal(uid_set_add(&s, 5, 4), ERR_INVALID);
	assert_int_equal(uid_set_parse(&s, BYTES_LIT("9:7")), ERR_OK);
	assert_text(&s, "7:9");
	uid_set_done(&s);
}

/* Against a plain array of bits, with a fixed sequence of pseudo-random steps. */
static void behaves_like_an_array_of_bits(void **state)
{
	struct uid_set s;
	bool bits[64] = { false };
	uint32_t seed = 1;

	(void)state;
	uid_set_init(&s, 1000);
	for (int step = 0; step < 20000; step++) {
		uint32_t first, last;
		uint64_t count = 0;

		seed = seed * 1664525 + 1013904223;
		first = 1 + (seed >> 8) % 60;
		last = first + (seed >> 16) % 4;
		assert_int_equal(seed >> 31 ? uid_set_add(&s, first, last)
					    : uid_set_remove(&s, first, last),
				 ERR_OK);
		for (uint32_t i = first; i <= last; i++)
			bits[i] = seed >> 31;
		for (uint32_t i = 1; i < 64; i++) {
			assert_int_equal(uid_set_has(&s, i), bits[i]);
			assert_true(uid_set_rank(&s, i) == count);
			count += bits[i];
		}
		assert_true(uid_set_size(&s) == count);
		for (size_t i = 1; i < s.count; i++)
			assert_true(s.runs[i].first > s.runs[i - 1].last + 1);
	}
	uid_set_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_that_touch_become_one),
		cmocka_unit_test(works_up_to_the_highest_uid),
		cmocka_unit_test(removing_splits_and_shortens),
		cmocka_unit_test(positions_and_members_fit_each_other),
		cmocka_unit_test(the_limit_holds_and_leaves_the_set_alone),
		cmocka_unit_test(malformed_texts_are_refused),
		cmocka_unit_test(behaves_like_an_array_of_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
