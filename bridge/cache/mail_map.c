#include "cache/mail_map.h"

#include <stdlib.h>

#define OFFSET_MAX UINT16_MAX
#define ROOM       16 /* entries that a block grows by */

void mail_map_init(struct mail_map *m, struct keyword_palette *palette)
{
	*m = (struct mail_map){ .palette = palette };
}

void mail_map_done(struct mail_map *m)
{
	for (size_t i = 0; i < m->count; i++) {
		for (size_t n = 0; n < m->blocks[i].count; n++)
			keyword_palette_drop(m->palette, m->blocks[i].at[n].set);
		free(m->blocks[i].at);
	}
	free(m->blocks);
	mail_map_init(m, m->palette);
}

/* --- finding ---------------------------------------------------------- */

/* How many blocks have a base of at most uid. */
static size_t blocks_up_to(const struct mail_map *m, uint32_t uid)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->blocks[mid].base <= uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Index of the first entry that is not below uid. */
static uint16_t entry_index(const struct mail_block *b, uint32_t uid)
{
	uint32_t offset = uid - b->base;
	uint16_t low = 0, high = b->count;

	while (low < high) {
		uint16_t mid = (uint16_t)((low + high) / 2);

		if (b->at[mid].offset < offset)
			low = (uint16_t)(mid + 1);
		else
			high = mid;
	}
	return low;
}

static struct mail_entry *find(const struct mail_map *m, uint32_t uid, size_t *ret_block)
{
	size_t i = blocks_up_to(m, uid);
	struct mail_block *b;
	uint16_t n;

	if (i == 0)
		return NULL;
	b = &m->blocks[i - 1];
	n = entry_index(b, uid);
	if (n == b->count || b->base + b->at[n].offset != uid)
		return NULL;
	*ret_block = i - 1;
	return &b->at[n];
}

bool mail_map_get(const struct mail_map *m, uint32_t uid, uint16_t *ret_set)
{
	size_t block;
	const struct mail_entry *e = find(m, uid, &block);

	if (e)
		*ret_set = e->set;
	return e != NULL;
}

struct mail_place mail_map_place(const struct mail_map *m, uint32_t uid)
{
	size_t i = blocks_up_to(m, uid);

	if (i == 0)
		return (struct mail_place){ 0, 0 };
	return (struct mail_place){ i - 1, entry_index(&m->blocks[i - 1], uid) };
}

uint32_t mail_map_next(const struct mail_map *m, struct mail_place *at, uint16_t *ret_set)
{
	const struct mail_block *b;

	while (at->block < m->count && at->entry >= m->blocks[at->block].count)
		*at = (struct mail_place){ at->block + 1, 0 };
	if (at->block == m->count)
		return 0;
	b = &m->blocks[at->block];
	*ret_set = b->at[at->entry].set;
	return b->base + b->at[at->entry++].offset;
}

/* --- changing --------------------------------------------------------- */

static enum err set_cap(struct mail_map *m, struct mail_block *b, size_t cap)
{
	struct mail_entry *moved = reallocarray(b->at, cap, sizeof *moved);

	if (!moved)
		return ERR_NOMEM;
	m->bytes = m->bytes - b->cap * sizeof *moved + cap * sizeof *moved;
	b->at = moved;
	b->cap = (uint16_t)cap;
	return ERR_OK;
}

static enum err insert_block(struct mail_map *m, size_t at, uint32_t base, size_t cap)
{
	struct mail_block b = { .base = base };
	enum err e;

	if (m->count == m->cap) {
		size_t grown_cap = m->cap + m->cap / 2 + 4;
		struct mail_block *grown = reallocarray(m->blocks, grown_cap, sizeof *grown);

		if (!grown)
			return ERR_NOMEM;
		m->bytes += (grown_cap - m->cap) * sizeof *grown;
		m->blocks = grown;
		m->cap = grown_cap;
	}
	e = set_cap(m, &b, cap);
	if (e != ERR_OK)
		return e;
	memmove(m->blocks + at + 1, m->blocks + at, (m->count - at) * sizeof b);
	m->blocks[at] = b;
	m->count++;
	return ERR_OK;
}

