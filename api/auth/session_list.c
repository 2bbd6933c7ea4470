/* An account's sessions: seeing and ending them. */
#include "auth/session_entry.h"

#define LISTED_MAX 1000

struct listing {
	struct auth_step step;
	auth_session_list_cb *cb;
	void *ctx;
};

static void on_values(void *ctx, enum err err, const struct bytes *keys, const struct bytes *values,
		      size_t count)
{
	struct listing *l = ctx;
	struct auth_session_entry *entries = NULL;
	size_t n = 0;

	(void)keys;
	if (err == ERR_OK) {
		entries = ARENA_ARRAY(l->step.call.mem, count, struct auth_session_entry);
		err = entries ? ERR_OK : ERR_NOMEM;
	}
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		if (auth_entry_read(values[i], &entries[n]) == ERR_OK)
			n++;
	l->cb(l->ctx, err, entries, err == ERR_OK ? n : 0);
}

struct op *auth_session_list(const struct auth_sessions *a, struct call call, const char *account,
			     auth_session_list_cb *cb, void *ctx)
{
	struct listing *l = ARENA_NEW(call.mem, struct listing);
	struct bytes prefix = session_list_prefix(call.mem, account);

	if (!l || bytes_is_null(prefix))
		return NULL;
	*l = (struct listing){ .cb = cb, .ctx = ctx };
	auth_step_init(&l->step, call);
	return auth_step_start(&l->step, state_list(a->state, call, STATE_SESSION, prefix,
						    LISTED_MAX, on_values, l));
}

/* Up to three entries go, from the last to the first: the record that the line
 * in the list names, the record of the caller's own token (another one if that
 * was replaced), the line itself. */
struct ending {
	struct auth_step step;
	struct state *state;
	struct bytes keys[3];
	size_t count;
	auth_session_done_cb *cb;
	void *ctx;
};

static void end_with(struct ending *e, enum err err)
{
	e->cb(e->ctx, err);
}

static void delete_next(struct ending *e);

static void on_deleted(void *ctx, enum err err)
{
	struct ending *e = ctx;

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		end_with(e, err);
	else if (e->count)
		delete_next(e);
	else
		end_with(e, ERR_OK);
}

static void delete_next(struct ending *e)
{
	struct bytes key = e->keys[--e->count];

	if (bytes_is_null(key) ||
	    !auth_step_next(&e->step, state_delete(e->state, e->step.call, STATE_SESSION, key,
						   on_deleted, e)))
		end_with(e, ERR_NOMEM);
}

static void on_entry(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct ending *e = ctx;
	struct auth_session_entry entry;

	(void)generation;
	if (err == ERR_OK && auth_entry_read(value, &entry) == ERR_OK)
		e->keys[e->count++] =
			arena_bytes(e->step.call.mem, bytes_of(entry.key, sizeof entry.key));
	else if (err == ERR_OK)
		err = ERR_NOT_FOUND;
	/* The caller's own session ends even if its line was lost. */
	if (err == ERR_OK || (err == ERR_NOT_FOUND && e->count > 1))
		delete_next(e);
	else
		end_with(e, err);
}

struct op *auth_session_end(const struct auth_sessions *a, struct call call, const char *account,
			    struct bytes id, const struct auth_token *token,
			    auth_session_done_cb *cb, void *ctx)
{
	struct ending *e = ARENA_NEW(call.mem, struct ending);
	struct bytes line = session_list_key(call.mem, account, id);

	if (!e || bytes_is_null(line))
		return NULL;
	*e = (struct ending){ .state = a->state, .cb = cb, .ctx = ctx };
	auth_step_init(&e->step, call);
	e->keys[e->count++] = line;
	if (token)
		e->keys[e->count++] = session_record_key(call.mem, token);
	return auth_step_start(&e->step,
			       state_get(a->state, call, STATE_SESSION, line, 0, on_entry, e));
}
