/* Every setting there is: its name, limits, default and help, once. */
#include "config_settings.h"

#include <stdlib.h>

#define G(field) offsetof(struct config, field)
#define S(field) offsetof(struct config_server, field)
#define MS(n)    ((uint64_t)(n))
#define SEC(n)   MS((n)*1000ull)
#define MIN(n)   SEC((n)*60ull)
#define HOUR(n)  MIN((n)*60ull)
#define KB(n)    ((uint64_t)(n) << 10)
#define MB(n)    ((uint64_t)(n) << 20)

const struct setting config_settings[] = {
	{ "listen", SETTING_TEXT, G(listen), 0, 0, "127.0.0.1:8080",
	  "address and port to serve on" },
	{ "state", SETTING_TEXT, G(state), 0, 0, "memory",
	  "where sessions are kept: memory; redis://[user:password@]host[:port][/db], rediss://… "
	  "or the path of Redis' socket, which several processes share" },
	{ "state_prefix", SETTING_TEXT, G(state_prefix), 0, 0, "mb1",
	  "what our keys in Redis begin with" },
	{ "state_timeout", SETTING_DURATION, G(state_timeout_ms), MS(50), MIN(1), "1s",
	  "for Redis to answer; then it is away" },
	{ "state_encrypt", SETTING_BOOL, G(state_encrypt), 0, 0, "yes",
	  "encrypt in Redis with the key of key_file what is known of mail, too" },
	{ "state_dir", SETTING_TEXT, G(state_dir), 0, 0, NULL,
	  "folder of the journal: what was begun when the process died is known afterwards" },
	{ "key_file", SETTING_TEXT, G(key_file), 0, 0, NULL,
	  "32 or more random bytes that seal sessions, the same for all who share a state; without "
	  "it a new key at every start" },
	{ "metrics", SETTING_TEXT, G(metrics), 0, 0, NULL,
	  "address and port of a listener for GET /metrics alone; same: that of the API" },
	{ "public_url", SETTING_TEXT, G(public_url), 0, 0, NULL,
	  "https://… as clients see it; default: from each request" },
	{ "allowed_origins", SETTING_LIST, G(allowed_origins), 0, 0, NULL,
	  "web pages that may call the API (CORS), e.g. https://app.example.org" },
	{ "trusted_proxies", SETTING_LIST, G(trusted_proxies), 0, 0, NULL,
	  "addresses whose Forwarded and X-Forwarded-* headers are believed" },
	{ "log_level", SETTING_LOG_LEVEL, G(log_level), 0, 0, "info",
	  "error, warn, info or debug" },

	{ "connections", SETTING_COUNT, G(connections), 10, 1000000, "10000",
	  "client connections at the same time" },
	{ "connections_per_client", SETTING_COUNT, G(connections_per_client), 0, 1000000, "0",
	  "of one address; 0: as many as there are" },
	{ "header_timeout", SETTING_DURATION, G(header_timeout_ms), MS(100), MIN(10), "10s",
	  "for a client to send its request's head" },
	{ "body_timeout", SETTING_DURATION, G(body_timeout_ms), MS(100), HOUR(1), "60s",
	  "for a client to send its request's body" },
	{ "idle_timeout", SETTING_DURATION, G(idle_timeout_ms), SEC(1), HOUR(1), "75s",
	  "until an unused client connection is closed" },
	{ "request_timeout", SETTING_DURATION, G(request_timeout_ms), MS(100), HOUR(1), "30s",
	  "for an answer, the mail server included" },
	{ "drain_timeout", SETTING_DURATION, G(drain_timeout_ms), MS(0), HOUR(1), "10s",
	  "to finish what is under way after SIGTERM" },
	{ "message_bytes", SETTING_SIZE, G(message_bytes), KB(1), MB(64), "25M",
	  "largest message to be stored" },
	{ "streams_per_account", SETTING_COUNT, G(streams_per_account), 1, 10000, "20",
	  "event streams and long-polls of one account" },
	{ "heartbeat", SETTING_DURATION, G(heartbeat_ms), MS(100), MIN(10), "15s",
	  "between signs of life on an event stream" },
	{ "state_bytes", SETTING_SIZE, G(state_bytes), MB(1), MB(1 << 20), "64M",
	  "memory of the embedded state, or of what is kept here while Redis is away" },
	{ "state_entries", SETTING_COUNT, G(state_entries), 100, 100000000, "1000000",
	  "entries of the embedded state" },
	{ "log_entries", SETTING_COUNT, G(log_entries), 100, 10000000, "10000",
	  "events of one account that clients can go on from" },
	{ "log_bytes", SETTING_SIZE, G(log_bytes), KB(64), MB(1024), "4M",
	  "bytes of them, and of what its watch remembers" },
	{ "logs_bytes", SETTING_SIZE, G(logs_bytes), MB(1), MB(1 << 20), "256M",
	  "the same of all accounts; the longest unused one goes first" },
	{ "log_ttl", SETTING_DURATION, G(log_ttl_ms), SEC(1), HOUR(24 * 365), "1h",
	  "how long the events of an account are kept when nobody follows them" },

	{ "accounts", SETTING_COUNT, G(accounts), 1, 10000000, "10000",
	  "accounts with open mail server sessions" },
	{ "sessions_per_account", SETTING_COUNT, G(sessions_per_account), 1, 50, "3",
	  "mail server sessions of one account" },
	{ "queue", SETTING_COUNT, G(queue), 1, 100000, "200",
	  "requests of one account that may wait for a session" },
	{ "logins_per_host", SETTING_COUNT, G(logins_per_host), 1, 10000, "20",
	  "logins under way at one mail server" },
	{ "logins_per_minute", SETTING_COUNT, G(logins_per_minute), 1, 1000000, "3000",
	  "logins begun at one mail server; more wait their turn" },
	{ "session_idle", SETTING_DURATION, G(session_idle_ms), MS(100), HOUR(24), "5m",
	  "until an unused mail server session is closed" },
	{ "maildrop_idle", SETTING_DURATION, G(maildrop_idle_ms), MS(100), HOUR(1), "10s",
	  "until an unused POP3 session is closed, so that other programs get in" },
	{ "maildrop_patience", SETTING_DURATION, G(maildrop_patience_ms), MS(1), MIN(5), "8s",
	  "how long to try for a POP3 maildrop that another program has open" },
	{ "keepalive", SETTING_DURATION, G(keepalive_ms), MS(100), HOUR(1), "2m",
	  "between signs of life on an unused mail server session" },
	{ "login_timeout", SETTING_DURATION, G(login_timeout_ms), MS(100), MIN(10), "20s",
	  "to connect to a mail server and log in" },
	{ "verified_ttl", SETTING_DURATION, G(verified_ttl_ms), MS(1), HOUR(24), "5m",
	  "how long a verified password is believed without asking again" },
	{ "watch_linger", SETTING_DURATION, G(watch_linger_ms), MS(1), HOUR(24), "5m",
	  "how long an account is watched on after its last listener has left" },
	{ "watch_poll", SETTING_DURATION, G(watch_poll_ms), MS(100), HOUR(1), "60s",
	  "between looks at what a mail server does not tell by itself" },
	{ "summary_cache", SETTING_SIZE, G(cache_bytes), MB(1), MB(1 << 20), "64M",
	  "summaries of messages kept in memory, of all accounts together" },
	{ "folder_cache", SETTING_SIZE, G(folder_bytes), MB(16), MB(1 << 20), "256M",
	  "which messages watched folders hold, of all accounts together" },
	{ "literal_bytes", SETTING_SIZE, G(literal_bytes), KB(64), MB(4096), "256M",
	  "largest message or part taken from a mail server" },
	{ "line_bytes", SETTING_SIZE, G(line_bytes), KB(8), MB(64), "1M",
	  "longest line taken from a mail server" },
	{ "response_bytes", SETTING_SIZE, G(response_bytes), KB(64), MB(1024), "16M",
	  "largest response of a mail server kept in memory" },

	{ "session_ttl", SETTING_DURATION, G(session_ttl_ms), SEC(1), HOUR(24 * 365), "24h",
	  "until an unused token expires" },
	{ "session_max_ttl", SETTING_DURATION, G(session_max_ttl_ms), SEC(1), HOUR(24 * 3650),
	  "30d", "until any token expires" },
	{ "login_attempts", SETTING_COUNT, G(login_attempts), 1, 1000000, "20",
	  "logins of one user in ten minutes; a client address may make five times as many" },
	{ "tickets_per_minute", SETTING_COUNT, G(tickets_per_minute), 1, 1000000, "60",
	  "tickets for event streams that one account may take" },
};
const size_t config_setting_count = sizeof config_settings / sizeof *config_settings;

