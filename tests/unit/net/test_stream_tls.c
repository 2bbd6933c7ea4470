#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "net/tls_conn.h"
#include "peer.h"

static int new_loop(void **state)
{
	*state = loop_new();
	return *state ? 0 : -1;
}

static int free_loop(void **state)
{
	loop_free(*state);
	return 0;
}

static struct tls_profile *profile_of(const struct tls_options *o)
{
	struct fault f;
	struct tls_profile *p = tls_profile_new(o, &f);

	if (!p)
		fail_msg("%s", f.text);
	return p;
}

static struct tls_profile *test_profile(void)
{
	return profile_of(&(struct tls_options){ .ca_file = peer_ca_file() });
}

static void begin(struct client *c, struct loop *l, const struct peer *p,
		  struct tls_profile *profile, const char *host)
{
	client_init(c, l, peer_connect(p), 1024 * 1024);
	stream_start_tls(c->stream, profile, host, client_on_secured);
}

/* --- what goes well ------------------------------------------------------------ */

static void greet_and_echo(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_start_tls(c);
	peer_say(c, "* OK\r\n");
	peer_hear(c, "a NOOP\r\n");
	peer_say(c, "a OK\r\n");
	peer_wait_closed(c);
}

static void converse(struct loop *l, const struct peer *p, struct tls_profile *profile,
		     const char *host)
{
	struct client c;

	begin(&c, l, p, profile, host);
	/* Queued before the handshake, sent after it. */
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a NOOP\r\n")), ERR_OK);
	client_wait_secured(&c);
	assert_true(stream_is_tls(c.stream));
	client_wait_text(&c, "* OK\r\na OK\r\n");
	assert_int_equal(c.drained, 1);
	client_done(&c);
}

static void names_and_addresses_are_verified(void **state)
{
	static const char *const hosts[] = { "localhost", "good.test", "127.0.0.1" };
	struct peer *p = peer_start(NULL, greet_and_echo, NULL);
	struct tls_profile *profile = test_profile();

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		converse(*state, p, profile, hosts[i]);
	tls_profile_free(profile);
	peer_stop(p);
}

static void tls_1_2_is_enough(void **state)
{
	struct peer *p = peer_start(&(struct peer_options){ .tls_version_max = TLS1_2_VERSION },
				    greet_and_echo, NULL);
	struct tls_profile *profile = test_profile();

	converse(*state, p, profile, "localhost");
	tls_profile_free(profile);
	peer_stop(p);
}

static void tls_1_0_is_taken_only_where_it_is_allowed(void **state)
{
	struct peer *p = peer_start(&(struct peer_options){ .tls_version_max = TLS1_VERSION },
				    greet_and_echo, NULL);
	struct tls_profile *profile = profile_of(
		&(struct tls_options){ .ca_file = peer_ca_file(), .allow_tls_1_0 = true });

	converse(*state, p, profile, "localhost");
	tls_profile_free(profile);
	peer_stop(p);
}

static void a_client_certificate_is_shown_when_asked_for(void **state)
{
	struct peer *p = peer_start(&(struct peer_options){ .asks_client_cert = true },
				    greet_and_echo, NULL);
	struct tls_profile *profile =
		profile_of(&(struct tls_options){ .ca_file = peer_ca_file(),
						  .client_cert_file = peer_client_cert_file(),
						  .client_key_file = peer_client_key_file() });

	converse(*state, p, profile, "localhost");
	tls_profile_free(profile);
	peer_stop(p);
}

enum { BULK = 3 * 1024 * 1024 };

static void say_much(struct peer_conn *c, void *ctx)
{
	struct bytes block = *(struct bytes *)ctx;

	peer_start_tls(c);
	peer_say_bytes(c, block);
	peer_hear(c, "thanks");
}

static struct bytes new_bulk(void)
{
	uint8_t *at = malloc(BULK);

	assert_non_null(at);
	for (size_t i = 0; i < BULK; i++)
		at[i] = (uint8_t)(i * 2654435761u >> 13);
	return bytes_of(at, BULK);
}

