#include "cmocka_all.h"

#include <string.h>

#include "auth/session.h"
#include "auth_test.h"

#define ACCOUNT "8g6DTYgsdCRr"
#define OTHER   "AAAAAAAAAAAA"

#define HOUR_MS ((uint64_t)3600 * 1000)

static const struct auth_credentials credentials = {
	BYTES_LIT("example.org"), BYTES_LIT("ada@example.org"), BYTES_LIT("secret"), { NULL, 0 }
};

static struct auth_sessions sessions_of(struct auth_test *t)
{
	return (struct auth_sessions){ .state = t->state,
				       .operator_key =
					       BYTES_LIT("thirty-two bytes of operator key"),
				       .idle_ttl_ms = HOUR_MS,
				       .max_ttl_ms = 24 * HOUR_MS,
				       .old_token_ms = HOUR_MS / 60,
				       .per_account = 3 };
}

/* What the callbacks leave behind. */
static struct auth_test *test;
static struct auth_session found;
static struct auth_token token;
static struct auth_session_entry listed[16];
static size_t listed_count;

static void on_session(void *ctx, enum err err, const struct auth_session *s)
{
	(void)ctx;
	test->done = true;
	test->err = err;
	assert_int_equal(err == ERR_OK, s != NULL);
	if (s)
		found = *s;
}

static void on_made(void *ctx, enum err err, const struct auth_session *s,
		    const struct auth_token *t)
{
	on_session(ctx, err, s);
	if (t)
		token = *t;
}

static void on_listed(void *ctx, enum err err, const struct auth_session_entry *entries,
		      size_t count)
{
	(void)ctx;
	test->done = true;
	test->err = err;
	assert_true(count <= sizeof listed / sizeof *listed);
	for (size_t i = 0; i < count; i++)
		listed[i] = entries[i];
	listed_count = count;
}

static void on_done(void *ctx, enum err err)
{
	(void)ctx;
	test->done = true;
	test->err = err;
}

static struct auth_token create(struct auth_sessions a, const char *account)
{
	struct op *op = auth_session_create(&a, test->call, account, &credentials, on_made, NULL);

	assert_int_equal(auth_test_wait(test, op), ERR_OK);
	return token;
}

static enum err find(struct auth_sessions a, const struct auth_token *t)
{
	return auth_test_wait(test, auth_session_find(&a, test->call, t, on_session, NULL));
}

static enum err refresh(struct auth_sessions a, const struct auth_token *old)
{
	struct auth_session s = found;

	return auth_test_wait(test, auth_session_refresh(&a, test->call, &s, old, on_made, NULL));
}

static enum err end(struct auth_sessions a, const char *account, const char *id,
		    const struct auth_token *t)
{
	return auth_test_wait(test, auth_session_end(&a, test->call, account, bytes_of_str(id), t,
						     on_done, NULL));
}

static size_t list(struct auth_sessions a, const char *account)
{
	assert_int_equal(
		auth_test_wait(test, auth_session_list(&a, test->call, account, on_listed, NULL)),
		ERR_OK);
	return listed_count;
}

static void test_a_token_opens_its_session(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create(a, ACCOUNT);
	char id[AUTH_ID_BYTES + 1];

	memcpy(id, found.id, sizeof id);
	found = (struct auth_session){ 0 };
	assert_int_equal(find(a, &t), ERR_OK);
	assert_string_equal(found.id, id);
	assert_string_equal(found.account, ACCOUNT);
	assert_bytes_equal_str(found.credentials.username, "ada@example.org");
	assert_bytes_equal_str(found.credentials.password, "secret");
	assert_true(bytes_is_null(found.credentials.access_token));
	assert_false(found.is_retired);
	assert_int_equal(auth_session_expires_at_ms(&a, &found) - found.created_at_ms, HOUR_MS);
}