const struct setting config_server_settings[] = {
	{ "domains", SETTING_LIST, S(domains), 0, 0, NULL,
	  "mail domains served, e.g. example.org,example.net; default: the section's name" },
	{ "imap", SETTING_IMAP_URL, S(imap), 0, 0, NULL,
	  "imaps://host[:993] or imap://host[:143]" },
	{ "pop3", SETTING_POP3_URL, S(pop3), 0, 0, NULL,
	  "pop3s://host[:995] or pop3://host[:110]" },
	{ "smtp", SETTING_SMTP_URL, S(smtp), 0, 0, NULL,
	  "smtps://host[:465] or smtp://host[:587]" },
	{ "username", SETTING_TEXT, S(username), 0, 0, "%u",
	  "login name: %u the address, %n what stands before its @" },
	{ "ca_file", SETTING_TEXT, S(ca_file), 0, 0, NULL,
	  "certificates to trust instead of the system's" },
	{ "client_cert_file", SETTING_TEXT, S(client_cert_file), 0, 0, NULL,
	  "our certificate (PEM)" },
	{ "client_key_file", SETTING_TEXT, S(client_key_file), 0, 0, NULL, "its key (PEM)" },
	{ "proxy", SETTING_TEXT, S(proxy), 0, 0, NULL, "socks5h://host:port or http://host:port" },
	{ "auth", SETTING_TEXT, S(auth), 0, 0, NULL, "log in with this SASL mechanism only" },
	{ "allow_cleartext", SETTING_BOOL, S(allow_cleartext), 0, 0, "no",
	  "permit ?tls=none to hosts other than this one" },
	{ "allow_old_tls", SETTING_BOOL, S(allow_old_tls), 0, 0, "no", "permit TLS 1.0 and 1.1" },
};
const size_t config_server_setting_count =
	sizeof config_server_settings / sizeof *config_server_settings;

