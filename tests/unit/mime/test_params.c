#include "cmocka_all.h"

#include "exact.h"

#include "base/buf.h"
#include "mime/params.h"

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

/* "type; name=value|..." */
static void check_type(const char *value, const char *want)
{
	struct mime_type t;
	struct buf got;

	assert_int_equal(mime_type_parse(mem, exact(value), &t), ERR_OK);
	buf_init(&got, 4096);
	buf_append(&got, bytes_is_null(t.type) ? BYTES_LIT("-") : t.type);
	for (size_t i = 0; i < t.params.count; i++)
		buf_printf(&got, "; %.*s=%.*s", BYTES_FMT(t.params.at[i].name),
			   BYTES_FMT(t.params.at[i].value));
	if (!bytes_equal_str(buf_bytes(&got), want))
		fail_msg("%s\ngot  %.*s\nwant %s", value, BYTES_FMT(buf_bytes(&got)), want);
	buf_done(&got);
}

static void content_types(void **state)
{
	(void)state;
	check_type("text/plain", "text/plain");
	check_type(" TEXT/HTML; Charset=UTF-8", "text/html; charset=UTF-8");
	check_type("multipart/mixed;\r\n\tboundary=\"a; b\"", "multipart/mixed; boundary=a; b");
	check_type("multipart/mixed; boundary=----=_Part_1",
		   "multipart/mixed; boundary=----=_Part_1");
	check_type("text/plain; charset=us-ascii (Plain text)", "text/plain; charset=us-ascii");
	check_type("text/plain (c); charset = \"utf-8\" ; x=y", "text/plain; charset=utf-8; x=y");
	check_type("application/vnd.oasis.opendocument.text",
		   "application/vnd.oasis.opendocument.text");
	check_type("text / plain; a=b", "text/plain; a=b");
}

static void broken_content_types_become_what_makes_sense(void **state)
{
	(void)state;
	check_type("", "-");
	check_type("text", "text/plain");
	check_type("multipart; boundary=x", "multipart/mixed; boundary=x");
	check_type("foo", "application/octet-stream");
	check_type("; charset=utf-8", "-; charset=utf-8");
	check_type("charset=utf-8", "-; charset=utf-8");
	check_type("text/plain charset=utf-8", "text/plain; charset=utf-8");
	check_type("text/plain; charset=utf-8 format=flowed",
		   "text/plain; charset=utf-8; format=flowed");
	check_type("text/plain; charset=\"utf-8\" format=flowed",
		   "text/plain; charset=utf-8; format=flowed");
	check_type("text/plain;;; a=b;", "text/plain; a=b");
	check_type("text/plain; \"junk\"; a=b", "text/plain; a=b");
	check_type("text/plain>; a=b", "text/plain; a=b");
	check_type("\"text/plain\"; a=b", "text/plain; a=b");
	check_type("text/plain; a=\"unclosed; b=c", "text/plain; a=unclosed; b=c");
	check_type("text/plain; a=", "text/plain; a=");
}

static void unquoted_and_oddly_quoted_names(void **state)
{
	(void)state;
	check_type("a/b; name=My report (1).pdf; x=y", "a/b; name=My report (1).pdf; x=y");
	check_type("a/b; name=\"My \"best\" report.pdf\"; x=y",
		   "a/b; name=My \"best\" report.pdf; x=y");
	check_type("a/b; name=\"C:\\temp\\a.txt\"", "a/b; name=C:\\temp\\a.txt");
	check_type("a/b; name=\"C:\\temp\\\"; x=y", "a/b; name=C:\\temp\\; x=y");
	check_type("a/b; name=\"say \\\"hi\\\".txt\"", "a/b; name=say \"hi\".txt");
	check_type("a/b; name=\"two\r\n parts.txt\"", "a/b; name=two parts.txt");
	check_type("a/b; name==?utf-8?Q?a?= =?utf-8?Q?b?=",
		   "a/b; name==?utf-8?Q?a?= =?utf-8?Q?b?=");
}

static void charsets_without_a_copy(void **state)
{
	(void)state;
	assert_bytes_equal_str(mime_type_charset(BYTES_LIT("text/plain; charset=\"KOI8-R\"")),
			       "KOI8-R");
	assert_bytes_equal_str(mime_type_charset(BYTES_LIT("text/plain; CHARSET = utf-8;")),
			       "utf-8");
	assert_bytes_equal_str(mime_type_charset(BYTES_LIT("a/b; charset='x'")), "x");
	assert_true(bytes_is_null(mime_type_charset(BYTES_LIT("text/plain"))));
	assert_true(bytes_is_null(mime_type_charset(BYTES_NULL)));
}

