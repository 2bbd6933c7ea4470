#include "kit.h"

static struct op *list(struct kit *k, struct account *a, struct call call, struct answer *to)
{
	to->kit = k;
	return KIT_START(account_list_folders(a, call, kit_on_folders, to));
}

static struct answer login(struct kit *k, const char *user, const char *password)
{
	struct credentials c = kit_credentials(user, password);
	struct answer a = { .kit = k };

	assert_non_null(
		KIT_START(account_login(k->hub, kit_call(k), &k->where, &c, kit_on_account, &a)));
	kit_wait(k, &a.done);
	return a;
}

static void let_pass(struct kit *k, uint64_t ms)
{
	for (uint64_t end = clock_monotonic_ms() + ms; clock_monotonic_ms() < end;)
		loop_turn(k->loop, 1);
}

static void begin(struct kit *k, unsigned sessions)
{
	kit_init(k);
	k->limits.sessions_per_account = sessions;
	kit_start(k);
}

static void end(struct kit *k, struct account *a)
{
	account_unref(a);
	kit_turn(k, 3);
	kit_done(k);
}

/* --- logging in ------------------------------------------------------- */

static void a_login_is_verified_once_and_then_believed(void **state)
{
	struct kit k;
	struct answer first, second;

	(void)state;
	begin(&k, 3);
	first = login(&k, KIT_USER, KIT_PASSWORD);
	second = login(&k, KIT_USER, KIT_PASSWORD);
	assert_ptr_equal(first.account, second.account);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 1);
	assert_bytes_equal_str(account_username(first.account), KIT_USER);
	account_unref(second.account);
	end(&k, first.account);
}

static void a_verified_login_is_verified_again_when_its_time_is_over(void **state)
{
	struct kit k;
	struct answer first, second;

	(void)state;
	kit_init(&k);
	k.limits.credentials_ttl_ms = 1;
	k.limits.sessions_per_account = 1;
	kit_start(&k);
	first = login(&k, KIT_USER, KIT_PASSWORD);
	let_pass(&k, 5);
	second = login(&k, KIT_USER, KIT_PASSWORD);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 2);
	assert_int_equal(fake_sessions_open(k.server), 1);
	account_unref(second.account);
	end(&k, first.account);
}

static void a_wrong_password_never_rides_an_open_session(void **state)
{
	struct kit k;
	struct answer right, wrong;

	(void)state;
	begin(&k, 3);
	right = login(&k, KIT_USER, KIT_PASSWORD);
	wrong = login(&k, KIT_USER, "guess");
	assert_int_equal(wrong.fault.err, ERR_AUTH);
	assert_string_equal(wrong.fault.code, "AUTHENTICATIONFAILED");
	assert_string_equal(wrong.fault.protocol, "imap");
	wrong = login(&k, KIT_USER, "");
	assert_int_equal(wrong.fault.err, ERR_AUTH);
	end(&k, right.account);
}

static void parts_of_credentials_cannot_be_shifted_into_each_other(void **state)
{
	struct kit k;
	struct answer right, wrong;

	(void)state;
	begin(&k, 3);
	fake_add_user(k.server, "ab", "cd", NULL);
	right = login(&k, "ab", "cd");
	assert_non_null(right.account);
	wrong = login(&k, "abc", "d");
	assert_int_equal(wrong.fault.err, ERR_AUTH);
	wrong = login(&k, "a", "bcd");
	assert_int_equal(wrong.fault.err, ERR_AUTH);
	end(&k, right.account);
}

static void logins_of_one_user_at_the_same_time_share_one(void **state)
{
	struct kit k;
	struct credentials c = kit_credentials(KIT_USER, KIT_PASSWORD);
	struct answer answers[10] = { 0 };

	(void)state;
	begin(&k, 3);
	for (size_t i = 0; i < 10; i++)
		KIT_START(account_login(k.hub, kit_call(&k), &k.where, &c, kit_on_account,
					&answers[i]));
	for (size_t i = 0; i < 10; i++) {
		kit_wait(&k, &answers[i].done);
		assert_ptr_equal(answers[i].account, answers[0].account);
	}
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 1);
	for (size_t i = 1; i < 10; i++)
		account_unref(answers[i].account);
	end(&k, answers[0].account);
}

