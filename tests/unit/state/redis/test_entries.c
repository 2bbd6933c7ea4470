/* What the contract of state.h does not say: how entries lie in Redis, and what becomes of them
 * while it is away. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "redis_world.h"
#include "state/redis/redis.h"
#include "state/share.h"

#define HOUR_MS UINT64_C(3600000)

struct answer {
	int told;
	enum err err;
	char text[3][64];
	uint64_t generation, sum;
	size_t count;
};

static struct state *make(struct redis_world *w, struct bytes seal_key, uint64_t timeout_ms)
{
	struct redis_address a;
	struct state_redis_setup setup = {
		.loop = w->loop, .address = &a, .seal_key = seal_key, .timeout_ms = timeout_ms
	};
	struct state *s;

	assert_null(redis_address_parse(bytes_of_str(redis_world_socket_url()), &a));
	s = state_redis_new(&setup);
	redis_address_done(&a);
	assert_non_null(s);
	redis_world_until(w, !state_health(s).is_away);
	return s;
}

static void copy(char to[64], struct bytes from)
{
	snprintf(to, 64, "%.*s", BYTES_FMT(bytes_is_null(from) ? BYTES_LIT("(null)") : from));
}

static void on_value(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->generation = generation;
	copy(a->text[0], value);
}

static void on_done(void *ctx, enum err err)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
}

static void on_values(void *ctx, enum err err, const struct bytes *values, size_t count)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->count = count;
	for (size_t i = 0; i < count && i < 3; i++)
		copy(a->text[i], values[i]);
}

static void on_list(void *ctx, enum err err, const struct bytes *keys, const struct bytes *values,
		    size_t count)
{
	(void)keys;
	on_values(ctx, err, values, count);
}

static void on_count(void *ctx, enum err err, uint64_t sum)
{
	struct answer *a = ctx;

	a->told++;
	a->err = err;
	a->sum = sum;
}

static struct answer get(struct redis_world *w, struct state *s, enum state_space space,
			 const char *key)
{
	struct answer a = { 0 };

	state_get(s, redis_world_call(w), space, bytes_of_str(key), 0, on_value, &a);
	redis_world_until(w, a.told);
	return a;
}

static enum err put(struct redis_world *w, struct state *s, enum state_space space, const char *key,
		    struct bytes value, uint64_t expected)
{
	struct answer a = { 0 };

	state_put(s, redis_world_call(w), space, bytes_of_str(key), value, HOUR_MS, expected,
		  on_done, &a);
	redis_world_until(w, a.told);
	return a.err;
}

static enum err delete_key(struct redis_world *w, struct state *s, enum state_space space,
			   const char *key)
{
	struct answer a = { 0 };

	state_delete(s, redis_world_call(w), space, bytes_of_str(key), on_done, &a);
	redis_world_until(w, a.told);
	return a.err;
}

static struct answer list(struct redis_world *w, struct state *s, const char *prefix)
{
	struct answer a = { 0 };

	state_list(s, redis_world_call(w), STATE_SESSION, bytes_of_str(prefix), 100, on_list, &a);
	redis_world_until(w, a.told);
	return a;
}

static struct answer count(struct redis_world *w, struct state *s, const char *key)
{
	struct answer a = { 0 };

	state_count(s, redis_world_call(w), STATE_RATE, bytes_of_str(key), 1, HOUR_MS, on_count,
		    &a);
	redis_world_until(w, a.told);
	return a;
}

static struct answer get_many(struct redis_world *w, struct state *s, enum state_space space,
			      const struct bytes *keys, size_t n)
{
	struct answer a = { 0 };

	state_get_many(s, redis_world_call(w), space, keys, n, on_values, &a);
	redis_world_until(w, a.told);
	return a;
}

static enum err put_many(struct redis_world *w, struct state *s, enum state_space space,
			 const struct bytes *keys, const struct bytes *values, size_t n)
{
	struct answer a = { 0 };

	state_put_many(s, redis_world_call(w), space, keys, values, n, HOUR_MS, on_done, &a);
	redis_world_until(w, a.told);
	return a.err;
}

/* Something of each kind whose key a user has written. */
static void put_of_all_kinds(struct redis_world *w, struct state *s)
{
	const struct bytes key = BYTES_LIT("ada@example.com"), value = BYTES_LIT("v");

	assert_int_equal(put(w, s, STATE_SESSION, "i:account:1", value, STATE_ANY), ERR_OK);
	assert_int_equal(put(w, s, STATE_TICKET, "ada@example.com", value, STATE_ANY), ERR_OK);
	assert_int_equal(put_many(w, s, STATE_HEADERS, &key, &value, 1), ERR_OK);
	assert_int_equal(put_many(w, s, STATE_KEYWORDS, &key, &value, 1), ERR_OK);
	assert_int_equal(count(w, s, "ada@example.com").err, ERR_OK);
}

