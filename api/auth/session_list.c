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

/* The records go first: the one that the line in the list names, and that of the caller's own
 * token (another one if that was replaced). Then the line as it was; if it is another one by
 * now, the session has got a new token meanwhile, and that goes, too. */
struct ending {
	struct auth_step step;
	struct state *state;
	struct bytes line;
	uint64_t generation; /* of the line */
	struct bytes records[2];
	size_t count;
	bool is_again;
	auth_session_done_cb *cb;
	void *ctx;
};

static void end_with(struct ending *e, enum err err)
{
	e->cb(e->ctx, err);
}

static void go_on(struct ending *e, struct op *next)
{
	if (!auth_step_next(&e->step, next))
		end_with(e, ERR_NOMEM);
}

static void on_line(void *ctx, enum err err, struct bytes value, uint64_t generation);

static void look(struct ending *e)
{
	go_on(e, state_get(e->state, e->step.call, STATE_SESSION, e->line, 0, on_line, e));
}

static void on_line_deleted(void *ctx, enum err err)
{
	end_with(ctx, err == ERR_NOT_FOUND ? ERR_OK : err);
}

static void on_line_gone(void *ctx, enum err err)
{
	struct ending *e = ctx;

	e->is_again = true;
	if (err == ERR_OK)
		end_with(e, ERR_OK);
	else if (err == ERR_CONFLICT)
		look(e);
	else /* a full store still lets us delete */
		go_on(e, state_delete(e->state, e->step.call, STATE_SESSION, e->line,
				      on_line_deleted, e));
}

static void delete_next(struct ending *e);

static void on_deleted(void *ctx, enum err err)
{
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		end_with(ctx, err);
	else
		delete_next(ctx);
}

static void delete_next(struct ending *e)
{
	struct call call = e->step.call;

	if (e->count)
		go_on(e, state_delete(e->state, call, STATE_SESSION, e->records[--e->count],
				      on_deleted, e));
	else
		go_on(e, state_put(e->state, call, STATE_SESSION, e->line, BYTES_LIT(""), 0,
				   e->generation, on_line_gone, e));
}

static void on_line(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct ending *e = ctx;
	struct auth_session_entry entry;
	struct bytes record;

	e->generation = err ? STATE_ABSENT : generation;
	if (err == ERR_OK && auth_entry_read(value, &entry) == ERR_OK) {
		record = arena_bytes(e->step.call.mem, bytes_of(entry.key, sizeof entry.key));
		if (bytes_is_null(record))
			err = ERR_NOMEM;
		else
			e->records[e->count++] = record;
	} else if (err == ERR_OK) {
		err = ERR_NOT_FOUND;
	}
	/* The caller's own session ends even if its line was lost. */
	if (err == ERR_OK || (err == ERR_NOT_FOUND && (e->count || e->is_again)))
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
	*e = (struct ending){ .state = a->state, .line = line, .cb = cb, .ctx = ctx };
	auth_step_init(&e->step, call);
	if (token) {
		e->records[e->count] = session_record_key(call.mem, token);
		if (bytes_is_null(e->records[e->count++]))
			return NULL;
	}
	return auth_step_start(&e->step,
			       state_get(a->state, call, STATE_SESSION, line, 0, on_line, e));
}
