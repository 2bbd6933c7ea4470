#include "cmocka_all.h"

#include "imap/msgmap.h"

static struct imap_seq seq(uint32_t n)
{
	return (struct imap_seq){ n };
}

static uint32_t uid_at(const struct imap_msgmap *m, uint32_t n)
{
	return imap_msgmap_uid(m, seq(n));
}

static void counts_and_forgets(void **state)
{
	struct imap_msgmap m;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, 4000000000u);
	assert_int_equal(m.len, 0);
	imap_msgmap_set_uid(&m, seq(4000000000u), 4100000000u);
	assert_int_equal(uid_at(&m, 4000000000u), 4100000000u);
	/* Too far down to be remembered; nothing is allocated for it. */
	imap_msgmap_set_uid(&m, seq(1), 1);
	assert_int_equal(uid_at(&m, 1), 0);
	assert_int_equal(m.len, 1);
	imap_msgmap_set_exists(&m, 10);
	assert_int_equal(uid_at(&m, 10), 0);
	assert_int_equal(m.exists, 10);
	imap_msgmap_done(&m);
}

static void expunge_moves_what_is_behind(void **state)
{
	struct imap_msgmap m;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, 6);
	imap_msgmap_set_uid(&m, seq(4), 40);
	imap_msgmap_set_uid(&m, seq(6), 60);
	assert_true(imap_msgmap_expunge(&m, seq(1)));
	assert_int_equal(uid_at(&m, 3), 40);
	assert_true(imap_msgmap_expunge(&m, seq(4)));
	assert_int_equal(uid_at(&m, 3), 40);
	assert_int_equal(uid_at(&m, 4), 60);
	assert_int_equal(m.exists, 4);
	imap_msgmap_set_exists(&m, 5);
	imap_msgmap_set_uid(&m, seq(5), 70);
	assert_int_equal(uid_at(&m, 5), 70);
	assert_false(imap_msgmap_expunge(&m, seq(6)));
	assert_false(imap_msgmap_expunge(&m, seq(0)));
	imap_msgmap_done(&m);
}

static void counts_below_only_when_certain(void **state)
{
	struct imap_msgmap m;
	uint32_t n = 99;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, 6);
	assert_false(imap_msgmap_count_below(&m, 10, &n));
	imap_msgmap_set_uid(&m, seq(3), 30);
	imap_msgmap_set_uid(&m, seq(4), 40);
	assert_true(imap_msgmap_count_below(&m, 30, &n));
	assert_int_equal(n, 2);
	assert_true(imap_msgmap_count_below(&m, 35, &n));
	assert_int_equal(n, 3);
	assert_false(imap_msgmap_count_below(&m, 29, &n));
	assert_false(imap_msgmap_count_below(&m, 50, &n));
	imap_msgmap_set_uid(&m, seq(6), 60);
	assert_true(imap_msgmap_count_below(&m, 61, &n));
	assert_int_equal(n, 6);
	imap_msgmap_done(&m);
}

static void an_empty_folder_has_nothing_below(void **state)
{
	struct imap_msgmap m;
	uint32_t n = 99;

	(void)state;
	imap_msgmap_init(&m);
	assert_true(imap_msgmap_count_below(&m, 5, &n));
	assert_int_equal(n, 0);
	imap_msgmap_done(&m);
}

static void a_server_that_renumbers_makes_it_forget(void **state)
{
	struct imap_msgmap m;
	uint64_t before;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, 3);
	imap_msgmap_set_uid(&m, seq(2), 20);
	before = m.generation;
	imap_msgmap_set_uid(&m, seq(3), 15);
	assert_int_equal(uid_at(&m, 2), 0);
	assert_int_equal(uid_at(&m, 3), 0);
	assert_true(m.generation > before);
	imap_msgmap_set_uid(&m, seq(2), 20);
	imap_msgmap_set_uid(&m, seq(2), 21);
	assert_int_equal(uid_at(&m, 2), 0);
	imap_msgmap_done(&m);
}

static void vanished_uids_are_taken_out(void **state)
{
	struct imap_msgmap m;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, 8);
	imap_msgmap_set_uid(&m, seq(4), 40);
	imap_msgmap_set_uid(&m, seq(6), 60);
	imap_msgmap_set_uid(&m, seq(8), 80);
	imap_msgmap_vanish(&m, 60, 60); /* a known one */
	assert_int_equal(m.exists, 7);
	assert_int_equal(uid_at(&m, 7), 80);
	imap_msgmap_vanish(&m, 45, 45); /* one between 40 and 80 */
	assert_int_equal(m.exists, 6);
	assert_int_equal(uid_at(&m, 4), 40);
	assert_int_equal(uid_at(&m, 6), 80);
	imap_msgmap_vanish(&m, 3, 3); /* one below all that is known */
	assert_int_equal(m.exists, 5);
	assert_int_equal(uid_at(&m, 3), 40);
	assert_int_equal(uid_at(&m, 5), 80);
	imap_msgmap_vanish(&m, 1, UINT32_MAX);
	assert_int_equal(m.exists, 0);
	imap_msgmap_done(&m);
}

static void a_lie_about_four_thousand_million_messages_ends_soon(void **state)
{
	struct imap_msgmap m;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, UINT32_MAX);
	imap_msgmap_vanish(&m, 1, UINT32_MAX - 5);
	assert_int_equal(m.exists, 4);
	imap_msgmap_done(&m);
}

