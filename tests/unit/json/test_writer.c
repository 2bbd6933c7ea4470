#include "cmocka_all.h"

#include <jansson.h>

#include "json/writer.h"

struct written {
	struct buf buf;
	struct json_writer w;
};

static void begin(struct written *t)
{
	buf_init(&t->buf, 1 << 20);
	t->w = json_writer_of(&t->buf);
}

static void expect(struct written *t, const char *want)
{
	assert_bytes_equal_str(buf_bytes(&t->buf), want);
	buf_done(&t->buf);
}

static void test_commas_stand_between_members_and_entries_only(void **state)
{
	struct written t;

	(void)state;
	begin(&t);
	json_object_begin(&t.w);
	json_key(&t.w, "none");
	json_array_begin(&t.w);
	json_array_end(&t.w);
	json_key(&t.w, "two");
	json_array_begin(&t.w);
	json_put_u64(&t.w, 1);
	json_object_begin(&t.w);
	json_object_end(&t.w);
	json_put_null(&t.w);
	json_array_end(&t.w);
	json_member_bool(&t.w, "yes", true);
	json_key_bytes(&t.w, BYTES_LIT("a\"b"));
	json_put_bool(&t.w, false);
	json_object_end(&t.w);
	expect(&t, "{\"none\":[],\"two\":[1,{},null],\"yes\":true,\"a\\\"b\":false}");
}

static void test_numbers_are_written_to_their_bounds(void **state)
{
	struct written t;

	(void)state;
	begin(&t);
	json_array_begin(&t.w);
	json_put_u64(&t.w, 0);
	json_put_u64(&t.w, UINT64_MAX);
	json_put_i64(&t.w, INT64_MIN);
	json_put_i64(&t.w, INT64_MAX);
	json_array_end(&t.w);
	expect(&t, "[0,18446744073709551615,-9223372036854775808,9223372036854775807]");
}

static void test_null_texts_write_null_and_empty_ones_do_not(void **state)
{
	struct written t;

	(void)state;
	begin(&t);
	json_array_begin(&t.w);
	json_put_string(&t.w, BYTES_NULL);
	json_put_str(&t.w, NULL);
	json_put_string(&t.w, BYTES_LIT(""));
	json_member_count(&t.w, "n", false, 7);
	json_array_end(&t.w);
	expect(&t, "[null,null,\"\",\"n\":null]");
}

static void test_strings_escape_what_json_asks_for(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
		{ "Núñez €𝄞", "\"Núñez €𝄞\"" },
		{ "a\u2028b\u2029c\u2027", "\"a\\u2028b\\u2029c\u2027\"" },
		{ "</script>", "\"</script>\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct written t;

		begin(&t);
		json_put_str(&t.w, cases[i].in);
		expect(&t, cases[i].want);
	}
}

static void test_malformed_utf8_becomes_replacement_characters(void **state)
{
#define BAD "\xef\xbf\xbd"
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "a\x80z", "\"a" BAD "z\"" },
		{ "\xc0\xaf", "\"" BAD BAD "\"" },         /* overlong */
		{ "\xe0\x80\xaf", "\"" BAD BAD BAD "\"" }, /* overlong */
		{ "\xed\xa0\x80", "\"" BAD BAD BAD "\"" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"" },
		{ "\xf5z", "\"" BAD "z\"" },
		{ "cut \xe2\x82", "\"cut " BAD BAD "\"" },
		{ "\xe2\x82\"", "\"" BAD BAD "\\\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct written t;

		begin(&t);
		json_put_str(&t.w, cases[i].in);
		expect(&t, cases[i].want);
	}
#undef BAD
}

/* Whatever comes in, a JSON parser takes what comes out; well-formed text comes
 * back as it was. */
static void test_any_bytes_give_a_json_string(void **state)
{
	uint8_t text[64];
	uint32_t seed = 12345;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct written t;
		size_t len = seed % sizeof text;
		json_t *back;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = (uint8_t)(seed >> (round % 3 ? 24 : 18));
		}
		seed = seed * 1664525 + 1013904223;
		begin(&t);
		json_put_string(&t.w, bytes_of(text, len));
		back = json_loadb((const char *)buf_bytes(&t.buf).at, t.buf.len,
				  JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(back);
		if (bytes_is_utf8(bytes_of(text, len)))
			assert_true(bytes_equal(
				bytes_of(text, len),
				bytes_of(json_string_value(back), json_string_length(back))));
		json_decref(back);
		buf_done(&t.buf);
	}
}

static void test_a_full_buffer_fails_silently_until_asked(void **state)
{
	struct buf b;
	struct json_writer w;

	(void)state;
	buf_init(&b, 8);
	w = json_writer_of(&b);
	json_array_begin(&w);
	json_put_str(&w, "too long for it");
	json_member_u64(&w, "n", 1);
	json_array_end(&w);
	assert_int_equal(buf_err(&b), ERR_TOO_BIG);
	assert_true(b.len <= 8);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas_stand_between_members_and_entries_only),
		cmocka_unit_test(test_numbers_are_written_to_their_bounds),
		cmocka_unit_test(test_null_texts_write_null_and_empty_ones_do_not),
		cmocka_unit_test(test_strings_escape_what_json_asks_for),
		cmocka_unit_test(test_malformed_utf8_becomes_replacement_characters),
		cmocka_unit_test(test_any_bytes_give_a_json_string),
		cmocka_unit_test(test_a_full_buffer_fails_silently_until_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
