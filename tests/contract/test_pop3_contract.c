/*
 * The contract of a mail store over a real POP3 server, which the environment
 * names: MAILBRIDGE_POP3=host:port:clear|tls|stls:user:password, MAILBRIDGE_POP3_CA
 * for the latter two, MAILBRIDGE_POP3_DROP for the mbox or the maildir that the
 * server takes the user's mail from. Without a server the test is skipped. What is
 * remembered of the maildrop is in the embedded state, which outlives the
 * conversations.
 */
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/mail_memory.h"
#include "base/clock.h"
#include "cmocka_all.h"
#include "mailstore_contract.h"
#include "pop3/pop3_store.h"

struct server {
	struct loop *loop;
	struct dialer *dialer;
	struct state *state;
	struct mail_memory memory;
	struct pop3_server pop3;
	char *host, *user, *password;
	const char *drop;
};

static struct mailstore *connect_pop3(void *ctx)
{
	struct server *s = ctx;

	return pop3_store_new(s->loop, s->dialer, &s->pop3);
}

/* --- new mail ---------------------------------------------------------------------- */

/* Files of mail have the system's line ends. */
static bool write_lines(FILE *to, struct bytes raw, bool quotes)
{
	struct bytes line;

	while (raw.len && bytes_split(&raw, '\n', &line)) {
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		if (quotes && bytes_starts_with(line, BYTES_LIT("From ")))
			(void)fputc('>', to);
		(void)fwrite(line.at, 1, line.len, to);
		(void)fputc('\n', to);
	}
	return !ferror(to);
}

static bool deliver_to_mbox(const char *path, struct bytes raw)
{
	FILE *f = fopen(path, "a");
	bool is_written;

	if (!f || flock(fileno(f), LOCK_EX))
		return false;
	/* The empty line between two: not behind the last one, which some take for a part
	 * of it. */
	if (ftell(f) > 0 || (fseek(f, 0, SEEK_END) == 0 && ftell(f) > 0))
		(void)fputc('\n', f);
	(void)fputs("From x@example.com Thu Jan 15 12:00:00 2026\n", f);
	is_written = write_lines(f, raw, true);
	return fclose(f) == 0 && is_written;
}

/* In the order of their names, whoever sorts them how. */
static bool deliver_to_maildir(const char *path, const struct stat *owner, struct bytes raw)
{
	static unsigned number;
	char name[100], to[4096], from[4096];
	bool is_written;
	FILE *f;

	number++;
	(void)snprintf(name, sizeof(name), "17684784%02u.M%06uP%dQ%u.contract", number / 1000,
		       number, getpid(), number);
	(void)snprintf(from, sizeof(from), "%s/tmp/%s", path, name);
	(void)snprintf(to, sizeof(to), "%s/new/%s", path, name);
	f = fopen(from, "w");
	if (!f)
		return false;
	is_written = write_lines(f, raw, false);
	if (fclose(f) || (geteuid() == 0 && chown(from, owner->st_uid, owner->st_gid)))
		return false;
	return is_written && rename(from, to) == 0;
}

/* Says all that at once and waits for the end: RFC 1939 has the mbox written before the
 * answer to QUIT. False: somebody has the maildrop, or the login is refused. */
