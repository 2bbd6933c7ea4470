#include "http_fixture.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost:1\r\n\r\n"

static int setup(void **state)
{
	static struct fixture f;
	static const char *const origins[] = { "https://app.example.org", NULL };

	fixture_init(&f);
	f.config.allowed_origins = origins;
	fixture_start(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_done(*state);
	return 0;
}

static void answers_at_once(void **state)
{
	struct answer a;

	ask(*state, GET("/now"), &a);
	assert_int_equal(a.status, 200);
	assert_bytes_equal_str(buf_bytes(&a.body), "{\"now\":true}\n");
	assert_string_equal(answer_field(&a, "Content-Type"), "application/json");
	assert_string_equal(answer_field(&a, "Content-Length"), "13");
	assert_string_equal(answer_field(&a, "Cache-Control"), "private, no-cache");
	assert_string_equal(answer_field(&a, "X-Content-Type-Options"), "nosniff");
	assert_true(strlen(answer_field(&a, "X-Request-Id")) > 4);
	assert_string_equal(answer_field(&a, "Vary"), "Origin");
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Origin"), "");
	answer_done(&a);
}

static void answers_later_on_one_connection(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct client c;

	client_open(f, &c);
	for (int i = 0; i < 20; i++) {
		client_send(&c, i % 2 ? GET("/later?ms=1") : GET("/later"));
		assert_true(client_read(&c, false, &a));
		assert_int_equal(a.status, 200);
		answer_done(&a);
	}
	client_close(&c);
	assert_int_equal(f->started, 20);
	assert_int_equal(f->cancelled, 0);
}

static void answers_pipelined_requests_in_order(void **state)
{
	struct answer a;
	struct client c;

	client_open(*state, &c);
	client_send(&c, GET("/later") GET("/items/a/b") GET("/now"));
	assert_true(client_read(&c, false, &a));
	assert_bytes_equal_str(buf_bytes(&a.body), "{\"now\":true}\n");
	answer_done(&a);
	assert_true(client_read(&c, false, &a));
	assert_bytes_equal_str(buf_bytes(&a.body), "a|b");
	answer_done(&a);
	assert_true(client_read(&c, false, &a));
	answer_done(&a);
	client_close(&c);
}

static void head_is_get_without_its_body(void **state)
{
	struct answer a;
	struct client c;

	client_open(*state, &c);
	client_send(&c, "HEAD /now HTTP/1.1\r\nHost: x\r\n\r\n" GET("/now"));
	assert_true(client_read(&c, true, &a));
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_field(&a, "Content-Length"), "13");
	answer_done(&a);
	assert_true(client_read(&c, false, &a));
	assert_bytes_equal_str(buf_bytes(&a.body), "{\"now\":true}\n");
	answer_done(&a);
	client_send(&c, "HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(client_read(&c, true, &a));
	assert_int_equal(a.status, 404);
	answer_done(&a);
	client_close(&c);
}

static void path_values_are_decoded(void **state)
{
	struct answer a;

	ask(*state, GET("/items/gr%C3%B6%C3%9Fe/a%2Fb+c"), &a);
	assert_bytes_equal_str(buf_bytes(&a.body), "größe|a/b+c");
	answer_done(&a);
	ask(*state, "GET http://x.example/items/a/b HTTP/1.1\r\nHost: x.example\r\n\r\n", &a);
	assert_bytes_equal_str(buf_bytes(&a.body), "a|b");
	answer_done(&a);
}

static void problem(struct fixture *f, const char *request, unsigned status, const char *code)
{
	struct answer a;

	ask(f, request, &a);
	if (a.status != status)
		fail_msg("%s\n%u, not %u", request, a.status, status);
	assert_string_equal(answer_code(&a), code);
	answer_done(&a);
}

static void unknown_paths_and_methods(void **state)
{
	struct fixture *f = *state;
	struct answer a;

	problem(f, GET("/nowhere"), 404, "not-found");
	problem(f, GET("/now/"), 404, "not-found");
	problem(f, "BREW /now HTTP/1.1\r\nHost: x\r\n\r\n", 501, "not-implemented");
	problem(f, "TRACE /now HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method-not-allowed");
	ask(f, "PUT /private HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", &a);
	assert_int_equal(a.status, 405);
	assert_string_equal(answer_field(&a, "Allow"), "GET, HEAD, POST, OPTIONS");
	answer_done(&a);
	ask(f, "OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n", &a);
	assert_int_equal(a.status, 204);
	assert_string_equal(answer_field(&a, "Allow"), "POST, OPTIONS");
	answer_done(&a);
	ask(f, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", &a);
	assert_int_equal(a.status, 204);
	answer_done(&a);
	problem(f, "OPTIONS /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not-found");
}

static void query_faults_are_named_together(void **state)
{
	struct answer a;

	ask(*state, GET("/later?limt=5&limit=0&ms=1&ms=2"), &a);
	assert_int_equal(a.status, 400);
	assert_string_equal(answer_code(&a), "invalid-request");
	buf_append_byte(&a.body, 0);
	assert_non_null(strstr((const char *)a.body.at, "Did you mean limit?"));
	assert_non_null(strstr((const char *)a.body.at, "limit is a number, 1 to 500."));
	assert_non_null(strstr((const char *)a.body.at, "ms may be given only once."));
	answer_done(&a);
}

static void request_ids_are_the_clients_if_sane(void **state)
{
	struct answer a;

	ask(*state, "GET /now HTTP/1.1\r\nHost: x\r\nX-Request-Id: my_Id-1.2\r\n\r\n", &a);
	assert_string_equal(answer_field(&a, "X-Request-Id"), "my_Id-1.2");
	answer_done(&a);
	ask(*state, "GET /now HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\n\r\n", &a);
	assert_null(strchr(answer_field(&a, "X-Request-Id"), ' '));
	answer_done(&a);
}

static void etags_make_304(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	char request[200];

	ask(f, GET("/tagged"), &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_field(&a, "ETag"), "\"v1\"");
	answer_done(&a);
	ask(f, "GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v0\", W/\"v1\"\r\n\r\n", &a);
	assert_int_equal(a.status, 304);
	assert_string_equal(answer_field(&a, "ETag"), "\"v1\"");
	assert_string_equal(answer_field(&a, "Cache-Control"), "private, no-cache");
	answer_done(&a);
	ask(f, "HEAD /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n", &a);
	assert_int_equal(a.status, 304);
	answer_done(&a);
	ask(f, "GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v2\"\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	answer_done(&a);
	ask(f, GET("/hashed"), &a);
	snprintf(request, sizeof request,
		 "GET /hashed HTTP/1.1\r\nHost: x\r\nIf-None-Match: %s\r\n\r\n",
		 answer_field(&a, "ETag"));
	answer_done(&a);
	ask(f, request, &a);
	assert_int_equal(a.status, 304);
	answer_done(&a);
	ask(f, "GET /static HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"s1\"\r\n\r\n", &a);
	assert_int_equal(a.status, 304);
	answer_done(&a);
}

static void file(struct fixture *f, const char *request, const char *body, const char *etag,
		 const char *coding)
{
	struct answer a;

	ask(f, request, &a);
	assert_int_equal(a.status, 200);
	assert_bytes_equal_str(buf_bytes(&a.body), body);
	assert_string_equal(answer_field(&a, "ETag"), etag);
	assert_string_equal(answer_field(&a, "Content-Encoding"), coding);
	assert_string_equal(answer_field(&a, "Vary"), "Accept-Encoding");
	answer_done(&a);
}

static void files_come_in_the_coding_that_is_taken(void **state)
{
	struct fixture *f = *state;
	struct answer a;

#define FILE_OF(name, coding) "GET /files/" name " HTTP/1.1\r\nHost: x\r\n" coding "\r\n"
	file(f, FILE_OF("both", "Accept-Encoding: br, gzip\r\n"), "gzipped", "\"f1-gzip\"", "gzip");
	file(f, FILE_OF("both", "Accept-Encoding: identity\r\n"), "plain", "\"f1\"", "");
	file(f, FILE_OF("both", ""), "plain", "\"f1\"", "");
	file(f, FILE_OF("packed", ""), "gzipped", "\"f2-gzip\"", "gzip");
	ask(f, FILE_OF("packed", "Accept-Encoding: identity\r\n"), &a);
	assert_int_equal(a.status, 406);
	answer_done(&a);
	ask(f, FILE_OF("packed", "If-None-Match: \"f2-gzip\"\r\n"), &a);
	assert_int_equal(a.status, 304);
	answer_done(&a);
}

static void handlers_set_headers(void **state)
{
	struct answer a;

	ask(*state, GET("/headers"), &a);
	assert_string_equal(answer_field(&a, "Cache-Control"), "no-store");
	assert_string_equal(answer_field(&a, "X-Once"), "second");
	assert_string_equal(answer_field(&a, "Content-Disposition"),
			    "attachment; filename=\"Gr__e.pdf\"; "
			    "filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf");
	assert_non_null(strstr(a.head, "rel=\"next\"\r\n"));
	assert_non_null(strstr(a.head, "rel=\"prev\"\r\n"));
	answer_done(&a);
	log_set_level(LOG_ERROR);
	problem(*state, GET("/odd"), 500, "internal");
}

static void faults_of_the_mail_side(void **state)
{
	struct answer a;

	ask(*state, GET("/fault"), &a);
	assert_int_equal(a.status, 503);
	assert_string_equal(answer_code(&a), "upstream-unavailable");
	assert_string_equal(answer_field(&a, "Retry-After"), "5");
	answer_done(&a);
	problem(*state, GET("/nothing"), 503, "busy");
}

static void accept_is_negotiated(void **state)
{
	struct answer a;

	problem(*state, "GET /now HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n", 406,
		"not-acceptable");
	ask(*state, "GET /now HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nAccept: */*\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	answer_done(&a);
	ask(*state, "GET /me HTTP/1.1\r\nHost: x\r\nAccept: image/png\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	answer_done(&a);
}

static void some_requests_outlive_their_client(void **state)
{
	struct fixture *f = *state;
	struct client lasting, other;

	client_open(f, &lasting);
	client_open(f, &other);
	client_send(&lasting, GET("/lasting"));
	fixture_wait(f, f->lasting);
	client_send(&other, GET("/never"));
	fixture_wait(f, f->started == 2);
	client_close(&lasting);
	client_close(&other);
	/* Who left first is looked at first. */
	fixture_wait(f, f->cancelled == 1);
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->heard, 0);
	fixture_end_lasting(f);
	assert_int_equal(f->heard, 1);
	assert_int_equal(f->heard_status, 200);
	fixture_wait(f, http_server_stats(f->server).requests_open == 0);
	assert_int_equal(f->heard, 1);
}

static void cors_is_for_configured_origins(void **state)
{
	struct answer a;

	ask(*state, "GET /now HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example.org\r\n\r\n", &a);
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Origin"),
			    "https://app.example.org");
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Credentials"), "true");
	assert_string_equal(answer_field(&a, "Access-Control-Expose-Headers"),
			    "ETag, Link, Location, Retry-After, Content-Disposition, "
			    "Content-Range, X-Request-Id, Idempotency-Replayed");
	answer_done(&a);
	ask(*state, "GET /now HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\r\n", &a);
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Origin"), "");
	answer_done(&a);
	ask(*state,
	    "OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example.org\r\n"
	    "Access-Control-Request-Method: POST\r\n\r\n",
	    &a);
	assert_int_equal(a.status, 204);
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Methods"), "POST, OPTIONS");
	assert_non_null(strstr(answer_field(&a, "Access-Control-Allow-Headers"), "Authorization"));
	answer_done(&a);
	ask(*state,
	    "OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n"
	    "Access-Control-Request-Method: POST\r\n\r\n",
	    &a);
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Methods"), "");
	answer_done(&a);
}

static void knows_who_asks(void **state)
{
	struct answer a;

	ask(*state,
	    "GET /me HTTP/1.1\r\nHost: mail.example.org:8080\r\nCookie: a=b; session=s1\r\n"
	    "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n\r\n",
	    &a);
	assert_bytes_equal_str(buf_bytes(&a.body), "origin=http://mail.example.org:8080 "
						   "client=127.0.0.1 browser=0 cookie=s1");
	answer_done(&a);
	ask(*state, "GET /me HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: none\r\n\r\n", &a);
	assert_bytes_equal_str(buf_bytes(&a.body),
			       "origin=http://x client=127.0.0.1 browser=1 cookie=");
	answer_done(&a);
}

static void accounts_are_asked_for_first(void **state)
{
	struct fixture *f = *state;
	struct answer a;

	ask(f, GET("/private"), &a);
	assert_int_equal(a.status, 401);
	assert_string_equal(answer_field(&a, "WWW-Authenticate"), "Bearer");
	assert_string_equal(answer_field(&a, "Vary"), "Authorization, Cookie");
	answer_done(&a);
	ask(f, "GET /private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_field(&a, "Vary"), "Authorization, Cookie");
	answer_done(&a);
	ask(f, "GET /private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer slow\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	answer_done(&a);
	fixture_wait(f, f->released == 2);
}

static void a_request_without_answer_gets_504(void **state)
{
	struct fixture f;
	struct answer a;

	(void)state;
	fixture_init(&f);
	f.config.request_timeout_ms = 50;
	fixture_start(&f);
	problem(&f, GET("/never"), 504, "deadline-exceeded");
	assert_int_equal(f.cancelled, 1);
	fixture_wait(&f, f.ended == 1);
	/* The authenticator's time is limited as well, and the next request has its own. */
	ask(&f, GET("/now"), &a);
	assert_int_equal(a.status, 200);
	answer_done(&a);
	fixture_done(&f);
}

static void a_client_that_leaves_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct client c;

	client_open(f, &c);
	client_send(&c, GET("/never"));
	fixture_wait(f, f->started == 1);
	client_close(&c);
	fixture_wait(f, f->cancelled == 1 && f->ended == 1);
	fixture_wait(f, http_server_stats(f->server).connections_open == 0);
	assert_int_equal(http_server_stats(f->server).requests_open, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		SERVER_TEST(answers_at_once),
		SERVER_TEST(answers_later_on_one_connection),
		SERVER_TEST(answers_pipelined_requests_in_order),
		SERVER_TEST(head_is_get_without_its_body),
		SERVER_TEST(path_values_are_decoded),
		SERVER_TEST(unknown_paths_and_methods),
		SERVER_TEST(query_faults_are_named_together),
		SERVER_TEST(request_ids_are_the_clients_if_sane),
		SERVER_TEST(etags_make_304),
		SERVER_TEST(files_come_in_the_coding_that_is_taken),
		SERVER_TEST(handlers_set_headers),
		SERVER_TEST(faults_of_the_mail_side),
		SERVER_TEST(accept_is_negotiated),
		SERVER_TEST(some_requests_outlive_their_client),
		SERVER_TEST(cors_is_for_configured_origins),
		SERVER_TEST(knows_who_asks),
		SERVER_TEST(accounts_are_asked_for_first),
		cmocka_unit_test(a_request_without_answer_gets_504),
		SERVER_TEST(a_client_that_leaves_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