/* --- how they lie there --- */

static void on_keys(void *ctx, enum err err, const struct redisReply *reply)
{
	struct answer *a = ctx;

	assert_int_equal(err, ERR_OK);
	a->told++;
	a->count = reply->elements;
	for (size_t i = 0; i < reply->elements; i++) {
		const char *key = reply->element[i]->str;

		if (strncmp(key, "mb1:1:", 6) != 0 || strstr(key, "ada"))
			fail_msg("a key is %s", key);
	}
}

static void keys_begin_with_the_prefix_and_hide_what_users_wrote(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	const struct bytes keys[] = { BYTES_LIT("KEYS"), BYTES_LIT("*") };
	struct answer a = { 0 };

	put_of_all_kinds(w, s);
	redis_call(w->link, redis_world_call(w), keys, 2, on_keys, &a);
	redis_world_until(w, a.told);
	/* The list, the last generation and our heartbeat, too. */
	assert_int_equal(a.count, 8);
	state_free(s);
}

static void all_keys_expire(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	struct redis_said said;

	put_of_all_kinds(w, s);
	said = redis_world_do(
		w, w->link,
		"EVAL for\t_,k\tin\tipairs(redis.call('KEYS','*'))do\tif\t"
		"redis.call('PTTL',k)<0\tthen\treturn\tk\tend\tend\treturn\t'none' 0");
	assert_string_equal(said.text, "none");
	state_free(s);
}

static void another_key_of_the_operator_hides_them_otherwise(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *clear = make(w, BYTES_NULL, 0);
	struct state *sealed = make(w, BYTES_LIT("0123456789abcdef"), 0);
	struct state *same = make(w, BYTES_LIT("0123456789abcdef"), 0);

	put(w, sealed, STATE_TICKET, "k", BYTES_LIT("v"), STATE_ANY);
	assert_int_equal(get(w, clear, STATE_TICKET, "k").err, ERR_NOT_FOUND);
	assert_int_equal(get(w, same, STATE_TICKET, "k").err, ERR_OK);
	state_free(clear);
	state_free(sealed);
	state_free(same);
}

/* How many strings in Redis have the text in them. */
static long long seen_in_redis(struct redis_world *w, const char *text)
{
	char command[512];

	snprintf(command, sizeof command,
		 "EVAL local\tn=0\tfor\t_,k\tin\tipairs(redis.call('KEYS','*'))do\tlocal\t"
		 "v=redis.pcall('GET',k)if\ttype(v)=='string'and\tv:find('%s',1,true)then\t"
		 "n=n+1\tend\tend\treturn\tn 0",
		 text);
	return redis_world_do(w, w->link, command).integer;
}

/* Each entry of headers gets the bytes of one of them; says how many there are. */
static long long mix_up_headers(struct redis_world *w)
{
	return redis_world_do(w, w->link,
			      "EVAL local\tk=redis.call('KEYS','*:headers:*')for\ti=2,#k\tdo\t"
			      "redis.call('SET',k[i],redis.call('GET',k[1]))end\treturn\t#k 0")
		.integer;
}

static void values_are_sealed_and_bound_to_their_keys(void **test_state)
{
	const struct bytes keys[] = { BYTES_LIT("aaaaaaaaaaaa.7.1"),
				      BYTES_LIT("aaaaaaaaaaaa.7.2") };
	const struct bytes values[] = { BYTES_LIT("subject-one"), BYTES_LIT("subject-two") };
	struct redis_world *w = *test_state;
	struct state *clear = make(w, BYTES_NULL, 0);
	struct state *sealed = make(w, BYTES_LIT("0123456789abcdef"), 0);
	struct answer a;

	assert_int_equal(put_many(w, clear, STATE_HEADERS, keys, values, 2), ERR_OK);
	assert_int_equal(seen_in_redis(w, "subject-"), 2);
	redis_world_do(w, w->link, "FLUSHALL");
	assert_int_equal(put_many(w, sealed, STATE_HEADERS, keys, values, 2), ERR_OK);
	assert_int_equal(put(w, sealed, STATE_KEYWORDS, "k", BYTES_LIT("subject-3"), STATE_ANY),
			 ERR_OK);
	assert_int_equal(seen_in_redis(w, "subject-"), 0);
	a = get_many(w, sealed, STATE_HEADERS, keys, 2);
	assert_string_equal(a.text[0], "subject-one");
	assert_string_equal(a.text[1], "subject-two");
	assert_string_equal(get(w, sealed, STATE_KEYWORDS, "k").text[0], "subject-3");
	assert_int_equal(mix_up_headers(w), 2);
	a = get_many(w, sealed, STATE_HEADERS, keys, 2);
	assert_int_equal(a.err, ERR_OK);
	/* The one whose bytes they were is read still. */
	assert_true((strcmp(a.text[0], "(null)") == 0) != (strcmp(a.text[1], "(null)") == 0));
	state_free(clear);
	state_free(sealed);
}