static void an_account_that_was_got_hears_of_a_refusal_with_its_first_call(void **state)
{
	struct kit k;
	struct credentials c = kit_credentials(KIT_USER, "old");
	struct answer got = { 0 };
	struct account *a;

	(void)state;
	begin(&k, 3);
	a = account_get(k.hub, &k.where, &c);
	list(&k, a, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_AUTH);
	end(&k, a);
}

static void guessed_passwords_leave_nothing_behind(void **state)
{
	struct kit k;
	struct answer in;

	(void)state;
	kit_init(&k);
	k.limits.accounts_max = 2;
	kit_start(&k);
	in = login(&k, KIT_USER, KIT_PASSWORD);
	account_unref(in.account);
	for (int i = 0; i < 20; i++) {
		char guess[16];

		snprintf(guess, sizeof guess, "guess%d", i);
		assert_int_equal(login(&k, KIT_USER, guess).fault.err, ERR_AUTH);
	}
	kit_turn(&k, 3);
	assert_int_equal(account_hub_stats(k.hub).accounts, 1);
	assert_int_equal(fake_sessions_open(k.server), 1);
	kit_done(&k);
}

static void the_account_longest_unused_makes_room_but_none_that_is_in_use(void **state)
{
	struct kit k;
	struct answer a, b, c;

	(void)state;
	kit_init(&k);
	k.limits.accounts_max = 2;
	kit_start(&k);
	fake_add_user(k.server, "b", "pb", NULL);
	fake_add_user(k.server, "c", "pc", NULL);
	a = login(&k, KIT_USER, KIT_PASSWORD);
	b = login(&k, "b", "pb");
	c = login(&k, "c", "pc");
	assert_int_equal(c.fault.err, ERR_BUSY);
	account_unref(a.account);
	c = login(&k, "c", "pc");
	assert_non_null(c.account);
	kit_turn(&k, 3);
	assert_int_equal(account_hub_stats(k.hub).accounts, 2);
	account_unref(b.account);
	end(&k, c.account);
}

static void credentials_that_are_revoked_lose_what_they_opened(void **state)
{
	struct answer in, again, got = { 0 };
	unsigned opens;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.credentials_ttl_ms = 1;
	kit_start(&k);
	in = login(&k, KIT_USER, KIT_PASSWORD);
	list(&k, in.account, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	fake_add_user(k.server, KIT_USER, "changed", NULL);
	let_pass(&k, 5);
	again = login(&k, KIT_USER, KIT_PASSWORD);
	assert_int_equal(again.fault.err, ERR_AUTH);
	assert_int_equal(fake_sessions_open(k.server), 0);
	/* The server is not asked again so soon. */
	opens = fake_calls(k.server, MAIL_OPEN);
	got = (struct answer){ 0 };
	list(&k, in.account, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_AUTH);
	assert_string_equal(got.fault.code, "AUTHENTICATIONFAILED");
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), opens);
	again = login(&k, KIT_USER, "changed");
	assert_int_equal(again.fault.err, ERR_OK);
	account_unref(again.account);
	end(&k, in.account);
}

static void a_server_that_only_says_no_leaves_open_sessions_alone(void **state)
{
	struct fault no =
		fault_from_server(ERR_AUTH, "imap", BYTES_NULL, BYTES_LIT("Login failed."));
	struct answer answers[4] = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 3);
	a = kit_account(&k);
	list(&k, a, kit_call(&k), &answers[0]);
	kit_wait(&k, &answers[0].done);
	fake_fail_next(k.server, MAIL_OPEN, &no);
	fake_fail_next(k.server, MAIL_OPEN, &no);
	for (size_t i = 1; i < 4; i++)
		list(&k, a, kit_call(&k), &answers[i]);
	for (size_t i = 1; i < 4; i++) {
		kit_wait(&k, &answers[i].done);
		assert_int_equal(answers[i].fault.err, ERR_OK);
	}
	assert_int_equal(fake_sessions_open(k.server), 1);
	end(&k, a);
}

