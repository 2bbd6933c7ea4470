/*
 * No string of a user can become a command. Every operation is run once with a
 * harmless word in some place, then with hostile strings in the same place: what a
 * strict server reads must be the same commands, token by token, with the user's
 * string where the word was; or the operation is refused, and of the string nothing
 * has been sent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "imap/store.h"
#include "imap/utf7.h"
#include "sasl/exchange.h"
#include "user_strings.h"

#define STRINGS 40 /* for each place and each kind of server */
#define WORD    "zqx7"

/* --- one run ------------------------------------------------------------------------- */

static void wait(struct run *r)
{
	uint64_t limit = clock_monotonic_ms() + 90000;

	while (!r->is_done) {
		loop_turn(r->loop, 100);
		if (strict_server_fault(r->server))
			fail_msg("%s", strict_server_fault(r->server));
		assert_true(clock_monotonic_ms() < limit);
	}
}

static void run_begin(struct run *r, const struct place *p, const char *capabilities)
{
	static const struct imap_server server = { .host = "mail.example.org",
						   .port = 143,
						   .tls = IMAP_TLS_NONE,
						   .allow_cleartext_login = true };
	char all[200];
	int fd;

	(void)snprintf(all, sizeof(all), "%s%s", capabilities, p->auth ? p->auth : "");
	*r = (struct run){ .loop = loop_new(), .mem = arena_new(4u << 20) };
	r->server = strict_server_start(r->loop, all, !p->auth, &fd);
	r->ms = imap_store_new_on_fd(r->loop, fd, &server);
	assert_non_null(r->ms);
	if (p->auth)
		return;
	user_string_log_in(r);
	wait(r);
	assert_int_equal(r->fault.err, ERR_OK);
	r->is_done = false;
	strict_server_forget(r->server);
}

static void run_end(struct run *r)
{
	mailstore_free(r->ms);
	strict_server_free(r->server);
	arena_free(r->mem);
	loop_free(r->loop);
}

static void run(struct run *r, const struct place *p, const char *capabilities, struct bytes s)
{
	run_begin(r, p, capabilities);
	p->start(r, s);
	wait(r);
	/* What a refused operation had sent before may still be on the way. */
	for (int i = 0; i < 3; i++)
		loop_turn(r->loop, 0);
	if (strict_server_fault(r->server))
		fail_msg("%s: %s", p->name, strict_server_fault(r->server));
}

/* --- comparing ------------------------------------------------------------------------ */

static struct bytes lower(struct arena *mem, struct bytes b)
{
	uint8_t *to = arena_alloc(mem, b.len + 1);

	for (size_t i = 0; i < b.len; i++)
		to[i] = b.at[i] >= 'A' && b.at[i] <= 'Z' ? b.at[i] + 32 : b.at[i];
	return bytes_of(to, b.len);
}

static struct bytes without_quotes(struct arena *mem, struct bytes b)
{
	uint8_t *to = arena_alloc(mem, b.len + 1);

	for (size_t i = 0; i < b.len; i++)
		to[i] = b.at[i] == '"' ? ' ' : b.at[i];
	return bytes_of(to, b.len);
}

static struct bytes from_base64(struct arena *mem, struct bytes text)
{
	struct buf clear;
	uint8_t *copy;

	buf_init(&clear, 1 << 20);
	if (!exchange_base64_decode(text, &clear)) {
		buf_done(&clear);
		return text;
	}
	copy = arena_alloc(mem, clear.len + 1);
	if (clear.len)
		memcpy(copy, clear.at, clear.len);
	text = bytes_of(copy, clear.len);
	buf_done(&clear);
	return text;
}

/* What the server takes the token for. */
static struct bytes meaning(struct arena *mem, const struct place *p, bool is_utf8,
			    const struct command_token *t)
{
	struct bytes value = t->value ? bytes_of(t->value, t->len) : BYTES_LIT("");

	switch (p->coding) {
	case CODED_MAILBOX:
		if (!is_utf8)
			(void)imap_utf7_decode(mem, value, &value);
		return value;
	case CODED_KEYWORD:
	case CODED_SECTION: return lower(mem, value);
	case CODED_BASE64: return from_base64(mem, value);
	case CODED_AS_IS:
	case CODED_GMAIL: break;
	}
	return value;
}

/* `b` with what the user gave instead of the harmless word. */
static struct bytes filled_in(struct arena *mem, const struct place *p, struct bytes b,
			      struct bytes s)
{
	struct bytes word = bytes_of_str(p->word ? p->word : WORD);
	size_t at = bytes_find(b, word);
	uint8_t *to;

	if (at == b.len)
		return b;
	if (p->coding == CODED_KEYWORD || p->coding == CODED_SECTION)
		s = lower(mem, s);
	if (p->coding == CODED_GMAIL)
		s = without_quotes(mem, s);
	to = arena_alloc(mem, b.len + s.len + 1);
	memcpy(to, b.at, at);
	if (s.len)
		memcpy(to + at, s.at, s.len);
	memcpy(to + at + s.len, b.at + at + word.len, b.len - at - word.len);
	return bytes_of(to, b.len - word.len + s.len);
}

