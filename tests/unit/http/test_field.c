#include "cmocka_all.h"

#include "http/field.h"

static void range(const char *value, bool is_suffix, uint64_t first, uint64_t last)
{
	struct reply_range r;

	if (!field_parse_range(bytes_of_str(value), &r))
		fail_msg("%s was refused", value);
	assert_int_equal(r.is_suffix, is_suffix);
	assert_int_equal(r.first, first);
	assert_int_equal(r.last, last);
}

static void reads_ranges(void **state)
{
	const char *const bad[] = { "",
				    "bytes",
				    "bytes=",
				    "bytes=-",
				    "bytes=5-3",
				    "bytes=a-b",
				    "bytes=1-2,5-6",
				    "lines=1-2",
				    "bytes=--5",
				    "bytes=1-2x",
				    "bytes 1-2",
				    "bytes=+1-2",
				    "bytes=99999999999999999999-",
				    "bytes=1" };
	struct reply_range r;

	(void)state;
	range("bytes=0-0", false, 0, 0);
	range("bytes=10-19", false, 10, 19);
	range("Bytes=10-", false, 10, UINT64_MAX);
	range("bytes=-500", true, 500, UINT64_MAX);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (field_parse_range(bytes_of_str(bad[i]), &r))
			fail_msg("\"%s\" should have been ignored", bad[i]);
}

static bool has(const char *list, const char *etag, bool is_weak)
{
	return field_has_etag(bytes_of_str(list), bytes_of_str(etag), is_weak);
}

static void finds_etags_in_lists(void **state)
{
	(void)state;
	assert_true(has("\"a\"", "a", false));
	assert_true(has("\"x\", \"a\" ,\"y\"", "a", false));
	assert_true(has(",, \"a\"", "a", true));
	assert_true(has("*", "a", false));
	assert_true(has("\"a,b\"", "a,b", false));
	assert_true(has("W/\"a\"", "a", true));
	assert_false(has("W/\"a\"", "a", false));
	assert_true(has("W/\"a\", \"a\"", "a", false));
	assert_false(has("\"A\"", "a", true));
	assert_false(has("a", "a", true));
	assert_false(has("\"a", "a", true));
	assert_false(has("\"ab\"", "a", true));
	assert_false(has("", "a", true));
	assert_false(has("*", NULL, true));
	assert_false(has(NULL, "a", true));
	assert_true(has("\"\"", "", true));
}

static bool accepts(const char *accept, const char *offers)
{
	return field_accepts(bytes_of_str(accept), offers);
}

static void understands_accept(void **state)
{
	const char *json = "application/json";

	(void)state;
	assert_true(accepts(NULL, json));
	assert_true(accepts("", json));
	assert_true(accepts("*/*", json));
	assert_true(accepts("application/*", json));
	assert_true(accepts("Application/JSON", json));
	assert_true(accepts("text/html, application/json;q=0.5", json));
	assert_true(accepts("text/html,*/*;q=0.1", json));
	assert_false(accepts("text/html", json));
	assert_false(accepts("application/jsonx", json));
	assert_false(accepts("app/*", json));
	assert_false(accepts("application/json;q=0", json));
	assert_false(accepts("application/json; q=0.000, */*", json));
	assert_true(accepts("*/*;q=0, application/json", json));
	assert_false(accepts("nonsense", json));
	assert_true(accepts("text/event-stream", "application/json, text/event-stream"));
}

static bool accepts_gzip(const char *accept)
{
	return field_accepts_coding(bytes_of_str(accept), "gzip");
}

static bool names_stream(const char *accept)
{
	return field_accept_names(bytes_of_str(accept), "text/event-stream");
}

static void tells_what_accept_names(void **state)
{
	(void)state;
	assert_true(names_stream("text/event-stream"));
	assert_true(names_stream("application/json, Text/Event-Stream ;q=0.5"));
	assert_false(names_stream("text/event-stream;q=0"));
	assert_false(names_stream("text/*"));
	assert_false(names_stream("*/*"));
	assert_false(names_stream(""));
	assert_false(names_stream(NULL));
}

static void understands_accept_encoding(void **state)
{
	(void)state;
	assert_true(accepts_gzip("gzip"));
	assert_true(accepts_gzip("br, GZIP;q=0.5"));
	assert_true(accepts_gzip("*"));
	assert_true(accepts_gzip("*;q=0, gzip"));
	assert_false(accepts_gzip("*, gzip;q=0"));
	assert_false(accepts_gzip("identity"));
	assert_false(accepts_gzip("gzip; q=0.0"));
	assert_false(accepts_gzip(""));
	assert_false(accepts_gzip(NULL));
}

