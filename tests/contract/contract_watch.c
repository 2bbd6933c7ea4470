#include "contract_watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cmocka_all.h"
#include "contract_folder.h"

#define WAIT_MS 60000

static const struct mail_watch usual = { .want = MAIL_SUMMARY, .poll_ms = 3600000 };
static const struct mail_watch everything = { .want = MAIL_SUMMARY,
					      .all_folders = true,
					      .poll_ms = 3600000 };

static struct contract_folder *begin(void **state)
{
	struct contract_test *t = *state;
	struct contract_folder *f;

	/* contract_names.c is about those. */
	if (mailstore_caps(t->ms)->has_names)
		skip();
	f = calloc(1, sizeof(*f));
	f->t = t;
	return f;
}

static void finish(struct contract_folder *f)
{
	contract_stop_watching(f);
	free(f);
}

/* Another client, until back() is called. */
static struct mailstore *as_another(struct contract_test *t)
{
	struct mailstore *first = t->ms;

	t->ms = t->contract->connect(t->contract->ctx);
	assert_int_equal(contract_open(t, t->ms, t->contract->password), ERR_OK);
	return first;
}

static void back(struct contract_test *t, struct mailstore *first)
{
	mailstore_free(t->ms);
	t->ms = first;
}

/* One that comes, one that changes, one marked \Deleted, one that goes. */
static void change_some(struct contract_test *t, const struct message_key *keys, unsigned next)
{
	struct mailstore *first = as_another(t);

	assert_int_equal(contract_keywords(t, &keys[0], 1, "$flagged", "$seen"), ERR_OK);
	assert_int_equal(contract_expunge(t, &keys[1], 1), ERR_OK);
	assert_int_equal(contract_keywords(t, &keys[2], 1, "$deleted", ""), ERR_OK);
	assert_int_equal(contract_append(t, t->path, contract_message(t, next), "$seen", 0),
			 ERR_OK);
	back(t, first);
}

/* Without UIDPLUS what the first round has marked keeps the second from expunging. */
static unsigned gone_in_two_rounds(const struct contract_test *t)
{
	return mailstore_caps(t->ms)->uid_expunge ? 2 : 1;
}

static void run_until(struct contract_folder *f, const unsigned *counter, unsigned at_least)
{
	uint64_t limit = clock_monotonic_ms() + WAIT_MS;

	while (*counter < at_least) {
		loop_turn(f->t->contract->loop, 100);
		assert_false(f->has_ended);
		assert_true(clock_monotonic_ms() < limit);
	}
}

/* --- sync ----------------------------------------------------------------------------- */

void a_sync_from_nothing_is_whole(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 5);

	assert_int_equal(contract_keywords(f->t, &keys[2], 1, "$deleted", ""), ERR_OK);
	assert_int_equal(contract_sync(f), ERR_OK);
	assert_true(contract_sync_was_whole);
	assert_int_equal(f->count, 5);
	assert_int_equal(f->uidvalidity, keys[0].uidvalidity);
	assert_true(f->uidnext > keys[4].uid);
	assert_int_equal(f->known[0].keywords.system, KEYWORD_SEEN);
	assert_int_equal(f->known[2].keywords.system, KEYWORD_SEEN | KEYWORD_DELETED);
	assert_int_equal(f->known[3].keywords.system, 0);
	assert_true((f->highestmodseq != 0) == mailstore_caps(f->t->ms)->changes);
	finish(f);
}

void a_sync_tells_what_has_changed_since(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 6);

	assert_int_equal(contract_sync(f), ERR_OK);
	change_some(f->t, keys, 7);
	assert_int_equal(contract_sync(f), ERR_OK);
	assert_int_equal(contract_sync_was_whole, !mailstore_caps(f->t->ms)->changes);
	contract_assert_equal_to_server(f);
	/* And from a baseline that another conversation has made, with or without the
	 * UIDs that were known. */
	change_some(f->t, keys + 3, 8);
	f->hides_uids = true;
	mailstore_free(f->t->ms);
	(void)as_another(f->t);
	assert_int_equal(contract_sync(f), ERR_OK);
	contract_assert_equal_to_server(f);
	/* Nothing has changed. */
	assert_int_equal(contract_sync(f), ERR_OK);
	contract_assert_equal_to_server(f);
	finish(f);
}

