/*
 * mbrecord: visits a real IMAP server and writes the conversation, redacted, to
 * standard output. See net/tap.h for what is left out.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "imap/imap_store.h"
#include "net/tap.h"
#include "tour.h"

struct wishes {
	struct imap_server server;
	struct tls_options tls;
	const char *user, *folder;
};

static int usage(void)
{
	fputs("usage: mbrecord [option...] --user NAME HOST > "
	      "tests/transcripts/imap/recorded/X.txt\n"
	      "  --port N        993, or 143 with --cleartext\n"
	      "  --cleartext     no TLS: the password can be read on the way\n"
	      "  --ca FILE       certificates to trust instead of the system's\n"
	      "  --sasl NAME     instead of LOGIN, the only one that mbreplay can play\n"
	      "  --folder NAME   instead of INBOX\n"
	      "The password is asked for, or taken from MAILBRIDGE_PASSWORD.\n"
	      "What mail says is replaced by x's; folder names stay: read it before you share "
	      "it.\n",
	      stderr);
	return 2;
}

static bool read_options(struct wishes *w, int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "cleartext", no_argument, NULL, 'c' },
		{ "ca", required_argument, NULL, 'a' },
		{ "sasl", required_argument, NULL, 's' },
		{ "folder", required_argument, NULL, 'f' },
		{ "user", required_argument, NULL, 'u' },
		{ 0 },
	};
	uint64_t port = 0;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'p' && !bytes_to_u64(bytes_of_str(optarg), UINT16_MAX, &port))
			return false;
		else if (o == 'c')
			w->server.tls = IMAP_TLS_NONE;
		else if (o == 'a')
			w->tls.ca_file = optarg;
		else if (o == 's')
			w->server.sasl_mechanism = optarg;
		else if (o == 'f')
			w->folder = optarg;
		else if (o == 'u')
			w->user = optarg;
		else if (o != 'p')
			return false;
	}
	w->server.allow_cleartext_login = w->server.tls == IMAP_TLS_NONE;
	w->server.port = (uint16_t)(port ? port : w->server.tls == IMAP_TLS_NONE ? 143 : 993);
	w->server.host = argv[optind];
	return w->user && argc == optind + 1;
}

/* Without showing it. False when there is none. */
static bool read_password(char *to, size_t size)
{
	const char *given = getenv("MAILBRIDGE_PASSWORD");
	struct termios shown, hidden;
	bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	bool ok;

	if (given) {
		snprintf(to, size, "%s", given);
		return true;
	}
	fputs("password: ", stderr);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (is_terminal)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	ok = fgets(to, (int)size, stdin) != NULL;
	if (is_terminal)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputs("\n", stderr);
	to[strcspn(to, "\r\n")] = '\0';
	return ok;
}

static void on_write(void *ctx, struct bytes text)
{
	if (text.len > 0)
		fwrite(text.at, 1, text.len, ctx);
}

static bool record(struct wishes *w, const char *password)
{
	struct credentials c = { .username = bytes_of_str(w->user),
				 .password = bytes_of_str(password) };
	struct loop *l = loop_new();
	struct dialer *d = dialer_new(l, NULL);
	struct tap *t = tap_new(TAP_IMAP, w->user, on_write, stdout);
	struct mailstore *ms;
	bool ok = false;

	w->server.tap = tap_data;
	w->server.tap_ctx = t;
	printf("# %s\n", w->server.host);
	ms = imap_store_new(l, d, &w->server);
	if (ms && t)
		ok = tour(l, ms, &c, w->folder, stderr);
	tap_free(t);
	dialer_free(d);
	loop_free(l);
	return ok;
}

int main(int argc, char **argv)
{
	struct wishes w = { .server = { .tls = IMAP_TLS_IMPLICIT, .sasl_mechanism = "LOGIN" },
			    .folder = "INBOX" };
	char password[1024];
	struct fault f;
	bool ok;

	if (!read_options(&w, argc, argv))
		return usage();
	w.server.tls_profile = tls_profile_new(&w.tls, &f);
	if (!w.server.tls_profile) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	ok = read_password(password, sizeof password) && record(&w, password);
	explicit_bzero(password, sizeof password);
	tls_profile_free(w.server.tls_profile);
	return ok ? 0 : 1;
}
