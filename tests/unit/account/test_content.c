#include "kit.h"

#include "base/buf.h"

#define BIN_BYTES 100000

struct world {
	struct kit k;
	struct account *a;
	char id[ID_TEXT_MAX + 1];
	struct buf raw;
	uint8_t bin[BIN_BYTES]; /* what part 2 decodes to */
};

struct taking {
	struct world *w;
	struct op *op;
	bool done, has_head;
	struct fault fault;
	struct content_head head;
	struct buf got;
	size_t pause_every, since_pause; /* bytes */
	size_t most_after_pause;
	bool paused;
	size_t cancel_after; /* bytes; 0: not */
	bool cancel_in_head;
};

static void on_head(void *ctx, const struct content_head *head)
{
	struct taking *t = ctx;

	assert_false(t->has_head);
	assert_false(kit_is_starting);
	t->has_head = true;
	t->head = *head;
	if (t->cancel_in_head) {
		t->done = true;
		op_cancel(t->op);
	}
}

static enum flow on_data(void *ctx, struct bytes data)
{
	struct taking *t = ctx;

	assert_true(t->has_head);
	assert_false(t->done);
	assert_true(data.len > 0);
	buf_append(&t->got, data);
	if (t->paused) {
		t->most_after_pause += data.len;
		assert_true(t->most_after_pause <= FLOW_SLACK_BYTES);
	}
	t->since_pause += data.len;
	if (t->cancel_after && t->got.len >= t->cancel_after) {
		t->done = true;
		op_cancel(t->op);
		return FLOW_MORE;
	}
	if (!t->pause_every || t->since_pause < t->pause_every)
		return FLOW_MORE;
	t->since_pause = 0;
	t->paused = true;
	return FLOW_PAUSE;
}

static void on_done(void *ctx, const struct fault *fault)
{
	struct taking *t = ctx;

	assert_false(kit_is_starting);
	assert_false(t->done);
	t->done = true;
	if (fault)
		t->fault = *fault;
}

static const struct content_events events = { on_head, on_data, on_done };

static void put_base64(struct buf *to, const uint8_t *at, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)at[i] << 16;

		v |= i + 1 < n ? (uint32_t)at[i + 1] << 8 : 0;
		v |= i + 2 < n ? (uint32_t)at[i + 2] : 0;
		buf_append_byte(to, (uint8_t)digits[v >> 18]);
		buf_append_byte(to, (uint8_t)digits[v >> 12 & 63]);
		buf_append_byte(to, (uint8_t)(i + 1 < n ? digits[v >> 6 & 63] : '='));
		buf_append_byte(to, (uint8_t)(i + 2 < n ? digits[v & 63] : '='));
		if (i % 57 == 54)
			buf_append_str(to, "\r\n");
	}
}

/* Part 1 is plain text of 26 bytes, part 2 BIN_BYTES of base64. */
static void begin_with(struct world *w, unsigned sessions)
{
	struct message_id id = { .key.kind = MESSAGE_KEY_UID };

	kit_init(&w->k);
	w->k.limits.sessions_per_account = sessions;
	kit_start(&w->k);
	w->a = kit_account(&w->k);
	for (size_t i = 0; i < BIN_BYTES; i++)
		w->bin[i] = (uint8_t)(i * 7 + i / 251);
	buf_init(&w->raw, 1 << 20);
	buf_append_str(&w->raw,
		       "Subject: x\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
		       "Content-Type: text/plain; charset=utf-8\r\n\r\n"
		       "abcdefghijklmnopqrstuvwxyz\r\n--B\r\n"
		       "Content-Type: image/png; name=\"p\xc3\xa4ng.png\"\r\n"
		       "Content-Transfer-Encoding: base64\r\n\r\n");
	put_base64(&w->raw, w->bin, BIN_BYTES);
	buf_append_str(&w->raw, "\r\n--B--\r\n");
	fake_set_uidvalidity(w->k.server, "INBOX", 77);
	id.folder = folder_id_of(account_id(w->a), BYTES_LIT("INBOX"));
	id.key.uidvalidity = 77;
	id.key.uid = fake_add_message(w->k.server, "INBOX", buf_bytes(&w->raw), NULL, 1);
	message_id_format(&id, w->id);
}

static void begin(struct world *w)
{
	begin_with(w, 3);
}

static void end(struct world *w)
{
	buf_done(&w->raw);
	account_unref(w->a);
	kit_done(&w->k);
}

static void take_init(struct taking *t, struct world *w)
{
	*t = (struct taking){ .w = w };
	buf_init(&t->got, 1 << 20);
}

static void take_start(struct taking *t, const char *part, struct content_range range)
{
	struct world *w = t->w;
	struct bytes id = bytes_of_str(w->id);

	t->op = KIT_START(
		part ? account_stream_part(w->a, kit_bulk_call(&w->k), id, bytes_of_str(part),
					   false, &range, &events, t)
		     : account_stream_raw(w->a, kit_bulk_call(&w->k), id, &range, &events, t));
}