static void a_form_of_another_version_is_not_there(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	const struct bytes key = BYTES_LIT("k");
	struct answer a;

	redis_world_do(w, w->link,
		       "SET mb1:1:session:k \x02"
		       "12345678value");
	assert_int_equal(get(w, s, STATE_SESSION, "k").err, ERR_NOT_FOUND);
	a = get_many(w, s, STATE_SESSION, &key, 1);
	assert_int_equal(a.err, ERR_OK);
	assert_string_equal(a.text[0], "(null)");
	assert_int_equal(put(w, s, STATE_SESSION, "k", BYTES_LIT("new"), STATE_ABSENT), ERR_OK);
	assert_string_equal(get(w, s, STATE_SESSION, "k").text[0], "new");
	redis_world_do(w, w->link,
		       "SET mb1:1:session:k \x01"
		       "short");
	assert_int_equal(get(w, s, STATE_SESSION, "k").err, ERR_NOT_FOUND);
	state_free(s);
}

static void another_type_is_not_there_and_is_overwritten(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	const struct bytes key = BYTES_LIT("i:a:1"), value = BYTES_LIT("many");
	char command[128];

	redis_world_do(w, w->link, "LPUSH mb1:1:session:i:a:1 x");
	redis_world_do(w, w->link, "LPUSH mb1:1:list:session:i:a: x");
	redis_world_do(w, w->link, "LPUSH mb1:1:generation x");
	assert_int_equal(get(w, s, STATE_SESSION, "i:a:1").err, ERR_NOT_FOUND);
	assert_string_equal(get_many(w, s, STATE_SESSION, &key, 1).text[0], "(null)");
	assert_int_equal(list(w, s, "i:a:").count, 0);
	assert_int_equal(put(w, s, STATE_SESSION, "i:a:1", BYTES_LIT("v"), STATE_ABSENT), ERR_OK);
	assert_string_equal(list(w, s, "i:a:").text[0], "v");
	redis_world_do(w, w->link, "DEL mb1:1:session:i:a:1");
	redis_world_do(w, w->link, "LPUSH mb1:1:session:i:a:1 x");
	assert_int_equal(put_many(w, s, STATE_SESSION, &key, &value, 1), ERR_OK);
	assert_string_equal(get(w, s, STATE_SESSION, "i:a:1").text[0], "many");
	/* A counter, too; its key is hashed, so it is looked for. */
	count(w, s, "c");
	snprintf(command, sizeof command, "%s",
		 "EVAL local\tk=redis.call('KEYS','*:rate:*')[1]redis.call('DEL',k)"
		 "redis.call('LPUSH',k,1)return\tk 0");
	assert_int_equal(redis_world_do(w, w->link, command).err, ERR_OK);
	assert_int_equal(count(w, s, "c").sum, 1);
	assert_int_equal(count(w, s, "c").sum, 2);
	state_free(s);
}

static void generations_grow_whatever_the_clock_does(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);

	redis_world_do(w, w->link, "SET mb1:1:generation 4000000000000001");
	put(w, s, STATE_SESSION, "k", BYTES_LIT("v"), STATE_ANY);
	assert_true(get(w, s, STATE_SESSION, "k").generation == 4000000000000002);
	assert_int_equal(delete_key(w, s, STATE_SESSION, "k"), ERR_OK);
	put(w, s, STATE_SESSION, "k", BYTES_LIT("v"), STATE_ANY);
	assert_true(get(w, s, STATE_SESSION, "k").generation == 4000000000000003);
	state_free(s);
}

