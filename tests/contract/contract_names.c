#include "contract_names.h"

#include "cmocka_all.h"
#include "contract_calls.h"

/* What a sync has told, in the test's memory. */
struct told {
	struct contract_test *t;
	struct mail_sync sync;
};

static void on_sync(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct told *told = ctx;

	assert_false(told->t->is_done);
	told->t->is_done = true;
	if (fault)
		told->t->fault = *fault;
	else
		told->sync = *sync;
}

static void sync_since(struct told *told, const struct mail_baseline *since)
{
	struct contract_test *t = told->t;

	assert_non_null(mailstore_sync(t->ms, contract_call(t), t->path, since, on_sync, told));
	contract_wait(t);
	assert_int_equal(t->fault.err, ERR_OK);
}

static struct told begin(void **state)
{
	struct contract_test *t = *state;

	if (!mailstore_caps(t->ms)->has_names)
		skip();
	return (struct told){ .t = t };
}

/* Where a list says that the folder stands. */
static struct mail_baseline stand(struct contract_test *t)
{
	struct mail_query q = { .window.limit = 1 };

	assert_int_equal(contract_query(t, &q, MAIL_FLAGS), ERR_OK);
	return (struct mail_baseline){ .only_changes = true,
				       .highestmodseq = t->page.highestmodseq,
				       .epoch = t->page.epoch };
}

void a_sync_by_name_is_whole(void **state)
{
	struct told told = begin(state);
	struct message_key *keys = contract_fill(told.t, 4);

	sync_since(&told, &(struct mail_baseline){ 0 });
	assert_true(told.sync.is_whole);
	assert_int_equal(told.sync.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(message_key_equal(told.sync.flags[i].key, &keys[i]));
		assert_int_equal(told.sync.flags[i].keywords.system, i % 2 ? 0 : KEYWORD_SEEN);
	}
}

void changes_by_name_outlive_the_conversation(void **state)
{
	struct told told = begin(state);
	struct contract_test *t = told.t;
	struct message_key *keys;
	struct mail_baseline since;

	if (!mailstore_caps(t->ms)->changes)
		skip();
	keys = contract_fill(t, 3);
	since = stand(t);
	assert_true(since.epoch && since.highestmodseq);
	sync_since(&told, &since);
	assert_false(told.sync.is_whole);
	assert_int_equal(told.sync.count + told.sync.gone_key_count, 0);

	assert_int_equal(contract_keywords(t, &keys[0], 1, "$flagged", ""), ERR_OK);
	assert_int_equal(contract_expunge(t, &keys[1], 1), ERR_OK);
	assert_int_equal(contract_append(t, t->path, contract_message(t, 4), "", 0), ERR_OK);
	sync_since(&told, &since);
	assert_false(told.sync.is_whole);
	assert_true(told.sync.epoch == since.epoch);
	assert_true(told.sync.highestmodseq > since.highestmodseq);
	assert_int_equal(told.sync.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct mail_flags *m = &told.sync.flags[i];
		bool is_old = message_key_equal(m->key, &keys[0]);

		assert_true(m->modseq > since.highestmodseq);
		assert_int_equal(m->added <= since.highestmodseq, is_old);
		assert_int_equal(m->keywords.system, is_old ? KEYWORD_SEEN | KEYWORD_FLAGGED : 0);
	}
	assert_int_equal(told.sync.gone_key_count, 1);
	assert_true(message_key_equal(&told.sync.gone_keys[0], &keys[1]));
}

void an_unknown_past_is_told_whole(void **state)
{
	struct told told = begin(state);
	struct contract_test *t = told.t;
	struct mail_baseline since;

	(void)contract_fill(t, 2);
	since = stand(t);
	since.epoch++;
	sync_since(&told, &since);
	assert_true(told.sync.is_whole);
	assert_int_equal(told.sync.count, 2);
	since.epoch--;
	since.highestmodseq += 100;
	sync_since(&told, &since);
	assert_true(told.sync.is_whole);
}

static void no_event(void *ctx, const struct mail_event *ev)
{
	(void)ctx;
	(void)ev;
	fail();
}

static void on_end(void *ctx, const struct fault *fault)
{
	struct contract_test *t = ctx;

	t->is_done = true;
	t->fault = *fault;
}

void a_maildrop_cannot_be_watched(void **state)
{
	struct told told = begin(state);
	struct contract_test *t = told.t;
	const struct mail_watch how = { .want = MAIL_SUMMARY, .poll_ms = 1000 };

	assert_non_null(
		mailstore_watch(t->ms, contract_call(t), t->path, &how, no_event, on_end, t));
	contract_wait(t);
	assert_int_equal(t->fault.err, ERR_UNSUPPORTED);
	assert_int_equal(contract_ping(t), ERR_OK);
}
