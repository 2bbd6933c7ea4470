#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "json/body.h"

struct login {
	struct bytes token;
	bool token_given;
};

struct form {
	struct bytes username, parent, color;
	bool parent_given, cookie, cookie_given, oauth_given;
	uint64_t age;
	struct bytes_list ids;
	struct json_flags keywords;
	struct login oauth;
};

static const struct json_member login_members[] = {
	{ "token", JSON_KIND_TEXT, offsetof(struct login, token), .is_required = true,
	  .given_offset = offsetof(struct login, token_given) },
	{ 0 },
};

static const struct json_member form_members[] = {
	{ "username", JSON_KIND_TEXT, offsetof(struct form, username), .is_required = true,
	  .given_offset = JSON_NOT_MARKED, .max = 8 },
	{ "parentId", JSON_KIND_TEXT, offsetof(struct form, parent), .is_nullable = true,
	  .given_offset = offsetof(struct form, parent_given) },
	{ "cookie", JSON_KIND_BOOL, offsetof(struct form, cookie),
	  .given_offset = offsetof(struct form, cookie_given) },
	{ "color", JSON_KIND_TEXT, offsetof(struct form, color), .given_offset = JSON_NOT_MARKED,
	  .choices = "red,green" },
	{ "age", JSON_KIND_UINT, offsetof(struct form, age), .given_offset = JSON_NOT_MARKED,
	  .max = 150 },
	{ "ids", JSON_KIND_TEXTS, offsetof(struct form, ids), .given_offset = JSON_NOT_MARKED,
	  .max = 3 },
	{ "keywords", JSON_KIND_FLAGS, offsetof(struct form, keywords),
	  .given_offset = JSON_NOT_MARKED, .max = 3 },
	{ "oauth", JSON_KIND_OBJECT, offsetof(struct form, oauth),
	  .given_offset = offsetof(struct form, oauth_given), .members = login_members },
	{ 0 },
};

struct told {
	char text[2000]; /* "pointer code;" of each fault */
	char malformed[200];
};

static void on_fault(void *ctx, const char *pointer, const char *code, const char *detail)
{
	struct told *told = ctx;

	assert_true(detail[0] != '\0');
	snprintf(told->text + strlen(told->text), sizeof told->text - strlen(told->text), "%s %s;",
		 pointer, code);
}

static void on_unknown(void *ctx, const char *pointer, struct bytes name, const char *const *known,
		       size_t count)
{
	assert_true(name.len > 0);
	assert_true(count > 0 && known[0]);
	on_fault(ctx, pointer, "unknown-member", "x");
}

static void on_malformed(void *ctx, const char *detail)
{
	struct told *told = ctx;

	snprintf(told->malformed, sizeof told->malformed, "%s", detail);
}

static enum json_read read_form(const char *body, struct arena *mem, struct form *ret,
				struct told *told)
{
	struct json_sink sink = { on_fault, on_unknown, on_malformed, told };

