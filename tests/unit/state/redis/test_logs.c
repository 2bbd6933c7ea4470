/*
 * Event logs that several processes share, when replies get lost, connections are cut, Redis is
 * away or comes back empty. What one process reads of its own log and what others read is in
 * the state contract.
 */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "redis_proxy.h"
#include "redis_world.h"
#include "state/redis/redis.h"
#include "state/share.h"

#define LOG        BYTES_LIT("8g6DTYgsdCRr")
#define TIMEOUT_MS 300
#define ALL        (64 * 1024 * 1024)

/* One process, on the loop of all. */
struct party {
	struct redis_proxy *proxy;
	struct state *state;
};

static struct redis_world *world;
static struct party one, two;

static void start_party(struct party *p, unsigned number, const struct state_limits *limits)
{
	struct redis_address a;
	struct state_redis_setup setup = {
		.loop = world->loop,
		.address = &a,
		.prefix = BYTES_LIT("test"),
		.seal_key = BYTES_LIT("a key of the operator of thirty-two bytes"),
		.timeout_ms = TIMEOUT_MS,
		.limits = *limits,
	};

	p->proxy = redis_proxy_new(world->loop, number);
	assert_null(redis_address_parse(bytes_of_str(redis_proxy_url(p->proxy)), &a));
	p->state = state_redis_new(&setup);
	redis_address_done(&a);
	assert_non_null(p->state);
	redis_world_until(world, !state_health(p->state).is_away);
}

static void end_party(struct party *p)
{
	state_free(p->state);
	redis_proxy_free(p->proxy);
	*p = (struct party){ 0 };
}

static int set_up(void **test_state)
{
	int rc = redis_world_set_up(test_state);

	world = *test_state;
	start_party(&one, 1, &(struct state_limits){ 0 });
	start_party(&two, 2, &(struct state_limits){ 0 });
	return rc;
}

static void limit(const struct state_limits *limits)
{
	end_party(&one);
	end_party(&two);
	start_party(&one, 1, limits);
	start_party(&two, 2, limits);
}

static int tear_down(void **test_state)
{
	end_party(&one);
	end_party(&two);
	return redis_world_tear_down(test_state);
}

/* --- the operations, waited for ----------------------------------------------- */

struct answer {
	int told;
	enum err err;
	struct state_cursor top, previous, last;
	size_t count;
	size_t bytes;    /* of the values */
	char text[1024]; /* entries, or baselines as name=value, each with a space behind */
	bool has_more;
};

static void add_text(struct answer *a, struct bytes text)
{
	size_t len = strlen(a->text);

	snprintf(a->text + len, sizeof a->text - len, "%.*s", BYTES_FMT(bytes_first(text, 20)));
}

static void on_open(void *ctx, enum err err, struct state_cursor top, struct state_cursor previous,
		    const struct state_baseline *baselines, size_t count)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->top = top;
	a->previous = previous;
	a->count = count;
	for (size_t i = 0; i < count; i++) {
		a->bytes += baselines[i].value.len;
		add_text(a, baselines[i].name);
		add_text(a, BYTES_LIT("="));
		add_text(a, baselines[i].value);
		add_text(a, BYTES_LIT(" "));
	}
}

static struct answer open_log(struct party *p)
{
	struct answer a = { 0 };

	assert_non_null(state_log_open(p->state, redis_world_call(world), LOG, on_open, &a));
	redis_world_until(world, a.told);
	return a;
}

static struct state_cursor opened(struct party *p)
{
	struct answer a = open_log(p);

	assert_int_equal(a.err, ERR_OK);
	return a.top;
}

static void on_top(void *ctx, enum err err, struct state_cursor top)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->top = top;
}

static void begin_append(struct party *p, uint64_t epoch, const char *entry, const char *baseline,
			 struct answer *a)
{
	struct bytes data = bytes_of_str(entry);
	struct state_baseline b = { .name = BYTES_LIT("inbox"), .value = bytes_of_str(baseline) };

	*a = (struct answer){ 0 };
	assert_non_null(state_log_append(p->state, redis_world_call(world), LOG, epoch, &data,
					 entry ? 1 : 0, &b, baseline ? 1 : 0, on_top, a));
}

