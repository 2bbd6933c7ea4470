#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "sasl/exchange.h"
#include "sasl/sasl.h"
#include "scram_server.h"

#define ALL_BITS (SASL_BIT(SASL_MECHANISMS) - 1)

/* libgsasl's random bytes and our wiping are replaced for the whole program. */
static const char *fixed_nonce; /* base64 of what gsasl_nonce() gives; NULL: a simple count */
static char wiped[8][128];
static size_t wiped_count;

int gsasl_nonce(char *data, size_t len);

int gsasl_nonce(char *data, size_t len)
{
	struct buf b;

	for (size_t i = 0; i < len; i++)
		data[i] = (char)i;
	if (!fixed_nonce)
		return 0;
	buf_init(&b, 100);
	assert_true(exchange_base64_decode(bytes_of_str(fixed_nonce), &b));
	assert_int_equal(b.len, len);
	memcpy(data, b.at, len);
	buf_done(&b);
	return 0;
}

void explicit_bzero(void *at, size_t n)
{
	volatile char *to = at;

	if (wiped_count < 8)
		snprintf(wiped[wiped_count++], sizeof wiped[0], "%.*s", (int)n, (char *)at);
	for (size_t i = 0; i < n; i++)
		to[i] = 0;
}

static bool was_wiped(const char *secret)
{
	for (size_t i = 0; i < wiped_count; i++)
		if (strstr(wiped[i], secret))
			return true;
	return false;
}

static struct sasl_options options(unsigned offered)
{
	return (struct sasl_options){
		.offered = offered,
		.secure = true,
		.service = "imap",
		.host = "server.example.com",
		.port = 143,
		.username = "user",
		.password = "pencil",
	};
}

static struct sasl *new_sasl(const struct sasl_options *o)
{
	struct sasl *s = NULL;
	struct fault f = { .err = ERR_OK };

	if (sasl_new(o, &s, &f) != ERR_OK)
		fail_msg("%s: %s", err_name(f.err), f.text);
	return s;
}

static void to_base64(struct bytes clear, struct buf *to)
{
	buf_reset(to);
	exchange_base64_encode(clear, to);
	assert_int_equal(buf_err(to), ERR_OK);
}

/* Challenge and response in clear. NULL: the response to sasl_start(). */
static enum err step(struct sasl *s, const char *challenge, char *answer, size_t size)
{
	struct buf in, out, clear;
	bool any = true;
	enum err e;

	buf_init(&in, 100000);
	buf_init(&out, 100000);
	buf_init(&clear, 100000);
	if (challenge)
		to_base64(bytes_of_str(challenge), &in);
	e = challenge ? sasl_step(s, buf_bytes(&in), &out) : sasl_start(s, &out, &any);
	assert_true(any);
	assert_true(exchange_base64_decode(buf_bytes(&out), &clear));
	/* NUL is shown as '|'. */
	snprintf(answer, size, "%.*s", BYTES_FMT(buf_bytes(&clear)));
	for (size_t i = 0; i < clear.len && i < size - 1; i++)
		answer[i] = clear.at[i] ? (char)clear.at[i] : '|';
	answer[clear.len < size ? clear.len : size - 1] = '\0';
	buf_done(&in);
	buf_done(&out);
	buf_done(&clear);
	return e;
}

static void check_step(struct sasl *s, const char *challenge, const char *want)
{
	char answer[1024];

	assert_int_equal(step(s, challenge, answer, sizeof answer), ERR_OK);
	assert_string_equal(answer, want);
}

/* --- the choice ---------------------------------------------------------------------- */

static enum sasl_mechanism chosen(const struct sasl_options *o)
{
	struct sasl *s = new_sasl(o);
	enum sasl_mechanism m = sasl_mechanism(s);

	sasl_free(s);
	return m;
}

