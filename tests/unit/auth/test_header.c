#include "cmocka_all.h"

#include <string.h>

#include "auth/header.h"

static enum err parse(void **state, const char *header, struct auth_header *ret)
{
	*ret = (struct auth_header){ 0 };
	return auth_header_parse(bytes_of_str(header), *state, ret);
}

static void test_no_header_is_no_scheme(void **state)
{
	struct auth_header h;

	assert_int_equal(parse(state, NULL, &h), ERR_OK);
	assert_int_equal(h.scheme, AUTH_SCHEME_NONE);
}

static void test_bearer_gives_its_token(void **state)
{
	static const char *const headers[] = { "Bearer abc.DEF", "bearer   abc.DEF",
					       " BEARER abc.DEF " };
	struct auth_header h;

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		assert_int_equal(parse(state, headers[i], &h), ERR_OK);
		assert_int_equal(h.scheme, AUTH_SCHEME_BEARER);
		assert_bytes_equal_str(h.token, "abc.DEF");
	}
}

static void test_basic_gives_user_name_and_password(void **state)
{
	static const struct {
		const char *header, *username, *password;
	} cases[] = {
		/* RFC 7617 §2 and §2.1 */
		{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
		{ "basic dGVzdDoxMjPCow==", "test", "123£" },
		{ "Basic YTo=", "a", "" },
		{ "Basic YTpiOmM6", "a", "b:c:" },
		{ "Basic YTo/Pz8+Pj4=", "a", "?\?\?>>>" },
		{ "Basic YTo", "a", "" }, /* without padding */
	};
	struct auth_header h;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(parse(state, cases[i].header, &h), ERR_OK);
		assert_int_equal(h.scheme, AUTH_SCHEME_BASIC);
		assert_bytes_equal_str(h.username, cases[i].username);
		assert_bytes_equal_str(h.password, cases[i].password);
	}
}

static void test_malformed_headers_are_refused(void **state)
{
	static const char *const headers[] = {
		"",
		"Bearer",
		"Basic",
		"Basicx YTpi",
		"Digest username=\"a\"",
		"Basic YQ==",      /* no colon */
		"Basic OnB3",      /* no user name */
		"Basic YTpi\x01",  /* not base64 */
		"Basic YTpi=YTpi", /* padding inside */
		"Basic YTpi===",   /* too much padding */
		"Basic YToK",      /* a control character */
		"Basic YTr/",      /* not UTF-8 */
		"Basic YTpi YTpi", /* two of them */
	};
	struct auth_header h;

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		assert_int_equal(parse(state, headers[i], &h), ERR_INVALID);
}

static void test_overlong_basic_is_refused(void **state)
{
	static char header[AUTH_BASIC_MAX_BYTES + 100];
	struct auth_header h;

	memcpy(header, "Basic ", 6);
	memset(header + 6, 'Y', sizeof header - 7);
	assert_int_equal(parse(state, header, &h), ERR_INVALID);
}

static int with_arena(void **state)
{
	*state = arena_new(1 << 16);
	return *state ? 0 : -1;
}

static int without_arena(void **state)
{
	arena_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_header_is_no_scheme),
		cmocka_unit_test(test_bearer_gives_its_token),
		cmocka_unit_test(test_basic_gives_user_name_and_password),
		cmocka_unit_test(test_malformed_headers_are_refused),
		cmocka_unit_test(test_overlong_basic_is_refused),
	};

	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