static bool has_word(const struct place *p, const struct command_token *t)
{
	struct bytes word = bytes_of_str(p->word ? p->word : WORD);

	return t->value && bytes_find(bytes_of(t->value, t->len), word) < t->len;
}

/* ATOM-CHAR of RFC 9051 §9, and "]" where an astring may be. */
static bool is_atom(struct bytes b, bool is_astring)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];

		if (c <= ' ' || c >= 0x7f || memchr("(){%*\"\\", c, 8) || (c == ']' && !is_astring))
			return false;
	}
	return b.len > 0;
}

static bool same_token(struct arena *mem, const struct place *p, bool is_utf8,
		       const struct command_token *want, const struct command_token *got,
		       struct bytes s)
{
	struct bytes b = filled_in(mem, p, meaning(mem, p, is_utf8, want), s);

	if (!bytes_equal(b, meaning(mem, p, is_utf8, got)))
		return false;
	if (!has_word(p, want))
		return want->kind == got->kind;
	if (p->coding == CODED_SECTION)
		return got->kind == COMMAND_ATOM;
	if (got->kind == COMMAND_STRING)
		return p->coding != CODED_KEYWORD;
	return got->kind == COMMAND_ATOM &&
	       is_atom(bytes_of(got->value, got->len), p->coding != CODED_KEYWORD);
}

static bool is_charset(const struct command_token *t)
{
	return t->kind == COMMAND_ATOM && !strcmp(t->value, "CHARSET");
}

static bool same_command(struct arena *mem, const struct place *p, bool is_utf8,
			 const struct command *want, const struct command *got, struct bytes s)
{
	bool has_tag = want->count > 1 && got->count > 1;
	size_t n = has_tag;

	for (size_t i = has_tag; i < want->count; i++, n++) {
		/* Words beyond ASCII are announced. */
		if (n + 2 < got->count && is_charset(&got->at[n]) && !is_charset(&want->at[i]))
			n += 2;
		if (n == got->count || !same_token(mem, p, is_utf8, &want->at[i], &got->at[n], s))
			return false;
	}
	return n == got->count;
}

static bool same_commands(const struct place *p, bool is_utf8, const struct run *want,
			  const struct run *got, struct bytes s)
{
	size_t n = strict_server_count(want->server);

	if (n != strict_server_count(got->server))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_command(got->mem, p, is_utf8, strict_server_command(want->server, i),
				  strict_server_command(got->server, i), s))
			return false;
	return true;
}

static bool carries_word(const struct place *p, const struct command *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct bytes value = bytes_of_str(c->at[i].value);
		struct arena *mem = arena_new(1 << 16);
		bool has = has_word(p, &c->at[i]) ||
			   (p->coding == CODED_BASE64 && value.len &&
			    bytes_find(from_base64(mem, value), BYTES_LIT(WORD)) <
				    from_base64(mem, value).len);

		arena_free(mem);
		if (has)
			return true;
	}
	return false;
}

/* Only commands that would have been sent whatever the string (but for their tags). */
static bool nothing_of_it(const struct place *p, const struct run *want, const struct run *got)
{
	size_t w = 0;

	for (size_t i = 0; i < strict_server_count(got->server); i++) {
		const struct command *c = strict_server_command(got->server, i);

		for (;; w++) {
			const struct command *of = strict_server_command(want->server, w);
			bool same = w < strict_server_count(want->server) && of->count == c->count;

			if (w == strict_server_count(want->server))
				return false;
			for (size_t t = 1; same && t < c->count; t++)
				same = of->at[t].kind == c->at[t].kind &&
				       of->at[t].len == c->at[t].len &&
				       (!c->at[t].len ||
					!memcmp(of->at[t].value, c->at[t].value, c->at[t].len));
			if (same && !carries_word(p, of))
				break;
		}
	}
	return true;
}

/* --- strings ----------------------------------------------------------------------------- */

static uint64_t seed;

static unsigned dice(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % sides;
}

enum nul {
	NUL_NEVER,
	NUL_MAYBE,
	NUL_SURELY,
};

static struct bytes hostile(struct arena *mem, enum nul nul)
{
	static const struct bytes pieces[] = {
		BYTES_LIT("\r\n"),
		BYTES_LIT("\r"),
		BYTES_LIT("\n"),
		BYTES_LIT("\0"),
		BYTES_LIT("\""),
		BYTES_LIT("\\"),
		BYTES_LIT("{5}"),
		BYTES_LIT("{5+}"),
		BYTES_LIT("{5}\r\n"),
		BYTES_LIT("*"),
		BYTES_LIT("%"),
		BYTES_LIT("("),
		BYTES_LIT(")"),
		BYTES_LIT(" "),
		BYTES_LIT("\t"),
		BYTES_LIT("\r\na1 LOGOUT\r\n"),
		BYTES_LIT("\" a9 DELETE INBOX"),
		BYTES_LIT("\xc3\xbc"),
		BYTES_LIT("\xe6\x97\xa5"),
		BYTES_LIT("\xff"),
		BYTES_LIT("\xc3"),
		BYTES_LIT("&"),
		BYTES_LIT("&-"),
		BYTES_LIT("+"),
		BYTES_LIT("~"),
		BYTES_LIT("]"),
		BYTES_LIT("["),
		BYTES_LIT("NIL"),
		BYTES_LIT("<0.5>"),
		BYTES_LIT("\x7f"),
		BYTES_LIT("\x01"),
		BYTES_LIT("="),
		BYTES_LIT(","),
		BYTES_LIT("\xf0\x9f\x93\xa7"),
	};
	static const char *const tame[] = { "abc", "Zug", "1", "2.3", "1.HEADER", "9.TEXT", "x-y" };
	unsigned count = dice(6), n = sizeof(pieces) / sizeof(pieces[0]);
	struct buf b;
	uint8_t *copy;

