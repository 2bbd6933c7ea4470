/* Against a real Redis. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "redis_world.h"

static void commands_are_answered_in_order(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_said said[3];
	struct call call = redis_world_call(w);

	redis_world_begin(w->link, call, "SET k one", &said[0]);
	redis_world_begin(w->link, call, "GETSET k two", &said[1]);
	redis_world_begin(w->link, call, "GET k", &said[2]);
	redis_world_until(w, said[2].told);
	assert_string_equal(said[0].text, "OK");
	assert_string_equal(said[1].text, "one");
	assert_string_equal(said[2].text, "two");
	assert_int_equal(said[0].told + said[1].told, 2);
}

static void arguments_are_any_bytes(void **test_state)
{
	struct redis_world *w = *test_state;
	const struct bytes args[] = { BYTES_LIT("SET"), bytes_of("\0\r\n", 3), BYTES_LIT("") };
	struct redis_said said = { 0 };

	redis_call(w->link, redis_world_call(w), args, 3, redis_world_on_said, &said);
	redis_world_until(w, said.told);
	assert_int_equal(redis_world_do(w, w->link, "DBSIZE").integer, 1);
	said = redis_world_do(w, w->link, "RANDOMKEY");
	assert_int_equal(said.type, REDIS_REPLY_STRING);
}

static void errors_are_refusals(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_said said;

	redis_world_do(w, w->link, "SET k text");
	said = redis_world_do(w, w->link, "LPUSH k x");
	assert_int_equal(said.err, ERR_REFUSED);
	assert_non_null(strstr(said.text, "WRONGTYPE"));
	assert_int_equal(redis_link_stats(w->link).errors, 1);
	assert_null(redis_link_trouble(w->link));
}

static void a_port_and_a_database_are_found(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l;
	char url[100];

	snprintf(url, sizeof url, "%s/3", redis_world_port_url());
	l = redis_world_link(w, url, 0);
	redis_world_until(w, redis_link_is_up(l));
	redis_world_do(w, l, "SET k three");
	assert_int_equal(redis_world_do(w, w->link, "GET k").type, REDIS_REPLY_NIL);
	assert_string_equal(redis_world_do(w, l, "GET k").text, "three");
	redis_link_free(l);
}

static void a_name_is_looked_up(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l;
	char url[100];

	snprintf(url, sizeof url, "redis://localhost:%s", getenv("MAILBRIDGE_REDIS_PORT"));
	l = redis_world_link(w, url, 0);
	redis_world_until(w, redis_link_is_up(l));
	redis_link_free(l);
}

static void the_user_of_the_url_logs_in(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *good, *bad, *none;
	char url[300];
	const char *socket = redis_world_socket_url() + strlen("unix://");

	redis_world_do(w, w->link, "ACL SETUSER ada on >p@ss ~* &* +@all");
	redis_world_do(w, w->link, "ACL SETUSER default resetpass");
	snprintf(url, sizeof url, "unix://ada:p%%40ss@%s", socket);
	good = redis_world_link(w, url, 0);
	snprintf(url, sizeof url, "unix://ada:wrong@%s", socket);
	bad = redis_world_link(w, url, 0);
	none = redis_world_link(w, redis_world_socket_url(), 0);
	redis_world_until(w, redis_link_is_up(good));
	assert_string_equal(redis_world_do(w, good, "ACL WHOAMI").text, "ada");
	redis_world_until(w, strstr(redis_link_trouble(bad), "password"));
	assert_string_equal(redis_link_trouble(bad), "Redis refuses the user name or password");
	redis_world_until(w, strstr(redis_link_trouble(none), "password"));
	assert_string_equal(redis_link_trouble(none), "Redis wants a password");
	/* And once it is let in, it is in. */
	redis_world_do(w, w->link, "ACL SETUSER default nopass");
	redis_world_do(w, w->link, "ACL SETUSER ada >wrong");
	redis_world_until(w, redis_link_is_up(none) && redis_link_is_up(bad));
	assert_null(redis_link_trouble(bad));
	redis_world_do(w, w->link, "ACL DELUSER ada");
	redis_link_free(good);
	redis_link_free(bad);
	redis_link_free(none);
}

static void who_may_not_use_info_is_told_so(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l;
	char url[300];

	redis_world_do(w, w->link, "ACL SETUSER ada on >secret ~* &* +@all -info -keys");
	snprintf(url, sizeof url, "unix://ada:secret@%s", redis_world_socket_url() + 7);
	l = redis_world_link(w, url, 0);
	redis_world_until(w, redis_link_is_up(l));
	assert_non_null(strstr(redis_link_trouble(l), "INFO"));
	assert_int_equal(redis_world_do(w, l, "KEYS *").err, ERR_REFUSED);
	assert_non_null(strstr(redis_link_trouble(l), "NOPERM"));
	redis_world_do(w, w->link, "ACL DELUSER ada");
	redis_link_free(l);
}

