#include "redis_world.h"

#include "cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"

#define WORDS_MAX 64

static pid_t redis_pid;

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail_msg("%s is not set: run it through tests/contract/with_redis.sh", name);
	return value;
}

const char *redis_world_socket_url(void)
{
	static char url[256];

	snprintf(url, sizeof url, "unix://%s", setting("MAILBRIDGE_REDIS_SOCKET"));
	return url;
}

const char *redis_world_port_url(void)
{
	static char url[64];

	snprintf(url, sizeof url, "redis://127.0.0.1:%s", setting("MAILBRIDGE_REDIS_PORT"));
	return url;
}

struct redis_link *redis_world_link(struct redis_world *w, const char *url, uint64_t timeout_ms)
{
	struct redis_address a;
	struct redis_link_setup setup = {
		.loop = w->loop,
		.address = &a,
		.timeout_ms = timeout_ms ? timeout_ms : REDIS_LONG_MS,
		.commands_max = 100,
		.bytes_max = 1024 * 1024,
	};
	struct redis_link *l;

	assert_null(redis_address_parse(bytes_of_str(url), &a));
	l = redis_link_new(&setup);
	redis_address_done(&a);
	assert_non_null(l);
	return l;
}

struct call redis_world_call(struct redis_world *w)
{
	return (struct call){ .mem = w->mem, .deadline_ms = clock_monotonic_ms() + REDIS_LONG_MS };
}

int redis_world_set_up(void **test_state)
{
	static struct redis_world w;

	if (!redis_pid) {
		uint64_t pid = 0;

		assert_true(bytes_to_u64(bytes_of_str(setting("MAILBRIDGE_REDIS_PID")), INT32_MAX,
					 &pid));
		redis_pid = (pid_t)pid;
	}
	w.loop = loop_new();
	w.mem = arena_new(64 * 1024 * 1024);
	w.link = redis_world_link(&w, redis_world_socket_url(), 0);
	redis_world_until(&w, redis_link_is_up(w.link));
	redis_world_do(&w, w.link, "FLUSHALL");
	*test_state = &w;
	return 0;
}

int redis_world_tear_down(void **test_state)
{
	struct redis_world *w = *test_state;

	redis_link_free(w->link);
	loop_free(w->loop);
	arena_free(w->mem);
	return 0;
}

void redis_world_pause(void)
{
	assert_int_equal(kill(redis_pid, SIGSTOP), 0);
}

void redis_world_resume(void)
{
	assert_int_equal(kill(redis_pid, SIGCONT), 0);
}

static void run_script(const char *what)
{
	char command[600];

	snprintf(command, sizeof command, "'%s' %s '%s' >/dev/null", setting("MAILBRIDGE_REDIS_SH"),
		 what, setting("MAILBRIDGE_REDIS_DIR"));
	assert_int_equal(system(command), 0);
}

void redis_world_stop(void)
{
	run_script("stop");
}

void redis_world_start(void)
{
	char path[300], line[64];
	uint64_t pid = 0;
	FILE *f;

	run_script("start");
	snprintf(path, sizeof path, "%s/redis.env", setting("MAILBRIDGE_REDIS_DIR"));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (bytes_starts_with(bytes_of_str(line), BYTES_LIT("REDIS_PID=")))
			assert_true(
				bytes_to_u64(bytes_trim(bytes_of_str(line + 10)), INT32_MAX, &pid));
	fclose(f);
	redis_pid = (pid_t)pid;
}

void redis_world_on_said(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_said *s = ctx;

	s->told++;
	s->err = err;
	if (!reply)
		return;
	s->type = reply->type;
	s->integer = reply->integer;
	s->elements = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
	if (reply->str)
		snprintf(s->text, sizeof s->text, "%s", reply->str);
}

struct op *redis_world_begin(struct redis_link *l, struct call call, const char *words,
			     struct redis_said *ret)
{
	struct bytes rest = bytes_of_str(words), args[WORDS_MAX];
	size_t count = 0;

	while (count < WORDS_MAX && bytes_split(&rest, ' ', &args[count]))
		count++;
	*ret = (struct redis_said){ 0 };
	return redis_call(l, call, args, count, redis_world_on_said, ret);
}

struct redis_said redis_world_do(struct redis_world *w, struct redis_link *l, const char *words)
{
	struct redis_said s;

	assert_non_null(redis_world_begin(l, redis_world_call(w), words, &s));
	assert_int_equal(s.told, 0);
	redis_world_until(w, s.told);
	return s;
}
