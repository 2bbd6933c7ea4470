#include "kit.h"

#define IDS_MAX 300

struct world {
	struct kit k;
	struct account *a;
	char texts[IDS_MAX][ID_TEXT_MAX + 1];
	struct bytes ids[IDS_MAX];
	size_t count;
};

static void begin(struct world *w)
{
	w->count = 0;
	kit_init(&w->k);
	kit_start(&w->k);
	w->a = kit_account(&w->k);
	fake_set_uidvalidity(w->k.server, "INBOX", 70);
	fake_add_folder(w->k.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_set_uidvalidity(w->k.server, "Archive", 71);
}

static void end(struct world *w)
{
	account_unref(w->a);
	kit_done(&w->k);
}

static struct bytes name_of(struct world *w, const char *folder, uint32_t uidvalidity, uint32_t uid)
{
	struct message_id id = {
		.folder = folder_id_of(account_id(w->a), bytes_of_str(folder)),
		.key = { .kind = MESSAGE_KEY_UID, .uidvalidity = uidvalidity, .uid = uid },
	};

	assert_true(w->count < IDS_MAX);
	message_id_format(&id, w->texts[w->count]);
	w->ids[w->count] = bytes_of_str(w->texts[w->count]);
	return w->ids[w->count++];
}

static struct bytes put(struct world *w, const char *folder, const char *keywords)
{
	uint32_t uid = fake_add_message(w->k.server, folder,
					BYTES_LIT("Subject: x\r\n\r\ntext\r\n"), keywords, 1);

	return name_of(w, folder, strcmp(folder, "INBOX") == 0 ? 70 : 71, uid);
}

static struct answer act(struct world *w, struct action action)
{
	struct answer got = { 0 };

	KIT_START(account_act(w->a, kit_call(&w->k), &action, w->ids, w->count, kit_on_results,
			      &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static unsigned total(struct world *w, const char *folder)
{
	struct answer got = { 0 };

	KIT_START(account_get_folder(w->a, kit_call(&w->k), bytes_of_str(folder), kit_on_folder,
				     &got));
	kit_wait(&w->k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	return got.folder.total;
}

static const struct action flag_seen = { .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN };
static const struct action to_archive = { .kind = ACTION_MOVE,
					  .folder = { (const uint8_t *)"archive", 7 } };
static const struct action trash_it = { .kind = ACTION_DELETE };
static const struct action destroy_it = { .kind = ACTION_DELETE, .permanent = true };

static void results_come_in_request_order_and_doubles_once(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "Archive", NULL);
	put(&w, "INBOX", "$flagged");
	put(&w, "Archive", NULL);
	w.ids[w.count++] = w.ids[0];
	w.ids[w.count++] = BYTES_LIT("nonsense");
	name_of(&w, "INBOX", 70, 99);
	name_of(&w, "INBOX", 4711, 1);
	got = act(&w, flag_seen);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.count, 6);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(got.results[i].status, CHANGE_DONE);
		assert_true(bytes_equal(got.results[i].previous_id, w.ids[i]));
		assert_true(got.results[i].has_id && got.results[i].has_folder);
		assert_true(got.results[i].keywords.system & KEYWORD_SEEN);
		assert_false(got.results[i].has_expunged);
	}
	assert_int_equal(got.results[1].keywords.system, KEYWORD_SEEN | KEYWORD_FLAGGED);
	for (size_t i = 3; i < 6; i++) {
		assert_int_equal(got.results[i].status, CHANGE_NOT_FOUND);
		assert_string_equal(got.results[i].fault.code, "message-not-found");
		assert_false(got.results[i].has_id);
	}
	/* One command for each folder. */
	assert_int_equal(fake_calls(w.k.server, MAIL_SET_KEYWORDS), 2);
	end(&w);
}

static void a_move_tells_where_the_message_is_now(void **state)
{
	char text[ID_TEXT_MAX + 1];
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "$flagged");
	got = act(&w, to_archive);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_true(got.results[0].has_id);
	assert_true(got.results[0].has_folder);
	assert_string_equal(got.results[0].folder.text,
			    folder_id_of(account_id(w.a), BYTES_LIT("Archive")).text);
	assert_int_equal(got.results[0].keywords.system, KEYWORD_FLAGGED);
	assert_true(got.results[0].has_expunged && got.results[0].expunged);
	assert_int_equal(total(&w, "inbox"), 0);
	assert_int_equal(total(&w, "archive"), 1);
	/* And back. */
	message_id_format(&got.results[0].id, text);
	w.ids[0] = bytes_of_str(text);
	got = act(&w, (struct action){ .kind = ACTION_MOVE, .folder = BYTES_LIT("inbox") });
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(total(&w, "inbox"), 1);
	end(&w);
}

static void keywords_and_folder_change_in_one(void **state)
{
	struct action action = to_archive;
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", "$flagged todo");
	action.add.system = KEYWORD_SEEN;
	action.remove.system = KEYWORD_FLAGGED;
	got = act(&w, action);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(got.results[0].keywords.system, KEYWORD_SEEN);
	assert_int_equal(got.results[0].keywords.custom.count, 1);
	assert_int_equal(total(&w, "archive"), 1);
	end(&w);
}

static void a_move_to_where_it_is_changes_nothing_but_keywords(void **state)
{
	struct action action = { .kind = ACTION_MOVE, .folder = BYTES_LIT("inbox") };
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	name_of(&w, "INBOX", 70, 99);
	got = act(&w, action);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(got.results[0].id.key.uid, 1);
	assert_int_equal(got.results[1].status, CHANGE_NOT_FOUND);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 0);
	action.add.system = KEYWORD_SEEN;
	got = act(&w, action);
	assert_int_equal(got.results[0].keywords.system, KEYWORD_SEEN);
	assert_true(got.results[0].has_id);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 0);
	end(&w);
}

