#include "cmocka_all.h"

#include "exact.h"

#include "base/buf.h"
#include "mime/html_text.h"
#include "mime/preview.h"
#include "mime/text.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static struct part text_part(const char *type, const char *charset)
{
	return (struct part){ .type = bytes_of_str(type),
			      .charset = bytes_of_str(charset),
			      .part_id = BYTES_LIT("1"),
			      .is_encoding_known = true };
}

static struct body_value value_of(const struct part *p, struct bytes encoded, bool is_cut,
				  uint64_t max)
{
	struct body_value v;

	assert_int_equal(mime_body_value(mem, p, encoded, is_cut, max, &v), ERR_OK);
	assert_true(v.value.len <= max);
	assert_true(bytes_is_utf8(v.value));
	return v;
}

static void check(const char *charset, struct bytes encoded, const char *want, bool is_problem)
{
	struct part p = text_part("text/plain", charset);
	struct body_value v = value_of(&p, encoded, false, 10000);

	assert_bytes_equal_str(v.value, want);
	assert_int_equal(v.is_encoding_problem, is_problem);
	assert_false(v.is_truncated);
	assert_bytes_equal_str(v.part_id, "1");
}

static void text_comes_as_utf8_with_lf(void **state)
{
	(void)state;
	check("us-ascii", BYTES_LIT("one\r\ntwo\nthree\r"), "one\ntwo\nthree\r", false);
	check("iso-8859-1", BYTES_LIT("Gr\xfc\xdf\x65\r\n"), "Grüße\n", false);
	check("utf-8", BYTES_LIT("\xef\xbb\xbfhi"), "hi", false);
	check("utf-16le", BYTES_LIT("a\0\r\0\n\0b\0"), "a\nb", false);
	check("us-ascii", BYTES_LIT(""), "", false);
}

static void what_is_not_declared_is_guessed(void **state)
{
	struct part html = text_part("text/html", "us-ascii");

	(void)state;
	check("us-ascii", BYTES_LIT("Gr\xc3\xbc\xc3\x9f\x65"), "Grüße", false);
	check("us-ascii", BYTES_LIT("Gr\xfc\xdf\x65"), "Grüße", true);
	check("us-ascii", BYTES_LIT("\x1b$BF|K\\\x1b(B"), "日本", false);
	assert_bytes_equal_str(value_of(&html,
					BYTES_LIT("<META http-equiv=x content='text/html; "
						  "charset=koi8-r'>\xf0"),
					false, 1000)
				       .value,
			       "<META http-equiv=x content='text/html; charset=koi8-r'>П");
	assert_bytes_equal_str(mime_html_charset(BYTES_LIT("<meta charset=\"UTF-8\">")), "UTF-8");
	assert_true(bytes_is_null(mime_html_charset(BYTES_LIT("<p>charset=x"))));
}

