/*
 * Random syncs and events against a model that does everything the slow way: an array
 * with a place for every message that ever was.
 */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "cache/folder_state.h"

#define PLACES 700 /* more than two blocks */
#define SETS   12
#define ROUNDS 300

struct place {
	bool is_there;
	unsigned set;
};

struct model {
	uint64_t random;
	struct arena *mem; /* of one round */
	struct arena *names;
	struct keywords sets[SETS];
	struct place now[PLACES];
	uint32_t uids[PLACES];
	size_t used; /* places whose UID has been given out */
	struct folder_state *fs;
	uint64_t modseq;
	bool has_modseqs;
	struct place then[PLACES]; /* as it was at that version */
	uint64_t then_version;
	unsigned compared;
};

static uint32_t pick(struct model *m, uint32_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)(m->random >> 20) % below;
}

static bool is_visible(const struct model *m, const struct place *p)
{
	return p->is_there && !(m->sets[p->set].system & KEYWORD_DELETED);
}

static void make_sets(struct model *m)
{
	static const char *const names[] = { "$seen", "$flagged", "$deleted", "work", "zoo" };

	for (unsigned i = 0; i < SETS; i++) {
		m->sets[i] = (struct keywords){ 0 };
		for (unsigned n = 0; n < 5; n++)
			if ((i * 7 + 3) >> n & 1)
				assert_true(keywords_add(&m->sets[i], m->names,
							 bytes_of_str(names[n])));
	}
}

/* UIDs in runs, with holes of all sizes. */
static void make_uids(struct model *m)
{
	uint32_t uid = 0;

	for (size_t i = 0; i < PLACES; i++) {
		uint32_t gap = pick(m, 20);

		uid += gap < 15 ? 1 : gap < 18 ? 2 + pick(m, 50) : 1 + pick(m, 100000);
		m->uids[i] = uid;
	}
}

/* --- what happens ----------------------------------------------------- */

static void arrive(struct model *m, size_t i)
{
	m->now[i] = (struct place){ true, pick(m, SETS) };
}

static struct mail_flags flags_of(struct model *m, size_t i)
{
	m->modseq++;
	return (struct mail_flags){ m->uids[i], m->has_modseqs ? m->modseq : 0,
				    m->sets[m->now[i].set] };
}

/* Everything at once, as after a time without a connection; `told` gets the places that
 * changed. */
static void live_on(struct model *m, bool told[PLACES], struct uid_set *gone)
{
	uint32_t fresh = pick(m, 3) ? pick(m, 5) : pick(m, 300);
	uint32_t calm = 1 + pick(m, 60);

	for (size_t i = 0; i < m->used; i++) {
		if (!m->now[i].is_there || pick(m, calm))
			continue;
		if (pick(m, 2)) {
			m->now[i].is_there = false;
			assert_int_equal(uid_set_add(gone, m->uids[i], m->uids[i]), ERR_OK);
		} else {
			m->now[i].set = pick(m, SETS);
			told[i] = true;
		}
	}
	for (; fresh && m->used < PLACES; fresh--, m->used++) {
		arrive(m, m->used);
		told[m->used] = true;
	}
}

static void sync_now(struct model *m, struct folder_diff *ret)
{
	static struct mail_flags flags[PLACES];
	struct mail_sync sync = { .uidvalidity = 9,
				  .flags = flags,
				  .is_whole = m->modseq == 0 || pick(m, 3) == 0 };
	bool told[PLACES] = { false };
	struct uid_set gone;

	uid_set_init(&gone, 10000);
	live_on(m, told, &gone);
	for (size_t i = 0; i < m->used; i++)
		if (m->now[i].is_there && (sync.is_whole || told[i]))
			flags[sync.count++] = flags_of(m, i);
	sync.highestmodseq = m->has_modseqs ? m->modseq : 0;
	sync.gone = &gone;
	assert_int_equal(folder_state_sync(m->fs, m->mem, &sync, ret), ERR_OK);
	uid_set_done(&gone);
}

static void event_new(struct model *m, struct folder_diff *ret)
{
	struct mail_item items[20] = { 0 };
	struct mail_event ev = { .kind = MAIL_EVENT_NEW, .items = items };

	for (uint32_t n = 1 + pick(m, 20); n && m->used < PLACES; n--, m->used++) {
		struct mail_item *item = &items[ev.count++];

		arrive(m, m->used);
		item->key.kind = MESSAGE_KEY_UID;
		item->key.uidvalidity = 9;
		item->key.uid = m->uids[m->used];
		item->keywords = m->sets[m->now[m->used].set];
	}
	assert_int_equal(folder_state_event(m->fs, m->mem, &ev, ret), ERR_OK);
}

