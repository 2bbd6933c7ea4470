#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "cache/folder_state.h"

struct fixture {
	struct arena *mem;
	struct folder_state *fs;
	struct folder_diff diff;
};

static const struct folder_filter all;

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->mem = arena_new(1 << 24);
	f->fs = folder_state_new(0);
	*state = f;
	return f->mem && f->fs ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	folder_state_free(f->fs);
	arena_free(f->mem);
	free(f);
	return 0;
}

/* "seen flagged work": of one letter each for the system's. */
static struct keywords keywords_of(struct fixture *f, const char *text)
{
	struct bytes rest = bytes_of_str(text), name;
	struct keywords k = { 0 };

	while (rest.len && bytes_split(&rest, ' ', &name))
		assert_true(keywords_add(&k, f->mem, name));
	return k;
}

static struct mail_flags flags_of(struct fixture *f, uint32_t uid, uint64_t modseq,
				  const char *text)
{
	return (struct mail_flags){ uid, modseq, keywords_of(f, text) };
}

static void sync_whole(struct fixture *f, uint32_t uidvalidity, const struct mail_flags *flags,
		       size_t count)
{
	struct mail_sync sync = { .uidvalidity = uidvalidity,
				  .uidnext = 100,
				  .highestmodseq = 50,
				  .is_whole = true,
				  .flags = flags,
				  .count = count };

	assert_int_equal(folder_state_sync(f->fs, f->mem, &sync, &f->diff), ERR_OK);
}

/* Three messages: 5 seen, 7 marked \Deleted, 9 new. */
static void sync_three(struct fixture *f)
{
	struct mail_flags flags[] = { flags_of(f, 5, 0, "$seen"),
				      flags_of(f, 7, 0, "$deleted $flagged"),
				      flags_of(f, 9, 0, "") };

	sync_whole(f, 77, flags, 3);
}

static void event(struct fixture *f, const struct mail_event *ev)
{
	assert_int_equal(folder_state_event(f->fs, f->mem, ev, &f->diff), ERR_OK);
}

static void event_flags(struct fixture *f, uint32_t uid, uint64_t modseq, const char *text)
{
	struct mail_flags flags = flags_of(f, uid, modseq, text);

	event(f, &(struct mail_event){ .kind = MAIL_EVENT_FLAGS, .flags = &flags, .count = 1 });
}

static void event_gone(struct fixture *f, const char *uids)
{
	struct uid_set gone;

	uid_set_init(&gone, 1000);
	assert_int_equal(uid_set_parse(&gone, bytes_of_str(uids)), ERR_OK);
	event(f, &(struct mail_event){ .kind = MAIL_EVENT_GONE, .gone = &gone });
	uid_set_done(&gone);
}

static void assert_uids(const uint32_t *uids, size_t count, const char *want)
{
	struct buf text;

	buf_init(&text, 100000);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, i ? " %u" : "%u", uids[i]);
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}

static void assert_diff(struct fixture *f, const char *created, const char *updated,
			const char *gone)
{
	assert_uids(f->diff.created, f->diff.created_count, created);
	assert_uids(f->diff.updated, f->diff.updated_count, updated);
	assert_uids(f->diff.gone, f->diff.gone_count, gone);
}

static void assert_window(struct fixture *f, const struct folder_filter *filter, uint32_t position,
			  bool descending, const char *want)
{
	uint32_t uids[16];
	size_t n = folder_state_window(f->fs, filter, position, descending, uids, 16);

	assert_uids(uids, n, want);
}

static void the_first_sync_creates_all_that_is_visible(void **state)
{
	struct fixture *f = *state;
	struct folder_totals t;

	sync_three(f);
	assert_false(f->diff.is_reset);
	assert_diff(f, "5 9", "", "");
	t = folder_state_totals(f->fs);
	assert_int_equal(t.uidvalidity, 77);
	assert_int_equal(t.uidnext, 100);
	assert_true(t.highestmodseq == 50);
	assert_int_equal(t.total, 2);
	assert_int_equal(t.unread, 1);
	assert_window(f, &all, 0, false, "5 9");
	assert_window(f, &all, 0, true, "9 5");
	assert_window(f, &all, 1, true, "5");
	assert_window(f, &all, 2, false, "");
}

static void what_is_known_already_is_no_difference(void **state)
{
	struct fixture *f = *state;
	uint64_t version;

	sync_three(f);
	version = folder_state_version(f->fs);
	sync_three(f);
	assert_diff(f, "", "", "");
	event_flags(f, 5, 0, "$seen");
	assert_diff(f, "", "", "");
	event_gone(f, "6,10:4294967295");
	assert_diff(f, "", "", "");
	assert_true(folder_state_version(f->fs) == version);
	event_flags(f, 5, 0, "$seen $flagged");
	assert_diff(f, "", "5", "");
	assert_true(folder_state_version(f->fs) > version);
}