static void take_rest(struct taking *t)
{
	while (!t->done) {
		kit_turn(&t->w->k, 3);
		if (t->paused) {
			t->paused = false;
			t->most_after_pause = 0;
			op_resume(t->op);
		}
	}
}

static struct taking take(struct world *w, const char *part, struct content_range range)
{
	struct taking t;

	take_init(&t, w);
	take_start(&t, part, range);
	kit_wait(&w->k, &t.done);
	return t;
}

static const struct content_range whole;

static struct content_range range(uint64_t first, uint64_t last)
{
	return (struct content_range){ .has_range = true, .first = first, .last = last };
}

static struct content_range suffix(uint64_t n)
{
	return (struct content_range){ .has_range = true, .is_suffix = true, .first = n };
}

static void assert_part_2(struct taking *t, size_t first, size_t count)
{
	assert_int_equal(t->fault.err, ERR_OK);
	assert_int_equal(t->got.len, count);
	assert_memory_equal(buf_bytes(&t->got).at, t->w->bin + first, count);
	buf_done(&t->got);
}

static void a_part_comes_decoded_with_what_it_is(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	t = take(&w, "2", whole);
	assert_bytes_equal_str(t.head.type, "image/png");
	assert_bytes_equal_str(t.head.name, "päng.png");
	assert_true(bytes_is_null(t.head.charset));
	assert_false(t.head.is_size_exact);
	assert_false(t.head.is_partial);
	assert_part_2(&t, 0, BIN_BYTES);
	t = take(&w, "1", whole);
	assert_bytes_equal_str(buf_bytes(&t.got), "abcdefghijklmnopqrstuvwxyz");
	assert_bytes_equal_str(t.head.charset, "utf-8");
	assert_true(t.head.is_size_exact);
	assert_int_equal(t.head.size_bytes, 26);
	buf_done(&t.got);
	end(&w);
}

static void the_result_does_not_depend_on_how_it_is_cut(void **state)
{
	const size_t chunks[] = { 1, 3, 1000, 16384, 65536 };
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
		struct taking t;

		fake_set_chunk(w.k.server, chunks[i]);
		t = take(&w, "2", whole);
		assert_part_2(&t, 0, BIN_BYTES);
	}
	end(&w);
}

static void a_size_is_exact_once_it_was_seen(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	t = take(&w, "2", range(10, UINT64_MAX));
	assert_false(t.head.is_partial); /* open-ended while inexact: the whole */
	assert_part_2(&t, 0, BIN_BYTES);
	t = take(&w, "2", range(10, UINT64_MAX));
	assert_true(t.head.is_size_exact);
	assert_int_equal(t.head.size_bytes, BIN_BYTES);
	assert_true(t.head.is_partial);
	assert_int_equal(t.head.first, 10);
	assert_int_equal(t.head.last, BIN_BYTES - 1);
	assert_part_2(&t, 10, BIN_BYTES - 10);
	t = take(&w, "2", suffix(100));
	assert_int_equal(t.head.first, BIN_BYTES - 100);
	assert_part_2(&t, BIN_BYTES - 100, 100);
	t = take(&w, "2", range(BIN_BYTES, BIN_BYTES + 1));
	assert_string_equal(t.fault.code, "range-not-satisfiable");
	assert_false(t.has_head);
	buf_done(&t.got);
	end(&w);
}

static void closed_ranges_are_served_while_the_size_is_inexact(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	t = take(&w, "2", range(1000, 1999));
	assert_false(t.head.is_size_exact);
	assert_true(t.head.is_partial);
	assert_int_equal(t.head.first, 1000);
	assert_int_equal(t.head.last, 1999);
	assert_part_2(&t, 1000, 1000);
	/* Might reach beyond the end: counted first. */
	t = take(&w, "2", range(BIN_BYTES - 10, BIN_BYTES + 1000));
	assert_true(t.head.is_size_exact);
	assert_int_equal(t.head.last, BIN_BYTES - 1);
	assert_part_2(&t, BIN_BYTES - 10, 10);
	end(&w);
}

static void a_range_behind_the_end_is_not_satisfiable_whatever_is_known(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	t = take(&w, "2", range(10 * BIN_BYTES, 10 * BIN_BYTES + 5));
	assert_int_equal(t.fault.err, ERR_INVALID);
	assert_string_equal(t.fault.code, "range-not-satisfiable");
	t = take(&w, "1", range(26, 30));
	assert_string_equal(t.fault.code, "range-not-satisfiable");
	t = take(&w, "1", suffix(0));
	assert_string_equal(t.fault.code, "range-not-satisfiable");
	end(&w);
}