static bool same_name(const char *name, struct bytes given)
{
	if (strlen(name) != given.len)
		return false;
	for (size_t i = 0; i < given.len; i++)
		if (name[i] != (given.at[i] == '-' ? '_' : (char)given.at[i]))
			return false;
	return true;
}

const struct setting *setting_find(const struct setting *table, size_t count, struct bytes name)
{
	for (size_t i = 0; i < count; i++)
		if (same_name(table[i].name, name))
			return &table[i];
	return NULL;
}

static void *place_of(const struct setting *s, void *base)
{
	return (uint8_t *)base + s->offset;
}

static void free_list(char **list)
{
	for (char **at = list; at && *at; at++)
		free(*at);
	free(list);
}

static bool is_url(const struct setting *s)
{
	return s->kind == SETTING_IMAP_URL || s->kind == SETTING_POP3_URL ||
	       s->kind == SETTING_SMTP_URL;
}

void setting_clear(const struct setting *s, void *base)
{
	void *place = place_of(s, base);

	if (s->kind == SETTING_TEXT) {
		free(*(char **)place);
		*(char **)place = NULL;
	} else if (s->kind == SETTING_LIST) {
		free_list(*(char ***)place);
		*(char ***)place = NULL;
	} else if (is_url(s)) {
		free(((struct config_endpoint *)place)->host);
		*(struct config_endpoint *)place = (struct config_endpoint){ 0 };
	}
}