/* --- sharing sessions ------------------------------------------------- */

static void many_calls_share_few_sessions(void **state)
{
	const unsigned limits[] = { 1, 2, 3 };
	(void)state;
	for (size_t n = 0; n < 3; n++) {
		struct answer answers[40] = { 0 };
		struct account *a;
		struct kit k;

		begin(&k, limits[n]);
		a = kit_account(&k);
		for (size_t i = 0; i < 40; i++)
			list(&k, a, i % 2 ? kit_bulk_call(&k) : kit_call(&k), &answers[i]);
		for (size_t i = 0; i < 40; i++) {
			kit_wait(&k, &answers[i].done);
			assert_int_equal(answers[i].fault.err, ERR_OK);
		}
		assert_int_equal(fake_sessions_peak(k.server), limits[n]);
		end(&k, a);
	}
}

static void interactive_calls_go_before_bulk_ones(void **state)
{
	struct answer bulk[5] = { 0 }, click = { 0 };
	struct account *a;
	unsigned order = 0;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	for (size_t i = 0; i < 5; i++) {
		bulk[i].order = &order;
		list(&k, a, kit_bulk_call(&k), &bulk[i]);
	}
	click.order = &order;
	list(&k, a, kit_call(&k), &click);
	kit_wait_count(&k, &order, 6);
	assert_true(click.place <= 2); /* the first bulk call may have had the session */
	end(&k, a);
}

static void bulk_calls_leave_a_session_to_interactive_ones(void **state)
{
	struct answer bulk[5] = { 0 }, click = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 3);
	a = kit_account(&k);
	fake_hold(k.server, MAIL_LIST_FOLDERS);
	for (size_t i = 0; i < 5; i++)
		list(&k, a, kit_bulk_call(&k), &bulk[i]);
	kit_turn(&k, 20);
	assert_int_equal(fake_calls(k.server, MAIL_LIST_FOLDERS), 2);
	KIT_START(account_capabilities(a, kit_call(&k), kit_on_caps, &click));
	kit_wait(&k, &click.done);
	assert_int_equal(click.fault.err, ERR_OK);
	assert_int_equal(click.number, 1000000);
	fake_release(k.server, MAIL_LIST_FOLDERS);
	for (size_t i = 0; i < 5; i++)
		kit_wait(&k, &bulk[i].done);
	end(&k, a);
}

static void a_call_that_waits_too_long_ends_with_a_timeout(void **state)
{
	struct answer first = { 0 }, late = { 0 };
	struct account *a;
	struct call call;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	fake_hold(k.server, MAIL_LIST_FOLDERS);
	list(&k, a, kit_call(&k), &first);
	call = kit_call(&k);
	call.deadline_ms = clock_monotonic_ms() + 5;
	list(&k, a, call, &late);
	kit_wait(&k, &late.done);
	assert_int_equal(late.fault.err, ERR_TIMEOUT);
	assert_false(first.done);
	fake_release(k.server, MAIL_LIST_FOLDERS);
	kit_wait(&k, &first.done);
	assert_int_equal(first.fault.err, ERR_OK);
	end(&k, a);
}

static void too_many_waiting_calls_are_told_to_come_back(void **state)
{
	struct answer answers[5] = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.sessions_per_account = 1;
	k.limits.queue_max = 3;
	kit_start(&k);
	a = kit_account(&k);
	for (size_t i = 0; i < 5; i++)
		list(&k, a, kit_call(&k), &answers[i]);
	for (size_t i = 0; i < 5; i++)
		kit_wait(&k, &answers[i].done);
	assert_int_equal(answers[2].fault.err, ERR_OK);
	assert_int_equal(answers[3].fault.err, ERR_BUSY);
	assert_int_equal(answers[4].fault.err, ERR_BUSY);
	assert_int_equal(answers[4].fault.retry_after_s, 1);
	end(&k, a);
}

