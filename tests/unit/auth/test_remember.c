#include "cmocka_all.h"

#include "auth/remember.h"

static struct hash_sha256 mac(struct auth_remember *r, const char *server, const char *user,
			      const char *password)
{
	return auth_remember_mac(r, bytes_of_str(server), bytes_of_str(user),
				 bytes_of_str(password));
}

static void test_it_forgets_after_its_time(void **state)
{
	struct auth_remember *r = auth_remember_new(64, 1000);
	struct hash_sha256 m = mac(r, "s", "u", "p");

	(void)state;
	assert_false(auth_remember_has(r, &m, 5000));
	auth_remember_add(r, &m, 5000);
	assert_true(auth_remember_has(r, &m, 5999));
	assert_false(auth_remember_has(r, &m, 6000));
	auth_remember_add(r, &m, 7000);
	assert_true(auth_remember_has(r, &m, 7001));
	auth_remember_drop(r, &m);
	assert_false(auth_remember_has(r, &m, 7001));
	auth_remember_free(r);
}

static void test_other_credentials_are_not_taken_for_them(void **state)
{
	struct auth_remember *r = auth_remember_new(64, 1000);
	struct hash_sha256 m = mac(r, "server", "user", "password");
	const struct hash_sha256 others[] = {
		mac(r, "server", "user", "Password"),
		mac(r, "server", "use", "rpassword"),
		mac(r, "serveru", "ser", "password"),
		mac(r, "server", "user", ""),
		mac(r, "", "", ""),
	};

	(void)state;
	auth_remember_add(r, &m, 1);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(auth_remember_has(r, &others[i], 1));
	auth_remember_free(r);
}

static void test_two_processes_do_not_share_their_macs(void **state)
{
	struct auth_remember *a = auth_remember_new(4, 1000), *b = auth_remember_new(4, 1000);
	struct hash_sha256 of_a = mac(a, "s", "u", "p"), of_b = mac(b, "s", "u", "p");

	(void)state;
	assert_memory_not_equal(of_a.at, of_b.at, sizeof of_a.at);
	auth_remember_free(a);
	auth_remember_free(b);
}

/* However many come, the newest is known and the table does not grow. */
static void test_older_ones_give_way_to_newer_ones(void **state)
{
	struct auth_remember *r = auth_remember_new(16, 1000000);
	struct hash_sha256 first = mac(r, "s", "u", "0");
	unsigned still_known = 0;
	struct hash_sha256 macs[200];

	(void)state;
	auth_remember_add(r, &first, 1);
	for (uint64_t i = 0; i < 200; i++) {
		macs[i] = auth_remember_mac(r, BYTES_LIT("s"), BYTES_LIT("u"), bytes_of(&i, 8));
		auth_remember_add(r, &macs[i], 2 + i);
		assert_true(auth_remember_has(r, &macs[i], 2 + i));
	}
	assert_false(auth_remember_has(r, &first, 300));
	for (size_t i = 0; i < 200; i++)
		still_known += auth_remember_has(r, &macs[i], 300);
	assert_true(still_known > 0 && still_known <= 16);
	auth_remember_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_forgets_after_its_time),
		cmocka_unit_test(test_other_credentials_are_not_taken_for_them),
		cmocka_unit_test(test_two_processes_do_not_share_their_macs),
		cmocka_unit_test(test_older_ones_give_way_to_newer_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
