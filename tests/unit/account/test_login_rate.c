/* How many logins one host gets in a minute, and who is next. */
#include "account/host.h"
#include "kit.h"

#define SECOND_US UINT64_C(1000000)

/* --- the bucket, with a clock of its own ------------------------------ */

static unsigned take_all(struct rate *r, uint64_t now_us)
{
	unsigned n = 0;

	for (; rate_wait_us(r, now_us) == 0 && n < 1000; n++)
		rate_take(r, now_us);
	return n;
}

static void a_bucket_gives_its_burst_and_then_one_per_interval(void **state)
{
	struct rate r = rate_of(30, 5);
	uint64_t now = 77 * SECOND_US;

	(void)state;
	assert_true(rate_is_full(&r, now));
	assert_int_equal(take_all(&r, now), 5);
	assert_int_equal(rate_wait_us(&r, now), 2 * SECOND_US);
	assert_int_equal(rate_wait_us(&r, now + 2 * SECOND_US - 1), 1);
	assert_int_equal(take_all(&r, now + 2 * SECOND_US), 1);
	assert_int_equal(take_all(&r, now + 7 * SECOND_US), 2);
	assert_false(rate_is_full(&r, now + 15 * SECOND_US));
	assert_true(rate_is_full(&r, now + 16 * SECOND_US));
	/* However long nobody came, it holds no more than it can. */
	assert_int_equal(take_all(&r, now + 3600 * SECOND_US), 5);
}

static void over_any_time_no_more_than_rate_and_burst_pass(void **state)
{
	struct rate r = rate_of(600, 3);
	uint64_t now = 1;
	unsigned passed = 0;

	(void)state;
	/* Steps that fit no interval. */
	for (; now < 60 * SECOND_US; now += 7919)
		passed += take_all(&r, now);
	/* A second's worth is more than the burst asked for. */
	assert_in_range(passed, 600, 600 + 10);
}

static void without_a_rate_nothing_waits(void **state)
{
	struct rate r = rate_of(0, 0);

	(void)state;
	assert_int_equal(take_all(&r, 5), 1000);
	assert_true(rate_is_full(&r, 5));
}

/* --- those in line ----------------------------------------------------- */

struct caller {
	struct host_waiter waiter;
	struct host *host;
	char name;
	char *order; /* names of those who were let in are added here */
};

static enum host_answer begin_login(struct caller *c)
{
	uint64_t wait_ms;

	return host_login_begin(c->host, &c->waiter, &wait_ms);
}

static void on_turn(struct host_waiter *w)
{
	struct caller *c = (struct caller *)w;

	if (begin_login(c) != HOST_GO)
		return;
	c->order[strlen(c->order)] = c->name;
	host_login_end(c->host, ERR_OK);
}

/* Time passes at once: there is a token now, and from now on they come fast. */
static void refill(struct host *h)
{
	h->rate.full_at_us = 0;
	h->rate.interval_us = 1000;
	assert_true(loop_timer_start(h->loop, &h->refill, 0));
}

static void who_comes_later_overtakes_nobody(void **state)
{
	char order[8] = "";
	struct hosts all = { .loop = loop_new(), .logins_max = 1 };
	struct host *h = hosts_take(&all, BYTES_LIT("mail.example.org:993:tls"));
	struct caller callers[4];

	(void)state;
	h->rate = (struct rate){ .interval_us = 60 * SECOND_US, .burst = 1 };
	for (size_t i = 0; i < 4; i++)
		callers[i] = (struct caller){ { .go = on_turn }, h, (char)('A' + i), order };
	assert_int_equal(begin_login(&callers[0]), HOST_GO);
	host_login_end(h, ERR_OK);
	assert_int_equal(begin_login(&callers[1]), HOST_WAIT);
	assert_int_equal(begin_login(&callers[2]), HOST_WAIT);
	refill(h);
	/* There is a token, but not for D. */
	assert_int_equal(begin_login(&callers[3]), HOST_WAIT);
	while (strlen(order) < 3)
		loop_turn(all.loop, 100);
	assert_string_equal(order, "BCD");
	hosts_drop(&all, h);
	hosts_done(&all);
	loop_free(all.loop);
}