static void a_policy_that_forgets_is_reported(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l;

	redis_world_do(w, w->link, "CONFIG SET maxmemory-policy allkeys-lru");
	l = redis_world_link(w, redis_world_socket_url(), 0);
	redis_world_until(w, redis_link_is_up(l));
	assert_non_null(strstr(redis_link_trouble(l), "allkeys-lru"));
	redis_world_do(w, w->link, "CONFIG SET maxmemory-policy noeviction");
	redis_link_free(l);
}

static void a_full_memory_is_reported(void **test_state)
{
	struct redis_world *w = *test_state;

	redis_world_do(w, w->link, "CONFIG SET maxmemory 1");
	assert_int_equal(redis_world_do(w, w->link, "SET k v").err, ERR_REFUSED);
	assert_string_equal(redis_link_trouble(w->link), "Redis is out of memory");
	redis_world_do(w, w->link, "CONFIG SET maxmemory 0");
}

/* --- time --- */

static void a_deadline_ends_one_call_only(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_said late, next;
	struct call call = redis_world_call(w);

	call.deadline_ms = clock_monotonic_ms() + 20;
	redis_world_begin(w->link, call, "BLPOP empty 0.2", &late);
	redis_world_begin(w->link, redis_world_call(w), "ECHO next", &next);
	redis_world_until(w, late.told);
	assert_int_equal(late.err, ERR_TIMEOUT);
	assert_int_equal(next.told, 0);
	redis_world_until(w, next.told);
	assert_string_equal(next.text, "next");
	assert_int_equal(late.told, 1);
	assert_int_equal(redis_link_stats(w->link).reconnects, 1);
}

static void a_cancelled_call_does_not_tell(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_said gone, next;

	op_cancel(redis_world_begin(w->link, redis_world_call(w), "ECHO gone", &gone));
	next = redis_world_do(w, w->link, "ECHO next");
	assert_string_equal(next.text, "next");
	assert_int_equal(gone.told, 0);
	assert_int_equal(redis_link_stats(w->link).under_way, 0);
}

struct user {
	struct redis_link_user u;
	struct redis_said *watched; /* must have ended when it goes down */
	int ups, downs;
};

static void on_up(struct redis_link_user *u)
{
	((struct user *)u)->ups++;
}

static void on_down(struct redis_link_user *u)
{
	struct user *user = (struct user *)u;

	user->downs++;
	if (user->watched)
		assert_int_equal(user->watched->told, 1);
}

static void silence_is_noticed_while_it_is_asked(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l = redis_world_link(w, redis_world_socket_url(), 100);
	struct redis_said said, down;
	struct user user = { .u = { on_up, on_down }, .watched = &said };

	redis_link_join(l, &user.u);
	redis_world_until(w, user.ups == 1);
	redis_world_pause();
	redis_world_begin(l, redis_world_call(w), "ECHO x", &said);
	redis_world_until(w, user.downs == 1);
	assert_int_equal(said.err, ERR_TIMEOUT);
	assert_string_equal(redis_link_trouble(l), "Redis does not answer");
	down = redis_world_do(w, l, "ECHO x");
	assert_int_equal(down.err, ERR_NET);
	redis_world_resume();
	redis_world_until(w, user.ups == 2);
	assert_string_equal(redis_world_do(w, l, "ECHO y").text, "y");
	assert_null(redis_link_trouble(l));
	redis_link_free(l);
}

static void silence_is_noticed_while_nothing_is_asked(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l = redis_world_link(w, redis_world_port_url(), 100);
	uint64_t commands;

	redis_world_until(w, redis_link_is_up(l));
	commands = redis_link_stats(l).replies;
	redis_world_until(w, redis_link_stats(l).replies > commands + 1); /* it is pinged */
	assert_true(redis_link_stats(l).round_trip_us > 0);
	redis_world_pause();
	redis_world_until(w, !redis_link_is_up(l));
	redis_world_resume();
	redis_world_until(w, redis_link_is_up(l));
	redis_link_free(l);
}

/* --- loss --- */

