/* New sessions, and new tokens for old ones. */
#include "auth/session_entry.h"

#include "base/clock.h"

#define SESSION_ID_RANDOM_BYTES 9 /* gives AUTH_ID_BYTES characters */

struct making {
	struct auth_step step;
	struct auth_sessions a;
	struct auth_session session, before; /* the latter: of a refresh */
	struct auth_token token, old_token;  /* the same */
	uint64_t line;                       /* the generation that its line has */
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

static void on_entry(void *ctx, enum err err);

static void put_entry(struct making *m)
{
	go_on(m,
	      session_put_entry(&m->a, m->step.call, &m->session, &m->token, m->line, on_entry, m));
}

/* Nobody has heard of its new token yet. */
static void on_record_gone(void *ctx, enum err err)
{
	end(ctx, err && err != ERR_NOT_FOUND ? err : ERR_NOT_FOUND);
}

static void on_line_again(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct making *m = ctx;
	struct bytes key = session_record_key(m->step.call.mem, &m->token);

	(void)value;
	m->line = generation;
	if (err == ERR_OK)
		put_entry(m);
	else if (bytes_is_null(key))
		end(m, ERR_NOMEM);
	else
		go_on(m, state_delete(m->a.state, m->step.call, STATE_SESSION, key, on_record_gone,
				      m));
}

/* ERR_CONFLICT: it was used or has ended meanwhile. */
static void on_entry(void *ctx, enum err err)
{
	struct making *m = ctx;

	if (err == ERR_CONFLICT)
		go_on(m, session_get_entry(&m->a, m->step.call, &m->session, on_line_again, m));
	else
		end(m, err);
}

static void on_record(void *ctx, enum err err)
{
	if (err != ERR_OK)
		end(ctx, err);
	else
		put_entry(ctx);
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

static void end_oldest(struct making *m, const struct auth_session_entry *entries, size_t count)
{
	const struct auth_session_entry *oldest = entries;

	for (size_t i = 1; i < count; i++)
		if (entries[i].created_at_ms < oldest->created_at_ms)
			oldest = &entries[i];
	go_on(m, auth_session_end(&m->a, m->step.call, m->session.account, bytes_of_str(oldest->id),
				  NULL, on_oldest_gone, m));
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
	m->line = STATE_ABSENT;
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

static void on_line(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct making *m = ctx;
	struct auth_session retired = m->before;
	struct op *next;

	(void)value;
	m->line = err ? STATE_ABSENT : generation;
	retired.is_retired = true;
	if (err && err != ERR_NOT_FOUND) {
		end(m, err);
		return;
	}
	next = session_put_record(&m->a, m->step.call, &retired, &m->old_token, m->a.old_token_ms,
				  retired.generation, on_retired, m);
	auth_token_wipe(&m->old_token);
	go_on(m, next);
}

struct op *auth_session_refresh(const struct auth_sessions *a, struct call call,
				const struct auth_session *session, const struct auth_token *old,
				auth_session_made_cb *cb, void *ctx)
{
	struct making *m = making_new(a, call, cb, ctx);

	if (!m)
		return NULL;
	m->session = m->before = *session;
	m->old_token = *old;
	m->session.verified_at_ms = m->session.touched_at_ms = clock_wall_ms();
	return auth_step_start(&m->step, session_get_entry(a, call, session, on_line, m));
}
