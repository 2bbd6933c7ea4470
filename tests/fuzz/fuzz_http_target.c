/* A request's target: path and query. What is decoded is UTF-8 without control
 * characters, and encodes back to something that decodes to the same. */
#include "fuzz.h"

#include "http/percent.h"
#include "http/query.h"
#include "http/route.h"

static const struct route routes[] = {
	{ HTTP_GET, "/v1/folders" },
	{ HTTP_GET, "/v1/folders/{id}/messages" },
	{ HTTP_GET, "/v1/messages/{id}/parts/{partId}" },
};
static const struct route_table table = { routes, 3 };

static const struct param_spec specs[] = {
	{ "limit", PARAM_UINT, .min = 1, .max = 500 },
	{ "sort", PARAM_ENUM, .choices = "added,-added" },
	{ "unseen", PARAM_BOOL },
	{ "after", PARAM_INSTANT },
	{ "header", PARAM_TEXT, .is_repeatable = true },
	{ NULL },
};

static void check_text(struct arena *a, struct bytes decoded)
{
	struct bytes again;
	struct buf encoded;

	for (size_t i = 0; i < decoded.len; i++)
		fuzz_check(decoded.at[i] >= 0x20 && decoded.at[i] != 0x7f);
	fuzz_check(bytes_is_utf8(decoded));
	buf_init(&encoded, SIZE_MAX);
	percent_encode(&encoded, decoded);
	again = percent_decode_arena(a, encoded.at ? buf_bytes(&encoded) : BYTES_LIT(""), false);
	fuzz_check(bytes_equal(again, decoded));
	buf_done(&encoded);
}

static void try_path(struct arena *a, struct bytes path)
{
	struct route_match m = route_find(&table, HTTP_GET, path);

	for (size_t i = 0; i < ROUTE_PARAMS_MAX && !bytes_is_null(m.values[i]); i++) {
		struct bytes value = percent_decode_arena(a, m.values[i], false);

		if (!bytes_is_null(value))
			check_text(a, value);
	}
}

static void try_query(struct arena *a, struct bytes raw)
{
	struct problem p = problem_of("invalid-request");
	struct query q;

	if (query_parse(a, raw, &q) != ERR_OK)
		return;
	fuzz_check(q.count <= QUERY_VALUES_MAX);
	for (size_t i = 0; i < q.count; i++) {
		check_text(a, q.at[i].name);
		check_text(a, q.at[i].value);
	}
	query_check(&q, specs, &p);
	for (size_t i = 0; i < p.error_count; i++)
		fuzz_check(bytes_is_utf8(bytes_of_str(p.errors[i].where)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(bytes_of(data, size));
	struct bytes rest = bytes_of(copy, size), path;
	struct arena *a = arena_new(64 * 1024 * 1024);

	fuzz_check(a);
	if (bytes_split(&rest, '?', &path)) {
		try_path(a, path);
		try_query(a, rest);
	}
	arena_free(a);
	free(copy);
	return 0;
}
