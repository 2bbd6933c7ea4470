#include "model/keywords.h"

static const struct {
	const char *name;
	unsigned bit;
} system_flags[] = {
	{ "$seen", KEYWORD_SEEN },       { "$answered", KEYWORD_ANSWERED },
	{ "$flagged", KEYWORD_FLAGGED }, { "$draft", KEYWORD_DRAFT },
	{ "$deleted", KEYWORD_DELETED },
};

#define SYSTEM_FLAGS (sizeof system_flags / sizeof system_flags[0])

const char *keywords_system_name(unsigned bit)
{
	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		if (system_flags[i].bit == bit)
			return system_flags[i].name;
	return NULL;
}

unsigned keywords_system_bit(struct bytes name)
{
	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		if (bytes_equal_str_nocase(name, system_flags[i].name))
			return system_flags[i].bit;
	return 0;
}

/* ATOM-CHAR of RFC 9051 §9: no CTL, no 8-bit, no atom-specials. */
static bool is_atom_char(uint8_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\]", c);
}

bool keywords_name_is_valid(struct bytes name)
{
	if (name.len == 0 || name.len > KEYWORD_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_atom_char(name.at[i]))
			return false;
	return true;
}

static int compare_lower(struct bytes a, struct bytes lower)
{
	for (size_t i = 0; i < a.len && i < lower.len; i++) {
		uint8_t c = a.at[i] >= 'A' && a.at[i] <= 'Z' ? a.at[i] | 0x20 : a.at[i];

		if (c != lower.at[i])
			return c - lower.at[i];
	}
	return a.len < lower.len ? -1 : a.len > lower.len;
}

/* Where name is, or where it would go. */
static size_t custom_index(const struct keywords *k, struct bytes name, bool *ret_found)
{
	size_t low = 0, high = k->custom.count;

	*ret_found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare_lower(name, k->custom.at[mid]);

		if (order == 0) {
			*ret_found = true;
			return mid;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static struct bytes lower_copy(struct arena *mem, struct bytes name)
{
	char *copy = arena_str(mem, name);

	if (!copy)
		return BYTES_NULL;
	for (size_t i = 0; i < name.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	return bytes_of(copy, name.len);
}

/* The array grows at powers of two: its capacity follows from the count. */
static bool make_room(struct bytes_list *l, struct arena *mem)
{
	struct bytes *grown;

	if (l->count & (l->count - 1))
		return true;
	grown = ARENA_ARRAY(mem, l->count ? l->count * 2 : 1, struct bytes);
	if (!grown)
		return false;
	if (l->count)
		memcpy(grown, l->at, l->count * sizeof *grown);
	l->at = grown;
	return true;
}

bool keywords_add(struct keywords *k, struct arena *mem, struct bytes name)
{
	unsigned bit = keywords_system_bit(name);
	struct bytes copy;
	bool found;
	size_t i;

	if (bit) {
		k->system |= bit;
		return true;
	}
	i = custom_index(k, name, &found);
	if (found)
		return true;
	if (k->custom.count >= KEYWORDS_MAX || !make_room(&k->custom, mem))
		return false;
	copy = lower_copy(mem, name);
	if (bytes_is_null(copy))
		return false;
	memmove(k->custom.at + i + 1, k->custom.at + i, (k->custom.count - i) * sizeof copy);
	k->custom.at[i] = copy;
	k->custom.count++;
	return true;
}

void keywords_remove(struct keywords *k, struct bytes name)
{
	bool found;
	size_t i;

	k->system &= ~keywords_system_bit(name);
	i = custom_index(k, name, &found);
	if (!found)
		return;
	k->custom.count--;
	memmove(k->custom.at + i, k->custom.at + i + 1,
		(k->custom.count - i) * sizeof *k->custom.at);
}

bool keywords_has(const struct keywords *k, struct bytes name)
{
	unsigned bit = keywords_system_bit(name);
	bool found;

	if (bit)
		return (k->system & bit) != 0;
	custom_index(k, name, &found);
	return found;
}

bool keywords_equal(const struct keywords *a, const struct keywords *b)
{
	if (a->system != b->system || a->custom.count != b->custom.count)
		return false;
	for (size_t i = 0; i < a->custom.count; i++)
		if (!bytes_equal(a->custom.at[i], b->custom.at[i]))
			return false;
	return true;
}

bool keywords_copy(const struct keywords *from, struct arena *mem, struct keywords *ret)
{
	struct keywords copy = { .system = from->system };

	for (size_t i = 0; i < from->custom.count; i++)
		if (!keywords_add(&copy, mem, from->custom.at[i]))
			return false;
	*ret = copy;
	return true;
}