static void much_data_arrives_whole_through_pauses(void **state)
{
	struct bytes block = new_bulk();
	struct peer *p = peer_start(NULL, say_much, &block);
	struct tls_profile *profile = test_profile();
	struct client c;

	begin(&c, *state, p, profile, "localhost");
	c.pause = true;
	for (int i = 0; i < CLIENT_TURNS_MAX && c.got.len < BULK; i++) {
		size_t before = c.got.len;

		loop_turn(*state, 5);
		assert_true(c.got.len - before <= FLOW_SLACK_BYTES);
		stream_resume(c.stream);
	}
	assert_true(bytes_equal(buf_bytes(&c.got), block));
	assert_int_equal(stream_write(c.stream, BYTES_LIT("thanks")), ERR_OK);
	client_wait_closed(&c, ERR_NET, "closed by the server");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
	free((void *)(uintptr_t)block.at);
}

static void hear_much(struct peer_conn *c, void *ctx)
{
	struct bytes block = *(struct bytes *)ctx;
	static uint8_t got[BULK];
	size_t n = 0, more;

	peer_start_tls(c);
	while (n < BULK && (more = peer_read(c, got + n, BULK - n)) > 0)
		n += more;
	if (!bytes_equal(bytes_of(got, n), block))
		peer_complain(c, "the server got something else");
	peer_say(c, "thanks");
	peer_wait_closed(c);
}

static void much_data_is_sent_whole(void **state)
{
	struct bytes block = new_bulk(), left = block;
	struct peer *p = peer_start(NULL, hear_much, &block);
	struct tls_profile *profile = test_profile();
	struct client c;

	begin(&c, *state, p, profile, "localhost");
	while (left.len > 0) {
		struct bytes piece = bytes_first(left, 10000);
		enum err e = stream_write(c.stream, piece);

		if (e == ERR_OK)
			left = bytes_skip(left, piece.len);
		else
			assert_int_equal(e, ERR_TOO_BIG);
		if (e)
			loop_turn(*state, 5);
	}
	client_wait_text(&c, "thanks");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
	free((void *)(uintptr_t)block.at);
}

/* --- what is refused, and why ---------------------------------------------------- */

static void refuse(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_start_tls_in_vain(c);
}

static void check_refused(struct loop *l, const struct peer_options *o, peer_script *script,
			  const char *host, enum err err, const char *text)
{
	struct peer *p = peer_start(o, script, NULL);
	struct tls_profile *profile = test_profile();
	struct client c;

	begin(&c, l, p, profile, host);
	client_wait_closed(&c, err, text);
	assert_int_equal(c.secured, 0);
	assert_int_equal(c.got.len, 0);
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
}

static void certificates_are_refused_with_a_reason(void **state)
{
	struct loop *l = *state;

	check_refused(l, &(struct peer_options){ .cert = PEER_CERT_EXPIRED }, refuse, "localhost",
		      ERR_TLS, "certificate has expired");
	check_refused(l, &(struct peer_options){ .cert = PEER_CERT_WRONG_HOST }, refuse,
		      "localhost", ERR_TLS, "hostname mismatch: the certificate is for wrong.test");
	check_refused(l, &(struct peer_options){ .cert = PEER_CERT_SELF_SIGNED }, refuse,
		      "localhost", ERR_TLS, "self-signed certificate");
	check_refused(l, NULL, refuse, "other.test", ERR_TLS,
		      "hostname mismatch: the certificate is for localhost, good.test, 127.0.0.1");
	check_refused(l, NULL, refuse, "127.0.0.2", ERR_TLS, "hostname mismatch");
	check_refused(l, &(struct peer_options){ .cert = PEER_CERT_NO_HOST }, refuse, "localhost",
		      ERR_TLS, "hostname mismatch: the certificate is for client");
}

static void an_unknown_ca_is_refused(void **state)
{
	struct peer *p = peer_start(NULL, refuse, NULL);
	struct tls_profile *profile =
		profile_of(&(struct tls_options){ .ca_file = peer_client_cert_file() });
	struct client c;

	begin(&c, *state, p, profile, "localhost");
	client_wait_closed(&c, ERR_TLS, "unable to get local issuer certificate");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
}

static void old_tls_is_refused(void **state)
{
	check_refused(*state, &(struct peer_options){ .tls_version_max = TLS1_1_VERSION }, refuse,
		      "localhost", ERR_TLS, "no TLS version that is allowed");
}

static void a_missing_client_certificate_is_told(void **state)
{
	struct peer *p =
		peer_start(&(struct peer_options){ .asks_client_cert = true }, refuse, NULL);
	struct tls_profile *profile = test_profile();
	struct client c;

	/* TLS 1.3: the handshake is through for us before the server says no. */
	begin(&c, *state, p, profile, "localhost");
	client_wait_closed(&c, ERR_TLS, "TLS alert \"certificate required\"");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
}