/* --- sessions that end ------------------------------------------------ */

static void list_well(struct kit *k, struct account *a)
{
	struct answer got = { 0 };

	list(k, a, kit_call(k), &got);
	kit_wait(k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
}

static void a_session_that_ended_is_replaced(void **state)
{
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	list_well(&k, a);
	fake_drop_all(k.server);
	assert_int_equal(account_hub_stats(k.hub).sessions, 0);
	list_well(&k, a);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 2);
	end(&k, a);
}

static void a_read_on_a_session_that_had_died_is_asked_again_once(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct answer got = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	list_well(&k, a);
	fake_fail_next(k.server, MAIL_LIST_FOLDERS, &lost);
	list_well(&k, a);
	assert_int_equal(fake_calls(k.server, MAIL_LIST_FOLDERS), 3);

	fake_fail_next(k.server, MAIL_LIST_FOLDERS, &lost);
	fake_fail_next(k.server, MAIL_LIST_FOLDERS, &lost);
	list(&k, a, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_NET);
	assert_int_equal(fake_calls(k.server, MAIL_LIST_FOLDERS), 5);
	end(&k, a);
}

static void a_read_that_fails_on_a_new_session_is_not_asked_again(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct answer got = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	fake_fail_next(k.server, MAIL_LIST_FOLDERS, &lost);
	list(&k, a, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_NET);
	assert_int_equal(fake_calls(k.server, MAIL_LIST_FOLDERS), 1);
	end(&k, a);
}

static void idle_sessions_are_pinged_and_then_closed(void **state)
{
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.ping_ms = 20;
	k.limits.idle_close_ms = 100;
	kit_start(&k);
	a = kit_account(&k);
	list_well(&k, a);
	while (fake_sessions_open(k.server))
		loop_turn(k.loop, 20);
	assert_true(fake_calls(k.server, MAIL_PING) >= 1);
	assert_int_equal(account_hub_stats(k.hub).sessions, 0);
	end(&k, a);
}

static void an_account_without_sessions_and_users_is_forgotten(void **state)
{
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.idle_close_ms = 20;
	kit_start(&k);
	a = kit_account(&k);
	list_well(&k, a);
	account_unref(a);
	assert_int_equal(account_hub_stats(k.hub).accounts, 1);
	while (account_hub_stats(k.hub).accounts)
		loop_turn(k.loop, 20);
	kit_done(&k);
}

/* --- servers that refuse or fail -------------------------------------- */

static void a_server_that_allows_fewer_sessions_gets_fewer(void **state)
{
	struct fault limit = fault_from_server(ERR_BUSY, "imap", BYTES_LIT("LIMIT"),
					       BYTES_LIT("Too many connections"));
	struct answer answers[10] = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 3);
	a = kit_account(&k);
	list_well(&k, a);
	fake_fail_next(k.server, MAIL_OPEN, &limit);
	fake_fail_next(k.server, MAIL_OPEN, &limit);
	for (size_t i = 0; i < 10; i++)
		list(&k, a, kit_call(&k), &answers[i]);
	for (size_t i = 0; i < 10; i++) {
		kit_wait(&k, &answers[i].done);
		assert_int_equal(answers[i].fault.err, ERR_OK);
	}
	assert_int_equal(fake_sessions_peak(k.server), 1);
	end(&k, a);
}