static void ranges_of_what_is_not_encoded_are_fetched_alone(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	t = take(&w, "1", range(2, 4));
	assert_bytes_equal_str(buf_bytes(&t.got), "cde");
	buf_done(&t.got);
	t = take(&w, "1", range(20, 99));
	assert_int_equal(t.head.last, 25);
	assert_bytes_equal_str(buf_bytes(&t.got), "uvwxyz");
	buf_done(&t.got);
	t = take(&w, "1", suffix(99));
	assert_bytes_equal_str(buf_bytes(&t.got), "abcdefghijklmnopqrstuvwxyz");
	buf_done(&t.got);
	t = take(&w, NULL, range(9, 9));
	assert_bytes_equal_str(buf_bytes(&t.got), "x");
	assert_int_equal(t.head.size_bytes, w.raw.len);
	buf_done(&t.got);
	end(&w);
}

static void the_raw_message_is_as_it_is(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	t = take(&w, NULL, whole);
	assert_bytes_equal_str(t.head.type, "message/rfc822");
	assert_true(t.head.is_size_exact);
	assert_int_equal(t.got.len, w.raw.len);
	assert_memory_equal(buf_bytes(&t.got).at, buf_bytes(&w.raw).at, w.raw.len);
	buf_done(&t.got);
	end(&w);
}

static void who_pauses_gets_little_more_until_he_resumes(void **state)
{
	const char *parts[] = { "2", NULL };
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < 2; i++) {
		struct taking t;

		take_init(&t, &w);
		t.pause_every = 5000;
		take_start(&t, parts[i], whole);
		take_rest(&t);
		assert_int_equal(t.fault.err, ERR_OK);
		assert_int_equal(t.got.len, parts[i] ? BIN_BYTES : w.raw.len);
		buf_done(&t.got);
	}
	end(&w);
}

static void parts_that_are_not_there_are_not_found(void **state)
{
	const char *bad[] = { "3", "", "0", "2.1", "HEADER", "1.MIME", "TEXT" };
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct taking t = take(&w, bad[i], whole);

		assert_int_equal(t.fault.err, ERR_NOT_FOUND);
		assert_string_equal(t.fault.code, "part-not-found");
		assert_false(t.has_head);
	}
	fake_remove_message(w.k.server, "INBOX", 1);
	assert_string_equal(take(&w, "1", whole).fault.code, "message-not-found");
	assert_string_equal(take(&w, NULL, whole).fault.code, "message-not-found");
	end(&w);
}

static void only_a_message_inside_is_given_as_one(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	take_init(&t, &w);
	t.op = KIT_START(account_stream_part(w.a, kit_call(&w.k), bytes_of_str(w.id),
					     BYTES_LIT("1"), true, &whole, &events, &t));
	kit_wait(&w.k, &t.done);
	assert_string_equal(t.fault.code, "part-not-found");
	end(&w);
}

static void a_transfer_that_is_cut_off_fails_loudly(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	fake_set_chunk(w.k.server, 1000);
	take_init(&t, &w);
	t.pause_every = 5000;
	take_start(&t, "2", whole);
	while (!t.paused)
		kit_turn(&w.k, 1);
	fake_drop_all(w.k.server);
	kit_wait(&w.k, &t.done);
	assert_int_equal(t.fault.err, ERR_NET);
	buf_done(&t.got);
	/* Before anything was given it is asked for again. */
	t = take(&w, "1", whole);
	buf_done(&t.got);
	fake_fail_next(w.k.server, MAIL_STREAM, &lost);
	t = take(&w, "2", whole);
	assert_part_2(&t, 0, BIN_BYTES);
	end(&w);
}

static void a_download_does_not_block_what_is_interactive(void **state)
{
	struct answer click = { 0 };
	struct taking t[5];
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < 5; i++) {
		take_init(&t[i], &w);
		t[i].pause_every = 1;
		take_start(&t[i], "2", whole);
	}
	while (!t[0].paused || !t[1].paused)
		kit_turn(&w.k, 1);
	KIT_START(account_list_folders(w.a, kit_call(&w.k), kit_on_folders, &click));
	kit_wait(&w.k, &click.done);
	assert_int_equal(click.fault.err, ERR_OK);
	assert_false(t[0].done);
	for (size_t i = 0; i < 5; i++) {
		op_cancel(t[i].op);
		buf_done(&t[i].got);
	}
	end(&w);
}