static bool is_separator(uint8_t c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* NULL when memory is short. */
static char **split_list(struct bytes value)
{
	char **list = calloc(value.len / 2 + 2, sizeof *list);
	size_t count = 0;

	while (list && value.len) {
		size_t n = 0;

		while (n < value.len && !is_separator(value.at[n]))
			n++;
		if (n && !(list[count++] = bytes_dup_str(bytes_first(value, n)))) {
			free_list(list);
			return NULL;
		}
		value = bytes_skip(value, n + 1);
	}
	return list;
}

static bool parse_bool(struct bytes value, bool *ret)
{
	bool yes = bytes_equal_str_nocase(value, "yes") || bytes_equal_str_nocase(value, "true") ||
		   bytes_equal_str(value, "1");
	bool no = bytes_equal_str_nocase(value, "no") || bytes_equal_str_nocase(value, "false") ||
		  bytes_equal_str(value, "0");

	*ret = yes;
	return yes || no;
}

static bool parse_log_level(struct bytes value, enum log_level *ret)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (unsigned i = 0; i < 4; i++) {
		if (!bytes_equal_str_nocase(value, names[i]))
			continue;
		*ret = (enum log_level)i;
		return true;
	}
	return false;
}

static void apply_number(const struct setting *s, uint64_t *place, struct bytes value,
			 const char *where, struct config_faults *faults)
{
	static const char *const forms[] = {
		[SETTING_COUNT] = "a whole number",
		[SETTING_DURATION] = "a duration like 500ms, 30s, 5m, 12h or 7d",
		[SETTING_SIZE] = "a size like 4096, 64K, 10M or 1G",
	};
	uint64_t n;
	bool ok = s->kind == SETTING_COUNT      ? bytes_to_u64(value, UINT64_MAX, &n)
		  : s->kind == SETTING_DURATION ? config_parse_duration(value, &n)
						: config_parse_size(value, &n);

	if (!ok) {
		config_fault(faults, where, "%s = %.*s: write %s", s->name, BYTES_FMT(value),
			     forms[s->kind]);
		return;
	}
	if (n < s->min || n > s->max) {
		config_fault(faults, where, "%s = %.*s: allowed is %llu to %llu%s", s->name,
			     BYTES_FMT(value), (unsigned long long)s->min,
			     (unsigned long long)s->max,
			     s->kind == SETTING_DURATION ? " milliseconds"
			     : s->kind == SETTING_SIZE   ? " bytes"
							 : "");
		return;
	}
	*place = n;
}

static void apply_url(const struct setting *s, struct config_endpoint *place, struct bytes value,
		      const char *where, struct config_faults *faults)
{
	enum config_protocol protocol = s->kind == SETTING_IMAP_URL   ? CONFIG_IMAP
					: s->kind == SETTING_POP3_URL ? CONFIG_POP3
								      : CONFIG_SMTP;
	struct config_endpoint e;
	const char *why;

	if (!config_parse_url(value, protocol, &e, &why)) {
		config_fault(faults, where, "%s = %.*s: %s", s->name, BYTES_FMT(value), why);
		return;
	}
	free(place->host);
	*place = e;
}

void setting_apply(const struct setting *s, void *base, struct bytes value, const char *where,
		   struct config_faults *faults)
{
	void *place = place_of(s, base);

	switch (s->kind) {
	case SETTING_TEXT:
		setting_clear(s, base);
		if (value.len && !(*(char **)place = bytes_dup_str(value)))
			config_fault(faults, where,
				     "%s: no text with NUL, and memory enough, please", s->name);
		break;
	case SETTING_LIST:
		setting_clear(s, base);
		if (value.len && !(*(char ***)place = split_list(value)))
			config_fault(faults, where, "%s: memory is short", s->name);
		break;
	case SETTING_BOOL:
		if (!parse_bool(value, place))
			config_fault(faults, where, "%s = %.*s: write yes or no", s->name,
				     BYTES_FMT(value));
		break;
	case SETTING_LOG_LEVEL:
		if (!parse_log_level(value, place))
			config_fault(faults, where, "%s = %.*s: write error, warn, info or debug",
				     s->name, BYTES_FMT(value));
		break;
	case SETTING_COUNT:
	case SETTING_DURATION:
	case SETTING_SIZE: apply_number(s, place, value, where, faults); break;
	case SETTING_IMAP_URL:
	case SETTING_POP3_URL:
	case SETTING_SMTP_URL: apply_url(s, place, value, where, faults); break;
	}
}
