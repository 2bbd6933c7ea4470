/*
 * What tests of bridge/state/redis stand in: a loop and links to the Redis of
 * tests/contract/with_redis.sh, which can be paused, stopped and started again.
 */
#ifndef UNIT_REDIS_WORLD_H
#define UNIT_REDIS_WORLD_H

#include "base/arena.h"
#include "net/loop.h"
#include "state/redis/link.h"

#define REDIS_TURNS_MAX 4000
#define REDIS_LONG_MS   60000

struct redis_world {
	struct loop *loop;
	struct arena *mem;
	struct redis_link *link;
};

/* For cmocka: a struct redis_world in *test_state, its link up, Redis running and empty. */
int redis_world_set_up(void **test_state);
int redis_world_tear_down(void **test_state);

/* unix:// and redis:// URLs of the private Redis; static. */
const char *redis_world_socket_url(void);
const char *redis_world_port_url(void);
/* The test owns it. A timeout of 0 is a long one. */
struct redis_link *redis_world_link(struct redis_world *w, const char *url, uint64_t timeout_ms);
struct call redis_world_call(struct redis_world *w);

/* Turns until it holds; fails the test when it does not for long. */
#define redis_world_until(w, condition)                                                            \
	do {                                                                                       \
		for (int until_i = 0; until_i < REDIS_TURNS_MAX && !(condition); until_i++)        \
			loop_turn((w)->loop, 5);                                                   \
		assert_true(condition);                                                            \
	} while (0)

void redis_world_pause(void);
void redis_world_resume(void);
void redis_world_stop(void);
void redis_world_start(void);

struct redis_said {
	int told;
	enum err err;
	int type;
	long long integer;
	size_t elements;
	char text[512]; /* string, status or error */
};

/* The command in words between spaces, started; "" is an argument without bytes. */
struct op *redis_world_begin(struct redis_link *l, struct call call, const char *words,
			     struct redis_said *ret);
/* The same, waited for. */
struct redis_said redis_world_do(struct redis_world *w, struct redis_link *l, const char *words);
/* A redis_cb; ctx is a struct redis_said. */
redis_cb redis_world_on_said;

#endif