static struct answer append(struct party *p, uint64_t epoch, const char *entry,
			    const char *baseline)
{
	struct answer a;

	begin_append(p, epoch, entry, baseline, &a);
	redis_world_until(world, a.told);
	return a;
}

static struct state_cursor appended(struct party *p, uint64_t epoch, const char *entry)
{
	struct answer a = append(p, epoch, entry, NULL);

	assert_int_equal(a.err, ERR_OK);
	return a.top;
}

static void on_read(void *ctx, enum err err, const struct state_entry *entries, size_t count,
		    struct state_cursor last, bool has_more)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->count = count;
	a->last = last;
	a->has_more = has_more;
	for (size_t i = 0; i < count; i++) {
		a->bytes += entries[i].data.len;
		add_text(a, entries[i].data);
		add_text(a, BYTES_LIT(" "));
	}
}

static struct answer read_log(struct party *p, struct state_cursor after)
{
	struct answer a = { 0 };

	assert_non_null(state_log_read(p->state, redis_world_call(world), LOG, after, 100, ALL,
				       on_read, &a));
	redis_world_until(world, a.told);
	return a;
}

static void check_read(struct party *p, struct state_cursor after, const char *want)
{
	struct answer a = read_log(p, after);

	assert_int_equal(a.err, ERR_OK);
	assert_string_equal(a.text, want);
}

/* Reads until that is what is read. */
static void read_until(struct party *p, struct state_cursor after, const char *want)
{
	uint64_t end = clock_monotonic_ms() + REDIS_LONG_MS;
	struct answer a;

	do
		a = read_log(p, after);
	while ((a.err || strcmp(a.text, want) != 0) && clock_monotonic_ms() < end);
	assert_string_equal(a.text, want);
}

static bool is_same(struct state_cursor a, struct state_cursor b)
{
	return state_cursor_compare(a, b) == 0;
}

/* --- listeners ---------------------------------------------------------------- */

/* Reads from where it is whenever there are news. */
struct follower {
	struct state_listener l;
	struct party *party;
	struct state_cursor at;
	struct op *read;
	bool has_news;
	int told, lost;
	char text[1024];
};

static void follow(struct follower *f);

static void on_followed(void *ctx, enum err err, const struct state_entry *entries, size_t count,
			struct state_cursor last, bool has_more)
{
	struct follower *f = ctx;
	size_t len;

	f->read = NULL;
	f->has_news |= has_more;
	for (size_t i = 0; i < count; i++) {
		len = strlen(f->text);
		snprintf(f->text + len, sizeof f->text - len, "%.*s ", BYTES_FMT(entries[i].data));
	}
	if (err && err != ERR_NOT_FOUND) {
		f->has_news = true; /* follow_until() tries again */
		return;
	}
	f->lost += err == ERR_NOT_FOUND;
	f->at = last;
	follow(f);
}

static void follow(struct follower *f)
{
	if (f->read || !f->has_news)
		return;
	f->has_news = false;
	f->read = state_log_read(f->party->state, redis_world_call(world), LOG, f->at, 100, ALL,
				 on_followed, f);
	assert_non_null(f->read);
}

static void on_news(struct state_listener *l)
{
	struct follower *f = (struct follower *)l;

	f->told++;
	f->has_news = true;
	follow(f);
}

static void begin_following(struct follower *f, struct party *p, struct state_cursor at)
{
	*f = (struct follower){ .l.on_news = on_news, .party = p, .at = at };
	assert_int_equal(state_log_listen(p->state, LOG, &f->l), ERR_OK);
}

/* What could not be read is tried again. */
static void follow_until(struct follower *f, const char *text)
{
	uint64_t end = clock_monotonic_ms() + REDIS_LONG_MS;

	while (strcmp(f->text, text) != 0 && clock_monotonic_ms() < end) {
		follow(f);
		loop_turn(world->loop, 5);
	}
	assert_string_equal(f->text, text);
}

/* Until the channel is heard: then news come over it. */
static void until_heard(long long channels)
{
	struct redis_said s;

	do {
		s = redis_world_do(world, world->link,
				   "EVAL return\tredis.call('PUBSUB',"
				   "'NUMSUB','test:1@0:log:8g6DTYgsdCRr')[2] 0");
		loop_turn(world->loop, 5);
	} while (!s.err && s.integer != channels);
	assert_int_equal(s.err, ERR_OK);
	assert_int_equal(s.integer, channels);
}

