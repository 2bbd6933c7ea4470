#include "cmocka_all.h"

#include "http/route.h"

static const struct route routes[] = {
	{ HTTP_GET, "/", "getRoot" },
	{ HTTP_GET, "/v1/folders", "listFolders" },
	{ HTTP_POST, "/v1/folders", "createFolder" },
	{ HTTP_GET, "/v1/folders/{id}", "getFolder" },
	{ HTTP_GET, "/v1/folders/{id}/messages", "listMessages" },
	{ HTTP_POST, "/v1/messages/actions", "runActions" },
	{ HTTP_GET, "/v1/messages/{id}", "getMessage" },
	{ HTTP_DELETE, "/v1/messages/{id}", "deleteMessage" },
	{ HTTP_GET, "/v1/messages/{id}/parts/{partId}", "getPart" },
};
static const struct route_table table = { routes, sizeof routes / sizeof routes[0] };

static struct route_match find(enum http_method method, const char *path)
{
	return route_find(&table, method, bytes_of_str(path));
}

static void finds(enum http_method method, const char *path, const char *operation)
{
	struct route_match m = find(method, path);

	if (!m.route)
		fail_msg("%s was not found", path);
	assert_string_equal(m.route->operation, operation);
}

static void finds_the_route_of_a_path(void **state)
{
	(void)state;
	finds(HTTP_GET, "/", "getRoot");
	finds(HTTP_GET, "/v1/folders", "listFolders");
	finds(HTTP_POST, "/v1/folders", "createFolder");
	finds(HTTP_GET, "/v1/folders/inbox", "getFolder");
	finds(HTTP_GET, "/v1/folders/inbox/messages", "listMessages");
	finds(HTTP_GET, "/v1/%66olders/inbox/messages", "listMessages");
	finds(HTTP_POST, "/v1/messages/actions", "runActions");
}

static void gives_the_values_still_encoded(void **state)
{
	struct route_match m = find(HTTP_GET, "/v1/messages/a%2Fb/parts/1.2");

	(void)state;
	assert_non_null(m.route);
	assert_bytes_equal_str(m.values[0], "a%2Fb");
	assert_bytes_equal_str(m.values[1], "1.2");
	assert_true(bytes_is_null(m.values[2]));
}

static void names_the_methods_of_a_path(void **state)
{
	struct route_match m = find(HTTP_PATCH, "/v1/messages/x");

	(void)state;
	assert_null(m.route);
	assert_int_equal(m.allowed, 1 << HTTP_GET | 1 << HTTP_DELETE);
	m = find(HTTP_GET, "/v1/messages/actions");
	assert_string_equal(m.route->operation, "getMessage");
	assert_int_equal(m.allowed, 1 << HTTP_GET | 1 << HTTP_DELETE | 1 << HTTP_POST);
}

static void knows_no_other_paths(void **state)
{
	const char *const paths[] = {
		"",
		"v1/folders",
		"/v1",
		"/v1/",
		"/v1/folders/",
		"//v1/folders",
		"/v1//folders",
		"/v1/folders/inbox/",
		"/v1/folders//messages",
		"/v1/folders/a/b/messages",
		"/V1/folders",
		"/v1/folder",
		"/v1/folders/../folders",
		"/v1/messages/x/parts/",
		"/v1/fol%ders",
		"/v1/folders%2Finbox",
		"*",
		"/%",
	};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct route_match m = find(HTTP_GET, paths[i]);

		if (m.route || m.allowed)
			fail_msg("%s is no path", paths[i]);
	}
}

/* Whoever asks may put anything into a path. */
static void a_path_is_not_compared_beyond_a_pattern(void **state)
{
	uint8_t path[64] = "/v1/folders";

	(void)state;
	assert_null(route_find(&table, HTTP_GET, bytes_of(path, sizeof path)).route);
	assert_null(route_find(&table, HTTP_GET, bytes_of(path, 12)).route);
	assert_non_null(route_find(&table, HTTP_GET, bytes_of(path, 11)).route);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_route_of_a_path),
		cmocka_unit_test(gives_the_values_still_encoded),
		cmocka_unit_test(names_the_methods_of_a_path),
		cmocka_unit_test(knows_no_other_paths),
		cmocka_unit_test(a_path_is_not_compared_beyond_a_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