static void the_strongest_is_taken(void **state)
{
	struct sasl_options o = options(ALL_BITS);

	(void)state;
	o.binding_type = "tls-exporter";
	o.binding = BYTES_LIT("binding");
	assert_int_equal(chosen(&o), SASL_SCRAM_SHA_256_PLUS);
	o.offered &= ~SASL_BIT(SASL_SCRAM_SHA_256_PLUS);
	assert_int_equal(chosen(&o), SASL_SCRAM_SHA_1_PLUS);
	o.binding_type = NULL;
	assert_int_equal(chosen(&o), SASL_SCRAM_SHA_256);
	o.offered = SASL_BIT(SASL_LOGIN) | SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_CRAM_MD5) |
		    SASL_BIT(SASL_SCRAM_SHA_1);
	assert_int_equal(chosen(&o), SASL_SCRAM_SHA_1);
	o.offered &= ~SASL_BIT(SASL_SCRAM_SHA_1);
	assert_int_equal(chosen(&o), SASL_CRAM_MD5);
	o.offered &= ~SASL_BIT(SASL_CRAM_MD5);
	assert_int_equal(chosen(&o), SASL_PLAIN);
	o.offered &= ~SASL_BIT(SASL_PLAIN);
	assert_int_equal(chosen(&o), SASL_LOGIN);
	o.offered = ALL_BITS;
	o.password = NULL;
	o.access_token = "token";
	assert_int_equal(chosen(&o), SASL_OAUTHBEARER);
	o.offered = SASL_BIT(SASL_XOAUTH2) | SASL_BIT(SASL_PLAIN);
	assert_int_equal(chosen(&o), SASL_XOAUTH2);
}

static void a_pinned_mechanism_is_taken_or_none(void **state)
{
	struct sasl_options o = options(ALL_BITS);
	struct sasl *s;
	struct fault f;

	(void)state;
	o.pinned = SASL_PLAIN;
	assert_int_equal(chosen(&o), SASL_PLAIN);
	o.offered = SASL_BIT(SASL_SCRAM_SHA_256);
	assert_int_equal(sasl_new(&o, &s, &f), ERR_UNSUPPORTED);
	assert_non_null(strstr(f.text, "configured"));
	o.pinned = SASL_SCRAM_SHA_256_PLUS; /* no binding */
	o.offered = ALL_BITS;
	assert_int_equal(sasl_new(&o, &s, &f), ERR_UNSUPPORTED);
}

static void secrets_are_not_shown_in_clear(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN) |
					SASL_BIT(SASL_OAUTHBEARER) | SASL_BIT(SASL_XOAUTH2));
	struct sasl *s;
	struct fault f;

	(void)state;
	o.secure = false;
	assert_int_equal(sasl_new(&o, &s, &f), ERR_DENIED);
	assert_non_null(strstr(f.text, "not encrypted"));
	o.access_token = "token";
	assert_int_equal(sasl_new(&o, &s, NULL), ERR_DENIED);
	o.offered = ALL_BITS;
	assert_int_equal(chosen(&o), SASL_SCRAM_SHA_256);
}

static void nothing_in_common_is_told(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_OAUTHBEARER));
	struct sasl *s;
	struct fault f;

	(void)state;
	assert_int_equal(sasl_new(&o, &s, &f), ERR_UNSUPPORTED);
	o.offered = SASL_BIT(SASL_PLAIN);
	o.password = NULL;
	o.access_token = "token";
	assert_int_equal(sasl_new(&o, &s, &f), ERR_UNSUPPORTED);
	assert_non_null(strstr(f.text, "OAuth"));
}

static void names_are_known_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(sasl_mechanism_of(BYTES_LIT("scram-sha-256-PLUS")),
			 SASL_SCRAM_SHA_256_PLUS);
	assert_int_equal(sasl_mechanism_of(BYTES_LIT("Plain")), SASL_PLAIN);
	assert_int_equal(sasl_mechanism_of(BYTES_LIT("SCRAM-SHA-512")), SASL_UNKNOWN);
	assert_int_equal(sasl_mechanism_of(BYTES_LIT("")), SASL_UNKNOWN);
	for (int m = SASL_UNKNOWN + 1; m < SASL_MECHANISMS; m++)
		assert_int_equal(sasl_mechanism_of(
					 bytes_of_str(sasl_mechanism_name((enum sasl_mechanism)m))),
				 m);
}

/* --- examples of the RFCs ------------------------------------------------------------- */

static void plain_of_rfc_4616(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_PLAIN));
	struct sasl *s;

	(void)state;
	o.username = "tim";
	o.password = "tanstaaftanstaaf";
	s = new_sasl(&o);
	check_step(s, NULL, "|tim|tanstaaftanstaaf");
	assert_int_equal(sasl_finish(s), ERR_OK);
	sasl_free(s);
}

