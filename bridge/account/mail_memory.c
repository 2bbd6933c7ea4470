#include "account/mail_memory.h"

#include <stdlib.h>

static enum state_space space_of(enum mail_memory_kind kind)
{
	return kind == MAIL_MEMORY_HEADERS ? STATE_HEADERS : STATE_KEYWORDS;
}

/* Keys are the scope, a zero byte and the name; all of them in one block, which is
 * the caller's to free. NULL: no memory. */
static struct bytes *keys_of(struct bytes scope, const struct bytes *names, size_t count)
{
	size_t bytes = count * sizeof(struct bytes) + 1;
	struct bytes *keys;
	uint8_t *room;

	for (size_t i = 0; i < count; i++)
		bytes += scope.len + 1 + names[i].len;
	keys = malloc(bytes);
	room = (uint8_t *)(keys + count);
	for (size_t i = 0; keys && i < count; i++) {
		keys[i] = bytes_of(room, scope.len + 1 + names[i].len);
		memcpy(room, scope.at, scope.len);
		room[scope.len] = 0;
		memcpy(room + scope.len + 1, names[i].at, names[i].len);
		room += keys[i].len;
	}
	return keys;
}

static struct op *get(void *ctx, struct call call, enum mail_memory_kind kind, struct bytes scope,
		      const struct bytes *names, size_t count, mail_memory_values_cb *cb,
		      void *cb_ctx)
{
	struct bytes *keys = keys_of(scope, names, count);
	struct op *op =
		keys ? state_get_many(ctx, call, space_of(kind), keys, count, cb, cb_ctx) : NULL;

	free(keys);
	return op;
}

static struct op *put(void *ctx, struct call call, enum mail_memory_kind kind, struct bytes scope,
		      const struct bytes *names, const struct bytes *values, size_t count,
		      mail_memory_done_cb *cb, void *cb_ctx)
{
	uint64_t ttl_ms = kind == MAIL_MEMORY_HEADERS ? MAIL_MEMORY_HEADERS_TTL_MS
						      : MAIL_MEMORY_KEYWORDS_TTL_MS;
	struct bytes *keys = keys_of(scope, names, count);
	struct op *op = keys ? state_put_many(ctx, call, space_of(kind), keys, values, count,
					      ttl_ms, cb, cb_ctx)
			     : NULL;

	free(keys);
	return op;
}

static struct op *get_record(void *ctx, struct call call, struct bytes scope,
			     mail_memory_record_cb *cb, void *cb_ctx)
{
	return state_get(ctx, call, STATE_CHANGES, scope, MAIL_MEMORY_CHANGES_TTL_MS, cb, cb_ctx);
}

static struct op *put_record(void *ctx, struct call call, struct bytes scope, struct bytes record,
			     uint64_t generation, mail_memory_done_cb *cb, void *cb_ctx)
{
	return state_put(ctx, call, STATE_CHANGES, scope, record, MAIL_MEMORY_CHANGES_TTL_MS,
			 generation ? generation : STATE_ABSENT, cb, cb_ctx);
}

struct mail_memory account_mail_memory(struct state *s)
{
	return (struct mail_memory){
		.get = get, .put = put, .get_record = get_record, .put_record = put_record, .ctx = s
	};
}
