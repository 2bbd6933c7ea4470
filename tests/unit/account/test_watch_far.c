/* What one process changes in an account that another one watches. */
#include "shared_kit.h"

#include "account/live.h"

static void begin(struct pair *p, struct listener *r)
{
	live_init(&p->l);
	fake_add_folder(p->l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_add_folder(p->l.kit.server, "Trash", FOLDER_ROLE_TRASH);
	for (int i = 0; i < 10; i++)
		live_deliver(&p->l, "INBOX", "mail");
	live_deliver(&p->l, "Archive", "older");
	pair_start(p);
	listener_start(r, &p->l);
	pair_wait_watching(p, 0);
	pair_use(p, 1); /* who works is not who watches */
}

static void end(struct pair *p, struct listener *r)
{
	listener_done(r);
	pair_end(p);
}

/* On the first `count` messages of the inbox. */
static void act_well(struct pair *p, const struct action *action, uint32_t count)
{
	struct live *l = &p->l;
	struct bytes ids[16];
	struct answer a = { .kit = &l->kit };

	for (uint32_t i = 0; i < count; i++)
		ids[i] = arena_bytes(l->kit.mem, bytes_of_str(live_id(l, "INBOX", i + 1)));
	KIT_START(
		account_act(l->account, kit_call(&l->kit), action, ids, count, kit_on_results, &a));
	kit_wait(&l->kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
}

/* Nobody tells the watch: only the note can be why it looks. */
static void what_is_changed_elsewhere_is_looked_at_at_once(void **state)
{
	const struct action flag = { .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN };
	struct listener r;
	struct pair p;

	(void)state;
	begin(&p, &r);
	fake_set_silent(p.l.kit.server, true);
	act_well(&p, &flag, 3);
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "updated"), 3);
	assert_true(p.shared.notes > 0);
	end(&p, &r);
}

static void a_move_elsewhere_is_told_from_both_sides(void **state)
{
	const struct action move = { .kind = ACTION_MOVE, .folder = BYTES_LIT("archive") };
	struct listener r;
	struct pair p;

	(void)state;
	begin(&p, &r);
	/* The server tells what has gone before it answers. */
	fake_set_delay(p.l.kit.server, 30);
	act_well(&p, &move, 5);
	fake_set_delay(p.l.kit.server, 0);
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 5);
	assert_int_equal(listener_count(&r, "deleted"), 5);
	assert_int_equal(listener_count(&r, "moved-from"), 5);
	assert_int_equal(listener_count(&r, "moved-to"), 5);
	end(&p, &r);
}

static void folders_changed_elsewhere_are_listed(void **state)
{
	struct folder_edit edit = { .name = BYTES_LIT("Attic") };
	struct answer a = { 0 }, b = { 0 };
	struct listener r;
	struct pair p;
	char was[64];

	(void)state;
	begin(&p, &r);
	snprintf(was, sizeof was, "was %s", live_folder(&p.l, "Archive"));
	KIT_START(account_edit_folder(p.l.account, kit_call(&p.l.kit),
				      bytes_of_str(live_folder(&p.l, "Archive")), &edit,
				      kit_on_edited, &a));
	kit_wait(&p.l.kit, &a.done);
	assert_int_equal(a.fault.err, ERR_OK);
	listener_catch_up(&r);
	assert_non_null(strstr(r.story, was));
	fake_set_silent(p.l.kit.server, true);
	KIT_START(account_create_folder(p.l.account, kit_call(&p.l.kit), BYTES_LIT("New"),
					BYTES_NULL, kit_on_folder, &b));
	kit_wait(&p.l.kit, &b.done);
	listener_wait_for(&r, "folder-created");
	end(&p, &r);
}

/* As when that process dies in the midst of it. */
static void a_move_elsewhere_that_never_ends_is_not_waited_for_long(void **state)
{
	struct listener r;
	struct pair p;
	char note[64];

	(void)state;
	begin(&p, &r);
	snprintf(note, sizeof note, "moving %s", live_folder(&p.l, "Archive"));
	state_say(&p.shared.processes[1].state, bytes_of_str(account_id(p.accounts[1])->text),
		  bytes_of_str(note));
	kit_turn(&p.l.kit, 5);
	live_deliver(&p.l, "Archive", "moved here");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 1);
	end(&p, &r);
}

static void notes_that_make_no_sense_are_ignored(void **state)
{
	static const char *const notes[] = { "",         "look",      "look ",      "look tooshort",
					     "moving ",  "moving x",  "moved ",     "moved 123456",
					     "renaming", "renaming ", "renaming /", "what?" };
	struct state *speaker;
	struct listener r;
	struct pair p;

	(void)state;
	begin(&p, &r);
	speaker = &p.shared.processes[1].state;
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
		state_say(speaker, bytes_of_str(account_id(p.accounts[1])->text),
			  bytes_of_str(notes[i]));
	live_deliver(&p.l, "INBOX", "new");
	listener_catch_up(&r);
	assert_int_equal(listener_count(&r, "created"), 1);
	end(&p, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_changed_elsewhere_is_looked_at_at_once),
		cmocka_unit_test(a_move_elsewhere_is_told_from_both_sides),
		cmocka_unit_test(folders_changed_elsewhere_are_listed),
		cmocka_unit_test(a_move_elsewhere_that_never_ends_is_not_waited_for_long),
		cmocka_unit_test(notes_that_make_no_sense_are_ignored),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
