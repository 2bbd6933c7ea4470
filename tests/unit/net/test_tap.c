#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "net/tap.h"

static void on_write(void *ctx, struct bytes text)
{
	buf_append(ctx, text);
}

/* Plays lines of "C text" and "S text" (with \r\n added, '^' begins a piece
 * without) through a tap; what comes out is in *out. `slice`: bytes at a time. */
static void play(enum tap_protocol protocol, const char *const *lines, size_t slice,
		 struct buf *out)
{
	struct tap *t = tap_new(protocol, "ada@example.org", on_write, out);

	buf_init(out, 10 * 1024 * 1024);
	for (; *lines; lines++) {
		bool client = (*lines)[0] == 'C', bare = (*lines)[1] == '^';
		struct bytes left;
		struct buf line;

		buf_init(&line, 1024 * 1024);
		buf_append_str(&line, *lines + 2);
		if (!bare)
			buf_append_str(&line, "\r\n");
		for (left = buf_bytes(&line); left.len > 0;
		     left = bytes_skip(left, slice ? slice : left.len))
			tap_data(t, client, slice ? bytes_first(left, slice) : left);
		buf_done(&line);
	}
	tap_closed(t);
	tap_free(t);
}

static void check(enum tap_protocol protocol, const char *const *lines, const char *want)
{
	struct buf whole, sliced;

	play(protocol, lines, 0, &whole);
	assert_bytes_equal_str(buf_bytes(&whole), want);
	buf_done(&whole);
	play(protocol, lines, 1, &sliced);
	/* Pieces of literals differ, lines do not: nothing may be lost or shown. */
	assert_true(sliced.len >= strlen(want));
	buf_done(&sliced);
}

static void a_login_is_left_out(void **state)
{
	static const char *const lines[] = {
		"S * OK hello",
		"C a1 LOGIN ada@example.org secret",
		"S a1 OK [CAPABILITY IMAP4rev1] ada@example.org logged in",
		"C a2 login {15}",
		"S + go on",
		"C^ada@example.org",
		"C  {6}",
		"S + go on",
		"C^secret",
		"C ",
		"S a2 NO no",
		"C a3 NOOP",
		NULL,
	};

	(void)state;
	check(TAP_IMAP, lines,
	      "S: * OK hello\n"
	      "C~ a1 LOGIN\n"
	      "S: a1 OK [CAPABILITY IMAP4rev1] xxxxxxxxxxxxxxx logged in\n"
	      "C~ a2 login\n"
	      "C- 15\n"
	      "S: + go on\n"
	      "C~\n"
	      "C- 6\n"
	      "S: + go on\n"
	      "C~\n"
	      "S: a2 NO no\n"
	      "C: a3 NOOP\n"
	      "X:\n");
}

static void a_sasl_exchange_is_left_out(void **state)
{
	static const char *const lines[] = {
		"C a1 AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=",
		"S a1 NO no",
		"C a2 AUTHENTICATE SCRAM-SHA-1",
		"S + ",
		"C biwsbj11c2Vy",
		"S + cj1meWtv",
		"C Yz1iaXdz",
		"S * OK still here",
		"S a2 OK yes",
		"C a3 NOOP",
		NULL,
	};

	(void)state;
	check(TAP_IMAP, lines,
	      "C~ a1 AUTHENTICATE PLAIN\n"
	      "S: a1 NO no\n"
	      "C~ a2 AUTHENTICATE SCRAM-SHA-1\n"
	      "S: + \n"
	      "C~\n"
	      "S: + xxxxxxxx\n"
	      "C~\n"
	      "S: * OK still here\n"
	      "S: a2 OK yes\n"
	      "C: a3 NOOP\n"
	      "X:\n");
}

static void messages_are_replaced_and_their_structure_is_not(void **state)
{
	static const char *const lines[] = {
		"C a1 FETCH 1 (ENVELOPE BODYSTRUCTURE BODY[HEADER.FIELDS (SUBJECT)] BODY[1])",
		"S * 1 FETCH (UID 7 INTERNALDATE \"01-Jan-2026 00:00:05 +0000\" ENVELOPE "
		"(\"Mon, 1 Jan\" \"Hi \\\"you\\\"\" ((\"Ada\" NIL \"ada\" \"example.org\")) NIL "
		"{5}",
		"S^Bob!!",
		"S ) BODYSTRUCTURE (\"text\" \"PLAIN\" (\"charset\" \"utf-8\" \"name\" "
		"\"bill.pdf\"))"
		" BODY[HEADER.FIELDS (SUBJECT)] {38}",
		"S Subject: A secret",
		"S  and more of it",
		"S ",
		"S  BODY[1] {11}",
		"S Name: Bob",
		"S )",
		"S * LIST () \"/\" {3}",
		"S^A B",
		"S ",
		"S a1 OK \"done\"",
		NULL,
	};

	(void)state;
	check(TAP_IMAP, lines,
	      "C: a1 FETCH 1 (ENVELOPE BODYSTRUCTURE BODY[HEADER.FIELDS (SUBJECT)] BODY[1])\n"
	      "S: * 1 FETCH (UID 7 INTERNALDATE \"01-Jan-2026 00:00:05 +0000\" ENVELOPE "
	      "(\"xxxxxxxxxx\" \"xxxxxxxxxx\" ((\"xxx\" NIL \"xxx\" \"xxxxxxxxxxx\")) NIL {5}\n"
	      "S- xxxxx\n"
	      "S: ) BODYSTRUCTURE (\"text\" \"PLAIN\" (\"charset\" \"utf-8\" \"name\" "
	      "\"xxxxxxxx\")) BODY[HEADER.FIELDS (SUBJECT)] {38}\n"
	      "S: Subject:xxxxxxxxx\n"
	      "S:  xxxxxxxxxxxxxx\n"
	      "S:\n"
	      "S:  BODY[1] {11}\n"
	      "S: xxxxxxxxx\n"
	      "S: )\n"
	      "S: * LIST () \"/\" {3}\n"
	      "S- A B\n"
	      "S:\n"
	      "S: a1 OK \"done\"\n"
	      "X:\n");
}

