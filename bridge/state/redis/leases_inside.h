/*
 * What leases.c (who is in line), lease_owners.c (who has what we want) and lease_batch.c
 * (asking) share.
 */
#ifndef STATE_REDIS_LEASES_INSIDE_H
#define STATE_REDIS_LEASES_INSIDE_H

#include "state/redis/leases.h"

/* A process that has what we want. */
struct redis_owner {
	struct keymap_node node; /* its key is `id` */
	struct redis_lease_list leases;
	uint8_t id[];
};

struct redis_lease {
	struct keymap_node node; /* its key is `name` */
	struct redis_leases *leases;
	struct state_lease *of;    /* NULL: to be given up */
	struct redis_owner *owner; /* NULL: nobody else, as far as we know */
	TAILQ_ENTRY(redis_lease) of_owner, of_due;
	bool is_due;
	bool is_given_up;   /* its owner has said so */
	unsigned under_way; /* batches that it is in */
	uint8_t name[];
};

/* Is asked for, or given up, with the next beat. */
void lease_make_due(struct redis_lease *l);
/* Later in this turn. */
void lease_make_due_now(struct redis_lease *l);
void lease_make_undue(struct redis_lease *l);
void lease_free(struct redis_lease *l);

/* NULL: memory is short. */
struct redis_owner *lease_owner_of(struct redis_leases *s, struct bytes id);
/* NULL: nobody else has it. An owner without leases is no more. */
void lease_set_owner(struct redis_lease *l, struct redis_owner *o);
/* It said goodbye: what it had is free. */
void lease_owner_is_gone(struct redis_leases *s, struct bytes id);
/* What they have may be free. */
void lease_owners_may_be_gone(struct redis_leases *s);
/* Looks whether they live, after so long. */
void lease_plan_look(struct redis_leases *s, uint64_t delay_ms);
void lease_on_look_timer(struct loop_timer *t);

void lease_set_turn(struct redis_lease *l, enum state_turn turn);
/* Asks for what is due. */
void lease_on_task(struct loop_task *t);
void lease_batches_free(struct redis_leases *s);

#endif