static void check_name(const char *disposition, const char *want)
{
	struct mime_type t;
	struct bytes got;

	assert_int_equal(mime_disposition_parse(mem, exact(disposition), &t), ERR_OK);
	assert_int_equal(mime_param_decode(mem, &t.params, "filename", BYTES_NULL, &got), ERR_OK);
	if (bytes_is_null(got) ? want != NULL : !want || !bytes_equal_str(got, want))
		fail_msg("%s\ngot  %.*s\nwant %s", disposition, BYTES_FMT(got),
			 want ? want : "null");
}

static void file_names_by_rfc_2231(void **state)
{
	(void)state;
	check_name("attachment; filename=a.txt", "a.txt");
	check_name("attachment; filename*=utf-8''%e2%82%ac%20rates.txt", "€ rates.txt");
	check_name("attachment; filename*=ISO-8859-1'en'%A3.txt", "£.txt");
	check_name("attachment; filename*0=\"very \"; filename*1=long.txt", "very long.txt");
	check_name("attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=.txt",
		   "€.txt");
	check_name("attachment; filename*1=b; filename*0=a", "ab");
	check_name("attachment; filename*1=a; filename*2=b", "ab");
	check_name("attachment; filename*0=a; filename*2=c", "a");
	check_name("attachment; filename=plain.txt; filename*=utf-8''%C3%A4.txt", "ä.txt");
	check_name("attachment", NULL);
}

static void file_names_as_programs_write_them(void **state)
{
	(void)state;
	check_name("attachment; filename=\"=?utf-8?Q?=C3=A4.txt?=\"", "ä.txt");
	check_name("attachment; filename==?utf-8?B?w6Q=?= =?utf-8?Q?.txt?=", "ä.txt");
	check_name("attachment; filename=\"\xc3\xa4.txt\"", "ä.txt");
	check_name("attachment; filename=\"\xe4.txt\"", "ä.txt");
	check_name("attachment; filename*0=\"=?utf-8?Q?=C3\"; filename*1=\"=A4.txt?=\"", "ä.txt");
	check_name("attachment; filename*=no%20charset.txt", "no charset.txt");
	check_name("attachment; filename*=utf-8''100%.txt", "100%.txt");
	check_name("attachment; FileName*0*=UTF-8''a%", "a%");
	check_name("filename=a.txt", "a.txt");
}

static void dispositions(void **state)
{
	struct mime_type t;

	(void)state;
	assert_int_equal(mime_disposition_parse(mem, BYTES_LIT(" INLINE (c); filename=x"), &t),
			 ERR_OK);
	assert_bytes_equal_str(t.type, "inline");
	assert_int_equal(mime_disposition_parse(mem, BYTES_LIT("\"attachment\""), &t), ERR_OK);
	assert_bytes_equal_str(t.type, "attachment");
	assert_int_equal(mime_disposition_parse(mem, BYTES_LIT("filename=x"), &t), ERR_OK);
	assert_true(bytes_is_null(t.type));
}

static struct part part_with(struct bytes type, struct param *params, size_t count)
{
	return (struct part){ .type = type, .params = { params, count } };
}

static void parts_get_names_charsets_and_clean_texts(void **state)
{
	struct param html[] = { { BYTES_LIT("charset"), BYTES_LIT("ISO-8859-1") },
				{ BYTES_LIT("name"), BYTES_LIT("=?utf-8?q?=C3=A4?=") } };
	struct param file[] = { { BYTES_LIT("filename"), BYTES_LIT("f.txt") } };
	struct bytes languages[] = { BYTES_LIT("d\xe9") };
	struct part parts[2] = { part_with(BYTES_LIT("text/html"), html, 2),
				 part_with(BYTES_LIT("a/\xff"), html, 2) };
	struct part root = { .type = BYTES_LIT("multipart/mixed"),
			     .is_multipart = true,
			     .children = parts,
			     .child_count = 2 };

	(void)state;
	parts[0].cid = BYTES_LIT(" <image@x> ");
	parts[1].disposition_params = (struct param_list){ file, 1 };
	parts[1].language = (struct bytes_list){ languages, 1 };
	assert_int_equal(mime_decode_part_names(mem, &root), ERR_OK);
	assert_bytes_equal_str(parts[0].charset, "iso-8859-1");
	assert_bytes_equal_str(parts[0].name, "ä");
	assert_bytes_equal_str(parts[0].cid, "image@x");
	assert_bytes_equal_str(parts[1].name, "f.txt");
	assert_bytes_equal_str(parts[1].type, "application/octet-stream");
	assert_bytes_equal_str(parts[1].language.at[0], "dé");
	assert_true(bytes_is_null(root.charset));
	/* Twice is as good as once. */
	assert_int_equal(mime_decode_part_names(mem, &root), ERR_OK);
	assert_bytes_equal_str(parts[0].cid, "image@x");
}

