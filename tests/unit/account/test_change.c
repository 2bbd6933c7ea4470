#include "kit.h"

struct world {
	struct kit k;
	struct account *a;
};

static void begin(struct world *w)
{
	kit_init(&w->k);
	kit_start(&w->k);
	w->a = kit_account(&w->k);
	fake_set_uidvalidity(w->k.server, "INBOX", 70);
}

static void end(struct world *w)
{
	account_unref(w->a);
	kit_done(&w->k);
}

static struct answer get(struct world *w, const char *name)
{
	struct answer got = { 0 };

	KIT_START(
		account_get_folder(w->a, kit_call(&w->k), bytes_of_str(name), kit_on_folder, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static const char *id_of(struct world *w, const char *path)
{
	struct folder_id id = folder_id_of(account_id(w->a), bytes_of_str(path));

	return arena_str(w->k.mem, bytes_of_str(id.text));
}

/* --- append ------------------------------------------------------------------- */

static size_t read_text(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	struct bytes rest = bytes_skip(bytes_of_str(ctx), (size_t)offset);

	rest = bytes_first(rest, max);
	memcpy(to, rest.at, rest.len);
	return rest.len;
}

static struct answer append(struct world *w, const char *folder, const char *replaces)
{
	static char text[] = "Subject: draft\r\n\r\nhello\r\n";
	struct mail_source source = { sizeof text - 1, read_text, text };
	struct keywords keywords = { .system = KEYWORD_DRAFT | KEYWORD_SEEN };
	struct answer got = { 0 };

	KIT_START(account_append(w->a, kit_call(&w->k), bytes_of_str(folder), &source, &keywords,
				 bytes_of_str(replaces), kit_on_results, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static const char *text_of(struct world *w, const struct message_id *id)
{
	char *text = arena_alloc(w->k.mem, ID_TEXT_MAX + 1);

	message_id_format(id, text);
	return text;
}

static void a_message_is_appended_and_named(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	got = append(&w, "inbox", NULL);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.count, 1);
	assert_true(bytes_is_null(got.results[0].previous_id));
	assert_true(got.results[0].has_id && got.results[0].has_folder);
	assert_int_equal(got.results[0].keywords.system, KEYWORD_DRAFT | KEYWORD_SEEN);
	assert_false(got.results[0].has_expunged);
	assert_int_equal(get(&w, "inbox").folder.total, 1);
	assert_string_equal(append(&w, "sent", NULL).fault.code, "role-not-found");
	assert_string_equal(append(&w, "x", NULL).fault.code, "folder-not-found");
	end(&w);
}

static void drafts_are_made_when_nobody_names_a_folder(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(append(&w, NULL, NULL).fault.err, ERR_OK);
	assert_int_equal(get(&w, "drafts").folder.total, 1);
	assert_true(get(&w, "drafts").folder.is_subscribed);
	end(&w);
}

static void a_draft_takes_the_place_of_another(void **state)
{
	struct answer first, second;
	struct world w;

	(void)state;
	begin(&w);
	first = append(&w, NULL, NULL);
	second = append(&w, NULL, text_of(&w, &first.results[0].id));
	assert_int_equal(second.fault.err, ERR_OK);
	assert_true(second.results[0].has_expunged && second.results[0].expunged);
	assert_false(message_id_equal(&first.results[0].id, &second.results[0].id));
	assert_int_equal(get(&w, "drafts").folder.total, 1);
	end(&w);
}

static void a_draft_that_was_replaced_by_another_leaves_nothing_behind(void **state)
{
	struct answer first, second;
	struct world w;

	(void)state;
	begin(&w);
	first = append(&w, NULL, NULL);
	fake_remove_message(w.k.server, "Drafts", first.results[0].id.key.uid);
	second = append(&w, NULL, text_of(&w, &first.results[0].id));
	assert_int_equal(second.fault.err, ERR_CONFLICT);
	assert_string_equal(second.fault.code, "draft-replaced");
	assert_int_equal(fake_calls(w.k.server, MAIL_APPEND), 1);
	assert_int_equal(get(&w, "drafts").folder.total, 0);
	assert_string_equal(append(&w, NULL, "AAAAAAAAAAAA.1.1").fault.code, "draft-replaced");
	assert_string_equal(append(&w, NULL, "nonsense").fault.code, "message-not-found");
	end(&w);
}

static void somebody_quicker_between_append_and_removal_takes_the_new_copy_back(void **state)
{
	static char text[] = "Subject: draft\r\n\r\nhello\r\n";
	struct mail_source source = { sizeof text - 1, read_text, text };
	struct keywords none = { 0 };
	struct answer first, got = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	first = append(&w, NULL, NULL);
	fake_hold(w.k.server, MAIL_EXPUNGE);
	KIT_START(account_append(w.a, kit_call(&w.k), BYTES_NULL, &source, &none,
				 bytes_of_str(text_of(&w, &first.results[0].id)), kit_on_results,
				 &got));
	while (fake_calls(w.k.server, MAIL_EXPUNGE) == 0)
		kit_turn(&w.k, 1);
	fake_remove_message(w.k.server, "Drafts", first.results[0].id.key.uid);
	fake_release(w.k.server, MAIL_EXPUNGE);
	kit_wait(&w.k, &got.done);
	assert_string_equal(got.fault.code, "draft-replaced");
	assert_int_equal(get(&w, "drafts").folder.total, 0);
	end(&w);
}

static void an_append_that_was_cut_off_is_looked_for_and_not_repeated(void **state)
{
	struct fault cut = fault_of(ERR_UNKNOWN);
	struct fault early = fault_with_text(ERR_UNKNOWN, FAKE_NOT_DONE);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	got = append(&w, "inbox", NULL);
	fake_fail_next(w.k.server, MAIL_APPEND, &cut);
	got = append(&w, "inbox", NULL);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_true(got.results[0].has_id);
	assert_int_equal(got.results[0].id.key.uid, 2);
	fake_fail_next(w.k.server, MAIL_APPEND, &early);
	got = append(&w, "inbox", NULL);
	assert_int_equal(got.fault.err, ERR_UNKNOWN);
	assert_int_equal(fake_calls(w.k.server, MAIL_APPEND), 3);
	assert_int_equal(get(&w, "inbox").folder.total, 2);
	end(&w);
}

static void an_append_that_had_not_begun_is_done_on_a_new_session(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(get(&w, "inbox").fault.err, ERR_OK); /* opens a session */
	fake_fail_next(w.k.server, MAIL_APPEND, &lost);
	got = append(&w, "inbox", NULL);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(get(&w, "inbox").folder.total, 1);
	end(&w);
}

/* Else the one that was cut off would take the other's message for its own. */
static void appends_to_one_folder_take_turns(void **state)
{
	static char text[] = "Subject: draft\r\n\r\nhello\r\n";
	struct fault cut = fault_with_text(ERR_UNKNOWN, FAKE_NOT_DONE);
	struct mail_source source = { sizeof text - 1, read_text, text };
	struct keywords none = { 0 };
	struct answer got[3] = { { 0 } };
	struct op *cancelled;
	struct world w;

	(void)state;
	begin(&w);
	fake_hold(w.k.server, MAIL_APPEND);
	fake_fail_next(w.k.server, MAIL_APPEND, &cut);
	KIT_START(account_append(w.a, kit_call(&w.k), BYTES_LIT("inbox"), &source, &none,
				 BYTES_NULL, kit_on_results, &got[0]));
	cancelled = account_append(w.a, kit_call(&w.k), BYTES_LIT("inbox"), &source, &none,
				   BYTES_NULL, kit_on_results, &got[1]);
	KIT_START(account_append(w.a, kit_call(&w.k), BYTES_LIT("inbox"), &source, &none,
				 BYTES_NULL, kit_on_results, &got[2]));
	while (fake_calls(w.k.server, MAIL_APPEND) == 0)
		kit_turn(&w.k, 1);
	fake_release(w.k.server, MAIL_APPEND);
	op_cancel(cancelled);
	kit_wait(&w.k, &got[0].done);
	assert_int_equal(got[0].fault.err, ERR_UNKNOWN);
	kit_wait(&w.k, &got[2].done);
	assert_int_equal(got[2].fault.err, ERR_OK);
	assert_false(got[1].done);
	assert_int_equal(get(&w, "inbox").folder.total, 1);
	/* Other folders do not wait. */
	fake_hold(w.k.server, MAIL_APPEND);
	got[0] = got[2] = (struct answer){ 0 };
	KIT_START(account_append(w.a, kit_call(&w.k), BYTES_LIT("inbox"), &source, &none,
				 BYTES_NULL, kit_on_results, &got[0]));
	KIT_START(account_append(w.a, kit_call(&w.k), BYTES_NULL, &source, &none, BYTES_NULL,
				 kit_on_results, &got[2]));
	while (fake_calls(w.k.server, MAIL_APPEND) < 4)
		kit_turn(&w.k, 1);
	fake_release(w.k.server, MAIL_APPEND);
	kit_wait(&w.k, &got[0].done);
	kit_wait(&w.k, &got[2].done);
	end(&w);
}

static void a_removal_that_was_cut_off_is_finished(void **state)
{
	struct fault cut = fault_of(ERR_UNKNOWN);
	struct answer first, second;
	struct world w;

	(void)state;
	begin(&w);
	first = append(&w, NULL, NULL);
	fake_fail_next(w.k.server, MAIL_EXPUNGE, &cut);
	second = append(&w, NULL, text_of(&w, &first.results[0].id));
	assert_int_equal(second.fault.err, ERR_OK);
	assert_true(second.results[0].expunged);
	assert_int_equal(get(&w, "drafts").folder.total, 1);
	end(&w);
}

/* --- folders -------------------------------------------------------------------- */

static struct answer create(struct world *w, const char *name, const char *parent)
{
	struct answer got = { 0 };

	KIT_START(account_create_folder(w->a, kit_call(&w->k), bytes_of_str(name),
					bytes_of_str(parent), kit_on_folder, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static struct answer edit(struct world *w, const char *folder, struct folder_edit e)
{
	struct answer got = { 0 };

	KIT_START(account_edit_folder(w->a, kit_call(&w->k), bytes_of_str(folder), &e,
				      kit_on_edited, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static struct answer delete_folder(struct world *w, const char *folder)
{
	struct answer got = { 0 };

	KIT_START(account_delete_folder(w->a, kit_call(&w->k), bytes_of_str(folder), kit_on_done,
					&got));
	kit_wait(&w->k, &got.done);
	return got;
}

static void a_folder_is_created_and_subscribed(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	got = create(&w, "Reise 2026", NULL);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_bytes_equal_str(got.folder.name, "Reise 2026");
	assert_true(got.folder.is_subscribed);
	got = create(&w, "Fotos", got.folder.id.text);
	assert_bytes_equal_str(got.folder.path, "Reise 2026/Fotos");
	assert_string_equal(got.folder.parent.text, id_of(&w, "Reise 2026"));
	end(&w);
}

static void impossible_folders_are_refused_with_the_reason(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	assert_string_equal(create(&w, "a/b", NULL).fault.code, "invalid-folder-name");
	assert_string_equal(create(&w, "", NULL).fault.code, "invalid-folder-name");
	assert_string_equal(create(&w, "a\nb", NULL).fault.code, "invalid-folder-name");
	assert_string_equal(create(&w, "\xff", NULL).fault.code, "invalid-folder-name");
	assert_int_equal(create(&w, "a/b", NULL).fault.err, ERR_INVALID);
	assert_string_equal(create(&w, "inbox", NULL).fault.code, "folder-exists");
	assert_string_equal(create(&w, "x", "junk").fault.code, "role-not-found");
	assert_string_equal(create(&w, "x", "AAAAAAAAAAAA").fault.code, "folder-not-found");
	assert_int_equal(create(&w, "x", NULL).fault.err, ERR_OK);
	assert_string_equal(create(&w, "x", NULL).fault.code, "folder-exists");
	fake_server_caps(w.k.server)->folders = false;
	assert_string_equal(create(&w, "y", NULL).fault.code, "not-supported");
	end(&w);
}

static void a_rename_takes_children_and_subscriptions_along(void **state)
{
	struct folder_edit e = { .name = BYTES_LIT("neu") };
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	create(&w, "alt", NULL);
	create(&w, "kind", id_of(&w, "alt"));
	got = edit(&w, id_of(&w, "alt"), e);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_bytes_equal_str(got.folder.path, "neu");
	assert_true(got.folder.is_subscribed);
	assert_true(got.folder.has_children);
	assert_true(get(&w, id_of(&w, "neu/kind")).folder.is_subscribed);
	assert_int_equal(get(&w, id_of(&w, "alt")).fault.err, ERR_NOT_FOUND);
	end(&w);
}

static void a_folder_is_moved_and_unsubscribed(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	create(&w, "a", NULL);
	create(&w, "b", NULL);
	got = edit(&w, id_of(&w, "a"),
		   (struct folder_edit){ .set_parent = true,
					 .parent = bytes_of_str(id_of(&w, "b")),
					 .set_subscribed = true });
	assert_bytes_equal_str(got.folder.path, "b/a");
	assert_false(got.folder.is_subscribed);
	got = edit(&w, id_of(&w, "b/a"), (struct folder_edit){ .set_parent = true });
	assert_bytes_equal_str(got.folder.path, "a");
	got = edit(&w, id_of(&w, "a"),
		   (struct folder_edit){ .set_subscribed = true, .is_subscribed = true });
	assert_true(got.folder.is_subscribed);
	got = edit(&w, id_of(&w, "a"), (struct folder_edit){ 0 });
	assert_int_equal(got.fault.err, ERR_OK);
	end(&w);
}

static void guarded_changes_are_refused(void **state)
{
	struct folder_edit e = { .name = BYTES_LIT("x") };
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	create(&w, "a", NULL);
	create(&w, "b", id_of(&w, "a"));
	assert_string_equal(edit(&w, "inbox", e).fault.code, "folder-protected");
	assert_string_equal(delete_folder(&w, "inbox").fault.code, "folder-protected");
	assert_string_equal(delete_folder(&w, id_of(&w, "a")).fault.code, "folder-not-empty");
	assert_int_equal(delete_folder(&w, id_of(&w, "a")).fault.err, ERR_CONFLICT);
	e = (struct folder_edit){ .set_parent = true, .parent = bytes_of_str(id_of(&w, "a/b")) };
	got = edit(&w, id_of(&w, "a"), e);
	assert_string_equal(got.fault.code, "invalid-folder-name");
	assert_true(got.fault.text[0]);
	e = (struct folder_edit){ .set_parent = true, .parent = bytes_of_str(id_of(&w, "a")) };
	assert_string_equal(edit(&w, id_of(&w, "a"), e).fault.code, "invalid-folder-name");
	e = (struct folder_edit){ .name = BYTES_LIT("a") };
	create(&w, "c", NULL);
	assert_string_equal(edit(&w, id_of(&w, "c"), e).fault.code, "folder-exists");
	assert_string_equal(edit(&w, "junk", e).fault.code, "role-not-found");
	end(&w);
}

static void a_deleted_folder_is_gone(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	create(&w, "a", NULL);
	assert_int_equal(delete_folder(&w, id_of(&w, "a")).fault.err, ERR_OK);
	assert_string_equal(get(&w, id_of(&w, "a")).fault.code, "folder-not-found");
	assert_string_equal(delete_folder(&w, id_of(&w, "a")).fault.code, "folder-not-found");
	end(&w);
}

/* --- many messages ---------------------------------------------------------------- */

static void fill(struct world *w, const char *folder, unsigned n, const char *keywords)
{
	while (n--)
		fake_add_message(w->k.server, folder, BYTES_LIT("Subject: x\r\n\r\n"), keywords, 1);
}

static struct answer empty(struct world *w, const char *folder, bool force)
{
	struct answer got = { 0 };

	KIT_START(account_empty_folder(w->a, kit_call(&w->k), bytes_of_str(folder), force,
				       kit_on_count, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static void only_trash_and_junk_are_emptied_without_force(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fake_add_folder(w.k.server, "Trash", FOLDER_ROLE_TRASH);
	fill(&w, "Trash", 2500, NULL);
	fill(&w, "INBOX", 3, NULL);
	got = empty(&w, "trash", false);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.number, 2500);
	assert_int_equal(get(&w, "trash").folder.total, 0);
	got = empty(&w, "trash", false);
	assert_int_equal(got.number, 0);
	assert_string_equal(empty(&w, "inbox", false).fault.code, "folder-protected");
	got = empty(&w, "inbox", true);
	assert_int_equal(got.number, 3);
	end(&w);
}

static struct answer act_selected(struct world *w, struct action action, const struct mail_query *q)
{
	struct answer got = { 0 };

	KIT_START(account_act_selected(w->a, kit_bulk_call(&w->k), &action, BYTES_LIT("inbox"), q,
				       kit_on_selected, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static void thousands_are_marked_read_page_by_page(void **state)
{
	struct mail_filter unseen = { .kind = FILTER_NOT_KEYWORD, .text = BYTES_LIT("$seen") };
	struct mail_query q = { .filters = &unseen, .filter_count = 1 };
	struct action seen = { .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN };
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, "INBOX", 2100, NULL);
	fill(&w, "INBOX", 100, "$seen");
	got = act_selected(&w, seen, &q);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.number, 2100);
	assert_int_equal(got.count, 0);
	assert_int_equal(get(&w, "inbox").folder.unread, 0);
	assert_int_equal(fake_calls(w.k.server, MAIL_SET_KEYWORDS), 3);
	end(&w);
}

static void what_arrives_meanwhile_is_left_alone(void **state)
{
	struct mail_query q = { 0 };
	struct action trash = { .kind = ACTION_DELETE };
	struct answer got = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, "INBOX", 1500, NULL);
	KIT_START(account_act_selected(w.a, kit_bulk_call(&w.k), &trash, BYTES_LIT("inbox"), &q,
				       kit_on_selected, &got));
	while (fake_calls(w.k.server, MAIL_MOVE) == 0)
		kit_turn(&w.k, 1);
	fill(&w, "INBOX", 5, NULL);
	kit_wait(&w.k, &got.done);
	assert_int_equal(got.number, 1500);
	assert_int_equal(get(&w, "inbox").folder.total, 5);
	assert_int_equal(get(&w, "trash").folder.total, 1500);
	end(&w);
}

static void failures_are_told_one_by_one(void **state)
{
	struct fault no =
		fault_from_server(ERR_DENIED, "imap", BYTES_LIT("NOPERM"), BYTES_LIT("read-only"));
	struct mail_query q = { 0 };
	struct action seen = { .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN };
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, "INBOX", 3, NULL);
	fake_fail_next(w.k.server, MAIL_SET_KEYWORDS, &no);
	got = act_selected(&w, seen, &q);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.number, 0);
	assert_int_equal(got.count, 3);
	assert_string_equal(got.results[0].fault.code, "NOPERM");
	assert_true(
		bytes_starts_with(got.results[0].previous_id, bytes_of_str(id_of(&w, "INBOX"))));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_appended_and_named),
		cmocka_unit_test(drafts_are_made_when_nobody_names_a_folder),
		cmocka_unit_test(a_draft_takes_the_place_of_another),
		cmocka_unit_test(a_draft_that_was_replaced_by_another_leaves_nothing_behind),
		cmocka_unit_test(
			somebody_quicker_between_append_and_removal_takes_the_new_copy_back),
		cmocka_unit_test(an_append_that_was_cut_off_is_looked_for_and_not_repeated),
		cmocka_unit_test(an_append_that_had_not_begun_is_done_on_a_new_session),
		cmocka_unit_test(appends_to_one_folder_take_turns),
		cmocka_unit_test(a_removal_that_was_cut_off_is_finished),
		cmocka_unit_test(a_folder_is_created_and_subscribed),
		cmocka_unit_test(impossible_folders_are_refused_with_the_reason),
		cmocka_unit_test(a_rename_takes_children_and_subscriptions_along),
		cmocka_unit_test(a_folder_is_moved_and_unsubscribed),
		cmocka_unit_test(guarded_changes_are_refused),
		cmocka_unit_test(a_deleted_folder_is_gone),
		cmocka_unit_test(only_trash_and_junk_are_emptied_without_force),
		cmocka_unit_test(thousands_are_marked_read_page_by_page),
		cmocka_unit_test(what_arrives_meanwhile_is_left_alone),
		cmocka_unit_test(failures_are_told_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