void a_sync_of_another_uidvalidity_is_whole(void **state)
{
	struct contract_folder *f = begin(state);

	(void)contract_fill(f->t, 3);
	assert_int_equal(contract_sync(f), ERR_OK);
	f->uidvalidity++;
	f->known[0].uid += 100;
	assert_int_equal(contract_sync(f), ERR_OK);
	assert_true(contract_sync_was_whole);
	contract_assert_equal_to_server(f);
	/* One that is ahead of the folder. */
	f->uidnext += 100;
	assert_int_equal(contract_sync(f), ERR_OK);
	assert_true(contract_sync_was_whole);
	contract_assert_equal_to_server(f);
	/* With nothing in it. */
	f->t->path = f->t->other;
	assert_int_equal(contract_sync(f), ERR_OK);
	assert_int_equal(f->count, 0);
	assert_int_equal(f->uidnext, 1);
	finish(f);
}

void a_sync_of_an_unknown_folder_is_refused(void **state)
{
	struct contract_folder *f = begin(state);
	struct bytes path = f->t->path;

	f->t->path = bytes_of_str(arena_printf(f->t->mem, "%.*s nowhere", BYTES_FMT(path)));
	assert_int_equal(contract_sync(f), ERR_NOT_FOUND);
	assert_true(mailstore_is_open(f->t->ms));
	f->t->path = path;
	assert_int_equal(contract_sync(f), ERR_OK);
	finish(f);
}

/* --- watch ---------------------------------------------------------------------------- */

void a_watch_tells_what_another_does(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 6);

	if (mailstore_caps(f->t->ms)->push == MAILSTORE_PUSH_POLL) {
		finish(f);
		return;
	}
	assert_int_equal(contract_sync(f), ERR_OK);
	contract_watch(f, &usual);
	change_some(f->t, keys, 7);
	run_until(f, &f->news, 1);
	run_until(f, &f->gone, 1);
	run_until(f, &f->flags, 2);
	assert_true(f->known[f->count - 1].has_header);
	contract_look(f);
	contract_assert_equal_to_server(f);
	assert_int_equal(f->news, 1);
	assert_int_equal(f->gone, 1);
	assert_int_equal(f->lost, 0);
	/* It goes on. */
	change_some(f->t, keys + 3, 8);
	run_until(f, &f->news, 2);
	run_until(f, &f->gone, gone_in_two_rounds(f->t));
	contract_look(f);
	contract_assert_equal_to_server(f);
	assert_int_equal(f->news, 2);
	assert_int_equal(f->gone, gone_in_two_rounds(f->t));
	finish(f);
}

void nothing_is_lost_between_a_sync_and_a_watch(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 6);

	assert_int_equal(contract_sync(f), ERR_OK);
	change_some(f->t, keys, 7);
	/* What the server says meanwhile belongs to the watch. */
	assert_int_equal(contract_ping(f->t), ERR_OK);
	change_some(f->t, keys + 3, 8);
	assert_int_equal(contract_fetch(f->t, f->t->path, keys, 1, MAIL_FLAGS), ERR_OK);
	contract_watch(f, &usual);
	contract_look(f);
	contract_assert_equal_to_server(f);
	assert_int_equal(f->news, 2);
	assert_int_equal(f->gone, gone_in_two_rounds(f->t));
	contract_stop_watching(f);
	/* And between one watch and the next. */
	assert_int_equal(contract_append(f->t, f->t->path, contract_message(f->t, 9), "", 0),
			 ERR_OK);
	contract_watch(f, &usual);
	contract_look(f);
	contract_assert_equal_to_server(f);
	assert_int_equal(f->news, 3);
	finish(f);
}

void a_look_answers_after_what_it_found(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 3);

	assert_int_equal(contract_sync(f), ERR_OK);
	contract_watch(f, &usual);
	for (unsigned i = 0; i < 5; i++) {
		change_some(f->t, keys, 4 + i);
		contract_look(f);
		assert_int_equal(f->news, i + 1);
		contract_assert_equal_to_server(f);
		op_resume(f->watch);
		op_resume(f->watch);
	}
	contract_look(f);
	contract_assert_equal_to_server(f);
	/* What it has told is in the baseline that it names. */
	contract_stop_watching(f);
	change_some(f->t, keys, 9);
	assert_int_equal(contract_sync(f), ERR_OK);
	contract_assert_equal_to_server(f);
	finish(f);
}

void a_cancelled_watch_leaves_the_conversation_usable(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 3);

	assert_int_equal(contract_sync(f), ERR_OK);
	for (unsigned i = 0; i < 20; i++) {
		contract_watch(f, &usual);
		/* At various stages of it. */
		for (unsigned turn = 0; turn < i % 5; turn++)
			loop_turn(f->t->contract->loop, turn);
		if (i % 3 == 0)
			op_resume(f->watch);
		if (i % 3 == 1)
			contract_look(f);
		contract_stop_watching(f);
		assert_int_equal(contract_fetch(f->t, f->t->path, keys, 3, MAIL_SUMMARY), ERR_OK);
		assert_int_equal(f->t->count, 3);
		assert_true(bytes_equal(mailstore_selected(f->t->ms), f->t->path));
	}
	assert_int_equal(contract_status(f->t, f->t->other), ERR_OK);
	assert_false(f->has_ended);
	/* What is started while it watches waits. */
	contract_watch(f, &usual);
	contract_look(f);
	{
		struct contract_folder *again = begin(state);

		contract_watch(again, &usual);
		contract_stop_watching(f);
		contract_look(again);
		finish(again);
	}
	finish(f);
}

