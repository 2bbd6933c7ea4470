#include "imap_test.h"

#include <stdlib.h>

#include "command_reader.h"
#include "imap/encode.h"

static const struct imap_encoding plain = { .literals = IMAP_LITERALS_SYNC };

/* Everything in order: "…" is sent, <wait> and <stream n> are what they say. */
static void describe(struct imap_command *c, struct buf *to)
{
	struct imap_segment s;

	buf_init(to, 1000000);
	for (size_t i = 0; imap_command_segment(c, i, &s); i++) {
		if (s.kind == IMAP_SEGMENT_SEND) {
			assert_int_not_equal(s.data.len, 0);
			buf_append(to, s.data);
		} else if (s.kind == IMAP_SEGMENT_WAIT) {
			buf_append_str(to, "<wait>");
		} else {
			buf_printf(to, "<stream %llu>", (unsigned long long)s.stream_bytes);
		}
	}
}

static void assert_command(struct imap_command *c, const char *want)
{
	struct buf got;

	assert_int_equal(imap_command_end(c), ERR_OK);
	describe(c, &got);
	assert_bytes_equal_str(buf_bytes(&got), want);
	buf_done(&got);
	imap_command_done(c);
}

static struct imap_command begun(const struct imap_encoding *how, const char *words)
{
	struct imap_command c;

	imap_command_init(&c, how);
	imap_command_begin(&c, BYTES_LIT("a1"), words);
	return c;
}

static void tokens_have_one_space_between_them(void **state)
{
	struct imap_command c = begun(&plain, "UID FETCH");

	(void)state;
	imap_command_seq_range(&c, (struct imap_seq){ 1 }, (struct imap_seq){ UINT32_MAX });
	imap_command_open(&c);
	imap_command_word(&c, "FLAGS");
	imap_command_open(&c);
	imap_command_close(&c);
	imap_command_number(&c, 18446744073709551615U);
	imap_command_nil(&c);
	imap_command_close(&c);
	imap_command_atom(&c, BYTES_LIT("X=Y"));
	assert_command(&c, "a1 UID FETCH 1:* (FLAGS () 18446744073709551615 NIL) X=Y\r\n");
}

static void strings_take_the_form_that_fits(void **state)
{
	struct imap_command c = begun(&plain, "X");

	(void)state;
	imap_command_string(&c, BYTES_LIT("a b"));
	imap_command_string(&c, BYTES_LIT(""));
	imap_command_string(&c, BYTES_LIT("say \"hi\\\""));
	imap_command_astring(&c, BYTES_LIT("INBOX"));
	imap_command_astring(&c, BYTES_LIT("a]b"));
	imap_command_astring(&c, BYTES_LIT("nil"));
	imap_command_astring(&c, BYTES_LIT("100%"));
	imap_command_astring(&c, BYTES_LIT(""));
	imap_command_nstring(&c, BYTES_NULL);
	imap_command_nstring(&c, BYTES_LIT("NIL"));
	assert_command(&c, "a1 X \"a b\" \"\" \"say \\\"hi\\\\\\\"\" INBOX a]b \"nil\" \"100%\" "
			   "\"\" NIL \"NIL\"\r\n");
}

static void what_cannot_be_quoted_becomes_a_literal(void **state)
{
	struct imap_encoding how = plain;
	struct imap_command c = begun(&how, "LOGIN");

	(void)state;
	imap_command_string(&c, BYTES_LIT("a\r\nb"));
	imap_command_string(&c, BYTES_LIT("p\xc3\xa4"));
	assert_true(imap_command_waits(&c));
	assert_command(&c, "a1 LOGIN {4}\r\n<wait>a\r\nb {3}\r\n<wait>p\xc3\xa4\r\n");
	how.literals = IMAP_LITERALS_PLUS;
	c = begun(&how, "LOGIN");
	imap_command_string(&c, BYTES_LIT("a\tb"));
	assert_false(imap_command_waits(&c));
	assert_command(&c, "a1 LOGIN {3+}\r\na\tb\r\n");
	how.is_utf8 = true;
	c = begun(&how, "LOGIN");
	imap_command_string(&c, BYTES_LIT("p\xc3\xa4"));
	imap_command_string(&c, BYTES_LIT("p\xe4"));
	assert_command(&c, "a1 LOGIN \"p\xc3\xa4\" {2+}\r\np\xe4\r\n");
}

