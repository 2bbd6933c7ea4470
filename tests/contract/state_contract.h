/*
 * What every implementation of state.h must do. A test program supplies the
 * factory and runs it.
 */
#ifndef CONTRACT_STATE_CONTRACT_H
#define CONTRACT_STATE_CONTRACT_H

#include "state/state.h"

struct state_factory {
	/* An empty store with these limits; the test fails on NULL. */
	struct state *(*make)(struct loop *l, const struct state_limits *limits);
	/* As another process on the last one that was made; NULL: there is no other process. */
	struct state *(*make_another)(struct loop *l);
};

/* The result of a cmocka group: the number of failures. */
int state_contract_run(const struct state_factory *f);
/* Only what concerns event logs. */
int state_contract_run_logs(const struct state_factory *f);

#endif
