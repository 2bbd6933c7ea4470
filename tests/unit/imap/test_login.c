#include "store_test.h"

static void logs_in_with_the_command_and_sends_id(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "login_command", NULL);
	assert_int_equal(store_test_open(&t), ERR_OK);
	assert_true(mailstore_is_open(t.ms));
	assert_true(mailstore_caps(t.ms)->uid_expunge);
	assert_string_equal(mailstore_caps(t.ms)->personal_prefix, "INBOX.");
	assert_int_equal(mailstore_caps(t.ms)->delimiter, '.');
	assert_true(script_is_done(t.script));
	store_test_end(&t);
}

static void enables_before_it_selects(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "login_enable", NULL);
	assert_int_equal(store_test_open(&t), ERR_OK);
	assert_int_equal(store_test_page(&t, "Entwürfe", &(struct mail_query){ .window.limit = 5 },
					 MAIL_FLAGS),
			 ERR_OK);
	assert_int_equal(t.page.total, 0);
	store_test_end(&t);
}

static void open_fails(const char *script, enum err want)
{
	struct store_test t;

	store_test_begin(&t, script, NULL);
	assert_int_equal(store_test_open(&t), want);
	assert_false(mailstore_is_open(t.ms));
	assert_false(t.has_ended);
	store_test_end(&t);
}

static void a_wrong_password_is_told_with_the_servers_code(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "login_refused", NULL);
	assert_int_equal(store_test_open(&t), ERR_AUTH);
	assert_string_equal(t.fault.code, "AUTHENTICATIONFAILED");
	assert_string_equal(t.fault.protocol, "imap");
	store_test_end(&t);
	open_fails("login_refused_no_code", ERR_AUTH);
}

static void a_server_that_is_busy_is_no_wrong_password(void **state)
{
	(void)state;
	open_fails("login_unavailable", ERR_BUSY);
	open_fails("greeting_bye", ERR_BUSY);
}

static void challenges_are_answered_and_the_server_has_to_wait_for_it(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "login_cram_md5", NULL);
	assert_int_equal(store_test_open(&t), ERR_OK);
	assert_true(script_is_done(t.script));
	store_test_end(&t);
	open_fails("login_impatient", ERR_PROTO);
	open_fails("login_hasty", ERR_PROTO);
}

static void what_is_no_imap_server_is_told_so(void **state)
{
	(void)state;
	open_fails("greeting_http", ERR_PROTO);
}

static void passwords_stay_here_when_login_is_disabled(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "logindisabled", NULL);
	assert_int_not_equal(store_test_open(&t), ERR_OK);
	store_test_end(&t);
}

static void a_silent_server_ends_at_the_deadline(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "greeting_silent", NULL);
	t.timeout_ms = 50;
	assert_int_equal(store_test_open(&t), ERR_TIMEOUT);
	store_test_end(&t);
}

static void calls_before_and_after_the_conversation_fail(void **state)
{
	struct store_test t;

	(void)state;
	store_test_begin(&t, "login_refused", NULL);
	assert_int_equal(store_test_list(&t), ERR_NET);
	assert_int_equal(store_test_open(&t), ERR_AUTH);
	assert_int_equal(store_test_list(&t), ERR_NET);
	store_test_end(&t);
}

/* Wherever the connection breaks, whoever waits is told exactly once. */
static void a_cut_at_any_byte_is_told_once(void **state)
{
	uint64_t total = 1;

	(void)state;
	for (uint64_t cut = 0; cut < total; cut++) {
		struct script_faults faults = { .is_cut = true, .cut_bytes = cut };
		struct store_test t;

		store_test_begin(&t, "login_command", &faults);
		total = script_server_bytes(t.script);
		assert_int_equal(store_test_open(&t), ERR_NET);
		loop_turn(t.loop, 0);
		assert_false(t.has_ended);
		store_test_end(&t);
	}
}

static void slices_make_no_difference(void **state)
{
	struct script_faults faults = { .slice_bytes = 1 };
	struct store_test t;

	(void)state;
	store_test_begin(&t, "login_command", &faults);
	assert_int_equal(store_test_open(&t), ERR_OK);
	store_test_end(&t);
}

static void a_login_can_be_cancelled(void **state)
{
	struct credentials c = { .username = BYTES_LIT("alice"), .password = BYTES_LIT("secret") };
	struct store_test t;
	struct op *op;

	(void)state;
	store_test_begin(&t, "greeting_silent", NULL);
	op = mailstore_open(t.ms, store_test_call(&t), &c, store_test_on_done, &t);
	store_test_settle(&t);
	op_cancel(op);
	store_test_settle(&t);
	assert_false(t.is_done);
	store_test_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_in_with_the_command_and_sends_id),
		cmocka_unit_test(enables_before_it_selects),
		cmocka_unit_test(a_wrong_password_is_told_with_the_servers_code),
		cmocka_unit_test(a_server_that_is_busy_is_no_wrong_password),
		cmocka_unit_test(challenges_are_answered_and_the_server_has_to_wait_for_it),
		cmocka_unit_test(what_is_no_imap_server_is_told_so),
		cmocka_unit_test(passwords_stay_here_when_login_is_disabled),
		cmocka_unit_test(a_silent_server_ends_at_the_deadline),
		cmocka_unit_test(calls_before_and_after_the_conversation_fail),
		cmocka_unit_test(a_cut_at_any_byte_is_told_once),
		cmocka_unit_test(slices_make_no_difference),
		cmocka_unit_test(a_login_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