static void wait_then_greet_in_clear(struct peer_conn *c, void *ctx)
{
	char hello[1];

	(void)ctx;
	peer_read(c, hello, sizeof hello);
	peer_say(c, "* OK this is a clear port\r\n");
	peer_wait_closed(c);
}

static void wait_then_hang_up(struct peer_conn *c, void *ctx)
{
	char hello[4096];

	(void)ctx;
	peer_read(c, hello, sizeof hello);
	peer_hang_up(c);
}

static void a_server_without_tls_is_told(void **state)
{
	check_refused(*state, NULL, wait_then_greet_in_clear, "localhost", ERR_TLS,
		      "does not speak TLS");
}

static void hanging_up_in_the_handshake_is_told(void **state)
{
	check_refused(*state, NULL, wait_then_hang_up, "localhost", ERR_NET,
		      "closed the connection during the TLS handshake");
}

static void files_that_cannot_be_used_are_named(void **state)
{
	struct fault f;

	(void)state;
	assert_null(tls_profile_new(&(struct tls_options){ .ca_file = "/nonexistent/ca.pem" }, &f));
	assert_int_equal(f.err, ERR_INVALID);
	assert_non_null(strstr(f.text, "/nonexistent/ca.pem: No such file"));
	assert_null(tls_profile_new(&(struct tls_options){ .ca_file = "/etc/passwd" }, &f));
	assert_non_null(strstr(f.text, "/etc/passwd: "));
	assert_null(tls_profile_new(
		&(struct tls_options){ .client_cert_file = "/nonexistent/cert.pem" }, &f));
	assert_non_null(strstr(f.text, "/nonexistent/cert.pem: No such file"));
	assert_null(
		tls_profile_new(&(struct tls_options){ .client_cert_file = peer_client_cert_file(),
						       .client_key_file = peer_ca_file() },
				&f));
	assert_non_null(strstr(f.text, "client key"));
}

/* --- the end ----------------------------------------------------------------------- */

static void say_bye(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_start_tls(c);
	peer_say(c, "* BYE\r\n");
}

static void say_bye_and_hang_up(struct peer_conn *c, void *ctx)
{
	say_bye(c, ctx);
	peer_hang_up(c);
}

static void say_bye_and_reset(struct peer_conn *c, void *ctx)
{
	say_bye(c, ctx);
	peer_hear(c, "x");
	peer_reset(c);
}

static void a_proper_end_and_a_cut_are_told_apart(void **state)
{
	struct tls_profile *profile = test_profile();
	struct peer *p = peer_start(NULL, say_bye, NULL);
	struct client c;

	begin(&c, *state, p, profile, "localhost");
	client_wait_closed(&c, ERR_NET, "closed by the server");
	assert_bytes_equal_str(buf_bytes(&c.got), "* BYE\r\n");
	client_done(&c);
	peer_stop(p);

	p = peer_start(NULL, say_bye_and_hang_up, NULL);
	begin(&c, *state, p, profile, "localhost");
	client_wait_closed(&c, ERR_PROTO, "without TLS close_notify");
	assert_bytes_equal_str(buf_bytes(&c.got), "* BYE\r\n");
	client_done(&c);
	peer_stop(p);

	p = peer_start(NULL, say_bye_and_reset, NULL);
	begin(&c, *state, p, profile, "localhost");
	client_wait_text(&c, "* BYE\r\n");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("x")), ERR_OK);
	client_wait_closed(&c, ERR_NET, "eset");
	client_done(&c);
	peer_stop(p);
	tls_profile_free(profile);
}

static void expect_close_notify(struct peer_conn *c, void *ctx)
{
	char end;

	(void)ctx;
	peer_start_tls(c);
	peer_say(c, "hello");
	if (SSL_read(peer_ssl(c), &end, 1) > 0 ||
	    !(SSL_get_shutdown(peer_ssl(c)) & SSL_RECEIVED_SHUTDOWN))
		peer_complain(c, "no close_notify came");
}

static void freeing_says_close_notify(void **state)
{
	struct peer *p = peer_start(NULL, expect_close_notify, NULL);
	struct tls_profile *profile = test_profile();
	struct client c;

	begin(&c, *state, p, profile, "localhost");
	client_wait_text(&c, "hello");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
}

