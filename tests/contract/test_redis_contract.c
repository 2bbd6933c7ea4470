/* The state contract over a private Redis, values sealed with the argument "sealed": run it
 * through with_redis.sh. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "state/redis/redis.h"
#include "state/share.h"
#include "state_contract.h"

#define TURNS_MAX 2000

static bool is_sealed;

/* A prefix of its own makes it empty. */
static struct state *make(struct loop *l, const struct state_limits *limits)
{
	static unsigned count;
	const char *socket = getenv("MAILBRIDGE_REDIS_SOCKET");
	struct redis_address address;
	struct state_redis_setup setup = { .loop = l, .address = &address, .limits = *limits };
	struct state *s;
	char prefix[32];

	if (!socket || redis_address_parse(bytes_of_str(socket), &address))
		return NULL;
	snprintf(prefix, sizeof prefix, "test%u", count++);
	if (is_sealed)
		setup.seal_key = BYTES_LIT("a key of the operator of thirty-two bytes");
	setup.prefix = bytes_of_str(prefix);
	s = state_redis_new(&setup);
	redis_address_done(&address);
	for (int i = 0; s && i < TURNS_MAX && state_health(s).is_away; i++)
		loop_turn(l, 5);
	return s;
}

int main(int argc, char **argv)
{
	const struct state_factory factory = { .make = make };

	is_sealed = argc > 1 && strcmp(argv[1], "sealed") == 0;
	return state_contract_run(&factory);
}