static void test_an_unknown_token_opens_nothing(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token made_up;

	(void)create(a, ACCOUNT);
	assert_true(auth_token_new(&made_up));
	assert_int_equal(find(a, &made_up), ERR_NOT_FOUND);
}

static void test_another_operator_key_opens_nothing(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create(a, ACCOUNT);

	a.operator_key = BYTES_LIT("another");
	assert_int_equal(find(a, &t), ERR_DENIED);
}

static void test_a_session_ends_when_its_time_is_over(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create(a, ACCOUNT);

	/* The record says when it was used last: shorter limits end it at once. */
	a.idle_ttl_ms = 0;
	assert_int_equal(find(a, &t), ERR_NOT_FOUND);
	a = sessions_of(test);
	a.max_ttl_ms = 0;
	assert_int_equal(find(a, &t), ERR_NOT_FOUND);
	a = sessions_of(test);
	assert_int_equal(find(a, &t), ERR_OK);
}

/* A session that was made and used last so long ago. */
static struct auth_token create_old(struct auth_sessions a, uint64_t age_ms)
{
	struct auth_token t = create(a, ACCOUNT);
	struct hash_sha256 key = auth_token_key(&t);
	struct auth_session s = found;
	struct buf record;
	struct op *op;

	s.credentials = credentials;
	s.created_at_ms -= (int64_t)age_ms;
	s.verified_at_ms = s.touched_at_ms = s.created_at_ms;
	buf_init(&record, 4096);
	assert_int_equal(auth_record_write(&record, AUTH_RECORD_SESSION, &s, a.operator_key, &t),
			 ERR_OK);
	op = state_put(a.state, test->call, STATE_SESSION, bytes_of(key.at, sizeof key.at),
		       buf_bytes(&record), HOUR_MS, STATE_ANY, on_done, NULL);
	assert_int_equal(auth_test_wait(test, op), ERR_OK);
	buf_done(&record);
	return t;
}

static void test_use_moves_the_end_of_a_session_now_and_then(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create_old(a, HOUR_MS / 2);
	uint64_t generation;
	int64_t ends;

	assert_int_equal(find(a, &t), ERR_OK);
	assert_true(found.touched_at_ms > found.created_at_ms);
	ends = auth_session_expires_at_ms(&a, &found);
	assert_true(ends - found.created_at_ms >= (int64_t)(HOUR_MS + HOUR_MS / 2));
	assert_int_equal(list(a, ACCOUNT), 1);
	assert_int_equal(listed[0].expires_at_ms, ends);
	/* The next uses are not written down. */
	assert_int_equal(find(a, &t), ERR_OK);
	generation = found.generation;
	assert_int_equal(find(a, &t), ERR_OK);
	assert_int_equal(found.generation, generation);
	assert_int_equal(auth_session_expires_at_ms(&a, &found), ends);
}

static void test_no_use_moves_the_end_past_the_longest_life(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create_old(a, HOUR_MS / 2);

	a.max_ttl_ms = HOUR_MS;
	assert_int_equal(find(a, &t), ERR_OK);
	assert_int_equal(auth_session_expires_at_ms(&a, &found) - found.created_at_ms, HOUR_MS);
}

static void test_a_refresh_gives_the_same_session_a_new_token(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token old = create(a, ACCOUNT), new;
	char id[AUTH_ID_BYTES + 1];

	assert_int_equal(find(a, &old), ERR_OK);
	memcpy(id, found.id, sizeof id);
	assert_int_equal(refresh(a, &old), ERR_OK);
	new = token;
	assert_memory_not_equal(new.secret, old.secret, sizeof new.secret);
	assert_int_equal(find(a, &new), ERR_OK);
	assert_string_equal(found.id, id);
	assert_false(found.is_retired);
	assert_bytes_equal_str(found.credentials.password, "secret");
	/* The old one still works for requests under way. */
	assert_int_equal(find(a, &old), ERR_OK);
	assert_true(found.is_retired);
	assert_int_equal(list(a, ACCOUNT), 1);
}