static void a_copy_leaves_the_original(void **state)
{
	struct action action = to_archive;
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	action.kind = ACTION_COPY;
	got = act(&w, action);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_true(got.results[0].has_id);
	assert_false(got.results[0].has_expunged);
	assert_int_equal(total(&w, "inbox"), 1);
	assert_int_equal(total(&w, "archive"), 1);
	end(&w);
}

static void what_is_deleted_goes_to_a_trash_that_is_made_when_missing(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	got = act(&w, trash_it);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_true(got.results[0].has_id);
	assert_int_equal(total(&w, "trash"), 1);
	assert_int_equal(total(&w, "inbox"), 0);
	end(&w);
}

static void on_servers_with_everything_below_the_inbox_the_trash_is_there_too(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fake_add_folder(w.k.server, "INBOX/Work", FOLDER_ROLE_NONE);
	fake_add_folder(w.k.server, "Archive", FOLDER_ROLE_ARCHIVE)->name_space = FOLDER_SHARED;
	put(&w, "INBOX", NULL);
	assert_int_equal(act(&w, trash_it).results[0].status, CHANGE_DONE);
	assert_int_equal(total(&w, folder_id_of(account_id(w.a), BYTES_LIT("INBOX/Trash")).text),
			 1);
	end(&w);
}

static void the_trash_goes_where_the_servers_namespace_says(void **state)
{
	struct mailstore_caps *caps;
	struct world w;

	(void)state;
	begin(&w);
	caps = fake_server_caps(w.k.server);
	memcpy(caps->personal_prefix, "INBOX/", sizeof "INBOX/");
	caps->delimiter = '/';
	put(&w, "INBOX", NULL);
	assert_int_equal(act(&w, trash_it).results[0].status, CHANGE_DONE);
	assert_int_equal(total(&w, folder_id_of(account_id(w.a), BYTES_LIT("INBOX/Trash")).text),
			 1);
	end(&w);
}

static void a_server_that_refuses_a_trash_at_the_top_gets_it_below_the_inbox(void **state)
{
	struct fault no =
		fault_from_server(ERR_DENIED, "imap", BYTES_LIT("NOPERM"), BYTES_LIT("not here"));
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	fake_fail_next(w.k.server, MAIL_CHANGE_FOLDER, &no);
	assert_int_equal(act(&w, trash_it).results[0].status, CHANGE_DONE);
	assert_int_equal(total(&w, folder_id_of(account_id(w.a), BYTES_LIT("INBOX/Trash")).text),
			 1);
	end(&w);
}

