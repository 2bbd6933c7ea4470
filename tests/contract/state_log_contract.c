/* The event logs of state.h. */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/clock.h"
#include "state_world.h"

#define LOG         BYTES_LIT("8g6DTYgsdCRr")
#define ENTRIES_MAX 64
#define ALL_BYTES   (1024 * 1024)

/* --- the operations, waited for ------------------------------------------------ */

struct opened {
	int told;
	enum err err;
	struct state_cursor top, previous;
	size_t count;
	char names[ENTRIES_MAX][64], values[ENTRIES_MAX][64];
};

static void on_open(void *ctx, enum err err, struct state_cursor top, struct state_cursor previous,
		    const struct state_baseline *baselines, size_t count)
{
	struct opened *o = ctx;

	o->told++;
	o->err = err;
	o->top = top;
	o->previous = previous;
	o->count = count;
	assert_true(count <= ENTRIES_MAX);
	for (size_t i = 0; i < count; i++) {
		snprintf(o->names[i], sizeof o->names[i], "%.*s", BYTES_FMT(baselines[i].name));
		snprintf(o->values[i], sizeof o->values[i], "%.*s", BYTES_FMT(baselines[i].value));
	}
}

static struct opened open_log(struct world *w, struct bytes log)
{
	struct opened o = { 0 };

	world_wait(w, &o.told, state_log_open(w->state, world_call(w), log, on_open, &o));
	assert_int_equal(o.err, ERR_OK);
	return o;
}

struct topped {
	int told;
	enum err err;
	struct state_cursor top;
};

static void on_top(void *ctx, enum err err, struct state_cursor top)
{
	struct topped *t = ctx;

	t->told++;
	t->err = err;
	t->top = top;
}

static struct topped top_of(struct world *w, struct bytes log)
{
	struct topped t = { 0 };

	world_wait(w, &t.told, state_log_top(w->state, world_call(w), log, on_top, &t));
	return t;
}

static struct topped append_all(struct world *w, uint64_t epoch, const char *const *entries,
				size_t entry_count, const struct state_baseline *baselines,
				size_t baseline_count)
{
	struct bytes data[ENTRIES_MAX];
	struct topped t = { 0 };

	for (size_t i = 0; i < entry_count; i++)
		data[i] = bytes_of_str(entries[i]);
	world_wait(w, &t.told,
		   state_log_append(w->state, world_call(w), LOG, epoch, data, entry_count,
				    baselines, baseline_count, on_top, &t));
	return t;
}

/* Gives the cursor of the entry. */
static struct state_cursor append(struct world *w, uint64_t epoch, const char *entry)
{
	struct topped t = append_all(w, epoch, &entry, 1, NULL, 0);

	assert_int_equal(t.err, ERR_OK);
	return t.top;
}

struct got {
	int told;
	enum err err;
	size_t count;
	char text[512]; /* the entries, each with a space behind */
	struct state_cursor first, last_entry, last;
	bool has_more;
};

static void on_read(void *ctx, enum err err, const struct state_entry *entries, size_t count,
		    struct state_cursor last, bool has_more)
{
	struct got *g = ctx;
	size_t len = 0;

	g->told++;
	g->err = err;
	g->count = count;
	g->last = last;
	g->has_more = has_more;
	for (size_t i = 0; i < count; i++) {
		len += (size_t)snprintf(g->text + len, sizeof g->text - len, "%.*s ",
					BYTES_FMT(entries[i].data));
		assert_true(len < sizeof g->text);
	}
	if (count > 0) {
		g->first = entries[0].at;
		g->last_entry = entries[count - 1].at;
	}
}

static struct got read_some(struct world *w, struct bytes log, struct state_cursor after,
			    size_t max_entries, size_t max_bytes)
{
	struct got g = { 0 };

	world_wait(w, &g.told,
		   state_log_read(w->state, world_call(w), log, after, max_entries, max_bytes,
				  on_read, &g));
	return g;
}

static void check_read(struct world *w, struct state_cursor after, const char *want)
{
	struct got g = read_some(w, LOG, after, ENTRIES_MAX, ALL_BYTES);

	assert_int_equal(g.err, ERR_OK);
	assert_string_equal(g.text, want);
	assert_false(g.has_more);
	assert_int_equal(state_cursor_compare(g.last, top_of(w, LOG).top), 0);
}