static void what_was_under_way_ends_with_the_connection(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l = redis_world_link(w, redis_world_port_url(), 0);
	struct redis_said said, after;
	struct user user = { .u = { on_up, on_down }, .watched = &said }, gone = user;

	redis_link_join(l, &user.u);
	redis_link_join(l, &gone.u);
	redis_world_until(w, user.ups == 1 && gone.ups == 1);
	redis_link_leave(&gone.u);
	redis_link_leave(&gone.u); /* does no harm */
	redis_world_begin(l, redis_world_call(w), "BLPOP empty 0", &said);
	redis_world_begin(l, redis_world_call(w), "ECHO after", &after);
	redis_world_do(w, w->link, "CLIENT KILL TYPE normal SKIPME yes");
	redis_world_until(w, user.downs == 1);
	assert_int_equal(said.err, ERR_NET);
	assert_int_equal(after.err, ERR_NET);
	redis_world_until(w, user.ups == 2);
	assert_string_equal(redis_world_do(w, l, "ECHO again").text, "again");
	assert_int_equal(gone.downs, 0);
	assert_int_equal(redis_link_stats(l).reconnects, 2);
	redis_link_free(l);
}

static void a_restart_is_survived(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_said said;

	redis_world_stop();
	redis_world_until(w, !redis_link_is_up(w->link));
	assert_non_null(redis_link_trouble(w->link));
	said = redis_world_do(w, w->link, "ECHO x");
	assert_int_equal(said.err, ERR_NET);
	redis_world_start();
	redis_world_until(w, redis_link_is_up(w->link));
	assert_string_equal(redis_world_do(w, w->link, "ECHO x").text, "x");
}

static void freeing_the_link_ends_what_is_under_way(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l = redis_world_link(w, redis_world_socket_url(), 0);
	struct redis_said said, refused;

	redis_world_until(w, redis_link_is_up(l));
	redis_world_begin(l, redis_world_call(w), "ECHO x", &said);
	redis_link_free(l);
	l = redis_world_link(w, redis_world_socket_url(), 0);
	redis_world_begin(l, redis_world_call(w), "ECHO x", &refused); /* not yet up */
	redis_link_free(l);
	redis_world_do(w, w->link, "ECHO y");
	assert_int_equal(said.told + refused.told, 0);
}

static void on_said_free(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_link **l = ctx;

	(void)err;
	(void)reply;
	redis_link_free(*l);
	*l = NULL;
}

static void a_callback_may_free_the_link(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l = redis_world_link(w, redis_world_socket_url(), 100);
	const struct bytes ping = BYTES_LIT("PING");
	struct redis_said never;

	redis_call(l, redis_world_call(w), &ping, 1, on_said_free, &l); /* refused */
	redis_world_until(w, !l);
	l = redis_world_link(w, redis_world_socket_url(), 100);
	redis_world_until(w, redis_link_is_up(l));
	redis_call(l, redis_world_call(w), &ping, 1, on_said_free, &l); /* answered */
	redis_world_begin(l, redis_world_call(w), "PING", &never);
	redis_world_until(w, !l);
	l = redis_world_link(w, redis_world_socket_url(), 100);
	redis_world_until(w, redis_link_is_up(l));
	redis_world_pause();
	redis_call(l, redis_world_call(w), &ping, 1, on_said_free, &l); /* lost */
	redis_world_begin(l, redis_world_call(w), "PING", &never);
	redis_world_until(w, !l);
	redis_world_resume();
	assert_int_equal(never.told, 0);
}

static void what_was_told_last_still_arrives(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_link *l = redis_world_link(w, redis_world_port_url(), 0);
	const struct bytes args[] = { BYTES_LIT("SET"), BYTES_LIT("k"), BYTES_LIT("last") };
	struct redis_said said = { 0 };

	redis_world_until(w, redis_link_is_up(l));
	redis_tell(l, args, 3);
	redis_link_free(l);
	for (int i = 0; i < REDIS_TURNS_MAX && !said.text[0]; i++)
		said = redis_world_do(w, w->link, "GET k");
	assert_string_equal(said.text, "last");
}

/* --- bounds --- */

static void more_commands_than_allowed_are_refused(void **test_state)
{
	struct redis_world *w = *test_state;
	static struct redis_said said[110];
	int busy = 0, good = 0;

	for (int i = 0; i < 110; i++)
		redis_world_begin(w->link, redis_world_call(w), "ECHO x", &said[i]);
	redis_world_until(w, redis_link_stats(w->link).under_way == 0);
	for (int i = 0; i < 110; i++) {
		assert_int_equal(said[i].told, 1);
		busy += said[i].err == ERR_BUSY;
		good += said[i].err == ERR_OK;
	}
	assert_int_equal(good + busy, 110);
	assert_in_range(busy, 10, 20); /* a PING or two may be under way */
	assert_string_equal(redis_world_do(w, w->link, "ECHO x").text, "x");
}