static void remove_block(struct mail_map *m, size_t at)
{
	m->bytes -= m->blocks[at].cap * sizeof(struct mail_entry);
	free(m->blocks[at].at);
	m->count--;
	memmove(m->blocks + at, m->blocks + at + 1, (m->count - at) * sizeof *m->blocks);
}

/* Adds one to, or takes one from, what is counted. */
static void count(struct mail_map *m, struct mail_block *b, uint16_t set, int one)
{
	int visible = keyword_palette_is_visible(m->palette, set) ? one : 0;

	b->visible = (uint16_t)(b->visible + visible);
	m->visible += (uint32_t)visible;
	m->unread += keyword_palette_is_unread(m->palette, set) ? (uint32_t)one : 0;
	m->total += (uint32_t)one;
}

static uint16_t count_visible(const struct mail_map *m, const struct mail_block *b)
{
	uint16_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		n = (uint16_t)(n + keyword_palette_is_visible(m->palette, b->at[i].set));
	return n;
}

/* The upper half of a full block becomes one of its own. */
static enum err split(struct mail_map *m, size_t at)
{
	const struct mail_block *low = &m->blocks[at];
	uint16_t half = low->count / 2, moved = low->at[half].offset;
	enum err e = insert_block(m, at + 1, low->base + moved, MAIL_BLOCK_MAX);
	struct mail_block *from, *to;

	if (e != ERR_OK)
		return e;
	from = &m->blocks[at];
	to = &m->blocks[at + 1];
	for (uint16_t i = half; i < from->count; i++)
		to->at[to->count++] = (struct mail_entry){ (uint16_t)(from->at[i].offset - moved),
							   from->at[i].set };
	from->count = half;
	to->visible = count_visible(m, to);
	from->visible = (uint16_t)(from->visible - to->visible);
	return ERR_OK;
}

/* Sees to it that one block has room for a UID, which is not there; *ret is which. */
static enum err make_room(struct mail_map *m, uint32_t uid, size_t *ret)
{
	size_t i = blocks_up_to(m, uid);
	struct mail_block *b = i ? &m->blocks[i - 1] : NULL;
	bool is_end = b && b->count == MAIL_BLOCK_MAX && entry_index(b, uid) == b->count;
	size_t grown;

	*ret = i;
	if (!b || uid - b->base > OFFSET_MAX || is_end)
		return insert_block(m, i, uid, 1);
	*ret = i - 1;
	if (b->count < b->cap)
		return ERR_OK;
	grown = (size_t)b->cap + ROOM;
	if (b->count < MAIL_BLOCK_MAX)
		return set_cap(m, b, grown < MAIL_BLOCK_MAX ? grown : MAIL_BLOCK_MAX);
	return split(m, i - 1);
}

static enum err insert(struct mail_map *m, uint32_t uid, uint16_t set)
{
	struct mail_block *b;
	uint16_t n;
	size_t i;
	enum err e = make_room(m, uid, &i);

	if (e != ERR_OK)
		return e;
	if (i + 1 < m->count && m->blocks[i + 1].base <= uid) /* it was split */
		i++;
	b = &m->blocks[i];
	n = entry_index(b, uid);
	memmove(b->at + n + 1, b->at + n, (b->count - n) * sizeof *b->at);
	b->at[n] = (struct mail_entry){ (uint16_t)(uid - b->base), set };
	b->count++;
	count(m, b, set, 1);
	return ERR_OK;
}

enum err mail_map_put(struct mail_map *m, uint32_t uid, uint16_t set)
{
	size_t block;
	struct mail_entry *there = find(m, uid, &block);
	enum err e;