void a_watch_keeps_up_with_many_changes(void **state)
{
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 40);
	struct mailstore *first;

	assert_int_equal(contract_sync(f), ERR_OK);
	contract_watch(f, &usual);
	contract_look(f);
	first = as_another(f->t);
	for (unsigned i = 0; i < 100; i++) {
		const struct message_key *key = &keys[i * 7 % 40];

		if (i % 10 == 9)
			assert_int_equal(contract_append(f->t, f->t->path,
							 contract_message(f->t, 41 + i), "", 0),
					 ERR_OK);
		else if (i % 10 == 5)
			assert_int_equal(contract_expunge(f->t, key, 1), ERR_OK);
		else
			assert_int_equal(contract_keywords(f->t, key, 1, i % 2 ? "$flagged" : "",
							   i % 2 ? "" : "$flagged"),
					 ERR_OK);
	}
	/* All at once, and what has come goes again at once. */
	assert_int_equal(contract_keywords(f->t, keys, 40, "$answered", ""), ERR_OK);
	assert_int_equal(contract_append(f->t, f->t->path, contract_message(f->t, 150), "", 0),
			 ERR_OK);
	assert_int_equal(contract_expunge(f->t, &f->t->changes[0].new_key, 1), ERR_OK);
	assert_int_equal(contract_expunge(f->t, keys + 10, 20), ERR_OK);
	back(f->t, first);
	contract_look(f);
	contract_assert_equal_to_server(f);
	finish(f);
}

void a_watch_that_polls_tells_as_well(void **state)
{
	const struct mail_watch how = { .want = MAIL_SUMMARY, .poll_ms = 50, .must_poll = true };
	struct contract_folder *f = begin(state);
	struct message_key *keys = contract_fill(f->t, 6);

	assert_int_equal(contract_sync(f), ERR_OK);
	contract_watch(f, &how);
	change_some(f->t, keys, 7);
	run_until(f, &f->news, 1);
	run_until(f, &f->gone, 1);
	run_until(f, &f->flags, 2);
	assert_int_equal(f->looked, 0);
	contract_look(f);
	contract_assert_equal_to_server(f);
	finish(f);
}

void a_watch_tells_about_other_folders(void **state)
{
	const struct mail_watch how = { .want = MAIL_FLAGS, .all_folders = true };
	struct contract_folder *f = begin(state);
	struct mailstore *first;
	unsigned folders;
	struct bytes third =
		bytes_of_str(arena_printf(f->t->mem, "%.*s three", BYTES_FMT(f->t->other)));

	if (mailstore_caps(f->t->ms)->push != MAILSTORE_PUSH_NOTIFY) {
		finish(f);
		return;
	}
	assert_int_equal(contract_sync(f), ERR_OK);
	contract_watch(f, &how);
	contract_look(f);
	assert_true(f->statuses > 0); /* where they stand */
	folders = f->folders;         /* a server may speak of those that it has just made */
	first = as_another(f->t);
	assert_int_equal(contract_append(f->t, f->t->other, contract_message(f->t, 1), "", 0),
			 ERR_OK);
	while (!bytes_equal(f->status_path, f->t->other) || f->status.total != 1)
		run_until(f, &f->statuses, f->statuses + 1);
	assert_int_equal(f->status.uidvalidity, f->t->changes[0].new_key.uidvalidity);
	assert_true(f->status.uidnext > f->t->changes[0].new_key.uid);
	assert_true(f->status.highestmodseq || !mailstore_caps(first)->changes);
	assert_int_equal(contract_change(f->t, FOLDER_CREATE, third, BYTES_NULL), ERR_OK);
	run_until(f, &f->folders, folders + 1);
	assert_int_equal(contract_change(f->t, FOLDER_DELETE, third, BYTES_NULL), ERR_OK);
	run_until(f, &f->folders, folders + 2);
	back(f->t, first);
	contract_stop_watching(f);
	/* The conversation is as it was. */
	assert_int_equal(contract_status(f->t, f->t->other), ERR_OK);
	assert_int_equal(f->t->status.total, 1);
	finish(f);
}