static void who_leaves_the_line_holds_nobody_up(void **state)
{
	char order[8] = "";
	struct hosts all = { .loop = loop_new(), .logins_max = 1 };
	struct host *h = hosts_take(&all, BYTES_LIT("mail.example.org:993:tls"));
	struct caller first = { { .go = on_turn }, h, 'A', order };
	struct caller second = { { .go = on_turn }, h, 'B', order };

	(void)state;
	h->rate = (struct rate){ .interval_us = 60 * SECOND_US, .burst = 1 };
	rate_take(&h->rate, clock_monotonic_us());
	assert_int_equal(begin_login(&first), HOST_WAIT);
	assert_int_equal(begin_login(&second), HOST_WAIT);
	host_waiter_leave(h, &first.waiter);
	refill(h);
	while (!order[0])
		loop_turn(all.loop, 100);
	assert_string_equal(order, "B");
	hosts_drop(&all, h);
	hosts_done(&all);
	loop_free(all.loop);
}

/* --- accounts ---------------------------------------------------------- */

static void start_login(struct kit *k, const char *user, const char *password, uint64_t timeout_ms,
			struct answer *to)
{
	struct credentials c = kit_credentials(user, password);
	struct call call = kit_call(k);

	if (timeout_ms)
		call.deadline_ms = clock_monotonic_ms() + timeout_ms;
	*to = (struct answer){ .kit = k };
	KIT_START(account_login(k->hub, call, &k->where, &c, kit_on_account, to));
}

static void logins_beyond_the_rate_wait_their_turn(void **state)
{
	struct answer answers[13];
	uint64_t start;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.logins_per_minute = 600; /* ten at once, then one every 100 ms */
	kit_start(&k);
	start = clock_monotonic_ms();
	for (size_t i = 0; i < 13; i++) {
		char user[16];

		snprintf(user, sizeof user, "user%zu", i);
		fake_add_user(k.server, user, "x", NULL);
		start_login(&k, user, "x", 0, &answers[i]);
	}
	for (size_t i = 0; i < 13; i++) {
		kit_wait(&k, &answers[i].done);
		assert_int_equal(answers[i].fault.err, ERR_OK);
		account_unref(answers[i].account);
	}
	assert_true(clock_monotonic_ms() - start >= 299);
	kit_done(&k);
}

static void a_login_whose_turn_does_not_come_in_time_is_told_so(void **state)
{
	struct answer got;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.logins_per_minute = k.limits.logins_per_host = 1;
	kit_start(&k);
	/* Of this account nothing remains, but that the host was asked does. */
	start_login(&k, KIT_USER, "wrong", 0, &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_AUTH);
	while (account_hub_stats(k.hub).accounts)
		loop_turn(k.loop, 20);
	start_login(&k, KIT_USER, KIT_PASSWORD, 20, &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_TIMEOUT);
	assert_int_equal(fake_calls(k.server, MAIL_OPEN), 1);
	k.where.incoming_key = BYTES_LIT("other.example.org:993:tls");
	start_login(&k, KIT_USER, KIT_PASSWORD, 0, &got);
	kit_wait(&k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	account_unref(got.account);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_gives_its_burst_and_then_one_per_interval),
		cmocka_unit_test(over_any_time_no_more_than_rate_and_burst_pass),
		cmocka_unit_test(without_a_rate_nothing_waits),
		cmocka_unit_test(who_comes_later_overtakes_nobody),
		cmocka_unit_test(who_leaves_the_line_holds_nobody_up),
		cmocka_unit_test(logins_beyond_the_rate_wait_their_turn),
		cmocka_unit_test(a_login_whose_turn_does_not_come_in_time_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
