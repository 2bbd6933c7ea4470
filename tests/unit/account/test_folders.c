#include "kit.h"

#include "account/folder_tree.h"

/* --- the tree --------------------------------------------------------- */

struct tree {
	struct arena *mem;
	struct folder folders[32];
	struct folder_list from, got;
	struct account_id account;
};

static struct folder *put(struct tree *t, const char *path, char delimiter)
{
	struct folder *f = &t->folders[t->from.count++];

	*f = (struct folder){ .path = bytes_of_str(path),
			      .name = bytes_of_str(path),
			      .delimiter = delimiter,
			      .is_selectable = true,
			      .rights = { true, true, true, true, true, true, true, true, true } };
	return f;
}

static void begin(struct tree *t)
{
	*t = (struct tree){ .mem = arena_new(1 << 20) };
	t->from.at = t->folders;
	t->account = account_id_of(BYTES_LIT("imap"), BYTES_LIT("h"), BYTES_LIT("u"));
}

static void build(struct tree *t)
{
	assert_true(folder_tree_build(t->mem, &t->account, &t->from, &t->got));
}

static const struct folder *at(struct tree *t, const char *path)
{
	const struct folder *f = folder_list_by_path(&t->got, bytes_of_str(path));

	if (!f)
		fail_msg("no folder \"%s\"", path);
	return f;
}

static void parents_that_the_server_does_not_list_are_made_up(void **state)
{
	struct tree t;

	(void)state;
	begin(&t);
	put(&t, "INBOX", '/');
	put(&t, "a/b/c", '/');
	put(&t, "a/d", '/');
	build(&t);
	assert_int_equal(t.got.count, 5);
	assert_false(at(&t, "a")->is_selectable);
	assert_true(at(&t, "a")->has_children);
	assert_false(at(&t, "a")->rights.delete);
	assert_bytes_equal_str(at(&t, "a/b")->name, "b");
	assert_string_equal(at(&t, "a/b/c")->parent.text, at(&t, "a/b")->id.text);
	assert_string_equal(at(&t, "a/b")->parent.text, at(&t, "a")->id.text);
	assert_string_equal(at(&t, "a")->parent.text, "");
	assert_false(at(&t, "a/b/c")->has_children);
	arena_free(t.mem);
}

static void a_flat_name_with_the_delimiter_of_others_has_no_parent(void **state)
{
	struct tree t;

	(void)state;
	begin(&t);
	put(&t, "a/b", 0);
	put(&t, "/c", '/');
	build(&t);
	assert_int_equal(t.got.count, 2);
	assert_string_equal(at(&t, "a/b")->parent.text, "");
	assert_string_equal(at(&t, "/c")->parent.text, "");
	arena_free(t.mem);
}

static void children_of_an_inbox_in_any_case_are_children_of_the_inbox(void **state)
{
	struct tree t;

	(void)state;
	begin(&t);
	put(&t, "INBOX", '.');
	put(&t, "Inbox.Work", '.');
	put(&t, "INBOX.Sent", '.');
	build(&t);
	assert_int_equal(t.got.count, 3);
	assert_int_equal(at(&t, "INBOX")->role, FOLDER_ROLE_INBOX);
	assert_string_equal(at(&t, "Inbox.Work")->parent.text, at(&t, "INBOX")->id.text);
	assert_int_equal(at(&t, "INBOX.Sent")->role, FOLDER_ROLE_SENT);
	assert_bytes_equal_str(at(&t, "INBOX")->name, "Inbox");
	assert_false(at(&t, "INBOX")->rights.delete);
	assert_false(at(&t, "INBOX")->rights.rename);
	arena_free(t.mem);
}

static void what_the_server_says_goes_before_what_a_name_suggests(void **state)
{
	struct tree t;

	(void)state;
	begin(&t);
	put(&t, "INBOX", '/');
	put(&t, "Sent", '/');
	put(&t, "Postausgang 2", '/')->role = FOLDER_ROLE_SENT;
	put(&t, "Papierkorb", '/');
	build(&t);
	assert_int_equal(at(&t, "Sent")->role, FOLDER_ROLE_NONE);
	assert_int_equal(at(&t, "Postausgang 2")->role, FOLDER_ROLE_SENT);
	assert_int_equal(at(&t, "Papierkorb")->role, FOLDER_ROLE_TRASH);
	arena_free(t.mem);
}