static bool log_in_and_out(const struct server *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(s->pop3.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char said[400];
	FILE *f;
	unsigned well = 0;

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	f = fdopen(fd, "r+");
	assert_non_null(f);
	for (unsigned i = 0; i < 4 && fgets(said, sizeof(said), f); i++) {
		well += said[0] == '+';
		if (i == 0)
			(void)fprintf(f, "USER %s\r\n", s->user);
		else if (i == 1)
			(void)fprintf(f, "PASS %s\r\n", s->password);
		else if (i == 2)
			(void)fputs("QUIT\r\n", f);
		(void)fflush(f);
	}
	while (fgetc(f) != EOF)
		;
	(void)fclose(f);
	return well == 4;
}

/* Whoever had the mbox open has let go then. */
static bool wait_for_mbox(const struct server *s)
{
	uint64_t limit = clock_monotonic_ms() + 30000;

	while (!log_in_and_out(s))
		if (clock_monotonic_ms() > limit)
			return false;
	return true;
}

static bool deliver(void *ctx, const struct bytes *raws, size_t count)
{
	const struct server *s = ctx;
	bool is_folder, ok;
	struct stat st;

	if (stat(s->drop, &st))
		return false;
	is_folder = S_ISDIR(st.st_mode);
	ok = is_folder || wait_for_mbox(s);
	for (size_t i = 0; ok && i < count; i++)
		ok = is_folder ? deliver_to_maildir(s->drop, &st, raws[i])
			       : deliver_to_mbox(s->drop, raws[i]);
	return ok;
}

static bool empty_folder(const struct server *s, const char *name)
{
	char path[4096];
	DIR *folder;
	bool ok = true;

	(void)snprintf(path, sizeof(path), "%s/%s", s->drop, name);
	folder = opendir(path);
	if (!folder)
		return false;
	for (struct dirent *e = readdir(folder); e; e = readdir(folder))
		if (e->d_name[0] != '.')
			ok = unlinkat(dirfd(folder), e->d_name, 0) == 0 && ok;
	return closedir(folder) == 0 && ok;
}

/* A server may write an mbox anew as it ends. */
static bool empty(void *ctx)
{
	const struct server *s = ctx;
	struct stat st;

	if (stat(s->drop, &st))
		return false;
	return !S_ISDIR(st.st_mode) || (empty_folder(s, "new") && empty_folder(s, "cur"));
}

/* --- the server ----------------------------------------------------------------------- */

static void use_tls(struct server *s, struct bytes how)
{
	struct tls_options o = { .ca_file = getenv("MAILBRIDGE_POP3_CA") };
	struct fault fault;

	s->pop3.tls = bytes_equal_str(how, "tls")    ? POP3_TLS_IMPLICIT
		      : bytes_equal_str(how, "stls") ? POP3_TLS_STLS
						     : POP3_TLS_NONE;
	if (s->pop3.tls == POP3_TLS_NONE)
		return;
	s->pop3.profile = tls_profile_new(&o, &fault);
	if (!s->pop3.profile)
		fail_msg("%s", fault.text);
}

static void configure(struct server *s, const char *text)
{
	struct bytes rest = bytes_of_str(text), part[4];
	uint64_t port = 0;

	for (int i = 0; i < 4; i++)
		assert_true(bytes_split(&rest, ':', &part[i]));
	assert_true(bytes_to_u64(part[1], 65535, &port));
	s->host = bytes_dup_str(part[0]);
	s->user = bytes_dup_str(part[3]);
	s->password = bytes_dup_str(rest);
	s->drop = getenv("MAILBRIDGE_POP3_DROP");
	assert_non_null(s->drop);
	s->state = state_memory_new(s->loop, &(struct state_limits){ 256u << 20, 1000000 });
	s->memory = account_mail_memory(s->state);
	s->pop3 = (struct pop3_server){ .host = s->host,
					.port = (uint16_t)port,
					.silence_ms = 30000,
					.line_max_bytes = 65536,
					.message_max_bytes = 64u << 20,
					.memory = &s->memory };
	use_tls(s, part[2]);
}

int main(void)
{
	const char *where = getenv("MAILBRIDGE_POP3");
	struct contract contract;
	struct server s = { 0 };
	int failed;

	if (!where) {
		puts("skipped: MAILBRIDGE_POP3=host:port:clear:user:password names no server");
		return 77;
	}
	s.loop = loop_new();
	s.dialer = dialer_new(s.loop, &(struct dial_options){ 8 });
	configure(&s, where);
	contract = (struct contract){ .loop = s.loop,
				      .connect = connect_pop3,
				      .deliver = deliver,
				      .empty = empty,
				      .ctx = &s,
				      .username = s.user,
				      .password = s.password,
				      .is_throwaway = true };
	failed = mailstore_contract_run(&contract);
	dialer_free(s.dialer);
	tls_profile_free(s.pop3.profile);
	state_free(s.state);
	loop_free(s.loop);
	free(s.host);
	free(s.user);
	free(s.password);
	return failed;
}