static void check_lost(struct world *w, struct state_cursor after)
{
	struct got g = read_some(w, LOG, after, ENTRIES_MAX, ALL_BYTES);

	assert_int_equal(g.err, ERR_NOT_FOUND);
	assert_int_equal(g.count, 0);
	assert_int_equal(state_cursor_compare(g.last, top_of(w, LOG).top), 0);
}

static bool is_same(struct state_cursor a, struct state_cursor b)
{
	return state_cursor_compare(a, b) == 0;
}

/* --- the contract ----------------------------------------------------------------- */

static void a_log_begins_with_a_marker(void **test_state)
{
	struct world *w = *test_state;
	uint64_t before = (uint64_t)clock_wall_ms();
	struct opened o;

	assert_int_equal(top_of(w, LOG).err, ERR_NOT_FOUND);
	assert_int_equal(read_some(w, LOG, (struct state_cursor){ 0, 0 }, 1, 1).err, ERR_NOT_FOUND);
	o = open_log(w, LOG);
	assert_true(o.top.epoch >= before);
	assert_true(o.top.seq == 0);
	assert_true(o.previous.epoch == 0 && o.previous.seq == 0);
	assert_int_equal(o.count, 0);
	assert_true(is_same(top_of(w, LOG).top, o.top));
	check_read(w, o.top, "");
	check_lost(w, (struct state_cursor){ 0, 0 });
}

static void entries_come_in_order_from_where_one_was(void **test_state)
{
	struct world *w = *test_state;
	struct opened o = open_log(w, LOG);
	const char *const two[] = { "b", "c" };
	struct state_cursor a = append(w, o.top.epoch, "a");
	struct topped t = append_all(w, o.top.epoch, two, 2, NULL, 0);
	struct got g;

	assert_true(a.epoch == o.top.epoch && a.seq == 1);
	assert_true(t.top.epoch == o.top.epoch && t.top.seq == 3);
	check_read(w, o.top, "a b c ");
	check_read(w, a, "b c ");
	check_read(w, t.top, "");
	g = read_some(w, LOG, o.top, ENTRIES_MAX, ALL_BYTES);
	assert_true(is_same(g.first, a));
	assert_true(is_same(g.last_entry, t.top));
}

static void reading_is_bounded_and_goes_on(void **test_state)
{
	struct world *w = *test_state;
	struct opened o = open_log(w, LOG);
	const char *const three[] = { "1234567890", "b", "c" };
	struct got g;

	assert_int_equal(append_all(w, o.top.epoch, three, 3, NULL, 0).err, ERR_OK);
	g = read_some(w, LOG, o.top, 2, ALL_BYTES);
	assert_string_equal(g.text, "1234567890 b ");
	assert_true(g.has_more);
	g = read_some(w, LOG, g.last, 2, ALL_BYTES);
	assert_string_equal(g.text, "c ");
	assert_false(g.has_more);
	/* One always comes; the others only as far as they fit. */
	g = read_some(w, LOG, o.top, ENTRIES_MAX, 5);
	assert_string_equal(g.text, "1234567890 ");
	assert_true(g.has_more);
	g = read_some(w, LOG, o.top, ENTRIES_MAX, 11);
	assert_string_equal(g.text, "1234567890 b ");
	assert_true(g.has_more);
}

static void entries_are_any_bytes_and_are_copied(void **test_state)
{
	struct world *w = *test_state;
	struct opened o = open_log(w, LOG);
	char data[] = "a\n\"b";
	struct bytes entry = bytes_of(data, 4);
	struct topped t = { 0 };
	struct op *op = state_log_append(w->state, world_call(w), LOG, o.top.epoch, &entry, 1, NULL,
					 0, on_top, &t);

	memset(data, 'x', 4);
	world_wait(w, &t.told, op);
	check_read(w, o.top, "a\n\"b ");
}

