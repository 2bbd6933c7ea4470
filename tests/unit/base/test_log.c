#include "cmocka_all.h"

#include "base/log.h"

static void values_are_quoted_where_needed(void **state)
{
	struct log_line l;

	(void)state;
	log_begin(&l, LOG_INFO, "test");
	log_field_str(&l, "plain", "a/b");
	log_field_str(&l, "spaced", "a \"b\"\n");
	log_field_str(&l, "empty", "");
	log_field_u64(&l, "n", 5);
	l.text[l.len] = '\0';
	assert_non_null(strstr(l.text, " level=info event=test plain=a/b spaced=\"a \\\"b\\\" \" "
				       "empty=\"\" n=5"));
}

static void an_endless_value_is_cut(void **state)
{
	static char big[5000];
	struct log_line l;

	(void)state;
	memset(big, 'x', sizeof big - 1);
	log_begin(&l, LOG_INFO, "test");
	log_field_str(&l, "big", big);
	assert_true(l.len < sizeof l.text);
}

static void a_level_that_is_off_writes_nothing(void **state)
{
	struct log_line l;

	(void)state;
	log_begin(&l, LOG_DEBUG, "test");
	log_field_str(&l, "k", "v");
	assert_false(l.on);
	assert_int_equal(l.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_quoted_where_needed),
		cmocka_unit_test(an_endless_value_is_cut),
		cmocka_unit_test(a_level_that_is_off_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
