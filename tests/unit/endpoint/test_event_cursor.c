#include "cmocka_all.h"

#include "endpoint/event_cursor.h"

static void check(uint64_t epoch, uint64_t seq, const char *want)
{
	char text[EVENT_CURSOR_BYTES];
	struct state_cursor c = { 7, 7 };

	event_cursor_format((struct state_cursor){ epoch, seq }, text);
	assert_string_equal(text, want);
	assert_true(event_cursor_parse(bytes_of_str(want), &c));
	assert_true(c.epoch == epoch);
	assert_true(c.seq == seq);
}

static void a_cursor_is_read_as_it_was_written(void **state)
{
	(void)state;
	check(0, 0, "e1.0-0");
	check(1763758689000, 35, "e1.mi9cduco-z");
	check(UINT64_MAX, UINT64_MAX, "e1.3w5e11264sgsf-3w5e11264sgsf");
}

static void all_else_is_malformed(void **state)
{
	static const char *const texts[] = {
		"",        "e1.",           "e1.1",
		"e1.1-",   "e1.-1",         "e1.1-2-3",
		"e2.1-2",  "1-2",           "e1.01-2",
		"e1.1-02", "e1.A-2",        "e1.1-2 ",
		" e1.1-2", "e1.1 -2",       "e1.3w5e11264sgsg-0",
		"E1.1-2",  "e1.1-\xc3\xa9", "e1.10000000000000-0",
	};
	struct state_cursor c;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(event_cursor_parse(bytes_of_str(texts[i]), &c));
	assert_false(event_cursor_parse(BYTES_NULL, &c));
	assert_false(event_cursor_parse(bytes_of("e1.1-2\0", 7), &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_is_read_as_it_was_written),
		cmocka_unit_test(all_else_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
