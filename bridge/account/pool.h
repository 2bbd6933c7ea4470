/*
 * The sessions of one account: few, kept open between requests, lent out one at
 * a time (lease.h). Opens them when somebody waits, pings and closes the idle
 * ones, and replaces those that ended.
 *
 * What goes wrong at a login, and the way back:
 *	refused (AUTH)		those who wait are told, and for a while all that come
 *				are, without asking the server again; what other sessions
 *				there are is closed when the server says that the
 *				credentials are wrong, and used on where it only says no
 *	[LIMIT], [INUSE]	fewer sessions for a while, then more again
 *	[IN-USE] of POP3	tried again some times before those who wait are told
 *	all slots taken		(below) tried again; who waits has his deadline
 *	lost, silent, garbage	backoff with jitter per account; the host as a whole is
 *				left alone when it keeps failing (host.h)
 *
 * Where several processes share their state (state/share.h) each session has one of the
 * account's slots: its sessions are counted over all processes and whatever credentials
 * (pool_slot.c).
 */
#ifndef ACCOUNT_POOL_H
#define ACCOUNT_POOL_H

#include "account/account.h"
#include "account/host.h"
#include "net/loop.h"
#include "state/share.h"

#define POOL_SESSIONS_MAX 16

struct lease;
struct pool;

enum session_state {
	SESSION_OPENING,
	SESSION_IDLE,
	SESSION_LEASED,
	SESSION_PINGING,
};

struct session {
	struct pool *pool;
	struct mailstore *ms;
	enum session_state state;
	uint64_t serial;    /* logins of this pool, counted; 0 while opening */
	uint64_t used_ms;   /* when it was last given back */
	uint64_t pinged_ms; /* or used */
	struct op *op;      /* opening, pinging */
	struct arena *mem;  /* of that */
	struct lease *lease;
	bool is_doomed; /* closed as soon as it is given back */
	bool has_slot;
};

struct lease_queue {
	struct lease *first, **last;
};

/* What the pool tells its owner. */
struct pool_events {
	/* A login ended. caps unless it failed. */
	void (*on_login)(struct pool *p, const struct fault *fault,
			 const struct mailstore_caps *caps);
	/* The server allows this user no more sessions: closes those that others
	 * hold of the same user without need; says whether there were any. */
	bool (*on_limit)(struct pool *p);
	/* Another process has no session and cannot get one: the watch of this user, if
	 * it is here, is to let go of its. */
	void (*on_wanted)(struct pool *p);
	/* pool_is_worth_keeping() no longer. */
	void (*on_empty)(struct pool *p);
};

struct pool_setup {
	struct loop *loop;
	struct host *host;
	const struct account_limits *limits;
	struct account_hub_stats *stats;
	const struct credentials *credentials;
	struct mailstore *(*connect)(void *ctx);
	void *connect_ctx;
	const struct pool_events *events;
	unsigned sessions_max; /* of the server, where that is known beforehand; else 0 */
	struct state *shared;  /* where slots are taken; NULL: there are none */
	struct bytes slots;    /* their name */
};

struct pool {
	struct pool_setup setup; /* all borrowed from the owner */
	struct session *sessions[POOL_SESSIONS_MAX];
	unsigned count;
	unsigned limit;          /* of sessions, for now */
	uint64_t limit_until_ms; /* then the configured one again; 0: no end */
	uint64_t last_serial;
	unsigned open_failures;   /* in a row */
	uint64_t retry_at_ms;     /* no login before */
	uint64_t in_use_since_ms; /* the maildrop is another's; 0: it is not */
	uint64_t idle_close_ms;
	struct fault last_fault;
	struct lease_queue interactive, bulk;
	unsigned waiting;
	unsigned long_leases; /* sessions lent to bulk work and downloads */
	/* Who holds one only until it is needed: NULL, or whoever came first. */
	struct lease *watches[2];
	bool is_dispatching;
	struct host_waiter login_turn;
	struct loop_timer timer;
	struct { /* private to pool_slot.c */
		struct state_ear ear;
		bool hears;
		unsigned refusals; /* in a row */
		uint64_t at_ms;    /* none is asked for before */
		unsigned to_give;  /* back, when their sessions have been closed */
		bool is_awaited;   /* another process is to be told */
		struct loop_task giving;
		uint64_t wanted_at_ms; /* by another process; 0: none does */
		bool is_urgent;        /* it has none at all, for a while */
	} slot;
};

void pool_init(struct pool *p, const struct pool_setup *setup);
/* Nobody may have a lease. */
void pool_done(struct pool *p);
/* Closes what nobody uses; says how many. */
unsigned pool_close_idle(struct pool *p);
/* Is there something to remember: sessions, or that the server is not to be asked
 * again so soon? on_empty() says when that ends. */
bool pool_is_worth_keeping(const struct pool *p);

/* --- between pool.c and lease.c --------------------------------------- */

/* Lends free sessions to those who wait, and opens more for the rest. */
void pool_dispatch(struct pool *p);
/* Opens as many as `wanted` need; `fresh`: one at least must be new. */
void pool_open_for(struct pool *p, unsigned wanted, bool fresh);
/* How many logins are under way. */
unsigned pool_opening(const struct pool *p);
/* Does anybody wait who is not about to watch? */
bool pool_has_requests(const struct pool *p);
/* All who only watch let go of their sessions soon. */
void pool_ask_to_yield(struct pool *p);
/* How many there may be as far as this process goes. */
unsigned pool_limit_at_most(const struct pool *p);
/* A login that is under way has its slot, or needs none. */
void session_login(struct session *s);
/* Closes it, whatever it is doing. */
void session_drop(struct session *s);
/* Looks after idle sessions in time. */
void pool_keep(struct pool *p);
/* Everybody in line (`fresh_only`: who waits for a new login) is told so. */
void pool_fail_waiters(struct pool *p, const struct fault *fault, bool fresh_only);
/* Something is due then. */
void pool_wake_at(struct pool *p, uint64_t due_ms);

/* --- pool_slot.c ------------------------------------------------------ */

/* Takes one for the login, which goes on or is dropped; NULL: no memory. */
struct op *session_take_slot(struct session *s);
/* That of a session which has been closed, or will be when its code has returned. */
void pool_give_slot(struct pool *p);
/* Were all taken a moment ago? Then pool_dispatch() comes when it is time. */
bool pool_must_wait_for_slot(struct pool *p);
/* Is a session that nobody needs right now to be closed for another process? Asked
 * once for each that is given back. */
bool pool_must_give_slot(struct pool *p);
/* The server allows no more sessions: maybe other processes have some. */
void pool_ask_for_slot(struct pool *p);
void pool_slot_done(struct pool *p);

#endif
