#include "cmocka_all.h"

#include <string.h>

#include "auth/record.h"

#define OPERATOR BYTES_LIT("operator key of thirty-two bytes")

static struct auth_session session(void)
{
	return (struct auth_session){
		.id = "Zk3vQ0aP1xYb",
		.account = "8g6DTYgsdCRr",
		.created_at_ms = 1700000000000,
		.verified_at_ms = 1700000001000,
		.touched_at_ms = 1700000002000,
		.is_retired = true,
		.credentials = { .server = BYTES_LIT("example.org"),
				 .username = BYTES_LIT("ada@example.org"),
				 .password = BYTES_LIT("pässword") },
	};
}

static struct auth_token new_token(void)
{
	struct auth_token t;

	assert_true(auth_token_new(&t));
	return t;
}

static struct buf written(const struct auth_session *s, const struct auth_token *t)
{
	struct buf b;

	buf_init(&b, 10000);
	assert_int_equal(auth_record_write(&b, AUTH_RECORD_SESSION, s, OPERATOR, t), ERR_OK);
	return b;
}

static void test_a_record_reads_back_as_the_session(void **state)
{
	struct auth_session in = session(), out;
	struct auth_token t = new_token();
	struct buf b = written(&in, &t);

	assert_int_equal(
		auth_record_read(buf_bytes(&b), AUTH_RECORD_SESSION, OPERATOR, &t, *state, &out),
		ERR_OK);
	assert_string_equal(out.id, in.id);
	assert_string_equal(out.account, in.account);
	assert_int_equal(out.created_at_ms, in.created_at_ms);
	assert_int_equal(out.verified_at_ms, in.verified_at_ms);
	assert_int_equal(out.touched_at_ms, in.touched_at_ms);
	assert_true(out.is_retired);
	assert_bytes_equal_str(out.credentials.server, "example.org");
	assert_bytes_equal_str(out.credentials.username, "ada@example.org");
	assert_bytes_equal_str(out.credentials.password, "pässword");
	assert_true(bytes_is_null(out.credentials.access_token));
	buf_done(&b);
}

static void test_secrets_do_not_stand_in_the_record(void **state)
{
	struct auth_session in = session();
	struct auth_token t = new_token();
	struct buf b = written(&in, &t);
	struct bytes record = buf_bytes(&b);

	(void)state;
	assert_int_equal(bytes_find(record, in.credentials.password), record.len);
	assert_int_equal(bytes_find(record, in.credentials.username), record.len);
	assert_int_equal(bytes_find(record, bytes_of(t.secret, sizeof t.secret)), record.len);
	buf_done(&b);
}

static void test_any_change_or_other_key_keeps_it_shut(void **state)
{
	struct auth_session in = session(), out;
	struct auth_token t = new_token(), other = new_token();
	struct buf b = written(&in, &t);
	uint8_t *at = (uint8_t *)buf_bytes(&b).at;

	for (size_t i = 0; i < b.len; i++) {
		at[i] ^= 4;
		assert_int_not_equal(auth_record_read(buf_bytes(&b), AUTH_RECORD_SESSION, OPERATOR,
						      &t, *state, &out),
				     ERR_OK);
		at[i] ^= 4;
		assert_int_not_equal(auth_record_read(bytes_first(buf_bytes(&b), i),
						      AUTH_RECORD_SESSION, OPERATOR, &t, *state,
						      &out),
				     ERR_OK);
	}
	assert_int_equal(auth_record_read(buf_bytes(&b), AUTH_RECORD_SESSION, OPERATOR, &other,
					  *state, &out),
			 ERR_DENIED);
	assert_int_equal(
		auth_record_read(buf_bytes(&b), AUTH_RECORD_TICKET, OPERATOR, &t, *state, &out),
		ERR_DENIED);
	assert_int_equal(auth_record_read(buf_bytes(&b), AUTH_RECORD_SESSION,
					  BYTES_LIT("another key"), &t, *state, &out),
			 ERR_DENIED);
	buf_done(&b);
}

static void test_overlong_credentials_are_refused(void **state)
{
	static uint8_t much[70000];
	struct auth_session in = session();
	struct auth_token t = new_token();
	struct buf b;

	(void)state;
	in.credentials.password = bytes_of(much, sizeof much);
	buf_init(&b, 1 << 20);
	assert_int_equal(auth_record_write(&b, AUTH_RECORD_SESSION, &in, OPERATOR, &t),
			 ERR_TOO_BIG);
	buf_done(&b);
}

static void test_a_line_of_the_list_reads_back(void **state)
{
	struct auth_session_entry in = { .id = "Zk3vQ0aP1xYb",
					 .key = { 1, 2, 3 },
					 .created_at_ms = 5,
					 .expires_at_ms = INT64_MAX };
	struct auth_session_entry out;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	auth_entry_write(&b, &in);
	assert_int_equal(auth_entry_read(buf_bytes(&b), &out), ERR_OK);
	assert_string_equal(out.id, in.id);
	assert_memory_equal(out.key, in.key, sizeof in.key);
	assert_int_equal(out.created_at_ms, in.created_at_ms);
	assert_int_equal(out.expires_at_ms, in.expires_at_ms);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(auth_entry_read(bytes_first(buf_bytes(&b), i), &out), ERR_INVALID);
	buf_append_byte(&b, 0);
	assert_int_equal(auth_entry_read(buf_bytes(&b), &out), ERR_INVALID);
	buf_done(&b);
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
		cmocka_unit_test(test_a_record_reads_back_as_the_session),
		cmocka_unit_test(test_secrets_do_not_stand_in_the_record),
		cmocka_unit_test(test_any_change_or_other_key_keeps_it_shut),
		cmocka_unit_test(test_overlong_credentials_are_refused),
		cmocka_unit_test(test_a_line_of_the_list_reads_back),
	};

	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