static void wrong_declarations_are_flagged(void **state)
{
	struct part p = text_part("text/plain", "us-ascii");

	(void)state;
	check("utf-8", BYTES_LIT("a\xff"), "a�", true);
	check("x-nonsense", BYTES_LIT("abc"), "abc", true);
	/* A whole sentence of UTF-8 is no windows-1251. */
	check("windows-1251", BYTES_LIT("Привет, как дела?"), "Привет, как дела?", true);
	check("windows-1251", BYTES_LIT("\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет", false);
	p.is_encoding_known = false;
	assert_true(value_of(&p, BYTES_LIT("x"), false, 10).is_encoding_problem);
}

static void transfer_encodings_are_undone(void **state)
{
	struct part p = text_part("text/plain", "utf-8");

	(void)state;
	p.encoding = PART_ENCODING_BASE64;
	assert_bytes_equal_str(value_of(&p, BYTES_LIT("R3LDvMOfZQ==\r\n"), false, 100).value,
			       "Grüße");
	assert_true(value_of(&p, BYTES_LIT("R3LDvMOfZQ"), false, 100).is_encoding_problem);
	/* Not base64 at all, though it says so. */
	assert_bytes_equal_str(
		value_of(&p, BYTES_LIT("Plain words, after all.\n"), false, 100).value,
		"Plain words, after all.\n");
	p.charset = BYTES_LIT("koi8-r");
	assert_bytes_equal_str(
		value_of(&p, BYTES_LIT("8NLJ18XU\n____\nA mailing list.\n"), false, 100).value,
		"Привет");
	p.charset = BYTES_LIT("utf-8");
	p.encoding = PART_ENCODING_QUOTED_PRINTABLE;
	assert_bytes_equal_str(value_of(&p, BYTES_LIT("Gr=C3=BC=C3=9Fe=\r\n!"), false, 100).value,
			       "Grüße!");
}

static void a_limit_never_cuts_a_character(void **state)
{
	struct part p = text_part("text/plain", "iso-8859-1");

	(void)state;
	for (uint64_t max = 0; max < 14; max++) {
		struct body_value v =
			value_of(&p, BYTES_LIT("\xe4\xe4\r\n\xe4\xe4\x80"), false, max);

		assert_int_equal(v.is_truncated, max < 12);
		assert_false(v.is_encoding_problem);
		assert_true(v.value.len + 3 > max || !v.is_truncated);
	}
}

static void a_limit_never_cuts_a_tag(void **state)
{
	struct part p = text_part("text/html", "utf-8");
	struct bytes html = BYTES_LIT("<p>one</p><a href=\"x\">two</a>");

	(void)state;
	assert_bytes_equal_str(value_of(&p, html, false, 15).value, "<p>one</p>");
	assert_bytes_equal_str(value_of(&p, html, false, 23).value, "<p>one</p><a href=\"x\">t");
	assert_bytes_equal_str(value_of(&p, html, false, 100).value,
			       "<p>one</p><a href=\"x\">two</a>");
}

static void the_first_bytes_alone_are_no_problem(void **state)
{
	struct part p = text_part("text/plain", "utf-8");
	struct body_value v = value_of(&p, BYTES_LIT("Gr\xc3"), true, 100);

	(void)state;
	assert_bytes_equal_str(v.value, "Gr");
	assert_true(v.is_truncated);
	assert_false(v.is_encoding_problem);
	p.encoding = PART_ENCODING_BASE64;
	v = value_of(&p, BYTES_LIT("R3LDv"), true, 100);
	assert_bytes_equal_str(v.value, "Gr");
	assert_false(v.is_encoding_problem);
}

static void of_a_huge_part_only_the_beginning_is_read(void **state)
{
	struct part p = text_part("text/plain", "utf-8");
	size_t n = 32 << 20;
	char *text = malloc(n);
	struct body_value v;

	(void)state;
	memset(text, 'a', n);
	v = value_of(&p, bytes_of(text, n), false, 1000);
	assert_int_equal(v.value.len, 1000);
	assert_true(v.is_truncated);
	free(text);
}

static void check_html(const char *html, const char *want)
{
	struct buf got;

	buf_init(&got, 1000);
	assert_int_equal(mime_html_text(exact(html), &got), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&got), want);
	buf_done(&got);
}

static void html_loses_its_markup(void **state)
{
	(void)state;
	check_html("<html><head><title>No</title><style>p{}</style></head><body><p>One <b>two</b>"
		   "</p><p>three<br>four</body>",
		   "One two\nthree\nfour");
	check_html("a &amp; b &lt;c&gt; &eacute;&#8364;&#x20AC;&#128; &nbsp;&unknown; &",
		   "a & b <c> é€€€ \xc2\xa0&unknown; &");
	check_html("a<!-- no > --> b<![CDATA[no]]>c", "a bc");
	check_html("<a title='a > b'>x</a>", "x");
	check_html("<a title='never closed>x</a>", "x");
	check_html("1 < 2 <3", "1 < 2 <3");
	check_html("<script>if (a </b) no</script>yes", "yes");
	check_html("<style>no", "");
	check_html("<td>a</td><td>b</td>", "a b");
	check_html("me<blockquote>you<br>again</blockquote>me", "me\n> you\n> again\nme");
	check_html("unfinished <b", "unfinished");
	check_html("", "");
}

