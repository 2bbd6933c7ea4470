#include "cmocka_all.h"

#include <stdlib.h>

#include "imap/framer.h"

#define KEEP_ALL UINT64_MAX

/* Everything that came out of a framer, as text:
 *	R<offset> text \n	a response; streamed literals as [offset:size]
 *	L<size>,<so far> \n	a question
 *	D octets		data, pieces joined: ends where the next event begins
 *	B<offset> error reason \n */
struct log {
	struct buf text;
	bool in_data;
	bool streams; /* answer every question with "stream" */
};

static void log_number(struct log *l, uint64_t n)
{
	buf_append_u64(&l->text, n);
}

static void log_event(struct log *l, enum imap_framer_event event, const struct imap_frame *frame)
{
	if (event == IMAP_FRAMER_DATA) {
		buf_append_str(&l->text, l->in_data ? "" : "D ");
		buf_append(&l->text, frame->data);
		l->in_data = frame->literal_bytes != 0;
		if (!l->in_data)
			buf_append_str(&l->text, "\n");
		return;
	}
	buf_append_str(&l->text, event == IMAP_FRAMER_RESPONSE  ? "R"
				 : event == IMAP_FRAMER_LITERAL ? "L"
								: "B");
	log_number(l, event == IMAP_FRAMER_LITERAL ? frame->literal_bytes : frame->offset);
	buf_append_str(&l->text, " ");
	buf_append(&l->text, frame->text);
	if (event == IMAP_FRAMER_BAD) {
		buf_append_str(&l->text, err_name(frame->err));
		buf_append_str(&l->text, " ");
		buf_append_str(&l->text, frame->reason);
	}
	for (size_t i = 0; i < frame->streamed_count; i++) {
		buf_append_str(&l->text, " [");
		log_number(l, frame->streamed[i].offset);
		buf_append_str(&l->text, ":");
		log_number(l, frame->streamed[i].size_bytes);
		buf_append_str(&l->text, "]");
	}
	buf_append_str(&l->text, "\n");
}

/* Gives one slice, in memory of exactly its size. False after a fault. */
static bool feed(struct imap_framer *f, struct log *l, struct bytes slice)
{
	uint8_t *copy = malloc(slice.len ? slice.len : 1);
	struct bytes in = { copy, slice.len };
	enum imap_framer_event event;
	struct imap_frame frame;

	if (slice.len)
		memcpy(copy, slice.at, slice.len);
	while ((event = imap_framer_next(f, &in, &frame)) != IMAP_FRAMER_MORE) {
		log_event(l, event, &frame);
		if (event == IMAP_FRAMER_BAD)
			break;
		if (event == IMAP_FRAMER_LITERAL && l->streams)
			imap_framer_stream(f);
	}
	if (event == IMAP_FRAMER_MORE)
		assert_int_equal(in.len, 0);
	free(copy);
	return event == IMAP_FRAMER_MORE;
}

struct feeding {
	struct imap_limits limits;
	bool streams;
};

/* cuts: ascending offsets where one slice ends and the next begins. */
static struct buf run(const struct feeding *how, struct bytes input, const size_t *cuts,
		      size_t cut_count)
{
	struct imap_framer *f = imap_framer_new(&how->limits);
	struct log l = { .streams = how->streams };
	size_t from = 0;

	buf_init(&l.text, 10000000);
	for (size_t i = 0; i <= cut_count; i++) {
		size_t to = i < cut_count ? cuts[i] : input.len;

		if (!feed(f, &l, bytes_of(input.at + from, to - from)))
			break;
		from = to;
	}
	imap_framer_free(f);
	return l.text;
}

static void assert_log(const struct feeding *how, struct bytes input, const size_t *cuts,
		       size_t cut_count, struct bytes want)
{
	struct buf got = run(how, input, cuts, cut_count);

	if (!bytes_equal(buf_bytes(&got), want))
		fail_msg("cut at %zu, %zu:\n%.*s\nwhole:\n%.*s", cut_count ? cuts[0] : 0,
			 cut_count > 1 ? cuts[1] : 0, BYTES_FMT(buf_bytes(&got)), BYTES_FMT(want));
	buf_done(&got);
}

/* Every way to cut it in two and in three, and byte by byte. */
static void assert_any_slicing(const struct feeding *how, struct bytes input, const char *want)
{
	size_t cuts[2], *all = calloc(input.len + 1, sizeof *all);
	struct bytes expected = bytes_of_str(want);

	assert_log(how, input, NULL, 0, expected);
	for (size_t i = 0; i <= input.len; i++) {
		all[i] = i;
		cuts[0] = i;
		for (size_t k = i; k <= input.len; k++) {
			cuts[1] = k;
			assert_log(how, input, cuts, 2, expected);
		}
	}
	assert_log(how, input, all, input.len, expected);
	free(all);
}

