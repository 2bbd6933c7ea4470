/*
 * The states of all watched folders together are bounded. The longest unused one is
 * packed first: as it would be in the log, runs of messages with the same flags instead
 * of each. Nothing is lost with that; whatever needs it unpacks it. When what is packed
 * is half of all that is allowed, the longest unused of it is forgotten, and only where
 * the folder stood is known: as of one where nothing has happened yet (watch_sync.c).
 *
 * A folder of which something has yet to be told or written stays as it is until then.
 */
#include "account/watch.h"

#include <stdlib.h>

/* So many that may not go now are passed over at a time. */
#define LOOKS_MAX 32
/* A state that is asked for so often, and only forgotten, is fetched anew. */
#define WANTED_ENOUGH 2

/* --- the lists, and what is in them ----------------------------------- */

static void take_out(struct watch_memory *m, struct watch_folder *f)
{
	struct watch_memory_list *l = f->packed ? &m->packed : &m->open;

	if (!f->memory_bytes)
		return;
	*(f->newer ? &f->newer->older : &l->newest) = f->older;
	*(f->older ? &f->older->newer : &l->oldest) = f->newer;
	f->newer = f->older = NULL;
	l->bytes -= f->memory_bytes;
	l->count--;
	f->memory_bytes = 0;
}

/* As the one used last. */
static void put_in(struct watch_memory *m, struct watch_folder *f, size_t bytes)
{
	struct watch_memory_list *l = f->packed ? &m->packed : &m->open;

	f->older = l->newest;
	*(f->older ? &f->older->newer : &l->oldest) = f;
	l->newest = f;
	l->bytes += bytes;
	l->count++;
	f->memory_bytes = bytes;
}

static void free_packed(struct watch_folder *f)
{
	free(f->packed);
	f->packed = NULL;
	f->packed_len = 0;
}

void watch_memory_drop(struct watch *w, struct watch_folder *f)
{
	take_out(&w->hub->memory, f);
	folder_state_free(f->state);
	f->state = NULL;
	free_packed(f);
}

/* --- what may go ------------------------------------------------------ */

static bool is_quiet(const struct watch_folder *f)
{
	const struct watch *w = f->watch;
	struct folder_totals t = watch_totals(f);

	return f->has_baseline && !f->is_unsaved && !f->untold.count && !f->updated.count &&
	       !f->gone.count && !(w->at == f && w->state == WATCH_WORKING) &&
	       (!f->has_told || (t.total == f->told_total && t.unread == f->told_unread));
}

static void stand_at_state(struct watch_folder *f)
{
	struct folder_totals t = folder_state_totals(f->state);

	f->at = (struct folder_status){ .uidvalidity = t.uidvalidity,
					.uidnext = t.uidnext,
					.total = t.total,
					.unread = t.unread,
					.highestmodseq = t.highestmodseq };
	f->hides_some = t.hidden > 0;
}

static bool pack(struct watch_folder *f)
{
	struct buf b;

	buf_init(&b, f->watch->hub->limits.folder_max_bytes);
	folder_state_save(f->state, &b);
	if (!buf_err(&b))
		f->packed = malloc(b.len);
	if (f->packed) {
		memcpy(f->packed, buf_bytes(&b).at, b.len);
		f->packed_len = b.len;
	}
	buf_done(&b);
	return f->packed != NULL;
}

/* That what was hidden has gone is not to be told; which those were nobody knows now. */
static void is_forgotten(struct watch_memory *m, struct watch_folder *f)
{
	if (f->hides_some) {
		f->forgotten_at = f->at.highestmodseq;
		f->at.highestmodseq = 0;
	}
	m->forgotten++;
}

/* The state goes: packed, or where that is not worth it, as a whole. */
static void close_state(struct watch_memory *m, struct watch_folder *f)
{
	take_out(m, f);
	stand_at_state(f);
	if (pack(f)) {
		put_in(m, f, f->packed_len);
		m->packings++;
	} else {
		is_forgotten(m, f);
	}
	folder_state_free(f->state);
	f->state = NULL;
}

static void forget(struct watch_memory *m, struct watch_folder *f)
{
	take_out(m, f);
	free_packed(f);
	is_forgotten(m, f);
}

/* The longest unused that may go; those that may not are used for now. */
static struct watch_folder *oldest_of(struct watch_memory *m, struct watch_memory_list *l)
{
	for (unsigned looks = 0; l->oldest && looks < LOOKS_MAX; looks++) {
		struct watch_folder *f = l->oldest;
		size_t bytes = f->memory_bytes;

		/* Who a maildrop's UIDs are is known only together with its state. */
		if (is_quiet(f) && !(f->packed && f->names))
			return f;
		take_out(m, f);
		put_in(m, f, bytes);
	}
	return NULL;
}

void watch_memory_trim(struct account_hub *h)
{
	struct watch_memory *m = &h->memory;
	struct watch_folder *f;

	while (m->open.bytes + m->packed.bytes > m->max_bytes) {
		f = oldest_of(m, &m->open);
		if (!f)
			break;
		close_state(m, f);
	}
	while (m->packed.bytes > m->max_bytes / 2) {
		f = oldest_of(m, &m->packed);
		if (!f)
			break;
		forget(m, f);
	}
}

/* --- what is there ---------------------------------------------------- */

void watch_memory_note(struct watch *w, struct watch_folder *f)
{
	struct watch_memory *m = &w->hub->memory;

	take_out(m, f);
	if (!f->state && !f->packed)
		return;
	put_in(m, f, f->state ? folder_state_bytes(f->state) : f->packed_len);
	f->wanted = 0;
	watch_memory_trim(w->hub);
}

bool watch_has_state(const struct watch_folder *f)
{
	return f->state || f->packed;
}

static void on_trim(struct loop_task *t)
{
	watch_memory_trim((struct account_hub *)(void *)((char *)t - offsetof(struct account_hub,
									      memory.trim)));
}

/* Without memory for it, only where the folder stood is known from now on. */
static void unpack(struct watch *w, struct watch_folder *f)
{
	take_out(&w->hub->memory, f);
	f->state = folder_state_new(w->hub->limits.folder_max_bytes);
	if (f->state && folder_state_load(f->state, bytes_of(f->packed, f->packed_len)) != ERR_OK) {
		folder_state_free(f->state);
		f->state = NULL;
	}
	free_packed(f);
	if (f->state)
		put_in(&w->hub->memory, f, folder_state_bytes(f->state));
	else
		is_forgotten(&w->hub->memory, f);
	/* Not now: others may have borrowed theirs until control returns to the loop. */
	w->hub->memory.trim.run = on_trim;
	loop_task_start(w->hub->loop, &w->hub->memory.trim);
}

struct folder_state *watch_state(struct watch *w, struct watch_folder *f)
{
	size_t bytes = f->memory_bytes;

	if (f->packed) {
		unpack(w, f);
	} else if (f->state && bytes) {
		take_out(&w->hub->memory, f);
		put_in(&w->hub->memory, f, bytes);
	}
	return f->state;
}

void watch_want_state(struct watch *w, struct watch_folder *f)
{
	if (f->is_huge || ++f->wanted < WANTED_ENOUGH)
		return;
	f->wanted = 0;
	f->needs_sync = true;
	watch_go(w);
}