static void who_opened_last_writes(void **test_state)
{
	struct world *w = *test_state;
	struct opened first = open_log(w, LOG), second;
	struct state_cursor a = append(w, first.top.epoch, "a");
	const char *const late[] = { "late" };
	struct state_baseline known = { BYTES_LIT("inbox"), BYTES_LIT("late") };
	struct topped t;

	second = open_log(w, LOG);
	assert_true(second.top.epoch > first.top.epoch);
	assert_true(is_same(second.previous, a));
	t = append_all(w, first.top.epoch, late, 1, &known, 1);
	assert_int_equal(t.err, ERR_CONFLICT);
	append(w, second.top.epoch, "b");
	/* Markers are not told, and readers go over them. */
	check_read(w, first.top, "a b ");
	check_read(w, a, "b ");
	check_read(w, second.top, "b ");
	assert_int_equal(open_log(w, LOG).count, 0);
	assert_int_equal(append_all(w, 0, late, 1, NULL, 0).err, ERR_CONFLICT);
}

static void reading_stops_behind_markers(void **test_state)
{
	struct world *w = *test_state;
	struct opened o = open_log(w, LOG);
	struct got g;

	append(w, o.top.epoch, "a");
	open_log(w, LOG);
	g = read_some(w, LOG, o.top, 1, ALL_BYTES);
	assert_string_equal(g.text, "a ");
	assert_false(g.has_more);
	assert_true(is_same(g.last, top_of(w, LOG).top));
}

static void nothing_can_be_written_to_what_was_not_opened(void **test_state)
{
	struct world *w = *test_state;
	const char *const entry[] = { "a" };

	assert_int_equal(append_all(w, 1, entry, 1, NULL, 0).err, ERR_CONFLICT);
	assert_int_equal(append_all(w, 0, entry, 1, NULL, 0).err, ERR_CONFLICT);
	assert_int_equal(top_of(w, LOG).err, ERR_NOT_FOUND);
}

static void cursors_that_were_never_given_are_lost(void **test_state)
{
	struct world *w = *test_state;
	struct opened o = open_log(w, LOG), other;
	struct state_cursor a = append(w, o.top.epoch, "a");

	check_lost(w, (struct state_cursor){ a.epoch, a.seq + 1 });
	check_lost(w, (struct state_cursor){ a.epoch + 1, 0 });
	check_lost(w, (struct state_cursor){ a.epoch - 1, 0 });
	check_lost(w, (struct state_cursor){ UINT64_MAX, UINT64_MAX });
	/* Of another log, though it lies between two of this one's. */
	other = open_log(w, BYTES_LIT("other"));
	append(w, open_log(w, LOG).top.epoch, "b");
	if (other.top.epoch > a.epoch)
		check_lost(w, other.top);
	assert_int_equal(read_some(w, BYTES_LIT("other"), a, 1, ALL_BYTES).err, ERR_NOT_FOUND);
}

static void baselines_stay_with_the_log(void **test_state)
{
	struct world *w = *test_state;
	struct opened o = open_log(w, LOG);
	const struct state_baseline first[] = {
		{ BYTES_LIT("inbox"), BYTES_LIT("one") },
		{ BYTES_LIT("sent"), BYTES_LIT("") },
		{ BYTES_LIT("trash"), BYTES_LIT("three") },
	};
	const struct state_baseline second[] = {
		{ BYTES_LIT("inbox"), BYTES_LIT("two") },
		{ BYTES_LIT("trash"), BYTES_NULL },
		{ BYTES_LIT("never was"), BYTES_NULL },
	};

	assert_int_equal(append_all(w, o.top.epoch, NULL, 0, first, 3).err, ERR_OK);
	assert_true(is_same(top_of(w, LOG).top, o.top)); /* which is no entry */
	o = open_log(w, LOG);
	assert_int_equal(o.count, 3);
	assert_string_equal(o.names[0], "inbox");
	assert_string_equal(o.values[0], "one");
	assert_string_equal(o.names[1], "sent");
	assert_string_equal(o.values[1], "");
	assert_string_equal(o.names[2], "trash");
	assert_string_equal(o.values[2], "three");
	assert_int_equal(append_all(w, o.top.epoch, NULL, 0, second, 3).err, ERR_OK);
	o = open_log(w, LOG);
	assert_int_equal(o.count, 2);
	assert_string_equal(o.values[0], "two");
	assert_string_equal(o.names[1], "sent");
	assert_int_equal(open_log(w, BYTES_LIT("other")).count, 0);
}