static struct feeding keeping(void)
{
	struct feeding how = { .limits = imap_limits_default };

	how.limits.ask_above_bytes = KEEP_ALL;
	return how;
}

static struct feeding streaming(uint64_t above)
{
	struct feeding how = { .limits = imap_limits_default, .streams = true };

	how.limits.ask_above_bytes = above;
	return how;
}

static void lines_become_responses(void **state)
{
	struct feeding how = keeping();

	(void)state;
	assert_any_slicing(&how, BYTES_LIT("* OK hi\r\n* 2 EXISTS\r\na1 OK done\r\n"),
			   "R0 * OK hi\nR9 * 2 EXISTS\nR21 a1 OK done\n");
}

static void a_bare_lf_ends_a_line_and_empty_lines_are_skipped(void **state)
{
	struct feeding how = keeping();

	(void)state;
	assert_any_slicing(&how, BYTES_LIT("\r\n* OK hi\n\n\r\n* BYE\r\n"),
			   "R2 * OK hi\nR13 * BYE\n");
	assert_any_slicing(&how, BYTES_LIT("* 1 FETCH (A {2}\nxy)\n"),
			   "R0 * 1 FETCH (A {2}\nxy)\n");
}

static void literals_belong_to_their_response(void **state)
{
	struct feeding how = keeping();

	(void)state;
	assert_any_slicing(&how, BYTES_LIT("* LIST () {3}\r\n\r\n. ~{2}\r\n{x\r\n* 1 EXISTS\r\n"),
			   "R0 * LIST () {3}\r\n\r\n. ~{2}\r\n{x\nR29 * 1 EXISTS\n");
}

static void octets_of_literals_are_free(void **state)
{
	struct feeding how = keeping();
	struct buf got = run(&how, BYTES_LIT("* A ~{3}\r\n\0\r\n {0+}\r\n\r\n"), NULL, 0);

	(void)state;
	assert_true(bytes_equal(buf_bytes(&got), BYTES_LIT("R0 * A ~{3}\r\n\0\r\n {0+}\r\n\n")));
	buf_done(&got);
}

static void status_and_continuation_text_may_look_like_a_literal(void **state)
{
	struct feeding how = keeping();

	(void)state;
	assert_any_slicing(&how,
			   BYTES_LIT("a1 NO no {5}\r\n+ go {3}\r\n* bye {1}\r\n* PREAUTH ~{9}\r\n"),
			   "R0 a1 NO no {5}\nR14 + go {3}\nR24 * bye {1}\nR35 * PREAUTH ~{9}\n");
}

static void what_only_resembles_a_literal_is_text(void **state)
{
	struct feeding how = keeping();

	(void)state;
	assert_any_slicing(&how, BYTES_LIT("* X {}\r\n* X 5}\r\n* X {5\r\n* X {a}\r\n{5} \r\n"),
			   "R0 * X {}\nR8 * X 5}\nR16 * X {5\nR24 * X {a}\nR33 {5} \n");
}

static void large_literals_are_streamed_when_the_owner_wants(void **state)
{
	struct feeding how = streaming(3);

	(void)state;
	assert_any_slicing(
		&how,
		BYTES_LIT("* 1 FETCH (B {5}\r\nhello C {3}\r\nabc D {4}\r\n1234)\r\na OK\r\n"),
		"L5 * 1 FETCH (B {5}\r\n\nD hello\n"
		"L4 * 1 FETCH (B {5}\r\n C {3}\r\nabc D {4}\r\n\nD 1234\n"
		"R0 * 1 FETCH (B {5}\r\n C {3}\r\nabc D {4}\r\n) [18:5] [37:4]\n"
		"R49 a OK\n");
}

static void a_literal_that_was_asked_about_can_be_kept(void **state)
{
	struct feeding how = streaming(3);

	(void)state;
	how.streams = false;
	assert_any_slicing(&how, BYTES_LIT("* X {5}\r\nhello.\r\n"),
			   "L5 * X {5}\r\n\nR0 * X {5}\r\nhello.\n");
}

static void every_literal_but_the_empty_ones_can_be_asked_about(void **state)
{
	struct feeding how = streaming(0);

	(void)state;
	assert_any_slicing(&how, BYTES_LIT("* X {1}\r\nh {0}\r\n.\r\n"),
			   "L1 * X {1}\r\n\nD h\nR0 * X {1}\r\n {0}\r\n. [9:1]\n");
}