/* --- several processes -------------------------------------------------------- */

static void who_opens_last_writes_and_all_read_the_same(void **test_state)
{
	struct state_cursor first = opened(&one), a = appended(&one, first.epoch, "a"), second;
	struct answer o;

	(void)test_state;
	assert_int_equal(append(&one, first.epoch, NULL, "known").err, ERR_OK);
	o = open_log(&two);
	assert_int_equal(o.err, ERR_OK);
	assert_true(is_same(o.previous, a));
	assert_string_equal(o.text, "inbox=known ");
	second = o.top;
	assert_int_equal(append(&one, first.epoch, "late", "late").err, ERR_CONFLICT);
	appended(&two, second.epoch, "b");
	check_read(&one, first, "a b ");
	check_read(&two, first, "a b ");
	check_read(&one, a, "b ");
	o = open_log(&one);
	assert_string_equal(o.text, "inbox=known ");
	assert_int_equal(append(&two, second.epoch, "late", NULL).err, ERR_CONFLICT);
}

static void what_one_writes_the_others_hear(void **test_state)
{
	static struct follower here, there;
	struct state_cursor at = opened(&one);

	(void)test_state;
	begin_following(&here, &one, at);
	begin_following(&there, &two, at);
	until_heard(2);
	for (int i = 0; i < 5; i++)
		appended(&one, at.epoch, "x");
	follow_until(&here, "x x x x x ");
	follow_until(&there, "x x x x x ");
	state_log_unlisten(&here.l);
	until_heard(2); /* who writes has to know when somebody else does */
	state_log_unlisten(&there.l);
	until_heard(1);
	appended(&one, at.epoch, "y");
	assert_string_equal(here.text, "x x x x x ");
}

static void what_was_said_while_nobody_heard_is_found(void **test_state)
{
	static struct follower there;
	struct state_cursor at = opened(&one);

	(void)test_state;
	begin_following(&there, &two, at);
	until_heard(2);
	redis_proxy_cut(two.proxy);
	appended(&one, at.epoch, "a");
	appended(&one, at.epoch, "b");
	redis_proxy_mend(two.proxy);
	follow_until(&there, "a b ");
	appended(&one, at.epoch, "c");
	follow_until(&there, "a b c ");
}

static void who_wrote_reads_on_where_another_does(void **test_state)
{
	static struct follower f;
	struct state_cursor at = opened(&one), second;

	(void)test_state;
	begin_following(&f, &one, at);
	appended(&one, at.epoch, "a");
	second = opened(&two);
	appended(&two, second.epoch, "b");
	follow_until(&f, "a b ");
	assert_int_equal(append(&one, at.epoch, "late", NULL).err, ERR_CONFLICT);
	appended(&two, second.epoch, "c");
	follow_until(&f, "a b c ");
	assert_int_equal(f.lost, 0);
}

/* --- cut, away, empty --------------------------------------------------------- */

static void an_append_whose_reply_is_lost_is_there_once(void **test_state)
{
	struct state_cursor at = opened(&one);

	(void)test_state;
	appended(&one, at.epoch, "a");
	redis_proxy_lose_replies(one.proxy);
	assert_int_equal(append(&one, at.epoch, "b", "known").err, ERR_OK);
	check_read(&two, at, "a b ");
	assert_int_equal(append(&one, at.epoch, "c", NULL).err, ERR_OK);
	check_read(&one, at, "a b c ");
	redis_proxy_mend(one.proxy);
	read_until(&two, at, "a b c ");
	appended(&one, at.epoch, "d");
	read_until(&two, at, "a b c d ");
	check_read(&one, at, "a b c d ");
	assert_string_equal(open_log(&two).text, "inbox=known ");
}

