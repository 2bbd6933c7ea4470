#include "auth/record.h"

#include <openssl/crypto.h>

#include "base/pack.h"
#include "state/seal.h"

#define RECORD_VERSION 1
#define RECORD_MAX     (64 * 1024)
#define NULL_LENGTH    UINT16_MAX /* of a string that is null */
#define HEAD_BYTES     (1 + 2 * AUTH_ID_BYTES + 3 * 8 + 1)

static void put_string(struct buf *to, struct bytes s)
{
	size_t len = bytes_is_null(s) ? NULL_LENGTH : s.len;

	if (!bytes_is_null(s) && s.len >= NULL_LENGTH) {
		to->err = ERR_TOO_BIG;
		return;
	}
	pack_number(to, len, 2);
	buf_append(to, s);
}

static struct bytes take_string(struct unpack *r, struct arena *mem)
{
	size_t len = (size_t)unpack_number(r, 2);

	return len == NULL_LENGTH ? BYTES_NULL : arena_bytes(mem, unpack_bytes(r, len));
}

static void take_id(struct unpack *r, char to[AUTH_ID_BYTES + 1])
{
	struct bytes id = unpack_bytes(r, AUTH_ID_BYTES);

	if (id.len)
		memcpy(to, id.at, AUTH_ID_BYTES);
	to[AUTH_ID_BYTES] = '\0';
}

/* The part in clear; the seal is bound to it. */
static void put_head(struct buf *to, const struct auth_session *s)
{
	buf_append_byte(to, RECORD_VERSION);
	buf_append(to, bytes_of(s->id, AUTH_ID_BYTES));
	buf_append(to, bytes_of(s->account, AUTH_ID_BYTES));
	pack_number(to, (uint64_t)s->created_at_ms, 8);
	pack_number(to, (uint64_t)s->verified_at_ms, 8);
	pack_number(to, (uint64_t)s->touched_at_ms, 8);
	buf_append_byte(to, s->is_retired);
}

static void put_credentials(struct buf *to, const struct auth_credentials *c)
{
	put_string(to, c->server);
	put_string(to, c->username);
	put_string(to, c->password);
	put_string(to, c->access_token);
}

static struct state_seal_key key_of(enum auth_record_kind kind, struct bytes operator_key,
				    const struct auth_token *token)
{
	return state_seal_key_of(operator_key, bytes_of(token->secret, sizeof token->secret),
				 kind == AUTH_RECORD_TICKET ? BYTES_LIT("mailbridge ticket 1")
							    : BYTES_LIT("mailbridge session 1"));
}

static void wipe(struct buf *b)
{
	if (b->at)
		OPENSSL_cleanse(b->at, b->cap);
	buf_done(b);
}

enum err auth_record_write(struct buf *to, enum auth_record_kind kind, const struct auth_session *s,
			   struct bytes operator_key, const struct auth_token *token)
{
	struct state_seal_key k = key_of(kind, operator_key, token);
	struct buf head, plain;
	enum err err;

	buf_init(&head, HEAD_BYTES);
	buf_init(&plain, RECORD_MAX);
	put_head(&head, s);
	put_credentials(&plain, &s->credentials);
	buf_append(to, buf_bytes(&head));
	err = buf_err(&plain) ? buf_err(&plain) : buf_err(&head);
	if (err == ERR_OK)
		err = state_seal(to, &k, buf_bytes(&head), buf_bytes(&plain));
	state_seal_key_wipe(&k);
	wipe(&plain);
	buf_done(&head);
	return err != ERR_OK ? err : buf_err(to);
}

static void take_head(struct unpack *r, struct auth_session *s)
{
	if (unpack_number(r, 1) != RECORD_VERSION)
		r->is_bad = true;
	take_id(r, s->id);
	take_id(r, s->account);
	s->created_at_ms = (int64_t)unpack_number(r, 8);
	s->verified_at_ms = (int64_t)unpack_number(r, 8);
	s->touched_at_ms = (int64_t)unpack_number(r, 8);
	s->is_retired = unpack_number(r, 1) != 0;
}

static enum err read_credentials(struct bytes plain, struct arena *mem, struct auth_credentials *c)
{
	struct unpack r = { .rest = plain };

	c->server = take_string(&r, mem);
	c->username = take_string(&r, mem);
	c->password = take_string(&r, mem);
	c->access_token = take_string(&r, mem);
	if (r.is_bad)
		return ERR_INVALID;
	return arena_failed(mem) ? ERR_NOMEM : ERR_OK;
}

enum err auth_record_read(struct bytes record, enum auth_record_kind kind,
			  struct bytes operator_key, const struct auth_token *token,
			  struct arena *mem, struct auth_session *ret)
{
	struct auth_session s = { 0 };
	struct unpack r = { .rest = record };
	struct state_seal_key k;
	struct buf plain;
	enum err err;

	take_head(&r, &s);
	if (r.is_bad)
		return ERR_INVALID;
	buf_init(&plain, RECORD_MAX);
	k = key_of(kind, operator_key, token);
	err = state_unseal(&plain, &k, bytes_first(record, HEAD_BYTES), r.rest);
	if (err == ERR_OK)
		err = read_credentials(buf_bytes(&plain), mem, &s.credentials);
	state_seal_key_wipe(&k);
	wipe(&plain);
	if (err == ERR_OK)
		*ret = s;
	return err;
}

void auth_entry_write(struct buf *to, const struct auth_session_entry *e)
{
	buf_append(to, bytes_of(e->id, AUTH_ID_BYTES));
	buf_append(to, bytes_of(e->key, sizeof e->key));
	pack_number(to, (uint64_t)e->created_at_ms, 8);
	pack_number(to, (uint64_t)e->expires_at_ms, 8);
}

enum err auth_entry_read(struct bytes entry, struct auth_session_entry *ret)
{
	struct auth_session_entry e = { 0 };
	struct unpack r = { .rest = entry };
	struct bytes key;

	take_id(&r, e.id);
	key = unpack_bytes(&r, sizeof e.key);
	if (key.len)
		memcpy(e.key, key.at, sizeof e.key);
	e.created_at_ms = (int64_t)unpack_number(&r, 8);
	e.expires_at_ms = (int64_t)unpack_number(&r, 8);
	if (r.is_bad || r.rest.len)
		return ERR_INVALID;
	*ret = e;
	return ERR_OK;
}