static void pop3_logins_and_messages_are_replaced(void **state)
{
	static const char *const lines[] = {
		"S +OK hello <1@example.org>",
		"C USER ada@example.org",
		"S +OK ada@example.org is known",
		"C PASS secret",
		"S -ERR no",
		"C AUTH PLAIN",
		"S + ",
		"C AGFkYQBzZWNyZXQ=",
		"S +OK 2 messages",
		"C LIST",
		"C RETR 1",
		"C TOP 9 0",
		"C STAT",
		"S +OK",
		"S 1 120",
		"S .",
		"S +OK 120 octets",
		"S Subject: A secret",
		"S ",
		"S Body: secret",
		"S ..",
		"S .",
		"S -ERR no such message",
		"S +OK 1 120",
		NULL,
	};

	(void)state;
	check(TAP_POP3, lines,
	      "S: +OK hello <1@example.org>\n"
	      "C~ USER\n"
	      "S: +OK xxxxxxxxxxxxxxx is known\n"
	      "C~ PASS\n"
	      "S: -ERR no\n"
	      "C~ AUTH\n"
	      "S: + \n"
	      "C~\n"
	      "S: +OK 2 messages\n"
	      "C: LIST\n"
	      "C: RETR 1\n"
	      "C: TOP 9 0\n"
	      "C: STAT\n"
	      "S: +OK\n"
	      "S: 1 120\n"
	      "S: .\n"
	      "S: +OK 120 octets\n"
	      "S: Subject:xxxxxxxxx\n"
	      "S:\n"
	      "S: xxxxxxxxxxxx\n"
	      "S: xx\n"
	      "S: .\n"
	      "S: -ERR no such message\n"
	      "S: +OK 1 120\n"
	      "X:\n");
}

/* The server's octets of a transcript, put together again. */
static void server_octets(struct bytes transcript, struct buf *to)
{
	struct bytes line;

	while (bytes_split(&transcript, '\n', &line)) {
		struct bytes text = bytes_skip(line, line.len > 2 && line.at[2] == ' ' ? 3 : 2);

		if (bytes_starts_with(line, BYTES_LIT("S:"))) {
			buf_append(to, text);
			buf_append_str(to, "\r\n");
		}
		if (!bytes_starts_with(line, BYTES_LIT("S-")))
			continue;
		for (size_t i = 0; i < text.len; i++) {
			uint8_t c = text.at[i];

			if (c == '\\')
				c = text.at[++i];
			buf_append_byte(to, c == 'r' ? '\r' : c == 'n' ? '\n' : c);
		}
	}
}

static void check_octets(const char *const *lines, size_t slice, const char *want)
{
	struct buf out, octets;

	play(TAP_IMAP, lines, slice, &out);
	buf_init(&octets, 100000);
	server_octets(buf_bytes(&out), &octets);
	assert_bytes_equal_str(buf_bytes(&octets), want);
	buf_done(&out);
	buf_done(&octets);
}

static void how_the_data_came_makes_no_difference(void **state)
{
	static const char *const lines[] = {
		"S * 1 FETCH (BODY[] {23}", "S a: b",  "S ", "S c\\d", "S^1234567890",
		"S ) a\\b \x01\rx",         "S a1 OK", NULL,
	};

	(void)state;
	for (size_t slice = 0; slice < 9; slice++)
		check_octets(lines, slice,
			     "* 1 FETCH (BODY[] {23}\r\na:xx\r\n\r\nxxx\r\nxxxxxxxxxx"
			     ") a\\b \x01\rx\r\na1 OK\r\n");
}

static void a_line_that_is_too_long_is_replaced(void **state)
{
	static char text[300 * 1024];
	const char *lines[] = { text, "S a1 OK", NULL };
	struct buf out, octets;

	(void)state;
	memset(text, 'y', sizeof text - 1);
	memcpy(text, "S * 1 FETCH (BODY[] \"", 21);
	for (size_t slice = 0; slice <= 100000; slice += 50000) {
		play(TAP_IMAP, lines, slice, &out);
		buf_init(&octets, 1000000);
		server_octets(buf_bytes(&out), &octets);
		assert_int_equal(octets.len, sizeof text - 1 - 2 + 2 + 7);
		assert_int_equal(bytes_index(buf_bytes(&octets), 'y'), octets.len);
		assert_true(bytes_ends_with(buf_bytes(&octets), BYTES_LIT("x\r\na1 OK\r\n")));
		buf_done(&out);
		buf_done(&octets);
	}
}

static void what_did_not_end_is_not_shown(void **state)
{
	static const char *const server[] = { "S^* 1 FETCH (BODY[] \"secret", NULL };
	static const char *const client[] = { "C^a1 LOGIN ada secret", NULL };

	(void)state;
	check(TAP_IMAP, server, "S- xxxxxxxxxxxxxxxxxxxxxxxxx\nX:\n");
	check(TAP_IMAP, client, "C~\nX:\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_left_out),
		cmocka_unit_test(a_sasl_exchange_is_left_out),
		cmocka_unit_test(messages_are_replaced_and_their_structure_is_not),
		cmocka_unit_test(pop3_logins_and_messages_are_replaced),
		cmocka_unit_test(how_the_data_came_makes_no_difference),
		cmocka_unit_test(a_line_that_is_too_long_is_replaced),
		cmocka_unit_test(what_did_not_end_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
