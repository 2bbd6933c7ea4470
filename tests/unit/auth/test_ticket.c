#include "cmocka_all.h"

#include "auth/ticket.h"
#include "auth_test.h"

#define ACCOUNT "8g6DTYgsdCRr"

#define HOUR_MS ((uint64_t)3600 * 1000)

static const struct auth_credentials credentials = {
	BYTES_LIT("example.org"), BYTES_LIT("ada@example.org"), BYTES_LIT("secret"), { NULL, 0 }
};

static struct auth_tickets tickets_of(struct auth_test *t)
{
	return (struct auth_tickets){
		.sessions = { .state = t->state,
			      .operator_key = BYTES_LIT("thirty-two bytes of operator key"),
			      .idle_ttl_ms = HOUR_MS,
			      .max_ttl_ms = HOUR_MS,
			      .per_account = 3 },
		.ttl_ms = HOUR_MS,
		.per_minute = 5,
	};
}

/* What the callbacks leave behind. */
static struct auth_test *test;
static struct auth_session given;
static struct auth_token ticket, token;

static void tell(enum err err)
{
	test->done = true;
	test->err = err;
}

static void on_made(void *ctx, enum err err, const struct auth_token *t)
{
	(void)ctx;
	assert_int_equal(err == ERR_OK, t != NULL);
	if (t)
		ticket = *t;
	tell(err);
}

static void on_spent(void *ctx, enum err err, const struct auth_session *s)
{
	(void)ctx;
	assert_int_equal(err == ERR_OK, s != NULL);
	if (s)
		given = *s;
	tell(err);
}

static void on_session(void *ctx, enum err err, const struct auth_session *s,
		       const struct auth_token *t)
{
	if (t)
		token = *t;
	on_spent(ctx, err, s);
}

static void on_ended(void *ctx, enum err err)
{
	(void)ctx;
	tell(err);
}

static enum err make(struct auth_test *t, const struct auth_tickets *a,
		     const struct auth_session *whose)
{
	return auth_test_wait(t, auth_ticket_create(a, t->call, whose, on_made, NULL));
}

static enum err spend(struct auth_test *t, const struct auth_tickets *a)
{
	return auth_test_wait(t, auth_ticket_spend(a, t->call, &ticket, on_spent, NULL));
}

/* A session whose ticket it is, in *ret. */
static void make_session(struct auth_test *t, const struct auth_tickets *a,
			 struct auth_session *ret)
{
	test = t;
	assert_int_equal(auth_test_wait(t, auth_session_create(&a->sessions, t->call, ACCOUNT,
							       &credentials, on_session, NULL)),
			 ERR_OK);
	*ret = given;
}

static void a_ticket_is_worth_one_entry(void **state)
{
	struct auth_test *t = *state;
	struct auth_tickets a = tickets_of(t);
	struct auth_session s;

	make_session(t, &a, &s);
	assert_int_equal(make(t, &a, &s), ERR_OK);
	memset(&given, 0, sizeof given);
	assert_int_equal(spend(t, &a), ERR_OK);
	assert_string_equal(given.id, s.id);
	assert_string_equal(given.account, ACCOUNT);
	assert_bytes_equal_str(given.credentials.server, "example.org");
	assert_bytes_equal_str(given.credentials.password, "secret");
	assert_int_equal(spend(t, &a), ERR_NOT_FOUND);
	/* It is no session's token, nor the other way round. */
	assert_int_equal(
		auth_test_wait(t, auth_session_find(&a.sessions, t->call, &ticket, on_spent, NULL)),
		ERR_NOT_FOUND);
	ticket = token;
	assert_int_equal(spend(t, &a), ERR_NOT_FOUND);
}

static void a_ticket_without_a_session_has_the_credentials(void **state)
{
	struct auth_test *t = *state;
	struct auth_tickets a = tickets_of(t);
	struct auth_session basic = { .account = ACCOUNT, .credentials = credentials };

	test = t;
	assert_int_equal(make(t, &a, &basic), ERR_OK);
	assert_int_equal(spend(t, &a), ERR_OK);
	assert_string_equal(given.id, "");
	assert_bytes_equal_str(given.credentials.username, "ada@example.org");
}

static void it_ends_with_its_session(void **state)
{
	struct auth_test *t = *state;
	struct auth_tickets a = tickets_of(t);
	struct auth_session s;

	make_session(t, &a, &s);
	assert_int_equal(auth_test_wait(t, auth_session_check(&a.sessions, t->call, ACCOUNT, s.id,
							      on_ended, NULL)),
			 ERR_OK);
	assert_int_equal(make(t, &a, &s), ERR_OK);
	assert_int_equal(
		auth_test_wait(t, auth_session_end(&a.sessions, t->call, ACCOUNT,
						   bytes_of_str(s.id), &token, on_ended, NULL)),
		ERR_OK);
	assert_int_equal(spend(t, &a), ERR_NOT_FOUND);
	assert_int_equal(auth_test_wait(t, auth_session_check(&a.sessions, t->call, ACCOUNT, s.id,
							      on_ended, NULL)),
			 ERR_NOT_FOUND);
}

static void it_expires(void **state)
{
	struct auth_test *t = *state;
	struct auth_tickets a = tickets_of(t);
	struct auth_session basic = { .account = ACCOUNT, .credentials = credentials };
	uint64_t end;

	test = t;
	a.ttl_ms = 20;
	assert_int_equal(make(t, &a, &basic), ERR_OK);
	end = clock_monotonic_ms() + 40;
	while (clock_monotonic_ms() < end)
		loop_turn(t->loop, 5);
	assert_int_equal(spend(t, &a), ERR_NOT_FOUND);
}

static void an_account_gets_so_many_in_a_minute(void **state)
{
	struct auth_test *t = *state;
	struct auth_tickets a = tickets_of(t);
	struct auth_session basic = { .account = ACCOUNT, .credentials = credentials };
	struct auth_session other = { .account = "AAAAAAAAAAAA", .credentials = credentials };

	test = t;
	for (int i = 0; i < 5; i++)
		assert_int_equal(make(t, &a, &basic), ERR_OK);
	assert_int_equal(make(t, &a, &basic), ERR_DENIED);
	assert_int_equal(make(t, &a, &other), ERR_OK);
}

static void the_store_opens_nothing(void **state)
{
	struct auth_test *t = *state;
	struct auth_tickets a = tickets_of(t);
	struct auth_session basic = { .account = ACCOUNT, .credentials = credentials };

	test = t;
	assert_int_equal(make(t, &a, &basic), ERR_OK);
	a.sessions.operator_key = BYTES_LIT("another key");
	assert_int_equal(spend(t, &a), ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TICKET_TEST(name) cmocka_unit_test_setup_teardown(name, auth_test_setup, auth_test_teardown)
		TICKET_TEST(a_ticket_is_worth_one_entry),
		TICKET_TEST(a_ticket_without_a_session_has_the_credentials),
		TICKET_TEST(it_ends_with_its_session),
		TICKET_TEST(it_expires),
		TICKET_TEST(an_account_gets_so_many_in_a_minute),
		TICKET_TEST(the_store_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
