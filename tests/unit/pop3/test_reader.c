#include "cmocka_all.h"

#include <stdlib.h>

#include "pop3/reader.h"

/* The events of `input` cut at the given places, as text: S(line) L(line) D(...) E. */
static void run(struct buf *out, struct bytes input, size_t cut1, size_t cut2, enum pop3_body body)
{
	struct bytes slices[3] = { bytes_first(input, cut1),
				   bytes_skip(bytes_first(input, cut2), cut1),
				   bytes_skip(input, cut2) };
	enum pop3_event last = POP3_MORE, event;
	struct pop3_reader r;
	struct bytes piece;

	pop3_reader_init(&r, 100);
	for (int i = 0; i < 3; i++) {
		/* A copy of exactly this size, so that reading over its end is noticed. */
		uint8_t *copy = malloc(slices[i].len + 1);
		struct bytes in = bytes_of(copy, slices[i].len);

		if (slices[i].len)
			memcpy(copy, slices[i].at, slices[i].len);
		while ((event = pop3_reader_next(&r, &in, &piece)) != POP3_MORE) {
			if (event == POP3_TOO_LONG) {
				buf_append_str(out, "!");
				break;
			}
			if (event != POP3_DATA || last != POP3_DATA)
				buf_append_str(out, &"\0S\0L\0D\0E\0"[2 * event - 1]);
			if (event != POP3_END)
				buf_append(out, piece);
			if (event == POP3_STATUS && bytes_starts_with(piece, BYTES_LIT("+OK")))
				pop3_reader_body(&r, body);
			last = event;
		}
		free(copy);
	}
	pop3_reader_done(&r);
}

/* Every way of cutting the input in three gives the same events. */
static void check(const char *input, enum pop3_body body, const char *want)
{
	struct bytes in = bytes_of_str(input);

	for (size_t a = 0; a <= in.len; a++) {
		for (size_t b = a; b <= in.len; b++) {
			struct buf out;

			buf_init(&out, 10000);
			run(&out, in, a, b, body);
			assert_bytes_equal_str(buf_bytes(&out), want);
			buf_done(&out);
		}
	}
}

static void status_lines_follow_each_other(void **state)
{
	(void)state;
	check("+OK one\r\n-ERR two\r\n", POP3_BODY_NONE, "S+OK oneS-ERR two");
}

static void listings_come_line_by_line(void **state)
{
	(void)state;
	check("+OK\r\n1 10\r\n..x\r\n2 20\r\n.\r\n-ERR\r\n", POP3_BODY_LINES,
	      "S+OKL1 10L.xL2 20ES-ERR");
	check("+OK\r\n.\r\n", POP3_BODY_LINES, "S+OKE");
}

static void messages_are_unstuffed_whatever_the_slicing(void **state)
{
	(void)state;
	check("+OK\r\nA: b\r\n\r\n..dot\r\n...\r\nx.\r\n.\r\n-ERR\r\n", POP3_BODY_DATA,
	      "S+OKDA: b\r\n\r\n.dot\r\n..\r\nx.\r\nES-ERR");
	check("+OK\r\n.\r\n", POP3_BODY_DATA, "S+OKE");
}

static void only_crlf_dot_crlf_ends_a_message(void **state)
{
	(void)state;
	check("+OK\r\na\n.\nb\n.\r\nc\r.\r\n.\r\n", POP3_BODY_DATA, "S+OKDa\n.\nb\n.\r\nc\r.\r\nE");
	check("+OK\r\na\r\n..\n.\r\n\r\n.\r\n", POP3_BODY_DATA, "S+OKDa\r\n.\n.\r\n\r\nE");
	check("+OK\r\n.\rx\r\n.\r\n", POP3_BODY_DATA, "S+OKD\rx\r\nE");
	check("+OK\r\n.\r\r\n.\r\n", POP3_BODY_DATA, "S+OKD\r\r\nE");
}

static void an_endless_line_is_refused_but_a_message_may_have_one(void **state)
{
	char text[400] = "+OK\r\n";
	struct buf out;

	(void)state;
	memset(text + 5, 'x', 300);
	buf_init(&out, 10000);
	run(&out, bytes_of_str(text), 0, 0, POP3_BODY_LINES);
	assert_bytes_equal_str(buf_bytes(&out), "S+OK!");
	buf_reset(&out);
	run(&out, bytes_of_str(text), 0, 0, POP3_BODY_DATA);
	assert_int_equal(out.len, 5 + 300);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_lines_follow_each_other),
		cmocka_unit_test(listings_come_line_by_line),
		cmocka_unit_test(messages_are_unstuffed_whatever_the_slicing),
		cmocka_unit_test(only_crlf_dot_crlf_ends_a_message),
		cmocka_unit_test(an_endless_line_is_refused_but_a_message_may_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
