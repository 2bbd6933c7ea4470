#include "cmocka_all.h"

#include <stdio.h>

#include "state/sealer.h"

#define OPERATOR  BYTES_LIT("operator key of thirty-two bytes")
#define OWNER     BYTES_LIT("account\0 1")
#define BOUND     BYTES_LIT("key of the value")
#define PLAIN     BYTES_LIT("From: Ada <ada@example.org>")
#define VALUE_MAX 200

static struct state_sealer *sealer(struct bytes key)
{
	struct state_sealer *s = state_sealer_new(key, BYTES_LIT("test"));

	assert_non_null(s);
	return s;
}

static struct buf seal(struct state_sealer *s, struct bytes owner, struct bytes plain)
{
	struct buf b;

	buf_init(&b, VALUE_MAX);
	assert_int_equal(state_sealer_seal(s, owner, BOUND, plain, &b), ERR_OK);
	return b;
}

/* What it opens to must be `plain`. */
static enum err unseal(struct state_sealer *s, struct bytes owner, struct bytes bound,
		       struct bytes sealed, struct bytes plain)
{
	struct buf b;
	enum err err;

	buf_init(&b, VALUE_MAX);
	err = state_sealer_unseal(s, owner, bound, sealed, &b);
	if (err == ERR_OK)
		assert_true(bytes_equal(buf_bytes(&b), plain));
	else
		assert_int_equal(b.len, 0);
	buf_done(&b);
	return err;
}

static void test_another_process_opens_what_one_has_sealed(void **state)
{
	struct state_sealer *one = sealer(OPERATOR), *other = sealer(OPERATOR);
	struct buf b = seal(one, OWNER, PLAIN), empty = seal(one, OWNER, BYTES_LIT(""));

	(void)state;
	assert_int_equal(b.len, PLAIN.len + STATE_SEALER_EXTRA_BYTES);
	assert_int_equal(bytes_find(buf_bytes(&b), BYTES_LIT("ada")), b.len);
	assert_int_equal(unseal(other, OWNER, BOUND, buf_bytes(&b), PLAIN), ERR_OK);
	assert_int_equal(unseal(other, OWNER, BOUND, buf_bytes(&empty), BYTES_LIT("")), ERR_OK);
	buf_done(&b);
	buf_done(&empty);
	state_sealer_free(one);
	state_sealer_free(other);
}

/* One cipher is used for both directions, in any order, for hundreds of values. */
static void test_values_do_not_disturb_each_other(void **state)
{
	struct state_sealer *s = sealer(OPERATOR);
	struct buf b[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		b[i] = seal(s, OWNER, bytes_first(PLAIN, i % PLAIN.len));
		for (size_t j = i > 3 ? i - 3 : 0; j <= i; j++)
			assert_int_equal(unseal(s, OWNER, BOUND, buf_bytes(&b[j]),
						bytes_first(PLAIN, j % PLAIN.len)),
					 ERR_OK);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(b[i].at, b[j].at, 1 + 12); /* no nonce twice */
	}
	for (size_t i = 0; i < 200; i++)
		buf_done(&b[i]);
	state_sealer_free(s);
}

/* More owners than keys are kept ready for. */
static void test_every_owner_has_a_key_of_his_own(void **state)
{
	struct state_sealer *s = sealer(OPERATOR);
	struct buf b[300];
	char owner[16];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(owner, sizeof owner, "owner %d", i);
		b[i] = seal(s, bytes_of_str(owner), PLAIN);
		assert_int_equal(unseal(s, OWNER, BOUND, buf_bytes(&b[i]), PLAIN), ERR_DENIED);
	}
	for (int i = 299; i >= 0; i--) {
		snprintf(owner, sizeof owner, "owner %d", i);
		assert_int_equal(unseal(s, bytes_of_str(owner), BOUND, buf_bytes(&b[i]), PLAIN),
				 ERR_OK);
		buf_done(&b[i]);
	}
	state_sealer_free(s);
}

static void test_any_change_keeps_it_shut(void **state)
{
	struct state_sealer *s = sealer(OPERATOR), *other = sealer(BYTES_LIT("another"));
	struct buf b = seal(s, OWNER, PLAIN);

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		b.at[i] ^= 1;
		assert_int_equal(unseal(s, OWNER, BOUND, buf_bytes(&b), PLAIN), ERR_DENIED);
		b.at[i] ^= 1;
		assert_int_equal(unseal(s, OWNER, BOUND, bytes_first(buf_bytes(&b), i), PLAIN),
				 ERR_DENIED);
	}
	assert_int_equal(unseal(s, OWNER, OWNER, buf_bytes(&b), PLAIN), ERR_DENIED);
	assert_int_equal(unseal(other, OWNER, BOUND, buf_bytes(&b), PLAIN), ERR_DENIED);
	assert_int_equal(unseal(s, OWNER, BOUND, buf_bytes(&b), PLAIN), ERR_OK);
	buf_done(&b);
	state_sealer_free(s);
	state_sealer_free(other);
}

static void test_without_a_key_values_stay_as_they_are(void **state)
{
	struct state_sealer *s = sealer(OPERATOR), *clear = sealer(BYTES_NULL);
	struct buf b = seal(clear, OWNER, PLAIN), sealed = seal(s, OWNER, PLAIN);

	(void)state;
	assert_true(bytes_equal(bytes_skip(buf_bytes(&b), 1), PLAIN));
	assert_int_equal(unseal(clear, OWNER, BOUND, buf_bytes(&b), PLAIN), ERR_OK);
	assert_int_equal(unseal(s, OWNER, BOUND, buf_bytes(&b), PLAIN), ERR_DENIED);
	assert_int_equal(unseal(clear, OWNER, BOUND, buf_bytes(&sealed), PLAIN), ERR_DENIED);
	assert_int_equal(unseal(clear, OWNER, BOUND, BYTES_NULL, PLAIN), ERR_DENIED);
	buf_done(&b);
	buf_done(&sealed);
	state_sealer_free(s);
	state_sealer_free(clear);
}

static void test_a_full_buffer_is_told_and_left_alone(void **state)
{
	const struct bytes keys[] = { OPERATOR, BYTES_NULL };
	struct buf b;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct state_sealer *s = sealer(keys[i]);

		buf_init(&b, 10);
		assert_int_equal(state_sealer_seal(s, OWNER, BOUND, PLAIN, &b), ERR_TOO_BIG);
		assert_int_equal(b.len, 0);
		buf_done(&b);
		state_sealer_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_process_opens_what_one_has_sealed),
		cmocka_unit_test(test_values_do_not_disturb_each_other),
		cmocka_unit_test(test_every_owner_has_a_key_of_his_own),
		cmocka_unit_test(test_any_change_keeps_it_shut),
		cmocka_unit_test(test_without_a_key_values_stay_as_they_are),
		cmocka_unit_test(test_a_full_buffer_is_told_and_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