static void what_is_marked_deleted_is_not_visible(void **state)
{
	struct fixture *f = *state;
	struct keywords k;
	uint64_t version;

	sync_three(f);
	assert_false(folder_state_is_visible(f->fs, 7));
	assert_false(folder_state_keywords(f->fs, 7, &k));
	event_flags(f, 7, 0, "$flagged");
	assert_diff(f, "7", "", "");
	assert_true(folder_state_keywords(f->fs, 7, &k));
	assert_int_equal(k.system, KEYWORD_FLAGGED);
	event_flags(f, 5, 0, "$seen $deleted");
	assert_diff(f, "", "", "5");
	version = folder_state_version(f->fs);
	event_gone(f, "5");
	assert_diff(f, "", "", "");
	assert_true(folder_state_version(f->fs) == version);
	event_gone(f, "1:8");
	assert_diff(f, "", "", "7");
	assert_window(f, &all, 0, false, "9");
}

static void another_uidvalidity_is_a_reset(void **state)
{
	struct fixture *f = *state;
	struct mail_flags flags[] = { flags_of(f, 1, 0, ""), flags_of(f, 5, 0, "$seen") };
	struct mail_sync partial = { .uidvalidity = 78, .uidnext = 100 };
	uint64_t version;

	sync_three(f);
	assert_int_equal(folder_state_sync(f->fs, f->mem, &partial, &f->diff), ERR_PROTO);
	version = folder_state_version(f->fs);
	sync_whole(f, 78, flags, 2);
	assert_true(f->diff.is_reset);
	assert_diff(f, "1 5", "", "");
	sync_whole(f, 79, NULL, 0);
	assert_true(f->diff.is_reset);
	assert_diff(f, "", "", "");
	assert_true(folder_state_version(f->fs) >= version + 2);
}

static void a_sync_from_a_baseline_brings_only_changes(void **state)
{
	struct fixture *f = *state;
	struct mail_flags flags[] = { flags_of(f, 9, 60, "work"), flags_of(f, 120, 61, "") };
	struct uid_set gone;
	struct mail_sync sync = { .uidvalidity = 77,
				  .uidnext = 110,
				  .highestmodseq = 61,
				  .flags = flags,
				  .count = 2,
				  .gone = &gone };

	sync_three(f);
	uid_set_init(&gone, 10);
	assert_int_equal(uid_set_add(&gone, 1, 6), ERR_OK);
	assert_int_equal(folder_state_sync(f->fs, f->mem, &sync, &f->diff), ERR_OK);
	assert_false(f->diff.is_reset);
	assert_diff(f, "120", "9", "5");
	assert_int_equal(folder_state_totals(f->fs).uidnext, 121);
	assert_true(folder_state_totals(f->fs).highestmodseq == 61);
	uid_set_done(&gone);
}

static void a_lower_modseq_does_not_replace_what_an_event_told(void **state)
{
	struct fixture *f = *state;
	struct mail_item item = { .key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 77, .uid = 12 },
				  .modseq = 60 };
	struct keywords k;

	sync_three(f);
	event_flags(f, 12, 61, "$seen");
	assert_diff(f, "12", "", "");
	event(f, &(struct mail_event){ .kind = MAIL_EVENT_NEW, .items = &item, .count = 1 });
	assert_diff(f, "", "", "");
	assert_true(folder_state_keywords(f->fs, 12, &k));
	assert_int_equal(k.system, KEYWORD_SEEN);
	event_flags(f, 12, 61, "$flagged");
	assert_diff(f, "", "12", "");
	/* After the look the order in which they come counts. */
	event(f, &(struct mail_event){ .kind = MAIL_EVENT_LOOKED, .highestmodseq = 61 });
	assert_true(folder_state_totals(f->fs).highestmodseq == 61);
	event_flags(f, 12, 60, "");
	assert_diff(f, "", "12", "");
}

