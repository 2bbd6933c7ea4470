#include "account/summary_store.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cache/summary_saved.h"

#define TTL_MS (30ull * 24 * 3600 * 1000)
/* What may wait to be written, and how long that may take. */
#define WAITING_MAX_BYTES ((size_t)1 << 20)
#define WRITE_MS          5000
#define WRITE_MEM_BYTES   (64u << 10)
/* Who has waited for the store in vain goes without it for so long. */
#define AWAY_MS 2000

static void on_task(struct loop_task *t);

void summary_store_init(struct summary_store *s, struct summary_cache *cache, struct loop *l,
			struct state *state, uint8_t codec)
{
	*s = (struct summary_store){ .cache = cache, .loop = l, .codec = codec };
	if (state && state_is_shared(state))
		s->state = state;
	s->task.run = on_task;
	buf_init(&s->waiting, WAITING_MAX_BYTES);
	buf_init(&s->lengths, WAITING_MAX_BYTES);
}

void summary_store_done(struct summary_store *s)
{
	op_cancel(s->writing);
	arena_free(s->mem);
	loop_task_stop(&s->task);
	buf_done(&s->waiting);
	buf_done(&s->lengths);
}

/* Its first ID_BYTES are the folder's id, then comes a dot: so it is told from the keys
 * of maildrops' headers, and whom it belongs to. */
static void name_of(const struct folder_id *folder, uint32_t uidvalidity, uint32_t uid,
		    char to[ID_TEXT_MAX + 1])
{
	const struct message_id id = { *folder, { MESSAGE_KEY_UID, uidvalidity, uid, "" } };

	message_id_format(&id, to);
}

static bool is_away(const struct summary_store *s)
{
	return state_health(s->state).is_away || clock_monotonic_ms() < s->away_until_ms;
}

/* --- writing ---------------------------------------------------------- */

static void on_written(void *ctx, enum err err)
{
	struct summary_store *s = ctx;

	s->writing = NULL;
	arena_free(s->mem);
	s->mem = NULL;
	if (err)
		s->away_until_ms = clock_monotonic_ms() + AWAY_MS;
	if (s->lengths.len)
		loop_task_start(s->loop, &s->task);
}

/* Those that wait, as names and values side by side: first all names, then all values.
 * NULL: no memory. */
static struct bytes *list_waiting(const struct summary_store *s, size_t count)
{
	struct bytes *list = calloc(2 * count, sizeof *list);
	struct bytes lengths = buf_bytes(&s->lengths), all = buf_bytes(&s->waiting);
	uint32_t n;

	for (size_t i = 0; list && i < 2 * count; i++) {
		memcpy(&n, lengths.at + i * sizeof n, sizeof n);
		list[i / 2 + (i % 2 ? count : 0)] = bytes_first(all, n);
		all = bytes_skip(all, n);
	}
	return list;
}

static void on_task(struct loop_task *t)
{
	struct summary_store *s =
		(struct summary_store *)(void *)((char *)t - offsetof(struct summary_store, task));
	size_t count = s->lengths.len / (2 * sizeof(uint32_t));
	struct call call = { .deadline_ms = clock_monotonic_ms() + WRITE_MS, .cls = CALL_BULK };
	struct bytes *list;

	if (s->writing || !count)
		return;
	list = list_waiting(s, count);
	call.mem = s->mem = arena_new(WRITE_MEM_BYTES);
	if (list && s->mem)
		s->writing = state_put_many(s->state, call, STATE_HEADERS, list, list + count,
					    count, TTL_MS, on_written, s);
	free(list);
	if (s->writing) {
		s->written += count;
	} else {
		s->dropped += count;
		arena_free(s->mem);
		s->mem = NULL;
	}
	buf_reset(&s->waiting);
	buf_reset(&s->lengths);
}

/* All of it or nothing. */
static bool add(struct summary_store *s, struct bytes name, const struct summary_bytes *b)
{
	size_t before = s->waiting.len;
	uint32_t lengths[2] = { (uint32_t)name.len };

	buf_append(&s->waiting, name);
	summary_save(&s->waiting, s->codec, name, b);
	lengths[1] = (uint32_t)(s->waiting.len - before - name.len);
	if (!buf_err(&s->waiting))
		buf_append(&s->lengths, bytes_of(lengths, sizeof lengths));
	if (!buf_err(&s->waiting) && !buf_err(&s->lengths))
		return true;
	s->waiting.err = s->lengths.err = ERR_OK;
	s->waiting.len = before;
	return false;
}

void summary_store_put(struct summary_store *s, const struct folder_id *folder,
		       uint32_t uidvalidity, uint32_t uid, const struct summary_bytes *b)
{
	char name[ID_TEXT_MAX + 1];

	if (!s->state)
		return;
	name_of(folder, uidvalidity, uid, name);
	if (is_away(s) || !add(s, bytes_of_str(name), b))
		s->dropped++;
	else if (!s->writing)
		loop_task_start(s->loop, &s->task);
}

/* --- reading ---------------------------------------------------------- */

static bool take(struct summary_fill *f, size_t i, struct bytes saved)
{
	struct summary_store *s = f->store;
	struct message_id id;
	struct summary_bytes b;

	if (!summary_load(saved, s->codec, f->names[i], &b) ||
	    message_id_parse(f->names[i], &id) != ERR_OK)
		return false;
	(void)summary_cache_put(s->cache, &id.folder, id.key.uidvalidity, id.key.uid, &b, NULL);
	return true;
}

static void on_values(void *ctx, enum err err, const struct bytes *values, size_t count)
{
	struct summary_fill *f = ctx;
	struct summary_store *s = f->store;
	uint64_t found = 0;

	f->op = NULL;
	if (err == ERR_TIMEOUT || err == ERR_NET)
		s->away_until_ms = clock_monotonic_ms() + AWAY_MS;
	for (size_t i = 0; !err && i < count; i++)
		found += take(f, i, values[i]);
	s->found += found;
	s->missed += err ? 0 : count - found;
	f->done(f);
}

/* Says how many of them there are to be asked for. */
static size_t name_all(struct summary_fill *f, struct arena *mem, const struct message_id *ids,
		       size_t count)
{
	char name[ID_TEXT_MAX + 1];
	size_t n = 0;

	f->names = ARENA_ARRAY(mem, count, struct bytes);
	for (size_t i = 0; f->names && i < count; i++) {
		if (ids[i].key.kind != MESSAGE_KEY_UID)
			continue;
		message_id_format(&ids[i], name);
		f->names[n++] = arena_bytes(mem, bytes_of_str(name));
	}
	return arena_failed(mem) ? 0 : n;
}

bool summary_fill_start(struct summary_fill *f, struct summary_store *s, struct call call,
			const struct message_id *ids, size_t count)
{
	uint64_t due_ms = clock_monotonic_ms() + SUMMARY_FILL_MS;

	if (!s->state || is_away(s))
		return false;
	call.deadline_ms = call.deadline_ms < due_ms ? call.deadline_ms : due_ms;
	f->store = s;
	count = name_all(f, call.mem, ids, count);
	if (count)
		f->op = state_get_many(s->state, call, STATE_HEADERS, f->names, count, on_values,
				       f);
	return f->op != NULL;
}

void summary_fill_stop(struct summary_fill *f)
{
	op_cancel(f->op);
	f->op = NULL;
}
