#include "cmocka_all.h"

#include <stdio.h>

#include "endpoint/recall.h"

static struct hash_sha256 key_of(unsigned n)
{
	struct bytes text = bytes_of(&n, sizeof n);

	return hash_sha256_of(&text, 1);
}

static struct auth_session session_of(unsigned n)
{
	struct auth_session s = { .created_at_ms = n,
				  .generation = 100 + n,
				  .credentials.password = BYTES_LIT("secret") };

	snprintf(s.id, sizeof s.id, "%u", n);
	return s;
}

static void add(struct recall *r, unsigned n)
{
	struct hash_sha256 key = key_of(n);
	struct auth_session s = session_of(n);
	struct account_key account = { key_of(1000 + n) };

	recall_add(r, &key, &s, &account);
}

static bool find(struct recall *r, unsigned n, uint64_t generation)
{
	struct hash_sha256 key = key_of(n), want = key_of(1000 + n);
	struct account_key account;
	struct auth_session s;

	if (!recall_find(r, &key, generation, &s, &account))
		return false;
	assert_int_equal(s.created_at_ms, n);
	assert_true(bytes_is_null(s.credentials.password));
	assert_memory_equal(&account.hash, &want, sizeof want);
	return true;
}

static void a_session_is_found_while_its_record_is_the_same(void **state)
{
	struct recall *r = recall_new(64);

	(void)state;
	add(r, 1);
	assert_true(find(r, 1, 101));
	assert_false(find(r, 1, 102));
	assert_false(find(r, 2, 101));
	assert_false(find(r, 2, 0)); /* nor what never was */
	add(r, 1);
	assert_true(find(r, 1, 101));
	recall_free(r);
}

static void the_longest_unused_gives_way(void **state)
{
	struct recall *r = recall_new(4); /* one place for all */

	(void)state;
	for (unsigned n = 1; n <= 4; n++)
		add(r, n);
	assert_true(find(r, 1, 101));
	add(r, 5);
	assert_false(find(r, 2, 102));
	assert_true(find(r, 1, 101) && find(r, 3, 103) && find(r, 4, 104) && find(r, 5, 105));
	recall_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_found_while_its_record_is_the_same),
		cmocka_unit_test(the_longest_unused_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