	buf_init(&b, 1 << 20);
	if (dice(4) == 0)
		buf_append_str(&b, tame[dice(sizeof(tame) / sizeof(tame[0]))]);
	else
		for (unsigned i = 0; i <= count; i++)
			buf_append(&b, pieces[dice(n)]);
	/* Beyond what LITERAL- takes without asking. */
	for (unsigned i = dice(25) == 0 ? 5000 : 0; i; i--)
		buf_append_byte(&b, 'x');
	if (nul == NUL_SURELY)
		buf_append_byte(&b, 0);
	copy = arena_alloc(mem, b.len + 1);
	for (size_t i = 0; i < b.len; i++)
		copy[i] = b.at[i] || nul != NUL_NEVER ? b.at[i] : '0';
	n = (unsigned)b.len;
	buf_done(&b);
	return bytes_of(copy, n);
}

/* --- the property -------------------------------------------------------------------------- */

static void report(const struct place *p, const char *capabilities, const struct run *got,
		   struct bytes s)
{
	print_error("place \"%s\", server %s, string:", p->name, capabilities);
	for (size_t i = 0; i < s.len && i < 200; i++)
		print_error(" %02x", s.at[i]);
	print_error("\nfault: %s\n", err_name(got->fault.err));
	for (size_t i = 0; i < strict_server_count(got->server); i++) {
		const struct command *c = strict_server_command(got->server, i);

		for (size_t t = 0; t < c->count; t++)
			print_error(" <%.60s>", c->at[t].value ? c->at[t].value : "()");
		print_error("\n");
	}
	fail();
}

static bool is_refusal(enum err e)
{
	return e == ERR_INVALID || e == ERR_TOO_BIG || e == ERR_AUTH;
}

static void prove(const struct place *p, const char *capabilities)
{
	bool is_utf8 = strstr(capabilities, "UTF8") && !p->auth;
	struct arena *mem = arena_new(16u << 20);
	unsigned taken = 0, refused = 0;
	struct run want, got;

	run(&want, p, capabilities, bytes_of_str(p->word ? p->word : WORD));
	for (unsigned i = 0; i < STRINGS; i++) {
		struct bytes s = hostile(mem, p->has_no_nul ? NUL_NEVER
					      : i % 10      ? NUL_MAYBE
							    : NUL_SURELY);

		run(&got, p, capabilities, s);
		if (same_commands(p, is_utf8, &want, &got, s))
			taken++;
		else if (is_refusal(got.fault.err) && nothing_of_it(p, &want, &got))
			refused++;
		else
			report(p, capabilities, &got, s);
		if (p->takes_all_but_nul && got.fault.err == ERR_INVALID)
			assert_true(bytes_index(s, 0) < s.len);
		run_end(&got);
	}
	if (!taken)
		fail_msg("%s: nothing was ever taken", p->name);
	if (!refused && !p->has_no_nul)
		fail_msg("%s: nothing was ever refused", p->name);
	run_end(&want);
	arena_free(mem);
}

static void prove_all(const char *capabilities)
{
	seed = 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < user_string_place_count; i++)
		prove(&user_string_places[i], capabilities);
}

static void no_string_becomes_a_command_on_an_old_server(void **state)
{
	(void)state;
	prove_all("IMAP4rev1");
}

static void no_string_becomes_a_command_with_literals_that_need_not_wait(void **state)
{
	(void)state;
	prove_all("IMAP4rev1 LITERAL+ MOVE UIDPLUS ESEARCH UNSELECT BINARY");
}

static void no_string_becomes_a_command_in_utf_8(void **state)
{
	(void)state;
	prove_all("IMAP4rev1 LITERAL- ENABLE UTF8=ACCEPT MOVE UIDPLUS ESEARCH UNSELECT");
}

static void no_word_leaves_its_phrase_at_gmail(void **state)
{
	(void)state;
	seed = 0x9e3779b97f4a7c15;
	prove(&user_string_at_gmail, "IMAP4rev1 LITERAL+ ESEARCH X-GM-EXT-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_string_becomes_a_command_on_an_old_server),
		cmocka_unit_test(no_string_becomes_a_command_with_literals_that_need_not_wait),
		cmocka_unit_test(no_string_becomes_a_command_in_utf_8),
		cmocka_unit_test(no_word_leaves_its_phrase_at_gmail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
