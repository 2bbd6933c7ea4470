/* Keeping up with servers that do what a real one cannot be made to do. */
#include <stdio.h>

#include "base/clock.h"
#include "store_test.h"

/* What is told, a line for each message. */
struct watching {
	struct store_test t;
	struct buf log;
	struct op *watch;
	bool has_ended;
	struct fault end;
};

static void begin(struct watching *w, const char *name, const struct script_faults *faults)
{
	*w = (struct watching){ 0 };
	buf_init(&w->log, 1 << 20);
	store_test_begin(&w->t, name, faults);
}

static void finish(struct watching *w)
{
	op_cancel(w->watch);
	store_test_end(&w->t);
	buf_done(&w->log);
}

static void put_flags(struct watching *w, const char *what, uint32_t uid, const struct keywords *k)
{
	buf_printf(&w->log, "%s %u", what, uid);
	for (unsigned bit = 1; bit <= KEYWORD_DELETED; bit <<= 1) {
		if (k->system & bit)
			buf_printf(&w->log, " %s", keywords_system_name(bit));
	}
	for (size_t i = 0; i < k->custom.count; i++)
		buf_printf(&w->log, " %.*s", BYTES_FMT(k->custom.at[i]));
	buf_append_byte(&w->log, '\n');
}

static void put_gone(struct watching *w, const struct uid_set *gone)
{
	if (!gone->count)
		return;
	buf_append_str(&w->log, "gone ");
	uid_set_format(gone, &w->log);
	buf_append_byte(&w->log, '\n');
}

static void put_status(struct watching *w, const struct mail_event *ev)
{
	buf_printf(&w->log, "status %.*s %u %u %u %u %llu\n", BYTES_FMT(ev->path),
		   ev->status->uidvalidity, ev->status->uidnext, ev->status->total,
		   ev->status->unread, (unsigned long long)ev->status->highestmodseq);
}

static void on_event(void *ctx, const struct mail_event *ev)
{
	struct watching *w = ctx;

	switch (ev->kind) {
	case MAIL_EVENT_NEW:
		for (size_t i = 0; i < ev->count; i++)
			put_flags(w, ev->items[i].is_unreadable ? "unreadable" : "new",
				  ev->items[i].key.uid, &ev->items[i].keywords);
		break;
	case MAIL_EVENT_FLAGS:
		for (size_t i = 0; i < ev->count; i++)
			put_flags(w, "flags", ev->flags[i].uid, &ev->flags[i].keywords);
		break;
	case MAIL_EVENT_GONE: put_gone(w, ev->gone); break;
	case MAIL_EVENT_STATUS: put_status(w, ev); break;
	case MAIL_EVENT_FOLDERS: buf_append_str(&w->log, "folders\n"); break;
	case MAIL_EVENT_LOST: buf_append_str(&w->log, "lost\n"); break;
	case MAIL_EVENT_LOOKED:
		buf_printf(&w->log, "looked %llu\n", (unsigned long long)ev->highestmodseq);
		break;
	}
}

static void on_end(void *ctx, const struct fault *fault)
{
	struct watching *w = ctx;

	w->watch = NULL;
	w->has_ended = true;
	w->end = *fault;
}

static void on_sync(void *ctx, const struct fault *fault, const struct mail_sync *s)
{
	struct watching *w = ctx;

	w->t.is_done = true;
	if (fault) {
		w->t.fault = *fault;
		return;
	}
	buf_printf(&w->log, "%s %u %u %llu\n", s->is_whole ? "whole" : "changes", s->uidvalidity,
		   s->uidnext, (unsigned long long)s->highestmodseq);
	put_gone(w, s->gone);
	for (size_t i = 0; i < s->count; i++)
		put_flags(w, "flags", s->flags[i].uid, &s->flags[i].keywords);
}

static enum err sync_from(struct watching *w, uint32_t uidvalidity, uint32_t uidnext,
			  uint64_t modseq, const char *uids)
{
	struct uid_set set;
	struct mail_baseline since = { uidvalidity, uidnext, modseq, uids ? &set : NULL };

	uid_set_init(&set, 1000);
	if (uids)
		assert_int_equal(uid_set_parse(&set, bytes_of_str(uids)), ERR_OK);
	(void)mailstore_sync(w->t.ms, store_test_call(&w->t), BYTES_LIT("INBOX"), &since, on_sync,
			     w);
	store_test_wait(&w->t);
	uid_set_done(&set);
	return w->t.fault.err;
}

static void watch(struct watching *w, unsigned want, bool all_folders)
{
	const struct mail_watch how = { .want = want, .all_folders = all_folders, .poll_ms = 10 };

	w->watch = mailstore_watch(w->t.ms, store_test_call(&w->t), BYTES_LIT("INBOX"), &how,
				   on_event, on_end, w);
}

