/* The fake keeps the contract of every mail store, and its script does what it says. */
#include "cmocka_all.h"

#include "base/clock.h"
#include "mailstore/fake.h"
#include "mailstore_contract.h"
#include "net/loop.h"

static struct mailstore *connect_fake(void *ctx)
{
	return fake_server_connect(ctx);
}

struct caller {
	struct loop *loop;
	struct fake_server *server;
	struct mailstore *ms;
	struct arena *mem;
	unsigned answers, ends;
	struct fault fault;
	struct change_result change;
};

static void on_done(void *ctx, const struct fault *fault)
{
	struct caller *c = ctx;

	c->answers++;
	c->fault = fault ? *fault : fault_of(ERR_OK);
}

static void on_end(void *ctx, const struct fault *fault)
{
	struct caller *c = ctx;

	(void)fault;
	c->ends++;
}

static void on_changes(void *ctx, const struct fault *fault, const struct change_result *results,
		       size_t count)
{
	struct caller *c = ctx;

	on_done(ctx, fault);
	if (count)
		c->change = results[0];
}

static struct call call_of(struct caller *c, uint64_t timeout_ms)
{
	return (struct call){ .mem = c->mem, .deadline_ms = clock_monotonic_ms() + timeout_ms };
}

static void run_until(struct caller *c, unsigned answers)
{
	while (c->answers < answers)
		loop_turn(c->loop, 100);
}

static void begin(struct caller *c)
{
	struct credentials who = { .username = BYTES_LIT("alice"),
				   .password = BYTES_LIT("secret") };

	*c = (struct caller){ .loop = loop_new(), .mem = arena_new(1 << 20) };
	c->server = fake_server_new(c->loop);
	fake_add_user(c->server, "alice", "secret", NULL);
	c->ms = fake_server_connect(c->server);
	mailstore_on_end(c->ms, on_end, c);
	(void)mailstore_open(c->ms, call_of(c, 5000), &who, on_done, c);
	run_until(c, 1);
	assert_int_equal(c->fault.err, ERR_OK);
}

static void end(struct caller *c)
{
	mailstore_free(c->ms);
	fake_server_free(c->server);
	arena_free(c->mem);
	loop_free(c->loop);
}

static void scripted_faults_come_once(void **state)
{
	struct fault busy = fault_of(ERR_BUSY), net = fault_of(ERR_NET);
	struct caller c;

	(void)state;
	begin(&c);
	fake_fail_next(c.server, MAIL_PING, &busy);
	for (unsigned i = 0; i < 2; i++) {
		(void)mailstore_ping(c.ms, call_of(&c, 5000), on_done, &c);
		run_until(&c, 2 + i);
		assert_int_equal(c.fault.err, i == 0 ? ERR_BUSY : ERR_OK);
	}
	fake_fail_next(c.server, MAIL_PING, &net);
	(void)mailstore_ping(c.ms, call_of(&c, 5000), on_done, &c);
	run_until(&c, 4);
	assert_int_equal(c.fault.err, ERR_NET);
	assert_false(mailstore_is_open(c.ms));
	assert_int_equal(c.ends, 1);
	assert_int_equal(fake_calls(c.server, MAIL_PING), 3);
	end(&c);
}

static void held_calls_wait_and_time_out(void **state)
{
	struct caller c;
	struct op *op;

	(void)state;
	begin(&c);
	fake_hold(c.server, MAIL_PING);
	(void)mailstore_ping(c.ms, call_of(&c, 5000), on_done, &c);
	op = mailstore_ping(c.ms, call_of(&c, 5000), on_done, &c);
	op_cancel(op);
	loop_turn(c.loop, 1);
	assert_int_equal(c.answers, 1);
	fake_release(c.server, MAIL_PING);
	run_until(&c, 2);
	assert_int_equal(c.fault.err, ERR_OK);
	assert_int_equal(fake_cancels(c.server, MAIL_PING), 1);
	fake_hold(c.server, MAIL_PING);
	(void)mailstore_ping(c.ms, call_of(&c, 10), on_done, &c);
	run_until(&c, 3);
	assert_int_equal(c.fault.err, ERR_TIMEOUT);
	assert_false(mailstore_is_open(c.ms));
	end(&c);
}

static void a_lost_answer_hides_a_change_that_was_made(void **state)
{
	struct fault lost = fault_of(ERR_UNKNOWN);
	struct message_key key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 1 };
	struct keywords add = { .system = KEYWORD_SEEN }, none = { 0 };
	struct caller c;

	(void)state;
	begin(&c);
	key.uid = fake_add_message(c.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\ny"), "", 0);
	fake_fail_next(c.server, MAIL_SET_KEYWORDS, &lost);
	(void)mailstore_set_keywords(c.ms, call_of(&c, 5000), BYTES_LIT("INBOX"), &key, 1, &add,
				     &none, 0, on_changes, &c);
	run_until(&c, 2);
	assert_int_equal(c.fault.err, ERR_OK);
	assert_int_equal(c.change.status, CHANGE_UNKNOWN);
	assert_int_equal(c.ends, 1);
	end(&c);
}