static void the_oldest_entries_go_and_who_missed_them_learns_so(void **test_state)
{
	struct world *w = *test_state;
	struct state_cursor at[6];
	struct state_baseline known = { BYTES_LIT("inbox"), BYTES_LIT("kept") };
	struct opened o;
	char text[2] = "a";

	world_limit(w, &(struct state_limits){ .log_max_entries = 3 });
	o = open_log(w, LOG);
	assert_int_equal(append_all(w, o.top.epoch, NULL, 0, &known, 1).err, ERR_OK);
	for (int i = 0; i < 6; i++) {
		text[0] = (char)('a' + i);
		at[i] = append(w, o.top.epoch, text);
	}
	check_lost(w, o.top);
	check_lost(w, at[1]);
	check_read(w, at[2], "d e f "); /* nothing after it is missing */
	check_read(w, at[3], "e f ");
	o = open_log(w, LOG);
	check_lost(w, at[2]);
	check_read(w, at[3], "e f ");
	assert_int_equal(o.count, 1);
	assert_string_equal(o.values[0], "kept");
}

static void more_at_once_than_is_kept_is_lost_to_all(void **test_state)
{
	struct world *w = *test_state;
	const char *const four[] = { "a", "b", "c", "d" };
	struct opened o;
	struct topped t;

	world_limit(w, &(struct state_limits){ .log_max_entries = 3 });
	o = open_log(w, LOG);
	t = append_all(w, o.top.epoch, four, 4, NULL, 0);
	assert_int_equal(t.err, ERR_OK);
	assert_true(t.top.seq == 4);
	check_lost(w, o.top);
	check_read(w, t.top, "");
}

static void the_bytes_of_a_log_are_bounded(void **test_state)
{
	struct world *w = *test_state;
	static char large[3000];
	const char *const entry[] = { large };
	struct state_baseline known = { BYTES_LIT("inbox"), bytes_of(large, sizeof large) };
	struct opened o;
	struct state_cursor first, second;
	struct topped t;

	memset(large, 'x', sizeof large - 1);
	world_limit(w, &(struct state_limits){ .log_max_bytes = 8000 });
	o = open_log(w, LOG);
	assert_int_equal(append_all(w, o.top.epoch, entry, 1, NULL, 0).err, ERR_OK);
	first = append(w, o.top.epoch, "a");
	assert_int_equal(append_all(w, o.top.epoch, entry, 1, NULL, 0).err, ERR_OK);
	second = append(w, o.top.epoch, "b");
	check_lost(w, (struct state_cursor){ first.epoch, 100 });
	/* Baselines push entries out, never the other way round. */
	assert_int_equal(append_all(w, o.top.epoch, NULL, 0, &known, 1).err, ERR_OK);
	check_lost(w, o.top);
	known.name = BYTES_LIT("sent");
	assert_int_equal(append_all(w, o.top.epoch, NULL, 0, &known, 1).err, ERR_OK);
	check_lost(w, first);
	check_read(w, second, "");
	/* And too many of them change nothing. */
	known.name = BYTES_LIT("trash");
	t = append_all(w, o.top.epoch, entry, 1, &known, 1);
	assert_int_equal(t.err, ERR_TOO_BIG);
	assert_true(is_same(top_of(w, LOG).top, second));
	assert_int_equal(open_log(w, LOG).count, 2);
}

static void unused_logs_go_as_a_whole(void **test_state)
{
	struct world *w = *test_state;
	struct opened o, again;
	uint64_t end;

	world_limit(w, &(struct state_limits){ .log_ttl_ms = 30 });
	o = open_log(w, LOG);
	end = clock_monotonic_ms() + 100;
	while (clock_monotonic_ms() < end)
		loop_turn(w->loop, 10);
	assert_int_equal(top_of(w, LOG).err, ERR_NOT_FOUND);
	again = open_log(w, LOG);
	assert_true(again.top.epoch > o.top.epoch);
	assert_true(again.previous.epoch == 0);
}

/* --- listeners ------------------------------------------------------------------------ */

struct listening {
	struct state_listener l;
	struct world *w;
	int told;
	struct listening *other; /* to be silenced on news */
};