static void while_cut_off_the_writer_goes_on(void **test_state)
{
	static struct follower here, there;
	struct state_cursor at = opened(&one);
	struct answer o;

	(void)test_state;
	begin_following(&here, &one, at);
	begin_following(&there, &two, at);
	until_heard(2);
	redis_proxy_cut(one.proxy);
	appended(&one, at.epoch, "a");
	assert_int_equal(append(&one, at.epoch, "b", "known").err, ERR_OK);
	follow_until(&here, "a b ");
	/* He may begin anew, too. */
	o = open_log(&one);
	assert_int_equal(o.err, ERR_OK);
	assert_string_equal(o.text, "inbox=known ");
	appended(&one, o.top.epoch, "c");
	assert_int_equal(append(&one, at.epoch, "late", NULL).err, ERR_CONFLICT);
	follow_until(&here, "a b c ");
	check_read(&two, at, "");
	redis_proxy_mend(one.proxy);
	follow_until(&there, "a b c ");
	appended(&one, o.top.epoch, "d");
	follow_until(&there, "a b c d ");
	follow_until(&here, "a b c d ");
	assert_int_equal(here.lost + there.lost, 0);
}

static void who_has_no_log_waits_for_redis(void **test_state)
{
	struct state_cursor at = opened(&one);
	struct answer a;

	(void)test_state;
	redis_proxy_cut(two.proxy);
	redis_world_until(world, state_health(two.state).is_away);
	a = open_log(&two);
	assert_int_equal(a.err, ERR_NET);
	assert_int_equal(read_log(&two, at).err, ERR_NET);
	redis_proxy_mend(two.proxy);
	redis_world_until(world, !state_health(two.state).is_away);
	assert_int_equal(read_log(&two, at).err, ERR_OK);
}

static void a_hung_redis_is_waited_for_but_not_long(void **test_state)
{
	static struct follower there;
	struct state_cursor at = opened(&one);

	(void)test_state;
	begin_following(&there, &two, at);
	until_heard(2);
	redis_world_pause();
	appended(&one, at.epoch, "a");
	appended(&one, at.epoch, "b");
	check_read(&one, at, "a b ");
	redis_world_resume();
	follow_until(&there, "a b ");
	read_until(&two, at, "a b ");
}

static void who_was_replaced_meanwhile_is_told(void **test_state)
{
	static struct follower here;
	struct state_cursor at = opened(&one), second;

	(void)test_state;
	begin_following(&here, &one, at);
	redis_proxy_cut(one.proxy);
	appended(&one, at.epoch, "told here only");
	follow_until(&here, "told here only ");
	second = opened(&two);
	appended(&two, second.epoch, "b");
	redis_proxy_mend(one.proxy);
	/* What it read last is not known any more. */
	redis_world_until(world, here.lost == 1);
	assert_int_equal(append(&one, at.epoch, "late", NULL).err, ERR_CONFLICT);
	check_read(&two, at, "b ");
	read_until(&one, at, "b ");
}

static void an_emptied_redis_is_filled_again(void **test_state)
{
	static struct follower here, there;
	struct state_cursor at = opened(&one), a;

	(void)test_state;
	begin_following(&here, &one, at);
	begin_following(&there, &two, at);
	until_heard(2);
	a = appended(&one, at.epoch, "a");
	assert_int_equal(append(&one, at.epoch, "b", "known").err, ERR_OK);
	follow_until(&there, "a b ");
	assert_int_equal(redis_world_do(world, world->link, "FLUSHALL").err, ERR_OK);
	assert_int_equal(append(&one, at.epoch, "c", NULL).err, ERR_OK);
	follow_until(&there, "a b c ");
	check_read(&two, a, "b c ");
	/* Also without anything to write. */
	assert_int_equal(redis_world_do(world, world->link, "FLUSHALL").err, ERR_OK);
	read_until(&two, a, "b c ");
	redis_world_stop();
	redis_world_until(world, state_health(one.state).is_away);
	appended(&one, at.epoch, "d");
	redis_world_start();
	follow_until(&there, "a b c d ");
	follow_until(&here, "a b c d ");
	read_until(&two, at, "a b c d ");
	assert_string_equal(open_log(&two).text, "inbox=known ");
	assert_int_equal(here.lost, 0);
}

