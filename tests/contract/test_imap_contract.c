/*
 * The contract of a mail store over a real IMAP server, which the environment
 * names: MAILBRIDGE_IMAP=host:port:user:password, and MAILBRIDGE_IMAP_CA for TLS
 * from the first byte (without it the conversation is in clear). Without a server
 * the test is skipped. MAILBRIDGE_IMAP_THROWAWAY: nobody wants the server afterwards.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "imap/imap_store.h"
#include "mailstore_contract.h"

struct server {
	struct loop *loop;
	struct dialer *dialer;
	struct imap_server imap;
	char *host, *user, *password;
};

static void trace(void *ctx, bool outgoing, struct bytes data)
{
	(void)ctx;
	(void)fprintf(stderr, "%s%.*s", outgoing ? ">>> " : "", BYTES_FMT(data));
}

static struct mailstore *connect_imap(void *ctx)
{
	struct server *s = ctx;

	return imap_store_new(s->loop, s->dialer, &s->imap);
}

static void use_tls(struct server *s, const char *ca_file)
{
	struct tls_options o = { .ca_file = ca_file };
	struct fault fault;

	s->imap.tls = IMAP_TLS_IMPLICIT;
	s->imap.tls_profile = tls_profile_new(&o, &fault);
	if (!s->imap.tls_profile)
		fail_msg("%s", fault.text);
}

static void configure(struct server *s, const char *text)
{
	struct bytes rest = bytes_of_str(text), part[3];
	uint64_t port = 0;

	for (int i = 0; i < 3; i++)
		assert_true(bytes_split(&rest, ':', &part[i]));
	assert_true(bytes_to_u64(part[1], 65535, &port));
	s->host = bytes_dup_str(part[0]);
	s->user = bytes_dup_str(part[2]);
	s->password = bytes_dup_str(rest);
	s->imap = (struct imap_server){ .host = s->host,
					.port = (uint16_t)port,
					.tls = IMAP_TLS_NONE,
					.allow_cleartext_login = true,
					.compress = getenv("MAILBRIDGE_IMAP_COMPRESS") != NULL,
					.tap = getenv("MAILBRIDGE_IMAP_TRACE") ? trace : NULL };
	if (getenv("MAILBRIDGE_IMAP_CA"))
		use_tls(s, getenv("MAILBRIDGE_IMAP_CA"));
}

int main(void)
{
	const char *where = getenv("MAILBRIDGE_IMAP");
	struct contract contract;
	struct server s = { 0 };
	int failed;

	if (!where) {
		puts("skipped: MAILBRIDGE_IMAP=host:port:user:password names no server");
		return 77;
	}
	s.loop = loop_new();
	s.dialer = dialer_new(s.loop, &(struct dial_options){ 8 });
	configure(&s, where);
	contract = (struct contract){ .loop = s.loop,
				      .connect = connect_imap,
				      .ctx = &s,
				      .username = s.user,
				      .password = s.password,
				      .is_throwaway = getenv("MAILBRIDGE_IMAP_THROWAWAY") };
	failed = mailstore_contract_run(&contract);
	dialer_free(s.dialer);
	tls_profile_free(s.imap.tls_profile);
	loop_free(s.loop);
	free(s.host);
	free(s.user);
	free(s.password);
	return failed;
}
