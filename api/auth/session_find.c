/* Finding a session by its token, and keeping alive what is in use. */
#include "auth/session_entry.h"

#include "base/clock.h"

#define TOUCHES_PER_IDLE_TTL 24 /* at most so many writes for one in constant use */

struct finding {
	struct auth_step step;
	struct auth_sessions a;
	struct auth_token token;
	struct auth_session session;
	uint64_t line; /* its generation */
	auth_session_cb *cb;
	void *ctx;
};

static void end(struct finding *f, enum err err)
{
	auth_token_wipe(&f->token);
	f->cb(f->ctx, err, err == ERR_OK ? &f->session : NULL);
}

/* That the line in the list could not be kept alive is no reason to turn the
 * user away. */
static void on_entry_touched(void *ctx, enum err err)
{
	(void)err;
	end(ctx, ERR_OK);
}

/* ERR_CONFLICT: somebody else has just done it, or it has ended. */
static void on_record_touched(void *ctx, enum err err)
{
	struct finding *f = ctx;

	if (err != ERR_OK ||
	    !auth_step_next(&f->step, session_put_entry(&f->a, f->step.call, &f->session, &f->token,
							f->line, on_entry_touched, f)))
		end(f, ERR_OK);
}

static void on_line(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct finding *f = ctx;
	struct auth_session *s = &f->session;

	(void)value;
	f->line = err ? STATE_ABSENT : generation;
	s->touched_at_ms = clock_wall_ms();
	if ((err && err != ERR_NOT_FOUND) ||
	    !auth_step_next(&f->step, session_put_record(&f->a, f->step.call, s, &f->token,
							 session_ttl_ms(&f->a, s), s->generation,
							 on_record_touched, f)))
		end(f, ERR_OK);
}

static void touch(struct finding *f)
{
	if (!auth_step_next(&f->step,
			    session_get_entry(&f->a, f->step.call, &f->session, on_line, f)))
		end(f, ERR_OK);
}

/* A token that was replaced is good only while its session is. */
static void on_entry_of_retired(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	(void)value;
	(void)generation;
	end(ctx, err);
}

static void check_retired(struct finding *f)
{
	if (!auth_step_next(&f->step, session_get_entry(&f->a, f->step.call, &f->session,
							on_entry_of_retired, f)))
		end(f, ERR_NOMEM);
}

static bool touch_is_due(const struct auth_sessions *a, const struct auth_session *s)
{
	int64_t unwritten_ms = clock_wall_ms() - s->touched_at_ms;

	return unwritten_ms > (int64_t)(a->idle_ttl_ms / TOUCHES_PER_IDLE_TTL);
}

bool auth_session_is_fresh(const struct auth_sessions *a, const struct auth_session *s)
{
	return !s->is_retired && session_ttl_ms(a, s) > 0 && !touch_is_due(a, s);
}

static void on_record(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct finding *f = ctx;

	if (err == ERR_OK)
		err = auth_record_read(value, AUTH_RECORD_SESSION, f->a.operator_key, &f->token,
				       f->step.call.mem, &f->session);
	if (err == ERR_OK && session_ttl_ms(&f->a, &f->session) == 0)
		err = ERR_NOT_FOUND;
	if (err != ERR_OK) {
		end(f, err);
		return;
	}
	f->session.generation = generation;
	if (f->session.is_retired)
		check_retired(f);
	else if (touch_is_due(&f->a, &f->session))
		touch(f);
	else
		end(f, ERR_OK);
}

struct op *auth_session_find(const struct auth_sessions *a, struct call call,
			     const struct auth_token *token, auth_session_cb *cb, void *ctx)
{
	struct finding *f = ARENA_NEW(call.mem, struct finding);
	struct bytes key = session_record_key(call.mem, token);

	if (!f || bytes_is_null(key))
		return NULL;
	*f = (struct finding){ .a = *a, .token = *token, .cb = cb, .ctx = ctx };
	auth_step_init(&f->step, call);
	return auth_step_start(&f->step,
			       state_get(a->state, call, STATE_SESSION, key, 0, on_record, f));
}

/* --- is it there? --------------------------------------------------------------- */

struct checking {
	struct auth_step step;
	auth_session_done_cb *cb;
	void *ctx;
};

static void on_entry(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct checking *c = ctx;

	(void)value;
	(void)generation;
	c->cb(c->ctx, err);
}

struct op *auth_session_check(const struct auth_sessions *a, struct call call, const char *account,
			      const char *id, auth_session_done_cb *cb, void *ctx)
{
	struct checking *c = ARENA_NEW(call.mem, struct checking);
	struct bytes key = session_list_key(call.mem, account, bytes_of_str(id));

	if (!c || bytes_is_null(key))
		return NULL;
	*c = (struct checking){ .cb = cb, .ctx = ctx };
	auth_step_init(&c->step, call);
	return auth_step_start(&c->step,
			       state_get(a->state, call, STATE_SESSION, key, 0, on_entry, c));
}
