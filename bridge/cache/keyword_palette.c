#include "cache/keyword_palette.h"

#include <stdlib.h>

#include "base/hash.h"

bool keyword_palette_init(struct keyword_palette *p)
{
	*p = (struct keyword_palette){ 0 };
	return hash_random((uint8_t *)&p->seed, sizeof p->seed);
}

void keyword_palette_done(struct keyword_palette *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->sets[i].refs)
			free(p->sets[i].keywords.custom.at);
	free(p->sets);
	free(p->table);
	*p = (struct keyword_palette){ .seed = p->seed };
}

/* FNV-1a from a secret start. */
static uint32_t hash_of(const struct keyword_palette *p, const struct keywords *k)
{
	uint64_t h = p->seed ^ k->system;

	for (size_t i = 0; i < k->custom.count; i++) {
		struct bytes name = k->custom.at[i];

		for (size_t n = 0; n < name.len; n++)
			h = (h ^ name.at[n]) * 0x100000001b3;
		h = (h ^ 0x20) * 0x100000001b3;
	}
	return (uint32_t)(h ^ h >> 32);
}

static size_t names_bytes(const struct bytes_list *names)
{
	size_t n = names->count * sizeof *names->at;

	for (size_t i = 0; i < names->count; i++)
		n += names->at[i].len;
	return n;
}

static bool copy_names(const struct bytes_list *from, struct bytes_list *ret)
{
	uint8_t *text;

	*ret = (struct bytes_list){ NULL, 0 };
	if (!from->count)
		return true;
	ret->at = malloc(names_bytes(from));
	if (!ret->at)
		return false;
	ret->count = from->count;
	text = (uint8_t *)(ret->at + from->count);
	for (size_t i = 0; i < from->count; i++) {
		memcpy(text, from->at[i].at, from->at[i].len);
		ret->at[i] = bytes_of(text, from->at[i].len);
		text += from->at[i].len;
	}
	return true;
}

static void put_in_table(struct keyword_palette *p, uint32_t hash, size_t set)
{
	size_t at = hash & (p->table_size - 1);

	while (p->table[at])
		at = (at + 1) & (p->table_size - 1);
	p->table[at] = (uint16_t)(set + 1);
	p->table_used++;
}

/* Makes the table anew, without what is free. */
static enum err make_table(struct keyword_palette *p)
{
	size_t size = 8;
	uint16_t *table;

	while (size < (p->live + 1) * 2)
		size *= 2;
	table = calloc(size, sizeof *table);
	if (!table)
		return ERR_NOMEM;
	p->bytes += (size - p->table_size) * sizeof *table;
	free(p->table);
	p->table = table;
	p->table_size = size;
	p->table_used = 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->sets[i].refs)
			put_in_table(p, p->sets[i].hash, i);
	return ERR_OK;
}

/* Room for one more; *ret is where. */
static enum err make_room(struct keyword_palette *p, size_t *ret)
{
	if (p->table_used + 1 > p->table_size / 4 * 3) {
		enum err e = make_table(p);

		if (e != ERR_OK)
			return e;
	}
	if (p->free_first) {
		*ret = p->free_first - 1;
		return ERR_OK;
	}
	if (p->count == KEYWORD_PALETTE_MAX)
		return ERR_TOO_BIG;
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 4;
		struct keyword_set *grown = reallocarray(p->sets, cap, sizeof *grown);

		if (!grown)
			return ERR_NOMEM;
		p->bytes += (cap - p->cap) * sizeof *grown;
		p->sets = grown;
		p->cap = cap;
	}
	*ret = p->count;
	return ERR_OK;
}

static enum err add(struct keyword_palette *p, const struct keywords *k, uint32_t hash,
		    uint16_t *ret)
{
	struct bytes_list names;
	struct keyword_set *s;
	size_t at;
	enum err e = make_room(p, &at);

	if (e != ERR_OK)
		return e;
	if (!copy_names(&k->custom, &names))
		return ERR_NOMEM;
	s = &p->sets[at];
	if (p->free_first)
		p->free_first = s->hash;
	else
		p->count++;
	*s = (struct keyword_set){ .keywords = { k->system, names }, .refs = 1, .hash = hash };
	p->live++;
	p->bytes += names_bytes(&names);
	put_in_table(p, hash, at);
	*ret = (uint16_t)at;
	return ERR_OK;
}

enum err keyword_palette_take(struct keyword_palette *p, const struct keywords *k, uint16_t *ret)
{
	uint32_t hash = hash_of(p, k);
	size_t mask = p->table_size - 1;

	for (size_t at = hash & mask; p->table_size && p->table[at]; at = (at + 1) & mask) {
		uint16_t set = (uint16_t)(p->table[at] - 1);
		struct keyword_set *s = &p->sets[set];

		if (s->refs && s->hash == hash && keywords_equal(&s->keywords, k)) {
			s->refs++;
			*ret = set;
			return ERR_OK;
		}
	}
	return add(p, k, hash, ret);
}

void keyword_palette_keep(struct keyword_palette *p, uint16_t set)
{
	p->sets[set].refs++;
}

void keyword_palette_drop(struct keyword_palette *p, uint16_t set)
{
	struct keyword_set *s = &p->sets[set];

	if (--s->refs)
		return;
	p->bytes -= names_bytes(&s->keywords.custom);
	free(s->keywords.custom.at);
	*s = (struct keyword_set){ .hash = p->free_first };
	p->free_first = (uint32_t)set + 1;
	p->live--;
}
