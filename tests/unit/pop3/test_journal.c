#include "cmocka_all.h"

#include "pop3/journal.h"

#include <stdio.h>
#include <stdlib.h>

/* A maildrop of these UIDLs, one letter each; upper-case ones have a keyword. */
static void fill(struct pop3_maildrop *m, const char *uidls)
{
	size_t nameless;

	pop3_maildrop_init(m);
	for (uint32_t i = 0; uidls[i]; i++) {
		uint8_t lower = (uint8_t)(uidls[i] | 0x20);

		assert_int_equal(pop3_maildrop_add(m, i + 1, 1), ERR_OK);
		assert_int_equal(pop3_maildrop_set_uidl(m, i + 1, bytes_of(&lower, 1)), ERR_OK);
		if (uidls[i] != lower)
			assert_int_equal(
				pop3_message_set_keywords(&m->at[i], BYTES_LIT("$seen todo")),
				ERR_OK);
	}
	assert_int_equal(pop3_maildrop_begin_keys(m, &nameless), ERR_OK);
	assert_int_equal(nameless, 0);
	assert_int_equal(pop3_maildrop_finish_keys(m), ERR_OK);
}

struct world {
	struct pop3_maildrop drop;
	struct pop3_journal journal;
	struct buf record;
};

static void save(struct world *w)
{
	buf_reset(&w->record);
	pop3_journal_save(&w->journal, &w->drop, &w->record);
	assert_int_equal(buf_err(&w->record), ERR_OK);
}

static void begin(struct world *w, const char *uidls)
{
	*w = (struct world){ 0 };
	buf_init(&w->record, 32u << 20);
	fill(&w->drop, uidls);
	assert_int_equal(pop3_journal_begin(&w->journal, &w->drop), ERR_OK);
	save(w);
}

/* The next conversation; did anything change? */
static bool next(struct world *w, const char *uidls)
{
	bool has_changed = false;

	pop3_maildrop_done(&w->drop);
	fill(&w->drop, uidls);
	assert_int_equal(
		pop3_journal_load(&w->journal, &w->drop, buf_bytes(&w->record), &has_changed),
		ERR_OK);
	if (has_changed)
		save(w);
	return has_changed;
}

static void finish(struct world *w)
{
	pop3_maildrop_done(&w->drop);
	pop3_journal_done(&w->journal);
	buf_done(&w->record);
}

/* "+a" came, "*a" changed, "-a" went after `since`, in the order of their numbers. */
static void assert_since(const struct world *w, uint64_t since, const char *want)
{
	char told[200];
	size_t at = 0;

	for (uint64_t n = since + 1; n <= w->journal.modseq; n++) {
		for (size_t i = 0; i < w->drop.count; i++) {
			const struct pop3_message *msg = &w->drop.at[i];

			if (msg->modseq != n)
				continue;
			told[at++] = msg->added > since ? '+' : '*';
			told[at++] = msg->key.text[0];
		}
		for (size_t i = 0; i < w->journal.gone_count; i++) {
			if (w->journal.gone[i].modseq != n)
				continue;
			told[at++] = '-';
			told[at++] = w->journal.gone[i].key.text[0];
		}
	}
	told[at] = '\0';
	assert_string_equal(told, want);
}

static void what_comes_changes_and_goes_is_told_since_any_time(void **state)
{
	struct world w;
	uint64_t first, second;

	(void)state;
	begin(&w, "abc");
	first = w.journal.modseq;
	assert_false(next(&w, "abc"));
	assert_int_equal(w.journal.modseq, first);
	assert_true(next(&w, "aCd"));
	second = w.journal.modseq;
	assert_since(&w, first, "-b*c+d");
	assert_since(&w, second, "");
	assert_true(next(&w, "acDe"));
	assert_since(&w, second, "*c*d+e");
	assert_since(&w, first, "-b*c+d+e");
	assert_true(pop3_journal_reaches(&w.journal, w.journal.epoch, first));
	assert_false(pop3_journal_reaches(&w.journal, w.journal.epoch, w.journal.modseq + 1));
	assert_false(pop3_journal_reaches(&w.journal, w.journal.epoch + 1, first));
	finish(&w);
}

static void what_comes_back_is_not_gone(void **state)
{
	struct world w;
	uint64_t first;

	(void)state;
	begin(&w, "ab");
	first = w.journal.modseq;
	assert_true(next(&w, "b"));
	assert_true(next(&w, "ba"));
	assert_since(&w, first, "+a");
	assert_true(next(&w, "b"));
	assert_since(&w, first, "-a");
	finish(&w);
}

static void an_empty_maildrop_stands_somewhere(void **state)
{
	struct world w;
	uint64_t first;

	(void)state;
	begin(&w, "");
	first = w.journal.modseq;
	assert_true(first > 0);
	assert_false(next(&w, ""));
	assert_true(next(&w, "a"));
	assert_since(&w, first, "+a");
	finish(&w);
}

static void each_begin_is_another(void **state)
{
	struct world w, other;

	(void)state;
	begin(&w, "a");
	begin(&other, "a");
	assert_true(w.journal.epoch != other.journal.epoch);
	finish(&other);
	finish(&w);
}

/* Numbered 1 to n, without UIDL: known by their headers. */
static void fill_many(struct pop3_maildrop *m, uint32_t n)
{
	size_t nameless;
	char name[20];

	pop3_maildrop_init(m);
	for (uint32_t i = 1; i <= n; i++) {
		snprintf(name, sizeof name, "m%u", i);
		assert_int_equal(pop3_maildrop_add(m, i, 1), ERR_OK);
		assert_int_equal(pop3_maildrop_set_uidl(m, i, bytes_of_str(name)), ERR_OK);
	}
	assert_int_equal(pop3_maildrop_begin_keys(m, &nameless), ERR_OK);
	assert_int_equal(pop3_maildrop_finish_keys(m), ERR_OK);
}

