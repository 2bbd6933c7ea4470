/*
 * The configuration: built-in values, then an INI file, then the environment
 * (MAILBRIDGE_LISTEN), then flags (--listen); later ones win. One table
 * (config_settings.c) names every setting once for all three, with its limits
 * and its line of help. Everything is validated before anything starts, and
 * all faults are reported together.
 */
#ifndef API_CONFIG_H
#define API_CONFIG_H

#include "base/buf.h"
#include "base/log.h"

enum config_tls {
	CONFIG_TLS_IMPLICIT, /* imaps://, pop3s://, smtps:// */
	CONFIG_TLS_STARTTLS, /* imap://, pop3://, smtp:// */
	CONFIG_TLS_NONE,     /* …?tls=none: loopback only, unless allow_cleartext=yes */
};

enum config_protocol {
	CONFIG_IMAP,
	CONFIG_POP3,
	CONFIG_SMTP,
};

struct config_endpoint {
	char *host; /* NULL: not configured */
	uint16_t port;
	enum config_tls tls;
};

struct config_server {
	char *name;     /* of the section: [server NAME] */
	char **domains; /* lower-case; NULL-ended */
	struct config_endpoint imap, pop3, smtp;
	char *username; /* "%u" the whole address, "%n" what is before the @ */
	char *ca_file;  /* NULL: the system's */
	char *client_cert_file, *client_key_file;
	char *proxy;
	char *auth; /* pinned SASL mechanism, or NULL */
	bool allow_cleartext;
	bool allow_old_tls;
	unsigned line; /* where the section begins, for messages */
};

struct config {
	char *listen;
	char *state; /* "memory", or a URL of Redis: never to be shown, it has a password */
	char *state_prefix;
	char *state_dir;  /* of the journal, or NULL: none */
	char *key_file;   /* operator's key; NULL: a new one at every start */
	char *metrics;    /* address of a listener of its own, "same", or NULL: none */
	char *public_url; /* as clients see it, or NULL: from the request */
	char **allowed_origins, **trusted_proxies; /* NULL-ended, or NULL */
	enum log_level log_level;

	uint64_t connections, connections_per_client;
	uint64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms, request_timeout_ms,
		drain_timeout_ms;
	uint64_t message_bytes;
	uint64_t streams_per_account, heartbeat_ms;
	uint64_t state_bytes, state_entries, state_timeout_ms;
	bool state_encrypt;
	uint64_t log_entries, log_bytes, logs_bytes, log_ttl_ms;

	uint64_t accounts, sessions_per_account, queue, logins_per_host, logins_per_minute;
	uint64_t session_idle_ms, maildrop_idle_ms, maildrop_patience_ms, keepalive_ms,
		login_timeout_ms, verified_ttl_ms;
	uint64_t watch_linger_ms, watch_poll_ms;
	uint64_t cache_bytes, folder_bytes;
	uint64_t literal_bytes, line_bytes, response_bytes;

	uint64_t session_ttl_ms, session_max_ttl_ms, login_attempts, tickets_per_minute;

	struct config_server *servers;
	size_t server_count;

	/* What to do instead of serving. */
	bool check_only, show_help, show_version;
};

/* Faults found, one sentence per line: "mail.ini:12: …". */
struct config_faults {
	struct buf text;
	unsigned count;
};

void config_faults_init(struct config_faults *f);
void config_faults_done(struct config_faults *f);
__attribute__((format(printf, 3, 4))) void config_fault(struct config_faults *f, const char *where,
							const char *fmt, ...);

/* NULL when faults->count > 0 afterwards; with --help or --version never. */
struct config *config_load(int argc, char *const argv[], char *const envp[],
			   struct config_faults *faults);
void config_free(struct config *c);

/* What --help prints. */
void config_help(struct buf *to);

/* The server whose `domains` has the address's domain, or NULL. */
const struct config_server *config_server_for_domain(const struct config *c, struct bytes domain);
const struct config_server *config_server_by_name(const struct config *c, struct bytes name);

/* imaps://host:993, imap://host:143?tls=starttls, …; false with a sentence in
 * `ret_why`. The host is on the heap. */
bool config_parse_url(struct bytes url, enum config_protocol expected, struct config_endpoint *ret,
		      const char **ret_why);
/* Is the state in Redis? */
bool config_state_is_redis(const struct config *c);

/* "250ms", "30s", "5m", "12h", "7d". */
bool config_parse_duration(struct bytes text, uint64_t *ret_ms);
/* "512", "64K", "10M", "1G" (powers of 1024). */
bool config_parse_size(struct bytes text, uint64_t *ret_bytes);
/* Is this name or address this machine itself (127/8, ::1, localhost)? */
bool config_is_loopback(const char *host);

#endif