static void what_one_process_puts_the_other_lists(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *one = make(w, BYTES_NULL, 0), *other = make(w, BYTES_NULL, 0);
	struct answer a;

	put(w, one, STATE_SESSION, "i:a:2", BYTES_LIT("two"), STATE_ANY);
	put(w, other, STATE_SESSION, "i:a:1", BYTES_LIT("one"), STATE_ANY);
	a = list(w, one, "i:a:");
	assert_int_equal(a.count, 2);
	assert_string_equal(a.text[0], "one");
	assert_string_equal(a.text[1], "two");
	/* What has gone by itself is taken out when it is noticed. */
	redis_world_do(w, w->link, "DEL mb1:1:session:i:a:1");
	assert_int_equal(list(w, other, "i:a:").count, 1);
	assert_int_equal(redis_world_do(w, w->link, "ZCARD mb1:1:list:session:i:a:").integer, 1);
	assert_int_equal(delete_key(w, other, STATE_SESSION, "i:a:2"), ERR_OK);
	assert_int_equal(redis_world_do(w, w->link, "EXISTS mb1:1:list:session:i:a:").integer, 0);
	state_free(one);
	state_free(other);
}

static void only_one_of_two_processes_wins(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *one = make(w, BYTES_NULL, 0), *other = make(w, BYTES_NULL, 0);
	uint64_t generation;
	enum err first, second;

	put(w, one, STATE_SESSION, "k", BYTES_LIT("v"), STATE_ANY);
	generation = get(w, other, STATE_SESSION, "k").generation;
	assert_int_equal(put(w, one, STATE_SESSION, "k", BYTES_LIT("1"), generation), ERR_OK);
	assert_int_equal(put(w, other, STATE_SESSION, "k", BYTES_LIT("2"), generation),
			 ERR_CONFLICT);
	put(w, one, STATE_TICKET, "t", BYTES_LIT("v"), STATE_ANY);
	first = delete_key(w, one, STATE_TICKET, "t");
	second = delete_key(w, other, STATE_TICKET, "t");
	assert_int_equal(first, ERR_OK);
	assert_int_equal(second, ERR_NOT_FOUND);
	assert_int_equal(count(w, one, "c").sum, 1);
	assert_int_equal(count(w, other, "c").sum, 2);
	state_free(one);
	state_free(other);
}

/* --- bounds --- */

#define MANY 2500

static void many_go_in_several_scripts(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	static char names[MANY][8], large[3000];
	static struct bytes keys[MANY], values[MANY];
	struct answer a;

	memset(large, 'x', sizeof large);
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "%d", i);
		keys[i] = bytes_of_str(names[i]);
		values[i] = bytes_of(large, sizeof large);
	}
	values[MANY - 1] = BYTES_LIT("last");
	values[MANY - 2] = BYTES_NULL;
	assert_int_equal(put_many(w, s, STATE_HEADERS, keys, values, MANY), ERR_OK);
	/* The generation and our heartbeat, too. */
	assert_int_equal(redis_world_do(w, w->link, "DBSIZE").integer, MANY + 1);
	a = get_many(w, s, STATE_HEADERS, keys + MANY - 3, 3);
	assert_int_equal(strlen(a.text[0]), 63);
	assert_string_equal(a.text[1], "(null)");
	assert_string_equal(a.text[2], "last");
	assert_int_equal(put_many(w, s, STATE_HEADERS, keys, values, 0), ERR_OK);
	assert_int_equal(get_many(w, s, STATE_HEADERS, keys, 0).err, ERR_OK);
	state_free(s);
}

static void what_is_too_big_is_refused_or_left_out(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	const size_t size = 40 * 1024 * 1024;
	struct bytes keys[] = { BYTES_LIT("a"), BYTES_LIT("b") }, values[2];
	char *large = malloc(size);
	struct answer a;

	memset(large, 'x', size);
	values[0] = bytes_of(large, size);
	values[1] = BYTES_LIT("small");
	assert_int_equal(put(w, s, STATE_SESSION, "k", values[0], STATE_ANY), ERR_TOO_BIG);
	assert_int_equal(put_many(w, s, STATE_HEADERS, keys, values, 2), ERR_OK);
	a = get_many(w, s, STATE_HEADERS, keys, 2);
	assert_string_equal(a.text[0], "(null)");
	assert_string_equal(a.text[1], "small");
	free(large);
	state_free(s);
}

