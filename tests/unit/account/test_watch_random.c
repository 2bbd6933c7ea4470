/*
 * Random things done to an account by other clients and by ourselves, with connections
 * that are lost at random: whenever it is quiet again, who follows the log knows exactly
 * what the server has, and has been told of each message once.
 */
#include "live_kit.h"

#include "mailstore/fake_server.h"

#define ROUNDS        30
#define STEPS_MAX     12
#define MESSAGES_KEPT 60

static const char *const paths[] = { "INBOX", "Archive", "Lists" };
static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % sides;
}

static struct fake_folder *any_folder(struct live *l, const char **ret_path)
{
	*ret_path = paths[dice(2) ? 0 : dice(3)];
	return fake_data_find(&l->kit.server->data, bytes_of_str(*ret_path));
}

static void flag_any(struct live *l)
{
	static const char *const sets[] = { "",         "$seen", "$flagged todo", "$seen $answered",
					    "$deleted", "later", "$seen $deleted" };
	const char *path;
	struct fake_folder *f = any_folder(l, &path);

	if (f->count)
		fake_set_message_keywords(l->kit.server, path,
					  f->messages[dice((uint32_t)f->count)].uid, sets[dice(7)]);
}

static void remove_any(struct live *l, uint32_t count)
{
	const char *path;
	struct fake_folder *f = any_folder(l, &path);

	while (count-- && f->count)
		fake_remove_message(l->kit.server, path, f->messages[dice((uint32_t)f->count)].uid);
}

static void deliver_any(struct live *l)
{
	const char *path;
	struct fake_folder *f = any_folder(l, &path);

	if (f->count < MESSAGES_KEPT)
		live_deliver(l, path, "random");
}

static void fail_any(struct live *l)
{
	static const enum mail_verb verbs[] = { MAIL_SYNC,   MAIL_FETCH, MAIL_SECTIONS,
						MAIL_STATUS, MAIL_PING,  MAIL_LIST_FOLDERS };
	struct fault lost = fault_with_text(ERR_NET, "reset");

	fake_fail_next(l->kit.server, verbs[dice(6)], &lost);
}

/* Ours: what comes of it is looked at by others. */
static struct answer ours[STEPS_MAX * ROUNDS];
static size_t our_count;

static void act_any(struct live *l)
{
	const char *path;
	struct fake_folder *f = any_folder(l, &path);
	struct action action = { .kind = (enum action_kind)dice(4),
				 .folder = BYTES_LIT("archive") };
	struct bytes id;

	if (!f->count)
		return;
	if (dice(2))
		action.add.system = KEYWORD_SEEN;
	else
		action.remove.system = KEYWORD_SEEN;
	action.permanent = true;
	id = arena_bytes(l->kit.mem,
			 bytes_of_str(live_id(l, path, f->messages[dice((uint32_t)f->count)].uid)));
	ours[our_count] = (struct answer){ .kit = &l->kit };
	KIT_START(account_act(l->account, kit_call(&l->kit), &action, &id, 1, kit_on_results,
			      &ours[our_count++]));
}

static void do_something(struct live *l)
{
	switch (dice(16)) {
	case 0:
	case 1:
	case 2: deliver_any(l); break;
	case 3:
	case 4:
	case 5: flag_any(l); break;
	case 6: remove_any(l, 1); break;
	case 7: remove_any(l, dice(10)); break;
	case 8: fake_drop_all(l->kit.server); break;
	case 9: fail_any(l); break;
	case 10:
	case 11: act_any(l); break;
	case 12: fake_overflow(l->kit.server); break;
	default: loop_turn(l->kit.loop, dice(3)); break;
	}
}

/* Room for the folders' states: for all of them; when they are packed; for none. */
enum room {
	ROOM_ENOUGH = 0,
	ROOM_FOR_PACKED = 800,
	ROOM_FOR_NONE = 1,
};

static void assert_room_was_short(const struct live *l, const struct listener *r, enum room room)
{
	struct account_hub_stats s = account_hub_stats(l->kit.hub);

	assert_int_equal(s.folder_packings > 0, room != ROOM_ENOUGH);
	assert_int_equal(s.folders_forgotten > 0, room == ROOM_FOR_NONE);
	/* Without a state nobody can say which messages of those that have gone were shown. */
	if (room != ROOM_FOR_NONE)
		assert_int_equal(listener_count(r, "reset"), 0);
}

static void run(uint32_t number, unsigned sessions, enum mailstore_push push, enum room room)
{
	struct listener r, late = { 0 };
	struct live l;

	seed = number;
	our_count = 0;
	live_init(&l);
	l.kit.limits.sessions_per_account = sessions;
	l.kit.limits.watch_poll_ms = 15;
	l.kit.limits.watch_retry_ms = 1;
	l.kit.limits.folder_bytes = room;
	/* What only comparing shows. */
	l.kit.limits.watch_renew_ms = live_has_changes ? 1000 : 40;
	fake_server_caps(l.kit.server)->push = push;
	fake_add_folder(l.kit.server, "Archive", FOLDER_ROLE_ARCHIVE);
	fake_add_folder(l.kit.server, "Lists", FOLDER_ROLE_NONE);
	for (size_t i = 0; i < 30; i++)
		live_deliver(&l, paths[i % 3], "from the start");
	live_start(&l);
	listener_start(&r, &l);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (uint32_t steps = dice(STEPS_MAX); steps > 0; steps--)
			do_something(&l);
		for (size_t i = 0; i < our_count; i++)
			kit_wait(&l.kit, &ours[i].done);
		our_count = 0;
		if (dice(6) == 0) {
			live_leave(&l);
			deliver_any(&l);
			flag_any(&l);
			remove_any(&l, dice(4));
			live_start(&l);
		}
		listener_catch_up(&r);
		if (late.live)
			listener_catch_up(&late);
		if (round == ROUNDS / 2)
			listener_start(&late, &l);
		/* A reset lets one know more than was told. */
		late.is_lenient = room == ROOM_FOR_NONE;
	}
	assert_room_was_short(&l, &r, room);
	listener_done(&late);
	listener_done(&r);
	live_end(&l);
}

static void random_changes_are_followed(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 2; i++) {
		print_message("seed %u\n", i);
		run(i, 3, MAILSTORE_PUSH_NOTIFY, ROOM_ENOUGH);
		run(i + 100, 3, MAILSTORE_PUSH_IDLE, ROOM_ENOUGH);
		run(i + 200, 1, MAILSTORE_PUSH_IDLE, ROOM_ENOUGH);
		run(i + 300, 2, MAILSTORE_PUSH_POLL, ROOM_ENOUGH);
		run(i + 400, 3, MAILSTORE_PUSH_NOTIFY, ROOM_FOR_PACKED);
		run(i + 500, 2, MAILSTORE_PUSH_IDLE, ROOM_FOR_PACKED);
		run(i + 600, 3, MAILSTORE_PUSH_NOTIFY, ROOM_FOR_NONE);
		run(i + 700, 1, MAILSTORE_PUSH_IDLE, ROOM_FOR_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_are_followed),
	};
	int failed = cmocka_run_group_tests_name("all flags compared", tests, NULL, NULL);

	live_has_changes = true;
	return failed + cmocka_run_group_tests_name("CONDSTORE", tests, NULL, NULL);
}