static void literal_minus_ends_at_4096(void **state)
{
	struct imap_encoding how = { .literals = IMAP_LITERALS_MINUS };
	uint8_t *many = malloc(4097);
	struct imap_command c;

	(void)state;
	memset(many, 'x', 4097);
	c = begun(&how, "X");
	imap_command_string(&c, bytes_of(many, 4096));
	assert_false(imap_command_waits(&c));
	imap_command_string(&c, bytes_of(many, 4097));
	assert_true(imap_command_waits(&c));
	assert_int_equal(imap_command_end(&c), ERR_OK);
	imap_command_done(&c);
	free(many);
}

static void literals_may_be_streamed(void **state)
{
	struct imap_encoding how = { .literals = IMAP_LITERALS_PLUS };
	struct imap_command c = begun(&how, "APPEND");

	(void)state;
	imap_command_mailbox(&c, BYTES_LIT("Sent"));
	imap_command_literal_stream(&c, 5, true);
	assert_command(&c, "a1 APPEND Sent {5+}\r\n<stream 5>\r\n");
	c = begun(&how, "APPEND");
	imap_command_literal_stream(&c, 25000000, false);
	imap_command_literal_stream(&c, 0, false);
	assert_command(&c, "a1 APPEND {25000000}\r\n<wait><stream 25000000> {0+}\r\n\r\n");
	how.is_binary = true;
	c = begun(&how, "APPEND");
	imap_command_literal_stream(&c, 5, true);
	imap_command_utf8_literal_stream(&c, 6);
	assert_command(&c, "a1 APPEND ~{5+}\r\n<stream 5> UTF8 (~{6+}\r\n<stream 6>)\r\n");
}

static void mailbox_names(void **state)
{
	struct imap_encoding how = plain;
	struct imap_command c = begun(&how, "SELECT");

	(void)state;
	imap_command_mailbox(&c, BYTES_LIT("Entw\xc3\xbcrfe & mehr"));
	imap_command_mailbox(&c, BYTES_LIT("INBOX/%"));
	imap_command_mailbox_raw(&c, BYTES_LIT("Entw&rfe"));
	assert_command(&c, "a1 SELECT \"Entw&APw-rfe &- mehr\" \"INBOX/%\" Entw&rfe\r\n");
	how.is_utf8 = true;
	c = begun(&how, "SELECT");
	imap_command_mailbox(&c, BYTES_LIT("Entw\xc3\xbcrfe & mehr"));
	assert_command(&c, "a1 SELECT \"Entw\xc3\xbcrfe & mehr\"\r\n");
	c = begun(&how, "SELECT");
	imap_command_mailbox(&c, BYTES_LIT("\xff"));
	assert_int_equal(imap_command_end(&c), ERR_INVALID);
	imap_command_done(&c);
	c = begun(&plain, "SELECT");
	imap_command_mailbox(&c, BYTES_LIT("\xff"));
	assert_int_equal(imap_command_end(&c), ERR_INVALID);
	imap_command_done(&c);
}

static void sets_flags_and_dates(void **state)
{
	struct imap_range ranges[] = { { 1, 1 }, { 5, UINT32_MAX }, { UINT32_MAX, UINT32_MAX } };
	struct imap_set set = { .at = ranges, .count = 3 };
	struct bytes custom[] = { BYTES_LIT("$forwarded"), BYTES_LIT("x") };
	struct keywords k = { .system = KEYWORD_SEEN | KEYWORD_DELETED, .custom = { custom, 2 } };
	struct zoned_time t = { .is_known = true, .unix_s = 837596665, .offset_min = -420 };
	struct imap_command c = begun(&plain, "X");
	struct uid_set uids;

	(void)state;
	uid_set_init(&uids, 100);
	assert_int_equal(uid_set_add(&uids, 3, 9), ERR_OK);
	assert_int_equal(uid_set_add(&uids, 11, 11), ERR_OK);
	imap_command_set(&c, &set);
	imap_command_uid_set(&c, &uids);
	imap_command_flags(&c, &k);
	imap_command_flag(&c, BYTES_LIT("\\Seen"));
	imap_command_date(&c, 760060800);
	imap_command_date_time(&c, &t);
	assert_command(&c, "a1 X 1,5:*,* 3:9,11 (\\Seen \\Deleted $forwarded x) \\Seen 1-Feb-1994 "
			   "\"17-Jul-1996 02:44:25 -0700\"\r\n");
	uid_set_done(&uids);
}