/* In any order, some twice, some of messages that never were told. */
static void event_flags(struct model *m, struct folder_diff *ret)
{
	struct mail_flags flags[30];
	struct mail_event ev = { .kind = MAIL_EVENT_FLAGS, .flags = flags };

	for (uint32_t n = 1 + pick(m, 30); n && m->used; n--) {
		size_t i = pick(m, (uint32_t)m->used);

		if (!m->now[i].is_there && pick(m, 4))
			continue;
		arrive(m, i);
		flags[ev.count++] = flags_of(m, i);
	}
	assert_int_equal(folder_state_event(m->fs, m->mem, &ev, ret), ERR_OK);
}

static void event_gone(struct model *m, struct folder_diff *ret)
{
	struct uid_set gone;
	struct mail_event ev = { .kind = MAIL_EVENT_GONE, .gone = &gone };

	uid_set_init(&gone, 1000);
	for (uint32_t n = 1 + pick(m, 8); n && m->used; n--) {
		size_t i = pick(m, (uint32_t)m->used);
		size_t end = i + pick(m, 40);

		for (; i < end && i < m->used; i++) {
			m->now[i].is_there = false;
			assert_int_equal(uid_set_add(&gone, m->uids[i], m->uids[i]), ERR_OK);
		}
	}
	assert_int_equal(folder_state_event(m->fs, m->mem, &ev, ret), ERR_OK);
	uid_set_done(&gone);
}

static void event_looked(struct model *m, struct folder_diff *ret)
{
	struct mail_event ev = { .kind = MAIL_EVENT_LOOKED, .highestmodseq = m->modseq };

	if (!m->has_modseqs)
		ev.highestmodseq = 0;
	assert_int_equal(folder_state_event(m->fs, m->mem, &ev, ret), ERR_OK);
}

/* The next process goes on from what this one saved. */
static void save_and_load(struct model *m, struct folder_diff *ret)
{
	struct buf saved;

	buf_init(&saved, 1 << 20);
	folder_state_save(m->fs, &saved);
	folder_state_free(m->fs);
	m->fs = folder_state_new(0);
	assert_int_equal(folder_state_load(m->fs, buf_bytes(&saved)), ERR_OK);
	buf_done(&saved);
	*ret = (struct folder_diff){ 0 };
}

/* --- what has to be so ------------------------------------------------ */

static void check_diff(const struct model *m, const struct place *before,
		       const struct folder_diff *diff)
{
	size_t created = 0, updated = 0, gone = 0;

	for (size_t i = 0; i < PLACES; i++) {
		const struct place *a = &before[i], *b = &m->now[i];
		bool was = is_visible(m, a), is = is_visible(m, b);

		if (is && !was)
			assert_int_equal(diff->created[created++], m->uids[i]);
		else if (was && !is)
			assert_int_equal(diff->gone[gone++], m->uids[i]);
		else if (was && !keywords_equal(&m->sets[a->set], &m->sets[b->set]))
			assert_int_equal(diff->updated[updated++], m->uids[i]);
	}
	assert_int_equal(diff->created_count, created);
	assert_int_equal(diff->updated_count, updated);
	assert_int_equal(diff->gone_count, gone);
	assert_false(diff->is_reset);
}

static bool is_among(uint32_t uid, const uint32_t *uids, size_t count)
{
	while (count && uids[count - 1] != uid)
		count--;
	return count > 0;
}

/* From a version that was noted some rounds ago; what changed and changed back may be
 * told as well. */
static void check_since(struct model *m)
{
	struct folder_diff d;
	size_t created = 0, gone = 0;

	if (!folder_state_since(m->fs, m->then_version, m->mem, &d))
		return;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *a = &m->then[i], *b = &m->now[i];
		bool was = is_visible(m, a), is = is_visible(m, b);
		bool is_told = is_among(m->uids[i], d.updated, d.updated_count);

		if (is && !was)
			assert_int_equal(d.created[created++], m->uids[i]);
		else if (was && !is)
			assert_int_equal(d.gone[gone++], m->uids[i]);
		else if (was && !keywords_equal(&m->sets[a->set], &m->sets[b->set]))
			assert_true(is_told);
		assert_true(!is_told || (was && is));
	}
	assert_int_equal(d.created_count, created);
	assert_int_equal(d.gone_count, gone);
	m->compared++;
}