/* Runs until this line has been told (or the watch has ended, for NULL). */
static void run_until(struct watching *w, const char *line)
{
	uint64_t limit = clock_monotonic_ms() + 20000;

	while (line ? bytes_find(buf_bytes(&w->log), bytes_of_str(line)) == w->log.len
		    : !w->has_ended) {
		loop_turn(w->t.loop, 100);
		if (script_fault(w->t.script))
			fail_msg("%s", script_fault(w->t.script));
		if (clock_monotonic_ms() > limit)
			fail_msg("only this was told:\n%.*s", BYTES_FMT(buf_bytes(&w->log)));
	}
}

static void look(struct watching *w, const char *answer)
{
	op_resume(w->watch);
	run_until(w, answer);
}

/* And begins a new one. */
static void assert_log(struct watching *w, const char *want)
{
	buf_append_byte(&w->log, '\0');
	assert_string_equal((const char *)buf_bytes(&w->log).at, want);
	buf_reset(&w->log);
}

static void stop(struct watching *w)
{
	op_cancel(w->watch);
	w->watch = NULL;
}

static void ping(struct watching *w)
{
	(void)mailstore_ping(w->t.ms, store_test_call(&w->t), store_test_on_done, &w->t);
	store_test_wait(&w->t);
	assert_int_equal(w->t.fault.err, ERR_OK);
}

/* --- watching -------------------------------------------------------------------------- */

static void vanished_messages_are_told_by_uid(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_qresync", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 77, 10, 100, "1:6,9"), ERR_OK);
	assert_log(&w, "changes 77 12 110\n"
		       "gone 2:3,6\n"
		       "flags 1 $seen\n"
		       "flags 11\n");
	watch(&w, MAIL_FLAGS, false);
	run_until(&w, "new 12");
	assert_log(&w, "gone 4\n"
		       "flags 9 $flagged todo\n"
		       "new 12 $seen\n");
	look(&w, "looked");
	assert_log(&w, "gone 1,5,9,11:12\n"
		       "looked 120\n");
	stop(&w);
	ping(&w);
	finish(&w);
}

static void notify_brings_all_folders(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_notify", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 0, 0, 0, NULL), ERR_OK);
	assert_log(&w, "whole 77 6 0\nflags 3\nflags 5\n");
	watch(&w, MAIL_FLAGS, true);
	run_until(&w, "new 6");
	look(&w, "looked");
	run_until(&w, "lost");
	assert_log(&w, "status Entw\303\274rfe 8 2 1 1 5\n"
		       "folders\n"
		       "status Entw\303\274rfe 8 2 1 0 6\n"
		       "status Later 11 10 9 4 3\n"
		       "status Harbour & Quay 12 7 6 2 0\n"
		       "status Fam\303\255lia 13 2 1 0 0\n"
		       "new 6 $flagged\n"
		       "looked 0\n"
		       "new 7 $seen\n"
		       "lost\n");
	stop(&w);
	ping(&w);
	assert_log(&w, "");
	finish(&w);
}

static void idle_tells_by_the_numbers_of_its_time(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_idle", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 77, 10, 100, "2,3"), ERR_OK);
	assert_log(&w, "whole 77 10 0\n"
		       "flags 2\n"
		       "flags 4 $seen\n"
		       "flags 6 $deleted\n"
		       "flags 8 work\n");
	watch(&w, MAIL_SUMMARY, false);
	run_until(&w, "flags 2 $seen");
	assert_log(&w, "gone 4,6\n"
		       "flags 2 $answered\n"
		       "flags 8\n"
		       "new 11 $seen\n"
		       "flags 2 $seen\n");
	stop(&w);
	finish(&w);
}

static void where_idle_is_refused_it_polls(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_refused", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 0, 0, 0, NULL), ERR_OK);
	assert_log(&w, "whole 77 1 0\n");
	watch(&w, MAIL_FLAGS, false);
	run_until(&w, "new 32");
	assert_log(&w, "unreadable 20\nnew 21\nnew 30\nnew 32\n");
	while (!script_is_done(w.t.script))
		loop_turn(w.t.loop, 100);
	finish(&w);
}

static void what_cannot_be_told_is_lost(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_lost", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 0, 0, 0, NULL), ERR_OK);
	watch(&w, MAIL_FLAGS, false);
	run_until(&w, "lost");
	op_resume(w.watch); /* is not answered any more */
	store_test_settle(&w.t);
	assert_log(&w, "whole 77 10 0\nflags 2\nflags 4\nlost\n");
	stop(&w);
	assert_int_equal(sync_from(&w, 77, 10, 0, "2,4"), ERR_OK);
	watch(&w, MAIL_FLAGS, false);
	run_until(&w, "lost");
	assert_log(&w, "whole 78 3 0\nflags 2\nlost\n");
	finish(&w);
}

