/* How a folder's state changes, and what the difference is. */
#include "cache/folder_inside.h"

#include <stdlib.h>

#define MODSEQS_MAX 1024

/* A message that was changed, and its set before that, with a reference. */
struct touch {
	uint32_t uid, order;
	uint16_t before;
};

struct change {
	struct folder_state *fs;
	struct touch *at;
	size_t count, cap;
	uint64_t was;  /* the version before */
	bool is_other; /* of another UIDVALIDITY, or the first */
	enum err err;  /* the first */
};

static void fail(struct change *c, enum err e)
{
	if (c->err == ERR_OK)
		c->err = e;
}

/* --- the modseqs of events -------------------------------------------- */

/* Where the UID is, or would go. */
static size_t modseq_index(const struct folder_state *fs, uint32_t uid)
{
	size_t low = 0, high = fs->modseq_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (fs->modseqs[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_modseq_of(const struct folder_state *fs, size_t i, uint32_t uid)
{
	return i < fs->modseq_count && fs->modseqs[i].uid == uid;
}

static void forget_modseqs(struct folder_state *fs)
{
	free(fs->modseqs);
	fs->modseqs = NULL;
	fs->modseq_count = fs->modseq_cap = 0;
}

/* Remembers what an event said. When there are too many, or memory is short, all are
 * forgotten: the order in which they come is mostly right. */
static void note_modseq(struct folder_state *fs, uint32_t uid, uint64_t modseq)
{
	size_t i = modseq_index(fs, uid);

	if (modseq <= fs->highestmodseq)
		return;
	if (is_modseq_of(fs, i, uid)) {
		fs->modseqs[i].modseq = modseq;
		return;
	}
	if (fs->modseq_count == fs->modseq_cap) {
		size_t cap = fs->modseq_cap ? fs->modseq_cap * 2 : 4;
		struct folder_modseq *grown = NULL;

		if (cap <= MODSEQS_MAX)
			grown = reallocarray(fs->modseqs, cap, sizeof *grown);
		if (!grown) {
			forget_modseqs(fs);
			return;
		}
		fs->modseqs = grown;
		fs->modseq_cap = cap;
	}
	memmove(fs->modseqs + i + 1, fs->modseqs + i, (fs->modseq_count - i) * sizeof *fs->modseqs);
	fs->modseqs[i] = (struct folder_modseq){ uid, modseq };
	fs->modseq_count++;
}

/* All up to here has been told. */
static void commit_modseq(struct folder_state *fs, uint64_t highestmodseq)
{
	size_t kept = 0;

	fs->highestmodseq = highestmodseq;
	for (size_t i = 0; i < fs->modseq_count; i++)
		if (fs->modseqs[i].modseq > highestmodseq)
			fs->modseqs[kept++] = fs->modseqs[i];
	fs->modseq_count = kept;
	if (kept == 0)
		forget_modseqs(fs);
}

static bool is_stale(const struct folder_state *fs, uint32_t uid, uint64_t modseq)
{
	size_t i = modseq_index(fs, uid);

	return modseq && is_modseq_of(fs, i, uid) && modseq < fs->modseqs[i].modseq;
}

/* --- changing --------------------------------------------------------- */

static void touch(struct change *c, uint32_t uid, uint16_t before)
{
	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 16;
		struct touch *grown = reallocarray(c->at, cap, sizeof *grown);

		if (!grown) {
			fail(c, ERR_NOMEM);
			return;
		}
		c->at = grown;
		c->cap = cap;
	}
	c->at[c->count] = (struct touch){ uid, (uint32_t)c->count, before };
	c->count++;
	if (before != FOLDER_SET_NONE)
		keyword_palette_keep(&c->fs->palette, before);
}

static void see_uid(struct folder_state *fs, uint32_t uid)
{
	if (uid >= fs->uidnext)
		fs->uidnext = uid == UINT32_MAX ? uid : uid + 1;
}

static uint16_t set_before(const struct change *c, uint32_t uid)
{
	uint16_t set;

	return mail_map_get(&c->fs->map, uid, &set) ? set : FOLDER_SET_NONE;
}

static void check_size(struct change *c)
{
	if (folder_state_bytes(c->fs) > c->fs->max_bytes)
		fail(c, ERR_TOO_BIG);
}

static void set_keywords(struct change *c, uint32_t uid, const struct keywords *k)
{
	struct keyword_palette *palette = &c->fs->palette;
	uint16_t before, after;
	enum err e = keyword_palette_take(palette, k, &after);

	if (e != ERR_OK) {
		fail(c, e);
		return;
	}
	before = set_before(c, uid);
	if (before == after) {
		keyword_palette_drop(palette, after);
		return;
	}
	touch(c, uid, before);
	e = mail_map_put(&c->fs->map, uid, after);
	if (e != ERR_OK)
		fail(c, e);
	see_uid(c->fs, uid);
	check_size(c);
}

static void remove_run(struct change *c, const struct uid_run *run)
{
	uint32_t from = run->first;

	for (;;) {
		struct mail_place at = mail_map_place(&c->fs->map, from);
		uint16_t set;
		uint32_t uid = mail_map_next(&c->fs->map, &at, &set);

		if (uid == 0 || uid > run->last)
			return;
		touch(c, uid, set);
		mail_map_remove(&c->fs->map, uid);
		if (uid == UINT32_MAX)
			return;
		from = uid + 1;
	}
}

static void remove_all(struct change *c, const struct uid_set *gone)
{
	for (size_t i = 0; gone && i < gone->count; i++)
		remove_run(c, &gone->runs[i]);
}

/* --- the difference --------------------------------------------------- */

static int by_uid_then_order(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void sort(struct change *c)
{
	for (size_t i = 1; i < c->count; i++)
		if (c->at[i - 1].uid >= c->at[i].uid) {
			qsort(c->at, c->count, sizeof *c->at, by_uid_then_order);
			return;
		}
}

enum kind {
	NOTHING,
	CREATED,
	UPDATED,
	GONE,
	KINDS,
};

/* Of the i-th touch, which is the first of its UID or does not count. */
static enum kind kind_of(const struct change *c, size_t i)
{
	const struct keyword_palette *p = &c->fs->palette;
	uint16_t before = c->at[i].before, after = set_before(c, c->at[i].uid);
	bool was, is;

	if ((i && c->at[i - 1].uid == c->at[i].uid) || before == after)
		return NOTHING;
	was = before != FOLDER_SET_NONE && keyword_palette_is_visible(p, before);
	is = after != FOLDER_SET_NONE && keyword_palette_is_visible(p, after);
	if (was && is)
		return UPDATED;
	if (was)
		return GONE;
	return is ? CREATED : NOTHING;
}

static void make_diff(struct change *c, struct arena *mem, bool is_reset, struct folder_diff *ret)
{
	size_t counts[KINDS] = { 0 };
	uint32_t *uids[KINDS] = { NULL };

	sort(c);
	for (size_t i = 0; i < c->count; i++)
		counts[kind_of(c, i)]++;
	for (enum kind k = CREATED; k < KINDS; k++) {
		uids[k] = ARENA_ARRAY(mem, counts[k], uint32_t);
		counts[k] = 0;
		if (!uids[k]) {
			fail(c, ERR_NOMEM);
			return;
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		enum kind k = kind_of(c, i);

		if (k != NOTHING)
			uids[k][counts[k]++] = c->at[i].uid;
	}
	*ret = (struct folder_diff){ is_reset,        uids[CREATED],   uids[UPDATED], uids[GONE],
				     counts[CREATED], counts[UPDATED], counts[GONE] };
	if (counts[CREATED] || counts[UPDATED] || counts[GONE])
		c->fs->version++;
	if (c->fs->version != c->was)
		folder_past_note(c->fs, c->is_other ? NULL : ret);
}

static enum err finish(struct change *c, struct arena *mem, bool is_reset, struct folder_diff *ret)
{
	if (c->err == ERR_OK)
		make_diff(c, mem, is_reset, ret);
	for (size_t i = 0; i < c->count; i++)
		if (c->at[i].before != FOLDER_SET_NONE)
			keyword_palette_drop(&c->fs->palette, c->at[i].before);
	free(c->at);
	return c->err;
}

/* --- a sync ----------------------------------------------------------- */

static void build(struct change *c, const struct mail_sync *sync, struct mail_map *to)
{
	for (size_t i = 0; i < sync->count && c->err == ERR_OK; i++) {
		const struct mail_flags *f = &sync->flags[i];
		uint16_t set;
		enum err e;

		if (f->uid == 0)
			continue;
		e = keyword_palette_take(&c->fs->palette, &f->keywords, &set);
		if (e == ERR_OK)
			e = mail_map_put(to, f->uid, set);
		if (e == ERR_OK && to->bytes + c->fs->palette.bytes > c->fs->max_bytes)
			e = ERR_TOO_BIG;
		if (e != ERR_OK)
			fail(c, e);
	}
}

/* Touches what is not the same in the map that comes in the place of the present one. */
static void compare(struct change *c, const struct mail_map *now)
{
	struct mail_place at_old = { 0, 0 }, at_new = { 0, 0 };
	uint16_t old_set = 0, new_set = 0;
	uint32_t old_uid = mail_map_next(&c->fs->map, &at_old, &old_set);
	uint32_t new_uid = mail_map_next(now, &at_new, &new_set);

	while (old_uid || new_uid) {
		bool has_old = old_uid && (!new_uid || old_uid <= new_uid);
		bool has_new = new_uid && (!old_uid || new_uid <= old_uid);

		if (!has_old)
			touch(c, new_uid, FOLDER_SET_NONE);
		else if (!has_new || old_set != new_set)
			touch(c, old_uid, old_set);
		if (has_old)
			old_uid = mail_map_next(&c->fs->map, &at_old, &old_set);
		if (has_new)
			new_uid = mail_map_next(now, &at_new, &new_set);
	}
}

static uint32_t last_uid(const struct mail_map *m)
{
	const struct mail_block *b = m->count ? &m->blocks[m->count - 1] : NULL;

	return b ? b->base + b->at[b->count - 1].offset : 0;
}

static void replace_all(struct change *c, const struct mail_sync *sync)
{
	struct folder_state *fs = c->fs;
	struct mail_map now;

	mail_map_init(&now, &fs->palette);
	build(c, sync, &now);
	if (c->err != ERR_OK) {
		mail_map_done(&now);
		return;
	}
	if (sync->uidvalidity != fs->uidvalidity)
		mail_map_done(&fs->map);
	compare(c, &now);
	mail_map_done(&fs->map);
	fs->map = now;
	forget_modseqs(fs);
	fs->uidvalidity = sync->uidvalidity;
	fs->uidnext = sync->uidnext;
	see_uid(fs, last_uid(&fs->map));
	check_size(c);
}

enum err folder_state_sync(struct folder_state *fs, struct arena *mem, const struct mail_sync *sync,
			   struct folder_diff *ret)
{
	struct change c = { .fs = fs, .was = fs->version };
	bool is_other = fs->uidvalidity != sync->uidvalidity;
	bool is_reset = is_other && fs->uidvalidity;

	if (is_other && !sync->is_whole)
		return ERR_PROTO;
	uid_set_done(&fs->uids);
	c.is_other = is_other;
	fs->version += is_other;
	if (sync->is_whole) {
		replace_all(&c, sync);
	} else {
		remove_all(&c, sync->gone);
		for (size_t i = 0; i < sync->count && c.err == ERR_OK; i++)
			if (sync->flags[i].uid &&
			    !is_stale(fs, sync->flags[i].uid, sync->flags[i].modseq))
				set_keywords(&c, sync->flags[i].uid, &sync->flags[i].keywords);
		if (sync->uidnext > fs->uidnext)
			fs->uidnext = sync->uidnext;
	}
	commit_modseq(fs, sync->highestmodseq);
	fs->is_ahead = fs->modseq_count > 0;
	return finish(&c, mem, is_reset, ret);
}

/* --- an event --------------------------------------------------------- */

static void take_flags(struct change *c, uint32_t uid, uint64_t modseq, const struct keywords *k)
{
	if (uid == 0 || c->err != ERR_OK || is_stale(c->fs, uid, modseq))
		return;
	set_keywords(c, uid, k);
	note_modseq(c->fs, uid, modseq);
}

static void take_item(struct change *c, const struct mail_item *item)
{
	static const struct keywords none;

	if (item->key.kind != MESSAGE_KEY_UID || item->key.uidvalidity != c->fs->uidvalidity)
		return;
	if (!item->is_unreadable)
		take_flags(c, item->key.uid, item->modseq, &item->keywords);
	else if (set_before(c, item->key.uid) == FOLDER_SET_NONE)
		take_flags(c, item->key.uid, 0, &none);
}

/* That what has gone is counted shows only in another number than before. */
static void look(struct folder_state *fs, uint64_t highestmodseq)
{
	bool is_same = fs->highestmodseq == highestmodseq;

	commit_modseq(fs, highestmodseq);
	fs->is_ahead = (fs->is_ahead && is_same) || fs->modseq_count;
}

enum err folder_state_event(struct folder_state *fs, struct arena *mem, const struct mail_event *ev,
			    struct folder_diff *ret)
{
	struct change c = { .fs = fs, .was = fs->version };

	uid_set_done(&fs->uids);
	if (fs->uidvalidity && ev->kind == MAIL_EVENT_NEW)
		for (size_t i = 0; i < ev->count; i++)
			take_item(&c, &ev->items[i]);
	if (fs->uidvalidity && ev->kind == MAIL_EVENT_FLAGS)
		for (size_t i = 0; i < ev->count; i++)
			take_flags(&c, ev->flags[i].uid, ev->flags[i].modseq,
				   &ev->flags[i].keywords);
	if (fs->uidvalidity && ev->kind == MAIL_EVENT_GONE)
		remove_all(&c, ev->gone);
	fs->is_ahead = fs->is_ahead || c.count;
	if (fs->uidvalidity && ev->kind == MAIL_EVENT_LOOKED && ev->highestmodseq)
		look(fs, ev->highestmodseq);
	return finish(&c, mem, false, ret);
}
