/* What a real Redis cannot be made to do: another server, or none, that says what it wants. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "peer.h"
#include "state/redis/link.h"

#define TURNS_MAX 4000
#define LONG_MS   60000

#define INFO_GOOD "redis_version:7.0.0\r\nredis_mode:standalone\r\nloading:0\r\nrole:master\r\n"

struct world {
	struct loop *loop;
	struct peer *peer;
	struct redis_link *link;
	const char *info;  /* its answer to INFO; NULL: none at all */
	const char *hears; /* what it waits for then */
	const char *says;  /* and says to it */
	bool hangs_up, says_slowly;
	bool has_tls, tls_fails;
	enum peer_cert cert;
	int told;
	enum err err;
};

static void say_bulk(struct peer_conn *c, const char *text)
{
	char head[32];

	snprintf(head, sizeof head, "$%zu\r\n", strlen(text));
	peer_say(c, head);
	peer_say(c, text);
	peer_say(c, "\r\n");
}

/* A piece at a time, each well within the time-out, all together well beyond. */
static void say_slowly(struct peer_conn *c, const char *text)
{
	char piece[2] = "";

	for (; *text; text++) {
		piece[0] = *text;
		peer_say(c, piece);
		usleep(200 * 1000);
	}
}

static void script(struct peer_conn *c, void *ctx)
{
	const struct world *w = ctx;

	if (w->tls_fails) {
		peer_start_tls_in_vain(c);
		return;
	}
	if (w->has_tls)
		peer_start_tls(c);
	peer_hear(c, "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$10\r\nmailbridge\r\n"
		     "*1\r\n$4\r\nINFO\r\n");
	if (w->info) {
		peer_say(c, "+OK\r\n");
		say_bulk(c, w->info);
	}
	if (w->hears)
		peer_hear(c, w->hears);
	if (w->says_slowly)
		say_slowly(c, w->says);
	else if (w->says)
		peer_say(c, w->says);
	if (!w->hangs_up)
		peer_wait_closed(c);
}

static void begin(struct world *w, uint64_t timeout_ms)
{
	struct peer_options options = { .cert = w->cert };
	struct redis_address a = { .host = (char[]){ "127.0.0.1" }, .has_tls = w->has_tls };
	struct redis_link_setup setup = {
		.address = &a,
		.timeout_ms = timeout_ms,
		.commands_max = 10,
		.bytes_max = 1000,
	};

	w->loop = loop_new();
	w->peer = peer_start(&options, script, w);
	a.port = (uint16_t)peer_port(w->peer);
	setup.loop = w->loop;
	w->link = redis_link_new(&setup);
	assert_non_null(w->link);
}

static void end(struct world *w)
{
	redis_link_free(w->link);
	peer_stop(w->peer);
	loop_free(w->loop);
}

static void turn_until_up(struct world *w)
{
	for (int i = 0; i < TURNS_MAX && !redis_link_is_up(w->link); i++)
		loop_turn(w->loop, 5);
	assert_true(redis_link_is_up(w->link));
}

static void turn_until_trouble(struct world *w, const char *words)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		if (redis_link_trouble(w->link) && strstr(redis_link_trouble(w->link), words))
			break;
		loop_turn(w->loop, 5);
	}
	assert_non_null(redis_link_trouble(w->link));
	if (!strstr(redis_link_trouble(w->link), words))
		fail_msg("got \"%s\", want \"%s\"", redis_link_trouble(w->link), words);
}

static void on_reply(void *ctx, enum err err, const struct redisReply *reply)
{
	struct world *w = ctx;

	assert_true(!reply || !err);
	w->told++;
	w->err = err;
}

/* --- the greeting --- */

static void check_refused(const char *info, const char *words)
{
	struct world w = { .info = info };

	begin(&w, LONG_MS);
	turn_until_trouble(&w, words);
	assert_false(redis_link_is_up(w.link));
	end(&w);
}

static void servers_that_do_not_suit_are_refused(void **state)
{
	(void)state;
	check_refused("redis_version:5.0.14\r\n", "Redis 6");
	check_refused("redis_version:no number\r\n", "Redis 6");
	check_refused("", "Redis 6");
	check_refused("redis_version:7.0.0\r\nredis_mode:cluster\r\n", "cluster");
	check_refused("redis_version:7.0.0\r\nloading:1\r\n", "loading");
	check_refused("redis_version:7.0.0\r\nrole:slave\r\n", "replica");
}

static void a_silent_server_is_given_up(void **state)
{
	struct world w = { .info = NULL };

	(void)state;
	begin(&w, 50);
	turn_until_trouble(&w, "does not answer");
	end(&w);
}

