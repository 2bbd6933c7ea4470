/*
 * The loan of one session: whoever holds it has the conversation for himself.
 * Interactive calls go before bulk ones (but a bulk one that has waited long
 * goes first), and downloads and bulk work leave one session to the others
 * where there is more than one. A watch holds one for as long as nobody needs it:
 * when all are in use and somebody waits it is asked to yield.
 */
#ifndef ACCOUNT_LEASE_H
#define ACCOUNT_LEASE_H

#include "account/pool.h"

enum {
	LEASE_FRESH = 1 << 0, /* a session whose login ended after this was asked */
	LEASE_LONG = 1 << 1,  /* will be held long: a download */
	/* Held until somebody else needs it. Stands in line behind all others, but not
	 * for ever; two per pool. */
	LEASE_WATCH = 1 << 2,
};

struct lease {
	/* Set by the owner. */
	struct pool *pool;
	enum call_class cls;
	uint64_t deadline_ms;
	struct bytes path; /* the folder it will work in, or null: only a preference */
	unsigned flags;
	/* Once per lease_start(): with fault NULL the session is there, maybe already
	 * inside lease_start(); with a fault always later. */
	void (*granted)(struct lease *l, const struct fault *fault);
	/* LEASE_WATCH: the session is wanted back. Called from inside other calls: it is
	 * given back later, and soon. */
	void (*yield)(struct lease *l);

	/* Read by the owner. */
	bool is_reused; /* the session had been open before it was asked for */

	/* Private. */
	struct session *session;
	struct lease *next, **prev; /* prev: NULL while not in line */
	uint64_t asked_ms, asked_serial;
	struct loop_timer timer;
	struct loop_task later;
	struct fault fault;
};

void lease_start(struct lease *l);
/* Gives the session back, or leaves the line; whatever was under way on it must
 * have been cancelled. Nothing happens when it was not started. */
void lease_end(struct lease *l);

static inline bool lease_is_held(const struct lease *l)
{
	return l->session != NULL;
}

static inline struct mailstore *lease_store(const struct lease *l)
{
	return l->session->ms;
}

#endif
