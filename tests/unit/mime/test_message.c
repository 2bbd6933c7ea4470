/* Trees are written back as "mixed[1:text/plain:5 2:message/rfc822:90[...]]",
 * with the sizes in CRLF form. */
#include "cmocka_all.h"

#include "exact.h"

#include "base/buf.h"
#include "mime/message.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(512 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static void append_tree(struct buf *to, const struct part *p)
{
	if (p->is_multipart) {
		buf_printf(to, "%.*s[", BYTES_FMT(bytes_skip(p->type, 10)));
		for (size_t i = 0; i < p->child_count; i++) {
			buf_append_str(to, i ? " " : "");
			append_tree(to, &p->children[i]);
		}
		buf_append_byte(to, ']');
		return;
	}
	buf_printf(to, "%.*s:%.*s:%zu", BYTES_FMT(p->part_id), BYTES_FMT(p->type),
		   (size_t)p->encoded_size);
	if (p->message_body) {
		buf_append_byte(to, '[');
		append_tree(to, p->message_body);
		buf_append_byte(to, ']');
	}
}

static struct mime_message parse(struct bytes message)
{
	struct mime_message m;

	assert_int_equal(mime_message_parse(mem, message, &m), ERR_OK);
	return m;
}

static void check_bytes(struct bytes message, const char *want)
{
	struct mime_message m = parse(message);
	struct buf got;

	buf_init(&got, 1 << 20);
	append_tree(&got, m.root);
	if (!bytes_equal_str(buf_bytes(&got), want))
		fail_msg("%.*s\ngot  %.*s\nwant %s", BYTES_FMT(message), BYTES_FMT(buf_bytes(&got)),
			 want);
	buf_done(&got);
}

/* With LF and with CRLF: the same structure and the same sizes. */
static void check(const char *message, const char *want)
{
	struct buf crlf;

	check_bytes(exact(message), want);
	buf_init(&crlf, 1 << 20);
	for (const char *c = message; *c; c++) {
		if (*c == '\n')
			buf_append_byte(&crlf, '\r');
		buf_append_byte(&crlf, (uint8_t)*c);
	}
	check_bytes(buf_bytes(&crlf), want);
	buf_done(&crlf);
}

static void single_parts(void **state)
{
	(void)state;
	check("Subject: x\n\nbody\n", "1:text/plain:6");
	check("Content-Type: text/html\n\n<p>", "1:text/html:3");
	check("Subject: x\n\n", "1:text/plain:0");
	check("Subject: x\n", "1:text/plain:0");
	check("Content-Type:\n\nx", "1:text/plain:1");
	check("\nbody", "1:text/plain:4");
}

/* As Dovecot numbers and counts them. */
static void multiparts(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\n"
	      "Content-Type: text/html\n\ntwo\n\n--b--\nepilogue\n",
	      "mixed[1:text/plain:3 2:text/html:5]");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	      "Content-Type: multipart/alternative; boundary=c\n\n--c\n\n1\n--c\n\n2\n--c--\n--b\n"
	      "Content-Type: a/b\n\n3\n--b--",
	      "mixed[alternative[1.1:text/plain:1 1.2:text/plain:1] 2:a/b:1]");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n--b\nX: y\n--b--\n",
	      "mixed[1:text/plain:0 2:text/plain:0 3:text/plain:0]");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnever closed\n",
	      "mixed[1:text/plain:14]");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b",
	      "mixed[1:text/plain:1 2:text/plain:0]");
}

static void nested_messages(void **state)
{
	(void)state;
	check("Content-Type: message/rfc822\n\nSubject: in\n\ninner\n",
	      "1:message/rfc822:22[1.1:text/plain:7]");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
	      "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n--b--",
	      "mixed[1:message/rfc822:62[mixed[1.1:text/plain:1]]]");
	check("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\nx\n--b--",
	      "digest[1:message/rfc822:15[1.1:text/plain:1]]");
	check("Content-Type: message/rfc822\nContent-Transfer-Encoding: "
	      "base64\n\nU3ViamVjdDogeAo=\n",
	      "1:message/rfc822:18");
	check("Content-Type: message/rfc822\n\nFrom x Mon\nContent-Type: message/rfc822\n\nA: "
	      "b\n\ny",
	      "1:message/rfc822:53[1.1:message/rfc822:9[1.1.1:text/plain:1]]");
}

