/*
 * One connection to Redis, from dialling to its end: TLS if wanted, logged in, database
 * selected, a good version and a memory policy that suits. Then commands out, replies in,
 * in order. It is not made anew: link.h does that, and ears.h for what is heard.
 *
 * Of hiredis only the reader of replies is used. Its asynchronous part aborts the process
 * when a server says what it was not asked, resolves names while everybody waits, and knows
 * no time-outs; sockets, TLS and time are net's.
 */
#ifndef STATE_REDIS_CONN_H
#define STATE_REDIS_CONN_H

#include "net/loop.h"
#include "state/redis/link.h"

struct dialer;
struct tls_profile;

/* What the connections to one server have in common. */
struct redis_host {
	struct loop *loop;
	struct redis_address address; /* owned */
	uint64_t timeout_ms;
	struct dialer *dialer;
	struct tls_profile *tls;
};

/* Copies the address. ERR_NOMEM; ERR_TLS: the system's certificates cannot be read. */
MUST_CHECK enum err redis_host_init(struct redis_host *h, struct loop *l,
				    const struct redis_address *address, uint64_t timeout_ms);
/* After the connections. */
void redis_host_done(struct redis_host *h);

/* How long to wait before the next try after so many that failed in a row: longer and
 * longer, up to 10 s, and never the same for all processes. */
uint64_t redis_backoff_ms(unsigned failures);

struct redis_conn;

/* From the loop; each may free the connection. */
struct redis_conn_events {
	void (*on_up)(void *ctx); /* commands can be sent */
	/* To what was sent, or pushed (a message of a channel); borrowed. */
	void (*on_reply)(void *ctx, const struct redisReply *reply);
	/* Once; nothing follows. The reason is a sentence without secrets. The owner still
	 * frees it. */
	void (*on_end)(void *ctx, const char *reason);
};

/* Begins to connect; `host` and `events` outlive it. At most so many bytes wait to be sent.
 * NULL: memory is short. */
struct redis_conn *redis_conn_new(const struct redis_host *host, size_t out_max_bytes,
				  const struct redis_conn_events *events, void *ctx);
/* What was sent before still goes out, as far as the system takes it. NULL is fine. */
void redis_conn_free(struct redis_conn *c);

/* A command. ERR_BUSY: too much is waiting to be sent; ERR_TOO_BIG: for ever; ERR_NET: not up.
 * Nothing of it was taken then. */
MUST_CHECK enum err redis_conn_send(struct redis_conn *c, const struct bytes *args, size_t count);
/* The same for one that was encoded (resp.h), in pieces. */
MUST_CHECK enum err redis_conn_write(struct redis_conn *c, const struct bytes *pieces,
				     size_t count);
/* It is of no use any more: on_end() comes from the loop. */
void redis_conn_end(struct redis_conn *c, const char *reason);

/* What the operator should know though it is up; NULL: nothing. */
const char *redis_conn_trouble(const struct redis_conn *c);

struct redis_conn_bytes {
	uint64_t sent, received;
};
struct redis_conn_bytes redis_conn_bytes(const struct redis_conn *c);
/* What the system has not yet taken. */
size_t redis_conn_queued_bytes(const struct redis_conn *c);

#endif