static void of_too_many_that_went_the_oldest_are_forgotten(void **state)
{
	struct world w = { 0 };
	uint64_t first, second;
	bool has_changed;

	(void)state;
	buf_init(&w.record, 32u << 20);
	fill_many(&w.drop, POP3_GONE_MAX + 10);
	assert_int_equal(pop3_journal_begin(&w.journal, &w.drop), ERR_OK);
	first = w.journal.modseq;
	save(&w);
	assert_true(next(&w, ""));
	second = w.journal.modseq;
	assert_int_equal(w.journal.gone_count, POP3_GONE_MAX);
	assert_false(pop3_journal_reaches(&w.journal, w.journal.epoch, first));
	assert_false(pop3_journal_reaches(&w.journal, w.journal.epoch, first + 9));
	assert_true(pop3_journal_reaches(&w.journal, w.journal.epoch, first + 10));
	/* Saved and loaded, it is the same. */
	assert_false(next(&w, ""));
	assert_int_equal(w.journal.modseq, second);
	assert_false(pop3_journal_reaches(&w.journal, w.journal.epoch, first + 9));
	pop3_maildrop_done(&w.drop);
	fill_many(&w.drop, 5);
	assert_int_equal(pop3_journal_load(&w.journal, &w.drop, buf_bytes(&w.record), &has_changed),
			 ERR_OK);
	assert_true(has_changed);
	assert_true(w.drop.at[0].added > second);
	finish(&w);
}

/* Messages known by a hash go over their ordinals. */
static void hashed_ones_are_kept(void **state)
{
	static const struct message_key second = { .kind = MESSAGE_KEY_HASH, .uid = 2 };
	struct world w = { 0 };
	struct message_key key;
	uint64_t first;
	bool has_changed;

	(void)state;
	buf_init(&w.record, 1000);
	for (int round = 0; round < 2; round++) {
		size_t nameless;

		pop3_maildrop_done(&w.drop);
		for (uint32_t i = 1; i <= 2u - (unsigned)round; i++)
			assert_int_equal(pop3_maildrop_add(&w.drop, i, 1), ERR_OK);
		assert_int_equal(pop3_maildrop_begin_keys(&w.drop, &nameless), ERR_OK);
		assert_int_equal(nameless, 2 - round);
		assert_int_equal(pop3_maildrop_finish_keys(&w.drop), ERR_OK);
		if (round)
			break;
		assert_int_equal(pop3_journal_begin(&w.journal, &w.drop), ERR_OK);
		save(&w);
	}
	first = w.journal.modseq;
	assert_int_equal(pop3_journal_load(&w.journal, &w.drop, buf_bytes(&w.record), &has_changed),
			 ERR_OK);
	assert_true(has_changed);
	assert_int_equal(w.journal.gone_count, 1);
	key = w.journal.gone[0].key;
	assert_int_equal(key.kind, second.kind);
	assert_int_equal(key.uid, second.uid);
	assert_int_equal(w.journal.gone[0].modseq, first + 1);
	finish(&w);
}

/* Cut anywhere or with more behind it, it is refused and nothing is known. */
static void what_is_no_record_is_refused(void **state)
{
	struct world w;
	struct bytes whole;
	bool has_changed;

	(void)state;
	begin(&w, "abC");
	assert_true(next(&w, "ad"));
	whole = buf_bytes(&w.record);
	for (size_t n = 0; n < whole.len; n++) {
		assert_int_equal(
			pop3_journal_load(&w.journal, &w.drop, bytes_first(whole, n), &has_changed),
			ERR_PROTO);
		assert_int_equal(w.journal.epoch, 0);
	}
	buf_append_byte(&w.record, 0);
	assert_int_equal(pop3_journal_load(&w.journal, &w.drop, buf_bytes(&w.record), &has_changed),
			 ERR_PROTO);
	w.record.at[w.record.head] ^= 0xff;
	assert_int_equal(pop3_journal_load(&w.journal, &w.drop, buf_bytes(&w.record), &has_changed),
			 ERR_PROTO);
	finish(&w);
}

/* Whatever its bytes are, they are read within it. */
static void any_bytes_are_survived(void **state)
{
	struct world w;
	uint8_t *copy;
	struct bytes whole;
	bool has_changed;

	(void)state;
	begin(&w, "abC");
	assert_true(next(&w, "adC"));
	whole = buf_bytes(&w.record);
	copy = malloc(whole.len);
	for (size_t i = 0; i < whole.len; i++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			enum err err;

			memcpy(copy, whole.at, whole.len);
			copy[i] ^= (uint8_t)flip;
			err = pop3_journal_load(&w.journal, &w.drop, bytes_of(copy, whole.len),
						&has_changed);
			assert_true(err == ERR_OK || err == ERR_PROTO);
		}
	}
	free(copy);
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_changes_and_goes_is_told_since_any_time),
		cmocka_unit_test(what_comes_back_is_not_gone),
		cmocka_unit_test(an_empty_maildrop_stands_somewhere),
		cmocka_unit_test(each_begin_is_another),
		cmocka_unit_test(of_too_many_that_went_the_oldest_are_forgotten),
		cmocka_unit_test(hashed_ones_are_kept),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(any_bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
