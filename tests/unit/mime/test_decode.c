/* Every case is decoded in one piece and in two, cut at every place: the result
 * must be the same. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "mime/decode.h"

static bool decode_cut(enum part_encoding encoding, struct bytes in, size_t cut, struct buf *to)
{
	struct mime_decoder d;

	mime_decoder_init(&d, encoding);
	assert_int_equal(mime_decoder_push(&d, bytes_first(in, cut), to), ERR_OK);
	assert_int_equal(mime_decoder_push(&d, bytes_skip(in, cut), to), ERR_OK);
	assert_int_equal(mime_decoder_end(&d, to), ERR_OK);
	return d.is_problem;
}

static void check(enum part_encoding encoding, struct bytes in, struct bytes want, bool is_problem)
{
	for (size_t cut = 0; cut <= in.len; cut++) {
		struct buf to;

		buf_init(&to, 16 * 1024);
		if (decode_cut(encoding, in, cut, &to) != is_problem)
			fail_msg("\"%.*s\" cut at %zu: problem %s", BYTES_FMT(in), cut,
				 is_problem ? "missed" : "seen where there is none");
		if (!bytes_equal(buf_bytes(&to), want))
			fail_msg("\"%.*s\" cut at %zu: got \"%.*s\", want \"%.*s\"", BYTES_FMT(in),
				 cut, BYTES_FMT(buf_bytes(&to)), BYTES_FMT(want));
		buf_done(&to);
	}
}

#define GOOD(encoding, in, want)                                                                   \
	check(PART_ENCODING_##encoding, BYTES_LIT(in), BYTES_LIT(want), false)
#define ODD(encoding, in, want)                                                                    \
	check(PART_ENCODING_##encoding, BYTES_LIT(in), BYTES_LIT(want), true)

static void base64(void **state)
{
	(void)state;
	GOOD(BASE64, "", "");
	GOOD(BASE64, "SGVsbG8gV29ybGQh", "Hello World!");
	GOOD(BASE64, "SGVs\r\nbG8=\r\n", "Hello");
	GOOD(BASE64, "SA==", "H");
	GOOD(BASE64, " S A = = ", "H");
	GOOD(BASE64, "AP+A", "\0\xff\x80");
}

static void base64_with_faults(void **state)
{
	(void)state;
	ODD(BASE64, "SGVsbG8", "Hello");
	ODD(BASE64, "SGVsbG8gV", "Hello ");
	ODD(BASE64, "SG-V-sb!G8=", "Hello");
	ODD(BASE64, "=SGVs", "Hel");
	ODD(BASE64, "\xff\xfe", "");
}

static void base64_pieces_put_together_and_footers(void **state)
{
	(void)state;
	GOOD(BASE64, "SA==SGVs", "HHel");
	GOOD(BASE64, "SA==\nSGVsbG8=\n\nSA==\n", "HHelloH");
	ODD(BASE64, "SGVsbG8=\r\n_______________\r\nList mailing list\r\n", "Hello");
	ODD(BASE64, "SGVsbG8=\n-- \nlist info page\n", "Hello");
	ODD(BASE64, "SGVsbG8=\nUnsubscribe at once\nSGVs\n", "Hello");
	ODD(BASE64, "SGVsbG8= ignored\n", "Hello");
	/* Nothing tells the end here but the footer itself. */
	ODD(BASE64, "SGVsbG8h\r\n____\r\nA mailing list\r\n", "Hello!");
	ODD(BASE64, "SGVsbG8h\n\n-- \nSGVs\n", "Hello!Hel");
	ODD(BASE64, "SGVs\n!noise!\nbG8h\n", "Hello!");
}

static void quoted_printable(void **state)
{
	(void)state;
	GOOD(QUOTED_PRINTABLE, "", "");
	GOOD(QUOTED_PRINTABLE, "Gr=C3=BC=c3=9fe",
	     "Gr\xc3\xbc\xc3\x9f"
	     "e");
	GOOD(QUOTED_PRINTABLE, "one=\r\n two=\n three\r\n", "one two three\r\n");
	GOOD(QUOTED_PRINTABLE, "soft= \t\r\nbreak", "softbreak");
	GOOD(QUOTED_PRINTABLE, "space \t\r\nat end  \nof lines \t", "space\r\nat end\nof lines");
	GOOD(QUOTED_PRINTABLE, "kept =20\r\n in\tside", "kept  \r\n in\tside");
	GOOD(QUOTED_PRINTABLE, "before = \r\nsoft", "before soft");
	GOOD(QUOTED_PRINTABLE, "end=", "end");
	GOOD(QUOTED_PRINTABLE, "bare \r cr \r", "bare \r cr\r");
}

