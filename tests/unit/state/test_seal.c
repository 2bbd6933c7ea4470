#include "cmocka_all.h"

#include "state/seal.h"

#define OPERATOR BYTES_LIT("operator key of thirty-two bytes")
#define SECRET   BYTES_LIT("the client's secret")
#define BOUND    BYTES_LIT("account 1")
#define PLAIN    BYTES_LIT("password")

static struct state_seal_key key(void)
{
	return state_seal_key_of(OPERATOR, SECRET, BYTES_LIT("test"));
}

static struct buf sealed_with(struct state_seal_key k)
{
	struct buf b;

	buf_init(&b, 1000);
	assert_int_equal(state_seal(&b, &k, BOUND, PLAIN), ERR_OK);
	return b;
}

static enum err unseal(struct state_seal_key k, struct bytes bound, struct bytes sealed)
{
	struct buf plain;
	enum err err;

	buf_init(&plain, 1000);
	err = state_unseal(&plain, &k, bound, sealed);
	if (err == ERR_OK)
		assert_bytes_equal_str(buf_bytes(&plain), "password");
	else
		assert_int_equal(plain.len, 0);
	buf_done(&plain);
	return err;
}

static void test_what_was_sealed_opens_again(void **state)
{
	struct buf b = sealed_with(key());

	(void)state;
	assert_int_equal(b.len, PLAIN.len + STATE_SEAL_EXTRA_BYTES);
	assert_int_equal(unseal(key(), BOUND, buf_bytes(&b)), ERR_OK);
	buf_done(&b);
}

static void test_no_seal_is_like_another(void **state)
{
	struct buf a = sealed_with(key()), b = sealed_with(key());

	(void)state;
	assert_false(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
	buf_done(&a);
	buf_done(&b);
}

static void test_any_change_keeps_it_shut(void **state)
{
	struct buf b = sealed_with(key());
	uint8_t *at = (uint8_t *)buf_bytes(&b).at;

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		at[i] ^= 1;
		assert_int_equal(unseal(key(), BOUND, buf_bytes(&b)), ERR_DENIED);
		at[i] ^= 1;
		assert_int_equal(unseal(key(), BOUND, bytes_first(buf_bytes(&b), i)), ERR_DENIED);
	}
	assert_int_equal(unseal(key(), BYTES_LIT("account 2"), buf_bytes(&b)), ERR_DENIED);
	assert_int_equal(unseal(key(), BOUND, buf_bytes(&b)), ERR_OK);
	buf_done(&b);
}

static void test_each_ingredient_makes_another_key(void **state)
{
	struct buf b = sealed_with(key());

	(void)state;
	assert_int_equal(unseal(state_seal_key_of(BYTES_LIT("another"), SECRET, BYTES_LIT("test")),
				BOUND, buf_bytes(&b)),
			 ERR_DENIED);
	assert_int_equal(
		unseal(state_seal_key_of(OPERATOR, BYTES_LIT("another"), BYTES_LIT("test")), BOUND,
		       buf_bytes(&b)),
		ERR_DENIED);
	assert_int_equal(unseal(state_seal_key_of(OPERATOR, SECRET, BYTES_LIT("other use")), BOUND,
				buf_bytes(&b)),
			 ERR_DENIED);
	buf_done(&b);
}

/* RFC 5869, appendix A.1: the first 32 bytes of OKM. */
static void test_the_key_is_hkdf(void **state)
{
	static const uint8_t ikm[22] = { [0 ... 21] = 0x0b };
	static const uint8_t salt[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const uint8_t info[] = {
		0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9
	};
	static const uint8_t okm[32] = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a,
					 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a,
					 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c,
					 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf };
	struct state_seal_key k;

	(void)state;
	k = state_seal_key_of(bytes_of(salt, sizeof salt), bytes_of(ikm, sizeof ikm),
			      bytes_of(info, sizeof info));
	assert_memory_equal(k.at, okm, sizeof okm);
}

static void test_a_full_buffer_is_told_and_left_alone(void **state)
{
	struct state_seal_key k = key();
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(state_seal(&b, &k, BOUND, PLAIN), ERR_TOO_BIG);
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_sealed_opens_again),
		cmocka_unit_test(test_no_seal_is_like_another),
		cmocka_unit_test(test_any_change_keeps_it_shut),
		cmocka_unit_test(test_each_ingredient_makes_another_key),
		cmocka_unit_test(test_the_key_is_hkdf),
		cmocka_unit_test(test_a_full_buffer_is_told_and_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
