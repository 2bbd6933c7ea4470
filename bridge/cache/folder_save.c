/*
 * A folder's state as bytes:
 *	saved  = version uidvalidity uidnext highestmodseq sets runs
 *	sets   = count *(system count *(length name))
 *	runs   = count *(gap length set)
 * Numbers are little-endian base 128; a run is of consecutive UIDs with the same set,
 * its gap that from the end of the run before (at least 1).
 */
#include "cache/folder_inside.h"

#include <stdlib.h>

#include "base/pack.h"

#define SAVE_VERSION 1

/* --- writing ---------------------------------------------------------- */

/* What is free is written as an empty set: the numbers stay as they are. */
static void put_sets(struct buf *to, const struct keyword_palette *p)
{
	pack_varint(to, p->count);
	for (size_t i = 0; i < p->count; i++) {
		const struct keywords *k = &p->sets[i].keywords;

		pack_varint(to, k->system);
		pack_varint(to, k->custom.count);
		for (size_t n = 0; n < k->custom.count; n++) {
			pack_varint(to, k->custom.at[n].len);
			buf_append(to, k->custom.at[n]);
		}
	}
}

struct run {
	uint32_t first, last;
	uint16_t set;
};

/* The next one; false at the end. */
static bool next_run(const struct mail_map *m, struct mail_place *at, struct run *ret)
{
	struct mail_place look = *at;
	uint16_t set;
	uint32_t uid = mail_map_next(m, &look, &set);

	if (uid == 0)
		return false;
	*ret = (struct run){ uid, uid, set };
	do {
		ret->last = uid;
		*at = look;
		uid = mail_map_next(m, &look, &set);
	} while (uid && uid == ret->last + 1 && set == ret->set);
	return true;
}

static void put_runs(struct buf *to, const struct mail_map *m)
{
	struct mail_place at = { 0, 0 };
	struct run run;
	uint32_t end = 0;
	uint64_t n = 0;

	while (next_run(m, &at, &run))
		n++;
	pack_varint(to, n);
	at = (struct mail_place){ 0, 0 };
	while (next_run(m, &at, &run)) {
		pack_varint(to, run.first - end);
		pack_varint(to, (uint64_t)run.last - run.first + 1);
		pack_varint(to, run.set);
		end = run.last;
	}
}

void folder_state_save(const struct folder_state *fs, struct buf *to)
{
	pack_varint(to, SAVE_VERSION);
	pack_varint(to, fs->uidvalidity);
	pack_varint(to, fs->uidnext);
	pack_varint(to, fs->highestmodseq);
	put_sets(to, &fs->palette);
	put_runs(to, &fs->map);
}

/* --- reading ---------------------------------------------------------- */

struct reader {
	struct unpack in;
	enum err err; /* sticky */
};

/* 0 when it failed. */
static uint64_t get(struct reader *r, uint64_t max)
{
	uint64_t n = unpack_varint_to(&r->in, max);

	if (r->in.is_bad && r->err == ERR_OK)
		r->err = ERR_PROTO;
	return r->err == ERR_OK ? n : 0;
}

static struct bytes get_name(struct reader *r)
{
	struct bytes name = unpack_bytes(&r->in, get(r, KEYWORD_MAX_BYTES));

	if (r->err == ERR_OK && (r->in.is_bad || !keywords_name_is_valid(name)))
		r->err = ERR_PROTO;
	return name;
}

/* Names lie in the saved bytes; they have to be ascending. */
static void get_set(struct reader *r, struct bytes *names, struct keywords *ret)
{
	size_t count;

	ret->system = (unsigned)get(r, KEYWORD_DELETED * 2 - 1);
	count = (size_t)get(r, KEYWORDS_MAX);
	for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
		names[i] = get_name(r);
		if (r->err == ERR_OK && i && bytes_compare(names[i - 1], names[i]) >= 0)
			r->err = ERR_PROTO;
	}
	ret->custom = (struct bytes_list){ names, count };
}

/* Takes the sets into the palette; *ret has their numbers there, with a reference
 * each for the *ret_count that were taken. */
static void get_sets(struct reader *r, struct keyword_palette *p, uint16_t **ret, size_t *ret_count)
{
	struct bytes names[KEYWORDS_MAX];
	size_t count = (size_t)get(r, KEYWORD_PALETTE_MAX);
	struct keywords k;

	*ret_count = 0;
	/* Each takes two bytes at least: no more memory than was sent. */
	if (r->err == ERR_OK && count > r->in.rest.len)
		r->err = ERR_PROTO;
	*ret = r->err == ERR_OK ? calloc(count + 1, sizeof **ret) : NULL;
	if (r->err == ERR_OK && !*ret)
		r->err = ERR_NOMEM;
	while (r->err == ERR_OK && *ret_count < count) {
		get_set(r, names, &k);
		if (r->err == ERR_OK)
			r->err = keyword_palette_take(p, &k, &(*ret)[*ret_count]);
		if (r->err == ERR_OK)
			++*ret_count;
	}
}

static void get_run(struct reader *r, struct folder_state *fs, const uint16_t *sets, size_t count,
		    uint32_t *end)
{
	uint64_t first = *end + get(r, UINT32_MAX - *end);
	uint64_t length = get(r, UINT32_MAX - first + 1);
	size_t set = (size_t)get(r, UINT16_MAX);

	if (r->err == ERR_OK && (first == *end || length == 0 || set >= count))
		r->err = ERR_PROTO;
	for (uint64_t uid = first; r->err == ERR_OK && uid < first + length; uid++) {
		keyword_palette_keep(&fs->palette, sets[set]);
		r->err = mail_map_put(&fs->map, (uint32_t)uid, sets[set]);
		if (r->err == ERR_OK && folder_state_bytes(fs) > fs->max_bytes)
			r->err = ERR_TOO_BIG;
	}
	*end = (uint32_t)(first + length - 1);
}

static void get_all(struct reader *r, struct folder_state *fs)
{
	uint16_t *sets;
	size_t set_count;
	uint32_t end = 0;
	uint64_t runs;

	if (get(r, SAVE_VERSION) != SAVE_VERSION)
		r->err = ERR_PROTO;
	fs->uidvalidity = (uint32_t)get(r, UINT32_MAX);
	fs->uidnext = (uint32_t)get(r, UINT32_MAX);
	fs->highestmodseq = get(r, UINT64_MAX);
	get_sets(r, &fs->palette, &sets, &set_count);
	runs = get(r, UINT32_MAX);
	for (uint64_t i = 0; i < runs && r->err == ERR_OK; i++)
		get_run(r, fs, sets, set_count, &end);
	if (r->err == ERR_OK &&
	    (r->in.rest.len || (end && end >= fs->uidnext && end != UINT32_MAX)))
		r->err = ERR_PROTO;
	for (size_t i = 0; i < set_count; i++)
		keyword_palette_drop(&fs->palette, sets[i]);
	free(sets);
}

enum err folder_state_load(struct folder_state *fs, struct bytes saved)
{
	struct folder_state *loaded = folder_state_new(fs->max_bytes);
	struct reader r = { .in.rest = saved };
	struct folder_state old = *fs;

	if (!loaded)
		return ERR_NOMEM;
	get_all(&r, loaded);
	if (r.err == ERR_OK) {
		*fs = *loaded;
		fs->is_ahead = true;
		fs->map.palette = &fs->palette;
		fs->version = fs->past.since = old.version + 1;
		*loaded = old;
		loaded->map.palette = &loaded->palette;
	}
	folder_state_free(loaded);
	return r.err;
}
