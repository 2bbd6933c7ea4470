#include "cmocka_all.h"

#include "model/message.h"

static void writes_instants_in_utc(void **state)
{
	char text[32];

	(void)state;
	message_format_utc(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	message_format_utc(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59Z");
	message_format_utc(1795294687, text);
	assert_string_equal(text, "2026-11-21T20:58:07Z");
	message_format_utc(951782400, text);
	assert_string_equal(text, "2000-02-29T00:00:00Z");
	message_format_utc(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	message_format_utc(INT64_MIN, text);
	assert_string_equal(text, "0001-01-01T00:00:00Z");
}

static void writes_times_with_their_offset(void **state)
{
	struct zoned_time t = { true, 1795294687, 60 };
	char text[32];

	(void)state;
	message_format_zoned(&t, text);
	assert_string_equal(text, "2026-11-21T21:58:07+01:00");
	t.offset_min = -570;
	message_format_zoned(&t, text);
	assert_string_equal(text, "2026-11-21T11:28:07-09:30");
	t.offset_min = 0;
	message_format_zoned(&t, text);
	assert_string_equal(text, "2026-11-21T20:58:07Z");
	t.offset_min = 100000;
	message_format_zoned(&t, text);
	assert_string_equal(text, "2026-11-21T20:58:07Z");
}

static void counts_the_days_both_ways(void **state)
{
	char text[32], again[32];
	int64_t day = message_unix_of(1, 1, 1, 0, 0, 0);

	(void)state;
	assert_true(message_unix_of(1970, 1, 1, 0, 0, 0) == 0);
	assert_true(message_unix_of(2026, 11, 21, 20, 58, 7) == 1795294687);
	for (int year = 1; year <= 9999; year++) {
		int64_t next = message_unix_of(year, 12, 31, 0, 0, 0) + 86400;

		message_format_utc(message_unix_of(year, 3, 1, 0, 0, 0) - 86400, text);
		message_format_utc(day, again);
		assert_memory_equal(again + 4, "-01-01T00:00:00Z", 16);
		assert_memory_equal(text, again, 4);
		assert_true(strncmp(text + 5, "02-2", 4) == 0);
		assert_true((text[9] == '9') == (next - day == 366 * 86400));
		day = next;
	}
}

static struct bytes thread_of(struct arena *mem, struct headers h)
{
	struct message_id id = { { "RQ2dsumWSJS7" }, { MESSAGE_KEY_UID, 7, 9, "" } };

	return message_thread_id(mem, &h, &id);
}

static void a_thread_is_named_by_its_root(void **state)
{
	struct arena *mem = arena_new(1 << 20);
	struct bytes own = BYTES_LIT("own@x"), parent = BYTES_LIT("parent@x");
	struct bytes refs[] = { BYTES_LIT("3f2a9c@mail.example.net"), BYTES_LIT("other@x") };
	struct headers h = { 0 };

	(void)state;
	assert_bytes_equal_str(thread_of(mem, h), "m.RQ2dsumWSJS7.7.9");
	h.message_id = (struct bytes_list){ &own, 1 };
	assert_bytes_equal_str(thread_of(mem, h), "r.b3duQHg");
	h.in_reply_to = (struct bytes_list){ &parent, 1 };
	assert_bytes_equal_str(thread_of(mem, h), "r.cGFyZW50QHg");
	h.references = (struct bytes_list){ refs, 2 };
	assert_bytes_equal_str(thread_of(mem, h), "r.M2YyYTljQG1haWwuZXhhbXBsZS5uZXQ");
	arena_free(mem);
}

static void a_root_that_is_too_long_is_hashed(void **state)
{
	struct arena *mem = arena_new(1 << 20);
	char text[190];
	struct bytes root = bytes_of(text, 189), id;
	struct headers h = { .message_id = { &root, 1 } };

	(void)state;
	memset(text, 'x', sizeof text);
	id = thread_of(mem, h);
	assert_int_equal(id.len, 2 + 252);
	assert_true(bytes_starts_with(id, BYTES_LIT("r.")));
	root.len = 190;
	id = thread_of(mem, h);
	assert_int_equal(id.len, 2 + 43);
	assert_true(bytes_starts_with(id, BYTES_LIT("h.")));
	arena_free(mem);
}

static void says_so_when_memory_is_short(void **state)
{
	struct arena *mem = arena_new(8);

	(void)state;
	assert_true(bytes_is_null(thread_of(mem, (struct headers){ 0 })));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_instants_in_utc),
		cmocka_unit_test(writes_times_with_their_offset),
		cmocka_unit_test(counts_the_days_both_ways),
		cmocka_unit_test(a_thread_is_named_by_its_root),
		cmocka_unit_test(a_root_that_is_too_long_is_hashed),
		cmocka_unit_test(says_so_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