static void a_policy_is_told_in_plain_letters(void **state)
{
	struct world w = { .info = INFO_GOOD "maxmemory_policy:allkeys-\x1b\xff\r\n" };

	(void)state;
	begin(&w, LONG_MS);
	turn_until_trouble(&w, "allkeys-??");
	assert_true(redis_link_is_up(w.link));
	end(&w);
}

/* --- later --- */

#define PING   "*1\r\n$4\r\nPING\r\n"
#define ECHO_X "*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n"

/* The peer answers the PING of the beginning, then ECHO with that. */
static void check_lost(const char *says, bool hangs_up, uint64_t timeout_ms, enum err want,
		       const char *words)
{
	struct world w = {
		.info = INFO_GOOD,
		.hears = PING ECHO_X,
		.says = says,
		.hangs_up = hangs_up,
	};
	const struct bytes echo[] = { BYTES_LIT("ECHO"), BYTES_LIT("x") };

	begin(&w, timeout_ms);
	turn_until_up(&w);
	redis_call(w.link, (struct call){ 0 }, echo, 2, on_reply, &w);
	turn_until_trouble(&w, words);
	assert_int_equal(w.told, 1);
	assert_int_equal(w.err, want);
	end(&w);
}

static void nonsense_ends_the_connection(void **state)
{
	(void)state;
	check_lost("+PONG\r\nHTTP/1.1 400 Bad Request\r\n", false, LONG_MS, ERR_NET, "protocol");
	check_lost("+PONG\r\n*1000000000\r\n", false, LONG_MS, ERR_NET, "too much");
	check_lost("+PONG\r\n*-9\r\n", false, LONG_MS, ERR_NET, "protocol");
#if HIREDIS_MAJOR < 1 /* later ones nest as deep as the server wants; bytes are bounded */
	check_lost("+PONG\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
		   false, LONG_MS, ERR_NET, "protocol");
#endif
}

static void a_reply_that_is_cut_is_none(void **state)
{
	(void)state;
	check_lost("+PONG\r\n$5\r\nab", true, LONG_MS, ERR_NET, "closed by the server");
	check_lost("+PONG\r\n*2\r\n$1\r\nx\r\n", true, LONG_MS, ERR_NET, "closed by the server");
	check_lost("+PONG\r\n", true, LONG_MS, ERR_NET, "closed by the server");
}

static void a_reply_that_never_ends_is_given_up(void **state)
{
	(void)state;
	check_lost("+PONG\r\n$500000000\r\nab", false, 100, ERR_TIMEOUT, "does not answer");
	check_lost("+PONG\r\n", false, 100, ERR_TIMEOUT, "does not answer");
}

static void a_slow_reply_is_waited_for(void **state)
{
	struct world w = {
		.info = INFO_GOOD,
		.hears = PING ECHO_X,
		.says = "+PONG\r\n$1\r\nx\r\n",
		.says_slowly = true,
	};
	const struct bytes echo[] = { BYTES_LIT("ECHO"), BYTES_LIT("x") };

	(void)state;
	begin(&w, 1000);
	turn_until_up(&w);
	redis_call(w.link, (struct call){ 0 }, echo, 2, on_reply, &w);
	for (int i = 0; i < TURNS_MAX && !w.told; i++)
		loop_turn(w.loop, 5);
	assert_int_equal(w.told, 1);
	assert_int_equal(w.err, ERR_OK);
	end(&w);
}

/* --- TLS --- */

static void tls_is_spoken_and_the_certificate_looked_at(void **state)
{
	struct world good = { .info = INFO_GOOD, .has_tls = true };
	struct world bad = { .has_tls = true, .tls_fails = true, .cert = PEER_CERT_WRONG_HOST };

	(void)state;
	setenv("SSL_CERT_FILE", peer_ca_file(), 1);
	begin(&good, LONG_MS);
	turn_until_up(&good);
	end(&good);
	begin(&bad, LONG_MS);
	turn_until_trouble(&bad, "mismatch");
	assert_false(redis_link_is_up(bad.link));
	end(&bad);
}

static void what_was_not_asked_ends_the_connection(void **state)
{
	(void)state;
	check_lost("+PONG\r\n$1\r\nx\r\n$1\r\ny\r\n", false, LONG_MS, ERR_OK, "not asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_that_do_not_suit_are_refused),
		cmocka_unit_test(a_silent_server_is_given_up),
		cmocka_unit_test(a_policy_is_told_in_plain_letters),
		cmocka_unit_test(nonsense_ends_the_connection),
		cmocka_unit_test(a_reply_that_is_cut_is_none),
		cmocka_unit_test(a_reply_that_never_ends_is_given_up),
		cmocka_unit_test(a_slow_reply_is_waited_for),
		cmocka_unit_test(tls_is_spoken_and_the_certificate_looked_at),
		cmocka_unit_test(what_was_not_asked_ends_the_connection),
	};

	return cmocka_run_group_tests_name("redis link faults", tests, NULL, NULL);
}
