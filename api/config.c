/* Reads the sources in their order and looks at the whole at the end. */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_settings.h"
#include "state/redis/link.h"

#define ENV_PREFIX             "MAILBRIDGE_"
#define STATE_PREFIX_MAX_BYTES 40

void config_faults_init(struct config_faults *f)
{
	buf_init(&f->text, 256 * 1024);
	f->count = 0;
}

void config_faults_done(struct config_faults *f)
{
	buf_done(&f->text);
}

void config_fault(struct config_faults *f, const char *where, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	buf_printf(&f->text, "%s: %s\n", where, text);
	f->count++;
}

static void clear_server(struct config_server *s)
{
	for (size_t i = 0; i < config_server_setting_count; i++)
		setting_clear(&config_server_settings[i], s);
	free(s->name);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < config_setting_count; i++)
		setting_clear(&config_settings[i], c);
	for (size_t i = 0; i < c->server_count; i++)
		clear_server(&c->servers[i]);
	free(c->servers);
	free(c);
}

static void apply_initial(const struct setting *table, size_t count, void *base,
			  struct config_faults *faults)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].initial)
			setting_apply(&table[i], base, bytes_of_str(table[i].initial), "built in",
				      faults);
}

/* --- the file ---------------------------------------------------------------- */

struct file_reader {
	struct config *config;
	struct config_faults *faults;
	const char *path;
	FILE *in;
	unsigned line;
	char last_section[64];
	struct config_server *server; /* of the current section, or NULL */
};

/* inih has no line numbers in its usual build: count them where it reads. */
static char *read_line(char *to, int size, void *stream)
{
	struct file_reader *r = stream;
	char *line = fgets(to, size, r->in);

	if (!line)
		return NULL;
	r->line++;
	if (!strchr(line, '\n') && !feof(r->in)) {
		char where[300];

		snprintf(where, sizeof where, "%s:%u", r->path, r->line);
		config_fault(r->faults, where, "the line is too long; keep it under %d characters",
			     size - 2);
		for (int c = fgetc(r->in); c != EOF && c != '\n';)
			c = fgetc(r->in);
	}
	return line;
}

static struct config_server *add_server(struct file_reader *r, struct bytes name)
{
	struct config *c = r->config;
	struct config_server *more = reallocarray(c->servers, c->server_count + 1, sizeof *more);
	struct config_server *s;

	if (!more)
		return NULL;
	c->servers = more;
	s = &c->servers[c->server_count];
	*s = (struct config_server){ .line = r->line, .name = bytes_dup_str(name) };
	if (!s->name)
		return NULL;
	c->server_count++;
	apply_initial(config_server_settings, config_server_setting_count, s, r->faults);
	return s;
}

static void enter_section(struct file_reader *r, const char *section, const char *where)
{
	struct bytes name = bytes_of_str(section);

	snprintf(r->last_section, sizeof r->last_section, "%s", section);
	r->server = NULL;
	if (name.len == 0)
		return;
	if (!bytes_starts_with(name, BYTES_LIT("server "))) {
		config_fault(r->faults, where, "[%s]: sections are written [server NAME]", section);
		return;
	}
	name = bytes_trim(bytes_skip(name, 7));
	if (config_server_by_name(r->config, name))
		config_fault(r->faults, where, "[%s] is there twice; put it together", section);
	r->server = add_server(r, name);
	if (!r->server)
		config_fault(r->faults, where, "memory is short");
}

static int on_setting(void *ctx, const char *section, const char *name, const char *value)
{
	struct file_reader *r = ctx;
	const struct setting *s;
	char where[300];

	snprintf(where, sizeof where, "%s:%u", r->path, r->line);
	if (strcmp(section, r->last_section) != 0)
		enter_section(r, section, where);
	if (*section && !r->server)
		return 1;
	s = r->server ? setting_find(config_server_settings, config_server_setting_count,
				     bytes_of_str(name))
		      : setting_find(config_settings, config_setting_count, bytes_of_str(name));
	if (!s)
		config_fault(r->faults, where, "%s is no setting%s; mailbridge --help lists them",
			     name, r->server ? " of a [server] section" : "");
	else
		setting_apply(s, r->server ? (void *)r->server : (void *)r->config,
			      bytes_trim(bytes_of_str(value)), where, r->faults);
	return 1;
}

static void load_file(struct config *c, const char *path, struct config_faults *faults)
{
	struct file_reader r = { .config = c, .faults = faults, .path = path };
	char where[300];
	int status;

	r.in = fopen(path, "re");
	if (!r.in) {
		config_fault(faults, path, "cannot be read: %s", strerror(errno));
		return;
	}
	status = ini_parse_stream(read_line, &r, on_setting, &r);
	fclose(r.in);
	if (status > 0) {
		snprintf(where, sizeof where, "%s:%d", path, status);
		config_fault(faults, where, "write name = value, or [server NAME]");
	} else if (status < 0) {
		config_fault(faults, path, "cannot be read: memory is short");
	}
}

