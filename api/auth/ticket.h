/*
 * Tickets: what EventSource, which cannot send header fields, is let in with. Worth
 * one request within a short time; the store keeps the credentials sealed under the
 * ticket and finds them by its SHA-256, so that neither it nor a log that has caught
 * a ticket is worth anything.
 */
#ifndef AUTH_TICKET_H
#define AUTH_TICKET_H

#include "auth/session.h"

struct auth_tickets {
	struct auth_sessions sessions;
	uint64_t ttl_ms;
	unsigned per_minute; /* of one account; 0: no limit */
};

/* `whose` is the session that asks, or, without one (Basic), has an empty id, the
 * account and the credentials. ERR_DENIED: too many in a minute. */
typedef void auth_ticket_made_cb(void *ctx, enum err err, const struct auth_token *ticket);
struct op *auth_ticket_create(const struct auth_tickets *a, struct call call,
			      const struct auth_session *whose, auth_ticket_made_cb *cb, void *ctx);

/* Gives `whose` back, once. ERR_NOT_FOUND: spent, expired, never given, or the session
 * has ended meanwhile; ERR_DENIED: made under another operator key. */
struct op *auth_ticket_spend(const struct auth_tickets *a, struct call call,
			     const struct auth_token *ticket, auth_session_cb *cb, void *ctx);

#endif
