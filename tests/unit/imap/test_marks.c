#include "cmocka_all.h"

#include "imap/marks.h"

static struct imap_seq seq(uint32_t n)
{
	return (struct imap_seq){ n };
}

/* The definition, one number after the other, against the runs. */
struct model {
	bool is_marked[65];
	uint32_t exists;
};

static void assert_same(const struct imap_marks *k, const struct model *m)
{
	uint32_t below = 0;

	for (uint32_t n = 1; n <= m->exists; n++) {
		assert_int_equal(imap_marks_has(k, seq(n)), m->is_marked[n]);
		assert_int_equal(imap_marks_below(k, seq(n)), below);
		below += m->is_marked[n];
	}
	assert_int_equal(k->total, below);
}

static void assert_window(const struct imap_marks *k, const struct model *m, bool descending,
			  uint32_t position)
{
	struct imap_window w = imap_window_at(k, m->exists, descending, position);
	struct imap_seq at = w.first;
	uint32_t rank = 0;

	for (uint32_t i = 1; i <= m->exists; i++) {
		uint32_t n = descending ? m->exists + 1 - i : i;

		if (m->is_marked[n] || rank++ < position)
			continue;
		assert_int_equal(at.n, n);
		assert_int_equal(imap_window_from(k, m->exists, descending, at).position, rank - 1);
		at = imap_window_next(k, m->exists, descending, at);
	}
	assert_int_equal(at.n, 0);
	assert_int_equal(w.total, rank);
	assert_int_equal(w.position, position < rank ? position : rank);
}

static void expunge_in_model(struct model *m, uint32_t n)
{
	memmove(&m->is_marked[n], &m->is_marked[n + 1], 64 - n);
	m->is_marked[64] = false;
	m->exists--;
}

static void behaves_like_a_row_of_switches(void **state)
{
	struct imap_marks k = { 0 };
	struct model m = { .exists = 64 };
	uint32_t random = 12345;

	(void)state;
	for (int i = 0; i < 4000 && m.exists > 5; i++) {
		uint32_t n;

		random = random * 1103515245u + 12345u;
		n = (random >> 16) % m.exists + 1;
		if (i % 80 == 79) {
			imap_marks_expunge(&k, seq(n));
			expunge_in_model(&m, n);
		} else {
			m.is_marked[n] = random >> 8 & 1;
			assert_true(imap_marks_set(&k, seq(n), m.is_marked[n]));
		}
		assert_same(&k, &m);
		assert_window(&k, &m, i & 1, (random >> 20) % 70);
	}
	imap_marks_done(&k);
}

static void takes_ranges_in_any_order(void **state)
{
	struct imap_marks k = { 0 };
	const struct imap_range ranges[] = { { 9, UINT32_MAX }, { 3, 5 }, { 5, 6 }, { 7, 7 } };

	(void)state;
	assert_true(imap_marks_set_all(&k, ranges, 4, 10));
	assert_int_equal(k.count, 2);
	assert_int_equal(k.total, 7);
	assert_int_equal(imap_window_at(&k, 10, true, 0).first.n, 8);
	assert_true(imap_marks_set_all(&k, NULL, 0, 10));
	assert_int_equal(k.total, 0);
	imap_marks_done(&k);
}

static void windows_beyond_the_end_are_empty(void **state)
{
	struct imap_marks k = { 0 };

	(void)state;
	assert_int_equal(imap_window_at(&k, 0, true, 0).first.n, 0);
	assert_int_equal(imap_window_from(&k, 10, true, seq(0)).first.n, 0);
	assert_int_equal(imap_window_from(&k, 10, true, seq(0)).position, 10);
	assert_int_equal(imap_window_from(&k, 10, false, seq(11)).first.n, 0);
	assert_int_equal(imap_window_from(&k, 10, true, seq(11)).first.n, 10);
	assert_int_equal(imap_window_from(&k, 10, false, seq(0)).first.n, 1);
	imap_marks_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_like_a_row_of_switches),
		cmocka_unit_test(takes_ranges_in_any_order),
		cmocka_unit_test(windows_beyond_the_end_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