static void all_uids_come_at_once(void **state)
{
	const uint32_t uids[] = { 3, 5, 9, 12 };
	struct imap_seq from, before;
	struct imap_msgmap m;

	(void)state;
	imap_msgmap_init(&m);
	imap_msgmap_set_exists(&m, 4);
	assert_false(imap_msgmap_fill(&m, uids, 3)); /* not as many */
	imap_msgmap_set_uid(&m, seq(3), 8);
	assert_false(imap_msgmap_fill(&m, uids, 4)); /* it is known better */
	assert_int_equal(uid_at(&m, 3), 8);
	imap_msgmap_reset(&m);
	imap_msgmap_set_exists(&m, 4);
	assert_true(imap_msgmap_fill(&m, uids, 4));
	assert_int_equal(uid_at(&m, 1), 3);
	assert_int_equal(uid_at(&m, 4), 12);
	imap_msgmap_span(&m, 4, 9, &from, &before);
	assert_int_equal(from.n, 2);
	assert_int_equal(before.n, 4);
	imap_msgmap_span(&m, 13, UINT32_MAX, &from, &before);
	assert_int_equal(from.n, before.n);
	/* What has come since is not known, and what was is not forgotten. */
	imap_msgmap_set_exists(&m, 6);
	assert_int_equal(uid_at(&m, 5), 0);
	assert_false(m.has_forgotten);
	imap_msgmap_set_exists(&m, 5); /* which may not be */
	assert_true(m.has_forgotten);
	imap_msgmap_done(&m);
}

/* --- against a model --------------------------------------------------------------- */

#define MODEL_MAX 400

/* The same the plain way: an array that is moved whole. */
struct model {
	uint32_t uids[MODEL_MAX], count, last_uid;
};

static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % sides;
}

static void model_remove(struct model *o, uint32_t i)
{
	memmove(&o->uids[i], &o->uids[i + 1], (--o->count - i) * sizeof *o->uids);
}

static void some_come(struct model *o, struct imap_msgmap *m)
{
	uint32_t more = dice(20), before = o->count;

	while (more-- && o->count < MODEL_MAX)
		o->uids[o->count++] = o->last_uid += 1 + dice(3);
	imap_msgmap_set_exists(m, o->count);
	/* FETCH tells in any order. */
	for (uint32_t i = o->count; i > before; i--)
		imap_msgmap_set_uid(m, seq(i), o->uids[i - 1]);
}

/* One after the other from somewhere on, upwards or downwards, or all over the place. */
static void some_are_expunged(struct model *o, struct imap_msgmap *m)
{
	uint32_t at = o->count ? dice(o->count) : 0, how = dice(3);

	for (uint32_t n = dice(30); n > 0 && o->count; n--) {
		if (how == 0)
			at = dice(o->count);
		if (at >= o->count)
			at = o->count - 1;
		assert_int_equal(uid_at(m, at + 1), o->uids[at]);
		assert_true(imap_msgmap_expunge(m, seq(at + 1)));
		model_remove(o, at);
		if (how == 1 && at)
			at--;
	}
}

static void some_vanish(struct model *o, struct imap_msgmap *m)
{
	uint32_t i = o->count ? dice(o->count) : 0, n = dice(10), first, last;

	if (i + n >= o->count || !n)
		return;
	first = o->uids[i];
	last = o->uids[i + n - 1];
	while (n--)
		model_remove(o, i);
	imap_msgmap_vanish(m, first, last);
}

static void assert_same(const struct model *o, const struct imap_msgmap *m)
{
	uint32_t below = 0;

	assert_int_equal(m->exists, o->count);
	for (uint32_t i = 0; i < o->count; i++) {
		assert_int_equal(uid_at(m, i + 1), o->uids[i]);
		assert_true(imap_msgmap_has(m, o->uids[i]));
		assert_true(imap_msgmap_count_below(m, o->uids[i], &below));
		assert_int_equal(below, i);
	}
}

static void it_is_like_an_array(void **state)
{
	struct imap_msgmap m;
	struct model o;

	(void)state;
	for (uint32_t run = 1; run <= 50; run++) {
		seed = run;
		o = (struct model){ 0 };
		imap_msgmap_init(&m);
		for (int step = 0; step < 200; step++) {
			switch (dice(5)) {
			case 0:
			case 1: some_come(&o, &m); break;
			case 2:
			case 3: some_are_expunged(&o, &m); break;
			case 4: some_vanish(&o, &m); break;
			}
			if (dice(4) == 0)
				assert_same(&o, &m);
			if (dice(20) == 0)
				assert_true(imap_msgmap_fill(&m, o.uids, o.count));
		}
		assert_false(m.has_forgotten);
		assert_same(&o, &m);
		imap_msgmap_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_and_forgets),
		cmocka_unit_test(expunge_moves_what_is_behind),
		cmocka_unit_test(counts_below_only_when_certain),
		cmocka_unit_test(an_empty_folder_has_nothing_below),
		cmocka_unit_test(a_server_that_renumbers_makes_it_forget),
		cmocka_unit_test(vanished_uids_are_taken_out),
		cmocka_unit_test(all_uids_come_at_once),
		cmocka_unit_test(a_lie_about_four_thousand_million_messages_ends_soon),
		cmocka_unit_test(it_is_like_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
