#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "endpoint/etag.h"

static void test_a_tag_tells_keywords_and_representation_apart(void **state)
{
	const struct keywords seen = { .system = KEYWORD_SEEN }, none = { 0 };
	char a[ETAG_MESSAGE_MAX], b[ETAG_MESSAGE_MAX], c[ETAG_MESSAGE_MAX];

	(void)state;
	etag_of_message(&seen, BYTES_LIT("body"), a);
	etag_of_message(&seen, BYTES_LIT("another"), b);
	etag_of_message(&none, BYTES_LIT("body"), c);
	assert_int_equal(strlen(a), 25);
	assert_memory_equal(a, b, 13);
	assert_string_not_equal(a, b);
	assert_string_equal(a + 13, c + 13);
	assert_memory_not_equal(a, c, 12);
}

static bool names(const char *format, const struct keywords *tagged, const struct keywords *now)
{
	char etag[ETAG_MESSAGE_MAX], field[200];

	etag_of_message(tagged, BYTES_LIT("body"), etag);
	snprintf(field, sizeof field, format, etag);
	return etag_names_keywords(bytes_of_str(field), now);
}

static void test_if_match_compares_keywords_only(void **state)
{
	const struct keywords seen = { .system = KEYWORD_SEEN };
	const struct keywords flagged = { .system = KEYWORD_FLAGGED };

	(void)state;
	assert_true(names("\"%s\"", &seen, &seen));
	assert_false(names("\"%s\"", &seen, &flagged));
	assert_true(names("\"other\", \"%s\" ,\"x\"", &seen, &seen));
}

static void test_weak_and_malformed_tags_never_match(void **state)
{
	static const char *const fields[] = {
		"", "\"", "\"\"", "*", "\"AAAAAAAAAAAA\"", "AAAAAAAAAAAA.AAAAAAAAAAAA"
	};
	const struct keywords seen = { .system = KEYWORD_SEEN };

	(void)state;
	assert_false(names("W/\"%s\"", &seen, &seen));
	assert_false(names("%s", &seen, &seen));
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		assert_false(etag_names_keywords(bytes_of_str(fields[i]), &seen));
	assert_false(etag_names_keywords(BYTES_NULL, &seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tag_tells_keywords_and_representation_apart),
		cmocka_unit_test(test_if_match_compares_keywords_only),
		cmocka_unit_test(test_weak_and_malformed_tags_never_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
