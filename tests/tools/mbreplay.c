/*
 * mbreplay FILE: plays what mbrecord wrote against the engine, which does the
 * same visit as then. Says what the engine understood; exit code 1 when it failed,
 * or did not say what the file has for it.
 */
#include "imap/store.h"
#include "script.h"
#include "tour.h"

static bool replay(const char *path)
{
	static const struct imap_server server = {
		.host = "replay.invalid",
		.port = 143,
		.tls = IMAP_TLS_NONE,
		.allow_cleartext_login = true,
		.sasl_mechanism = "LOGIN",
	};
	struct credentials c = { .username = BYTES_LIT("user"), .password = BYTES_LIT("password") };
	struct loop *l = loop_new();
	int fd = -1;
	struct script *s = script_start(l, path, NULL, &fd);
	bool ok = tour(l, imap_store_new_on_fd(l, fd, &server), &c, "INBOX", stdout);

	if (script_fault(s))
		printf("the conversation took another course: %s\n", script_fault(s));
	ok = ok && !script_fault(s);
	script_free(s);
	loop_free(l);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: mbreplay FILE\n"
		      "plays a conversation that ./dev record wrote against the engine\n",
		      stderr);
		return 2;
	}
	return replay(argv[1]) ? 0 : 1;
}