	if (!there) {
		e = insert(m, uid, set);
		if (e != ERR_OK)
			keyword_palette_drop(m->palette, set);
		return e;
	}
	count(m, &m->blocks[block], there->set, -1);
	keyword_palette_drop(m->palette, there->set);
	there->set = set;
	count(m, &m->blocks[block], set, 1);
	return ERR_OK;
}

/* Puts a block and the one after it together when both are small: many may be left
 * after many deletions. Without memory they stay apart. */
static void join(struct mail_map *m, size_t at)
{
	struct mail_block *low, *high;
	uint32_t apart;

	if (at + 1 >= m->count)
		return;
	low = &m->blocks[at];
	high = low + 1;
	apart = high->base - low->base;
	if (low->count + high->count > MAIL_BLOCK_MAX / 2 ||
	    apart + high->at[high->count - 1].offset > OFFSET_MAX ||
	    set_cap(m, low, (size_t)low->count + high->count) != ERR_OK)
		return;
	for (size_t i = 0; i < high->count; i++)
		low->at[low->count++] = (struct mail_entry){ (uint16_t)(high->at[i].offset + apart),
							     high->at[i].set };
	low->visible = (uint16_t)(low->visible + high->visible);
	remove_block(m, at + 1);
}

void mail_map_remove(struct mail_map *m, uint32_t uid)
{
	size_t i;
	struct mail_entry *there = find(m, uid, &i);
	struct mail_block *b;

	if (!there)
		return;
	b = &m->blocks[i];
	count(m, b, there->set, -1);
	keyword_palette_drop(m->palette, there->set);
	b->count--;
	memmove(there, there + 1, (size_t)(b->at + b->count - there) * sizeof *there);
	if (b->count == 0) {
		remove_block(m, i);
		return;
	}
	if (i)
		join(m, i - 1);
	else
		join(m, i);
}

/* --- positions -------------------------------------------------------- */

static bool counts(const struct mail_map *m, const uint64_t *matches, uint16_t set)
{
	if (matches && !(matches[set / 64] >> (set % 64) & 1))
		return false;
	return keyword_palette_is_visible(m->palette, set);
}

uint32_t mail_map_rank(const struct mail_map *m, const uint64_t *matches, uint32_t uid)
{
	struct mail_place end = mail_map_place(m, uid);
	uint32_t rank = 0;

	for (size_t i = 0; i < end.block && i < m->count; i++) {
		const struct mail_block *b = &m->blocks[i];

		if (!matches)
			rank += b->visible;
		for (size_t n = 0; matches && n < b->count; n++)
			rank += counts(m, matches, b->at[n].set);
	}
	for (size_t n = 0; n < end.entry; n++)
		rank += counts(m, matches, m->blocks[end.block].at[n].set);
	return rank;
}

/* Adds to uids what the block has of the window; *skip is how many come before it. */
static size_t window_of_block(const struct mail_map *m, const struct mail_block *b,
			      const uint64_t *matches, uint32_t *skip, bool descending,
			      uint32_t *uids, size_t max)
{
	size_t found = 0;

	for (size_t i = 0; i < b->count && found < max; i++) {
		const struct mail_entry *e = &b->at[descending ? b->count - 1 - i : i];

		if (!counts(m, matches, e->set))
			continue;
		if (*skip)
			--*skip;
		else
			uids[found++] = b->base + e->offset;
	}
	return found;
}

size_t mail_map_window(const struct mail_map *m, const uint64_t *matches, uint32_t position,
		       bool descending, uint32_t *uids, size_t max)
{
	size_t found = 0;

	for (size_t i = 0; i < m->count && found < max; i++) {
		const struct mail_block *b = &m->blocks[descending ? m->count - 1 - i : i];

		if (!matches && b->visible <= position)
			position -= b->visible;
		else
			found += window_of_block(m, b, matches, &position, descending, uids + found,
						 max - found);
	}
	return found;
}
