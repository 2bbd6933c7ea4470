/* New sessions, and new tokens for old ones. */
#include "auth/session_entry.h"

#include "base/clock.h"

#define SESSION_ID_RANDOM_BYTES 9 /* gives AUTH_ID_BYTES characters */

struct making {
	struct auth_step step;
	struct auth_sessions a;
	struct auth_session session;
	struct auth_token token;
	struct auth_session_entry oldest; /* gives way to it */
	auth_session_made_cb *cb;
	void *ctx;
};

static void end(struct making *m, enum err err)
{
	if (err == ERR_OK)
		m->cb(m->ctx, ERR_OK, &m->session, &m->token);
	else
		m->cb(m->ctx, err, NULL, NULL);
}

static void go_on(struct making *m, struct op *next)
{
	if (!auth_step_next(&m->step, next))
		end(m, ERR_NOMEM);
}

static void on_entry(void *ctx, enum err err)
{
	end(ctx, err);
}

static void on_record(void *ctx, enum err err)
{
	struct making *m = ctx;

	if (err != ERR_OK)
		end(m, err);
	else
		go_on(m,
		      session_put_entry(&m->a, m->step.call, &m->session, &m->token, on_entry, m));
}

static void put_record(struct making *m)
{
	go_on(m,
	      session_put_record(&m->a, m->step.call, &m->session, &m->token,
				 session_ttl_ms(&m->a, &m->session), STATE_ABSENT, on_record, m));
}

/* --- creating -------------------------------------------------------------- */

static void on_oldest_gone(void *ctx, enum err err)
{
	(void)err; /* gone already, then */
	put_record(ctx);
}

static void on_oldest_record_gone(void *ctx, enum err err)
{
	struct making *m = ctx;
	struct call call = m->step.call;
	struct bytes key =
		session_list_key(call.mem, m->session.account, bytes_of_str(m->oldest.id));

	(void)err; /* gone already, then */
	if (bytes_is_null(key))
		end(m, ERR_NOMEM);
	else
		go_on(m, state_delete(m->a.state, call, STATE_SESSION, key, on_oldest_gone, m));
}

static void end_oldest(struct making *m, const struct auth_session_entry *entries, size_t count)
{
	struct bytes key;

	m->oldest = entries[0];
	for (size_t i = 1; i < count; i++)
		if (entries[i].created_at_ms < m->oldest.created_at_ms)
			m->oldest = entries[i];
	key = bytes_of(m->oldest.key, sizeof m->oldest.key);
	go_on(m,
	      state_delete(m->a.state, m->step.call, STATE_SESSION, key, on_oldest_record_gone, m));
}

static void on_listed(void *ctx, enum err err, const struct auth_session_entry *entries,
		      size_t count)
{
	struct making *m = ctx;

	if (err != ERR_OK)
		end(m, err);
	else if (count && count >= m->a.per_account)
		end_oldest(m, entries, count);
	else
		put_record(m);
}

static struct making *making_new(const struct auth_sessions *a, struct call call,
				 auth_session_made_cb *cb, void *ctx)
{
	struct making *m = ARENA_NEW(call.mem, struct making);

	if (!m || !auth_token_new(&m->token))
		return NULL;
	m->a = *a;
	m->cb = cb;
	m->ctx = ctx;
	auth_step_init(&m->step, call);
	return m;
}

struct op *auth_session_create(const struct auth_sessions *a, struct call call, const char *account,
			       const struct auth_credentials *c, auth_session_made_cb *cb,
			       void *ctx)
{
	struct making *m = making_new(a, call, cb, ctx);
	uint8_t id[SESSION_ID_RANDOM_BYTES];

	if (!m || !hash_random(id, sizeof id))
		return NULL;
	hash_base64url_str(m->session.id, sizeof m->session.id, bytes_of(id, sizeof id));
	memcpy(m->session.account, account, AUTH_ID_BYTES);
	m->session.credentials = *c;
	m->session.created_at_ms = clock_wall_ms();
	m->session.verified_at_ms = m->session.touched_at_ms = m->session.created_at_ms;
	return auth_step_start(&m->step, auth_session_list(a, call, account, on_listed, m));
}

/* --- refreshing ------------------------------------------------------------ */

static void on_retired(void *ctx, enum err err)
{
	if (err != ERR_OK)
		end(ctx, err);
	else
		put_record(ctx);
}

struct op *auth_session_refresh(const struct auth_sessions *a, struct call call,
				const struct auth_session *session, const struct auth_token *old,
				auth_session_made_cb *cb, void *ctx)
{
	struct making *m = making_new(a, call, cb, ctx);
	struct auth_session retired = *session;

	if (!m)
		return NULL;
	m->session = *session;
	m->session.verified_at_ms = m->session.touched_at_ms = clock_wall_ms();
	retired.is_retired = true;
	return auth_step_start(&m->step, session_put_record(a, call, &retired, old, a->old_token_ms,
							    session->generation, on_retired, m));
}
