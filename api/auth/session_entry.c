#include "auth/session_entry.h"

#include "base/clock.h"

#define RECORD_MAX_BYTES (64 * 1024)
#define ENTRY_MAX_BYTES  128

struct bytes session_list_prefix(struct arena *mem, const char *account)
{
	return bytes_of_str(arena_printf(mem, "i:%s:", account));
}

struct bytes session_list_key(struct arena *mem, const char *account, struct bytes id)
{
	return bytes_of_str(arena_printf(mem, "i:%s:%.*s", account, BYTES_FMT(id)));
}

struct bytes session_record_key(struct arena *mem, const struct auth_token *t)
{
	struct hash_sha256 key = auth_token_key(t);

	return arena_bytes(mem, bytes_of(key.at, sizeof key.at));
}

int64_t auth_session_expires_at_ms(const struct auth_sessions *a, const struct auth_session *s)
{
	int64_t idle = s->touched_at_ms + (int64_t)a->idle_ttl_ms;
	int64_t most = s->verified_at_ms + (int64_t)a->max_ttl_ms;

	return idle < most ? idle : most;
}

uint64_t session_ttl_ms(const struct auth_sessions *a, const struct auth_session *s)
{
	int64_t left = auth_session_expires_at_ms(a, s) - clock_wall_ms();

	return left > 0 ? (uint64_t)left : 0;
}

/* Copies into the arena and frees the buffer; null when either failed. */
static struct bytes keep(struct arena *mem, struct buf *b)
{
	struct bytes kept = buf_err(b) ? BYTES_NULL : arena_bytes(mem, buf_bytes(b));

	buf_done(b);
	return kept;
}

struct op *session_put_record(const struct auth_sessions *a, struct call call,
			      const struct auth_session *s, const struct auth_token *t,
			      uint64_t ttl_ms, uint64_t expected, state_done_cb *cb, void *ctx)
{
	struct bytes key = session_record_key(call.mem, t), value;
	struct buf record;
	enum err err;

	buf_init(&record, RECORD_MAX_BYTES);
	err = auth_record_write(&record, AUTH_RECORD_SESSION, s, a->operator_key, t);
	value = keep(call.mem, &record);
	if (err != ERR_OK || bytes_is_null(key) || bytes_is_null(value))
		return NULL;
	return state_put(a->state, call, STATE_SESSION, key, value, ttl_ms, expected, cb, ctx);
}

struct op *session_get_entry(const struct auth_sessions *a, struct call call,
			     const struct auth_session *s, state_value_cb *cb, void *ctx)
{
	struct bytes key = session_list_key(call.mem, s->account, bytes_of_str(s->id));

	if (bytes_is_null(key))
		return NULL;
	return state_get(a->state, call, STATE_SESSION, key, 0, cb, ctx);
}

struct op *session_put_entry(const struct auth_sessions *a, struct call call,
			     const struct auth_session *s, const struct auth_token *t,
			     uint64_t expected, state_done_cb *cb, void *ctx)
{
	struct auth_session_entry e = { .created_at_ms = s->created_at_ms,
					.expires_at_ms = auth_session_expires_at_ms(a, s) };
	struct hash_sha256 record_key = auth_token_key(t);
	struct bytes key, value;
	struct buf entry;

	memcpy(e.id, s->id, sizeof e.id);
	memcpy(e.key, record_key.at, sizeof e.key);
	buf_init(&entry, ENTRY_MAX_BYTES);
	auth_entry_write(&entry, &e);
	value = keep(call.mem, &entry);
	key = session_list_key(call.mem, s->account, bytes_of_str(s->id));
	if (bytes_is_null(key) || bytes_is_null(value))
		return NULL;
	return state_put(a->state, call, STATE_SESSION, key, value, session_ttl_ms(a, s), expected,
			 cb, ctx);
}
