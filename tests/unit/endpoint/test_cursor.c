#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "endpoint/cursor.h"

static struct hash_sha256 list_of(const char *what)
{
	const struct bytes text = bytes_of_str(what);

	return hash_sha256_of(&text, 1);
}

static struct cursor cursor_at(const char *id, const char *sort_value)
{
	struct cursor c = { .sort_value = bytes_of_str(sort_value) };

	assert_int_equal(message_id_parse(bytes_of_str(id), &c.id), ERR_OK);
	return c;
}

static void test_a_cursor_reads_back_as_the_place_it_was_made_of(void **state)
{
	static const struct {
		const char *id, *sort_value;
	} cases[] = {
		{ "RQ2dsumWSJS7.snbj7y.7qy", NULL },
		{ "RQ2dsumWSJS7.snbj7y.7qy", "" },
		{ "RQ2dsumWSJS7.snbj7y.7qy", "2026-11-21 Zoë" },
		{ "RQ2dsumWSJS7.p.VUlETA", NULL },
		{ "RQ2dsumWSJS7.h.abc-1", "s" },
	};
	struct hash_sha256 list = list_of("inbox");

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cursor in = cursor_at(cases[i].id, cases[i].sort_value), out;
		struct bytes text = cursor_format(*state, &list, &in);
		char id[ID_TEXT_MAX + 1];

		assert_true(bytes_starts_with(text, BYTES_LIT("c1.")));
		assert_int_equal(cursor_parse(text, &list, *state, &out), ERR_OK);
		message_id_format(&out.id, id);
		assert_string_equal(id, cases[i].id);
		assert_int_equal(bytes_is_null(in.sort_value), bytes_is_null(out.sort_value));
		assert_true(bytes_equal(in.sort_value, out.sort_value));
	}
}

static void test_a_cursor_of_another_list_is_refused(void **state)
{
	struct hash_sha256 inbox = list_of("inbox"), sent = list_of("sent");
	struct cursor c = cursor_at("RQ2dsumWSJS7.snbj7y.7qy", NULL);
	struct bytes text = cursor_format(*state, &inbox, &c);

	assert_int_equal(cursor_parse(text, &sent, *state, &c), ERR_INVALID);
}

static void test_every_changed_or_cut_cursor_is_refused(void **state)
{
	struct hash_sha256 list = list_of("inbox");
	struct cursor c = cursor_at("RQ2dsumWSJS7.snbj7y.7qy", "value");
	struct bytes text = cursor_format(*state, &list, &c);
	uint8_t *at = (uint8_t *)text.at;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t was = at[i];

		assert_int_equal(cursor_parse(bytes_first(text, i), &list, *state, &c),
				 ERR_INVALID);
		at[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(cursor_parse(text, &list, *state, &c), ERR_INVALID);
		at[i] = was;
	}
	assert_int_equal(cursor_parse(text, &list, *state, &c), ERR_OK);
}

static void test_what_is_made_up_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "c1.", "c1", "c2.AAAA", "c1.AAAAAAAAAAA", "c1.!!!!", "Zm9v", "c1.Zm9v",
	};
	struct hash_sha256 list = list_of("inbox");
	struct cursor c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(cursor_parse(bytes_of_str(texts[i]), &list, *state, &c),
				 ERR_INVALID);
}

static void test_an_endless_cursor_is_refused(void **state)
{
	static char text[100000];
	struct hash_sha256 list = list_of("inbox");
	struct cursor c;

	memset(text, 'A', sizeof text - 1);
	memcpy(text, "c1.", 3);
	assert_int_equal(cursor_parse(bytes_of_str(text), &list, *state, &c), ERR_INVALID);
}

static int with_arena(void **state)
{
	*state = arena_new(1 << 20);
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
		cmocka_unit_test(test_a_cursor_reads_back_as_the_place_it_was_made_of),
		cmocka_unit_test(test_a_cursor_of_another_list_is_refused),
		cmocka_unit_test(test_every_changed_or_cut_cursor_is_refused),
		cmocka_unit_test(test_what_is_made_up_is_refused),
		cmocka_unit_test(test_an_endless_cursor_is_refused),
	};

	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
