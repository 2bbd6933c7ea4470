#include "state/keymap.h"

#include "base/hash.h"

bool keymap_init(struct keymap *m)
{
	uint64_t seed;

	if (!hash_random((uint8_t *)&seed, sizeof seed))
		return false;
	*m = (struct keymap){ .random = seed | 1 };
	return true;
}

/* xorshift64: nobody sees the priorities, so nobody can guess them. */
static uint64_t next_random(struct keymap *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

struct keymap_node *keymap_find(const struct keymap *m, struct bytes key)
{
	struct keymap_node *n = m->root;

	while (n) {
		int order = bytes_compare(key, n->key);

		if (order == 0)
			return n;
		n = order < 0 ? n->less : n->more;
	}
	return NULL;
}

/* Cuts the tree `t` into the keys below and above. */
static void split(struct keymap_node *t, struct bytes key, struct keymap_node **ret_less,
		  struct keymap_node **ret_more)
{
	while (t) {
		if (bytes_compare(t->key, key) < 0) {
			*ret_less = t;
			ret_less = &t->more;
			t = t->more;
		} else {
			*ret_more = t;
			ret_more = &t->less;
			t = t->less;
		}
	}
	*ret_less = NULL;
	*ret_more = NULL;
}

void keymap_insert(struct keymap *m, struct keymap_node *n)
{
	struct keymap_node **at = &m->root;

	n->priority = next_random(m);
	while (*at && (*at)->priority >= n->priority)
		at = bytes_compare(n->key, (*at)->key) < 0 ? &(*at)->less : &(*at)->more;
	split(*at, n->key, &n->less, &n->more);
	*at = n;
}

void keymap_remove(struct keymap *m, struct keymap_node *n)
{
	struct keymap_node **at = &m->root, *less = n->less, *more = n->more;

	while (*at != n)
		at = bytes_compare(n->key, (*at)->key) < 0 ? &(*at)->less : &(*at)->more;
	/* Weave both halves together where it was. */
	while (less && more) {
		if (less->priority >= more->priority) {
			*at = less;
			at = &less->more;
			less = less->more;
		} else {
			*at = more;
			at = &more->less;
			more = more->less;
		}
	}
	*at = less ? less : more;
}

static bool each_below(struct keymap_node *n, struct bytes prefix,
		       bool (*each)(void *ctx, struct keymap_node *n), void *ctx)
{
	for (; n; n = n->more) {
		bool matches = bytes_starts_with(n->key, prefix);

		if (!matches && bytes_compare(n->key, prefix) < 0)
			continue;
		if (!each_below(n->less, prefix, each, ctx))
			return false;
		if (!matches) /* beyond: so is all to the right */
			return true;
		if (!each(ctx, n))
			return false;
	}
	return true;
}

void keymap_each(const struct keymap *m, struct bytes prefix,
		 bool (*each)(void *ctx, struct keymap_node *n), void *ctx)
{
	each_below(m->root, prefix, each, ctx);
}
