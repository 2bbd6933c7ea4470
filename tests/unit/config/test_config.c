#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"

struct loaded {
	struct config *config;
	struct config_faults faults;
	char path[64];
};

/* Loads `text` as a file (none when NULL) with these flags and environment. */
static struct loaded load(const char *text, char **flags, char **envp)
{
	struct loaded l = { .path = "/tmp/test_config_XXXXXX" };
	char *argv[16] = { "mailbridge" };
	int argc = 1;

	config_faults_init(&l.faults);
	if (text) {
		int fd = mkstemp(l.path);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
		close(fd);
		argv[argc++] = "--config";
		argv[argc++] = l.path;
	}
	for (char **f = flags; f && *f; f++)
		argv[argc++] = *f;
	l.config = config_load(argc, argv, envp, &l.faults);
	if (text)
		unlink(l.path);
	return l;
}

static void unload(struct loaded *l)
{
	config_free(l->config);
	config_faults_done(&l->faults);
}

static void assert_says(struct loaded *l, const char *line_part)
{
	struct bytes text = buf_bytes(&l->faults.text);

	if (bytes_find(text, bytes_of_str(line_part)) == text.len)
		fail_msg("no \"%s\" in:\n%.*s", line_part, BYTES_FMT(text));
}

static void a_server_section_is_enough(void **state)
{
	struct loaded l =
		load("[server example.org]\nimap = imaps://imap.example.org\n", NULL, NULL);
	const struct config_server *s;

	(void)state;
	assert_int_equal(l.faults.count, 0);
	assert_string_equal(l.config->listen, "127.0.0.1:8080");
	assert_int_equal(l.config->request_timeout_ms, 30000);
	s = config_server_for_domain(l.config, BYTES_LIT("EXAMPLE.org"));
	assert_non_null(s);
	assert_string_equal(s->imap.host, "imap.example.org");
	assert_int_equal(s->imap.port, 993);
	assert_int_equal(s->imap.tls, CONFIG_TLS_IMPLICIT);
	assert_string_equal(s->username, "%u");
	assert_null(config_server_for_domain(l.config, BYTES_LIT("example.com")));
	unload(&l);
}

static void later_sources_win(void **state)
{
	char *envp[] = { "MAILBRIDGE_QUEUE=7", "MAILBRIDGE_ACCOUNTS=8", "MAILBRIDGE_SERVICE_HOST=x",
			 NULL };
	char *flags[] = { "--accounts", "9", "--log-level=debug", NULL };
	struct loaded l =
		load("queue = 5\naccounts = 5\nconnections = 55\n[server a]\nimap = imaps://a\n",
		     flags, envp);

	(void)state;
	assert_int_equal(l.faults.count, 0);
	assert_int_equal(l.config->connections, 55);
	assert_int_equal(l.config->queue, 7);
	assert_int_equal(l.config->accounts, 9);
	assert_int_equal(l.config->log_level, LOG_DEBUG);
	unload(&l);
}

static void all_faults_are_told_at_once_with_their_places(void **state)
{
	char *flags[] = { "--listn=x", "--queue", "many", NULL };
	struct loaded l = load("lissten = 1.2.3.4:80\n"
			       "header_timeout = 10\n"
			       "[server a]\n"
			       "imap = http://a\n"
			       "username = fixed\n"
			       "[server b]\n"
			       "imap = imap://mail.example.org?tls=none\n"
			       "domains = a, b\n"
			       "[mail]\n"
			       "x = y\n"
			       "what is this\n",
			       flags, NULL);

	(void)state;
	assert_null(l.config);
	assert_says(&l, ":1: lissten is no setting");
	assert_says(&l, ":2: header_timeout = 10: write a duration");
	assert_says(&l, ":4: imap = http://a: write imaps://host");
	assert_says(&l, ":4: [server a]: username needs %u");
	assert_says(&l, ":4: [server a]: name the mail server");
	assert_says(&l, ":7: [server b]: imap: tls=none sends passwords");
	assert_says(&l, "domain a belongs to [server a] already");
	assert_says(&l, ":10: [mail]: sections are written [server NAME]");
	assert_says(&l, ":11: write name = value");
	assert_says(&l, "--listn: is no flag");
	assert_says(&l, "--queue: queue = many: write a whole number");
	assert_int_equal(l.faults.count, 11);
	unload(&l);
}

static void cleartext_is_for_this_machine_or_on_demand(void **state)
{
	struct loaded l;

	(void)state;
	l = load("[server a]\nimap = imap://127.0.0.1:1143?tls=none\n", NULL, NULL);
	assert_non_null(l.config);
	assert_int_equal(l.config->servers[0].imap.tls, CONFIG_TLS_NONE);
	unload(&l);
	l = load("[server a]\nimap = imap://10.0.0.1?tls=none\nallow_cleartext = yes\n", NULL,
		 NULL);
	assert_non_null(l.config);
	unload(&l);
	l = load("[server a]\nimap = imap://10.0.0.1?tls=none\n", NULL, NULL);
	assert_null(l.config);
	unload(&l);
}

