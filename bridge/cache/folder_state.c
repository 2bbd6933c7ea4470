#include "cache/folder_inside.h"

#include <stdlib.h>

#include "base/hash.h"

#define MATCH_WORDS ((KEYWORD_PALETTE_MAX + 63) / 64)

struct folder_state *folder_state_new(size_t max_bytes)
{
	struct folder_state *fs = calloc(1, sizeof *fs);

	if (!fs)
		return NULL;
	if (!keyword_palette_init(&fs->palette) ||
	    !hash_random((uint8_t *)&fs->version, sizeof fs->version)) {
		free(fs);
		return NULL;
	}
	fs->version >>= 1; /* room to grow */
	fs->past.since = fs->version;
	mail_map_init(&fs->map, &fs->palette);
	uid_set_init(&fs->uids, SIZE_MAX);
	fs->max_bytes = max_bytes ? max_bytes : FOLDER_STATE_MAX_BYTES;
	return fs;
}

void folder_state_free(struct folder_state *fs)
{
	if (!fs)
		return;
	mail_map_done(&fs->map);
	keyword_palette_done(&fs->palette);
	uid_set_done(&fs->uids);
	free(fs->modseqs);
	folder_past_done(&fs->past);
	free(fs);
}

size_t folder_state_bytes(const struct folder_state *fs)
{
	return sizeof *fs + fs->palette.bytes + fs->map.bytes +
	       fs->modseq_cap * sizeof *fs->modseqs + fs->past.cap * sizeof *fs->past.at +
	       fs->uids.cap * sizeof *fs->uids.runs;
}

/* --- what is known ---------------------------------------------------- */

static enum err collect_uids(struct folder_state *fs)
{
	struct mail_place at = { 0, 0 };
	struct uid_run run = { 0, 0 };
	enum err e = ERR_OK;
	uint16_t set;
	uint32_t uid;

	while (e == ERR_OK && (uid = mail_map_next(&fs->map, &at, &set)) != 0) {
		if (run.first && uid != run.last + 1) {
			e = uid_set_add(&fs->uids, run.first, run.last);
			run.first = 0;
		}
		run = (struct uid_run){ run.first ? run.first : uid, uid };
	}
	if (e == ERR_OK && run.first)
		e = uid_set_add(&fs->uids, run.first, run.last);
	return e;
}

struct mail_baseline folder_state_baseline(struct folder_state *fs)
{
	if (!fs->uidvalidity)
		return (struct mail_baseline){ 0 };
	uid_set_done(&fs->uids);
	if (collect_uids(fs) != ERR_OK) {
		uid_set_done(&fs->uids);
		return (struct mail_baseline){ 0 };
	}
	return (struct mail_baseline){ fs->uidvalidity, fs->uidnext, fs->highestmodseq, &fs->uids };
}

struct folder_totals folder_state_totals(const struct folder_state *fs)
{
	return (struct folder_totals){ .uidvalidity = fs->uidvalidity,
				       .uidnext = fs->uidnext,
				       .highestmodseq = fs->highestmodseq,
				       .total = fs->map.visible,
				       .unread = fs->map.unread,
				       .hidden = fs->map.total - fs->map.visible };
}

bool folder_state_is_ahead(const struct folder_state *fs)
{
	return fs->is_ahead;
}

uint64_t folder_state_version(const struct folder_state *fs)
{
	return fs->version;
}

static bool has_all(const struct keywords *of, const struct bytes_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!keywords_has(of, names->at[i]))
			return false;
	return true;
}

static bool has_any(const struct keywords *of, const struct bytes_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (keywords_has(of, names->at[i]))
			return true;
	return false;
}

/* Whether messages with this set are among those asked for. */
static bool is_wanted(const struct keywords *k, const struct folder_filter *f)
{
	return !(k->system & KEYWORD_DELETED) && (k->system & f->has.system) == f->has.system &&
	       !(k->system & f->lacks.system) && has_all(k, &f->has.custom) &&
	       !has_any(k, &f->lacks.custom);
}

static bool is_no_filter(const struct folder_filter *f)
{
	return !f->has.system && !f->lacks.system && !f->has.custom.count && !f->lacks.custom.count;
}

/* One bit per set into `words`; NULL when nothing is filtered out. */
static const uint64_t *matches_of(const struct folder_state *fs, const struct folder_filter *f,
				  uint64_t words[MATCH_WORDS])
{
	const struct keyword_palette *p = &fs->palette;

	if (is_no_filter(f))
		return NULL;
	memset(words, 0, (p->count + 63) / 64 * sizeof *words);
	for (size_t i = 0; i < p->count; i++)
		if (p->sets[i].refs && is_wanted(&p->sets[i].keywords, f))
			words[i / 64] |= (uint64_t)1 << (i % 64);
	return words;
}

uint32_t folder_state_count(const struct folder_state *fs, const struct folder_filter *filter)
{
	const struct keyword_palette *p = &fs->palette;
	uint32_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->sets[i].refs && is_wanted(&p->sets[i].keywords, filter))
			n += p->sets[i].refs;
	return n;
}

size_t folder_state_window(const struct folder_state *fs, const struct folder_filter *filter,
			   uint32_t position, bool descending, uint32_t *uids, size_t max)
{
	uint64_t words[MATCH_WORDS];

	return mail_map_window(&fs->map, matches_of(fs, filter, words), position, descending, uids,
			       max);
}

uint32_t folder_state_rank(const struct folder_state *fs, const struct folder_filter *filter,
			   uint32_t uid, bool descending)
{
	uint64_t words[MATCH_WORDS];
	const uint64_t *matches = matches_of(fs, filter, words);

	if (!descending)
		return mail_map_rank(&fs->map, matches, uid);
	if (uid == UINT32_MAX)
		return 0;
	return folder_state_count(fs, filter) - mail_map_rank(&fs->map, matches, uid + 1);
}

bool folder_state_is_visible(const struct folder_state *fs, uint32_t uid)
{
	uint16_t set;

	return mail_map_get(&fs->map, uid, &set) && keyword_palette_is_visible(&fs->palette, set);
}

bool folder_state_keywords(const struct folder_state *fs, uint32_t uid, struct keywords *ret)
{
	uint16_t set;

	if (!mail_map_get(&fs->map, uid, &set) || !keyword_palette_is_visible(&fs->palette, set))
		return false;
	*ret = *keyword_palette_get(&fs->palette, set);
	return true;
}
