#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "state/keymap.h"

enum { N = 2000 };

struct item {
	struct keymap_node node;
	char key[16];
	bool in;
};

static struct item items[N];

static bool check_order(void *ctx, struct keymap_node *n)
{
	struct keymap_node **last = ctx;

	if (*last)
		assert_true(bytes_compare((*last)->key, n->key) < 0);
	*last = n;
	return true;
}

static bool count_one(void *ctx, struct keymap_node *n)
{
	(void)n;
	(*(size_t *)ctx)++;
	return true;
}

static size_t depth_of(const struct keymap_node *n)
{
	size_t less, more;

	if (!n)
		return 0;
	assert_true(!n->less || n->less->priority <= n->priority);
	assert_true(!n->more || n->more->priority <= n->priority);
	less = depth_of(n->less);
	more = depth_of(n->more);
	return 1 + (less > more ? less : more);
}

static void check_map(const struct keymap *m, size_t want)
{
	struct keymap_node *last = NULL;
	size_t count = 0;

	keymap_each(m, BYTES_LIT(""), check_order, &last);
	keymap_each(m, BYTES_LIT(""), count_one, &count);
	assert_int_equal(count, want);
}

static void finds_what_is_in_it_and_nothing_else(void **state)
{
	struct keymap m;
	size_t in = 0;

	(void)state;
	assert_true(keymap_init(&m));
	for (unsigned i = 0; i < N; i++) {
		snprintf(items[i].key, sizeof items[i].key, "%u", i);
		items[i].node.key = bytes_of_str(items[i].key);
	}
	for (unsigned step = 0; step < 5 * N; step++) {
		struct item *x = &items[step * 7919 % N];

		assert_true((keymap_find(&m, x->node.key) != NULL) == x->in);
		if (x->in)
			keymap_remove(&m, &x->node);
		else
			keymap_insert(&m, &x->node);
		x->in = !x->in;
		in += x->in ? 1 : (size_t)-1;
		if (step % 1000 == 0)
			check_map(&m, in);
	}
	check_map(&m, in);
}

static void keys_in_order_do_not_make_it_deep(void **state)
{
	struct keymap m;

	(void)state;
	assert_true(keymap_init(&m));
	for (unsigned i = 0; i < N; i++) {
		snprintf(items[i].key, sizeof items[i].key, "%06u", i);
		items[i].node.key = bytes_of_str(items[i].key);
		keymap_insert(&m, &items[i].node);
	}
	/* About 25 is likely; 100 would take luck of one in 10^20. */
	assert_true(depth_of(m.root) < 100);
}

static void a_prefix_gives_its_range(void **state)
{
	static const char *const keys[] = { "", "a", "a:", "a:1", "a:1:x", "a:2", "b", "\xff" };
	struct item x[8];
	struct keymap m;
	size_t count = 0;

	(void)state;
	assert_true(keymap_init(&m));
	for (int i = 0; i < 8; i++) {
		x[i].node.key = bytes_of_str(keys[i]);
		keymap_insert(&m, &x[i].node);
	}
	keymap_each(&m, BYTES_LIT("a:"), count_one, &count);
	assert_int_equal(count, 4);
	count = 0;
	keymap_each(&m, BYTES_LIT("\xff"), count_one, &count);
	assert_int_equal(count, 1);
	count = 0;
	keymap_each(&m, BYTES_LIT("a;"), count_one, &count);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_in_it_and_nothing_else),
		cmocka_unit_test(keys_in_order_do_not_make_it_deep),
		cmocka_unit_test(a_prefix_gives_its_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