static void sections(void **state)
{
	struct bytes fields[] = { BYTES_LIT("From"), BYTES_LIT("List \"Id\"") };
	struct imap_section whole = { .item = "BODY.PEEK" };
	struct imap_section head = { .item = "BODY.PEEK",
				     .part_id = BYTES_LIT("1.2"),
				     .text = "HEADER.FIELDS",
				     .fields = fields,
				     .field_count = 2 };
	struct imap_section mime = { .item = "BODY.PEEK",
				     .part_id = BYTES_LIT("3"),
				     .text = "MIME",
				     .first = 0,
				     .count = 100 };
	struct imap_section binary = { .item = "BINARY.PEEK", .part_id = BYTES_LIT("2") };
	struct imap_command c = begun(&plain, "X");

	(void)state;
	imap_command_section(&c, &whole);
	imap_command_section(&c, &head);
	imap_command_section(&c, &mime);
	imap_command_section(&c, &binary);
	assert_command(&c,
		       "a1 X BODY.PEEK[] BODY.PEEK[1.2.HEADER.FIELDS (From \"List \\\"Id\\\"\")] "
		       "BODY.PEEK[3.MIME]<0.100> BINARY.PEEK[2]\r\n");
}

static void base64_of_credentials(void **state)
{
	struct imap_command c = begun(&plain, "AUTHENTICATE PLAIN");

	(void)state;
	imap_command_base64(&c, BYTES_LIT("\0tim\0tanstaaftanstaaf"));
	imap_command_base64(&c, BYTES_LIT(""));
	imap_command_base64(&c, BYTES_LIT("\xff\xfe"));
	assert_command(&c, "a1 AUTHENTICATE PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm = //4=\r\n");
}

/* Each of these is refused as a whole. */
static void bad_atom(struct imap_command *c)
{
	imap_command_atom(c, BYTES_LIT("a b"));
}

static void bad_atom_end(struct imap_command *c)
{
	imap_command_atom(c, BYTES_LIT("a\r\na2 LOGOUT"));
}

static void empty_atom(struct imap_command *c)
{
	imap_command_atom(c, BYTES_LIT(""));
}

static void bad_flag(struct imap_command *c)
{
	imap_command_flag(c, BYTES_LIT("\\"));
}

static void bad_flag_star(struct imap_command *c)
{
	imap_command_flag(c, BYTES_LIT("\\*"));
}

static void nul_in_string(struct imap_command *c)
{
	imap_command_string(c, BYTES_LIT("a\0b"));
}

static void nul_in_mailbox(struct imap_command *c)
{
	imap_command_mailbox(c, BYTES_LIT("a\0b"));
}

static void empty_set(struct imap_command *c)
{
	imap_command_set(c, &(struct imap_set){ 0 });
}

static void zero_in_set(struct imap_command *c)
{
	imap_command_seq_range(c, (struct imap_seq){ 0 }, (struct imap_seq){ 1 });
}

static void bad_part(struct imap_command *c)
{
	imap_command_section(
		c, &(struct imap_section){ .item = "BODY.PEEK", .part_id = BYTES_LIT("1]") });
}

static void late_date(struct imap_command *c)
{
	imap_command_date(c, INT64_MAX);
}

