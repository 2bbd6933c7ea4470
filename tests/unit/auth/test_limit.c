#include "cmocka_all.h"

#include "auth/limit.h"
#include "auth_test.h"

static struct auth_test *test;
static unsigned retry_after_s;

static void on_counted(void *ctx, enum err err, unsigned s)
{
	(void)ctx;
	test->done = true;
	test->err = err;
	retry_after_s = s;
}

static enum err attempt(unsigned per_client, unsigned per_user, const char *client,
			const char *user)
{
	const struct auth_limits l = { test->state, 600000, per_client, per_user };

	return auth_test_wait(test, auth_limit_attempt(&l, test->call, bytes_of_str(client),
						       bytes_of_str(user), on_counted, NULL));
}

static void test_a_user_may_try_so_often(void **state)
{
	test = *state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(attempt(0, 3, i % 2 ? "192.0.2.1" : "192.0.2.2", "ada"), ERR_OK);
	assert_int_equal(attempt(0, 3, "192.0.2.3", "ada"), ERR_DENIED);
	assert_int_equal(retry_after_s, 600);
	assert_int_equal(attempt(0, 3, "192.0.2.3", "bob"), ERR_OK);
}

static void test_a_client_may_try_so_often(void **state)
{
	test = *state;
	assert_int_equal(attempt(2, 0, "192.0.2.1", "ada"), ERR_OK);
	assert_int_equal(attempt(2, 0, "192.0.2.1", "bob"), ERR_OK);
	assert_int_equal(attempt(2, 0, "192.0.2.1", "eve"), ERR_DENIED);
	assert_int_equal(attempt(2, 0, "192.0.2.2", "eve"), ERR_OK);
}

static void test_an_ipv6_client_is_its_whole_network(void **state)
{
	test = *state;
	assert_int_equal(attempt(1, 0, "2001:db8:1:2::1", "ada"), ERR_OK);
	assert_int_equal(attempt(1, 0, "2001:db8:1:2:ffff::9", "bob"), ERR_DENIED);
	assert_int_equal(attempt(1, 0, "2001:db8:1:3::1", "eve"), ERR_OK);
}

/* What a refused client tries does not count against the user. */
static void test_a_refused_client_does_not_lock_a_user_out(void **state)
{
	test = *state;
	for (int i = 0; i < 10; i++)
		(void)attempt(1, 3, "192.0.2.1", "ada");
	assert_int_equal(attempt(1, 3, "192.0.2.2", "ada"), ERR_OK);
}

static void test_no_limit_counts_for_ever(void **state)
{
	test = *state;
	for (int i = 0; i < 200; i++)
		assert_int_equal(attempt(0, 0, "192.0.2.1", "ada"), ERR_OK);
}

int main(void)
{
#define WITH_STORE(t) cmocka_unit_test_setup_teardown(t, auth_test_setup, auth_test_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_a_user_may_try_so_often),
		WITH_STORE(test_a_client_may_try_so_often),
		WITH_STORE(test_an_ipv6_client_is_its_whole_network),
		WITH_STORE(test_a_refused_client_does_not_lock_a_user_out),
		WITH_STORE(test_no_limit_counts_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