static void limits_hold_wherever_the_bytes_are_cut(void **state)
{
	struct feeding how = keeping();

	(void)state;
	how.limits.line_bytes = 8;
	assert_any_slicing(&how, BYTES_LIT("* 34567\r\n* 345678\r\nx"),
			   "R0 * 34567\nB17 too-big a line is too long\n");
	assert_any_slicing(&how, BYTES_LIT("* 34567890123456789"),
			   "B8 too-big a line is too long\n");
	assert_any_slicing(&how, BYTES_LIT("* X {3}\r\nabc890123456\r\n"),
			   "B20 too-big a line is too long\n");
	how = keeping();
	how.limits.response_bytes = 20;
	assert_any_slicing(&how, BYTES_LIT("* X {9}\r\n123456789\r\n* X {9}\r\n123456789ab\r\n"),
			   "R0 * X {9}\r\n123456789\nB40 too-big a response is too long\n");
	assert_any_slicing(&how, BYTES_LIT("* X {12}\r\n1"),
			   "B10 too-big a response is too long\n");
	how = streaming(100);
	how.limits.literal_bytes = 1000;
	assert_any_slicing(&how, BYTES_LIT("* X {1001}\r\n"), "B5 too-big a literal is too long\n");
	assert_any_slicing(&how, BYTES_LIT("* X {99999999999999999999}\r\n"),
			   "B5 too-big a literal is too long\n");
	how.limits.literals = 2;
	assert_any_slicing(&how, BYTES_LIT("* {1}\r\na{1}\r\nb{1}\r\nc\r\n"),
			   "B19 too-big a response has too many literals\n");
}

static void lists_of_numbers_have_longer_lines(void **state)
{
	struct feeding how = keeping();

	(void)state;
	how.limits.line_bytes = 16;
	how.limits.number_line_bytes = 25;
	assert_any_slicing(&how, BYTES_LIT("* SEARCH 1 2 3 4 5 6 7 8\r\n* sort 1 2 3 4 5 6 7\r\n"),
			   "R0 * SEARCH 1 2 3 4 5 6 7 8\nR26 * sort 1 2 3 4 5 6 7\n");
	assert_any_slicing(&how, BYTES_LIT("* ESEARCH 2345678901234567\r\n"),
			   "B25 too-big a line is too long\n");
	assert_any_slicing(&how, BYTES_LIT("* SEARCHING 34567\r\n"),
			   "B16 too-big a line is too long\n");
	assert_any_slicing(&how, BYTES_LIT("* SEARCH {1}\r\na8901234567890123\r\n"),
			   "B31 too-big a line is too long\n");
}

static void no_more_than_a_few_literals_are_streamed(void **state)
{
	struct feeding how = streaming(0);
	struct buf input, got;
	size_t questions = 0;

	(void)state;
	buf_init(&input, 10000);
	buf_append_str(&input, "* X");
	for (int i = 0; i < IMAP_STREAMED_MAX + 3; i++)
		buf_append_str(&input, " {1}\r\nz");
	buf_append_str(&input, "\r\n");
	got = run(&how, buf_bytes(&input), NULL, 0);
	for (size_t i = 0; i + 1 < got.len; i++)
		questions += buf_bytes(&got).at[i] == 'D' && buf_bytes(&got).at[i + 1] == ' ';
	assert_int_equal(questions, IMAP_STREAMED_MAX);
	assert_true(bytes_find(buf_bytes(&got), BYTES_LIT("{1}\r\nz {1}\r\nz {1}\r\nz [")) <
		    got.len);
	buf_done(&got);
	buf_done(&input);
}

static void nothing_comes_after_a_fault(void **state)
{
	struct imap_limits limits = imap_limits_default;
	struct bytes in = BYTES_LIT("* 123456789\r\n* OK\r\n");
	struct imap_framer *f;
	struct imap_frame frame;

	(void)state;
	limits.line_bytes = 5;
	f = imap_framer_new(&limits);
	assert_int_equal(imap_framer_next(f, &in, &frame), IMAP_FRAMER_BAD);
	in = BYTES_LIT("* OK\r\n");
	assert_int_equal(imap_framer_next(f, &in, &frame), IMAP_FRAMER_BAD);
	assert_int_equal(frame.err, ERR_TOO_BIG);
	assert_int_equal(frame.offset, 5);
	imap_framer_free(f);
}