static void boundaries(void **state)
{
	(void)state;
	/* The longest one counts, whatever follows on the line. */
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	      "Content-Type: multipart/mixed; boundary=b-1\n\n--b-1\n\nx\n--b-1--\n--b "
	      "junk\n\ny\n--b--",
	      "mixed[mixed[1.1:text/plain:1] 2:text/plain:1]");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n -- "
	      "b\n--c\n-b\n--b--\n--b\n\nno\n",
	      "mixed[1:text/plain:14]");
	/* An inner multipart that nobody closed. */
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	      "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b\n\ny\n--b--",
	      "mixed[mixed[1.1:text/plain:1] 2:text/plain:1]");
	check("Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\n\nx\n--ab--",
	      "mixed[1:text/plain:1]");
	check("Content-Type: multipart/mixed; boundary=\"b  \"\n\n--b  \n\nx\n--b \ny\n--b  --",
	      "mixed[1:text/plain:10]");
}

static void malformed_messages_show_what_they_have(void **state)
{
	(void)state;
	check("No header at all.\nOnly text.\n", "1:text/plain:31");
	check("Content-Type: multipart/mixed\n\ntext\n", "1:text/plain:6");
	check("Content-Type: multipart/mixed; boundary=b\n\ntext\n", "1:text/plain:6");
	check("Content-Type: multipart/mixed; boundary=b\n\n--b\nno header here\n\nx\n--b--",
	      "mixed[1:text/plain:19]");
	check("Subject: x\nnot a field\nX: y\n\nbody", "1:text/plain:4");
	check("Subject: x\n \nForgot the empty line.\nMore.\n", "1:text/plain:31");
	check("From a@b Mon Jan 1\nSubject: x\n\nbody", "1:text/plain:4");
	check("Content-Type: text/html\nContent-Type: a/b\n\nx", "1:text/html:1");
}

static void what_a_part_says_of_itself(void **state)
{
	struct mime_message m = parse(BYTES_LIT(
		"Content-Type: IMAGE/PNG; name=\"=?utf-8?q?=C3=A4.png?=\"\n"
		"Content-Disposition: INLINE; filename*=utf-8''b%20c.png\nContent-ID: <x@y>\n"
		"Content-Language: de, en\nContent-Location: http://x/\nContent-Description: d\n"
		"Content-Transfer-Encoding: Base64\n\n"
		"AAAA\n"));

	(void)state;
	assert_bytes_equal_str(m.root->type, "image/png");
	assert_bytes_equal_str(m.root->name, "b c.png");
	assert_bytes_equal_str(m.root->disposition, "inline");
	assert_bytes_equal_str(m.root->cid, "x@y");
	assert_int_equal(m.root->language.count, 2);
	assert_bytes_equal_str(m.root->language.at[1], "en");
	assert_bytes_equal_str(m.root->location, "http://x/");
	assert_bytes_equal_str(m.root->description, "d");
	assert_int_equal(m.root->encoding, PART_ENCODING_BASE64);
	assert_true(m.root->is_encoding_known);
	m = parse(BYTES_LIT("Content-Transfer-Encoding: 6bit\n\nx"));
	assert_false(m.root->is_encoding_known);
}

static void check_section(const struct mime_message *m, const char *section, const char *want)
{
	struct bytes got;

	if (!mime_message_section(m, bytes_of_str(section), &got)) {
		if (want)
			fail_msg("there is no section \"%s\"", section);
		return;
	}
	if (!want)
		fail_msg("there is a section \"%s\"", section);
	assert_bytes_equal_str(got, want);
}

