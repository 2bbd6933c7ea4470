/*
 * A store that several processes share, all of them in this one: what they agree on
 * (state/share.h) goes as the test says, the event logs are the embedded store's.
 */
#ifndef UNIT_ACCOUNT_SHARED_KIT_H
#define UNIT_ACCOUNT_SHARED_KIT_H

#include "live_kit.h"

#include "state/state_class.h"

#define PROCESSES_MAX 3

struct shared;
struct shared_line;
struct shared_ear;
struct shared_slots;

struct process {
	struct state state; /* first */
	struct shared *shared;
	bool is_fooled; /* believes that what it once had is still its own */
};

struct shared {
	struct loop *loop;
	struct state *memory;
	struct process processes[PROCESSES_MAX];
	struct shared_line *lines;
	struct shared_ear *ears;
	struct shared_slots *slots;
	unsigned takes, refusals, notes; /* counted, ever */
	bool is_slotless;                /* the store is away, as far as slots go */
};

void shared_init(struct shared *s, struct loop *l, const struct state_limits *limits);
void shared_done(struct shared *s);

/* All that this process has the lease of goes to the next in line, and it learns so;
 * unless it is fooled. */
void shared_lose_leases(struct process *p);
/* It learns what it had not. */
void shared_undeceive(struct process *p);
/* Which process has the lease; NULL: none. */
struct process *shared_leader(struct shared *s, const char *name);
unsigned shared_slots_taken(const struct shared *s);

/* --- two processes that serve one account ------------------------------------ */

struct pair {
	struct live l; /* its account and hub are those of the process in use */
	struct shared shared;
	struct account_hub *hubs[2];
	struct account *accounts[2]; /* held; NULL: not any more */
};

/* live_init() was called and limits were set; the account is held by both. */
void pair_start(struct pair *p);
void pair_use(struct pair *p, size_t i);
/* The process lets go of the account, and ends its watch. */
void pair_leave(struct pair *p, size_t i);
void pair_end(struct pair *p);
/* Until the process has the lease and watches. */
void pair_wait_watching(struct pair *p, size_t i);

#endif
