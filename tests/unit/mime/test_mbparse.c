/*
 * Messages in mbparse/, each with what `mbparse mime` makes of it: NAME.eml must
 * be shown as NAME.json has it.
 */
#include "cmocka_all.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "mbparse.h"

/* What mbparse prints for the file; fails unless its exit code is `want`. */
static json_t *shown(const char *path, int want)
{
	FILE *in = fopen(path, "rb"), *out = tmpfile();
	json_t *o;

	assert_non_null(in);
	assert_non_null(out);
	assert_int_equal(mbparse_mime(in, out), want);
	rewind(out);
	o = json_loadf(out, JSON_ALLOW_NUL, NULL);
	assert_non_null(o);
	fclose(in);
	fclose(out);
	return o;
}

static void check(const char *name)
{
	char path[4096];
	json_t *got, *want;

	snprintf(path, sizeof path, "%s/%s.json", MESSAGES, name);
	want = json_load_file(path, 0, NULL);
	if (!want)
		fail_msg("%s is missing or no JSON: mbparse mime < %s.eml makes it", path, name);
	snprintf(path, sizeof path, "%s/%s.eml", MESSAGES, name);
	got = shown(path, 0);
	if (!json_equal(got, want))
		fail_msg("%s is understood as:\n%s", path, json_dumps(got, JSON_INDENT(1)));
	json_decref(got);
	json_decref(want);
}

static void an_everyday_message_is_shown_as_the_api_shows_it(void **state)
{
	(void)state;
	check("everyday");
}

static void messages_inside_stay_closed(void **state)
{
	(void)state;
	check("forwarded");
}

static void of_a_broken_message_the_rest_is_shown(void **state)
{
	(void)state;
	check("broken");
}

static void nothing_is_no_message(void **state)
{
	json_t *o = shown("/dev/null", 1);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(o, "kind")), "malformed");
	assert_int_equal(json_integer_value(json_object_get(o, "position")), 0);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_everyday_message_is_shown_as_the_api_shows_it),
		cmocka_unit_test(messages_inside_stay_closed),
		cmocka_unit_test(of_a_broken_message_the_rest_is_shown),
		cmocka_unit_test(nothing_is_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
