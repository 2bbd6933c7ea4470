#include "cmocka_all.h"

#include "exact.h"
#include "mime/date.h"

static void check(const char *value, const char *want)
{
	struct zoned_time t = mime_date_parse(exact(value));
	char got[32] = "unknown";

	if (t.is_known)
		message_format_zoned(&t, got);
	if (strcmp(got, want) != 0)
		fail_msg("\"%s\": got %s, want %s", value, got, want);
}

static void the_form_of_the_rfc(void **state)
{
	(void)state;
	check("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00");
	check(" Fri, 7 Oct 1994 16:15:05 -0700 (PDT)", "1994-10-07T16:15:05-07:00");
	check("21 Nov 1997 09:55 +0530", "1997-11-21T09:55:00+05:30");
	check("Sat, 21 Nov 2026 20:58:07 +0000", "2026-11-21T20:58:07Z");
	check("Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
	      "               -0330 (Newfoundland Time)",
	      "1969-02-13T23:32:00-03:30");
	check("Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z");
}

static void obsolete_forms(void **state)
{
	(void)state;
	check("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z");
	check("21 Nov 07 09:55:06 EST", "2007-11-21T09:55:06-05:00");
	check("21 Nov 103 09:55:06 PDT", "2003-11-21T09:55:06-07:00");
	check("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00");
	check("Fri, 21 Nov 1997 09:55:06 A", "1997-11-21T09:55:06Z");
}

static void what_programs_write_instead(void **state)
{
	(void)state;
	check("Fri Nov 21 09:55:06 1997", "1997-11-21T09:55:06Z");
	check("Fri Nov 21 09:55:06 CET 1997", "1997-11-21T09:55:06+01:00");
	check("Wed Feb  5 2020 17:40:57 GMT-0800 (PST)", "2020-02-05T17:40:57-08:00");
	check("1997-11-21T09:55:06Z", "1997-11-21T09:55:06Z");
	check("1997-11-21 09:55:06.123 +01:00", "1997-11-21T09:55:06+01:00");
	check("Fri, 21-Nov-1997 09:55:06 +0100", "1997-11-21T09:55:06+01:00");
	check("21.11.1997 09:55", "1997-11-21T09:55:00Z");
	check("11/21/1997 09:55:06", "1997-11-21T09:55:06Z");
	check("Friday, November 21, 1997 9:55:06 PM", "1997-11-21T21:55:06Z");
	check("Fri, 21 Nov 1997 12:05 AM", "1997-11-21T00:05:00Z");
	check("Fri, 21 Nov 1997 09.55.06 +0100", "1997-11-21T09:55:06+01:00");
	check("Fri, 21 Nov 1997 09:55:06 0100", "1997-11-21T09:55:06+01:00");
	check("Fri, 21 Nov 1997 09:55:06", "1997-11-21T09:55:06Z");
	check("Fri, 21 Nov 1997", "1997-11-21T00:00:00Z");
	check("Fri, 21 Nov 1997 09:55:06 +9999", "1997-11-21T09:55:06Z");
	check("Xyz, 21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06Z");
	check("Fri, 21 Nov 1997 23:59:60 +0000", "1997-11-22T00:00:00Z");
}

static void nonsense_is_unknown(void **state)
{
	(void)state;
	check("", "unknown");
	check("nonsense", "unknown");
	check("Fri, 32 Nov 1997 09:55:06 +0000", "unknown");
	check("Sat, 29 Feb 2019 10:00:00 +0000", "unknown");
	check("Fri, 21 Foo 1997 09:55:06 +0000", "unknown");
	check("Fri, 21 Nov 1997 25:55:06 +0000", "unknown");
	check("Fri, 21 Nov 1997 09:61:06 +0000", "unknown");
	check("Mon, 1 Jan 0001 00:00:00 +0000", "unknown");
	check("99999999999999999999", "unknown");
	check("(((((((((", "unknown");
	check("\xff\xfe :::", "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_of_the_rfc),
		cmocka_unit_test(obsolete_forms),
		cmocka_unit_test(what_programs_write_instead),
		cmocka_unit_test(nonsense_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