/* --- environment and flags ----------------------------------------------------- */

static void load_environment(struct config *c, char *const envp[], struct config_faults *faults)
{
	for (; envp && *envp; envp++) {
		struct bytes rest = bytes_of_str(*envp), name;
		char lower[64], where[128];
		const struct setting *s;

		if (!bytes_starts_with(rest, BYTES_LIT(ENV_PREFIX)))
			continue;
		rest = bytes_skip(rest, sizeof ENV_PREFIX - 1);
		if (!bytes_split(&rest, '=', &name) || name.len >= sizeof lower)
			continue;
		for (size_t i = 0; i < name.len; i++)
			lower[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 0x20
										 : name.at[i]);
		if (bytes_equal_str(bytes_of(lower, name.len), "config"))
			continue;
		snprintf(where, sizeof where, ENV_PREFIX "%.*s", BYTES_FMT(name));
		s = setting_find(config_settings, config_setting_count, bytes_of(lower, name.len));
		if (s)
			setting_apply(s, c, rest, where, faults);
		else
			/* Not a fault: orchestrators put names of their own there
			 * (MAILBRIDGE_SERVICE_HOST for a service called mailbridge). */
			log_msg(LOG_WARN, "config", "%s is no setting and is ignored", where);
	}
}

/* --name=value or --name value; the index of the last word used. */
static int apply_flag(struct config *c, int i, int argc, char *const argv[],
		      struct config_faults *faults)
{
	struct bytes rest = bytes_skip(bytes_of_str(argv[i]), 2), name;
	const struct setting *s;
	char where[96];

	if (!bytes_split(&rest, '=', &name))
		return i;
	snprintf(where, sizeof where, "--%.*s", BYTES_FMT(bytes_first(name, 64)));
	s = setting_find(config_settings, config_setting_count, name);
	if (!s) {
		config_fault(faults, where, "is no flag; mailbridge --help lists them");
		return i;
	}
	if (bytes_is_null(rest) && s->kind == SETTING_BOOL) {
		rest = BYTES_LIT("yes");
	} else if (bytes_is_null(rest)) {
		if (i + 1 >= argc) {
			config_fault(faults, where, "wants a value behind it");
			return i;
		}
		rest = bytes_of_str(argv[++i]);
	}
	setting_apply(s, c, rest, where, faults);
	return i;
}

static const char *config_path(int argc, char *const argv[], char *const envp[])
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0)
			return argv[i] + 9;
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			return argv[i + 1];
	}
	for (; envp && *envp; envp++)
		if (strncmp(*envp, ENV_PREFIX "CONFIG=", sizeof ENV_PREFIX + 6) == 0)
			return *envp + sizeof ENV_PREFIX + 6;
	return NULL;
}

static void load_flags(struct config *c, int argc, char *const argv[], struct config_faults *faults)
{
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (strcmp(arg, "--check-config") == 0)
			c->check_only = true;
		else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
			c->show_help = true;
		else if (strcmp(arg, "--version") == 0)
			c->show_version = true;
		else if (strncmp(arg, "--config=", 9) == 0)
			continue;
		else if (strcmp(arg, "--config") == 0 && ++i < argc)
			continue;
		else if (strncmp(arg, "--", 2) == 0 && arg[2])
			i = apply_flag(c, i, argc, argv, faults);
		else
			config_fault(faults, arg,
				     "is not understood; mailbridge --help lists the flags");
	}
}

/* --- the whole ------------------------------------------------------------------ */

static void check_endpoint(const struct config_server *s, const struct config_endpoint *e,
			   const char *key, const char *where, struct config_faults *faults)
{
	if (e->host && e->tls == CONFIG_TLS_NONE && !s->allow_cleartext &&
	    !config_is_loopback(e->host))
		config_fault(faults, where,
			     "%s: tls=none sends passwords to %s in clear; use TLS, or write "
			     "allow_cleartext = yes",
			     key, e->host);
}

static void lower_domains(struct config_server *s)
{
	for (char **d = s->domains; d && *d; d++)
		for (char *c = *d; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c | 0x20);
}

static void check_server(struct config *c, struct config_server *s, const char *path,
			 struct config_faults *faults)
{
	char where[300];