static void a_silent_server_is_given_up(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_silent", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	((struct imap_store *)w.t.ms)->session->limits.question_ms = 50;
	assert_int_equal(sync_from(&w, 0, 0, 0, NULL), ERR_OK);
	watch(&w, MAIL_FLAGS, false);
	store_test_settle(&w.t); /* it idles */
	op_resume(w.watch);
	run_until(&w, NULL);
	assert_int_equal(w.end.err, ERR_TIMEOUT);
	assert_true(w.t.has_ended);
	finish(&w);
}

static void goodbye_ends_it(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "watch_bye", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 0, 0, 0, NULL), ERR_OK);
	watch(&w, MAIL_FLAGS, false);
	run_until(&w, NULL);
	assert_true(w.t.has_ended);
	assert_false(mailstore_is_open(w.t.ms));
	finish(&w);
}

/* --- synchronising ----------------------------------------------------------------------- */

static void a_search_must_name_as_many_as_there_are(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "sync_condstore", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 77, 15, 100, "1:5"), ERR_OK);
	assert_log(&w, "changes 77 20 200\n"
		       "gone 2:4\n"
		       "flags 5 $seen\n"
		       "flags 12\n"
		       "flags 19 $draft\n");
	assert_int_equal(sync_from(&w, 77, 20, 200, "1,5,12,19"), ERR_OK);
	assert_log(&w, "whole 77 20 0\nflags 5 $seen\nflags 19\n");
	assert_int_equal(sync_from(&w, 77, 20, 200, "5,19"), ERR_OK);
	assert_log(&w, "whole 77 6 300\nflags 5\n");
	finish(&w);

	begin(&w, "sync_qresync_ignored", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 77, 4, 100, "1:3"), ERR_OK);
	assert_log(&w, "changes 77 5 110\ngone 2\nflags 4 $seen\n");
	finish(&w);

	begin(&w, "sync_hidden", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 77, 20, 100, "1,5"), ERR_OK);
	assert_log(&w, "whole 77 20 200\nflags 1\nflags 5\n");
	finish(&w);
}

static void a_server_need_not_keep_what_it_promises(void **state)
{
	struct watching w;

	(void)state;
	begin(&w, "sync_qresync_refused", NULL);
	assert_int_equal(store_test_open(&w.t), ERR_OK);
	assert_int_equal(sync_from(&w, 77, 15, 100, NULL), ERR_OK);
	assert_log(&w, "whole 78 20002 200\nflags 10000\n");
	finish(&w);
}

/* --- faults -------------------------------------------------------------------------------- */

static const char *const names[] = { "watch_qresync", "watch_notify", "watch_idle",
				     "watch_refused", "watch_lost",   "watch_bye",
				     "sync_condstore" };

/* However it is sliced the same is told, in which order may differ. */
static void slices_do_not_matter(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes < 40; bytes += 6) {
		struct script_faults faults = { .slice_bytes = bytes };
		struct watching w;

		begin(&w, "watch_qresync", &faults);
		assert_int_equal(store_test_open(&w.t), ERR_OK);
		assert_int_equal(sync_from(&w, 77, 10, 100, "1:6,9"), ERR_OK);
		watch(&w, MAIL_FLAGS, false);
		run_until(&w, "new 12 $seen\n");
		look(&w, "looked 120\n");
		run_until(&w, "flags 9 $flagged todo\n");
		run_until(&w, "gone 4\n");
		stop(&w);
		ping(&w);
		finish(&w);
	}
}

/* Wherever the connection is cut, everything that was begun ends once. */
static void any_cut_ends_it_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t size = 1;

		for (uint64_t cut = 0; cut < size; cut += 7) {
			struct script_faults faults = { .is_cut = true, .cut_bytes = cut };
			struct watching w;

			begin(&w, names[i], &faults);
			size = script_server_bytes(w.t.script);
			if (store_test_open(&w.t) == ERR_OK &&
			    sync_from(&w, 77, 10, 100, "1:6,9") == ERR_OK) {
				watch(&w, MAIL_FLAGS, false);
				op_resume(w.watch);
				store_test_settle(&w.t);
			}
			op_cancel(w.watch);
			mailstore_free(w.t.ms);
			script_free(w.t.script);
			buf_done(&w.t.stream);
			arena_free(w.t.mem);
			loop_free(w.t.loop);
			buf_done(&w.log);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vanished_messages_are_told_by_uid),
		cmocka_unit_test(notify_brings_all_folders),
		cmocka_unit_test(idle_tells_by_the_numbers_of_its_time),
		cmocka_unit_test(where_idle_is_refused_it_polls),
		cmocka_unit_test(what_cannot_be_told_is_lost),
		cmocka_unit_test(a_silent_server_is_given_up),
		cmocka_unit_test(goodbye_ends_it),
		cmocka_unit_test(a_search_must_name_as_many_as_there_are),
		cmocka_unit_test(a_server_need_not_keep_what_it_promises),
		cmocka_unit_test(slices_do_not_matter),
		cmocka_unit_test(any_cut_ends_it_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