static void all_conversations_can_be_dropped(void **state)
{
	struct caller c;

	(void)state;
	begin(&c);
	assert_int_equal(fake_sessions_open(c.server), 1);
	fake_drop_all(c.server);
	assert_int_equal(c.ends, 1);
	assert_int_equal(fake_sessions_open(c.server), 0);
	assert_int_equal(fake_sessions_peak(c.server), 1);
	end(&c);
}

struct seen {
	unsigned events[MAIL_EVENT_LOOKED + 1];
	struct op *watch;
	bool cancels;
};

static void on_event(void *ctx, const struct mail_event *ev)
{
	struct seen *s = ctx;

	s->events[ev->kind]++;
	if (s->cancels)
		op_cancel(s->watch);
}

static void on_watch_end(void *ctx, const struct fault *fault)
{
	struct seen *s = ctx;

	assert_non_null(fault);
	s->watch = NULL;
}

static void watch(struct caller *c, struct seen *s)
{
	const struct mail_watch how = { .want = MAIL_FLAGS };

	s->watch = mailstore_watch(c->ms, call_of(c, 5000), BYTES_LIT("INBOX"), &how, on_event,
				   on_watch_end, s);
	while (!fake_watching(c->server))
		loop_turn(c->loop, 100);
}

static void turn_until(struct caller *c, const unsigned *counter)
{
	while (!*counter)
		loop_turn(c->loop, 100);
}

static void a_silent_server_tells_when_it_is_asked(void **state)
{
	struct seen seen = { 0 };
	struct caller c;

	(void)state;
	begin(&c);
	watch(&c, &seen);
	fake_set_silent(c.server, true);
	(void)fake_add_message(c.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\ny"), "", 0);
	(void)mailstore_ping(c.ms, call_of(&c, 5000), on_done, &c); /* waits for the watch */
	for (unsigned i = 0; i < 10; i++)
		loop_turn(c.loop, 1);
	assert_int_equal(seen.events[MAIL_EVENT_NEW], 0);
	op_resume(seen.watch);
	turn_until(&c, &seen.events[MAIL_EVENT_LOOKED]);
	assert_int_equal(seen.events[MAIL_EVENT_NEW], 1);
	op_cancel(seen.watch);
	run_until(&c, 2);
	assert_int_equal(fake_watching(c.server), 0);
	end(&c);
}

static void a_held_watch_is_not_answered(void **state)
{
	struct seen seen = { 0 };
	struct caller c;

	(void)state;
	begin(&c);
	watch(&c, &seen);
	fake_hold(c.server, MAIL_WATCH);
	(void)fake_add_message(c.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\ny"), "", 0);
	op_resume(seen.watch);
	for (unsigned i = 0; i < 10; i++)
		loop_turn(c.loop, 1);
	assert_int_equal(seen.events[MAIL_EVENT_NEW] + seen.events[MAIL_EVENT_LOOKED], 0);
	fake_release(c.server, MAIL_WATCH);
	turn_until(&c, &seen.events[MAIL_EVENT_LOOKED]);
	assert_int_equal(seen.events[MAIL_EVENT_NEW], 1);
	op_cancel(seen.watch);
	end(&c);
}

static void watches_are_ended_and_overflow_by_script(void **state)
{
	struct fault refused = fault_of(ERR_BUSY), net = fault_of(ERR_NET);
	struct seen seen = { 0 };
	struct caller c;

	(void)state;
	begin(&c);
	watch(&c, &seen);
	fake_overflow(c.server);
	turn_until(&c, &seen.events[MAIL_EVENT_LOST]);
	fake_end_watches(c.server, &refused);
	assert_null(seen.watch);
	assert_true(mailstore_is_open(c.ms));
	watch(&c, &seen);
	fake_set_uidvalidity(c.server, "INBOX", 77);
	seen.cancels = true; /* by the receiver of an event */
	seen.events[MAIL_EVENT_LOST] = 0;
	turn_until(&c, &seen.events[MAIL_EVENT_LOST]);
	assert_int_equal(fake_watching(c.server), 0);
	assert_int_equal(fake_cancels(c.server, MAIL_WATCH), 1);
	watch(&c, &seen);
	fake_end_watches(c.server, &net);
	assert_null(seen.watch);
	assert_int_equal(c.ends, 1);
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripted_faults_come_once),
		cmocka_unit_test(held_calls_wait_and_time_out),
		cmocka_unit_test(a_lost_answer_hides_a_change_that_was_made),
		cmocka_unit_test(all_conversations_can_be_dropped),
		cmocka_unit_test(a_silent_server_tells_when_it_is_asked),
		cmocka_unit_test(a_held_watch_is_not_answered),
		cmocka_unit_test(watches_are_ended_and_overflow_by_script),
	};
	struct loop *loop = loop_new();
	struct fake_server *server = fake_server_new(loop);
	struct contract contract = { .loop = loop,
				     .connect = connect_fake,
				     .ctx = server,
				     .username = "alice",
				     .password = "secret",
				     .is_fake = true };
	int failed;

	fake_add_user(server, "alice", "secret", NULL);
	failed = mailstore_contract_run(&contract);
	fake_server_free(server);
	loop_free(loop);
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