static void bad_tokens_are_refused(void **state)
{
	static void (*const cases[])(struct imap_command * c) = {
		bad_atom,       bad_atom_end, empty_atom,  bad_flag, bad_flag_star, nul_in_string,
		nul_in_mailbox, empty_set,    zero_in_set, bad_part, late_date,
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct imap_command c = begun(&plain, "X");

		cases[i](&c);
		imap_command_string(&c, BYTES_LIT("more"));
		if (imap_command_end(&c) != ERR_INVALID)
			fail_msg("case %zu was taken", i);
		imap_command_done(&c);
	}
}

static void mistakes_of_ours_are_told(void **state)
{
	struct imap_command c = begun(&plain, "X");

	(void)state;
	imap_command_open(&c);
	assert_int_equal(imap_command_end(&c), ERR_INTERNAL);
	imap_command_done(&c);
	c = begun(&plain, "X");
	imap_command_close(&c);
	assert_int_equal(imap_command_end(&c), ERR_INTERNAL);
	imap_command_done(&c);
}

static void commands_have_a_limit(void **state)
{
	struct imap_encoding how = { .max_bytes = 20 };
	struct imap_command c = begun(&how, "X");

	(void)state;
	imap_command_string(&c, BYTES_LIT("0123456789"));
	assert_int_equal(imap_command_end(&c), ERR_OK);
	imap_command_done(&c);
	c = begun(&how, "X");
	imap_command_string(&c, BYTES_LIT("01234567890123"));
	assert_int_equal(imap_command_end(&c), ERR_TOO_BIG);
	imap_command_done(&c);
}

/* --- the property: whatever is put in, that and nothing else comes out -------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Made of what hurts. */
static struct bytes hostile(uint32_t *seed, bool is_utf8)
{
	static const char *const bits[] = { "\r\n",    "\"",       "\\",   " ",       "a1 LOGOUT",
					    "{5}\r\n", "{3+}\r\n", "NIL",  "(",       ")",
					    "[",       "]",        "%",    "*",       "\xc3\xa4",
					    "~{1}",    "x",        "\t",   "&",       "&-",
					    "\x7f",    "\n",       "\xff", "\xe2\x98" };
	size_t count = sizeof bits / sizeof *bits - (is_utf8 ? 2 : 0), n = 0;
	uint8_t *to = arena_alloc(imap_test_mem, 3000);
	uint32_t pieces = next_random(seed) % 7;

	if (next_random(seed) % 50 == 0)
		pieces = 250;
	while (pieces--) {
		const char *bit = bits[next_random(seed) % count];

		memcpy(to + n, bit, strlen(bit));
		n += strlen(bit);
	}
	return bytes_of(to, n);
}

struct expected {
	struct command_token at[100];
	size_t count;
};

static void expect(struct expected *want, int kind, struct bytes value)
{
	want->at[want->count++] = (struct command_token){
		.kind = kind,
		.value = arena_str(imap_test_mem, value),
		.len = value.len,
	};
}

static void add_section(struct imap_command *c, uint32_t *seed, struct expected *want)
{
	struct bytes fields[2] = { hostile(seed, false), hostile(seed, false) };
	struct imap_section s = { .item = "BODY.PEEK",
				  .part_id = BYTES_LIT("1.2"),
				  .text = "HEADER.FIELDS",
				  .fields = fields,
				  .field_count = 2,
				  .count = 7 };

	imap_command_section(c, &s);
	expect(want, COMMAND_ATOM, BYTES_LIT("BODY.PEEK["));
	expect(want, COMMAND_ATOM, BYTES_LIT("1.2.HEADER.FIELDS"));
	expect(want, COMMAND_OPEN, BYTES_NULL);
	expect(want, COMMAND_STRING, fields[0]);
	expect(want, COMMAND_STRING, fields[1]);
	expect(want, COMMAND_CLOSE, BYTES_NULL);
	expect(want, COMMAND_ATOM, BYTES_LIT("]<0.7>"));
}