static void text_that_does_not_say_is_us_ascii(void **state)
{
	struct param odd[] = { { BYTES_LIT("charset"), BYTES_LIT("\"charset=utf-8") } };
	struct part plain = part_with(BYTES_LIT("text/plain"), NULL, 0);
	struct part image = part_with(BYTES_LIT("image/png"), NULL, 0);

	(void)state;
	assert_int_equal(mime_decode_part_names(mem, &plain), ERR_OK);
	assert_bytes_equal_str(plain.charset, "us-ascii");
	assert_int_equal(mime_decode_part_names(mem, &image), ERR_OK);
	assert_true(bytes_is_null(image.charset));
	plain = part_with(BYTES_LIT("text/plain"), odd, 1);
	assert_int_equal(mime_decode_part_names(mem, &plain), ERR_OK);
	assert_bytes_equal_str(plain.charset, "utf-8");
}

static void check_clean(const char *name, const char *want)
{
	struct bytes got = mime_clean_filename(mem, exact(name));

	if (bytes_is_null(got) ? want != NULL : !want || !bytes_equal_str(got, want))
		fail_msg("%s: got %.*s, want %s", name, BYTES_FMT(got), want ? want : "null");
}

static void proposed_file_names_are_harmless(void **state)
{
	(void)state;
	check_clean("plan.pdf", "plan.pdf");
	check_clean("Gr\xc3\xbc\xc3\x9f\x65.pdf", "Grüße.pdf");
	check_clean("../../etc/passwd", "_.._etc_passwd");
	check_clean("C:\\dir\\a.txt", "C__dir_a.txt");
	check_clean(".bashrc", "bashrc");
	check_clean("a.exe. . ", "a.exe");
	check_clean("line\nbreak\t\x7f\xc2\x85.txt", "linebreak.txt");
	check_clean("photo\xe2\x80\xaegpj.exe", "photogpj.exe");
	check_clean("what?\"<>|*.txt", "what______.txt");
	check_clean("...", NULL);
	check_clean("", NULL);
	check_clean("bad\xff", NULL);
}

static void long_file_names_keep_their_extension(void **state)
{
	struct bytes got;
	struct buf name;

	(void)state;
	buf_init(&name, 1000);
	for (int i = 0; i < 200; i++)
		buf_append_str(&name, "ä");
	buf_append_str(&name, ".docx");
	got = mime_clean_filename(mem, buf_bytes(&name));
	assert_true(got.len <= MIME_FILENAME_MAX_BYTES && got.len > MIME_FILENAME_MAX_BYTES - 4);
	assert_true(bytes_is_utf8(got));
	assert_true(bytes_ends_with(got, BYTES_LIT("ä.docx")));
	buf_done(&name);
}

/* Quadratic behaviour would take minutes. */
static void hostile_values_take_linear_time(void **state)
{
	static const char *const patterns[] = { "a=\"x\"y ", "( ", "(;", "a=b (",  "\"",   "\\\"",
						"a=b;",      " ",  ";",  "a*0=b;", "\"   " };
	size_t n = 1 << 20;
	char *text = malloc(n);

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct mime_type t;
		struct bytes got;

		for (size_t i = 0; i < n; i++)
			text[i] = patterns[k][i % strlen(patterns[k])];
		assert_int_equal(mime_type_parse(mem, bytes_of(text, n), &t), ERR_OK);
		assert_true(t.params.count <= MIME_PARAMS_MAX);
		assert_int_equal(mime_param_decode(mem, &t.params, "a", BYTES_NULL, &got), ERR_OK);
		mime_type_charset(bytes_of(text, n));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_types),
		cmocka_unit_test(broken_content_types_become_what_makes_sense),
		cmocka_unit_test(unquoted_and_oddly_quoted_names),
		cmocka_unit_test(charsets_without_a_copy),
		cmocka_unit_test(file_names_by_rfc_2231),
		cmocka_unit_test(file_names_as_programs_write_them),
		cmocka_unit_test(dispositions),
		cmocka_unit_test(parts_get_names_charsets_and_clean_texts),
		cmocka_unit_test(text_that_does_not_say_is_us_ascii),
		cmocka_unit_test(proposed_file_names_are_harmless),
		cmocka_unit_test(long_file_names_keep_their_extension),
		cmocka_unit_test(hostile_values_take_linear_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