static void what_is_deleted_in_the_trash_is_destroyed(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fake_add_folder(w.k.server, "Trash", FOLDER_ROLE_TRASH);
	fake_set_uidvalidity(w.k.server, "Trash", 71);
	put(&w, "Trash", NULL);
	put(&w, "INBOX", NULL);
	got = act(&w, trash_it);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_false(got.results[0].has_id);
	assert_false(got.results[0].has_folder);
	assert_true(got.results[0].has_expunged);
	assert_true(got.results[1].has_folder);
	assert_int_equal(total(&w, "trash"), 1);
	got = act(&w, destroy_it);
	assert_int_equal(got.results[0].status, CHANGE_NOT_FOUND);
	end(&w);
}

static void a_permanent_deletion_needs_no_trash(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	got = act(&w, destroy_it);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(fake_calls(w.k.server, MAIL_CHANGE_FOLDER), 0);
	assert_int_equal(fake_calls(w.k.server, MAIL_LIST_FOLDERS), 0);
	assert_int_equal(total(&w, "inbox"), 0);
	end(&w);
}

static void a_changed_message_fails_the_precondition(void **state)
{
	struct keywords seen = { .system = KEYWORD_SEEN }, none = { 0 };
	struct action action = flag_seen;
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	action.expected = &seen;
	got = act(&w, action);
	assert_int_equal(got.results[0].status, CHANGE_FAILED);
	assert_int_equal(got.results[0].fault.err, ERR_CONFLICT);
	assert_string_equal(got.results[0].fault.code, "precondition-failed");
	assert_int_equal(fake_calls(w.k.server, MAIL_SET_KEYWORDS), 0);
	action.expected = &none;
	got = act(&w, action);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	end(&w);
}

static void targets_that_are_missing_are_named(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	got = act(&w, (struct action){ .kind = ACTION_MOVE, .folder = BYTES_LIT("junk") });
	assert_string_equal(got.fault.code, "role-not-found");
	got = act(&w, (struct action){ .kind = ACTION_COPY, .folder = BYTES_LIT("AAAAAAAAAAAA") });
	assert_string_equal(got.fault.code, "folder-not-found");
	assert_int_equal(total(&w, "inbox"), 1);
	end(&w);
}

static void a_refusal_concerns_one_folder_and_keeps_the_servers_words(void **state)
{
	struct fault full = fault_from_server(ERR_QUOTA, "imap", BYTES_LIT("OVERQUOTA"),
					      BYTES_LIT("Quota exceeded"));
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fake_add_folder(w.k.server, "Junk", FOLDER_ROLE_JUNK);
	fake_set_uidvalidity(w.k.server, "Junk", 71);
	put(&w, "INBOX", NULL);
	put(&w, "Junk", NULL);
	fake_fail_next(w.k.server, MAIL_MOVE, &full);
	got = act(&w, to_archive);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal((got.results[0].status == CHANGE_FAILED) +
				 (got.results[1].status == CHANGE_FAILED),
			 1);
	for (size_t i = 0; i < 2; i++)
		if (got.results[i].status == CHANGE_FAILED) {
			assert_string_equal(got.results[i].fault.code, "OVERQUOTA");
			assert_string_equal(got.results[i].fault.text, "Quota exceeded");
		}
	assert_int_equal(total(&w, "archive"), 1);
	end(&w);
}

static void what_was_never_begun_is_done_on_a_new_session(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	assert_int_equal(total(&w, "inbox"), 1); /* opens a session */
	fake_fail_next(w.k.server, MAIL_MOVE, &lost);
	got = act(&w, to_archive);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(total(&w, "archive"), 1);
	end(&w);
}

/* Acts while the connection is lost; `text` FAKE_NOT_DONE: before it was done. */
static struct answer act_cut(struct world *w, enum mail_verb verb, struct action action,
			     const char *text)
{
	struct fault cut = fault_with_text(ERR_UNKNOWN, text);

	fake_fail_next(w->k.server, verb, &cut);
	return act(w, action);
}

static const struct action copy_it = { .kind = ACTION_COPY,
				       .folder = { (const uint8_t *)"archive", 7 } };

static void a_move_that_was_cut_off_is_found_again_and_not_repeated(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	put(&w, "INBOX", "$flagged");
	put(&w, "Archive", NULL); /* the same message, but an older one */
	w.count--;
	got = act_cut(&w, MAIL_MOVE, to_archive, "");
	assert_int_equal(got.fault.err, ERR_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(got.results[i].status, CHANGE_DONE);
		assert_true(got.results[i].has_id);
		assert_string_equal(got.results[i].id.folder.text, got.results[i].folder.text);
		assert_true(got.results[i].has_expunged && got.results[i].expunged);
	}
	assert_int_equal(got.results[1].keywords.system, KEYWORD_FLAGGED);
	assert_int_equal(got.results[0].id.key.uid + got.results[1].id.key.uid, 2 + 3);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 1);
	assert_int_equal(total(&w, "archive"), 3);
	end(&w);
}