static void test_of_two_refreshes_at_once_one_wins(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token old = create(a, ACCOUNT);
	struct auth_session before;

	assert_int_equal(find(a, &old), ERR_OK);
	before = found;
	assert_int_equal(refresh(a, &old), ERR_OK);
	found = before;
	assert_int_equal(refresh(a, &old), ERR_CONFLICT);
}

static void test_logging_out_ends_old_and_new_token(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token old = create(a, ACCOUNT), new;

	assert_int_equal(find(a, &old), ERR_OK);
	assert_int_equal(refresh(a, &old), ERR_OK);
	new = token;
	/* It does not matter with which of the two it is asked. */
	assert_int_equal(end(a, ACCOUNT, found.id, &old), ERR_OK);
	assert_int_equal(find(a, &new), ERR_NOT_FOUND);
	assert_int_equal(find(a, &old), ERR_NOT_FOUND);
	assert_int_equal(list(a, ACCOUNT), 0);
}

static void test_a_replaced_token_ends_with_its_session(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token old = create(a, ACCOUNT);

	assert_int_equal(find(a, &old), ERR_OK);
	assert_int_equal(refresh(a, &old), ERR_OK);
	assert_int_equal(end(a, ACCOUNT, found.id, NULL), ERR_OK);
	assert_int_equal(find(a, &old), ERR_NOT_FOUND);
}

static void test_a_session_is_ended_by_its_id_but_only_ones_own(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create(a, ACCOUNT);
	char id[AUTH_ID_BYTES + 1];

	memcpy(id, found.id, sizeof id);
	assert_int_equal(end(a, OTHER, id, NULL), ERR_NOT_FOUND);
	assert_int_equal(end(a, ACCOUNT, "", NULL), ERR_NOT_FOUND);
	assert_int_equal(find(a, &t), ERR_OK);
	assert_int_equal(end(a, ACCOUNT, id, NULL), ERR_OK);
	assert_int_equal(find(a, &t), ERR_NOT_FOUND);
	assert_int_equal(end(a, ACCOUNT, id, NULL), ERR_NOT_FOUND);
}

/* --- ended while something else is done with it --- */

struct outcome {
	bool done;
	enum err err;
	struct auth_token token;
};

static void on_refreshed(void *ctx, enum err err, const struct auth_session *s,
			 const struct auth_token *t)
{
	struct outcome *o = ctx;

	(void)s;
	*o = (struct outcome){ .done = true, .err = err };
	if (t)
		o->token = *t;
}

static void on_found_meanwhile(void *ctx, enum err err, const struct auth_session *s)
{
	(void)s;
	*(struct outcome *)ctx = (struct outcome){ .done = true, .err = err };
}

static void on_ended(void *ctx, enum err err)
{
	*(struct outcome *)ctx = (struct outcome){ .done = true, .err = err };
}

/* Ends it so many turns after the other thing was started, or before if negative; that
 * comes by itself. */
static void end_beside(struct auth_sessions a, struct auth_session s, const struct auth_token *t,
		       bool by_refresh, int turns, struct outcome *ret)
{
	struct outcome ended = { 0 };

	*ret = (struct outcome){ 0 };
	for (int i = -10; i < 100 && (i < 10 || !ended.done || !ret->done); i++) {
		if (i == 0 && by_refresh)
			assert_non_null(
				auth_session_refresh(&a, test->call, &s, t, on_refreshed, ret));
		else if (i == 0)
			assert_non_null(
				auth_session_find(&a, test->call, t, on_found_meanwhile, ret));
		if (i == turns)
			assert_non_null(auth_session_end(&a, test->call, ACCOUNT,
							 bytes_of_str(s.id), NULL, on_ended,
							 &ended));
		loop_turn(test->loop, 0);
	}
	assert_true(ended.done && ret->done);
	assert_int_equal(ended.err, ERR_OK);
}

