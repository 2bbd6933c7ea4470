#include "cmocka_all.h"

#include "cache/summary_saved.h"

#define CODEC 3
#define KEY   BYTES_LIT("aaaaaaaaaaaa.7.1")

static struct buf saved(struct bytes lasting, struct bytes preview)
{
	struct summary_bytes s = { lasting, preview, 12 };
	struct buf b;

	buf_init(&b, 2 * SUMMARY_SAVED_MAX);
	summary_save(&b, CODEC, KEY, &s);
	return b;
}

static void assert_loads(struct bytes lasting, struct bytes preview)
{
	struct buf b = saved(lasting, preview);
	struct summary_bytes s;

	assert_int_equal(buf_err(&b), ERR_OK);
	assert_true(summary_load(buf_bytes(&b), CODEC, KEY, &s));
	assert_true(bytes_equal(s.lasting, lasting));
	assert_true(bytes_equal(s.preview, preview));
	assert_int_equal(bytes_is_null(s.preview), bytes_is_null(preview));
	buf_done(&b);
}

static void what_was_saved_is_loaded(void **state)
{
	(void)state;
	assert_loads(BYTES_LIT("\"id\":1"), BYTES_LIT("\"Hello\""));
	assert_loads(BYTES_LIT("\"id\":1"), BYTES_NULL);
	assert_loads(BYTES_LIT("\"id\":1"), BYTES_LIT(""));
	assert_loads(BYTES_LIT("12345678"), BYTES_LIT("12345678"));
	assert_loads(BYTES_LIT(""), BYTES_LIT("x"));
}

static void what_is_damaged_is_none(void **state)
{
	struct buf b = saved(BYTES_LIT("lasting bytes"), BYTES_LIT("and a preview"));
	struct summary_bytes s;

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			b.at[i] ^= (uint8_t)bit;
			assert_false(summary_load(buf_bytes(&b), CODEC, KEY, &s));
			b.at[i] ^= (uint8_t)bit;
		}
		assert_false(summary_load(bytes_first(buf_bytes(&b), i), CODEC, KEY, &s));
	}
	assert_false(summary_load(BYTES_NULL, CODEC, KEY, &s));
	buf_append_byte(&b, 0);
	assert_false(summary_load(buf_bytes(&b), CODEC, KEY, &s));
	buf_done(&b);
}

static void what_is_anothers_is_none(void **state)
{
	struct buf b = saved(BYTES_LIT("lasting bytes"), BYTES_NULL);
	struct summary_bytes s;

	(void)state;
	assert_false(summary_load(buf_bytes(&b), CODEC + 1, KEY, &s));
	assert_false(summary_load(buf_bytes(&b), CODEC, BYTES_LIT("aaaaaaaaaaaa.7.2"), &s));
	assert_false(summary_load(buf_bytes(&b), CODEC, BYTES_NULL, &s));
	assert_true(summary_load(buf_bytes(&b), CODEC, KEY, &s));
	buf_done(&b);
}

static void what_is_too_large_is_not_saved(void **state)
{
	static const uint8_t large[SUMMARY_SAVED_MAX];
	struct buf b = saved(bytes_of(large, sizeof large), BYTES_NULL);

	(void)state;
	assert_int_equal(buf_err(&b), ERR_TOO_BIG);
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_saved_is_loaded),
		cmocka_unit_test(what_is_damaged_is_none),
		cmocka_unit_test(what_is_anothers_is_none),
		cmocka_unit_test(what_is_too_large_is_not_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