static void a_copy_that_was_cut_off_is_found_again(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	got = act_cut(&w, MAIL_COPY, copy_it, "");
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(got.results[0].id.key.uid, 1);
	assert_false(got.results[0].has_expunged);
	assert_int_equal(fake_calls(w.k.server, MAIL_COPY), 1);
	end(&w);
}

static void what_was_not_done_when_it_was_cut_off_stays_unknown(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	got = act_cut(&w, MAIL_MOVE, to_archive, FAKE_NOT_DONE);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.results[0].status, CHANGE_UNKNOWN);
	assert_int_equal(got.results[0].fault.err, ERR_UNKNOWN);
	assert_true(got.results[0].has_id); /* where it was seen */
	assert_int_equal(got.results[0].id.key.uidvalidity, 70);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 1);
	assert_int_equal(total(&w, "inbox"), 1);
	got = act_cut(&w, MAIL_COPY, copy_it, FAKE_NOT_DONE);
	assert_int_equal(got.results[0].status, CHANGE_UNKNOWN);
	end(&w);
}

static void what_a_server_had_not_done_when_it_said_bye_has_failed(void **state)
{
	struct fault bye = fault_from_server(ERR_UNKNOWN, "imap", BYTES_LIT("UNAVAILABLE"),
					     BYTES_LIT(FAKE_NOT_DONE));
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	fake_fail_next(w.k.server, MAIL_MOVE, &bye);
	got = act(&w, to_archive);
	assert_int_equal(got.results[0].status, CHANGE_FAILED);
	assert_int_equal(got.results[0].fault.err, ERR_NET);
	assert_int_equal(total(&w, "inbox"), 1);
	end(&w);
}

static void a_move_in_two_halves_is_brought_to_its_end(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fake_server_caps(w.k.server)->whole_moves = false;
	put(&w, "INBOX", NULL);
	/* A copy and no removal: what such a server has done when the cut comes early. */
	fake_set_half_moves(w.k.server);
	got = act_cut(&w, MAIL_MOVE, to_archive, "");
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_true(got.results[0].has_id && got.results[0].has_expunged);
	assert_int_equal(total(&w, "inbox"), 0);
	assert_int_equal(total(&w, "archive"), 1);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 1);
	end(&w);
}

static void many_that_were_cut_off_are_counted(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i <= CHANGE_SEEN_MAX; i++)
		put(&w, "INBOX", NULL);
	got = act_cut(&w, MAIL_MOVE, to_archive, "");
	for (size_t i = 0; i <= CHANGE_SEEN_MAX; i++) {
		assert_int_equal(got.results[i].status, CHANGE_DONE);
		assert_true(got.results[i].has_folder);
		assert_false(got.results[i].has_id);
	}
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 1);
	end(&w);
}

static void a_target_that_is_not_the_same_any_more_tells_nothing(void **state)
{
	struct answer got = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	fake_hold(w.k.server, MAIL_FETCH);
	fake_fail_next(w.k.server, MAIL_MOVE, &(struct fault){ .err = ERR_UNKNOWN });
	KIT_START(account_act(w.a, kit_call(&w.k), &to_archive, w.ids, w.count, kit_on_results,
			      &got));
	while (fake_calls(w.k.server, MAIL_FETCH) == 0)
		kit_turn(&w.k, 1);
	fake_set_uidvalidity(w.k.server, "Archive", 4711);
	fake_release(w.k.server, MAIL_FETCH);
	kit_wait(&w.k, &got.done);
	assert_int_equal(got.results[0].status, CHANGE_UNKNOWN);
	assert_false(got.results[0].has_id);
	end(&w);
}

static void one_looks_again_when_the_connection_is_lost_once_more(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	fake_fail_next(w.k.server, MAIL_FETCH, &lost);
	fake_fail_next(w.k.server, MAIL_QUERY, &lost);
	got = act_cut(&w, MAIL_MOVE, to_archive, "");
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 1);
	end(&w);
}