/* One random token into the command; what a reader must find into `want`. */
static void add_token(struct imap_command *c, uint32_t *seed, struct expected *want)
{
	struct bytes s;

	switch (next_random(seed) % 7) {
	case 0:
		s = hostile(seed, false);
		imap_command_string(c, s);
		expect(want, COMMAND_STRING, s);
		break;
	case 1:
		s = hostile(seed, false);
		imap_command_astring(c, s);
		expect(want, COMMAND_STRING, s);
		break;
	case 2:
		s = hostile(seed, false);
		imap_command_nstring(c, s);
		expect(want, COMMAND_STRING, s);
		break;
	case 3:
		imap_command_number(c, 42);
		expect(want, COMMAND_ATOM, BYTES_LIT("42"));
		break;
	case 4:
		s = hostile(seed, true);
		imap_command_mailbox_raw(c, s);
		expect(want, COMMAND_STRING, s);
		break;
	case 5: add_section(c, seed, want); break;
	default:
		imap_command_open(c);
		expect(want, COMMAND_OPEN, BYTES_NULL);
		imap_command_word(c, "W");
		expect(want, COMMAND_ATOM, BYTES_LIT("W"));
		imap_command_close(c);
		expect(want, COMMAND_CLOSE, BYTES_NULL);
	}
}

/* An astring may stand as an atom where a string is expected. */
static void assert_same_tokens(const struct command *got, const struct expected *want)
{
	assert_int_equal(got->count, want->count);
	for (size_t i = 0; i < got->count; i++) {
		const struct command_token *a = &got->at[i], *b = &want->at[i];

		if (a->kind != b->kind)
			assert_true(a->kind == COMMAND_ATOM && b->kind == COMMAND_STRING);
		if (a->kind == COMMAND_ATOM && b->kind == COMMAND_STRING)
			assert_string_not_equal(a->value, "NIL");
		assert_int_equal(a->len, b->len);
		if (a->value)
			assert_memory_equal(a->value, b->value, a->len);
	}
}

/* Before each WAIT a literal's header must have ended what was sent. */
static void check_segments(const struct imap_command *c, struct buf *wire, size_t *ret_waits)
{
	struct imap_segment s;

	buf_init(wire, 10000000);
	*ret_waits = 0;
	for (size_t i = 0; imap_command_segment(c, i, &s); i++) {
		if (s.kind == IMAP_SEGMENT_SEND) {
			buf_append(wire, s.data);
			continue;
		}
		assert_int_equal(s.kind, IMAP_SEGMENT_WAIT);
		assert_true(bytes_ends_with(buf_bytes(wire), BYTES_LIT("}\r\n")));
		++*ret_waits;
	}
}

static void hostile_strings_come_out_as_the_same_tokens_of_one_command(void **state)
{
	uint32_t seed = 42;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct imap_encoding how = { .literals = (enum imap_literals)(round % 3),
					     .is_utf8 = round % 2 };
		struct expected want = { 0 };
		struct imap_command c = begun(&how, "X");
		struct command got;
		struct buf wire;
		const char *fault;
		size_t waits;

		expect(&want, COMMAND_ATOM, BYTES_LIT("a1"));
		expect(&want, COMMAND_ATOM, BYTES_LIT("X"));
		for (uint32_t n = 1 + next_random(&seed) % 8; n; n--)
			add_token(&c, &seed, &want);
		assert_int_equal(imap_command_end(&c), ERR_OK);
		check_segments(&c, &wire, &waits);
		fault = command_read(buf_bytes(&wire), &got);
		if (fault)
			fail_msg("%s:\n%.*s", fault, BYTES_FMT(buf_bytes(&wire)));
		assert_same_tokens(&got, &want);
		assert_int_equal(got.waits, waits);
		assert_int_equal(waits != 0, imap_command_waits(&c));
		command_done(&got);
		buf_done(&wire);
		imap_command_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(tokens_have_one_space_between_them),
		imap_test(strings_take_the_form_that_fits),
		imap_test(what_cannot_be_quoted_becomes_a_literal),
		imap_test(literal_minus_ends_at_4096),
		imap_test(literals_may_be_streamed),
		imap_test(mailbox_names),
		imap_test(sets_flags_and_dates),
		imap_test(sections),
		imap_test(base64_of_credentials),
		imap_test(bad_tokens_are_refused),
		imap_test(mistakes_of_ours_are_told),
		imap_test(commands_have_a_limit),
		imap_test(hostile_strings_come_out_as_the_same_tokens_of_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