void a_watch_of_an_unknown_folder_is_refused(void **state)
{
	struct contract_folder *f = begin(state);
	uint64_t limit = clock_monotonic_ms() + WAIT_MS;
	struct bytes path = f->t->path;

	f->t->path = bytes_of_str(arena_printf(f->t->mem, "%.*s nowhere", BYTES_FMT(path)));
	contract_watch(f, &usual);
	while (!f->has_ended) {
		loop_turn(f->t->contract->loop, 100);
		assert_true(clock_monotonic_ms() < limit);
	}
	assert_int_equal(f->end.err, ERR_NOT_FOUND);
	f->t->path = path;
	assert_int_equal(contract_status(f->t, path), ERR_OK);
	finish(f);
}

/* --- at random ---------------------------------------------------------------------- */

struct chaos {
	struct contract_folder *f;
	struct mailstore *others[2];
	uint64_t state; /* of a linear congruential generator: the same each time */
	unsigned appended;
};

static unsigned pick(struct chaos *c, unsigned below)
{
	c->state = c->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(c->state >> 33) % below;
}

/* One that there may be. */
static struct message_key any_key(struct chaos *c)
{
	const struct contract_folder *f = c->f;
	struct message_key key = { .kind = MESSAGE_KEY_UID, .uidvalidity = f->uidvalidity };

	key.uid = f->count ? f->known[pick(c, (unsigned)f->count)].uid : 1;
	return key;
}

/* What another client does; that a message is gone already is no error. */
static void disturb(struct chaos *c)
{
	static const char *const flags[] = { "$seen", "$flagged", "$deleted", "$answered" };
	struct contract_test *t = c->f->t;
	struct mailstore *own = t->ms;
	struct message_key key = any_key(c);
	const char *flag = flags[pick(c, 4)];
	unsigned what = pick(c, 10);

	t->ms = c->others[pick(c, 2)];
	if (what < 3)
		assert_int_equal(contract_append(t, t->path,
						 contract_message(t, ++c->appended % 30 + 1), "",
						 0),
				 ERR_OK);
	else if (what < 7)
		assert_int_equal(contract_keywords(t, &key, 1, pick(c, 2) ? flag : "",
						   pick(c, 2) ? "" : "$deleted"),
				 ERR_OK);
	else if (what < 9)
		assert_int_equal(contract_expunge(t, &key, 1), ERR_OK);
	else
		assert_int_equal(contract_move(t, &key, 1, t->other), ERR_OK);
	t->ms = own;
}

/* The one that follows does something of its own, or loses its connection. */
static void go_on(struct chaos *c)
{
	struct contract_folder *f = c->f;
	struct message_key key = any_key(c);

	switch (pick(c, 6)) {
	case 0:
		contract_look(f);
		contract_assert_equal_to_server(f);
		break;
	case 1:
		contract_stop_watching(f);
		contract_watch(f, pick(c, 2) ? &usual : &everything);
		break;
	case 2:
		contract_stop_watching(f);
		assert_int_equal(contract_fetch(f->t, f->t->path, &key, 1, MAIL_SUMMARY), ERR_OK);
		contract_watch(f, pick(c, 2) ? &usual : &everything);
		break;
	case 3:
		contract_stop_watching(f);
		assert_int_equal(contract_sync(f), ERR_OK);
		contract_assert_equal_to_server(f);
		contract_watch(f, pick(c, 2) ? &usual : &everything);
		break;
	case 4:
		contract_stop_watching(f);
		mailstore_free(f->t->ms);
		(void)as_another(f->t);
		assert_int_equal(contract_sync(f), ERR_OK);
		contract_watch(f, pick(c, 2) ? &usual : &everything);
		break;
	default: loop_turn(f->t->contract->loop, pick(c, 5)); break;
	}
}

void who_keeps_up_is_never_wrong(void **state)
{
	struct chaos c = { .f = begin(state), .state = 20251130 };
	struct mailstore *own = c.f->t->ms;

	(void)contract_fill(c.f->t, 10);
	for (unsigned i = 0; i < 2; i++) {
		(void)as_another(c.f->t);
		c.others[i] = c.f->t->ms;
	}
	c.f->t->ms = own;
	assert_int_equal(contract_sync(c.f), ERR_OK);
	contract_watch(c.f, &everything);
	for (unsigned i = 0; i < 120; i++) {
		disturb(&c);
		if (pick(&c, 3) == 0)
			go_on(&c);
	}
	contract_look(c.f);
	contract_assert_equal_to_server(c.f);
	assert_int_equal(c.f->lost, 0);
	for (unsigned i = 0; i < 2; i++)
		mailstore_free(c.others[i]);
	finish(c.f);
}
