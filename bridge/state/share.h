/*
 * What several processes on one store agree on: who of them does something (leases),
 * how many of something there are in all (slots), and short notes to each other. A
 * store of one process gives way at once: every lease is ours, every slot is free,
 * nobody else hears.
 *
 * Names are the callers', one namespace per kind; owner of all structs is the caller,
 * who leaves before he frees them.
 */
#ifndef STATE_SHARE_H
#define STATE_SHARE_H

#include "net/loop.h"
#include "state/state.h"

/* May other processes, or a later one, find what is put here? Then what can be had
 * again is worth keeping here, too. */
bool state_is_shared(const struct state *s);

struct state_health {
	bool is_away;        /* it does not answer: one goes on from memory */
	bool is_refusing;    /* it answers, but not as it should: it is full, say */
	const char *trouble; /* a sentence for the operator, without secrets; NULL: all is well */
};
struct state_health state_health(const struct state *s);

/* What has gone to and fro between us and a store outside of this process. */
struct state_traffic {
	uint64_t commands, errors, timeouts;
	uint64_t connects; /* the first one, too */
	uint64_t bytes_sent, bytes_received;
	unsigned under_way;      /* commands */
	uint64_t round_trip_us;  /* the last time that was measured */
	unsigned leases;         /* that are ours */
	unsigned logs_unwritten; /* of ours, that have more here than there */
	size_t near_entries;     /* sessions that need not be asked for */
	uint64_t near_hits, near_misses;
};
/* False: it is in this process. */
MUST_CHECK bool state_traffic(const struct state *s, struct state_traffic *ret);

/* --- leases ----------------------------------------------------------------- */

enum state_turn {
	STATE_TURN_UNKNOWN, /* asked, or the store is away and it was not ours */
	STATE_TURN_OURS,
	STATE_TURN_THEIRS,
};

/*
 * From state_lease_want() on we stand in line; one process has it at a time. Who dies
 * or sleeps loses it within seconds; whoever had it and comes back finds so before it
 * does anything: state_lease_turn() looks at the clock, and says OURS only while nobody
 * else can have it. While the store is away it stays with who has it, as far as he can
 * tell: what is written under it needs fencing besides (state_log_open()).
 */
struct state_lease {
	/* The turn is another one; from the loop. */
	void (*on_turn)(struct state_lease *l);
	/* Private. */
	struct state *state; /* NULL: not in line */
	struct bytes name;
	enum state_turn turn;
	struct state_lease *next, **prev;
	struct loop_task task;
	void *of_store;
};

/* ERR_NOMEM. on_turn() comes later, always, also when it is ours at once. The name is
 * copied. One per name and process. */
MUST_CHECK enum err state_lease_want(struct state *s, struct bytes name, struct state_lease *l);
/* Gives it up, or stops waiting; the next one has it within moments. Nothing happens
 * when not in line. */
void state_lease_leave(struct state_lease *l);
enum state_turn state_lease_turn(const struct state_lease *l);

/* --- slots ------------------------------------------------------------------ */

/* Takes one of `max` slots of that name, counted over all processes that are alive.
 * ERR_BUSY: all are taken; ERR_NET, ERR_TIMEOUT: the store is away, go on without.
 * With ERR_OK, and with those two, it is to be given back. */
struct op *state_slot_take(struct state *s, struct call call, struct bytes name, unsigned max,
			   state_done_cb *cb, void *ctx);
void state_slot_give(struct state *s, struct bytes name);

/* --- notes ------------------------------------------------------------------ */

#define STATE_NOTE_MAX_BYTES 4096

/* Hears what other processes say about a name; some of it may get lost. */
struct state_ear {
	void (*on_note)(struct state_ear *e, struct bytes note);
	/* Private. */
	struct state *state; /* NULL: does not hear */
	struct state_ear *next, **prev;
	void *of_store;
};

/* ERR_NOMEM. The name is copied. */
MUST_CHECK enum err state_hear(struct state *s, struct bytes name, struct state_ear *e);
/* May be called from on_note, and when it does not hear. */
void state_unhear(struct state_ear *e);
/* To all other processes that hear; best effort, after what we have started before. */
void state_say(struct state *s, struct bytes name, struct bytes note);

#endif