static void test_what_has_ended_is_not_refreshed_meanwhile(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	unsigned refreshed = 0, refused = 0;

	for (int turns = -8; turns <= 8; turns++) {
		struct auth_token t = create(a, ACCOUNT);
		struct outcome o;

		assert_int_equal(find(a, &t), ERR_OK);
		end_beside(a, found, &t, true, turns, &o);
		refreshed += o.err == ERR_OK;
		refused += o.err != ERR_OK;
		if (o.err == ERR_OK)
			assert_int_equal(find(a, &o.token), ERR_NOT_FOUND);
		assert_int_equal(find(a, &t), ERR_NOT_FOUND);
		assert_int_equal(list(a, ACCOUNT), 0);
	}
	assert_true(refreshed && refused);
}

static void test_what_has_ended_is_not_kept_alive_meanwhile(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);

	for (int turns = -8; turns <= 8; turns++) {
		struct auth_token t = create_old(a, HOUR_MS / 2);
		struct outcome o;

		end_beside(a, found, &t, false, turns, &o);
		assert_int_equal(find(a, &t), ERR_NOT_FOUND);
		assert_int_equal(list(a, ACCOUNT), 0);
	}
}

static void test_the_list_has_the_accounts_own_sessions(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);

	assert_int_equal(list(a, ACCOUNT), 0);
	(void)create(a, ACCOUNT);
	(void)create(a, OTHER);
	(void)create(a, ACCOUNT);
	assert_int_equal(list(a, ACCOUNT), 2);
	assert_string_not_equal(listed[0].id, listed[1].id);
	assert_int_equal(listed[0].expires_at_ms - listed[0].created_at_ms, HOUR_MS);
	assert_int_equal(list(a, OTHER), 1);
}

static void test_one_too_many_ends_an_older_one(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token tokens[5];
	unsigned open = 0;

	for (size_t i = 0; i < 5; i++)
		tokens[i] = create(a, ACCOUNT);
	assert_int_equal(list(a, ACCOUNT), 3);
	for (size_t i = 0; i < 5; i++)
		open += find(a, &tokens[i]) == ERR_OK;
	assert_int_equal(open, 3);
	assert_int_equal(find(a, &tokens[4]), ERR_OK);
}

static void test_a_cancelled_search_calls_nobody(void **state)
{
	struct auth_sessions a = sessions_of(test = *state);
	struct auth_token t = create(a, ACCOUNT);

	op_cancel(auth_session_find(&a, test->call, &t, on_session, NULL));
	for (int i = 0; i < 5; i++)
		loop_turn(test->loop, 0);
	assert_false(test->done);
}

int main(void)
{
#define WITH_STORE(t) cmocka_unit_test_setup_teardown(t, auth_test_setup, auth_test_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_a_token_opens_its_session),
		WITH_STORE(test_an_unknown_token_opens_nothing),
		WITH_STORE(test_another_operator_key_opens_nothing),
		WITH_STORE(test_a_session_ends_when_its_time_is_over),
		WITH_STORE(test_use_moves_the_end_of_a_session_now_and_then),
		WITH_STORE(test_no_use_moves_the_end_past_the_longest_life),
		WITH_STORE(test_a_refresh_gives_the_same_session_a_new_token),
		WITH_STORE(test_of_two_refreshes_at_once_one_wins),
		WITH_STORE(test_logging_out_ends_old_and_new_token),
		WITH_STORE(test_a_replaced_token_ends_with_its_session),
		WITH_STORE(test_a_session_is_ended_by_its_id_but_only_ones_own),
		WITH_STORE(test_what_has_ended_is_not_refreshed_meanwhile),
		WITH_STORE(test_what_has_ended_is_not_kept_alive_meanwhile),
		WITH_STORE(test_the_list_has_the_accounts_own_sessions),
		WITH_STORE(test_one_too_many_ends_an_older_one),
		WITH_STORE(test_a_cancelled_search_calls_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
