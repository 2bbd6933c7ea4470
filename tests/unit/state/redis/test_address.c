#include "cmocka_all.h"

#include <stdio.h>

#include "base/buf.h"
#include "state/redis/link.h"

static void check(const char *url, const char *want)
{
	struct redis_address a;
	const char *wrong = redis_address_parse(bytes_of_str(url), &a);
	char got[256];

	if (wrong)
		fail_msg("%s: %s", url, wrong);
	snprintf(got, sizeof got, "%s %u %s %u %s %s%s", a.host ? a.host : "-", a.port,
		 a.path ? a.path : "-", a.db, a.user ? a.user : "-", a.password ? a.password : "-",
		 a.has_tls ? " tls" : "");
	redis_address_done(&a);
	assert_string_equal(got, want);
}

static void urls_say_where_and_as_whom(void **state)
{
	(void)state;
	check("redis://cache", "cache 6379 - 0 - -");
	check("redis://cache/", "cache 6379 - 0 - -");
	check("REDIS://cache:7000/3", "cache 7000 - 3 - -");
	check("redis://cache/?db=3", "cache 6379 - 3 - -");
	check("redis://[::1]:7000", "::1 7000 - 0 - -");
	check("redis://[::1]", "::1 6379 - 0 - -");
	check("redis://:secret@cache", "cache 6379 - 0 - secret");
	check("redis://ada:secret@cache/1", "cache 6379 - 1 ada secret");
	check("redis://a%40b:p%3a%2f%25@cache", "cache 6379 - 0 a@b p:/%");
	check("redis://ada:p@ss:word@cache", "cache 6379 - 0 ada p@ss:word");
	check("rediss://cache", "cache 6379 - 0 - - tls");
	check("unix:///run/redis.sock", "- 0 /run/redis.sock 0 - -");
	check("redis+unix:///run/redis.sock?db=2", "- 0 /run/redis.sock 2 - -");
	check("unix://ada:secret@/run/a%20b", "- 0 /run/a b 0 ada secret");
	check("/run/redis.sock", "- 0 /run/redis.sock 0 - -");
}

static void what_is_no_url_is_refused_without_its_secrets(void **state)
{
	static const char *const urls[] = {
		"",
		"memory",
		"http://cache",
		"redis:cache",
		"redis://",
		"redis://:7000",
		"redis://:secret@",
		"redis://secret@cache",
		"redis://secret:@cache",
		"redis://cache:0",
		"redis://cache:65536",
		"redis://cache:secret",
		"redis://cache:",
		"redis://cache/secret",
		"redis://cache/-1",
		"redis://cache?user=secret",
		"redis://[::1",
		"redis://[::1]7000",
		"redis://:secret%@cache",
		"redis://:secret%4@cache",
		"redis://:secret%zz@cache",
		"redis://:secret%00@cache",
		"unix://run/redis.sock",
		"unix:///run/a%",
		"/run/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct redis_address a = { .db = 77 };
		const char *wrong = redis_address_parse(bytes_of_str(urls[i]), &a);

		if (!wrong)
			fail_msg("%s is taken for a URL", urls[i]);
		assert_null(strstr(wrong, "secret"));
		assert_int_equal(a.db, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_say_where_and_as_whom),
		cmocka_unit_test(what_is_no_url_is_refused_without_its_secrets),
	};

	return cmocka_run_group_tests_name("redis address", tests, NULL, NULL);
}