static void with_one_session_a_slow_receiver_keeps_nobody_waiting(void **state)
{
	const char *parts[] = { "2", NULL };
	struct world w;

	(void)state;
	begin_with(&w, 1);
	for (size_t i = 0; i < 2; i++) {
		struct answer click = { 0 };
		struct taking t;

		take_init(&t, &w);
		t.pause_every = 5000;
		take_start(&t, parts[i], whole);
		while (!t.paused)
			kit_turn(&w.k, 1);
		KIT_START(account_list_folders(w.a, kit_call(&w.k), kit_on_folders, &click));
		kit_wait(&w.k, &click.done);
		assert_int_equal(click.fault.err, ERR_OK);
		assert_false(t.done);
		take_rest(&t);
		assert_int_equal(t.fault.err, ERR_OK);
		assert_int_equal(t.got.len, parts[i] ? BIN_BYTES : w.raw.len);
		buf_done(&t.got);
	}
	assert_int_equal(fake_sessions_peak(w.k.server), 1);
	end(&w);
}

static void slices_give_what_one_stream_gives(void **state)
{
	struct buf large;
	struct taking t;
	struct world w;

	(void)state;
	begin_with(&w, 1);
	t = take(&w, "2", range(1000, 50000));
	assert_part_2(&t, 1000, 49001);
	t = take(&w, "2", whole);
	assert_part_2(&t, 0, BIN_BYTES);
	t = take(&w, "2", suffix(9));
	assert_part_2(&t, BIN_BYTES - 9, 9);
	t = take(&w, "1", range(3, 5));
	assert_bytes_equal_str(buf_bytes(&t.got), "def");
	buf_done(&t.got);
	/* Several slices, and a length that is a multiple of theirs. */
	buf_init(&large, 1 << 20);
	buf_append_str(&large, "Subject: x\r\n\r\n");
	while (large.len < 512 * 1024)
		buf_append_byte(&large, (uint8_t)('a' + large.len % 26));
	fake_add_message(w.k.server, "INBOX", buf_bytes(&large), NULL, 1);
	w.id[strlen(w.id) - 1] = '2';
	t = take(&w, NULL, whole);
	assert_int_equal(t.fault.err, ERR_OK);
	assert_int_equal(t.got.len, large.len);
	assert_memory_equal(buf_bytes(&t.got).at, buf_bytes(&large).at, large.len);
	buf_done(&t.got);
	buf_done(&large);
	end(&w);
}

static void parts_are_found_where_the_server_cannot_say_what_there_is(void **state)
{
	struct taking t;
	struct world w;

	(void)state;
	begin(&w);
	fake_hide_structure(w.k.server);
	t = take(&w, "2", whole);
	assert_bytes_equal_str(t.head.type, "image/png");
	assert_part_2(&t, 0, BIN_BYTES);
	t = take(&w, "1", range(2, 4));
	assert_bytes_equal_str(buf_bytes(&t.got), "cde");
	buf_done(&t.got);
	assert_string_equal(take(&w, "3", whole).fault.code, "part-not-found");
	take_init(&t, &w);
	t.pause_every = 5000;
	take_start(&t, "2", whole);
	take_rest(&t);
	assert_part_2(&t, 0, BIN_BYTES);
	end(&w);
}

static void cancel_from_inside(unsigned sessions)
{
	const char *parts[] = { "2", "1", NULL };
	const size_t after[] = { 1, 20000, 70000 };
	struct world w;

	begin_with(&w, sessions);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 4; j++) {
			struct taking t;

			take_init(&t, &w);
			t.cancel_in_head = j == 3;
			t.cancel_after = j < 3 ? after[j] : 0;
			take_start(&t, parts[i], whole);
			kit_wait(&w.k, &t.done);
			kit_turn(&w.k, 10);
			buf_done(&t.got);
		}
	end(&w);
}

static void a_receiver_may_cancel_from_inside(void **state)
{
	(void)state;
	cancel_from_inside(3);
	cancel_from_inside(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_comes_decoded_with_what_it_is),
		cmocka_unit_test(the_result_does_not_depend_on_how_it_is_cut),
		cmocka_unit_test(a_size_is_exact_once_it_was_seen),
		cmocka_unit_test(closed_ranges_are_served_while_the_size_is_inexact),
		cmocka_unit_test(a_range_behind_the_end_is_not_satisfiable_whatever_is_known),
		cmocka_unit_test(ranges_of_what_is_not_encoded_are_fetched_alone),
		cmocka_unit_test(the_raw_message_is_as_it_is),
		cmocka_unit_test(who_pauses_gets_little_more_until_he_resumes),
		cmocka_unit_test(parts_that_are_not_there_are_not_found),
		cmocka_unit_test(only_a_message_inside_is_given_as_one),
		cmocka_unit_test(a_transfer_that_is_cut_off_fails_loudly),
		cmocka_unit_test(a_download_does_not_block_what_is_interactive),
		cmocka_unit_test(with_one_session_a_slow_receiver_keeps_nobody_waiting),
		cmocka_unit_test(slices_give_what_one_stream_gives),
		cmocka_unit_test(parts_are_found_where_the_server_cannot_say_what_there_is),
		cmocka_unit_test(a_receiver_may_cancel_from_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