static void without_an_initial_response_the_first_challenge_asks_for_it(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_PLAIN));
	struct sasl *s = new_sasl(&o);
	char answer[100];

	(void)state;
	assert_int_equal(sasl_finish(s), ERR_PROTO);
	check_step(s, "", "|user|pencil");
	assert_int_equal(sasl_finish(s), ERR_OK);
	/* A server that asks once more is not understood. */
	assert_int_equal(step(s, "again?", answer, sizeof answer), ERR_PROTO);
	sasl_free(s);
}

static void cram_md5_of_rfc_2195(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_CRAM_MD5));
	struct sasl *s;
	struct buf none;
	bool any = true;

	(void)state;
	o.username = "tim";
	o.password = "tanstaaftanstaaf";
	o.secure = false;
	s = new_sasl(&o);
	buf_init(&none, 100);
	assert_int_equal(sasl_start(s, &none, &any), ERR_OK);
	assert_false(any);
	assert_int_equal(none.len, 0);
	check_step(s, "<1896.697170952@postoffice.reston.mci.net>",
		   "tim b913a602c7eda7a495b4e6e7334d3890");
	assert_int_equal(sasl_finish(s), ERR_OK);
	sasl_free(s);
}

static void login_says_name_and_password(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_LOGIN));
	struct sasl *s = new_sasl(&o);

	(void)state;
	check_step(s, "Username:", "user");
	assert_int_equal(sasl_finish(s), ERR_PROTO);
	check_step(s, "Password:", "pencil");
	assert_int_equal(sasl_finish(s), ERR_OK);
	sasl_free(s);
}

static void scram_sha_1_of_rfc_5802(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_SCRAM_SHA_1));
	struct sasl *s;

	(void)state;
	fixed_nonce = "fyko+d2lbbFgONRv9qkxdawL";
	s = new_sasl(&o);
	check_step(s, NULL, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
	check_step(s, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		   "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		   "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
	assert_int_equal(sasl_finish(s), ERR_PROTO);
	check_step(s, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "");
	assert_int_equal(sasl_finish(s), ERR_OK);
	sasl_free(s);
	fixed_nonce = NULL;
}

static void oauthbearer_of_rfc_7628(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_OAUTHBEARER));
	struct sasl *s;

	(void)state;
	o.username = "user@example.com";
	o.password = NULL;
	o.access_token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
	s = new_sasl(&o);
	check_step(s, NULL,
		   "n,a=user@example.com,\001host=server.example.com\001port=143\001"
		   "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001");
	assert_int_equal(sasl_finish(s), ERR_OK);
	/* Refused: the explanation is answered, so that the tagged "no" comes. */
	check_step(s, "{\"status\":\"invalid_token\"}", "\001");
	assert_int_equal(sasl_finish(s), ERR_PROTO);
	sasl_free(s);
}

static void xoauth2_of_google(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_XOAUTH2));
	struct sasl *s;
	char answer[100];

	(void)state;
	o.username = "someuser@example.com";
	o.password = NULL;
	o.access_token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
	s = new_sasl(&o);
	check_step(s, NULL,
		   "user=someuser@example.com\001"
		   "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\001\001");
	assert_int_equal(sasl_finish(s), ERR_OK);
	check_step(s, "{\"status\":\"401\",\"schemes\":\"bearer\"}", "");
	assert_int_equal(step(s, "again?", answer, sizeof answer), ERR_PROTO);
	sasl_free(s);
}

static void names_cannot_break_out_of_a_bearer_message(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_OAUTHBEARER));
	struct sasl *s;

	(void)state;
	o.username = "a,b=c";
	o.access_token = "t";
	s = new_sasl(&o);
	check_step(s, NULL,
		   "n,a=a=2Cb=3Dc,\001host=server.example.com\001port=143\001"
		   "auth=Bearer t\001\001");
	sasl_free(s);
	o.username = "a\001auth=Bearer other";
	assert_int_equal(sasl_new(&o, &s, NULL), ERR_INVALID);
	o.username = "a";
	o.access_token = "t\r\n";
	assert_int_equal(sasl_new(&o, &s, NULL), ERR_INVALID);
}

/* --- SCRAM against a server of our own --------------------------------------------------- */