static void sections_are_those_of_imap(void **state)
{
	static const char text[] = "Subject: out\nContent-Type: multipart/mixed; boundary=b\n\n"
				   "--b\nA: 1\n\none\n"
				   "--b\nContent-Type: message/rfc822\n\n"
				   "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n"
				   "--b\nContent-Type: message/rfc822\n\nSubject: in\n\ny\n--b--\n";
	struct mime_message m = parse(bytes_of_str(text));

	(void)state;
	check_section(&m, "", text);
	check_section(&m, "HEADER", "Subject: out\nContent-Type: multipart/mixed; boundary=b\n\n");
	check_section(&m, "TEXT", text + m.header.len);
	check_section(&m, "1", "one");
	check_section(&m, "1.MIME", "A: 1\n\n");
	check_section(&m, "2.HEADER", "Content-Type: multipart/mixed; boundary=c\n\n");
	check_section(&m, "2.TEXT", "--c\n\nx\n--c--\n");
	check_section(&m, "2.1", "x");
	check_section(&m, "3", "Subject: in\n\ny");
	check_section(&m, "3.header", "Subject: in\n\n");
	check_section(&m, "3.1", "y");
	check_section(&m, "3.1.MIME", "Subject: in\n\n");
	check_section(&m, "4", NULL);
	check_section(&m, "1.HEADER", NULL);
	check_section(&m, "1.1", NULL);
	check_section(&m, "1.", NULL);
	check_section(&m, "MIME", NULL);
	check_section(&m, "1.NONSENSE", NULL);
	m = parse(BYTES_LIT("Subject: x\n\nbody"));
	check_section(&m, "1", "body");
	check_section(&m, "1.MIME", "Subject: x\n\n");
	check_section(&m, "TEXT", "body");
}

static void nothing_is_no_message(void **state)
{
	struct mime_message m;

	(void)state;
	assert_int_equal(mime_message_parse(mem, BYTES_LIT(""), &m), ERR_INVALID);
}

/* 100,000 levels: followed to PART_DEPTH_MAX, and in linear time. */
static void bottomless_nesting_is_survived(void **state)
{
	struct mime_message m;
	struct buf text;
	const struct part *p;
	unsigned depth = 0;

	(void)state;
	buf_init(&text, 64 << 20);
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	m = parse(buf_bytes(&text));
	for (p = m.root; p->is_multipart; p = &p->children[0])
		depth++;
	assert_int_equal(depth, PART_DEPTH_MAX);
	buf_reset(&text);
	for (int i = 0; i < 100000; i++)
		buf_append_str(&text, "Content-Type: message/rfc822\n\n");
	m = parse(buf_bytes(&text));
	for (depth = 0, p = m.root; p->message_body; p = p->message_body)
		depth++;
	assert_int_equal(depth, PART_DEPTH_MAX);
	buf_done(&text);
}

static void more_parts_than_the_limit_are_left_out(void **state)
{
	struct mime_message m;
	struct buf text;

	(void)state;
	buf_init(&text, 64 << 20);
	buf_append_str(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 100000; i++)
		buf_append_str(&text, "--b\n\nx\n");
	m = parse(buf_bytes(&text));
	assert_int_equal(m.root->child_count, PARTS_MAX - 1);
	buf_done(&text);
}

/* Eight megabytes of each; quadratic behaviour would take hours. */
static void hostile_messages_take_linear_time(void **state)
{
	static const char *const patterns[] = {
		"--\n", "\n", "--b\n\n", "a:\n", " \n", "--b--", "Content-Type: message/rfc822\n\n",
		"\r"
	};
	static const char head[] = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
	size_t n = 8 << 20, head_len = sizeof head - 1;
	char *text = malloc(n);

	(void)state;
	memcpy(text, head, head_len);
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		struct arena *scratch = arena_new(512 << 20);
		struct mime_message m;

		for (size_t i = head_len; i < n; i++)
			text[i] = patterns[k][(i - head_len) % strlen(patterns[k])];
		assert_int_equal(mime_message_parse(scratch, bytes_of(text, n), &m), ERR_OK);
		arena_free(scratch);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_parts),
		cmocka_unit_test(multiparts),
		cmocka_unit_test(nested_messages),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(malformed_messages_show_what_they_have),
		cmocka_unit_test(what_a_part_says_of_itself),
		cmocka_unit_test(sections_are_those_of_imap),
		cmocka_unit_test(nothing_is_no_message),
		cmocka_unit_test(bottomless_nesting_is_survived),
		cmocka_unit_test(more_parts_than_the_limit_are_left_out),
		cmocka_unit_test(hostile_messages_take_linear_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