static void flags_and_expunging_that_were_cut_off_are_done_again(void **state)
{
	struct fault cut = fault_of(ERR_UNKNOWN);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	put(&w, "INBOX", NULL);
	assert_int_equal(total(&w, "inbox"), 2);
	fake_fail_next(w.k.server, MAIL_SET_KEYWORDS, &cut);
	got = act(&w, flag_seen);
	assert_int_equal(got.results[0].status, CHANGE_DONE);
	assert_int_equal(got.results[0].keywords.system, KEYWORD_SEEN);
	fake_fail_next(w.k.server, MAIL_EXPUNGE, &cut);
	got = act(&w, destroy_it);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(got.results[i].status, CHANGE_DONE);
		assert_true(got.results[i].expunged);
	}
	assert_int_equal(total(&w, "inbox"), 0);
	end(&w);
}

static void what_the_account_cannot_do_is_not_supported(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	put(&w, "INBOX", NULL);
	fake_server_caps(w.k.server)->flags = MAILSTORE_FLAGS_NONE;
	fake_server_caps(w.k.server)->folders = false;
	fake_server_caps(w.k.server)->move = false;
	got = act(&w, flag_seen);
	assert_int_equal(got.results[0].status, CHANGE_FAILED);
	assert_string_equal(got.results[0].fault.code, "not-supported");
	got = act(&w, trash_it);
	assert_int_equal(got.fault.err, ERR_UNSUPPORTED);
	assert_string_equal(got.fault.code, "not-supported");
	end(&w);
}

static void hundreds_are_moved_with_one_command(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < IDS_MAX; i++)
		put(&w, "INBOX", NULL);
	got = act(&w, to_archive);
	assert_int_equal(got.count, IDS_MAX);
	for (size_t i = 0; i < IDS_MAX; i++)
		assert_int_equal(got.results[i].status, CHANGE_DONE);
	assert_int_equal(fake_calls(w.k.server, MAIL_MOVE), 1);
	assert_int_equal(total(&w, "archive"), IDS_MAX);
	end(&w);
}

static void nothing_to_act_upon_is_no_fault(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	got = act(&w, flag_seen);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.count, 0);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_come_in_request_order_and_doubles_once),
		cmocka_unit_test(a_move_tells_where_the_message_is_now),
		cmocka_unit_test(keywords_and_folder_change_in_one),
		cmocka_unit_test(a_move_to_where_it_is_changes_nothing_but_keywords),
		cmocka_unit_test(a_copy_leaves_the_original),
		cmocka_unit_test(what_is_deleted_goes_to_a_trash_that_is_made_when_missing),
		cmocka_unit_test(on_servers_with_everything_below_the_inbox_the_trash_is_there_too),
		cmocka_unit_test(the_trash_goes_where_the_servers_namespace_says),
		cmocka_unit_test(a_server_that_refuses_a_trash_at_the_top_gets_it_below_the_inbox),
		cmocka_unit_test(what_is_deleted_in_the_trash_is_destroyed),
		cmocka_unit_test(a_permanent_deletion_needs_no_trash),
		cmocka_unit_test(a_changed_message_fails_the_precondition),
		cmocka_unit_test(targets_that_are_missing_are_named),
		cmocka_unit_test(a_refusal_concerns_one_folder_and_keeps_the_servers_words),
		cmocka_unit_test(what_was_never_begun_is_done_on_a_new_session),
		cmocka_unit_test(a_move_that_was_cut_off_is_found_again_and_not_repeated),
		cmocka_unit_test(a_copy_that_was_cut_off_is_found_again),
		cmocka_unit_test(what_was_not_done_when_it_was_cut_off_stays_unknown),
		cmocka_unit_test(what_a_server_had_not_done_when_it_said_bye_has_failed),
		cmocka_unit_test(a_move_in_two_halves_is_brought_to_its_end),
		cmocka_unit_test(many_that_were_cut_off_are_counted),
		cmocka_unit_test(a_target_that_is_not_the_same_any_more_tells_nothing),
		cmocka_unit_test(one_looks_again_when_the_connection_is_lost_once_more),
		cmocka_unit_test(flags_and_expunging_that_were_cut_off_are_done_again),
		cmocka_unit_test(what_the_account_cannot_do_is_not_supported),
		cmocka_unit_test(hundreds_are_moved_with_one_command),
		cmocka_unit_test(nothing_to_act_upon_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