/* An owner that cannot take more data stops asking and keeps the rest. */
static void the_owner_may_stop_after_any_event(void **state)
{
	struct imap_limits limits = imap_limits_default;
	struct bytes in = BYTES_LIT("* X {4}\r\nabcd.\r\na OK\r\n");
	struct imap_framer *f;
	struct imap_frame frame;

	(void)state;
	limits.ask_above_bytes = 0;
	f = imap_framer_new(&limits);
	assert_true(imap_framer_is_idle(f));
	assert_int_equal(imap_framer_next(f, &in, &frame), IMAP_FRAMER_LITERAL);
	assert_false(imap_framer_is_idle(f));
	imap_framer_stream(f);
	assert_int_equal(imap_framer_next(f, &in, &frame), IMAP_FRAMER_DATA);
	assert_bytes_equal_str(frame.data, "abcd");
	assert_int_equal(frame.literal_bytes, 0);
	assert_bytes_equal_str(in, ".\r\na OK\r\n");
	assert_int_equal(imap_framer_next(f, &in, &frame), IMAP_FRAMER_RESPONSE);
	assert_bytes_equal_str(in, "a OK\r\n");
	assert_true(imap_framer_is_idle(f));
	imap_framer_ask_above(f, KEEP_ALL);
	imap_framer_free(f);
}

static void a_response_within_one_slice_is_not_copied(void **state)
{
	static const char text[] = "* 1 FETCH (B {3}\r\nabc)\r\n";
	struct bytes in = bytes_of_str(text);
	struct imap_framer *f = imap_framer_new(&imap_limits_default);
	struct imap_frame frame;

	(void)state;
	assert_int_equal(imap_framer_next(f, &in, &frame), IMAP_FRAMER_RESPONSE);
	assert_ptr_equal(frame.text.at, text);
	imap_framer_free(f);
}

/* A simple generator that gives the same on every machine. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void make_stream(struct buf *to, uint32_t *seed)
{
	static const char octets[] = "\r\n{9}+* OK";

	for (int i = 0; i < 40; i++) {
		buf_append_str(to, "* 1 FETCH (UID 7");
		for (uint32_t k = next_random(seed) % 4; k; k--) {
			uint32_t n = next_random(seed) % 300;

			buf_append_str(to, k % 2 ? " BODY[] ~{" : " BODY[1] {");
			buf_append_u64(to, n);
			buf_append_str(to, "}\r\n");
			while (n--)
				buf_append(to,
					   bytes_of(&octets[next_random(seed) % sizeof octets], 1));
		}
		buf_append_str(to, i % 3 ? ")\r\n" : ")\n");
		buf_append_str(to, i % 5 ? "" : "a5 OK {3}\r\n+ idling\r\n");
	}
}

static void random_slicings_of_a_long_stream_give_the_same(void **state)
{
	struct feeding how = streaming(100);
	uint32_t seed = 20260101;
	size_t cuts[64];
	struct buf input, whole;

	(void)state;
	buf_init(&input, 1000000);
	make_stream(&input, &seed);
	whole = run(&how, buf_bytes(&input), NULL, 0);
	assert_int_not_equal(whole.len, 0);
	for (int round = 0; round < 300; round++) {
		size_t at = 0, n = 0;

		while (n < 64 && at < input.len) {
			at += next_random(&seed) % (2 * input.len / 64);
			cuts[n++] = at < input.len ? at : input.len;
		}
		assert_log(&how, buf_bytes(&input), cuts, n, buf_bytes(&whole));
	}
	buf_done(&whole);
	buf_done(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_responses),
		cmocka_unit_test(a_bare_lf_ends_a_line_and_empty_lines_are_skipped),
		cmocka_unit_test(literals_belong_to_their_response),
		cmocka_unit_test(octets_of_literals_are_free),
		cmocka_unit_test(status_and_continuation_text_may_look_like_a_literal),
		cmocka_unit_test(what_only_resembles_a_literal_is_text),
		cmocka_unit_test(large_literals_are_streamed_when_the_owner_wants),
		cmocka_unit_test(a_literal_that_was_asked_about_can_be_kept),
		cmocka_unit_test(every_literal_but_the_empty_ones_can_be_asked_about),
		cmocka_unit_test(limits_hold_wherever_the_bytes_are_cut),
		cmocka_unit_test(lists_of_numbers_have_longer_lines),
		cmocka_unit_test(no_more_than_a_few_literals_are_streamed),
		cmocka_unit_test(nothing_comes_after_a_fault),
		cmocka_unit_test(the_owner_may_stop_after_any_event),
		cmocka_unit_test(a_response_within_one_slice_is_not_copied),
		cmocka_unit_test(random_slicings_of_a_long_stream_give_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