static void a_stream_can_be_freed_when_tls_stands(void **state)
{
	struct peer *p = peer_start(NULL, say_bye, NULL);
	struct tls_profile *profile = test_profile();
	struct client c;

	begin(&c, *state, p, profile, "localhost");
	/* The connection keeps the profile. */
	tls_profile_free(profile);
	c.free_on = CLIENT_SECURED;
	client_wait_freed(&c);
	client_done(&c);
	peer_stop(p);
}

/* --- STARTTLS ------------------------------------------------------------------------ */

static void starttls(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_say(c, "* OK\r\n");
	peer_hear(c, "a STARTTLS\r\n");
	peer_say(c, "a OK\r\n");
	peer_start_tls(c);
	peer_say(c, "* inside\r\n");
	peer_wait_closed(c);
}

static void tls_can_begin_in_mid_connection(void **state)
{
	struct peer *p = peer_start(NULL, starttls, NULL);
	struct tls_profile *profile = test_profile();
	struct client c;

	client_init(&c, *state, peer_connect(p), 1000);
	client_wait_text(&c, "* OK\r\n");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a STARTTLS\r\n")), ERR_OK);
	client_wait_text(&c, "* OK\r\na OK\r\n");
	stream_start_tls(c.stream, profile, "localhost", client_on_secured);
	client_wait_text(&c, "* OK\r\na OK\r\n* inside\r\n");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void what_is_said_in_clear_before_tls_is_not_taken_for_said_inside(void **state)
{
	struct tls_profile *profile = test_profile();

	for (int late = 0; late <= 1; late++) {
		struct client c;
		int p[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
		client_init(&c, *state, p[0], 1000);
		say(p[1], "a OK\r\n");
		client_wait_text(&c, "a OK\r\n");
		if (!late)
			say(p[1], "* injected\r\n");
		stream_start_tls(c.stream, profile, "localhost", client_on_secured);
		if (late) {
			loop_turn(*state, 0);
			say(p[1], "* injected\r\n");
		}
		client_wait_closed(&c, late ? ERR_TLS : ERR_PROTO,
				   late ? "does not speak TLS" : "spoke in clear");
		assert_bytes_equal_str(buf_bytes(&c.got), "a OK\r\n");
		assert_int_equal(c.secured, 0);
		client_done(&c);
		close(p[1]);
	}
	tls_profile_free(profile);
}

static void answer_early(struct peer_conn *c, void *ctx)
{
	(void)ctx;
	peer_say(c, "* OK\r\na OK\r\n");
	peer_start_tls_in_vain(c);
}

static void an_answer_before_the_question_is_refused(void **state)
{
	struct peer *p = peer_start(NULL, answer_early, NULL);
	struct tls_profile *profile = test_profile();
	struct client c;

	client_init(&c, *state, peer_connect(p), 1000);
	client_wait_text(&c, "* OK\r\na OK\r\n");
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a STARTTLS\r\n")), ERR_OK);
	stream_start_tls(c.stream, profile, "localhost", client_on_secured);
	client_wait_closed(&c, ERR_PROTO, "before it was asked");
	client_done(&c);
	tls_profile_free(profile);
	peer_stop(p);
}

/* --- resumption and channel binding ---------------------------------------------------- */

struct seen {
	bool resumed;
	uint8_t binding[64];
	size_t binding_len;
};

static void note_session(struct peer_conn *c, void *ctx)
{
	struct seen *seen = ctx;

	peer_start_tls(c);
	seen->resumed = SSL_session_reused(peer_ssl(c));
	seen->binding_len = 32;
	if (SSL_version(peer_ssl(c)) >= TLS1_3_VERSION)
		SSL_export_keying_material(peer_ssl(c), seen->binding, 32,
					   "EXPORTER-Channel-Binding", 24,
					   (const unsigned char *)"", 0, 1);
	else if (seen->resumed)
		seen->binding_len = SSL_get_finished(peer_ssl(c), seen->binding, 64);
	else
		seen->binding_len = SSL_get_peer_finished(peer_ssl(c), seen->binding, 64);
	peer_say(c, "hello");
	peer_wait_closed(c);
}

/* Connects once more; tells whether the session was resumed. */
static bool connect_again(struct loop *l, struct peer *p, struct tls_profile *profile,
			  const char *host, struct seen *seen, const char *binding_type)
{
	const char *type = NULL;
	struct client c;
	struct buf b;

	begin(&c, l, p, profile, host);
	client_wait_text(&c, "hello");
	buf_init(&b, 100);
	assert_true(stream_channel_binding(c.stream, &b, &type));
	assert_string_equal(type, binding_type);
	assert_true(bytes_equal(buf_bytes(&b), bytes_of(seen->binding, seen->binding_len)));
	buf_done(&b);
	client_done(&c);
	return seen->resumed;
}

static void check_resumption(struct loop *l, int version, const char *binding_type)
{
	struct seen seen;
	struct peer *p = peer_start(&(struct peer_options){ .tls_version_max = version },
				    note_session, &seen);
	struct tls_profile *profile = test_profile(), *other = test_profile();

	assert_false(connect_again(l, p, profile, "localhost", &seen, binding_type));
	assert_true(connect_again(l, p, profile, "localhost", &seen, binding_type));
	assert_true(connect_again(l, p, profile, "localhost", &seen, binding_type));
	/* Neither under another name nor in another profile. */
	assert_false(connect_again(l, p, profile, "good.test", &seen, binding_type));
	assert_false(connect_again(l, p, other, "localhost", &seen, binding_type));
	assert_true(connect_again(l, p, profile, "localhost", &seen, binding_type));
	tls_profile_free(profile);
	tls_profile_free(other);
	peer_stop(p);
}

static void sessions_are_resumed_and_bound_in_tls_1_3(void **state)
{
	check_resumption(*state, 0, "tls-exporter");
}

static void sessions_are_resumed_and_bound_in_tls_1_2(void **state)
{
	check_resumption(*state, TLS1_2_VERSION, "tls-unique");
}

static bool has_session(struct tls_profile *p, const char *key)
{
	SSL_SESSION *session = tls_profile_session(p, key);

	SSL_SESSION_free(session);
	return session != NULL;
}

static void only_so_many_sessions_are_kept_and_none_for_too_long(void **state)
{
	struct tls_profile *p = test_profile();
	SSL_SESSION *old = SSL_SESSION_new();
	char key[32];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof key, "host%d:993", i);
		tls_profile_keep_session(p, key, SSL_SESSION_new());
		assert_true(has_session(p, "host0:993")); /* used, and so kept */
	}
	assert_false(has_session(p, "host1:993"));
	assert_true(has_session(p, "host299:993"));
	SSL_SESSION_set_timeout(old, 0);
	tls_profile_keep_session(p, "old:993", old);
	for (int i = 0; i < CLIENT_TURNS_MAX && has_session(p, "old:993"); i++)
		usleep(1000);
	assert_false(has_session(p, "old:993"));
	tls_profile_free(p);
}