static void of_several_folders_for_a_role_the_personal_the_shortest_the_first_wins(void **state)
{
	struct tree t;

	(void)state;
	begin(&t);
	put(&t, "Bin", '/')->name_space = FOLDER_SHARED;
	t.folders[0].role = FOLDER_ROLE_TRASH;
	put(&t, "Trash B", '/')->role = FOLDER_ROLE_TRASH;
	put(&t, "Trash A", '/')->role = FOLDER_ROLE_TRASH;
	put(&t, "A longer trash", '/')->role = FOLDER_ROLE_TRASH;
	put(&t, "Gone", '/')->role = FOLDER_ROLE_TRASH;
	t.folders[4].is_selectable = false;
	build(&t);
	assert_int_equal(at(&t, "Trash A")->role, FOLDER_ROLE_TRASH);
	for (size_t i = 0, n = 0; i < t.got.count; i++) {
		n += t.got.at[i].role == FOLDER_ROLE_TRASH;
		assert_true(n <= 1);
	}
	arena_free(t.mem);
}

static void a_name_that_comes_twice_is_one_folder(void **state)
{
	struct tree t;

	(void)state;
	begin(&t);
	put(&t, "INBOX", '/');
	put(&t, "inbox", '/');
	put(&t, "a", '/');
	put(&t, "a", '/');
	build(&t);
	assert_int_equal(t.got.count, 2);
	arena_free(t.mem);
}

static void thousands_of_folders_are_built_in_a_stable_order(void **state)
{
	const size_t n = 5000;
	struct folder *folders = calloc(n, sizeof *folders);
	struct folder_list from = { folders, n }, got = { 0 };
	struct arena *mem = arena_new(64 << 20);
	struct account_id account = { "abcdefghijkl" };

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char *path = arena_printf(mem, "p%zu/q%zu/r%zu", i % 7, i % 501, (n - i));

		folders[i] = (struct folder){ .path = bytes_of_str(path),
					      .delimiter = '/',
					      .is_selectable = true };
	}
	assert_true(folder_tree_build(mem, &account, &from, &got));
	assert_true(got.count > n);
	for (size_t i = 1; i < got.count; i++) {
		assert_true(bytes_compare(got.at[i - 1].path, got.at[i].path) < 0);
		if (bytes_index(got.at[i].path, '/') < got.at[i].path.len)
			assert_string_not_equal(got.at[i].parent.text, "");
	}
	free(folders);
	arena_free(mem);
}

/* --- the account's folders -------------------------------------------- */

static struct answer get(struct kit *k, struct account *a, const char *name)
{
	struct answer got = { 0 };

	KIT_START(account_get_folder(a, kit_call(k), bytes_of_str(name), kit_on_folder, &got));
	kit_wait(k, &got.done);
	return got;
}

static struct answer list_all(struct kit *k, struct account *a)
{
	struct answer got = { 0 };

