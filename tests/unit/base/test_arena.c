#include "cmocka_all.h"

#include "base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_new(4 << 20);
	uint8_t *last = NULL;

	(void)state;
	for (size_t n = 0; n < 3000; n += 7) {
		uint8_t *at = arena_alloc(a, n);

		assert_non_null(at);
		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xff, n);
		assert_ptr_not_equal(at, last);
		last = at;
	}
	arena_free(a);
}

static void what_is_asked_for_at_first_is_all_it_takes(void **state)
{
	struct arena *a = arena_new_sized(4 << 20, arena_bytes_for(5) + arena_bytes_for(100));
	size_t taken = arena_used_bytes(a);

	(void)state;
	assert_true(taken < 200);
	assert_non_null(arena_alloc(a, 5));
	assert_non_null(arena_alloc(a, 100));
	assert_int_equal(arena_used_bytes(a), taken);
	assert_non_null(arena_alloc(a, 1)); /* more is there, too */
	assert_true(arena_used_bytes(a) > taken);
	arena_free(a);
}

static void the_limit_holds_and_is_remembered(void **state)
{
	struct arena *a = arena_new(10000);

	(void)state;
	assert_non_null(arena_alloc(a, 5000));
	assert_false(arena_failed(a));
	assert_null(arena_alloc(a, 9000));
	assert_true(arena_failed(a));
	assert_null(arena_array(a, SIZE_MAX / 2, 8));
	arena_free(a);
	arena_free(NULL);
}

static void copies_end_in_nul_and_null_stays_null(void **state)
{
	struct arena *a = arena_new(10000);
	struct bytes b = arena_bytes(a, BYTES_LIT("abc"));

	(void)state;
	assert_bytes_equal_str(b, "abc");
	assert_int_equal(b.at[3], 0);
	assert_true(bytes_is_null(arena_bytes(a, BYTES_NULL)));
	assert_false(bytes_is_null(arena_bytes(a, BYTES_LIT(""))));
	assert_string_equal(arena_printf(a, "%d-%s", 5, "x"), "5-x");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(what_is_asked_for_at_first_is_all_it_takes),
		cmocka_unit_test(the_limit_holds_and_is_remembered),
		cmocka_unit_test(copies_end_in_nul_and_null_stays_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
