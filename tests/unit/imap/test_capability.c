#include "imap_test.h"

#include <stdio.h>

#include "imap/capability.h"

static struct imap_capabilities of(const char *words)
{
	char line[2000];
	struct imap_response r;

	snprintf(line, sizeof line, "* CAPABILITY %s", words);
	r = imap_test_parse_str(line);
	return imap_capabilities_of(&r.words);
}

static void words_become_bits(void **state)
{
	struct imap_capabilities c = of("IMAP4rev1 idle LITERAL+ XPIG-LATIN APPENDLIMIT=35651584");

	(void)state;
	assert_true(c.is_known);
	assert_true(imap_capabilities_has(&c, IMAP_CAP_IMAP4REV1));
	assert_true(imap_capabilities_has(&c, IMAP_CAP_IDLE));
	assert_true(imap_capabilities_has(&c, IMAP_CAP_LITERAL_PLUS));
	assert_false(imap_capabilities_has(&c, IMAP_CAP_LITERAL_MINUS));
	assert_false(imap_capabilities_has(&c, IMAP_CAP_MOVE));
	assert_true(c.has_append_limit);
	assert_int_equal(c.append_limit_bytes, 35651584);
	assert_false(of("APPENDLIMIT").has_append_limit);
}

static void every_capability_has_its_own_name(void **state)
{
	(void)state;
	for (int i = 0; i < IMAP_CAPS; i++) {
		struct imap_capabilities c;

		assert_non_null(imap_cap_name((enum imap_cap)i));
		c = of(imap_cap_name((enum imap_cap)i));
		assert_true(imap_capabilities_has(&c, (enum imap_cap)i));
	}
}

static void mechanisms_are_listed(void **state)
{
	struct imap_capabilities c =
		of("AUTH=plain AUTH=SCRAM-SHA-256-PLUS AUTH= AUTH=FAR-TOO-LONG-A-MECHANISM IDLE");

	(void)state;
	assert_int_equal(c.auth_count, 2);
	assert_true(imap_capabilities_has_auth(&c, "PLAIN"));
	assert_true(imap_capabilities_has_auth(&c, "SCRAM-SHA-256-PLUS"));
	assert_false(imap_capabilities_has_auth(&c, "SCRAM-SHA-256"));
	c = of("AUTH=A AUTH=B AUTH=C AUTH=D AUTH=E AUTH=F AUTH=G AUTH=H AUTH=I AUTH=J AUTH=K "
	       "AUTH=L AUTH=M AUTH=N AUTH=O AUTH=P AUTH=Q AUTH=R");
	assert_int_equal(c.auth_count, IMAP_AUTHS_MAX);
}

static void what_one_capability_says_of_others(void **state)
{
	struct imap_capabilities c = of("IMAP4rev1 QRESYNC UTF8=ONLY");

	(void)state;
	assert_true(imap_capabilities_has(&c, IMAP_CAP_CONDSTORE));
	assert_true(imap_capabilities_has(&c, IMAP_CAP_UTF8_ACCEPT));
	c = of("IMAP4rev1 IMAP4rev2");
	assert_false(imap_capabilities_has(&c, IMAP_CAP_MOVE));
	imap_capabilities_add_rev2(&c);
	assert_true(imap_capabilities_has(&c, IMAP_CAP_MOVE));
	c = of("IMAP4rev2");
	assert_true(imap_capabilities_has(&c, IMAP_CAP_ESEARCH));
	assert_true(imap_capabilities_has(&c, IMAP_CAP_LITERAL_MINUS));
	assert_false(imap_capabilities_has(&c, IMAP_CAP_CONDSTORE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(words_become_bits),
		imap_test(every_capability_has_its_own_name),
		imap_test(mechanisms_are_listed),
		imap_test(what_one_capability_says_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
