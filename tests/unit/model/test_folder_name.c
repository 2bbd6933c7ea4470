#include "cmocka_all.h"

#include "model/folder_name.h"

static void raw_bytes_go_both_ways(void **state)
{
	struct bytes rest;
	struct buf path;
	uint8_t byte;

	(void)state;
	buf_init(&path, 10000);
	for (unsigned i = 0; i < 256; i++)
		folder_name_put_raw(&path, (uint8_t)i);
	assert_true(bytes_is_utf8(buf_bytes(&path)));
	rest = buf_bytes(&path);
	for (unsigned i = 0; i < 256; i++) {
		assert_true(folder_name_take_raw(&rest, &byte));
		assert_int_equal(byte, i);
	}
	assert_false(folder_name_take_raw(&rest, &byte));
	assert_true(folder_name_has_raw(buf_bytes(&path)));
	assert_true(folder_name_has_raw(bytes_first(buf_bytes(&path), 3)));
	buf_done(&path);
}

static void other_characters_are_not_taken_for_them(void **state)
{
	static const char *const names[] = { "", "Entwürfe", "\xef\xb7\x8f" /* U+FDCF */,
					     "\xef\xb7\xb0" /* U+FDF0 */, "\xef\xbf\xbd" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_false(folder_name_has_raw(bytes_of_str(names[i])));
}

/* '<' and '>' around what are raw bytes. */
static void check_shown(const char *text, char delimiter, const char *want)
{
	struct arena *mem = arena_new(10000);
	struct bytes name;
	struct buf path;
	bool is_raw = false;

	buf_init(&path, 10000);
	for (const char *c = text; *c; c++) {
		if (*c == '<' || *c == '>')
			is_raw = *c == '<';
		else if (is_raw)
			folder_name_put_raw(&path, (uint8_t)*c);
		else
			buf_append_byte(&path, (uint8_t)*c);
	}
	name = folder_name_of(mem, buf_bytes(&path), delimiter);
	if (!bytes_equal_str(name, want))
		fail_msg("%s shows as \"%.*s\"", text, BYTES_FMT(name));
	buf_done(&path);
	arena_free(mem);
}

static void people_read_the_last_component(void **state)
{
	(void)state;
	check_shown("a/b", '/', "b");
	check_shown("a/b", 0, "a/b");
	check_shown("Entwürfe", '.', "Entwürfe");
	check_shown("A<&>B", '/', "A&B");
	check_shown("<&>/x", '/', "x");
	check_shown("Entw<\xc3\xbc>rfe", '/', "Entwürfe");
	check_shown("a/<\xe4>b<\xe4>", '/',
		    "\xef\xbf\xbd"
		    "b\xef\xbf\xbd");
	check_shown("<\xf0\x9f\x98>x", '/',
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		    "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_bytes_go_both_ways),
		cmocka_unit_test(other_characters_are_not_taken_for_them),
		cmocka_unit_test(people_read_the_last_component),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