static void a_full_redis_is_busy(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 0);
	const struct bytes key = BYTES_LIT("k"), value = BYTES_LIT("v");

	put(w, s, STATE_SESSION, "k", value, STATE_ANY);
	count(w, s, "c");
	redis_world_do(w, w->link, "CONFIG SET maxmemory 1");
	assert_int_equal(put(w, s, STATE_SESSION, "new", value, STATE_ANY), ERR_BUSY);
	assert_int_equal(put_many(w, s, STATE_HEADERS, &key, &value, 1), ERR_BUSY);
	assert_string_equal(state_health(s).trouble, "Redis is out of memory");
	assert_false(state_health(s).is_away);
	assert_int_equal(count(w, s, "c").sum, 1); /* here */
	assert_int_equal(get(w, s, STATE_SESSION, "k").err, ERR_OK);
	assert_int_equal(delete_key(w, s, STATE_SESSION, "k"), ERR_OK);
	redis_world_do(w, w->link, "CONFIG SET maxmemory 0");
	assert_int_equal(put(w, s, STATE_SESSION, "new", value, STATE_ANY), ERR_OK);
	state_free(s);
}

/* --- away --- */

static void what_can_be_done_without_redis_goes_on(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 100);
	const struct bytes keys[] = { BYTES_LIT("a"), BYTES_LIT("b") };
	const struct bytes values[] = { BYTES_LIT("one"), BYTES_LIT("two") };
	struct answer a;

	assert_int_equal(put_many(w, s, STATE_HEADERS, keys, values, 2), ERR_OK);
	assert_int_equal(put_many(w, s, STATE_KEYWORDS, keys, values, 1), ERR_OK);
	put(w, s, STATE_SESSION, "k", values[0], STATE_ANY);
	count(w, s, "c");
	count(w, s, "c");
	redis_world_stop();
	redis_world_until(w, state_health(s).is_away);
	assert_non_null(state_health(s).trouble);
	assert_int_equal(count(w, s, "c").sum, 1);
	assert_int_equal(count(w, s, "c").sum, 2);
	a = get_many(w, s, STATE_HEADERS, keys, 2);
	assert_int_equal(a.err, ERR_OK);
	assert_string_equal(a.text[0], "(null)");
	a = get_many(w, s, STATE_KEYWORDS, keys, 2);
	assert_int_equal(a.err, ERR_OK);
	assert_string_equal(a.text[0], "one");
	assert_string_equal(a.text[1], "(null)");
	assert_int_equal(put_many(w, s, STATE_KEYWORDS, keys, values, 2), ERR_NET);
	assert_int_equal(get(w, s, STATE_SESSION, "k").err, ERR_NET);
	assert_int_equal(put(w, s, STATE_SESSION, "k", values[0], STATE_ANY), ERR_NET);
	redis_world_start();
	redis_world_until(w, !state_health(s).is_away);
	redis_world_until(w, !state_health(s).trouble); /* it is heard again, too */
	assert_int_equal(count(w, s, "c").sum, 1);
	state_free(s);
}

static void a_count_that_is_not_answered_goes_on_here(void **test_state)
{
	struct redis_world *w = *test_state;
	struct state *s = make(w, BYTES_NULL, 100);
	struct answer a = { 0 }, gone = { 0 };

	redis_world_pause();
	state_count(s, redis_world_call(w), STATE_RATE, BYTES_LIT("c"), 1, HOUR_MS, on_count, &a);
	op_cancel(state_count(s, redis_world_call(w), STATE_RATE, BYTES_LIT("c"), 1, HOUR_MS,
			      on_count, &gone));
	redis_world_until(w, a.told);
	assert_int_equal(a.err, ERR_OK);
	assert_int_equal(a.sum, 1);
	assert_int_equal(gone.told, 0);
	redis_world_resume();
	redis_world_until(w, !state_health(s).is_away);
	state_free(s);
}

#define ENTRIES(test)                                                                              \
	cmocka_unit_test_setup_teardown(test, redis_world_set_up, redis_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENTRIES(keys_begin_with_the_prefix_and_hide_what_users_wrote),
		ENTRIES(all_keys_expire),
		ENTRIES(another_key_of_the_operator_hides_them_otherwise),
		ENTRIES(values_are_sealed_and_bound_to_their_keys),
		ENTRIES(a_form_of_another_version_is_not_there),
		ENTRIES(another_type_is_not_there_and_is_overwritten),
		ENTRIES(generations_grow_whatever_the_clock_does),
		ENTRIES(what_one_process_puts_the_other_lists),
		ENTRIES(only_one_of_two_processes_wins),
		ENTRIES(many_go_in_several_scripts),
		ENTRIES(what_is_too_big_is_refused_or_left_out),
		ENTRIES(a_full_redis_is_busy),
		ENTRIES(what_can_be_done_without_redis_goes_on),
		ENTRIES(a_count_that_is_not_answered_goes_on_here),
	};

	return cmocka_run_group_tests_name("redis entries", tests, NULL, NULL);
}