static void on_news(struct state_listener *l)
{
	struct listening *x = (struct listening *)l;

	x->told++;
	if (x->other) {
		state_log_unlisten(&x->other->l);
		state_log_unlisten(&x->l);
	}
}

static void wait_news(struct listening *x, int want)
{
	for (int i = 0; i < WORLD_TURNS_MAX && x->told < want; i++)
		loop_turn(x->w->loop, 5);
	assert_int_equal(x->told, want);
}

static void listeners_hear_of_news_once(void **test_state)
{
	struct world *w = *test_state;
	struct listening a = { .l.on_news = on_news, .w = w }, b = a, other = a;
	const struct bytes entry = BYTES_LIT("a");
	struct topped t[3] = { 0 };
	struct opened o;

	/* Before there is a log, too. */
	assert_int_equal(state_log_listen(w->state, LOG, &a.l), ERR_OK);
	o = open_log(w, LOG);
	assert_int_equal(state_log_listen(w->state, LOG, &b.l), ERR_OK);
	assert_int_equal(state_log_listen(w->state, BYTES_LIT("other"), &other.l), ERR_OK);
	append(w, o.top.epoch, "a");
	wait_news(&a, 1);
	wait_news(&b, 1);
	for (int i = 0; i < 3; i++)
		state_log_append(w->state, world_call(w), LOG, o.top.epoch, &entry, 1, NULL, 0,
				 on_top, &t[i]);
	wait_news(&a, 2);
	state_log_unlisten(&b.l);
	append(w, o.top.epoch, "b");
	wait_news(&a, 3);
	assert_int_equal(b.told, 2);
	assert_int_equal(other.told, 0);
	state_log_unlisten(&b.l); /* does no harm */
	state_log_unlisten(&other.l);
	state_log_unlisten(&a.l);
	append(w, o.top.epoch, "c");
	loop_turn(w->loop, 1);
	assert_int_equal(a.told, 3);
}

static void listeners_may_go_while_they_are_told(void **test_state)
{
	struct world *w = *test_state;
	struct listening a = { .l.on_news = on_news, .w = w }, b = a, c = a;
	struct opened o = open_log(w, LOG);

	/* Whichever of a and b is told first silences both. */
	a.other = &b;
	b.other = &a;
	assert_int_equal(state_log_listen(w->state, LOG, &a.l), ERR_OK);
	assert_int_equal(state_log_listen(w->state, LOG, &c.l), ERR_OK);
	assert_int_equal(state_log_listen(w->state, LOG, &b.l), ERR_OK);
	append(w, o.top.epoch, "a");
	wait_news(&c, 1);
	assert_int_equal(a.told + b.told, 1);
	append(w, o.top.epoch, "b");
	wait_news(&c, 2);
	assert_int_equal(a.told + b.told, 1);
	state_log_unlisten(&a.l);
	state_log_unlisten(&b.l);
	state_log_unlisten(&c.l);
}

static void a_log_that_is_listened_to_stays(void **test_state)
{
	struct world *w = *test_state;
	struct listening a = { .l.on_news = on_news, .w = w };
	struct opened o;
	uint64_t end;

	world_limit(w, &(struct state_limits){ .log_ttl_ms = 30 });
	assert_int_equal(state_log_listen(w->state, LOG, &a.l), ERR_OK);
	o = open_log(w, LOG);
	append(w, o.top.epoch, "a");
	end = clock_monotonic_ms() + 100;
	while (clock_monotonic_ms() < end)
		loop_turn(w->loop, 10);
	check_read(w, o.top, "a ");
	state_log_unlisten(&a.l);
}

/* --- looking at what the writer remembers ----------------------------------------- */

struct looked {
	int told;
	enum err err;
	struct state_cursor top;
	bool has_mark, has_value;
	char mark[64], value[64];
};

static void on_look(void *ctx, enum err err, const struct state_log_sight *sight)
{
	struct looked *l = ctx;

	l->told++;
	l->err = err;
	assert_true((sight == NULL) == (err != ERR_OK));
	if (err)
		return;
	l->top = sight->top;
	l->has_mark = !bytes_is_null(sight->mark);
	l->has_value = !bytes_is_null(sight->value);
	snprintf(l->mark, sizeof l->mark, "%.*s", BYTES_FMT(sight->mark));
	snprintf(l->value, sizeof l->value, "%.*s", BYTES_FMT(sight->value));
}