static void understands_content_type(void **state)
{
	(void)state;
	assert_true(field_is_media_type(BYTES_LIT("application/json"), "application/json"));
	assert_true(field_is_media_type(BYTES_LIT("Application/Json ; charset=\"UTF-8\""),
					"application/json"));
	assert_true(field_is_media_type(BYTES_LIT("message/rfc822"),
					"application/json, message/rfc822"));
	assert_true(field_is_media_type(BYTES_LIT("application/json; x"), "application/json"));
	assert_false(field_is_media_type(BYTES_LIT("application/json; charset=latin1"),
					 "application/json"));
	assert_false(field_is_media_type(BYTES_LIT("text/plain"), "application/json"));
	assert_false(field_is_media_type(BYTES_LIT(""), "application/json"));
	assert_false(field_is_media_type(BYTES_NULL, "application/json"));
}

static void finds_cookies(void **state)
{
	struct bytes cookies = BYTES_LIT("a=1; session=abc.def ; b=\"quoted\";a=2; c; =d; e=");

	(void)state;
	assert_bytes_equal_str(field_find_cookie(cookies, BYTES_LIT("a")), "1");
	assert_bytes_equal_str(field_find_cookie(cookies, BYTES_LIT("session")), "abc.def");
	assert_bytes_equal_str(field_find_cookie(cookies, BYTES_LIT("b")), "quoted");
	assert_bytes_equal_str(field_find_cookie(cookies, BYTES_LIT("e")), "");
	assert_true(bytes_is_null(field_find_cookie(cookies, BYTES_LIT("c"))));
	assert_true(bytes_is_null(field_find_cookie(cookies, BYTES_LIT("A"))));
	assert_true(bytes_is_null(field_find_cookie(BYTES_NULL, BYTES_LIT("a"))));
}

static void knows_hosts(void **state)
{
	const char *const good[] = { "localhost",   "127.0.0.1:8080", "mail.example.org",
				     "[::1]:80",    "[2001:db8::1]",  "xn--bcher-kva.example:443",
				     "example.org:" };
	const char *const bad[] = { "",           "a b",        "user@host",   "host/path",
				    "host:99999", "host:x",     "[::1",        "::1",
				    "a,b",        "host:80:90", "h\xc3\xb6st", "[]" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (!field_is_host(bytes_of_str(good[i])))
			fail_msg("%s is a host", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (field_is_host(bytes_of_str(bad[i])))
			fail_msg("%s is no host", bad[i]);
}

static void disposition(const char *name, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	field_write_disposition(&b, "attachment", bytes_of_str(name));
	assert_bytes_equal_str(buf_bytes(&b), want);
	buf_done(&b);
}

static void writes_dispositions(void **state)
{
	(void)state;
	disposition(NULL, "attachment");
	disposition("", "attachment");
	disposition(" .. ", "attachment");
	disposition("plan.pdf", "attachment; filename=\"plan.pdf\"");
	disposition("a \"b\".txt", "attachment; filename=\"a _b_.txt\"");
	disposition("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\"");
	disposition("C:\\x\r\ny.exe", "attachment; filename=\"C__x__y.exe\"");
	disposition("Größe.pdf", "attachment; filename=\"Gr__e.pdf\"; "
				 "filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf");
	disposition("100%.txt", "attachment; filename=\"100_.txt\"; "
				"filename*=UTF-8''100%25.txt");
	/* U+202E makes "gpj.exe" of "exe.jpg". */
	disposition("a\xe2\x80\xae"
		    "gpj.exe",
		    "attachment; filename=\"a_gpj.exe\"");
	disposition("a\xff", "attachment");
}

static void very_long_names_are_cut(void **state)
{
	char name[1001];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < 1000; i += 2)
		memcpy(name + i, "é", 2);
	name[1000] = '\0';
	buf_init(&b, 4096);
	field_write_disposition(&b, "inline", bytes_of_str(name));
	assert_int_equal(buf_err(&b), ERR_OK);
	assert_true(b.len < 1100);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_ranges),
		cmocka_unit_test(finds_etags_in_lists),
		cmocka_unit_test(understands_accept),
		cmocka_unit_test(tells_what_accept_names),
		cmocka_unit_test(understands_accept_encoding),
		cmocka_unit_test(understands_content_type),
		cmocka_unit_test(finds_cookies),
		cmocka_unit_test(knows_hosts),
		cmocka_unit_test(writes_dispositions),
		cmocka_unit_test(very_long_names_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
