#include "cmocka_all.h"

#include "base/hash.h"

static void digests_the_pieces_as_one(void **state)
{
	struct bytes pieces[] = { BYTES_LIT("a"), BYTES_LIT("bc") };
	struct hash_sha256 h = hash_sha256_of(pieces, 2);
	char text[64];

	(void)state;
	/* SHA-256("abc"), FIPS 180-4 example */
	hash_base64url_str(text, sizeof text, bytes_of(h.at, sizeof h.at));
	assert_string_equal(text, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

static void sha1_agrees_with_the_standard(void **state)
{
	char hex[HASH_SHA1_HEX_BYTES];

	(void)state;
	hash_sha1_hex(BYTES_LIT("abc"), hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void md5_agrees_with_the_example_of_apop(void **state)
{
	struct bytes pieces[] = { BYTES_LIT("<1896.697170952@dbc.mtview.ca.us>"),
				  BYTES_LIT("tanstaaf") };
	char hex[HASH_MD5_HEX_BYTES];

	(void)state;
	hash_md5_hex(pieces, 2, hex);
	assert_string_equal(hex, "c4c9334bac560ecc979e58001b3e22fb");
}

static void hmac_agrees_with_rfc_4231(void **state)
{
	struct hash_sha256 h =
		hash_hmac_sha256(BYTES_LIT("Jefe"), BYTES_LIT("what do ya want for nothing?"));
	const uint8_t want[] = { 0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e };

	(void)state;
	assert_memory_equal(h.at, want, sizeof want);
}

static void base64url_goes_there_and_back(void **state)
{
	struct buf text, back;
	uint8_t data[40];

	(void)state;
	assert_true(hash_random(data, sizeof data));
	for (size_t n = 0; n <= sizeof data; n++) {
		buf_init(&text, 100);
		buf_init(&back, 100);
		hash_base64url(&text, bytes_of(data, n));
		assert_true(hash_base64url_decode(&back, buf_bytes(&text)));
		assert_true(bytes_equal(buf_bytes(&back), bytes_of(data, n)));
		buf_done(&text);
		buf_done(&back);
	}
}

static void one_value_has_one_text_only(void **state)
{
	static const char *const bad[] = { "A",   "AB",   "AAB",  "AA==",
					   "A A", "AA+A", "AA/A", "\xc3\xbc" };
	struct buf back;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		buf_init(&back, 100);
		assert_false(hash_base64url_decode(&back, bytes_of_str(bad[i])));
		buf_done(&back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_the_pieces_as_one),
		cmocka_unit_test(md5_agrees_with_the_example_of_apop),
		cmocka_unit_test(sha1_agrees_with_the_standard),
		cmocka_unit_test(hmac_agrees_with_rfc_4231),
		cmocka_unit_test(base64url_goes_there_and_back),
		cmocka_unit_test(one_value_has_one_text_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