static struct looked look(struct world *w, struct bytes known, struct bytes name)
{
	struct looked l = { 0 };

	world_wait(w, &l.told,
		   state_log_look(w->state, world_call(w), LOG, BYTES_LIT("mark"), known, name,
				  on_look, &l));
	return l;
}

static void looking_tells_what_has_changed(void **test_state)
{
	const struct state_baseline first[] = { { BYTES_LIT("mark"), BYTES_LIT("v1") },
						{ BYTES_LIT("folder"), BYTES_LIT("all of it") } };
	const struct state_baseline gone[] = { { BYTES_LIT("mark"), BYTES_NULL } };
	struct world *w = *test_state;
	struct looked l = look(w, BYTES_NULL, BYTES_LIT("folder"));
	struct opened o;

	assert_int_equal(l.err, ERR_NOT_FOUND);
	o = open_log(w, LOG);
	l = look(w, BYTES_NULL, BYTES_LIT("folder"));
	assert_int_equal(l.err, ERR_OK);
	assert_false(l.has_mark || l.has_value);
	append_all(w, o.top.epoch, NULL, 0, first, 2);
	l = look(w, BYTES_NULL, BYTES_LIT("folder"));
	assert_string_equal(l.mark, "v1");
	assert_string_equal(l.value, "all of it");
	assert_int_equal(l.top.epoch, o.top.epoch);
	l = look(w, BYTES_LIT("v1"), BYTES_LIT("folder"));
	assert_string_equal(l.mark, "v1");
	assert_false(l.has_value);
	l = look(w, BYTES_LIT("v0"), BYTES_LIT("folder"));
	assert_string_equal(l.value, "all of it");
	l = look(w, BYTES_LIT("v0"), BYTES_NULL);
	assert_true(l.has_mark);
	assert_false(l.has_value);
	append_all(w, o.top.epoch, NULL, 0, gone, 1);
	l = look(w, BYTES_LIT("v1"), BYTES_LIT("folder"));
	assert_false(l.has_mark);
	assert_string_equal(l.value, "all of it");
}

static void freeing_the_store_silences_listeners(void **test_state)
{
	struct world *w = *test_state;
	struct listening a = { .l.on_news = on_news, .w = w };
	struct opened o = open_log(w, LOG);
	const struct bytes entry = BYTES_LIT("a");
	struct topped t = { 0 };

	assert_int_equal(state_log_listen(w->state, LOG, &a.l), ERR_OK);
	append(w, o.top.epoch, "a");
	state_log_append(w->state, world_call(w), LOG, o.top.epoch, &entry, 1, NULL, 0, on_top, &t);
	state_free(w->state);
	w->state = NULL;
	a.told = 0;
	loop_turn(w->loop, 1);
	assert_int_equal(a.told, 0);
	assert_int_equal(t.told, 0);
	state_log_unlisten(&a.l);
}

#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int state_log_contract_run(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(a_log_begins_with_a_marker),
		CONTRACT(entries_come_in_order_from_where_one_was),
		CONTRACT(reading_is_bounded_and_goes_on),
		CONTRACT(entries_are_any_bytes_and_are_copied),
		CONTRACT(who_opened_last_writes),
		CONTRACT(reading_stops_behind_markers),
		CONTRACT(nothing_can_be_written_to_what_was_not_opened),
		CONTRACT(cursors_that_were_never_given_are_lost),
		CONTRACT(baselines_stay_with_the_log),
		CONTRACT(the_oldest_entries_go_and_who_missed_them_learns_so),
		CONTRACT(more_at_once_than_is_kept_is_lost_to_all),
		CONTRACT(the_bytes_of_a_log_are_bounded),
		CONTRACT(unused_logs_go_as_a_whole),
		CONTRACT(listeners_hear_of_news_once),
		CONTRACT(listeners_may_go_while_they_are_told),
		CONTRACT(a_log_that_is_listened_to_stays),
		CONTRACT(looking_tells_what_has_changed),
		CONTRACT(freeing_the_store_silences_listeners),
	};

	return cmocka_run_group_tests_name("state log contract", tests, NULL, NULL);
}