static void a_refused_user_with_another_password_gives_up_idle_sessions(void **state)
{
	struct fault limit = fault_from_server(ERR_BUSY, "imap", BYTES_LIT("LIMIT"),
					       BYTES_LIT("Too many connections"));
	struct credentials token = { .username = BYTES_LIT(KIT_USER),
				     .access_token = BYTES_LIT("token") };
	struct answer first, second = { 0 };
	struct kit k;

	(void)state;
	begin(&k, 3);
	fake_add_user(k.server, KIT_USER, KIT_PASSWORD, "token");
	first = login(&k, KIT_USER, KIT_PASSWORD);
	fake_fail_next(k.server, MAIL_OPEN, &limit);
	KIT_START(account_login(k.hub, kit_call(&k), &k.where, &token, kit_on_account, &second));
	kit_wait(&k, &second.done);
	assert_int_equal(second.fault.err, ERR_OK);
	assert_ptr_not_equal(first.account, second.account);
	assert_string_equal(account_id(first.account)->text, account_id(second.account)->text);
	assert_int_equal(fake_sessions_open(k.server), 1);
	account_unref(first.account);
	end(&k, second.account);
}

static void a_host_that_keeps_failing_is_left_alone(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "connection refused");
	struct answer got;
	struct kit k;

	(void)state;
	begin(&k, 1);
	for (int i = 0; i < 5; i++) {
		char user[16];

		snprintf(user, sizeof user, "user%d", i);
		fake_fail_next(k.server, MAIL_OPEN, &lost);
		got = login(&k, user, "x");
		assert_int_equal(got.fault.err, ERR_NET);
		assert_string_equal(got.fault.text, "connection refused");
	}
	got = login(&k, KIT_USER, KIT_PASSWORD);
	assert_int_equal(got.fault.err, ERR_BUSY);
	assert_in_range(got.fault.retry_after_s, 1, 60);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 5);
	k.where.incoming_key = BYTES_LIT("other.example.org:993:tls");
	got = login(&k, KIT_USER, KIT_PASSWORD);
	assert_int_equal(got.fault.err, ERR_OK);
	end(&k, got.account);
}

static void a_login_that_failed_is_tried_again_only_after_a_while(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "connection refused");
	struct answer got = { 0 };
	struct account *a;
	uint64_t start;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	fake_fail_next(k.server, MAIL_OPEN, &lost);
	list(&k, a, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_NET);
	start = clock_monotonic_ms();
	list_well(&k, a);
	assert_true(clock_monotonic_ms() - start >= 200);
	end(&k, a);
}

static void logins_to_one_host_are_few_at_the_same_time(void **state)
{
	struct answer answers[8] = { 0 };
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.logins_per_host = 2;
	kit_start(&k);
	fake_hold(k.server, MAIL_OPEN);
	for (size_t i = 0; i < 8; i++) {
		char user[16];
		struct credentials c;

		snprintf(user, sizeof user, "user%zu", i);
		fake_add_user(k.server, user, "x", NULL);
		c = kit_credentials(user, "x");
		KIT_START(account_login(k.hub, kit_call(&k), &k.where, &c, kit_on_account,
					&answers[i]));
	}
	kit_turn(&k, 5);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 2);
	fake_release(k.server, MAIL_OPEN);
	for (size_t i = 0; i < 8; i++) {
		kit_wait(&k, &answers[i].done);
		assert_int_equal(answers[i].fault.err, ERR_OK);
		account_unref(answers[i].account);
	}
	kit_done(&k);
}

static void a_maildrop_of_another_is_waited_for(void **state)
{
	struct fault in_use = fault_from_server(ERR_BUSY, "pop3", BYTES_LIT("IN-USE"), BYTES_NULL);
	struct answer got = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 1);
	a = kit_account(&k);
	fake_fail_next(k.server, MAIL_OPEN, &in_use);
	fake_fail_next(k.server, MAIL_OPEN, &in_use);
	list(&k, a, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 3);
	end(&k, a);
}

static void a_maildrop_that_stays_another_s_is_busy(void **state)
{
	struct fault in_use = fault_from_server(ERR_BUSY, "pop3", BYTES_LIT("IN-USE"), BYTES_NULL);
	struct answer got = { 0 };
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.maildrop_patience_ms = 1;
	kit_start(&k);
	a = kit_account(&k);
	for (int i = 0; i < 8; i++)
		fake_fail_next(k.server, MAIL_OPEN, &in_use);
	list(&k, a, kit_call(&k), &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_BUSY);
	assert_string_equal(got.fault.code, "IN-USE");
	assert_true(got.fault.retry_after_s > 0);
	end(&k, a);
}

