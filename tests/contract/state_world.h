/*
 * What each test of the state contract stands in: a loop, an empty store of the
 * factory's, memory for results.
 */
#ifndef CONTRACT_STATE_WORLD_H
#define CONTRACT_STATE_WORLD_H

#include "base/arena.h"
#include "net/loop.h"
#include "state_contract.h"

#define WORLD_TURNS_MAX 4000
#define WORLD_LONG_MS   60000

struct world {
	struct loop *loop;
	struct state *state;
	struct arena *mem;
};

void world_use(const struct state_factory *f);
/* For cmocka: a struct world in *test_state. */
int world_set_up(void **test_state);
int world_tear_down(void **test_state);
/* Replaces the store by an empty one of these limits. */
void world_limit(struct world *w, const struct state_limits *limits);

/* Another process on the same store, which the test frees; NULL: there cannot be one. */
struct state *world_another(struct world *w);

struct call world_call(struct world *w);
/* Turns until the operation, just started, has told; fails when it does not, or
 * did inside the starting call. */
void world_wait(struct world *w, const int *told, const struct op *op);

int state_log_contract_run(void);
int state_share_contract_run(void);

#endif
