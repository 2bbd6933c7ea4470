#include "auth/ticket.h"

#include "auth/session_entry.h"

#define MINUTE_MS        60000
#define RECORD_MAX_BYTES (64 * 1024)

/* --- making one -------------------------------------------------------------- */

struct making {
	struct auth_step step;
	struct auth_tickets a;
	struct auth_session whose; /* its strings are the caller's */
	struct auth_token ticket;
	auth_ticket_made_cb *cb;
	void *ctx;
};

static void end_making(struct making *m, enum err err)
{
	m->cb(m->ctx, err, err == ERR_OK ? &m->ticket : NULL);
	auth_token_wipe(&m->ticket);
}

static void on_put(void *ctx, enum err err)
{
	end_making(ctx, err);
}

static struct op *put_record(struct making *m)
{
	struct bytes key = session_record_key(m->step.call.mem, &m->ticket);
	struct op *op = NULL;
	struct buf record;

	buf_init(&record, RECORD_MAX_BYTES);
	if (auth_record_write(&record, AUTH_RECORD_TICKET, &m->whose, m->a.sessions.operator_key,
			      &m->ticket) == ERR_OK &&
	    !bytes_is_null(key))
		op = state_put(m->a.sessions.state, m->step.call, STATE_TICKET, key,
			       buf_bytes(&record), m->a.ttl_ms, STATE_ABSENT, on_put, m);
	buf_done(&record);
	return op;
}

static void on_count(void *ctx, enum err err, uint64_t sum)
{
	struct making *m = ctx;

	if (err == ERR_OK && m->a.per_minute && sum > m->a.per_minute)
		err = ERR_DENIED;
	if (err == ERR_OK && !auth_step_next(&m->step, put_record(m)))
		err = ERR_NOMEM;
	if (err != ERR_OK)
		end_making(m, err);
}

struct op *auth_ticket_create(const struct auth_tickets *a, struct call call,
			      const struct auth_session *whose, auth_ticket_made_cb *cb, void *ctx)
{
	struct making *m = ARENA_NEW(call.mem, struct making);
	char *key = arena_printf(call.mem, "ticket:%s", whose->account);

	if (!m || !key || !auth_token_new(&m->ticket))
		return NULL;
	m->a = *a;
	m->whose = *whose;
	m->cb = cb;
	m->ctx = ctx;
	auth_step_init(&m->step, call);
	return auth_step_start(&m->step, state_count(a->sessions.state, call, STATE_RATE,
						     bytes_of_str(key), 1, MINUTE_MS, on_count, m));
}

/* --- spending it ---------------------------------------------------------------- */

struct spending {
	struct auth_step step;
	struct auth_tickets a;
	struct auth_token ticket;
	struct auth_session whose;
	auth_session_cb *cb;
	void *ctx;
};

static void end_spending(struct spending *s, enum err err)
{
	auth_token_wipe(&s->ticket);
	s->cb(s->ctx, err, err == ERR_OK ? &s->whose : NULL);
}

static void on_checked(void *ctx, enum err err)
{
	end_spending(ctx, err);
}

/* Whoever deletes it has spent it; of several only one does. */
static void on_deleted(void *ctx, enum err err)
{
	struct spending *s = ctx;

	if (err != ERR_OK || !s->whose.id[0])
		end_spending(s, err);
	else if (!auth_step_next(&s->step,
				 auth_session_check(&s->a.sessions, s->step.call, s->whose.account,
						    s->whose.id, on_checked, s)))
		end_spending(s, ERR_NOMEM);
}

static void on_record(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct spending *s = ctx;
	struct call call = s->step.call;
	struct bytes key = session_record_key(call.mem, &s->ticket);

	(void)generation;
	if (err == ERR_OK)
		err = auth_record_read(value, AUTH_RECORD_TICKET, s->a.sessions.operator_key,
				       &s->ticket, call.mem, &s->whose);
	if (err == ERR_OK &&
	    (bytes_is_null(key) ||
	     !auth_step_next(&s->step, state_delete(s->a.sessions.state, call, STATE_TICKET, key,
						    on_deleted, s))))
		err = ERR_NOMEM;
	if (err != ERR_OK)
		end_spending(s, err);
}

struct op *auth_ticket_spend(const struct auth_tickets *a, struct call call,
			     const struct auth_token *ticket, auth_session_cb *cb, void *ctx)
{
	struct spending *s = ARENA_NEW(call.mem, struct spending);
	struct bytes key = session_record_key(call.mem, ticket);

	if (!s || bytes_is_null(key))
		return NULL;
	*s = (struct spending){ .a = *a, .ticket = *ticket, .cb = cb, .ctx = ctx };
	auth_step_init(&s->step, call);
	return auth_step_start(
		&s->step, state_get(a->sessions.state, call, STATE_TICKET, key, 0, on_record, s));
}