	snprintf(where, sizeof where, "%s:%u: [server %s]", path ? path : "?", s->line, s->name);
	if (!s->imap.host && !s->pop3.host)
		config_fault(faults, where,
			     "name the mail server: imap = imaps://host or pop3 = "
			     "pop3s://host");
	if (!s->username || (!strstr(s->username, "%u") && !strstr(s->username, "%n")))
		config_fault(faults, where,
			     "username needs %%u (the address) or %%n (what stands "
			     "before its @)");
	if (!s->client_cert_file != !s->client_key_file)
		config_fault(faults, where, "client_cert_file and client_key_file go together");
	if (!s->domains)
		setting_apply(&config_server_settings[0], s, bytes_of_str(s->name), where, faults);
	lower_domains(s);
	check_endpoint(s, &s->imap, "imap", where, faults);
	check_endpoint(s, &s->pop3, "pop3", where, faults);
	check_endpoint(s, &s->smtp, "smtp", where, faults);
	for (char **d = s->domains; d && *d; d++) {
		const struct config_server *first = config_server_for_domain(c, bytes_of_str(*d));

		if (first != s && first)
			config_fault(faults, where, "domain %s belongs to [server %s] already", *d,
				     first->name);
	}
}

bool config_state_is_redis(const struct config *c)
{
	return c->state && strcmp(c->state, "memory") != 0;
}

static bool is_prefix(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > STATE_PREFIX_MAX_BYTES)
		return false;
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == ':' || *p == '*')
			return false;
	return true;
}

static void check_state(const struct config *c, struct config_faults *faults)
{
	struct redis_address address = { 0 };
	const char *wrong;

	if (!config_state_is_redis(c))
		return;
	wrong = redis_address_parse(bytes_of_str(c->state), &address);
	redis_address_done(&address);
	if (wrong)
		config_fault(faults, "state",
			     "write \"memory\" or a URL of Redis; what is there %s", wrong);
	if (!is_prefix(c->state_prefix))
		config_fault(faults, "state_prefix",
			     "write 1 to 40 characters without spaces, ':' and '*'");
	if (!c->key_file)
		config_fault(faults, "state",
			     "key_file is needed, too: sessions that one process seals in Redis "
			     "could not be opened by another, nor by itself after a restart");
}

static void check_whole(struct config *c, const char *path, struct config_faults *faults)
{
	check_state(c, faults);
	if (!c->listen || !strrchr(c->listen, ':'))
		config_fault(faults, "listen",
			     "write address:port, like 127.0.0.1:8080 or [::1]:8080");
	if (c->public_url && strncmp(c->public_url, "https://", 8) != 0 &&
	    strncmp(c->public_url, "http://", 7) != 0)
		config_fault(faults, "public_url", "write https://host or http://host");
	if (c->server_count == 0)
		config_fault(faults, path ? path : "configuration",
			     "no mail server: add a [server example.org] section with imap = "
			     "imaps://host");
	for (size_t i = 0; i < c->server_count; i++)
		check_server(c, &c->servers[i], path, faults);
}

struct config *config_load(int argc, char *const argv[], char *const envp[],
			   struct config_faults *faults)
{
	struct config *c = calloc(1, sizeof *c);
	const char *path = config_path(argc, argv, envp);

	if (!c) {
		config_fault(faults, "configuration", "memory is short");
		return NULL;
	}
	apply_initial(config_settings, config_setting_count, c, faults);
	if (path)
		load_file(c, path, faults);
	load_environment(c, envp, faults);
	load_flags(c, argc, argv, faults);
	if (c->show_help || c->show_version)
		return c;
	check_whole(c, path, faults);
	if (faults->count) {
		config_free(c);
		return NULL;
	}
	return c;
}

const struct config_server *config_server_for_domain(const struct config *c, struct bytes domain)
{
	for (size_t i = 0; i < c->server_count; i++)
		for (char **d = c->servers[i].domains; d && *d; d++)
			if (bytes_equal_str_nocase(domain, *d))
				return &c->servers[i];
	return NULL;
}

const struct config_server *config_server_by_name(const struct config *c, struct bytes name)
{
	for (size_t i = 0; i < c->server_count; i++)
		if (bytes_equal_str(name, c->servers[i].name))
			return &c->servers[i];
	return NULL;
}

static void help_table(struct buf *to, const struct setting *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(to, "  %-23s %s%s%s%s\n", table[i].name, table[i].help,
			   table[i].initial ? " [" : "", table[i].initial ? table[i].initial : "",
			   table[i].initial ? "]" : "");
}

void config_help(struct buf *to)
{
	buf_append_str(
		to, "mailbridge - a REST/JSON API in front of any IMAP or POP3 server\n\n"
		    "  mailbridge [--config FILE] [--check-config] [--SETTING VALUE]...\n\n"
		    "Settings stand in FILE as `name = value`, in the environment as\n"
		    "MAILBRIDGE_NAME, or on the command line as --name value; the last wins.\n\n");
	help_table(to, config_settings, config_setting_count);
	buf_append_str(to, "\nIn a [server NAME] section of FILE:\n\n");
	help_table(to, config_server_settings, config_server_setting_count);
}