	*told = (struct told){ 0 };
	*ret = (struct form){ 0 };
	return json_read_body(bytes_of_str(body), form_members, mem, &sink, ret);
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

static void test_every_kind_of_member_arrives_in_the_struct(void **state)
{
	struct form f;
	struct told told;

	assert_int_equal(read_form("{\"username\":\"Ada\",\"parentId\":\"inbox\",\"cookie\":true,"
				   "\"color\":\"green\",\"age\":36,\"ids\":[\"a\",\"b\"],"
				   "\"keywords\":{\"$seen\":true,\"$flagged\":null,\"x\":false},"
				   "\"oauth\":{\"token\":\"t\"}}",
				   *state, &f, &told),
			 JSON_READ_OK);
	assert_bytes_equal_str(f.username, "Ada");
	assert_bytes_equal_str(f.parent, "inbox");
	assert_true(f.parent_given && f.cookie && f.cookie_given && f.oauth_given);
	assert_bytes_equal_str(f.color, "green");
	assert_int_equal(f.age, 36);
	assert_int_equal(f.ids.count, 2);
	assert_bytes_equal_str(f.ids.at[1], "b");
	assert_int_equal(f.keywords.count, 3);
	assert_bytes_equal_str(f.keywords.at[0].name, "$seen");
	assert_true(f.keywords.at[0].is_set);
	assert_false(f.keywords.at[1].is_set || f.keywords.at[2].is_set);
	assert_bytes_equal_str(f.oauth.token, "t");
	assert_true(f.oauth.token_given);
}

static void test_null_and_absent_are_told_apart(void **state)
{
	struct form f;
	struct told told;

	assert_int_equal(read_form("{\"username\":\"a\",\"parentId\":null}", *state, &f, &told),
			 JSON_READ_OK);
	assert_true(f.parent_given && bytes_is_null(f.parent));
	assert_int_equal(read_form("{\"username\":\"a\"}", *state, &f, &told), JSON_READ_OK);
	assert_false(f.parent_given || f.cookie_given || f.oauth_given);
}

static void test_every_fault_is_named_by_its_pointer(void **state)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "{}", "#/username missing-member;" },
		{ "{\"username\":5}", "#/username wrong-type;" },
		{ "{\"username\":null}", "#/username wrong-type;" },
		{ "{\"username\":\"123456789\"}", "#/username too-long;" },
		{ "{\"username\":\"a\",\"color\":\"blue\"}", "#/color invalid-value;" },
		{ "{\"username\":\"a\",\"color\":\"red,green\"}", "#/color invalid-value;" },
		{ "{\"username\":\"a\",\"age\":-1}", "#/age wrong-type;" },
		{ "{\"username\":\"a\",\"age\":1.5}", "#/age wrong-type;" },
		{ "{\"username\":\"a\",\"age\":151}", "#/age invalid-value;" },
		{ "{\"username\":\"a\",\"ids\":\"x\"}", "#/ids wrong-type;" },
		{ "{\"username\":\"a\",\"ids\":[\"x\",2,null]}",
		  "#/ids/1 wrong-type;#/ids/2 wrong-type;" },
		{ "{\"username\":\"a\",\"ids\":[\"1\",\"2\",\"3\",\"4\"]}", "#/ids too-many;" },
		{ "{\"username\":\"a\",\"keywords\":[]}", "#/keywords wrong-type;" },
		{ "{\"username\":\"a\",\"keywords\":{\"a/b~c\":1}}",
		  "#/keywords/a~1b~0c wrong-type;" },
		{ "{\"username\":\"a\",\"cookie\":\"true\"}", "#/cookie wrong-type;" },
		{ "{\"username\":\"a\",\"oauth\":{\"tokne\":\"\"}}",
		  "#/oauth/tokne unknown-member;#/oauth/token missing-member;" },
		{ "{\"usrname\":\"a\",\"cookie\":1}",
		  "#/usrname unknown-member;#/username missing-member;#/cookie wrong-type;" },
		{ "[]", "# wrong-type;" },
		{ "\"x\"", "# wrong-type;" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct form f;
		struct told told;

		assert_int_equal(read_form(cases[i].body, *state, &f, &told), JSON_READ_FAULTS);
		assert_string_equal(told.text, cases[i].want);
		assert_string_equal(told.malformed, "");
	}
}

static void test_what_is_not_json_is_located_but_never_quoted(void **state)
{
	static const char *const bodies[] = {
		"",
		"{\"username\":\"secret\"",
		"{\"username\":\"secret\",}",
		"{\"username\":\"secret\"} secret",
		"{\"username\":\"secret\",\"username\":\"secret\"}",
		"{\"username\":\"secret\\u0000\"}",
		"{\"username\":\"secret\xff\"}",
		"{\"username\":\"secret\\ud800\"}",
	};

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct form f;
		struct told told;

		assert_int_equal(read_form(bodies[i], *state, &f, &told), JSON_READ_FAULTS);
		assert_non_null(strstr(told.malformed, "Line 1, column "));
		assert_null(strstr(told.malformed, "secret"));
		assert_string_equal(told.text, "");
	}
}

static void test_deep_nesting_is_refused(void **state)
{
	static char body[200000];
	struct form f;
	struct told told;

	memset(body, '[', sizeof body - 1);
	assert_int_equal(read_form(body, *state, &f, &told), JSON_READ_FAULTS);
	assert_true(told.malformed[0] != '\0');
}

static void test_long_member_names_are_cut_in_pointers(void **state)
{
	char body[1200];
	struct form f;
	struct told told;

	snprintf(body, sizeof body, "{\"username\":\"a\",\"%0*d\":1}", 1000, 7);
	assert_int_equal(read_form(body, *state, &f, &told), JSON_READ_FAULTS);
	assert_true(strlen(told.text) < 150);
	assert_non_null(strstr(told.text, "unknown-member"));
}

static void test_a_full_arena_is_no_fault_of_the_client(void **state)
{
	struct arena *small = arena_new(16);
	char body[600];
	struct form f;
	struct told told;

	(void)state;
	assert_non_null(small);
	snprintf(body, sizeof body, "{\"username\":\"abcdefgh\",\"parentId\":\"%0*d\"}", 500, 7);
	assert_int_equal(read_form(body, small, &f, &told), JSON_READ_NOMEM);
	assert_string_equal(told.text, "");
	arena_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_member_arrives_in_the_struct),
		cmocka_unit_test(test_null_and_absent_are_told_apart),
		cmocka_unit_test(test_every_fault_is_named_by_its_pointer),
		cmocka_unit_test(test_what_is_not_json_is_located_but_never_quoted),
		cmocka_unit_test(test_deep_nesting_is_refused),
		cmocka_unit_test(test_long_member_names_are_cut_in_pointers),
		cmocka_unit_test(test_a_full_arena_is_no_fault_of_the_client),
	};

	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