static void quoted_printable_with_faults(void **state)
{
	(void)state;
	ODD(QUOTED_PRINTABLE, "a=b", "a=b");
	ODD(QUOTED_PRINTABLE, "a=XYz", "a=XYz");
	ODD(QUOTED_PRINTABLE, "a=4 b", "a=4 b");
	ODD(QUOTED_PRINTABLE, "a==41", "a=A");
	ODD(QUOTED_PRINTABLE, "a= b", "a= b");
	ODD(QUOTED_PRINTABLE, "a=4=41", "a=4A");
	GOOD(QUOTED_PRINTABLE, "8-bit \xe4 raw", "8-bit \xe4 raw");
}

static void much_white_space_is_kept_as_text(void **state)
{
	char in[700] = "";
	struct bytes b = bytes_of(in, sizeof in);

	(void)state;
	memset(in, ' ', sizeof in);
	in[0] = 'a';
	in[sizeof in - 1] = 'b';
	check(PART_ENCODING_QUOTED_PRINTABLE, b, b, false);
	in[sizeof in - 1] = '\n';
	for (size_t cut = 0; cut <= b.len; cut += 50) {
		struct buf to;

		buf_init(&to, 16 * 1024);
		decode_cut(PART_ENCODING_QUOTED_PRINTABLE, b, cut, &to);
		assert_int_equal(to.len, 1 + 2 * MIME_DECODER_SPACE_MAX + 1);
		buf_done(&to);
	}
}

static void uuencode(void **state)
{
	(void)state;
	GOOD(UUENCODE, "begin 644 cat.txt\n#0V%T\n`\nend\n", "Cat");
	GOOD(UUENCODE, "text before\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nafter\r\n",
	     "Cat");
	GOOD(UUENCODE, "begin 0644 f\n&9F]O8F%R\nend\n", "foobar");
	ODD(UUENCODE, "begin 644 f\n&9F]O8F%R\n", "foobar");
	ODD(UUENCODE, "no such thing\n", "");
	/* A line that announces more than it has. */
	ODD(UUENCODE, "begin 644 f\nM0V%T\n`\nend\n", "Cat\0");
	ODD(UUENCODE, "begin 644 f\n_\n`\nend\n", "\0");
}

static void identity_is_untouched(void **state)
{
	(void)state;
	GOOD(IDENTITY, "=41 \r\n\0\xff", "=41 \r\n\0\xff");
}

static void never_writes_more_than_the_bound(void **state)
{
	static const char alphabet[] = "AZaz09+/= \t\r\n=_M`begin 644 f";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char in[40];
		struct mime_decoder d;
		struct buf to;

		mime_decoder_init(&d, (enum part_encoding)(round % 4));
		buf_init(&to, 1 << 20);
		for (int piece = 0; piece < 4; piece++) {
			size_t before = to.len, n;

			seed = seed * 1664525 + 1013904223;
			n = seed >> 27;
			for (size_t i = 0; i < n; i++) {
				seed = seed * 1664525 + 1013904223;
				in[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
			}
			assert_int_equal(mime_decoder_push(&d, bytes_of(in, n), &to), ERR_OK);
			assert_true(to.len - before <= mime_decoder_bound(n));
		}
		buf_done(&to);
	}
}

static void says_so_when_there_is_no_room(void **state)
{
	struct mime_decoder d;
	struct buf to;

	(void)state;
	buf_init(&to, 10);
	mime_decoder_init(&d, PART_ENCODING_BASE64);
	assert_int_equal(mime_decoder_push(&d, BYTES_LIT("SGVs"), &to), ERR_TOO_BIG);
	buf_done(&to);
}

static void encodings_are_known_by_their_names(void **state)
{
	enum part_encoding e;

	(void)state;
	assert_true(mime_encoding_parse(BYTES_LIT(" BASE64 (comment)"), &e));
	assert_int_equal(e, PART_ENCODING_BASE64);
	assert_true(mime_encoding_parse(BYTES_LIT("Quoted-Printable;"), &e));
	assert_int_equal(e, PART_ENCODING_QUOTED_PRINTABLE);
	assert_true(mime_encoding_parse(BYTES_LIT("x-uuencode"), &e));
	assert_int_equal(e, PART_ENCODING_UUENCODE);
	assert_true(mime_encoding_parse(BYTES_LIT("8bit"), &e));
	assert_int_equal(e, PART_ENCODING_IDENTITY);
	assert_true(mime_encoding_parse(BYTES_LIT(""), &e));
	assert_int_equal(e, PART_ENCODING_IDENTITY);
	assert_false(mime_encoding_parse(BYTES_LIT("6bit"), &e));
	assert_int_equal(e, PART_ENCODING_IDENTITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64),
		cmocka_unit_test(base64_with_faults),
		cmocka_unit_test(base64_pieces_put_together_and_footers),
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(quoted_printable_with_faults),
		cmocka_unit_test(much_white_space_is_kept_as_text),
		cmocka_unit_test(uuencode),
		cmocka_unit_test(identity_is_untouched),
		cmocka_unit_test(never_writes_more_than_the_bound),
		cmocka_unit_test(says_so_when_there_is_no_room),
		cmocka_unit_test(encodings_are_known_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