/* With a maxmemory, Redis drops keys one by one. */
static void a_log_that_lost_a_key_is_written_again(void **test_state)
{
	static const char *const keys[] = { "", ":meta", ":base" };
	static struct follower there;
	struct state_cursor at = opened(&one);
	char command[64], text[16] = "a ";

	(void)test_state;
	begin_following(&there, &two, at);
	until_heard(2);
	assert_int_equal(append(&one, at.epoch, "a", "known").err, ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		follow_until(&there, text);
		snprintf(command, sizeof command, "DEL test:1:log:{8g6DTYgsdCRr}%s", keys[i]);
		assert_int_equal(redis_world_do(world, world->link, command).integer, 1);
		appended(&one, at.epoch, "b");
		memcpy(text + strlen(text), "b ", 3);
		follow_until(&there, text);
		check_read(&two, at, text);
	}
	assert_string_equal(open_log(&two).text, "inbox=known ");
	/* Its writer gone, too, there is none: half a log would hide what is missing. */
	end_party(&two);
	snprintf(command, sizeof command, "DEL test:1:log:{8g6DTYgsdCRr}");
	assert_int_equal(redis_world_do(world, world->link, command).integer, 1);
	assert_int_equal(read_log(&one, at).err, ERR_NOT_FOUND);
	assert_true(open_log(&one).previous.epoch == 0);
}

static void epochs_do_not_go_back_with_the_clock_of_redis(void **test_state)
{
	const uint64_t ahead = 99999999999999;
	static struct follower f;
	struct state_cursor at = opened(&one);
	char command[128];

	(void)test_state;
	begin_following(&f, &two, at);
	until_heard(2);
	snprintf(command, sizeof command, "PUBLISH test:1@0:log:8g6DTYgsdCRr o%s%llu-0",
		 "another_process_", (unsigned long long)ahead);
	assert_int_equal(redis_world_do(world, world->link, command).integer, 2);
	/* It may hear so while it opens it: then it has been overtaken. */
	for (int i = 0; i < REDIS_TURNS_MAX && at.epoch <= ahead; i++) {
		struct answer o = open_log(&two);

		assert_true(o.err == ERR_OK || o.err == ERR_CONFLICT);
		at = o.top;
	}
	assert_true(at.epoch == ahead + 1);
	appended(&two, at.epoch, "a");
	follow_until(&f, "a ");
}

/* --- bounds --- */

static void trimming_is_the_same_for_all(void **test_state)
{
	struct state_cursor at, c[6];
	struct answer a;

	(void)test_state;
	limit(&(struct state_limits){ .log_max_entries = 3 });
	at = opened(&one);
	for (int i = 0; i < 6; i++) {
		const char name[] = { (char)('a' + i), '\0' };

		c[i] = appended(&one, at.epoch, name);
	}
	a = read_log(&two, c[1]);
	assert_int_equal(a.err, ERR_NOT_FOUND);
	assert_true(is_same(a.last, c[5]));
	check_read(&two, c[2], "d e f ");
	/* More than is kept while Redis is away, too. */
	redis_proxy_cut(one.proxy);
	for (int i = 0; i < 5; i++)
		appended(&one, at.epoch, "x");
	a = append(&one, at.epoch, "y", NULL);
	redis_proxy_mend(one.proxy);
	redis_world_until(world, read_log(&two, c[5]).err == ERR_NOT_FOUND);
	check_read(&two, (struct state_cursor){ a.top.epoch, a.top.seq - 3 }, "x x y ");
	assert_int_equal(read_log(&one, c[5]).err, ERR_NOT_FOUND);
}

#define FOLDERS 40

static void large_baselines_go_in_pieces(void **test_state)
{
	static char large[100 * 1000], names[FOLDERS][8];
	static struct state_baseline b[FOLDERS];
	const struct bytes entry = BYTES_LIT("entry");
	struct state_cursor at;
	struct answer a = { 0 };

	(void)test_state;
	limit(&(struct state_limits){ .log_max_bytes = ALL });
	memset(large, 'x', sizeof large);
	for (int i = 0; i < FOLDERS; i++) {
		snprintf(names[i], sizeof names[i], "%d", i);
		b[i] = (struct state_baseline){ bytes_of_str(names[i]),
						bytes_of(large, sizeof large - (size_t)i) };
	}
	at = opened(&one);
	assert_non_null(state_log_append(one.state, redis_world_call(world), LOG, at.epoch, &entry,
					 1, b, FOLDERS, on_top, &a));
	redis_world_until(world, a.told);
	assert_int_equal(a.err, ERR_OK);
	read_until(&two, at, "entry ");
	assert_int_equal(
		redis_world_do(world, world->link, "HLEN test:1:log:{8g6DTYgsdCRr}:base").integer,
		FOLDERS);
	assert_int_equal(redis_world_do(world, world->link,
					"EVAL return\t#redis.call('KEYS','test:1:stage:*') 0")
				 .integer,
			 0);
	a = open_log(&two);
	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(a.count, FOLDERS);
	assert_int_equal(a.bytes, FOLDERS * sizeof large - FOLDERS * (FOLDERS - 1) / 2);
}