static void what_events_told_is_ahead_of_the_modseq_until_that_counts_it(void **state)
{
	struct fixture *f = *state;
	struct buf saved;

	sync_three(f);
	assert_false(folder_state_is_ahead(f->fs));
	event_flags(f, 5, 60, "$flagged");
	assert_true(folder_state_is_ahead(f->fs));
	event(f, &(struct mail_event){ .kind = MAIL_EVENT_LOOKED, .highestmodseq = 60 });
	assert_false(folder_state_is_ahead(f->fs));
	event_gone(f, "9");
	event(f, &(struct mail_event){ .kind = MAIL_EVENT_LOOKED, .highestmodseq = 60 });
	assert_true(folder_state_is_ahead(f->fs));
	event(f, &(struct mail_event){ .kind = MAIL_EVENT_LOOKED, .highestmodseq = 61 });
	assert_false(folder_state_is_ahead(f->fs));
	/* Packed and unpacked nobody knows. */
	buf_init(&saved, 1u << 20);
	folder_state_save(f->fs, &saved);
	assert_int_equal(folder_state_load(f->fs, buf_bytes(&saved)), ERR_OK);
	assert_true(folder_state_is_ahead(f->fs));
	sync_three(f);
	assert_false(folder_state_is_ahead(f->fs));
	buf_done(&saved);
}

static void events_of_another_uidvalidity_change_nothing(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {
		{ .key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 76, .uid = 200 } },
		{ .key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 77, .uid = 201 },
		  .is_unreadable = true },
	};
	struct mail_event ev = { .kind = MAIL_EVENT_NEW, .items = items, .count = 2 };

	event(f, &ev); /* before the first sync: none does */
	assert_diff(f, "", "", "");
	sync_three(f);
	event(f, &ev);
	assert_diff(f, "201", "", "");
	assert_int_equal(folder_state_totals(f->fs).uidnext, 202);
}

static void one_event_may_tell_a_message_twice(void **state)
{
	struct fixture *f = *state;
	struct mail_flags flags[] = { flags_of(f, 30, 0, "$seen"), flags_of(f, 9, 0, "$seen"),
				      flags_of(f, 30, 0, ""), flags_of(f, 9, 0, "") };
	struct mail_event ev = { .kind = MAIL_EVENT_FLAGS, .flags = flags, .count = 4 };

	sync_three(f);
	event(f, &ev);
	assert_diff(f, "30", "", "");
	assert_int_equal(folder_state_totals(f->fs).unread, 2);
}

static void filters_look_at_keywords(void **state)
{
	struct fixture *f = *state;
	struct mail_flags flags[] = { flags_of(f, 1, 0, "$seen work"), flags_of(f, 2, 0, "work"),
				      flags_of(f, 3, 0, "$flagged"),
				      flags_of(f, 4, 0, "$deleted work"), flags_of(f, 5, 0, "") };
	struct folder_filter unseen = { .lacks = keywords_of(f, "$seen") };
	struct folder_filter work = { .has = keywords_of(f, "work") };
	struct folder_filter unseen_no_work = { .lacks = keywords_of(f, "$seen work") };
	struct folder_filter deleted = { .has = keywords_of(f, "$deleted") };

	sync_whole(f, 77, flags, 5);
	assert_window(f, &unseen, 0, true, "5 3 2");
	assert_window(f, &unseen, 1, false, "3 5");
	assert_window(f, &work, 0, false, "1 2");
	assert_window(f, &unseen_no_work, 0, false, "3 5");
	assert_window(f, &deleted, 0, false, "");
	assert_int_equal(folder_state_count(f->fs, &unseen), 3);
	assert_int_equal(folder_state_count(f->fs, &work), 2);
	assert_int_equal(folder_state_count(f->fs, &deleted), 0);
	assert_int_equal(folder_state_rank(f->fs, &unseen, 3, false), 1);
	assert_int_equal(folder_state_rank(f->fs, &unseen, 3, true), 1);
	assert_int_equal(folder_state_rank(f->fs, &unseen, 2, true), 2);
	assert_int_equal(folder_state_rank(f->fs, &all, UINT32_MAX, true), 0);
}

static void the_highest_uid_works(void **state)
{
	struct fixture *f = *state;
	struct mail_flags flags[] = { flags_of(f, 1, 0, ""), flags_of(f, UINT32_MAX - 1, 0, ""),
				      flags_of(f, UINT32_MAX, 0, "") };
	struct mail_baseline base;
	struct buf saved;

	sync_whole(f, 77, flags, 3);
	assert_window(f, &all, 0, true, "4294967295 4294967294 1");
	base = folder_state_baseline(f->fs);
	assert_int_equal(base.uids->count, 2);
	buf_init(&saved, 1000);
	folder_state_save(f->fs, &saved);
	assert_int_equal(folder_state_load(f->fs, buf_bytes(&saved)), ERR_OK);
	assert_window(f, &all, 0, true, "4294967295 4294967294 1");
	event_gone(f, "1:4294967295");
	assert_diff(f, "", "", "1 4294967294 4294967295");
	buf_done(&saved);
}