/* --- giving up -------------------------------------------------------- */

static void cancelled_calls_are_not_heard_of_again(void **state)
{
	struct answer answers[6] = { 0 };
	struct op *ops[6];
	struct account *a;
	struct kit k;

	(void)state;
	begin(&k, 2);
	a = kit_account(&k);
	for (size_t i = 0; i < 6; i++)
		ops[i] = list(&k, a, kit_call(&k), &answers[i]);
	for (size_t i = 0; i < 6; i += 2)
		op_cancel(ops[i]);
	for (size_t i = 1; i < 6; i += 2)
		kit_wait(&k, &answers[i].done);
	kit_turn(&k, 10);
	for (size_t i = 0; i < 6; i += 2)
		assert_int_equal(answers[i].times, 0);
	end(&k, a);
}

static void a_hub_may_end_while_a_login_is_under_way(void **state)
{
	struct credentials c = kit_credentials(KIT_USER, KIT_PASSWORD);
	struct answer got = { 0 };
	struct op *op;
	struct kit k;

	(void)state;
	begin(&k, 2);
	fake_hold(k.server, MAIL_OPEN);
	op = KIT_START(account_login(k.hub, kit_call(&k), &k.where, &c, kit_on_account, &got));
	kit_turn(&k, 3);
	op_cancel(op);
	kit_done(&k);
	assert_int_equal(got.times, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_verified_once_and_then_believed),
		cmocka_unit_test(a_verified_login_is_verified_again_when_its_time_is_over),
		cmocka_unit_test(a_wrong_password_never_rides_an_open_session),
		cmocka_unit_test(parts_of_credentials_cannot_be_shifted_into_each_other),
		cmocka_unit_test(logins_of_one_user_at_the_same_time_share_one),
		cmocka_unit_test(an_account_that_was_got_hears_of_a_refusal_with_its_first_call),
		cmocka_unit_test(guessed_passwords_leave_nothing_behind),
		cmocka_unit_test(the_account_longest_unused_makes_room_but_none_that_is_in_use),
		cmocka_unit_test(credentials_that_are_revoked_lose_what_they_opened),
		cmocka_unit_test(a_server_that_only_says_no_leaves_open_sessions_alone),
		cmocka_unit_test(many_calls_share_few_sessions),
		cmocka_unit_test(interactive_calls_go_before_bulk_ones),
		cmocka_unit_test(bulk_calls_leave_a_session_to_interactive_ones),
		cmocka_unit_test(a_call_that_waits_too_long_ends_with_a_timeout),
		cmocka_unit_test(too_many_waiting_calls_are_told_to_come_back),
		cmocka_unit_test(a_session_that_ended_is_replaced),
		cmocka_unit_test(a_read_on_a_session_that_had_died_is_asked_again_once),
		cmocka_unit_test(a_read_that_fails_on_a_new_session_is_not_asked_again),
		cmocka_unit_test(idle_sessions_are_pinged_and_then_closed),
		cmocka_unit_test(an_account_without_sessions_and_users_is_forgotten),
		cmocka_unit_test(a_server_that_allows_fewer_sessions_gets_fewer),
		cmocka_unit_test(a_refused_user_with_another_password_gives_up_idle_sessions),
		cmocka_unit_test(a_host_that_keeps_failing_is_left_alone),
		cmocka_unit_test(a_login_that_failed_is_tried_again_only_after_a_while),
		cmocka_unit_test(logins_to_one_host_are_few_at_the_same_time),
		cmocka_unit_test(a_maildrop_of_another_is_waited_for),
		cmocka_unit_test(a_maildrop_that_stays_another_s_is_busy),
		cmocka_unit_test(cancelled_calls_are_not_heard_of_again),
		cmocka_unit_test(a_hub_may_end_while_a_login_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