struct seen {
	int told;
	enum err err;
	bool is_led;
};

static void on_sight(void *ctx, enum err err, const struct state_log_sight *sight)
{
	struct seen *s = ctx;

	s->told++;
	s->err = err;
	s->is_led = !err && sight->is_led;
}

static bool sees_it_led(struct party *p)
{
	struct seen s = { 0 };

	assert_non_null(state_log_look(p->state, redis_world_call(world), LOG, BYTES_LIT("mark"),
				       BYTES_NULL, BYTES_NULL, on_sight, &s));
	redis_world_until(world, s.told);
	assert_int_equal(s.err, ERR_OK);
	return s.is_led;
}

static void on_turn(struct state_lease *l)
{
	(void)l;
}

static void want(struct party *p, struct state_lease *l)
{
	*l = (struct state_lease){ .on_turn = on_turn };
	assert_int_equal(state_lease_want(p->state, LOG, l), ERR_OK);
	redis_world_until(world, state_lease_turn(l) == STATE_TURN_OURS);
}

/* Who leads now may not have opened the log yet: what is in it is of another time. */
static void it_is_led_by_who_has_opened_it_last(void **test_state)
{
	struct state_lease l;

	(void)test_state;
	(void)opened(&one);
	assert_false(sees_it_led(&two));
	want(&one, &l);
	assert_true(sees_it_led(&two));
	assert_true(sees_it_led(&one));
	state_lease_leave(&l);
	want(&two, &l);
	assert_false(sees_it_led(&one));
	(void)opened(&two);
	assert_true(sees_it_led(&one));
	state_lease_leave(&l);
}

/* What another wrote before is in Redis alone: a full one does not lose it. */
static void a_full_redis_keeps_what_it_has(void **test_state)
{
	struct state_cursor first = opened(&one), second;

	(void)test_state;
	appended(&one, first.epoch, "a");
	second = opened(&two);
	redis_world_do(world, world->link, "CONFIG SET maxmemory 1");
	appended(&two, second.epoch, "b");
	redis_world_do(world, world->link, "CONFIG SET maxmemory 0");
	read_until(&one, first, "a b ");
	assert_int_equal(append(&two, second.epoch, "c", NULL).err, ERR_OK);
	read_until(&one, first, "a b c ");
}

static void all_keys_of_a_log_expire(void **test_state)
{
	struct state_cursor at = opened(&one);

	(void)test_state;
	assert_int_equal(append(&one, at.epoch, "a", "known").err, ERR_OK);
	assert_int_equal(
		redis_world_do(world, world->link,
			       "EVAL local\tn=0\tfor\t_,k\tin\tipairs(redis.call('KEYS','*:log:*'))"
			       "do\tif\tredis.call('PTTL',k)<1\tthen\treturn\t-1\tend\tn=n+1\tend\t"
			       "return\tn 0")
			.integer,
		3);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_opens_last_writes_and_all_read_the_same),
		TEST(what_one_writes_the_others_hear),
		TEST(what_was_said_while_nobody_heard_is_found),
		TEST(who_wrote_reads_on_where_another_does),
		TEST(an_append_whose_reply_is_lost_is_there_once),
		TEST(while_cut_off_the_writer_goes_on),
		TEST(who_has_no_log_waits_for_redis),
		TEST(a_hung_redis_is_waited_for_but_not_long),
		TEST(who_was_replaced_meanwhile_is_told),
		TEST(an_emptied_redis_is_filled_again),
		TEST(a_log_that_lost_a_key_is_written_again),
		TEST(a_full_redis_keeps_what_it_has),
		TEST(epochs_do_not_go_back_with_the_clock_of_redis),
		TEST(trimming_is_the_same_for_all),
		TEST(large_baselines_go_in_pieces),
		TEST(it_is_led_by_who_has_opened_it_last),
		TEST(all_keys_of_a_log_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
