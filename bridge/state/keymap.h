/*
 * An ordered map over nodes embedded in what they find: a treap. Expected
 * O(log n) whatever the keys, for the shape depends on random priorities only.
 */
#ifndef STATE_KEYMAP_H
#define STATE_KEYMAP_H

#include "base/bytes.h"

struct keymap_node {
	struct keymap_node *less, *more;
	uint64_t priority;
	struct bytes key; /* owned by what the node is in; constant while it is in the map */
};

struct keymap {
	struct keymap_node *root;
	uint64_t random; /* state of the generator; not 0 */
};

/* False when the system gives no random bytes. */
bool keymap_init(struct keymap *m);
struct keymap_node *keymap_find(const struct keymap *m, struct bytes key);
/* The key must not be in it yet. */
void keymap_insert(struct keymap *m, struct keymap_node *n);
/* n must be in it. */
void keymap_remove(struct keymap *m, struct keymap_node *n);

/* Calls each() for the nodes whose keys begin with prefix, in the order of
 * their keys, until it returns false. The map must not change meanwhile. */
void keymap_each(const struct keymap *m, struct bytes prefix,
		 bool (*each)(void *ctx, struct keymap_node *n), void *ctx);

#endif
