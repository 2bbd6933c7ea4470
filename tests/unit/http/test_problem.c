#include "cmocka_all.h"

#include <jansson.h>

#include "http/problem.h"

static json_t *written(const struct problem *p)
{
	json_t *json;
	struct buf b;

	buf_init(&b, 64 * 1024);
	problem_write(&b, p, BYTES_LIT("https://mail.example.org"), BYTES_LIT("r-1"));
	assert_int_equal(buf_err(&b), ERR_OK);
	assert_true(bytes_ends_with(buf_bytes(&b), BYTES_LIT("}\n")));
	json = json_loadb((const char *)buf_bytes(&b).at, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	buf_done(&b);
	return json;
}

static const char *text(json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

static void every_code_is_documented_once(void **state)
{
	size_t count;
	const struct problem_kind *k = problem_kinds(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(problem_kind_find(bytes_of_str(k[i].code)), &k[i]);
		assert_in_range(k[i].status, 400, 599);
		assert_true(strlen(k[i].title) > 3);
		assert_true(strlen(k[i].meaning) < sizeof(((struct problem *)NULL)->detail));
		assert_int_equal(k[i].meaning[strlen(k[i].meaning) - 1], '.');
		for (const char *c = k[i].code; *c; c++)
			assert_true((*c >= 'a' && *c <= 'z') || *c == '-');
		if (i > 0)
			assert_true(k[i].status >= k[i - 1].status);
	}
	assert_null(problem_kind_find(BYTES_LIT("no-such-code")));
}

static void writes_the_documented_shape(void **state)
{
	struct problem p = problem_with("invalid-request", "Correct %s.", "it");
	json_t *json, *errors;

	(void)state;
	problem_add_parameter(&p, "limt", "unknown-parameter", "Did you mean %s?", "limit");
	problem_add_pointer(&p, "#/to/0/email", "invalid-address", "Not an e-mail address.");
	json = written(&p);
	assert_string_equal(text(json, "type"),
			    "https://mail.example.org/problems/invalid-request");
	assert_string_equal(text(json, "title"), "Invalid request");
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 400);
	assert_string_equal(text(json, "code"), "invalid-request");
	assert_string_equal(text(json, "detail"), "Correct it.");
	assert_string_equal(text(json, "requestId"), "r-1");
	assert_null(json_object_get(json, "upstream"));
	errors = json_object_get(json, "errors");
	assert_int_equal(json_array_size(errors), 2);
	assert_string_equal(text(json_array_get(errors, 0), "parameter"), "limt");
	assert_string_equal(text(json_array_get(errors, 0), "detail"), "Did you mean limit?");
	assert_string_equal(text(json_array_get(errors, 1), "pointer"), "#/to/0/email");
	json_decref(json);
}

static void long_texts_are_cut_between_characters(void **state)
{
	struct problem p = problem_of("invalid-request");
	char long_name[400];
	json_t *json;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof long_name; i += 2)
		memcpy(long_name + i, "é", 2);
	long_name[398] = '\0';
	for (int i = 0; i < PROBLEM_ERRORS_MAX + 3; i++)
		problem_add_parameter(&p, long_name + i % 2 * 2, "unknown-parameter", "x%s",
				      long_name);
	assert_int_equal(p.error_count, PROBLEM_ERRORS_MAX);
	for (size_t i = 0; i < p.error_count; i++) {
		assert_true(bytes_is_utf8(bytes_of_str(p.errors[i].where)));
		assert_true(bytes_is_utf8(bytes_of_str(p.errors[i].detail)));
	}
	json = written(&p);
	json_decref(json);
}

static void a_mail_server_that_spoke_is_shown(void **state)
{
	struct fault f = fault_from_server(ERR_QUOTA, "imap", BYTES_LIT("OVERQUOTA"),
					   BYTES_LIT("Quota \"exceeded\""));
	struct problem p = problem_of_fault(&f);
	json_t *json = written(&p), *upstream = json_object_get(json, "upstream");

	(void)state;
	assert_string_equal(text(json, "code"), "over-quota");
	assert_string_equal(text(upstream, "protocol"), "imap");
	assert_string_equal(text(upstream, "code"), "OVERQUOTA");
	assert_string_equal(text(upstream, "text"), "Quota \"exceeded\"");
	json_decref(json);
}