	KIT_START(account_list_folders(a, kit_call(k), kit_on_folders, &got));
	kit_wait(k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	return got;
}

static void folders_are_found_by_id_and_by_role(void **state)
{
	struct answer got;
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	kit_start(&k);
	fake_add_folder(k.server, "Sent", FOLDER_ROLE_SENT);
	fake_add_message(k.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\n"), NULL, 1);
	fake_add_message(k.server, "INBOX", BYTES_LIT("Subject: y\r\n\r\n"), "$seen", 2);
	a = kit_account(&k);
	got = get(&k, a, "sent");
	assert_int_equal(got.fault.err, ERR_OK);
	assert_bytes_equal_str(got.folder.name, "Sent");
	got = get(&k, a, got.folder.id.text);
	assert_bytes_equal_str(got.folder.name, "Sent");
	got = get(&k, a, "inbox");
	assert_int_equal(got.folder.role, FOLDER_ROLE_INBOX);
	assert_true(got.folder.has_counts);
	assert_int_equal(got.folder.total, 2);
	assert_int_equal(got.folder.unread, 1);
	account_unref(a);
	kit_done(&k);
}

static void what_is_missing_is_named(void **state)
{
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	kit_start(&k);
	a = kit_account(&k);
	assert_string_equal(get(&k, a, "junk").fault.code, "role-not-found");
	assert_string_equal(get(&k, a, "AAAAAAAAAAAA").fault.code, "folder-not-found");
	assert_string_equal(get(&k, a, "no id at all").fault.code, "folder-not-found");
	assert_string_equal(get(&k, a, "").fault.code, "folder-not-found");
	assert_int_equal(get(&k, a, "junk").fault.err, ERR_NOT_FOUND);
	account_unref(a);
	kit_done(&k);
}

static void counts_are_asked_for_where_they_do_not_come_with_the_list(void **state)
{
	struct answer got;
	struct account *a;
	struct kit k;

	(void)state;
	kit_init(&k);
	kit_start(&k);
	fake_server_caps(k.server)->counts_in_list = false;
	fake_add_folder(k.server, "Sent", FOLDER_ROLE_SENT);
	fake_add_folder(k.server, "Hidden", FOLDER_ROLE_NONE)->is_selectable = false;
	fake_add_message(k.server, "INBOX", BYTES_LIT("Subject: x\r\n\r\n"), NULL, 1);
	a = kit_account(&k);
	got = list_all(&k, a);
	assert_int_equal(got.folders->count, 3);
	assert_int_equal(folder_list_by_role(got.folders, FOLDER_ROLE_INBOX)->total, 1);
	assert_true(folder_list_by_role(got.folders, FOLDER_ROLE_SENT)->has_counts);
	assert_false(folder_list_by_path(got.folders, BYTES_LIT("Hidden"))->has_counts);
	account_unref(a);
	kit_done(&k);
}

static void ids_of_two_accounts_never_coincide(void **state)
{
	struct credentials c = kit_credentials("bob@example.org", "pb");
	struct account *ada, *bob;
	struct answer of_ada, of_bob;
	struct kit k;

	(void)state;
	kit_init(&k);
	kit_start(&k);
	fake_add_user(k.server, "bob@example.org", "pb", NULL);
	ada = kit_account(&k);
	bob = account_get(k.hub, &k.where, &c);
	of_ada = list_all(&k, ada);
	of_bob = list_all(&k, bob);
	assert_string_not_equal(of_ada.folders->at[0].id.text, of_bob.folders->at[0].id.text);
	assert_int_equal(get(&k, bob, of_ada.folders->at[0].id.text).fault.err, ERR_NOT_FOUND);
	account_unref(ada);
	account_unref(bob);
	kit_done(&k);
}

static void case_of_the_domain_makes_no_other_account(void **state)
{
	struct credentials lower = kit_credentials("Ada@example.org", "x");
	struct credentials upper = kit_credentials("Ada@EXAMPLE.ORG", "x");
	struct credentials other = kit_credentials("ada@example.org", "x");
	struct account *a, *b, *c;
	struct kit k;

	(void)state;
	kit_init(&k);
	kit_start(&k);
	a = account_get(k.hub, &k.where, &lower);
	b = account_get(k.hub, &k.where, &upper);
	c = account_get(k.hub, &k.where, &other);
	assert_string_equal(account_id(a)->text, account_id(b)->text);
	assert_string_not_equal(account_id(a)->text, account_id(c)->text);
	account_unref(a);
	account_unref(b);
	account_unref(c);
	kit_turn(&k, 3);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parents_that_the_server_does_not_list_are_made_up),
		cmocka_unit_test(a_flat_name_with_the_delimiter_of_others_has_no_parent),
		cmocka_unit_test(children_of_an_inbox_in_any_case_are_children_of_the_inbox),
		cmocka_unit_test(what_the_server_says_goes_before_what_a_name_suggests),
		cmocka_unit_test(
			of_several_folders_for_a_role_the_personal_the_shortest_the_first_wins),
		cmocka_unit_test(a_name_that_comes_twice_is_one_folder),
		cmocka_unit_test(thousands_of_folders_are_built_in_a_stable_order),
		cmocka_unit_test(folders_are_found_by_id_and_by_role),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(counts_are_asked_for_where_they_do_not_come_with_the_list),
		cmocka_unit_test(ids_of_two_accounts_never_coincide),
		cmocka_unit_test(case_of_the_domain_makes_no_other_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