static void there_is_no_channel_binding_in_clear(void **state)
{
	struct peer *p = peer_start(NULL, wait_then_hang_up, NULL);
	const char *type = NULL;
	struct client c;
	struct buf b;

	client_init(&c, *state, peer_connect(p), 1000);
	buf_init(&b, 100);
	assert_false(stream_channel_binding(c.stream, &b, &type));
	client_done(&c);
	peer_stop(p);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, new_loop, free_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(names_and_addresses_are_verified),
		ON_LOOP(tls_1_2_is_enough),
		ON_LOOP(tls_1_0_is_taken_only_where_it_is_allowed),
		ON_LOOP(a_client_certificate_is_shown_when_asked_for),
		ON_LOOP(much_data_arrives_whole_through_pauses),
		ON_LOOP(much_data_is_sent_whole),
		ON_LOOP(certificates_are_refused_with_a_reason),
		ON_LOOP(an_unknown_ca_is_refused),
		ON_LOOP(old_tls_is_refused),
		ON_LOOP(a_missing_client_certificate_is_told),
		ON_LOOP(a_server_without_tls_is_told),
		ON_LOOP(hanging_up_in_the_handshake_is_told),
		ON_LOOP(files_that_cannot_be_used_are_named),
		ON_LOOP(a_proper_end_and_a_cut_are_told_apart),
		ON_LOOP(freeing_says_close_notify),
		ON_LOOP(a_stream_can_be_freed_when_tls_stands),
		ON_LOOP(tls_can_begin_in_mid_connection),
		ON_LOOP(what_is_said_in_clear_before_tls_is_not_taken_for_said_inside),
		ON_LOOP(an_answer_before_the_question_is_refused),
		ON_LOOP(sessions_are_resumed_and_bound_in_tls_1_3),
		ON_LOOP(sessions_are_resumed_and_bound_in_tls_1_2),
		ON_LOOP(only_so_many_sessions_are_kept_and_none_for_too_long),
		ON_LOOP(there_is_no_channel_binding_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