static void note_now(struct model *m)
{
	memcpy(m->then, m->now, sizeof m->then);
	m->then_version = folder_state_version(m->fs);
}

static bool wants(const struct folder_filter *f, const struct keywords *k)
{
	for (size_t i = 0; i < f->has.custom.count; i++)
		if (!keywords_has(k, f->has.custom.at[i]))
			return false;
	return !(k->system & f->lacks.system);
}

static void check_windows(struct model *m, const struct folder_filter *f, bool descending)
{
	static uint32_t want[PLACES], got[PLACES];
	size_t total = 0, max = 1 + pick(m, 100), n;
	uint32_t position, uid = m->uids[pick(m, PLACES)] - pick(m, 2), rank = 0;

	for (size_t i = 0; i < PLACES; i++) {
		size_t at = descending ? PLACES - 1 - i : i;

		if (is_visible(m, &m->now[at]) && wants(f, &m->sets[m->now[at].set]))
			want[total++] = m->uids[at];
	}
	while (rank < total && (descending ? want[rank] > uid : want[rank] < uid))
		rank++;
	assert_int_equal(folder_state_rank(m->fs, f, uid, descending), rank);
	assert_int_equal(folder_state_count(m->fs, f), total);
	position = pick(m, 4) ? pick(m, (uint32_t)total + 2) : 0;
	n = folder_state_window(m->fs, f, position, descending, got, max);
	assert_int_equal(n, position >= total        ? 0
			    : total - position < max ? total - position
						     : max);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got[i], want[position + i]);
}

static void check_all(struct model *m)
{
	struct folder_totals t = folder_state_totals(m->fs);
	struct mail_baseline base = folder_state_baseline(m->fs);
	struct bytes work = BYTES_LIT("work");
	struct folder_filter any = { 0 }, unseen = { .lacks.system = KEYWORD_SEEN },
			     at_work = { .has.custom = { &work, 1 } };
	uint32_t total = 0, unread = 0;

	for (size_t i = 0; i < PLACES; i++) {
		struct keywords k;
		bool visible = is_visible(m, &m->now[i]);

		total += visible;
		unread += visible && !(m->sets[m->now[i].set].system & KEYWORD_SEEN);
		assert_int_equal(folder_state_is_visible(m->fs, m->uids[i]), visible);
		assert_int_equal(folder_state_keywords(m->fs, m->uids[i], &k), visible);
		if (visible)
			assert_true(keywords_equal(&k, &m->sets[m->now[i].set]));
		assert_int_equal(uid_set_has(base.uids, m->uids[i]), m->now[i].is_there);
	}
	assert_int_equal(t.total, total);
	assert_int_equal(t.unread, unread);
	for (unsigned i = 0; i < 2; i++) {
		check_windows(m, &any, i);
		check_windows(m, &unseen, i);
		check_windows(m, &at_work, i);
	}
}

static void run(struct model *m)
{
	static struct place before[PLACES];
	struct folder_diff diff;

	sync_now(m, &diff);
	note_now(m);
	for (int round = 0; round < ROUNDS; round++) {
		m->mem = arena_new(1 << 22);
		memcpy(before, m->now, sizeof before);
		switch (pick(m, 7)) {
		case 0: sync_now(m, &diff); break;
		case 1: event_looked(m, &diff); break;
		case 2: event_gone(m, &diff); break;
		case 3: save_and_load(m, &diff); break;
		case 4: event_flags(m, &diff); break;
		default: event_new(m, &diff);
		}
		check_diff(m, before, &diff);
		check_all(m);
		check_since(m);
		if (pick(m, 12) == 0)
			note_now(m);
		arena_free(m->mem);
	}
}

static void it_is_as_the_model_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct model *m = calloc(1, sizeof *m);

		print_message("seed %u\n", (unsigned)seed);
		m->random = seed * 0x9e3779b97f4a7c15;
		m->names = arena_new(1 << 16);
		m->mem = m->names;
		m->fs = folder_state_new(0);
		make_sets(m);
		make_uids(m);
		m->has_modseqs = seed % 2;
		run(m);
		assert_true(m->has_modseqs || m->compared > 50);
		folder_state_free(m->fs);
		arena_free(m->names);
		free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_as_the_model_says) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
