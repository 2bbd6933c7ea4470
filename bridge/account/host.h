/*
 * One upstream host as all accounts on it see it: how many may log in at the
 * same time and in a minute, and whether it is left alone for a while because it
 * keeps failing.
 */
#ifndef ACCOUNT_HOST_H
#define ACCOUNT_HOST_H

#include "account/rate.h"
#include "base/err.h"
#include "net/loop.h"

/* So many failures in a row and the host is left alone. */
#define HOST_FAILURES_MAX 5

struct host {
	struct host *next;
	struct loop *loop;
	char *key; /* "host:port:tls" */
	unsigned refs;
	unsigned logins; /* under way */
	unsigned logins_max;
	struct rate rate;         /* of logins begun */
	unsigned failures;        /* in a row */
	uint64_t closed_until_ms; /* left alone until then; 0: open */
	struct host_waiter *first, **last;
	bool is_calling;          /* those in line, one after the other */
	struct loop_timer refill; /* when those in line wait for the rate alone */
};

struct hosts {
	struct loop *loop;
	struct host *first;
	unsigned logins_max; /* per host */
	unsigned logins_per_minute;
};

/* The host of that name, with a reference for the caller; NULL when memory is
 * short. */
struct host *hosts_take(struct hosts *all, struct bytes key);
void hosts_drop(struct hosts *all, struct host *h);
/* Nobody may have a reference any more. */
void hosts_done(struct hosts *all);

/* In line for a login; embedded in who waits. */
struct host_waiter {
	struct host_waiter *next, **prev; /* prev: NULL while not in line */
	void (*go)(struct host_waiter *w);
};

enum host_answer {
	HOST_GO,   /* log in, then call host_login_end() */
	HOST_WAIT, /* w stands in line: go() says when to ask again */
	HOST_AWAY, /* do not even try for another *ret_wait_ms */
};

enum host_answer host_login_begin(struct host *h, struct host_waiter *w, uint64_t *ret_wait_ms);
/* `how` is the login's outcome, ERR_CANCELLED when it was given up. Lets others in
 * line go, from inside this call. */
void host_login_end(struct host *h, enum err how);
void host_waiter_leave(struct host *h, struct host_waiter *w);

/* Doubles with each attempt (the first is 1) up to max_ms, then somewhere
 * between half of that and all of it, so that not everybody returns at once. */
uint64_t host_backoff_ms(unsigned attempt, uint64_t base_ms, uint64_t max_ms);

#endif
