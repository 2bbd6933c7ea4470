#include "cmocka_all.h"

#include "pop3/parse.h"

static void status_lines_have_codes(void **state)
{
	struct pop3_status s;

	(void)state;
	assert_true(pop3_status_parse(BYTES_LIT("+OK ready"), &s));
	assert_true(s.is_ok);
	assert_bytes_equal_str(s.text, "ready");
	assert_true(pop3_status_parse(BYTES_LIT("-ERR [IN-USE] somebody else"), &s));
	assert_false(s.is_ok);
	assert_bytes_equal_str(s.code, "IN-USE");
	assert_bytes_equal_str(s.text, "somebody else");
	assert_int_equal(pop3_status_err(&s, ERR_REFUSED), ERR_BUSY);
	assert_true(pop3_status_parse(BYTES_LIT("-ERR [SYS/TEMP/x] later"), &s));
	assert_int_equal(pop3_status_err(&s, ERR_REFUSED), ERR_BUSY);
	assert_true(pop3_status_parse(BYTES_LIT("-err [AUTH] no"), &s));
	assert_int_equal(pop3_status_err(&s, ERR_REFUSED), ERR_AUTH);
	assert_true(pop3_status_parse(BYTES_LIT("-ERR"), &s));
	assert_int_equal(pop3_status_err(&s, ERR_REFUSED), ERR_REFUSED);
	assert_true(pop3_status_parse(BYTES_LIT("+ PDE+"), &s));
	assert_true(s.is_continuation);
	assert_bytes_equal_str(s.text, "PDE+");
	assert_false(pop3_status_parse(BYTES_LIT("* OK imap"), &s));
	assert_false(pop3_status_parse(BYTES_LIT(""), &s));
}

static void only_a_real_timestamp_offers_apop(void **state)
{
	(void)state;
	assert_bytes_equal_str(pop3_greeting_timestamp(BYTES_LIT("hi <1896.69@dbc.mtview.ca.us>")),
			       "<1896.69@dbc.mtview.ca.us>");
	assert_true(bytes_is_null(pop3_greeting_timestamp(BYTES_LIT("hi <there>"))));
	assert_true(bytes_is_null(pop3_greeting_timestamp(BYTES_LIT("hi <@>"))));
	assert_true(bytes_is_null(pop3_greeting_timestamp(BYTES_LIT("hi <a b@c>"))));
	assert_true(bytes_is_null(pop3_greeting_timestamp(BYTES_LIT("hi 1@2"))));
}

static void capabilities_add_up(void **state)
{
	struct pop3_caps c = pop3_caps_none();
	struct bytes mechanisms;

	(void)state;
	pop3_caps_add(&c, BYTES_LIT("top"), &mechanisms);
	pop3_caps_add(&c, BYTES_LIT("LOGIN-DELAY 60 USER"), &mechanisms);
	pop3_caps_add(&c, BYTES_LIT("EXPIRE NEVER"), &mechanisms);
	pop3_caps_add(&c, BYTES_LIT("X-NEW thing"), &mechanisms);
	pop3_caps_add(&c, BYTES_LIT(""), &mechanisms);
	assert_true(bytes_is_null(mechanisms));
	pop3_caps_add(&c, BYTES_LIT("SASL PLAIN LOGIN"), &mechanisms);
	assert_bytes_equal_str(mechanisms, "PLAIN LOGIN");
	assert_true(c.top && c.has_sasl && !c.uidl);
	assert_int_equal(c.login_delay_s, 60);
	assert_true(c.expire_days == UINT64_MAX);
}

static void listings_are_numbers_and_ids(void **state)
{
	struct bytes uidl;
	uint32_t n = 0;
	uint64_t size = 0;

	(void)state;
	assert_true(pop3_listing_parse(BYTES_LIT("3 1200"), &n, &size));
	assert_int_equal(n, 3);
	assert_int_equal(size, 1200);
	assert_true(pop3_listing_parse(BYTES_LIT("3 1200 octets"), &n, &size));
	assert_false(pop3_listing_parse(BYTES_LIT("0 1200"), &n, &size));
	assert_false(pop3_listing_parse(BYTES_LIT("3"), &n, &size));
	assert_false(pop3_listing_parse(BYTES_LIT("3 -5"), &n, &size));
	assert_true(pop3_uidl_parse(BYTES_LIT("2 QhdPYR:00WBw1Ph7x7"), &n, &uidl));
	assert_bytes_equal_str(uidl, "QhdPYR:00WBw1Ph7x7");
	assert_false(pop3_uidl_parse(BYTES_LIT("2 \x01"), &n, &uidl));
	assert_false(pop3_uidl_parse(BYTES_LIT("2 "), &n, &uidl));
	assert_true(pop3_stat_parse(BYTES_LIT("0 0"), &n, &size));
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_lines_have_codes),
		cmocka_unit_test(only_a_real_timestamp_offers_apop),
		cmocka_unit_test(capabilities_add_up),
		cmocka_unit_test(listings_are_numbers_and_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