static void more_bytes_than_allowed_are_refused(void **test_state)
{
	struct redis_world *w = *test_state;
	static char large[700 * 1024], larger[1100 * 1024];
	struct bytes args[] = { BYTES_LIT("SET"), BYTES_LIT("k"), bytes_of(large, sizeof large) };
	struct redis_said said[3] = { 0 };

	redis_call(w->link, redis_world_call(w), args, 3, redis_world_on_said, &said[0]);
	redis_call(w->link, redis_world_call(w), args, 3, redis_world_on_said, &said[1]);
	args[2] = bytes_of(larger, sizeof larger);
	redis_call(w->link, redis_world_call(w), args, 3, redis_world_on_said, &said[2]);
	for (int i = 0; i < 3; i++)
		redis_world_until(w, said[i].told);
	assert_int_equal(said[0].err, ERR_OK);
	assert_int_equal(said[1].err, ERR_BUSY);
	assert_int_equal(said[2].err, ERR_TOO_BIG);
	assert_int_equal(redis_world_do(w, w->link, "STRLEN k").integer, sizeof large);
}

/* --- scripts --- */

static struct redis_script append_script = {
	.text = "redis.call('APPEND', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])",
};

static void begin_append(struct redis_world *w, const char *text, struct redis_said *ret)
{
	struct bytes key = BYTES_LIT("k"), arg = bytes_of_str(text);

	*ret = (struct redis_said){ 0 };
	redis_eval(w->link, redis_world_call(w), &append_script, &key, 1, &arg, 1,
		   redis_world_on_said, ret);
}

static struct redis_said append(struct redis_world *w, const char *text)
{
	struct redis_said said;

	begin_append(w, text, &said);
	redis_world_until(w, said.told);
	return said;
}

static void scripts_are_sent_whole_once(void **test_state)
{
	struct redis_world *w = *test_state;
	uint64_t before = redis_link_stats(w->link).bytes_sent, first, second;

	assert_string_equal(append(w, "a").text, "a");
	first = redis_link_stats(w->link).bytes_sent - before;
	before += first;
	assert_string_equal(append(w, "b").text, "ab");
	second = redis_link_stats(w->link).bytes_sent - before;
	assert_true(first > second);
}

static void a_forgotten_script_is_sent_again(void **test_state)
{
	struct redis_world *w = *test_state;

	append(w, "a");
	redis_world_do(w, w->link, "SCRIPT FLUSH");
	assert_string_equal(append(w, "b").text, "ab");
	assert_string_equal(append(w, "c").text, "abc");
	assert_int_equal(redis_link_stats(w->link).errors, 0);
}

static void a_forgotten_script_overtakes_nothing(void **test_state)
{
	struct redis_world *w = *test_state;
	struct redis_said one, other, last;

	append(w, "a");
	redis_world_do(w, w->link, "SCRIPT FLUSH");
	begin_append(w, "b", &one);
	redis_world_begin(w->link, redis_world_call(w), "SET k x", &other);
	begin_append(w, "c", &last);
	redis_world_until(w, last.told);
	assert_int_equal(one.err, ERR_BUSY);
	assert_int_equal(other.err, ERR_OK);
	assert_string_equal(last.text, "xc");
}

static void a_new_connection_knows_no_scripts(void **test_state)
{
	struct redis_world *w = *test_state;

	append(w, "a");
	redis_world_stop();
	redis_world_until(w, !redis_link_is_up(w->link));
	redis_world_start();
	redis_world_until(w, redis_link_is_up(w->link));
	assert_string_equal(append(w, "b").text, "b");
}

#define LINK(test) cmocka_unit_test_setup_teardown(test, redis_world_set_up, redis_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK(commands_are_answered_in_order),
		LINK(arguments_are_any_bytes),
		LINK(errors_are_refusals),
		LINK(a_port_and_a_database_are_found),
		LINK(a_name_is_looked_up),
		LINK(the_user_of_the_url_logs_in),
		LINK(who_may_not_use_info_is_told_so),
		LINK(a_policy_that_forgets_is_reported),
		LINK(a_full_memory_is_reported),
		LINK(a_deadline_ends_one_call_only),
		LINK(a_cancelled_call_does_not_tell),
		LINK(silence_is_noticed_while_it_is_asked),
		LINK(silence_is_noticed_while_nothing_is_asked),
		LINK(what_was_under_way_ends_with_the_connection),
		LINK(a_restart_is_survived),
		LINK(freeing_the_link_ends_what_is_under_way),
		LINK(a_callback_may_free_the_link),
		LINK(what_was_told_last_still_arrives),
		LINK(more_commands_than_allowed_are_refused),
		LINK(more_bytes_than_allowed_are_refused),
		LINK(scripts_are_sent_whole_once),
		LINK(a_forgotten_script_is_sent_again),
		LINK(a_forgotten_script_overtakes_nothing),
		LINK(a_new_connection_knows_no_scripts),
	};

	return cmocka_run_group_tests_name("redis link", tests, NULL, NULL);
}