/* Whatever is wrong with the bytes, it is refused and changes nothing. */
static void damaged_bytes_are_refused(void **state)
{
	struct fixture *f = *state;
	struct buf saved;
	uint8_t copy[200];
	size_t len;

	sync_three(f);
	event_flags(f, 9, 0, "$seen work zebra");
	buf_init(&saved, sizeof copy);
	folder_state_save(f->fs, &saved);
	len = saved.len;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(folder_state_load(f->fs, bytes_first(buf_bytes(&saved), cut)),
				 ERR_PROTO);
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct folder_state *other = folder_state_new(1 << 16);
			enum err e;

			memcpy(copy, buf_bytes(&saved).at, len);
			copy[i] = (uint8_t)(copy[i] ^ 1u << bit);
			e = folder_state_load(other, bytes_of(copy, len));
			if (e != ERR_OK) /* else it was another state */
				assert_int_equal(folder_state_totals(other).total, 0);
			folder_state_free(other);
		}
	buf_append_byte(&saved, 0);
	assert_int_equal(folder_state_load(f->fs, buf_bytes(&saved)), ERR_PROTO);
	assert_window(f, &all, 0, false, "5 9");
	buf_done(&saved);
}

static void what_grows_too_large_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct folder_state *small = folder_state_new(4096);
	struct mail_flags *flags = calloc(5000, sizeof *flags);
	struct mail_sync sync = { .uidvalidity = 1, .uidnext = 9, .is_whole = true };
	struct mail_event ev = { .kind = MAIL_EVENT_FLAGS };

	for (uint32_t i = 0; i < 5000; i++)
		flags[i].uid = i + 1;
	sync.flags = flags;
	sync.count = 500;
	assert_int_equal(folder_state_sync(small, f->mem, &sync, &f->diff), ERR_OK);
	assert_true(folder_state_bytes(small) < 4096);
	ev.flags = flags;
	ev.count = 5000;
	assert_int_equal(folder_state_event(small, f->mem, &ev, &f->diff), ERR_TOO_BIG);
	sync.count = 5000;
	assert_int_equal(folder_state_sync(small, f->mem, &sync, &f->diff), ERR_TOO_BIG);
	folder_state_free(small);
	free(flags);
}

/* As many different sets of keywords as a server likes to think of. */
static void more_sets_than_can_be_numbered_are_an_error(void **state)
{
	struct fixture *f = *state;
	struct mail_flags *flags = calloc(70000, sizeof *flags);
	struct mail_sync sync = { .uidvalidity = 1, .is_whole = true, .flags = flags };
	char name[16];

	for (uint32_t i = 0; i < 70000; i++) {
		snprintf(name, sizeof name, "k%u", i);
		flags[i] = (struct mail_flags){ i + 1, 0, keywords_of(f, name) };
	}
	sync.count = 60000;
	assert_int_equal(folder_state_sync(f->fs, f->mem, &sync, &f->diff), ERR_OK);
	assert_int_equal(folder_state_count(
				 f->fs, &(struct folder_filter){ .has = keywords_of(f, "k59999") }),
			 1);
	sync.count = 70000;
	assert_int_equal(folder_state_sync(f->fs, f->mem, &sync, &f->diff), ERR_TOO_BIG);
	free(flags);
}

/* What the goal of 10,000 accounts in little memory rests on. */
static void a_message_takes_some_four_bytes(void **state)
{
	struct fixture *f = *state;
	static struct mail_flags flags[1000];
	struct keywords seen = keywords_of(f, "$seen"), junk = keywords_of(f, "$seen $junk");

	for (uint32_t i = 0; i < 1000; i++)
		flags[i] = (struct mail_flags){ i * 3 + 1, 0, i % 7 ? seen : junk };
	sync_whole(f, 1, flags, 1000);
	assert_true(folder_state_bytes(f->fs) < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(the_first_sync_creates_all_that_is_visible),
		TEST(what_is_known_already_is_no_difference),
		TEST(what_is_marked_deleted_is_not_visible),
		TEST(another_uidvalidity_is_a_reset),
		TEST(a_sync_from_a_baseline_brings_only_changes),
		TEST(a_lower_modseq_does_not_replace_what_an_event_told),
		TEST(what_events_told_is_ahead_of_the_modseq_until_that_counts_it),
		TEST(events_of_another_uidvalidity_change_nothing),
		TEST(one_event_may_tell_a_message_twice),
		TEST(filters_look_at_keywords),
		TEST(the_highest_uid_works),
		TEST(damaged_bytes_are_refused),
		TEST(what_grows_too_large_is_an_error),
		TEST(more_sets_than_can_be_numbered_are_an_error),
		TEST(a_message_takes_some_four_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
