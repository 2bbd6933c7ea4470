#include "cmocka_all.h"

#include "base/pack.h"

static void numbers_come_back(void **state)
{
	static const uint64_t numbers[] = { 0,
					    1,
					    127,
					    128,
					    255,
					    256,
					    16383,
					    16384,
					    UINT32_MAX,
					    1ull << 32,
					    1ull << 56,
					    1ull << 63,
					    UINT64_MAX - 1,
					    UINT64_MAX };
	const size_t count = sizeof numbers / sizeof *numbers;
	struct buf b;
	struct unpack u;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < count; i++) {
		pack_varint(&b, numbers[i]);
		for (unsigned width = 1; width <= 8; width++)
			pack_number(&b, numbers[i], width);
	}
	u = (struct unpack){ .rest = buf_bytes(&b) };
	for (size_t i = 0; i < count; i++) {
		assert_true(unpack_varint(&u) == numbers[i]);
		for (unsigned width = 1; width <= 8; width++)
			assert_true(unpack_number(&u, width) ==
				    (numbers[i] & (UINT64_MAX >> (64 - 8 * width))));
	}
	assert_false(u.is_bad);
	assert_int_equal(u.rest.len, 0);
	buf_done(&b);
}

static void what_is_not_there_is_nothing(void **state)
{
	struct unpack u = { .rest = BYTES_LIT("\x05\x01\x02\x03") };

	(void)state;
	assert_int_equal(unpack_number(&u, 1), 5);
	assert_true(bytes_is_null(unpack_bytes(&u, 4)));
	assert_true(u.is_bad);
	assert_int_equal(unpack_number(&u, 1), 0);
	assert_int_equal(unpack_varint(&u), 0);
	assert_true(bytes_is_null(unpack_bytes(&u, 0)));
	u = (struct unpack){ .rest = BYTES_LIT("abc") };
	assert_true(bytes_equal_str(unpack_bytes(&u, 3), "abc"));
	assert_int_equal(unpack_bytes(&u, 0).len, 0);
	assert_false(u.is_bad);
	assert_true(bytes_is_null(unpack_bytes(&u, UINT64_MAX)));
	assert_true(u.is_bad);
}

static void check_bad(struct bytes text, uint64_t max)
{
	struct unpack u = { .rest = text };

	assert_int_equal(unpack_varint_to(&u, max), 0);
	assert_true(u.is_bad);
}

static void a_number_has_its_bounds(void **state)
{
	struct unpack u = { .rest = BYTES_LIT("\x7f") };

	(void)state;
	assert_int_equal(unpack_varint_to(&u, 127), 127);
	assert_false(u.is_bad);
	check_bad(BYTES_LIT("\x7f"), 126);
	check_bad(BYTES_LIT(""), UINT64_MAX);
	check_bad(BYTES_LIT("\x80\x80"), UINT64_MAX);
	check_bad(BYTES_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), UINT64_MAX);
	check_bad(BYTES_LIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81\x01"), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(what_is_not_there_is_nothing),
		cmocka_unit_test(a_number_has_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
