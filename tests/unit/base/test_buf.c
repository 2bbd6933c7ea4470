#include "cmocka_all.h"

#include "base/buf.h"

static void a_failed_append_changes_nothing_and_stays_failed(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	buf_append_str(&b, "12345");
	buf_append_str(&b, "6789");
	assert_int_equal(buf_err(&b), ERR_TOO_BIG);
	buf_append_str(&b, "6");
	assert_bytes_equal_str(buf_bytes(&b), "12345");
	buf_reset(&b);
	assert_int_equal(buf_err(&b), ERR_OK);
	buf_append_str(&b, "12345678");
	assert_bytes_equal_str(buf_bytes(&b), "12345678");
	buf_done(&b);
}

static void consuming_makes_room_without_growing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (int i = 0; i < 10000; i++) {
		buf_append_str(&b, "0123456789");
		assert_int_equal(buf_err(&b), ERR_OK);
		buf_consume(&b, 10);
	}
	assert_true(b.cap <= 1000);
	buf_done(&b);
}

static void formats(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_printf(&b, "%s=%d;", "a", 5);
	buf_append_u64(&b, UINT64_MAX);
	buf_append_byte(&b, ';');
	buf_append_u64(&b, 0);
	assert_bytes_equal_str(buf_bytes(&b), "a=5;18446744073709551615;0");
	buf_done(&b);
}

static void print_at_the_very_limit_fits(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_printf(&b, "%s", "abcd");
	assert_int_equal(buf_err(&b), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&b), "abcd");
	buf_printf(&b, "%s", "e");
	assert_int_equal(buf_err(&b), ERR_TOO_BIG);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_append_changes_nothing_and_stays_failed),
		cmocka_unit_test(consuming_makes_room_without_growing),
		cmocka_unit_test(formats),
		cmocka_unit_test(print_at_the_very_limit_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
