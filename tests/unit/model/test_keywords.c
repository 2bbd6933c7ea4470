#include "cmocka_all.h"

#include <stdio.h>

#include "model/keywords.h"

static void names_of_system_flags_go_both_ways(void **state)
{
	(void)state;
	for (unsigned bit = KEYWORD_SEEN; bit <= KEYWORD_DELETED; bit <<= 1)
		assert_int_equal(keywords_system_bit(bytes_of_str(keywords_system_name(bit))), bit);
	assert_string_equal(keywords_system_name(KEYWORD_SEEN), "$seen");
	assert_null(keywords_system_name(1 << 20));
	assert_null(keywords_system_name(KEYWORD_SEEN | KEYWORD_DRAFT));
	assert_int_equal(keywords_system_bit(BYTES_LIT("$Flagged")), KEYWORD_FLAGGED);
	assert_int_equal(keywords_system_bit(BYTES_LIT("$forwarded")), 0);
}

static void custom_names_are_sorted_lower_case_and_single(void **state)
{
	struct arena *mem = arena_new(1 << 20);
	struct keywords k = { 0 };

	(void)state;
	assert_true(keywords_add(&k, mem, BYTES_LIT("$Forwarded")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("Work")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("$SEEN")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("abc")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("work")));
	assert_int_equal(k.system, KEYWORD_SEEN);
	assert_int_equal(k.custom.count, 3);
	assert_bytes_equal_str(k.custom.at[0], "$forwarded");
	assert_bytes_equal_str(k.custom.at[1], "abc");
	assert_bytes_equal_str(k.custom.at[2], "work");
	assert_true(keywords_has(&k, BYTES_LIT("WORK")));
	assert_true(keywords_has(&k, BYTES_LIT("$seen")));
	assert_false(keywords_has(&k, BYTES_LIT("wor")));
	keywords_remove(&k, BYTES_LIT("ABC"));
	keywords_remove(&k, BYTES_LIT("$seen"));
	keywords_remove(&k, BYTES_LIT("none"));
	assert_int_equal(k.system, 0);
	assert_int_equal(k.custom.count, 2);
	assert_false(keywords_has(&k, BYTES_LIT("abc")));
	arena_free(mem);
}

static void a_set_takes_no_more_than_the_limit(void **state)
{
	struct arena *mem = arena_new(1 << 20);
	struct keywords k = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		snprintf(name, sizeof name, "k%d", i);
		assert_true(keywords_add(&k, mem, bytes_of_str(name)));
	}
	assert_false(keywords_add(&k, mem, BYTES_LIT("one-more")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("k7")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("$draft")));
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		snprintf(name, sizeof name, "K%d", i);
		assert_true(keywords_has(&k, bytes_of_str(name)));
	}
	arena_free(mem);
}

static void a_copy_lives_its_own_life(void **state)
{
	struct arena *mem = arena_new(1 << 20);
	struct keywords k = { 0 }, copy;

	(void)state;
	assert_true(keywords_add(&k, mem, BYTES_LIT("b")));
	assert_true(keywords_add(&k, mem, BYTES_LIT("$seen")));
	assert_true(keywords_copy(&k, mem, &copy));
	assert_true(keywords_equal(&k, &copy));
	assert_true(keywords_add(&copy, mem, BYTES_LIT("a")));
	assert_false(keywords_equal(&k, &copy));
	assert_int_equal(k.custom.count, 1);
	assert_bytes_equal_str(k.custom.at[0], "b");
	arena_free(mem);
}

static void keywords_are_atoms(void **state)
{
	char longest[KEYWORD_MAX_BYTES + 2];

	(void)state;
	assert_true(keywords_name_is_valid(BYTES_LIT("$Label1")));
	assert_true(keywords_name_is_valid(BYTES_LIT("[x")));
	assert_false(keywords_name_is_valid(BYTES_LIT("")));
	assert_false(keywords_name_is_valid(BYTES_LIT("\\Seen")));
	assert_false(keywords_name_is_valid(BYTES_LIT("a b")));
	assert_false(keywords_name_is_valid(BYTES_LIT("a*")));
	assert_false(keywords_name_is_valid(BYTES_LIT("x]")));
	assert_false(keywords_name_is_valid(BYTES_LIT("\xc3\xbc")));
	assert_false(keywords_name_is_valid(BYTES_LIT("a\0b")));
	memset(longest, 'x', sizeof longest);
	assert_true(keywords_name_is_valid(bytes_of(longest, KEYWORD_MAX_BYTES)));
	assert_false(keywords_name_is_valid(bytes_of(longest, KEYWORD_MAX_BYTES + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_system_flags_go_both_ways),
		cmocka_unit_test(custom_names_are_sorted_lower_case_and_single),
		cmocka_unit_test(a_set_takes_no_more_than_the_limit),
		cmocka_unit_test(a_copy_lives_its_own_life),
		cmocka_unit_test(keywords_are_atoms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