static void the_response_code_decides(void **state)
{
	const struct {
		enum err err;
		const char *code, *problem;
		unsigned status;
	} cases[] = {
		{ ERR_AUTH, "AUTHENTICATIONFAILED", "invalid-credentials", 401 },
		{ ERR_AUTH, "UNAVAILABLE", "upstream-unavailable", 503 },
		{ ERR_AUTH, "", "invalid-credentials", 401 },
		{ ERR_REFUSED, "NONEXISTENT", "not-found", 404 },
		{ ERR_REFUSED, "nonexistent", "not-found", 404 },
		{ ERR_REFUSED, "ALREADYEXISTS", "already-exists", 409 },
		{ ERR_REFUSED, "NOPERM", "permission-denied", 403 },
		{ ERR_BUSY, "IN-USE", "upstream-unavailable", 503 },
		{ ERR_BUSY, "", "upstream-unavailable", 503 },
		{ ERR_BUSY, "OVERQUOTA", "upstream-unavailable", 503 },
		{ ERR_REFUSED, "XYZZY", "upstream-refused", 422 },
		{ ERR_NET, "UNAVAILABLE", "upstream-unreachable", 502 },
		{ ERR_UNKNOWN, "OVERQUOTA", "outcome-unknown", 504 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fault f = fault_from_server(cases[i].err, "imap",
						   bytes_of_str(cases[i].code), BYTES_LIT("No"));
		struct problem p = problem_of_fault(&f);

		assert_string_equal(p.kind->code, cases[i].problem);
		assert_int_equal(p.kind->status, cases[i].status);
		assert_true((p.retry_after_s > 0) == (p.kind->status == 503));
	}
}

static void what_the_server_says_of_the_time_is_passed_on(void **state)
{
	struct fault f = fault_from_server(ERR_BUSY, "imap", BYTES_NULL, BYTES_LIT("throttled"));

	(void)state;
	f.retry_after_s = 300;
	assert_int_equal(problem_of_fault(&f).retry_after_s, 300);
	f.err = ERR_REFUSED;
	assert_int_equal(problem_of_fault(&f).retry_after_s, 0);
}

static void every_error_is_some_problem(void **state)
{
	(void)state;
	for (int e = ERR_NOMEM; e <= ERR_UNKNOWN; e++) {
		struct fault f = fault_of((enum err)e);
		struct problem p = problem_of_fault(&f);

		if (e == ERR_INTERNAL || e == ERR_CANCELLED)
			assert_int_equal(p.kind->status, 500);
		else
			assert_int_not_equal(p.kind->status, 500);
		assert_string_equal(p.upstream.protocol, "");
	}
}

static void a_fault_may_name_its_problem(void **state)
{
	struct fault f = fault_of(ERR_NOT_FOUND);
	struct problem p;

	(void)state;
	snprintf(f.code, sizeof f.code, "folder-not-found");
	p = problem_of_fault(&f);
	assert_string_equal(p.kind->code, "folder-not-found");
	/* Not when a mail server happens to say such a word. */
	snprintf(f.protocol, sizeof f.protocol, "imap");
	p = problem_of_fault(&f);
	assert_string_equal(p.kind->code, "not-found");
}

static void reasons_are_given_where_they_help(void **state)
{
	struct fault f = fault_with_text(ERR_TLS, "certificate has expired");
	struct problem p = problem_of_fault(&f);

	(void)state;
	assert_string_equal(p.kind->code, "upstream-tls-failed");
	assert_non_null(strstr(p.detail, ": certificate has expired"));
	f = fault_with_text(ERR_TOO_BIG, "a literal is too long");
	p = problem_of_fault(&f);
	assert_string_equal(p.detail, "The mail server's answer is over a limit of ours: "
				      "a literal is too long");

	f = fault_with_text(ERR_INTERNAL, "/etc/secret");
	p = problem_of_fault(&f);
	assert_string_equal(p.detail, "");
}

static void suggests_the_nearest_name(void **state)
{
	const char *const names[] = { "limit", "cursor", "position", "hasAttachment", "sort" };
	const struct {
		const char *word, *want;
	} cases[] = {
		{ "limt", "limit" },
		{ "Limit", "limit" },
		{ "limti", "limit" },
		{ "curser", "cursor" },
		{ "sor", "sort" },
		{ "hasattachement", "hasAttachment" },
		{ "positoin", "position" },
		{ "colour", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "unrelated", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *got = problem_suggest(bytes_of_str(cases[i].word), names, 5);

		if (!cases[i].want ? got != NULL : !got || strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].word, got ? got : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_documented_once),
		cmocka_unit_test(writes_the_documented_shape),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(a_mail_server_that_spoke_is_shown),
		cmocka_unit_test(the_response_code_decides),
		cmocka_unit_test(what_the_server_says_of_the_time_is_passed_on),
		cmocka_unit_test(every_error_is_some_problem),
		cmocka_unit_test(a_fault_may_name_its_problem),
		cmocka_unit_test(reasons_are_given_where_they_help),
		cmocka_unit_test(suggests_the_nearest_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
