/* What LIST and its companions make of folders: rights, namespaces, names. */
#include "store_test.h"

static void list(struct store_test *t, const char *script)
{
	store_test_begin(t, script, NULL);
	assert_int_equal(store_test_open(t), ERR_OK);
	assert_int_equal(store_test_list(t), ERR_OK);
}

static void end(struct store_test *t)
{
	assert_true(script_is_done(t->script));
	store_test_end(t);
}

/* One letter each, in the order of struct folder_rights. */
static void assert_rights(const struct folder *f, const char *path, const char *want)
{
	const struct folder_rights *r = &f->rights;
	char have[10];

	have[0] = r->read_items ? 'r' : '-';
	have[1] = r->add_items ? 'i' : '-';
	have[2] = r->remove_items ? 't' : '-';
	have[3] = r->set_seen ? 's' : '-';
	have[4] = r->set_keywords ? 'w' : '-';
	have[5] = r->create_child ? 'k' : '-';
	have[6] = r->rename ? 'n' : '-';
	have[7] = r->delete ? 'x' : '-';
	have[8] = r->submit ? 'p' : '-';
	have[9] = '\0';
	assert_bytes_equal_str(f->path, path);
	assert_string_equal(have, want);
}

static void rights_come_with_the_list(void **state)
{
	struct store_test t;

	(void)state;
	list(&t, "list_myrights");
	assert_int_equal(t.folders->count, 3);
	assert_rights(&t.folders->at[0], "INBOX", "ritswk--p");
	assert_rights(&t.folders->at[1], "Work", "r--------"); /* \NoInferiors */
	assert_rights(&t.folders->at[2], "Gone", "---------");
	end(&t);
}

static void rights_in_folders_of_others_are_asked_for(void **state)
{
	struct store_test t;

	(void)state;
	list(&t, "list_acl");
	assert_int_equal(t.folders->count, 7);
	assert_rights(&t.folders->at[0], "INBOX", "ritswk--p");
	assert_rights(&t.folders->at[1], "INBOX.Sent", "ritswknxp");
	assert_rights(&t.folders->at[2], "user", "---------");
	assert_rights(&t.folders->at[3], "user.bob", "r--s-----");
	assert_rights(&t.folders->at[4], "user.bob.A \"b\"", "ritsw----");
	assert_rights(&t.folders->at[5], "bulletin", "ritswknxp");
	assert_rights(&t.folders->at[6], "bulletin.old", "r-t--knx-"); /* RFC 2086 */
	assert_int_equal(t.folders->at[0].name_space, FOLDER_PERSONAL);
	assert_int_equal(t.folders->at[1].name_space, FOLDER_PERSONAL);
	assert_int_equal(t.folders->at[2].name_space, FOLDER_OTHER_USERS);
	assert_int_equal(t.folders->at[4].name_space, FOLDER_OTHER_USERS);
	assert_int_equal(t.folders->at[6].name_space, FOLDER_SHARED);
	end(&t);
}

static void names_that_are_none_can_be_opened(void **state)
{
	const struct mail_query page = { .window.limit = 10 };
	struct bytes path;
	struct store_test t;

	(void)state;
	list(&t, "list_names");
	assert_int_equal(t.folders->count, 3);
	assert_bytes_equal_str(t.folders->at[0].name, "A&B");
	assert_bytes_equal_str(t.folders->at[1].name, "Entwürfe");
	assert_true(bytes_starts_with(t.folders->at[1].path, t.folders->at[0].path));
	assert_bytes_equal_str(t.folders->at[2].name, "Entwürfe");
	assert_int_equal(t.folders->at[2].total, 3);
	path = t.folders->at[2].path;
	assert_true(bytes_is_utf8(path));
	(void)mailstore_query(t.ms, store_test_call(&t), path, &page, MAIL_FLAGS,
			      store_test_on_page, &t);
	store_test_wait(&t);
	assert_int_equal(t.fault.err, ERR_OK);
	path = bytes_of_str(arena_printf(t.mem, "%.*s/xä", BYTES_FMT(t.folders->at[0].path)));
	(void)mailstore_change_folder(t.ms, store_test_call(&t), FOLDER_CREATE, path, BYTES_NULL,
				      store_test_on_done, &t);
	store_test_wait(&t);
	assert_int_equal(t.fault.err, ERR_OK);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_come_with_the_list),
		cmocka_unit_test(rights_in_folders_of_others_are_asked_for),
		cmocka_unit_test(names_that_are_none_can_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