static void check_preview(bool is_html, const char *text, const char *want)
{
	struct bytes got;

	assert_int_equal(mime_preview(mem, exact(text), is_html, &got), ERR_OK);
	assert_bytes_equal_str(got, want);
}

static void previews_show_the_first_new_words(void **state)
{
	(void)state;
	check_preview(false, "Hi Ada,\n\n  see   the\tattached\n", "Hi Ada, see the attached");
	check_preview(false, "> old\n> older\nnew\n", "new");
	check_preview(false, "On Monday Bob wrote:\n\n> old\n\nAgreed.\n", "Agreed.");
	check_preview(false, "Note the following:\nnot quoted", "Note the following: not quoted");
	check_preview(false, "Text\n-- \nBob\nTel. 123\n", "Text");
	check_preview(false, "=========\nTitle\n---------\n* * *\nText :-)", "Title Text :-)");
	check_preview(true, "<style>x</style><p>Hi&nbsp;Ada,</p><p>see</p>", "Hi Ada, see");
	check_preview(true, "<blockquote>old</blockquote><p>new", "new");
}

static void previews_fall_back_to_what_there_is(void **state)
{
	(void)state;
	check_preview(false, "> only\n>> quoted\n", "only quoted");
	check_preview(false, "", "");
	check_preview(false, " \n\t\n", "");
	check_preview(true, "<img src=x>", "");
	check_preview(false, "\xe2\x80\x8b\xcd\x8f\xc2\xad\xef\xbb\xbf", "");
}

static void previews_are_short_and_whole(void **state)
{
	struct bytes got;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_append_str(&text, i % 10 ? "€" : " ");
	assert_int_equal(mime_preview(mem, buf_bytes(&text), false, &got), ERR_OK);
	assert_true(got.len <= MIME_PREVIEW_MAX_BYTES && got.len > MIME_PREVIEW_MAX_BYTES - 4);
	assert_true(bytes_is_utf8(got));
	buf_done(&text);
}

/* Quadratic behaviour would take minutes. */
static void hostile_html_takes_linear_time(void **state)
{
	static const char *const patterns[] = {
		"<", "<a='", "<style>", "<!--", "</", "&", "&#", "a:\n", "<blockquote>", "<style></"
	};
	size_t n = 4 << 20;
	char *text = malloc(n);

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct bytes got;
		struct buf to;

		for (size_t i = 0; i < n; i++)
			text[i] = patterns[k][i % strlen(patterns[k])];
		assert_int_equal(mime_preview(mem, bytes_of(text, n), true, &got), ERR_OK);
		assert_int_equal(mime_preview(mem, bytes_of(text, n), false, &got), ERR_OK);
		buf_init(&to, n * 4);
		assert_int_equal(mime_html_text(bytes_of(text, 256 * 1024), &to), ERR_OK);
		buf_done(&to);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_as_utf8_with_lf),
		cmocka_unit_test(what_is_not_declared_is_guessed),
		cmocka_unit_test(wrong_declarations_are_flagged),
		cmocka_unit_test(transfer_encodings_are_undone),
		cmocka_unit_test(a_limit_never_cuts_a_character),
		cmocka_unit_test(a_limit_never_cuts_a_tag),
		cmocka_unit_test(the_first_bytes_alone_are_no_problem),
		cmocka_unit_test(of_a_huge_part_only_the_beginning_is_read),
		cmocka_unit_test(html_loses_its_markup),
		cmocka_unit_test(previews_show_the_first_new_words),
		cmocka_unit_test(previews_fall_back_to_what_there_is),
		cmocka_unit_test(previews_are_short_and_whole),
		cmocka_unit_test(hostile_html_takes_linear_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
