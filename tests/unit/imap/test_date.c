#include "cmocka_all.h"

#include "imap/date.h"

static struct zoned_time parsed(const char *text)
{
	struct zoned_time t = { 0 };

	if (!imap_date_time_parse(bytes_of_str(text), &t))
		fail_msg("%s is a date", text);
	assert_true(t.is_known);
	return t;
}

static void dates_are_read(void **state)
{
	(void)state;
	assert_int_equal(parsed("17-Jul-1996 02:44:25 -0700").unix_s, 837596665);
	assert_int_equal(parsed("17-Jul-1996 02:44:25 -0700").offset_min, -420);
	assert_int_equal(parsed(" 1-jan-1970 00:00:00 +0000").unix_s, 0);
	assert_int_equal(parsed("1-JAN-1970 05:45:00 +0545").unix_s, 0);
	assert_int_equal(parsed("01-Jan-1970 00:00:01").unix_s, 1);
	assert_int_equal(parsed("29-Feb-2000 23:59:60 +0000").unix_s, 951868800);
	assert_true(parsed(" 1-Jan-0001 00:00:00 +0000").unix_s == -62135596800);
	assert_true(parsed("31-Dec-9999 23:59:59 +0000").unix_s == 253402300799);
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"17-Jul-1996",
		"17-Jul-1996 02:44:25 -0700 ",
		"17-Jul-1996 02:44:25 0700",
		"17-Jul-1996 02:44:25 -070",
		"17-Jul-1996 02:44:25 -0760",
		"17-Jul-1996 24:44:25 -0700",
		"17-Jul-1996 02:60:25 -0700",
		"17-Jul-1996 02:44:61 -0700",
		"17-Jul-1996 2:44:25 -0700",
		"17-Juli-1996 02:44:25 -0700",
		"31-Apr-1996 02:44:25 -0700",
		"29-Feb-1900 02:44:25 -0700",
		" 0-Jul-1996 02:44:25 -0700",
		"32-Jul-1996 02:44:25 -0700",
		"17-Jul-96 02:44:25 -0700",
		"17-Jul-0000 02:44:25 -0700",
		"17 Jul 1996 02:44:25 -0700",
		"Wed, 17 Jul 1996 02:44:25 -0700",
	};
	struct zoned_time t = { .unix_s = 42 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (imap_date_time_parse(bytes_of_str(bad[i]), &t))
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(t.unix_s, 42);
}

static void dates_are_written_as_they_are_read(void **state)
{
	char text[IMAP_DATE_TIME_BYTES];
	struct zoned_time t = { .is_known = true }, back;

	(void)state;
	for (int64_t i = 0; i < 20000; i++) {
		t.unix_s = -62135596800 + i * 15776898 % 315537897599;
		t.offset_min = (int)(i % 1681) - 840;
		if (!imap_date_time_format(&t, text))
			continue;
		assert_int_equal(strlen(text), IMAP_DATE_TIME_BYTES - 1);
		back = parsed(text);
		assert_true(back.unix_s == t.unix_s);
		assert_int_equal(back.offset_min, t.offset_min);
	}
	t = parsed("17-Jul-1996 02:44:25 -0700");
	assert_true(imap_date_time_format(&t, text));
	assert_string_equal(text, "17-Jul-1996 02:44:25 -0700");
	t.unix_s = INT64_MAX;
	assert_false(imap_date_time_format(&t, text));
	t.unix_s = INT64_MIN;
	assert_false(imap_date_time_format(&t, text));
	t = (struct zoned_time){ .offset_min = 6000 };
	assert_false(imap_date_time_format(&t, text));
}

static void days_of_search(void **state)
{
	char text[IMAP_DATE_BYTES];

	(void)state;
	assert_true(imap_date_format(760060800, text));
	assert_string_equal(text, "1-Feb-1994");
	assert_true(imap_date_format(253402300799, text));
	assert_string_equal(text, "31-Dec-9999");
	assert_false(imap_date_format(253402300800, text));
	assert_false(imap_date_format(-62135596801, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(dates_are_written_as_they_are_read),
		cmocka_unit_test(days_of_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