static void urls_are_read_or_explained(void **state)
{
	static const char *const bad[] = { "imaps://",        "imaps://:993", "imaps://h:0",
					   "imaps://h:65536", "imaps://h:x",  "imaps://u@h",
					   "imaps://h/x",     "imaps://[::1", "imaps://h?tls=maybe",
					   "pop3://h",        "imaps://h h" };
	struct config_endpoint e;
	const char *why;

	(void)state;
	assert_true(config_parse_url(BYTES_LIT("imap://[::1]:1143/"), CONFIG_IMAP, &e, &why));
	assert_string_equal(e.host, "::1");
	assert_int_equal(e.port, 1143);
	assert_int_equal(e.tls, CONFIG_TLS_STARTTLS);
	free(e.host);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(config_parse_url(bytes_of_str(bad[i]), CONFIG_IMAP, &e, &why));
}

static void durations_and_sizes_have_units(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(config_parse_duration(BYTES_LIT("250ms"), &n) && n == 250);
	assert_true(config_parse_duration(BYTES_LIT("2h"), &n) && n == 7200000);
	assert_false(config_parse_duration(BYTES_LIT("30"), &n));
	assert_false(config_parse_duration(BYTES_LIT("99999999999999999d"), &n));
	assert_false(config_parse_duration(BYTES_LIT("s"), &n));
	assert_true(config_parse_size(BYTES_LIT("10m"), &n) && n == 10 << 20);
	assert_true(config_parse_size(BYTES_LIT("7"), &n) && n == 7);
	assert_false(config_parse_size(BYTES_LIT("7T"), &n));
}

static void a_missing_file_is_named(void **state)
{
	char *flags[] = { "--config", "/nowhere/mail.ini", NULL };
	struct loaded l = load(NULL, flags, NULL);

	(void)state;
	assert_null(l.config);
	assert_says(&l, "/nowhere/mail.ini: cannot be read: No such file");
	unload(&l);
}

static void a_long_line_is_a_fault_not_a_cut(void **state)
{
	char text[6000] = "listen = ";
	struct loaded l;

	(void)state;
	memset(text + 9, 'x', sizeof text - 11);
	text[sizeof text - 2] = '\n';
	l = load(text, NULL, NULL);
	assert_null(l.config);
	assert_says(&l, ":1: the line is too long");
	unload(&l);
}

static void the_state_may_be_in_redis(void **state)
{
	char *redis[] = { "--state", "redis://:hidden@cache:7000/2", "--key-file", "/k", NULL };
	char *memory[] = { "--state", "memory", NULL };
	struct loaded l = load("[server a]\nimap = imaps://a\n", redis, NULL);

	(void)state;
	assert_int_equal(l.faults.count, 0);
	assert_true(config_state_is_redis(l.config));
	assert_string_equal(l.config->state_prefix, "mb1");
	assert_true(l.config->state_encrypt);
	unload(&l);
	l = load("[server a]\nimap = imaps://a\n", memory, NULL);
	assert_false(config_state_is_redis(l.config));
	unload(&l);
}

static void a_state_that_cannot_be_is_told_without_its_password(void **state)
{
	char *flags[] = { "--state=redis://:hidden@cache:0", "--state-prefix=a b", NULL };
	char *other[] = { "--state=hidden", "--key-file=/k", NULL };
	struct loaded l = load("[server a]\nimap = imaps://a\n", flags, NULL);

	(void)state;
	assert_null(l.config);
	assert_says(&l, "state: write \"memory\" or a URL of Redis; what is there has no port");
	assert_says(&l, "state: key_file is needed, too");
	assert_says(&l, "state_prefix: write 1 to 40 characters");
	assert_int_equal(bytes_find(buf_bytes(&l.faults.text), BYTES_LIT("hidden")),
			 l.faults.text.len);
	unload(&l);
	l = load("[server a]\nimap = imaps://a\n", other, NULL);
	assert_says(&l, "is neither redis://");
	assert_int_equal(bytes_find(buf_bytes(&l.faults.text), BYTES_LIT("hidden")),
			 l.faults.text.len);
	unload(&l);
}

static void help_names_every_setting(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	config_help(&b);
	assert_true(bytes_find(buf_bytes(&b), BYTES_LIT("header_timeout")) < b.len);
	assert_true(bytes_find(buf_bytes(&b), BYTES_LIT("ca_file")) < b.len);
	assert_int_equal(buf_err(&b), ERR_OK);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_section_is_enough),
		cmocka_unit_test(later_sources_win),
		cmocka_unit_test(all_faults_are_told_at_once_with_their_places),
		cmocka_unit_test(cleartext_is_for_this_machine_or_on_demand),
		cmocka_unit_test(urls_are_read_or_explained),
		cmocka_unit_test(durations_and_sizes_have_units),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(a_long_line_is_a_fault_not_a_cut),
		cmocka_unit_test(the_state_may_be_in_redis),
		cmocka_unit_test(a_state_that_cannot_be_is_told_without_its_password),
		cmocka_unit_test(help_names_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
