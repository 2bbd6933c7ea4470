#include "cmocka_all.h"

#include <stdio.h>

#include "cache/drop_names.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(64 << 20);
	return mem ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static struct message_key key_of(const char *text)
{
	struct message_key k = { .kind = MESSAGE_KEY_UIDL };

	snprintf(k.text, sizeof k.text, "%s", text);
	return k;
}

/* A sync of these names, a letter each; "#" before one makes it a hash. */
static struct mail_sync sync_of(const char *letters)
{
	struct mail_flags *flags = ARENA_ARRAY(mem, strlen(letters) + 1, struct mail_flags);
	struct mail_sync s = { .is_whole = true, .flags = flags };

	for (; *letters; letters++) {
		struct message_key *k = ARENA_NEW(mem, struct message_key);
		bool is_hash = *letters == '#';

		letters += is_hash;
		*k = key_of((char[]){ *letters, '\0' });
		k->kind = is_hash ? MESSAGE_KEY_HASH : MESSAGE_KEY_UIDL;
		flags[s.count++].key = k;
	}
	return s;
}

static void translate(struct drop_names *n, const char *letters, const char *want)
{
	struct mail_sync from = sync_of(letters), to;
	char got[200] = "";

	assert_int_equal(drop_names_translate(n, mem, &from, &to), ERR_OK);
	assert_true(to.is_whole);
	for (size_t i = 0; i < to.count; i++) {
		size_t at = strlen(got);

		assert_true(to.flags[i].uid < to.uidnext);
		snprintf(got + at, sizeof got - at, "%s%u%s", at ? " " : "", to.flags[i].uid,
			 to.flags[i].key->text);
	}
	assert_string_equal(got, want);
}

static void numbers_are_given_in_the_order_of_coming_and_kept(void **state)
{
	struct drop_names *n = drop_names_new();
	struct message_key k, c = key_of("c"), x = key_of("x");

	(void)state;
	translate(n, "cab", "1c 2a 3b");
	translate(n, "bdc", "1c 3b 4d");
	translate(n, "#c", "5c"); /* a hash is another name */
	assert_int_equal(drop_names_number(n, &c), 1);
	assert_int_equal(drop_names_number(n, &x), 0);
	assert_true(drop_names_key(n, 2, &k));
	assert_string_equal(k.text, "a"); /* remembered, though it is gone */
	assert_int_equal(k.kind, MESSAGE_KEY_UIDL);
	assert_false(drop_names_key(n, 9, &k));
	drop_names_free(n);
}

static bool is_odd(void *ctx, uint32_t number)
{
	(void)ctx;
	return number & 1;
}

static void pruned_numbers_do_not_come_back(void **state)
{
	struct drop_names *n = drop_names_new();
	struct message_key k;

	(void)state;
	translate(n, "abcd", "1a 2b 3c 4d");
	drop_names_prune(n, is_odd, NULL);
	assert_false(drop_names_key(n, 2, &k));
	translate(n, "abcd", "1a 3c 5b 6d");
	drop_names_free(n);
}

static void a_saved_table_is_the_same(void **state)
{
	struct drop_names *n = drop_names_new(), *again = drop_names_new();
	struct buf saved;

	(void)state;
	buf_init(&saved, 1 << 20);
	translate(n, "ab#c", "1a 2b 3c");
	drop_names_prune(n, is_odd, NULL);
	drop_names_save(n, &saved);
	assert_int_equal(drop_names_load(again, buf_bytes(&saved)), ERR_OK);
	translate(again, "#cba", "1a 3c 4b");
	drop_names_free(n);
	drop_names_free(again);
	buf_done(&saved);
}

static void what_is_no_table_is_refused(void **state)
{
	struct drop_names *n = drop_names_new();
	struct buf saved;

	(void)state;
	buf_init(&saved, 1 << 20);
	translate(n, "abc", "1a 2b 3c");
	drop_names_save(n, &saved);
	for (size_t len = 0; len < saved.len; len++) {
		struct drop_names *cut = drop_names_new();

		assert_int_equal(drop_names_load(cut, bytes_first(buf_bytes(&saved), len)),
				 ERR_PROTO);
		drop_names_free(cut);
	}
	for (size_t at = 0; at < saved.len; at++) {
		struct drop_names *odd = drop_names_new();

		saved.at[saved.head + at] ^= 0x5a;
		(void)!drop_names_load(odd, buf_bytes(&saved));
		saved.at[saved.head + at] ^= 0x5a;
		drop_names_free(odd);
	}
	drop_names_free(n);
	buf_done(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_given_in_the_order_of_coming_and_kept),
		cmocka_unit_test(pruned_numbers_do_not_come_back),
		cmocka_unit_test(a_saved_table_is_the_same),
		cmocka_unit_test(what_is_no_table_is_refused),
	};

	return cmocka_run_group_tests_name("drop names", tests, set_up, tear_down);
}