static void the_own_scram_server_speaks_rfc_7677(void **state)
{
	struct scram_server server = { .sha256 = true,
				       .password = "pencil",
				       .server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
				       .salt = "W22ZaJ0SNY7soEsUEjb6gQ==",
				       .iterations = 4096,
				       .gs2_header = "n,," };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	scram_server_first(&server, BYTES_LIT("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), &b);
	assert_bytes_equal_str(buf_bytes(&b),
			       "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			       "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
	buf_reset(&b);
	scram_server_final(&server,
			   BYTES_LIT("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
			   &b);
	assert_bytes_equal_str(buf_bytes(&b), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	buf_done(&b);
}

/* What the server's last word is to be. */
enum last_word {
	LAST_PROOF,
	LAST_FALSE_PROOF,
	LAST_REFUSAL,
};

static enum err log_in(struct sasl_options *o, struct scram_server *server, enum last_word last)
{
	struct sasl *s = new_sasl(o);
	char text[1024];
	struct buf b;
	enum err e;

	buf_init(&b, 1000);
	assert_int_equal(step(s, NULL, text, sizeof text), ERR_OK);
	scram_server_first(server, bytes_of_str(text), &b);
	buf_append_byte(&b, 0);
	assert_int_equal(step(s, (char *)b.at, text, sizeof text), ERR_OK);
	buf_reset(&b);
	if (last == LAST_REFUSAL)
		buf_append_str(&b, "e=invalid-proof");
	else
		scram_server_final(server, bytes_of_str(text), &b);
	if (last == LAST_FALSE_PROOF)
		b.at[5] = b.at[5] == 'A' ? 'B' : 'A';
	buf_append_byte(&b, 0);
	e = step(s, (char *)b.at, text, sizeof text);
	if (e == ERR_OK) {
		assert_string_equal(text, "");
		e = sasl_finish(s);
	}
	sasl_free(s);
	buf_done(&b);
	return e;
}

static struct scram_server own_server(bool sha256)
{
	return (struct scram_server){ .sha256 = sha256,
				      .password = "pencil",
				      .server_nonce = "more",
				      .salt = "W22ZaJ0SNY7soEsUEjb6gQ==",
				      .iterations = 4096,
				      .gs2_header = "n,," };
}

static void scram_logs_in_with_both_hashes(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 <= 1; sha256++) {
		struct scram_server server = own_server(sha256);
		struct sasl_options o =
			options(SASL_BIT(sha256 ? SASL_SCRAM_SHA_256 : SASL_SCRAM_SHA_1));

		assert_int_equal(log_in(&o, &server, LAST_PROOF), ERR_OK);
	}
}

static void scram_plus_is_bound_to_the_channel(void **state)
{
	static const char *const types[] = { "tls-exporter", "tls-unique" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scram_server server = own_server(i / 2);
		struct sasl_options o = options(ALL_BITS);
		char header[32];

		snprintf(header, sizeof header, "p=%s,,", types[i % 2]);
		server.gs2_header = header;
		server.binding = BYTES_LIT("\x00\x01 the channel \xff");
		o.pinned = i / 2 ? SASL_SCRAM_SHA_256_PLUS : SASL_SCRAM_SHA_1_PLUS;
		o.binding_type = types[i % 2];
		o.binding = server.binding;
		assert_int_equal(log_in(&o, &server, LAST_PROOF), ERR_OK);
	}
}

static void without_plus_a_binding_at_hand_does_no_harm(void **state)
{
	struct scram_server server = own_server(true);
	struct sasl_options o = options(SASL_BIT(SASL_SCRAM_SHA_256));

	(void)state;
	o.binding_type = "tls-exporter";
	o.binding = BYTES_LIT("binding");
	assert_int_equal(log_in(&o, &server, LAST_PROOF), ERR_OK);
}

static void a_server_that_does_not_know_the_password_is_found_out(void **state)
{
	struct scram_server server = own_server(true);
	struct sasl_options o = options(SASL_BIT(SASL_SCRAM_SHA_256));

	(void)state;
	assert_int_equal(log_in(&o, &server, LAST_FALSE_PROOF), ERR_AUTH);
}

static void a_refusal_in_the_exchange_is_answered_and_is_no_success(void **state)
{
	struct scram_server server = own_server(true);
	struct sasl_options o = options(SASL_BIT(SASL_SCRAM_SHA_256));

	(void)state;
	assert_int_equal(log_in(&o, &server, LAST_REFUSAL), ERR_PROTO);
}

static void a_server_cannot_make_us_hash_for_ever(void **state)
{
	static const char *const counts[] = { "100001", "4294967296", "99999999999999999999", "",
					      "-1" };
	char challenge[200], answer[100];

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct sasl_options o = options(SASL_BIT(SASL_SCRAM_SHA_256));
		struct sasl *s = new_sasl(&o);

		assert_int_equal(step(s, NULL, answer, sizeof answer), ERR_OK);
		snprintf(challenge, sizeof challenge, "r=%smore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=%s",
			 strstr(answer, ",r=") + 3, counts[i]);
		assert_int_equal(step(s, challenge, answer, sizeof answer), ERR_PROTO);
		sasl_free(s);
	}
}

static void nonsense_from_the_server_is_an_error(void **state)
{
	static const char *const bad[] = { "!", "====", "AAA", "cj1h", "AAAA" };
	static char huge[20000];

	(void)state;
	memset(huge, 'A', sizeof huge);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0] + 1; i++) {
		struct bytes text = i < sizeof bad / sizeof bad[0] ? bytes_of_str(bad[i])
								   : bytes_of(huge, sizeof huge);
		struct sasl_options o = options(SASL_BIT(SASL_SCRAM_SHA_256));
		struct sasl *s = new_sasl(&o);
		struct buf b;
		bool any;

		buf_init(&b, 1000);
		assert_int_equal(sasl_start(s, &b, &any), ERR_OK);
		assert_int_equal(sasl_step(s, text, &b), ERR_PROTO);
		assert_int_equal(sasl_finish(s), ERR_PROTO);
		sasl_free(s);
		buf_done(&b);
	}
}

static void secrets_are_wiped(void **state)
{
	struct sasl_options o = options(SASL_BIT(SASL_PLAIN));
	struct sasl *s = new_sasl(&o);

	(void)state;
	wiped_count = 0;
	check_step(s, NULL, "|user|pencil");
	assert_true(was_wiped("AHVzZXIAcGVuY2ls")); /* libgsasl's response */
	sasl_free(s);
	assert_true(was_wiped("pencil"));
	o.offered = SASL_BIT(SASL_XOAUTH2);
	o.password = NULL;
	o.access_token = "a-token";
	wiped_count = 0;
	sasl_free(new_sasl(&o));
	assert_true(was_wiped("a-token"));
}

static void base64_is_strict(void **state)
{
	static const char *const bad[] = { "A",        "AA",    "AAA",  "A===",  "=AAA", "AA=A",
					   "AA==AAAA", "AA\nA", "A-_A", "AAAA ", "====" };
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		buf_reset(&b);
		if (exchange_base64_decode(bytes_of_str(bad[i]), &b))
			fail_msg("%s was taken", bad[i]);
	}
	for (size_t n = 0; n < 8; n++) {
		struct buf text;

		buf_init(&text, 100);
		to_base64(bytes_of("\xff\x00zyxwvu", n), &text);
		buf_reset(&b);
		assert_true(exchange_base64_decode(buf_bytes(&text), &b));
		assert_true(bytes_equal(buf_bytes(&b), bytes_of("\xff\x00zyxwvu", n)));
		buf_done(&text);
	}
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strongest_is_taken),
		cmocka_unit_test(a_pinned_mechanism_is_taken_or_none),
		cmocka_unit_test(secrets_are_not_shown_in_clear),
		cmocka_unit_test(nothing_in_common_is_told),
		cmocka_unit_test(names_are_known_in_any_case),
		cmocka_unit_test(plain_of_rfc_4616),
		cmocka_unit_test(without_an_initial_response_the_first_challenge_asks_for_it),
		cmocka_unit_test(cram_md5_of_rfc_2195),
		cmocka_unit_test(login_says_name_and_password),
		cmocka_unit_test(scram_sha_1_of_rfc_5802),
		cmocka_unit_test(oauthbearer_of_rfc_7628),
		cmocka_unit_test(xoauth2_of_google),
		cmocka_unit_test(names_cannot_break_out_of_a_bearer_message),
		cmocka_unit_test(the_own_scram_server_speaks_rfc_7677),
		cmocka_unit_test(scram_logs_in_with_both_hashes),
		cmocka_unit_test(scram_plus_is_bound_to_the_channel),
		cmocka_unit_test(without_plus_a_binding_at_hand_does_no_harm),
		cmocka_unit_test(a_server_that_does_not_know_the_password_is_found_out),
		cmocka_unit_test(a_refusal_in_the_exchange_is_answered_and_is_no_success),
		cmocka_unit_test(a_server_cannot_make_us_hash_for_ever),
		cmocka_unit_test(nonsense_from_the_server_is_an_error),
		cmocka_unit_test(secrets_are_wiped),
		cmocka_unit_test(base64_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
